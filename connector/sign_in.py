"""How the connector signs in to an instance and through which proxy, as settings. What they do is in `servicenow/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from connector.setting import SecretRef, Section

_Text = Annotated[str, Field(min_length=1)]


class _OAuthClient(Section):
    """The entry in the instance's Application Registry."""

    client_id: _Text
    client_secret: SecretRef


class OAuthClientCredentials(_OAuthClient):
    """A token for the OAuth Application User of the registry entry."""

    kind: Literal["oauth_client_credentials"]


class OAuthPassword(_OAuthClient):
    """A token for a user with a password; the password is sent once, then refresh tokens are."""

    kind: Literal["oauth_password"]
    username: _Text
    password: SecretRef


class OAuthRefreshToken(_OAuthClient):
    """A token for whoever the refresh token was given to."""

    kind: Literal["oauth_refresh_token"]
    refresh_token: SecretRef


class OAuthJwtBearer(Section):
    """A token for the user a signed assertion names. The key is a private RSA key (PEM)."""

    kind: Literal["oauth_jwt_bearer"]
    client_id: _Text
    client_secret: SecretRef | None = None
    subject: _Text
    key: SecretRef
    key_password: SecretRef | None = None
    key_id: _Text
    audience: str = ""


class ApiKey(Section):
    """A key in a header."""

    kind: Literal["api_key"]
    key: SecretRef


class MutualTls(Section):
    """A client certificate that is mapped to a user. Certificate (with its chain) and private key are PEM."""

    kind: Literal["mutual_tls"]
    certificate: Path
    key: SecretRef
    key_password: SecretRef | None = None


class Basic(Section):
    """A user and a password in each request."""

    kind: Literal["basic"]
    username: _Text
    password: SecretRef


Kind = OAuthClientCredentials | OAuthPassword | OAuthRefreshToken | OAuthJwtBearer | ApiKey | MutualTls | Basic
SignIn = Annotated[Kind, Field(discriminator="kind")]


def _proxy_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an http:// or https:// address is needed")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password belongs in the address; use username and password")
    return url.rstrip("/")


class Proxy(Section):
    """A proxy on the way to an instance, instead of those the environment names."""

    url: Annotated[str, AfterValidator(_proxy_address)]
    username: str = ""
    password: SecretRef | None = None
