"""The five grants: what a form must carry, and in whose name the token will act. How an answer looks is not known here."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.sandbox.oauth.assertion import BadAssertion, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance

Form = dict[str, str]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Denied(Exception):
    """No token; `code` is the error of RFC 6749, which most instances keep to themselves."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """`refresh` is the refresh token that goes along, or empty."""

    login: str
    refresh: str = ""


def granted(instance: Instance, form: Form) -> Grant:
    """Raises Denied."""
    kind = form.get("grant_type", "")
    _check_client(instance, form, kind)
    grant = GRANTS.get(kind)
    if grant is None:
        raise Denied("unsupported_grant_type")
    return grant(instance, form)


def _check_client(instance: Instance, form: Form, kind: str) -> None:
    """The id always; the secret unless something better proves the client."""
    client = instance.oauth_client
    proven = (kind == "authorization_code" and "code_verifier" in form) or (
        kind == JWT_BEARER and not instance.switches["oauth_jwt_needs_secret"]
    )
    secret = form.get("client_secret", client["client_secret"] if proven else "")
    if form.get("client_id") != client["client_id"] or secret != client["client_secret"]:
        raise Denied("invalid_client")


def _password(instance: Instance, form: Form) -> Grant:
    user = instance.users.get(form.get("username", ""))
    if not instance.switches["oauth_password_grant"]:
        raise Denied("unauthorized_client")
    if user is None or not user.may_enter or user.needs_reset or not user.knows(form.get("password", "")):
        raise Denied("invalid_grant")
    return Grant(user.login, _refresh_token(instance, user.login))


def _client_credentials(instance: Instance, _form: Form) -> Grant:
    """Needs the property and, on the registry entry, the user the application acts as."""
    if not instance.switches["oauth_client_credentials_grant"]:
        raise Denied("unauthorized_client")
    user = instance.users.get(instance.oauth_user)
    if user is None or not user.may_enter or not instance.switches["oauth_application_user"]:
        raise Denied("invalid_grant")
    wanted = instance.switches["oauth_client_credentials_refresh"]
    return Grant(user.login, _refresh_token(instance, user.login) if wanted else "")


def _refresh(instance: Instance, form: Form) -> Grant:
    text = form.get("refresh_token", "")
    login = instance.tokens.refresher(text)
    user = instance.users.get(login)
    if user is None or not user.may_enter:
        raise Denied("invalid_grant")
    if instance.switches["oauth_refresh_rotates"]:
        text = instance.tokens.rotated(text, seconds=int(instance.switches["oauth_refresh_seconds"])).text
    return Grant(login, text)


def _assertion(instance: Instance, form: Form) -> Grant:
    try:
        login = verified(instance, form.get("assertion", ""))
    except BadAssertion as error:
        raise Denied("invalid_grant") from error
    return Grant(login, _refresh_token(instance, login))


def _code(instance: Instance, form: Form) -> Grant:
    code = instance.tokens.redeem(form.get("code", ""))
    if code is None or code.redirect_uri != form.get("redirect_uri"):
        raise Denied("invalid_grant")
    verifier = form.get("code_verifier", "")
    if (code.challenge or verifier) and challenge_of(verifier) != code.challenge:
        raise Denied("invalid_grant")
    return Grant(code.login, _refresh_token(instance, code.login))


def challenge_of(verifier: str) -> str:
    """The S256 challenge of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refresh_token(instance: Instance, login: str) -> str:
    return instance.tokens.refreshing(login, seconds=int(instance.switches["oauth_refresh_seconds"])).text


GRANTS: dict[str, Callable[[Instance, Form], Grant]] = {
    "password": _password,
    "refresh_token": _refresh,
    "client_credentials": _client_credentials,
    "authorization_code": _code,
    JWT_BEARER: _assertion,
}
