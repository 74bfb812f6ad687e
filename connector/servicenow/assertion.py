"""A JSON Web Token signed with RS256, as the JWT bearer grant wants it. The signature needs the extra `jwt`."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING

from connector.errors import ConfigError, SignInFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.servicenow.credentials import Tokens

_LIFE = 300  # seconds, from our clock, which may differ from the instance's


def signed_assertion(
    head: Mapping[str, str], claims: Mapping[str, str], *, key: str, password: str | None, tokens: Tokens
) -> str:
    """An assertion that may be used once within the next minutes. Raises ConfigError, SignInFailed."""
    now = int(tokens.now)
    complete = {**claims, "iat": now, "exp": now + _LIFE, "jti": uuid.uuid4().hex}
    parts = ({"alg": "RS256", "typ": "JWT", **head}, complete)
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{_encoded(_signature(signed.encode(), key, password, tokens.name))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signature(message: bytes, key: str, password: str | None, instance: str) -> bytes:
    needs_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key.encode(), password.encode() if password else None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")
        return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SignInFailed(
            f"{instance}: the private key cannot be used to sign an assertion.",
            hint=f"Check key and key_password under [{instance}.sign_in]: an RSA key as PEM.",
            instance=instance,
        ) from None  # the cause may show more than it should


def needs_extra() -> None:
    """Raises ConfigError where the package that signs is not installed."""
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "Signing in with a JWT needs a package that is not installed: cryptography.",
            hint="pip install 'om-fsm-connector[jwt]', or choose another kind of sign_in.",
        ) from error
