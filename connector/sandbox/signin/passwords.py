"""Basic authentication: the password, the second factor, the gate that may close it, and locking out who guesses."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from connector.sandbox.clock import parse_moment
from connector.sandbox.rest.errors import not_authenticated

if TYPE_CHECKING:
    from datetime import datetime

    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User

STEP_SECONDS = 30  # of the one-time code, RFC 6238
DIGITS = 6


def by_password(instance: Instance, request: Request) -> User | None:
    credentials = request.headers.get("Authorization").partition(" ")[2]
    try:
        login, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return None
    user = instance.users.get(login)
    if user is None:
        return None
    second = bool(user.mfa_secret)
    if second:
        password = _without_code(instance, user, password)
    if not user.knows(password):
        instance.count_failure(user)
        return None
    instance.failures.pop(login, None)
    closed = user.needs_reset or (_gate_closed(instance, user) and not second)
    return None if closed else user


def one_time_code(secret: str, moment: datetime) -> str:
    """The six digits an authenticator app shows at that moment for a base32 secret."""
    counter = int(moment.timestamp()) // STEP_SECONDS
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**DIGITS:06d}"


def _without_code(instance: Instance, user: User, given: str) -> str:
    """The password in front of a right code. The right password without one is told that the code is missing."""
    password, code = given[:-DIGITS], given[-DIGITS:]
    if hmac.compare_digest(code.encode(), one_time_code(user.mfa_secret, instance.clock.now()).encode()):
        return password
    if user.knows(given) or user.knows(password):
        error = not_authenticated()
        error.headers = [("X-MFA_TOKEN", "invalid")]
        raise error
    return given


def _gate_closed(instance: Instance, user: User) -> bool:
    """Whether the restriction of 2026 stops this user, whose password is right."""
    switches = instance.switches
    if not switches["basic_auth_gate"] or user.web_service_only:
        return False
    since = switches["basic_auth_gate_from"]
    if since and instance.clock.now() < parse_moment(since):
        return False
    return not user.roles & set(switches["basic_auth_gate_roles"])
