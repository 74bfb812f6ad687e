"""Signing in to one instance, for all threads together: after a 401 the secret is read again and tried once, then never.

An instance locks an account after a few wrong passwords. So whoever meets a 401 does this alone, the others wait, and once
the second try has failed nothing more is sent until a secret changes where it is kept, or somebody says so (`one_try`).
The same holds where no token is given: the token endpoint is asked twice, then no more.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import SignInFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from connector.servicenow.credentials import Credentials, Tokens


class SignIn:
    """The credentials of one instance, and what became of them."""

    def __init__(self, credentials: Credentials, tokens: Tokens) -> None:
        self._credentials = credentials
        self._tokens = tokens
        self._alone = threading.RLock()
        self._edition = 0  # rises each time the credentials are read again
        self._one_try = False
        self._refusal: SignInFailed | None = None

    def send(self, request: requests.PreparedRequest, send: Callable[[], requests.Response]) -> requests.Response:
        """Sign the request and `send` it; after a 401 once more, at most. Raises SignInFailed, and what `send` raises."""
        edition = self._current_edition()
        try:
            return self._signed(request, send)
        except SignInFailed as error:
            return self._again(error, edition, lambda: self._signed(request, send))

    def _signed(self, request: requests.PreparedRequest, send: Callable[[], requests.Response]) -> requests.Response:
        self._credentials.sign(request, self._tokens)  # others go on meanwhile
        return send()

    def _current_edition(self) -> int:
        with self._alone:
            if self._refusal is not None:
                if not self._credentials.changed:
                    raise self._refusal
                self._refusal = None
                self._read_again()
            return self._edition

    def _again(self, error: SignInFailed, edition: int, send: Callable[[], requests.Response]) -> requests.Response:
        with self._alone:
            if self._refusal is not None:
                raise self._refusal
            if self._one_try:
                self._refusal = error
                raise error
            if edition == self._edition:
                self._read_again()
            try:
                return send()
            except SignInFailed as refusal:
                self._refusal = refusal
                raise

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """Somebody wants it tried, with the credentials as they are now; a 401 ends it at once."""
        with self._alone:
            if self._refusal is not None:
                self._read_again()
            self._refusal = None
            self._one_try = True
        try:
            yield
        finally:
            self._one_try = False

    def _read_again(self) -> None:
        self._edition += 1
        self._credentials.renew()
