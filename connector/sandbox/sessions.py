"""Sessions of one instance: who opened one, its user token, how long it lives. HTTP is known only as a Cookie header.

A session cookie signs in only together with its user token (`g_ck` in the platform's own pages).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.clock import Clock

COOKIE = re.compile(r"JSESSIONID=([0-9A-F]{32})")
KEPT = 10_000  # those unused for longest are forgotten when clients keep no cookies


@dataclass
class Session:
    id: str
    login: str
    token: str
    expires: datetime


class Sessions:
    def __init__(self, clock: Clock, noise: Random) -> None:
        self._clock = clock
        self._noise = noise
        self._living: dict[str, Session] = {}

    def find(self, cookies: str) -> Session | None:
        """The living session named in a Cookie header."""
        named = COOKIE.search(cookies)
        session = self._living.get(named.group(1)) if named else None
        return session if session and session.expires > self._clock.now() else None

    def open(self, login: str, seconds: float) -> Session:
        if len(self._living) >= KEPT:
            del self._living[next(iter(self._living))]
        identity = f"{self._noise.getrandbits(128):032X}"
        session = Session(identity, login, f"{self._noise.getrandbits(288):072x}", self._end(seconds))
        self._living[identity] = session
        return session

    def renew(self, session: Session, seconds: float) -> None:
        session.expires = self._end(seconds)
        self._living[session.id] = self._living.pop(session.id)

    def _end(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)
