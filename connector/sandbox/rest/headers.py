"""The headers every answer of an instance carries, in their recorded order, of today or of the years 2021 to 2023.

The switch `generation` chooses: "2025" is the recorded set of today; "2021" has another server, a BIG-IP cookie, Keep-Alive, no
transaction in Server-Timing, and on a 401 a session already and capitals.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from connector.sandbox.messages import Headers, Request, Response

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.people import User

CLOSING = (
    ("X-Content-Type-Options", "nosniff"),
    ("Pragma", "no-store,no-cache"),
    ("Cache-Control", "no-cache,no-store,must-revalidate,max-age=-1"),
    ("Expires", "0"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
)
WAITS = "sem_wait;dur=0, sesh_wait;dur=0"
REALM = 'realm="Service-now"'


def finished(instance: Instance, request: Request, response: Response, user: User) -> Response:
    """The answer to a signed-in user. A session is opened once and renewed on later requests."""
    transaction = f"{instance.noise.getrandbits(48):012x}"
    seconds = float(instance.switches["session_seconds"])
    session = instance.sessions.find(request.headers.get("Cookie"))
    lines = _opening(instance, response)
    first = session is None or session.login != user.login
    if session is None or first:
        session = instance.sessions.open(user.login, seconds)
        lines.append(_session_cookie(session.id))
    else:
        instance.sessions.renew(session, float(instance.switches["session_renewal_seconds"]))
    lines.append(("Server-Timing", WAITS if _old(instance) else f't;desc="{transaction}", {WAITS}'))
    lines += [("Set-Cookie", f"{cookie}; Path=/; HttpOnly; Secure") for cookie in _cookies(instance, first=first)]
    lines += [("X-Is-Logged-In", "true"), ("X-Transaction-ID", transaction)]
    store = f"glide_session_store={instance.noise.getrandbits(128):032X}; Max-Age={1800 if first else 60}"
    lines.append(("Set-Cookie", f"{store}; Path=/; HttpOnly; Secure"))
    response.headers = Headers([*lines, *_own(response), *CLOSING])
    return response


def refused(instance: Instance, response: Response) -> Response:
    """Nobody is signed in: no transaction, and today no session."""
    lines = _opening(instance, response)
    if _old(instance):
        lines.append(_session_cookie(f"{instance.noise.getrandbits(128):032X}"))
    lines += [("Server-Timing", WAITS), *challenges(instance)]
    response.headers = Headers([*lines, *_own(response), *CLOSING])
    return response


def edge(instance: Instance, response: Response) -> Response:
    """What the front end answers without asking a node."""
    response.headers.lines[:0] = [("Server", _server(instance)), ("Date", _date(instance))]
    return response


def page_of_node(instance: Instance, response: Response) -> Response:
    """A page that a node serves instead of an answer: it has a transaction, but nobody is signed in."""
    transaction = f"{instance.noise.getrandbits(48):012x}"
    lines = _opening(instance, response)
    lines += [("Server-Timing", f't;desc="{transaction}", {WAITS}'), ("X-Transaction-ID", transaction)]
    response.headers = Headers([*lines, *_own(response), *CLOSING])
    return response


def challenges(instance: Instance) -> list[tuple[str, str]]:
    """One WWW-Authenticate line, or with the property of that name two."""
    if not instance.switches["authenticate_first_scheme_only"]:
        return [("WWW-Authenticate", f"{scheme} {REALM}") for scheme in ("BEARER", "BASIC")]
    return [("WWW-Authenticate", f"{'BASIC' if _old(instance) else 'Basic'} {REALM}")]


def _old(instance: Instance) -> bool:
    return bool(instance.switches["generation"] == "2021")


def _server(instance: Instance) -> str:
    return "ServiceNow" if _old(instance) else "snow_adc"


def _opening(instance: Instance, response: Response) -> list[tuple[str, str]]:
    lines = [("Server", _server(instance)), ("Date", _date(instance))]
    content_type = response.headers.get("Content-Type")
    if content_type:
        lines.append(("Content-Type", content_type))
        if instance.switches["chunked"]:
            lines.append(("Transfer-Encoding", "chunked"))
    lines.append(("Connection", "keep-alive"))
    return [*lines, ("Keep-Alive", "timeout=20")] if _old(instance) else lines


def _own(response: Response) -> list[tuple[str, str]]:
    """What the room itself has to say: Link, X-Total-Count, Location."""
    return [line for line in response.headers.lines if line[0].lower() != "content-type"]


def _session_cookie(identity: str) -> tuple[str, str]:
    return ("Set-Cookie", f"JSESSIONID={identity}; Path=/; HttpOnly")


def _cookies(instance: Instance, *, first: bool) -> list[str]:
    """Beside the session: a node to stay with at first, a sign of activity later."""
    if not first:
        return [f"glide_user_activity={instance.noise.getrandbits(128):032X}"]
    route = f"glide.{instance.noise.getrandbits(128):032x}"
    node = instance.known_id("node a") + instance.known_id("node b")
    cookies = [
        "glide_user=; Max-Age=0",
        "glide_user_session=; Max-Age=0",
        f"glide_user_route={route}; Max-Age=2147483647",
        f"glide_node_id_for_js={node}",
    ]
    pool = f"BIGipServerpool_{instance.name}={instance.noise.getrandbits(32)}.{instance.noise.getrandbits(16)}.0000"
    return [*cookies, pool] if _old(instance) else cookies


def _date(instance: Instance) -> str:
    return format_datetime(instance.clock.now(), usegmt=True)
