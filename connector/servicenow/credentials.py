"""What a request is signed in with: a user and a password, or an API key. Tokens are in `oauth.py`, certificates in
`client_certificate.py`. All of them are shared by the threads that talk to one instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from requests.auth import HTTPBasicAuth

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from requests.adapters import BaseAdapter

    from connector.servicenow.secret import Secret

API_KEY = "x-sn-apikey"


class Tokens(Protocol):
    """The token endpoint of an instance."""

    @property
    def now(self) -> float:
        """Seconds since 1970, by our own clock."""

    @property
    def name(self) -> str:
        """What the instance is called in messages."""

    def ask(self, form: Mapping[str, str], hint: str) -> Mapping[str, object]:
        """What it answers to a form. Raises SignInFailed (with this hint) where it gives no token, Unavailable otherwise."""


class Credentials(Protocol):
    """One way to sign in."""

    @property
    def refused(self) -> str:
        """What a 401 means, after the name of the instance."""

    @property
    def hint(self) -> str:
        """What a person can do about a 401."""

    @property
    def changed(self) -> bool:
        """Whether a secret looks different where it is kept, so that signing in may be tried again."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything held that nobody may see, also what was valid just before."""

    def sign(self, request: requests.PreparedRequest, tokens: Tokens) -> None:
        """Put them on a request. Raises SignInFailed, Unavailable."""

    def renew(self) -> None:
        """They were refused: read the secrets again, forget what was made of them."""

    def adapter(self, instance: str) -> BaseAdapter | None:
        """How connections are made, if they sign in. Raises SignInFailed."""


class _OneSecret:
    """What signs in by one secret in a header."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    @property
    def changed(self) -> bool:
        return self._secret.changed

    @property
    def secrets(self) -> tuple[str, ...]:
        return self._secret.held

    def renew(self) -> None:
        self._secret.again()

    def adapter(self, _instance: str) -> BaseAdapter | None:
        return None


class Basic(_OneSecret):
    """A user and a password."""

    refused = "refused the user or password"
    hint = (
        "Check username and password. Since 2026 an instance may restrict Basic authentication (properties "
        "glide.authenticate.basic_auth.restriction.active and .enforce): the user then needs the role "
        "snc_basic_auth_api_access, or another of ...restriction.allowed_roles, or web_service_access_only = true. A user whose "
        "password needs a reset, who is locked out or inactive, is refused in the same words. OAuth needs none of this: "
        'sign_in with kind = "oauth_client_credentials".'
    )

    def __init__(self, username: str, password: Secret) -> None:
        super().__init__(password)
        self._username = username

    @property
    def secrets(self) -> tuple[str, ...]:
        held = super().secrets
        return (*held, *(f"{self._username}:{password}" for password in held))

    def sign(self, request: requests.PreparedRequest, _tokens: Tokens) -> None:
        HTTPBasicAuth(self._username.encode(), self._secret.text().encode())(request)


class ApiKey(_OneSecret):
    """A key in a header of its own, never in the address."""

    refused = "refused the API key"
    hint = (
        "Check that the key is active, that the plugin com.glide.tokenbased_auth is installed, that an inbound authentication "
        "profile takes keys from the header x-sn-apikey, and that a REST API access policy lets it into the Table API."
    )

    def sign(self, request: requests.PreparedRequest, _tokens: Tokens) -> None:
        request.headers[API_KEY] = self._secret.text()
