"""How a token is asked for: the form of each OAuth grant, and where to look when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.servicenow.assertion import signed_assertion

if TYPE_CHECKING:
    from connector.servicenow.credentials import Tokens
    from connector.servicenow.secret import Secret

Form = dict[str, str]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

_LOOK = (
    "The instance keeps the cause to itself: see its System Log (syslog). Check client_id and client_secret in the "
    "Application Registry"
)


class Grant(Protocol):
    """One grant of one client."""

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything it was configured with that may be rotated."""

    @property
    def hint(self) -> str:
        """What a person can check when it gives no token."""

    def keeps(self, refresh_token: str) -> bool:
        """Whether a refresh token that came along is used next time."""

    def form(self, tokens: Tokens) -> Form:
        """The fields of the request. Raises SignInFailed where it cannot be made."""

    def refreshing(self, token: str) -> Form:
        """The fields of a request with a refresh token."""


class _Client:
    """The client's own part of every form. Some instances read the secret only from the body, so it stands there."""

    def __init__(self, client_id: str, client_secret: Secret | None, *others: Secret | None) -> None:
        self._id = client_id
        self._secret = client_secret
        self.secrets = tuple(one for one in (client_secret, *others) if one is not None)

    def _form(self, grant_type: str, **fields: str) -> Form:
        secret = {"client_secret": self._secret.text()} if self._secret else {}
        return {"grant_type": grant_type, "client_id": self._id, **secret, **fields}

    def keeps(self, refresh_token: str) -> bool:
        return bool(refresh_token)

    def refreshing(self, token: str) -> Form:
        return self._form("refresh_token", refresh_token=token)


class ClientCredentials(_Client):
    """A token for the application user of the registry entry. A refresh token would spare nothing."""

    hint = (
        f"{_LOOK}, that the property glide.oauth.inbound.client.credential.grant_type.enabled is true, and that the entry names "
        "an active OAuth Application User."
    )

    def form(self, _tokens: Tokens) -> Form:
        return self._form("client_credentials")

    def keeps(self, _refresh_token: str) -> bool:
        return False


class Password(_Client):
    """A token for a user with a password, which is sent only when there is no refresh token."""

    hint = (
        f"{_LOOK}, the user's name and password, that the user is active, not locked out and need not reset the password, and "
        "that the instance allows the password grant at all."
    )

    def __init__(self, client_id: str, client_secret: Secret, username: str, password: Secret) -> None:
        super().__init__(client_id, client_secret, password)
        self._username = username
        self._password = password

    def form(self, _tokens: Tokens) -> Form:
        return self._form("password", username=self._username, password=self._password.text())


class RefreshToken(_Client):
    """A token for whoever the configured refresh token was given to. Where using it up gives another, that one goes on."""

    hint = f"{_LOOK}, and whether the refresh token is over (100 days by default), revoked or used up: then a new one is needed."

    def __init__(self, client_id: str, client_secret: Secret, refresh_token: Secret) -> None:
        super().__init__(client_id, client_secret, refresh_token)
        self._token = refresh_token

    def keeps(self, refresh_token: str) -> bool:
        return refresh_token != self._token.text()

    def form(self, _tokens: Tokens) -> Form:
        return self.refreshing(self._token.text())


class JwtBearer(_Client):
    """A token for the user named in an assertion that is signed with our private key."""

    hint = (
        f"{_LOOK}, the JWT provider and verifier map: key_id, audience, which user column the subject is compared with, the "
        "certificate of the key, and the clock of this machine."
    )

    def __init__(
        self,
        client_id: str,
        client_secret: Secret | None,
        *,
        key: Secret,
        password: Secret | None,
        head: Form,
        claims: Form,
    ) -> None:
        super().__init__(client_id, client_secret, key, password)
        self._key = key
        self._password = password
        self._head = head  # kid
        self._claims = claims  # sub, aud

    def form(self, tokens: Tokens) -> Form:
        claims = {"iss": self._id, **self._claims}
        password = self._password.text() if self._password else None
        assertion = signed_assertion(self._head, claims, key=self._key.text(), password=password, tokens=tokens)
        return self._form(JWT_BEARER, assertion=assertion)
