"""Keys: those of others that sign assertions, and the instance's own that signs access tokens in JWT format.

The cryptography comes with the extra `sandbox` and is needed only when a signature is made or judged.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from connector.sandbox.clock import Clock

ALGORITHMS = ("RS256", "RS384", "RS512")
PEM = re.compile(r"\s*-----BEGIN (RSA )?PUBLIC KEY-----\s[A-Za-z0-9+/=\s]+-----END (RSA )?PUBLIC KEY-----\s*", re.ASCII)


class KeysUnavailable(RuntimeError):
    """Signatures need the package cryptography, which the extra `sandbox` brings."""


def decoded(part: str) -> bytes:
    """The bytes of a base64url text without padding. Raises ValueError."""
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def genuine(public_key: str, algorithm: str, message: bytes, signature: bytes) -> bool:
    """Whether the RSA signature was made with the private half of the key (PEM)."""
    hashes, padding, serialization, _ = _cryptography()
    from cryptography.exceptions import InvalidSignature

    key = serialization.load_pem_public_key(public_key.encode())
    try:
        key.verify(signature, message, padding.PKCS1v15(), getattr(hashes, f"SHA{algorithm[2:]}")())
    except InvalidSignature:
        return False
    return True


def public_key_mistake(public_key: Any) -> str:
    """What is wrong with a key that is to judge signatures, as the end of a sentence; empty if nothing is.

    Without the package cryptography only the frame of the PEM text is looked at.
    """
    if not isinstance(public_key, str) or not PEM.fullmatch(public_key):
        return "must be a public key in PEM format, '-----BEGIN PUBLIC KEY-----' and so on"
    try:
        _, _, serialization, rsa = _cryptography()
    except KeysUnavailable:
        return ""
    try:
        key = serialization.load_pem_public_key(public_key.encode())
    except ValueError:
        return "is no public key, although it is framed like one"
    return "" if isinstance(key, rsa.RSAPublicKey) else "is no RSA key; other signatures are not imitated"


class Keys:
    """The instance's own RSA key, made when it is first needed."""

    def __init__(self, clock: Clock, key_id: str) -> None:
        self._clock = clock
        self._id = key_id
        self._key: Any = None

    def token(self, login: str, expires: datetime) -> str:
        """A signed access token."""
        now = int(self._clock.now().timestamp())
        head = {"alg": "RS256", "typ": "JWT", "kid": self._id}
        claims = {"sub": login, "iat": now, "exp": int(expires.timestamp()), "jti": f"{login}/{now}"}
        signed = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        hashes, padding, _, _ = _cryptography()
        signature = self._private().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encoded(signature)}"

    def published(self) -> dict[str, Any]:
        """The public half as a JSON Web Key Set."""
        numbers = self._private().public_key().public_numbers()
        modulus, exponent = (
            encoded(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e)
        )
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._id, "n": modulus, "e": exponent}]}

    def _private(self) -> Any:
        if self._key is None:
            _, _, _, rsa = _cryptography()
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key


def _cryptography() -> tuple[Any, Any, Any, Any]:
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
    except ImportError as error:
        raise KeysUnavailable("signatures need the extra 'sandbox': pip install 'om-fsm-connector[sandbox]'") from error
    return hashes, padding, serialization, rsa
