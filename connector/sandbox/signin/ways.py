"""Which way a request signs in, and whether the instance lets that way into that API. A 401 never says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rest.errors import not_authenticated
from connector.sandbox.signin.certificates import by_certificate
from connector.sandbox.signin.keys import API_KEY, SIGNATURES, by_api_key, by_signature, given
from connector.sandbox.signin.passwords import by_password
from connector.sandbox.signin.sessions import by_session, outliving

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User


def authenticate(instance: Instance, request: Request) -> User:
    """The signed-in user, or a 401."""
    way = _way(request)
    sign_in = WAYS.get(way)
    user = sign_in(instance, request) if sign_in else None
    if user is None or not user.may_enter or not _allowed(instance, request, way):
        raise not_authenticated()
    return user


def _way(request: Request) -> str:
    """The first of what a request carries: a session cookie counts only when there is nothing else."""
    scheme = request.headers.get("Authorization").partition(" ")[0].lower()
    if scheme:
        return {"basic": "basic", "bearer": "oauth"}.get(scheme, scheme)
    if given(request, API_KEY):
        return "api_key"
    if any(given(request, name) for name in SIGNATURES):
        return "hmac"
    return "certificate" if request.certificate else "session"


def _by_token(instance: Instance, request: Request) -> User | None:
    text = request.headers.get("Authorization").partition(" ")[2].strip()
    user = instance.users.get(instance.tokens.bearer(text))
    if user is None and instance.switches["session_outlives_token"]:
        return outliving(instance, request)
    return user


def _allowed(instance: Instance, request: Request, way: str) -> bool:
    """An API with an access policy takes only the ways of the policy; the others take all."""
    policies = instance.switches["api_access_policies"]
    if not policies:
        return True
    parts = request.path.removeprefix("/api/now/").split("/")
    api = parts[1] if parts[0] in ("v1", "v2") and len(parts) > 1 else parts[0]
    return way in policies.get(api, (way,))


WAYS: dict[str, Callable[[Instance, Request], User | None]] = {
    "basic": by_password,
    "oauth": _by_token,
    "api_key": by_api_key,
    "hmac": by_signature,
    "certificate": by_certificate,
    "session": by_session,
}
