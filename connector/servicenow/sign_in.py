"""Signing in to one instance, for all threads together: after a 401 the secret is read again and tried once, then never.

An instance locks an account after a few wrong passwords. So whoever meets a 401 does this alone, the others wait, and once
the second try has failed nothing more is sent until somebody says so (`reopen`).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import SignInFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests
    from requests.auth import AuthBase


class SignIn:
    """The credentials of one instance. `renew` reads them again from where they are; it may raise ValueError."""

    def __init__(self, auth: AuthBase, renew: Callable[[], AuthBase] | None = None) -> None:
        self._auth = auth
        self._renew = renew
        self._alone = threading.RLock()
        self._edition = 0  # rises each time the credentials are read again
        self._one_try = False
        self._refusal: SignInFailed | None = None

    def sign(self, request: requests.PreparedRequest) -> int:
        """Put the credentials on a request. Returns their edition. Raises SignInFailed when they were refused before."""
        with self._alone:
            if self._refusal is not None:
                raise self._refusal
            self._auth(request)
            return self._edition

    def again(self, error: SignInFailed, edition: int, send: Callable[[], requests.Response]) -> requests.Response:
        """After a 401 with credentials of this edition: `send` signs and sends once more, at most. Raises SignInFailed."""
        with self._alone:
            if self._one_try:
                self._refusal = error
                raise error
            if self._refusal is None and edition == self._edition:
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
            self._refusal = None
            self._read_again()
            self._one_try = True
        try:
            yield
        finally:
            self._one_try = False

    def _read_again(self) -> None:
        self._edition += 1
        if self._renew is None:
            return
        try:
            self._auth = self._renew()
        except ValueError:
            return  # what cannot be read now leaves what was read before
