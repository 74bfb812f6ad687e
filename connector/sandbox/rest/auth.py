"""Who is asking: basic authentication, OAuth bearer tokens, API keys; and the gate that may close the first."""

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


def authenticate(instance: Instance, request: Request) -> User:
    """The signed-in user, or a 401 that never says why."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    key = request.headers.get(API_KEY) or request.query.get(API_KEY, "")
    user: User | None = None
    if scheme.lower() == "basic":
        user = by_password(instance, credentials)
    elif scheme.lower() == "bearer":
        user = instance.users.get(instance.tokens.bearer(credentials.strip()))
    elif key and instance.switches["api_keys"]:
        user = next((user for user in instance.users.values() if user.api_key == key), None)
    if user is None:
        raise not_authenticated()
    return user


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
