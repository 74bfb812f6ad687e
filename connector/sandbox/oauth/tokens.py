"""OAuth tokens of one instance: issuing, sharing the current one, expiring, rotating, revoking. HTTP is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from connector.sandbox.clock import Clock

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 8_640_000


@dataclass(frozen=True)
class Token:
    text: str
    login: str
    expires: datetime


@dataclass(frozen=True)
class Code:
    """An authorization code: whom it stands for, where it was sent, and what must prove who asked for it."""

    login: str
    redirect_uri: str
    challenge: str
    expires: datetime


class Tokens:
    """While an access token lives, asking again returns the same one with what is left of its life."""

    def __init__(self, clock: Clock, noise: Random) -> None:
        self._clock = clock
        self._noise = noise
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self._codes: dict[str, Code] = {}
        self._assertions: set[str] = set()

    def issue(
        self,
        login: str,
        *,
        shared: bool,
        seconds: int = ACCESS_SECONDS,
        written: Callable[[str, datetime], str] | None = None,
    ) -> tuple[Token, int]:
        """A token of this user, and the whole seconds it has left; `written` makes its text of login and end."""
        now = self._clock.now()
        living = [token for token in self._access.values() if token.login == login and token.expires > now]
        token = living[-1] if shared and living else self._new(self._access, login, seconds, written)
        return token, max(0, int((token.expires - now).total_seconds()) - 1)

    def refreshing(self, login: str, *, seconds: int = REFRESH_SECONDS) -> Token:
        """The living refresh token of this user, or a new one."""
        now = self._clock.now()
        living = [token for token in self._refresh.values() if token.login == login and token.expires > now]
        return living[-1] if living else self._new(self._refresh, login, seconds)

    def rotated(self, text: str, *, seconds: int = REFRESH_SECONDS) -> Token:
        """A new refresh token in the place of a living one, which is dead from now on."""
        return self._new(self._refresh, self._refresh.pop(text).login, seconds)

    def bearer(self, text: str) -> str:
        """The login of a living access token, or the empty string."""
        token = self._access.get(text)
        return token.login if token and token.expires > self._clock.now() else ""

    def refresher(self, text: str) -> str:
        """The login of a living refresh token, or the empty string."""
        token = self._refresh.get(text)
        return token.login if token and token.expires > self._clock.now() else ""

    def authorize(self, login: str, redirect_uri: str, challenge: str, *, seconds: float) -> str:
        """A new authorization code."""
        text = f"{self._noise.getrandbits(320):080x}"
        self._codes[text] = Code(login, redirect_uri, challenge, self._clock.now() + timedelta(seconds=seconds))
        return text

    def redeem(self, text: str) -> Code | None:
        """The living code, which is used up by that."""
        code = self._codes.pop(text, None)
        return code if code and code.expires > self._clock.now() else None

    def first_use(self, assertion_id: str) -> bool:
        """Whether an assertion of this id was never seen before."""
        known = assertion_id in self._assertions
        self._assertions.add(assertion_id)
        return not known

    def revoke(self, text: str) -> None:
        self._access.pop(text, None)
        self._refresh.pop(text, None)

    def expire_all(self) -> None:
        """Every access token is dead from now on; refresh tokens live."""
        self._access.clear()

    def _new(
        self,
        kind: dict[str, Token],
        login: str,
        seconds: int,
        written: Callable[[str, datetime], str] | None = None,
    ) -> Token:
        expires = self._clock.now() + timedelta(seconds=seconds)
        text = written(login, expires) if written else f"{self._noise.getrandbits(320):080x}"
        kind[text] = Token(text, login, expires)
        return kind[text]
