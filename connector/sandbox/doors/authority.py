"""The authority of one set of doors: certificates for the doors themselves and for clients that sign in with one."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = ("localhost", "127.0.0.1", "::1")


class DoorsUnavailable(RuntimeError):
    """HTTPS needs the package trustme, which the extra `sandbox` brings."""


class Authority:
    """Fresh for every set of doors; clients trust it through `ca_file`."""

    def __init__(self, ca_file: Path) -> None:
        try:
            import trustme
        except ImportError as error:
            raise DoorsUnavailable(
                "HTTPS doors need the extra 'sandbox': pip install 'om-fsm-connector[sandbox]'"
            ) from error
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(ca_file))

    def door_context(self, *, ask_clients: bool = False) -> ssl.SSLContext:
        """For a door on this machine's loopback names; a client may then show a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*HOSTS).configure_cert(context)
        if ask_clients:
            context.verify_mode = ssl.CERT_OPTIONAL
            self._authority.configure_trust(context)
        return context

    def client_certificate(self, login: str) -> tuple[str, str]:
        """A key with its certificate (PEM, as `requests` takes it), and the certificate's fingerprint."""
        leaf = self._authority.issue_cert(f"{login}.client.test", common_name=login)
        pem = leaf.private_key_and_cert_chain_pem.bytes().decode()
        return pem, fingerprint(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode()))


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate, 64 hex digits."""
    return hashlib.sha256(der).hexdigest()
