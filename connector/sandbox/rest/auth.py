"""Who is asking: basic authentication for now, and the gate that may close it."""

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


def authenticate(instance: Instance, request: Request) -> User:
    """The signed-in user, or a 401 that never says why."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    if scheme.lower() == "basic":
        return _basic(instance, credentials)
    raise not_authenticated()


def _basic(instance: Instance, credentials: str) -> User:
    try:
        login, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise not_authenticated() from None
    user = instance.users.get(login)
    if user is None or user.password != password:
        raise not_authenticated()
    exempt = user.web_service_only or BASIC_ROLE in user.roles
    if instance.switches["basic_auth_gate"] and not exempt:
        raise not_authenticated()
    return user
