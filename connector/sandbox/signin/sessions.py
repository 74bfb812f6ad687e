"""The way in of a browser: a session cookie, together with the token its pages know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rest.errors import not_authenticated

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User

USER_TOKEN = "X-UserToken"  # noqa: S105 - the name of a header


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


def outliving(instance: Instance, request: Request) -> User | None:
    """The user of the cookie that came with a dead bearer token, on instances where the session goes on without it."""
    session = instance.sessions.find(request.headers.get("Cookie"))
    return instance.users.get(session.login) if session else None
