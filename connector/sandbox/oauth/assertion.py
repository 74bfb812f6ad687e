"""Judges the signed assertion of the JWT bearer grant: its signature by a registered key, its claims, its single use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.sandbox.oauth.keys import ALGORITHMS, decoded, genuine

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance

AHEAD_SECONDS = 300  # an assertion may be issued that much in the future, as clocks differ


class BadAssertion(ValueError):
    """The assertion proves nothing; the sentence says why, and only the sandbox's own tests ever see it."""


def verified(instance: Instance, assertion: str) -> str:
    """The login of the user the assertion speaks for."""
    head, payload = _checked_signature(instance, assertion)
    claims = _object(payload)
    client = instance.oauth_client["client_id"]
    now = instance.clock.now().timestamp()
    if claims.get("iss") != client:
        raise BadAssertion("iss is not the client")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    # The documentation names the client's id in one place and the address of the token endpoint in another.
    if not {client, f"{instance.base_url}/oauth_token.do", instance.base_url} & {str(one) for one in audiences}:
        raise BadAssertion("aud is neither the client nor the token endpoint")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= now:
        raise BadAssertion("exp is missing or over")
    if isinstance(claims.get("iat"), int | float) and claims["iat"] > now + AHEAD_SECONDS:
        raise BadAssertion("iat is in the future")
    login = _subject(instance, str(claims.get("sub", "")))
    if instance.switches["oauth_jwt_single_use"] and not _first_use(instance, head, claims):
        raise BadAssertion("jti is missing or was used before")
    return login


def _checked_signature(instance: Instance, assertion: str) -> tuple[dict[str, Any], bytes]:
    """Head and payload, if the signature is by the registered key that the head names (or by the only one)."""
    parts = assertion.split(".")
    if len(parts) != 3:
        raise BadAssertion("it does not have three parts")
    try:
        raw_head, payload, signature = (decoded(part) for part in parts)
    except ValueError as error:
        raise BadAssertion("a part is not base64url") from error
    head = _object(raw_head)
    known = instance.jwt_keys
    key = known.get(str(head.get("kid", ""))) or (next(iter(known.values())) if len(known) == 1 else None)
    if head.get("alg") not in ALGORITHMS or key is None:
        raise BadAssertion("no such algorithm or no such key")
    if not genuine(key, str(head["alg"]), f"{parts[0]}.{parts[1]}".encode(), signature):
        raise BadAssertion("the signature is wrong")
    return head, payload


def _first_use(instance: Instance, head: dict[str, Any], claims: dict[str, Any]) -> bool:
    return bool(claims.get("jti")) and instance.tokens.first_use(f"{head.get('kid', '')}/{claims['jti']}")


def _subject(instance: Instance, subject: str) -> str:
    """The user whose column (which one, the registry entry says) has the value of `sub`."""
    column = instance.switches["oauth_jwt_user_field"]
    found = instance.store.find("sys_user", **{column: subject}) if subject else []
    user = instance.users.get(found[0]["user_name"]) if len(found) == 1 else None
    if user is None or not user.may_enter:
        raise BadAssertion("sub is no user")
    return user.login


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise BadAssertion("a part is not JSON") from error
    if not isinstance(found, dict):
        raise BadAssertion("a part is not an object")
    return found
