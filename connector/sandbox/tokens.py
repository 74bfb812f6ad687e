"""OAuth tokens of one instance: issuing, sharing the current one, expiring, revoking. HTTP is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.clock import Clock

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 8_640_000


@dataclass(frozen=True)
class Token:
    text: str
    login: str
    expires: datetime


class Tokens:
    """While an access token lives, asking again returns the same one with what is left of its life."""

    def __init__(self, clock: Clock, noise: Random) -> None:
        self._clock = clock
        self._noise = noise
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}

    def issue(self, login: str, *, shared: bool, seconds: int = ACCESS_SECONDS) -> tuple[Token, int]:
        """A token of this user, and the whole seconds it has left."""
        now = self._clock.now()
        living = [token for token in self._access.values() if token.login == login and token.expires > now]
        token = living[-1] if shared and living else self._new(self._access, login, seconds)
        return token, max(0, int((token.expires - now).total_seconds()) - 1)

    def refreshing(self, login: str) -> Token:
        now = self._clock.now()
        living = [token for token in self._refresh.values() if token.login == login and token.expires > now]
        return living[-1] if living else self._new(self._refresh, login, REFRESH_SECONDS)

    def bearer(self, text: str) -> str:
        """The login of a living access token, or the empty string."""
        token = self._access.get(text)
        return token.login if token and token.expires > self._clock.now() else ""

    def refresher(self, text: str) -> str:
        """The login of a living refresh token, or the empty string."""
        token = self._refresh.get(text)
        return token.login if token and token.expires > self._clock.now() else ""

    def revoke(self, text: str) -> None:
        self._access.pop(text, None)
        self._refresh.pop(text, None)

    def expire_all(self) -> None:
        """Every access token is dead from now on; refresh tokens live."""
        self._access.clear()

    def _new(self, kind: dict[str, Token], login: str, seconds: int) -> Token:
        text = f"{self._noise.getrandbits(320):080x}"
        kind[text] = Token(text, login, self._clock.now() + timedelta(seconds=seconds))
        return kind[text]
