"""OAuth: one access token for all threads of an instance, fetched once, refreshed early by one of them.

Which form asks for a token is in `grants.py`, what the token endpoint answers in `token_endpoint.py`. pysnc's own OAuth is not
used: it sends the request that met an expired token without any, and knows neither our proxy nor our certificates.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.errors import RemoteError, SignInFailed
from connector.servicenow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from requests.adapters import BaseAdapter

    from connector.servicenow.credentials import Tokens
    from connector.servicenow.grants import Grant

_EARLY = 60.0  # seconds before its end a token is refreshed, or a tenth of its life where that is less
_GIVEN = 6  # tokens remembered, so that nothing shows them


@dataclass(slots=True)
class _Token:
    text: str = field(repr=False)
    early: float  # from then on one thread looks for another, seconds since 1970
    ends: float


class Bearer:
    """Access tokens by one grant. While a grant also gives refresh tokens, these are used first."""

    refused = "refused the access token"

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._fetching = threading.Lock()
        self._token: _Token | None = None
        self._given: tuple[Secret, ...] = ()  # the last tokens, of both kinds: one that is over may still be repeated
        self._refresh = ""
        self._failure: SignInFailed | None = None  # what all who waited for one token are told
        self.life: float | None = None  # seconds the last token was given for; None where the instance does not say
        self.hint = (
            "The token was fresh. Check that its user is active, not locked out and allowed to use the API, and that no API "
            f"access policy keeps OAuth out. {grant.hint}"
        )

    @property
    def changed(self) -> bool:
        return any(one.changed for one in self._grant.secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(text for one in (*self._given, *self._grant.secrets) for text in one.held)

    def adapter(self, _instance: str) -> BaseAdapter | None:
        return None

    def renew(self) -> None:
        with self._fetching:
            self._token = None
            self._failure = None
            for one in self._grant.secrets:
                one.again()

    def sign(self, request: requests.PreparedRequest, tokens: Tokens) -> None:
        request.headers["Authorization"] = f"Bearer {self._current(tokens)}"

    def _current(self, tokens: Tokens) -> str:
        token = self._token
        if token is not None and tokens.now < token.early:
            return token.text
        if token is not None and tokens.now < token.ends:
            return self._early(token, tokens)
        with self._fetching:
            if self._failure is not None:
                raise self._failure
            if self._token is None or tokens.now >= self._token.ends:
                try:
                    self._token = self._fetch(tokens)
                except SignInFailed as error:
                    self._failure = error
                    raise
            return self._token.text

    def _early(self, token: _Token, tokens: Tokens) -> str:
        """One looks for a new token while the others go on with this one. Failing now is no failure yet."""
        if not self._fetching.acquire(blocking=False):
            return token.text
        try:
            if self._token is token:
                self._token = self._fetch(tokens)
        except SignInFailed:
            token.early = token.ends  # not again while it lives: no account is locked out for being early
        except RemoteError:
            token.early = tokens.now + (token.ends - tokens.now) / 2
        finally:
            self._fetching.release()
        return (self._token or token).text

    def _fetch(self, tokens: Tokens) -> _Token:
        asked = tokens.now
        answer = self._refreshed(tokens) if self._refresh else None
        if answer is None:
            answer = tokens.ask(self._grant.form(tokens), self._grant.hint)
        given = answer.get("refresh_token")
        new = (_kept(one) for one in (answer["access_token"], given) if isinstance(one, str) and one)
        self._given = (*new, *self._given)[:_GIVEN]
        self._refresh = given if isinstance(given, str) and self._grant.keeps(given) else ""
        token = _token(answer, asked)
        self.life = token.ends - asked if math.isfinite(token.ends) else None
        return token

    def _refreshed(self, tokens: Tokens) -> Mapping[str, object] | None:
        """By the refresh token that came with the last answer; None when it is over, which is no failure."""
        try:
            return tokens.ask(self._grant.refreshing(self._refresh), self._grant.hint)
        except SignInFailed:
            self._refresh = ""
            return None


def _kept(text: str) -> Secret:
    """A token as something that does not show it."""
    return Secret(lambda: text)


def _token(answer: Mapping[str, object], asked: float) -> _Token:
    """The life of a token is counted from when it was asked for: an instance may give one that is half used up."""
    try:
        life = float(str(answer["expires_in"]))
    except (KeyError, ValueError):
        life = math.inf  # it is used until it is refused
    return _Token(str(answer["access_token"]), asked + life - min(_EARLY, life / 10), asked + life)
