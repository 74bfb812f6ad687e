"""Signing in with a client certificate (mutual TLS): the connection itself proves who asks."""

from __future__ import annotations

import os
import ssl
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import SignInFailed
from connector.servicenow.bounds import BoundedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from connector.servicenow.credentials import Tokens
    from connector.servicenow.secret import Secret

_CONNECTIONS = 16  # kept open; the engine has no more threads than that


class ClientCertificate:
    """A certificate with its private key. Both are loaded again when they change, or when they were refused."""

    refused = "refused the client certificate"
    hint = (
        "Check that certificate based authentication is installed, that the certificate is mapped to an active user and its "
        "authority is trusted there, that it is not expired, and that /adcv2/supports_tls of the instance says true."
    )

    def __init__(self, certificate: Secret, key: Secret, password: Secret | None) -> None:
        self._certificate = certificate
        self._key = key
        self._password = password
        self._making = threading.Lock()
        self._made: _Adapter | None = None

    @property
    def changed(self) -> bool:
        return any(one.changed for one in self._parts)

    @property
    def _parts(self) -> list[Secret]:
        return [one for one in (self._certificate, self._key, self._password) if one is not None]

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(text for one in (self._key, self._password) if one is not None for text in one.held)

    def sign(self, request: requests.PreparedRequest, _tokens: Tokens) -> None:
        """Nothing is written on the request."""

    def renew(self) -> None:
        for one in self._parts:
            one.again()
        self._made = None

    def adapter(self, instance: str) -> BoundedAdapter:
        with self._making:
            if self._made is None or self.changed:
                self._made = _Adapter(self._context(instance))
            return self._made

    def _context(self, instance: str) -> ssl.SSLContext:
        context = ssl.create_default_context()
        password = self._password.text() if self._password else ""
        try:
            with _as_file(self._certificate.text()) as certificate, _as_file(self._key.text()) as key:
                # Without a password given, OpenSSL would ask the terminal for one.
                context.load_cert_chain(certificate, key, password=password)
        except (OSError, ValueError) as error:
            raise SignInFailed(
                f"{instance}: the client certificate cannot be used ({getattr(error, 'reason', None) or 'unreadable'}).",
                hint=f"Check certificate, key and key_password under [{instance}.sign_in]: PEM, and of one pair.",
                instance=instance,
            ) from None  # the cause may show more than it should
        return context


class _Adapter(BoundedAdapter):
    """Connections that present the certificate."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """OpenSSL loads keys only from files: one that exists in memory alone, where the system has such."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("om-fsm")
        path = f"/proc/self/fd/{descriptor}"
    else:  # pragma: no cover - not Linux
        descriptor, path = tempfile.mkstemp()
    try:
        os.write(descriptor, text.encode())
        yield path
    finally:
        os.close(descriptor)
        if not path.startswith("/proc/"):  # pragma: no cover - not Linux
            Path(path).unlink()
