"""Who is asking: basic authentication and the gate that may close it, OAuth bearer tokens, API keys, session cookies."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from connector.sandbox.rest.errors import not_authenticated

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User

BASIC_ROLE = "snc_basic_auth_api_access"
API_KEY = "x-sn-apikey"
USER_TOKEN = "X-UserToken"  # noqa: S105 - the name of a header


def authenticate(instance: Instance, request: Request) -> User:
    """The signed-in user, or a 401 that never says why."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    key = request.headers.get(API_KEY) or request.query.get(API_KEY, "")
    user: User | None = None
    if scheme.lower() == "basic":
        user = by_password(instance, credentials)
    elif scheme.lower() == "bearer":
        user = instance.users.get(instance.tokens.bearer(credentials.strip()))
        if user is None and instance.switches["session_outlives_token"]:
            user = by_session(instance, request)
    elif key and instance.switches["api_keys"]:
        user = next((user for user in instance.users.values() if user.api_key == key), None)
    elif not scheme:
        user = by_session(instance, request)
    if user is None:
        raise not_authenticated()
    return user


def by_session(instance: Instance, request: Request) -> User | None:
    """The user of a session cookie with its user token; a cookie alone is told the token, as the platform's own pages need."""
    session = instance.sessions.find(request.headers.get("Cookie"))
    if session is None:
        return None
    if request.headers.get(USER_TOKEN) != session.token:
        error = not_authenticated()
        error.headers = [("X-Is-Logged-In", "true"), ("X-UserToken-Response", session.token)]
        raise error
    return instance.users.get(session.login)


def by_password(instance: Instance, credentials: str) -> User | None:
    try:
        login, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user = instance.users.get(login)
    if user is None or user.password != password:
        return None
    exempt = user.web_service_only or BASIC_ROLE in user.roles
    return None if instance.switches["basic_auth_gate"] and not exempt else user
