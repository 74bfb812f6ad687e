"""Which request goes to which room, and the headers every answer of an instance carries.

An unknown path or method is a loud error. Faults are not known here (see faults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import format_datetime
from typing import TYPE_CHECKING

from connector.sandbox.messages import Headers, Request, Response
from connector.sandbox.oauth.authorize import authorize
from connector.sandbox.oauth.endpoint import jwks, revoke, token
from connector.sandbox.rest import attachment, batch, imports, meta, stats, table, tinyurl
from connector.sandbox.rest.context import Context
from connector.sandbox.rest.errors import ApiError, api_denied, html, no_method, no_resource, not_acceptable
from connector.sandbox.rest.limits import limit_rate
from connector.sandbox.rest.representation import JSON, negotiated
from connector.sandbox.signin.certificates import supports_tls
from connector.sandbox.signin.ways import authenticate

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.people import User

MAX_TARGET = 8190
Room = Callable[..., Response]


def run_batch(context: Context) -> Response:
    return batch.run_batch(context, dispatch)


ROUTES: tuple[tuple[re.Pattern[str], dict[str, Room]], ...] = (
    (re.compile(r"table/([^/]+)"), {"GET": table.list_records, "POST": table.insert_record}),
    (
        re.compile(r"table/([^/]+)/([^/]+)"),
        {
            "GET": table.get_record,
            "PATCH": table.update_record,
            "PUT": table.update_record,
            "DELETE": table.delete_record,
        },
    ),
    (re.compile(r"batch"), {"POST": run_batch}),
    (re.compile(r"stats/([^/]+)"), {"GET": stats.aggregate}),
    (re.compile(r"import/([^/]+)"), {"POST": imports.import_row}),
    (re.compile(r"import/([^/]+)/insertMultiple"), {"POST": imports.import_rows}),
    (re.compile(r"tinyurl"), {"POST": tinyurl.shorten}),
    (re.compile(r"ui/meta/([^/]+)"), {"GET": meta.describe}),
    (re.compile(r"attachment"), {"GET": attachment.list_files}),
    (re.compile(r"attachment/file"), {"POST": attachment.upload}),
    (re.compile(r"attachment/upload"), {"POST": attachment.upload_form}),
    (re.compile(r"attachment/([^/]+)"), {"GET": attachment.metadata, "DELETE": attachment.remove}),
    (re.compile(r"attachment/([^/]+)/file"), {"GET": attachment.content}),
)
DOORSTEP: dict[tuple[str, str], Callable[[Instance, Request], Response]] = {
    ("POST", "/oauth_token.do"): token,
    ("GET", "/oauth_revoke_token.do"): revoke,
    ("POST", "/oauth_revoke_token.do"): revoke,
    ("GET", "/oauth_auth.do"): authorize,
    ("GET", "/api/now/oauth/jwks"): jwks,
    ("GET", "/adcv2/supports_tls"): supports_tls,
}
ANY_KIND = (attachment.content, run_batch)  # their answers have kinds of their own
CLOSING = (
    ("X-Content-Type-Options", "nosniff"),
    ("Pragma", "no-store,no-cache"),
    ("Cache-Control", "no-cache,no-store,must-revalidate,max-age=-1"),
    ("Expires", "0"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
)
API = re.compile(r"/api/now(?:/(v\d+))?/(.+?)/?")


def answer(instance: Instance, request: Request) -> Response:
    """The instance's complete answer, errors included."""
    if len(request.target) > MAX_TARGET:
        return edge(instance, html(414, "414 Request-URI Too Large", "<h1>414 Request-URI Too Large</h1>"))
    doorstep = DOORSTEP.get((request.method, request.path))
    if doorstep is not None:
        return edge(instance, doorstep(instance, request))
    kind = negotiated(request.headers.get("Accept")) or JSON
    try:
        context = Context(instance, request, authenticate(instance, request))
    except ApiError as error:
        return _refused(instance, error.response(kind))
    try:
        response = dispatch(context)
    except ApiError as error:
        response = error.response(kind)
    response.headers.lines += context.limits
    return _finished(instance, request, response, context.user)


def dispatch(context: Context) -> Response:
    """The room's answer without common headers; also used for the parts of a batch. Raises ApiError."""
    request = context.request
    method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
    headless = method == "HEAD"
    found = API.fullmatch(request.path)
    context.version = (found.group(1) or "") if found else ""
    for pattern, rooms in ROUTES if found else ():
        match = pattern.fullmatch(found.group(2)) if found else None
        if found is None or match is None:
            continue
        _admit(context, found.group(2).partition("/")[0])
        limit_rate(context, found.group(2), method)
        room = rooms.get("GET" if headless else method)
        if room is None:
            raise no_method(method)
        context.kind = negotiated(request.headers.get("Accept")) or (JSON if room in ANY_KIND else "")
        if not context.kind:
            raise not_acceptable(request.headers.get("Accept"))
        response = room(context, *match.groups())
        response.body = b"" if headless else response.body
        return response
    raise no_resource(context.instance.switches["unknown_path_status"])


def _admit(context: Context, api: str) -> None:
    """Whole APIs may be closed to all but some roles."""
    roles = context.instance.switches["api_roles"].get(api)
    if roles and not context.user.is_admin and not context.user.roles & set(roles):
        raise api_denied()


def _finished(instance: Instance, request: Request, response: Response, user: User) -> Response:
    """The answer with its headers in the recorded order. A session is opened once and renewed on later requests."""
    transaction = f"{instance.noise.getrandbits(48):012x}"
    seconds = float(instance.switches["session_seconds"])
    session = instance.sessions.find(request.headers.get("Cookie"))
    lines = _opening(instance, response)
    if session is None or session.login != user.login:
        session, first = instance.sessions.open(user.login, seconds), True
        lines.append(("Set-Cookie", f"JSESSIONID={session.id}; Path=/; HttpOnly"))
    else:
        first = False
        instance.sessions.renew(session, seconds)
    lines.append(("Server-Timing", f't;desc="{transaction}", sem_wait;dur=0, sesh_wait;dur=0'))
    lines += [("Set-Cookie", f"{cookie}; Path=/; HttpOnly; Secure") for cookie in _cookies(instance, first=first)]
    lines += [("X-Is-Logged-In", "true"), ("X-Transaction-ID", transaction)]
    store = f"glide_session_store={instance.noise.getrandbits(128):032X}; Max-Age={1800 if first else 60}"
    lines.append(("Set-Cookie", f"{store}; Path=/; HttpOnly; Secure"))
    response.headers = Headers([*lines, *_own(response), *CLOSING])
    return response


def _refused(instance: Instance, response: Response) -> Response:
    """Nobody is signed in: no session, no transaction."""
    lines = _opening(instance, response)
    lines += [("Server-Timing", "sem_wait;dur=0, sesh_wait;dur=0"), ("WWW-Authenticate", 'Basic realm="Service-now"')]
    response.headers = Headers([*lines, *_own(response), *CLOSING])
    return response


def _opening(instance: Instance, response: Response) -> list[tuple[str, str]]:
    content_type = response.headers.get("Content-Type")
    lines = [("Server", "snow_adc"), ("Date", _date(instance))]
    return [*lines, ("Content-Type", content_type)] if content_type else lines


def _own(response: Response) -> list[tuple[str, str]]:
    """What the room itself has to say: Link, X-Total-Count, Location."""
    return [line for line in response.headers.lines if line[0].lower() != "content-type"]


def _cookies(instance: Instance, *, first: bool) -> list[str]:
    """Beside the session: a node to stay with at first, a sign of activity later."""
    if not first:
        return [f"glide_user_activity={instance.noise.getrandbits(128):032X}"]
    route = f"glide.{instance.noise.getrandbits(128):032x}"
    node = instance.known_id("node a") + instance.known_id("node b")
    return [
        "glide_user=; Max-Age=0",
        "glide_user_session=; Max-Age=0",
        f"glide_user_route={route}; Max-Age=2147483647",
        f"glide_node_id_for_js={node}",
    ]


def edge(instance: Instance, response: Response) -> Response:
    """What the front end answers without asking a node."""
    response.headers.lines[:0] = [("Server", "snow_adc"), ("Date", _date(instance))]
    return response


def _date(instance: Instance) -> str:
    return format_datetime(instance.clock.now(), usegmt=True)
