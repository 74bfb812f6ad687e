"""Which request goes to which room, and the headers every answer of an instance carries.

An unknown path or method is a loud error. Faults are not known here (see faults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import format_datetime
from typing import TYPE_CHECKING

from connector.sandbox.messages import Headers, Request, Response
from connector.sandbox.rest import attachment, batch, imports, meta, oauth, stats, table
from connector.sandbox.rest.auth import authenticate
from connector.sandbox.rest.context import Context
from connector.sandbox.rest.errors import ApiError, html, no_method, no_resource

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance

MAX_TARGET = 8190
Room = Callable[..., Response]

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
    (re.compile(r"batch"), {"POST": lambda context: batch.run_batch(context, dispatch)}),
    (re.compile(r"stats/([^/]+)"), {"GET": stats.aggregate}),
    (re.compile(r"import/([^/]+)"), {"POST": imports.import_row}),
    (re.compile(r"ui/meta/([^/]+)"), {"GET": meta.describe}),
    (re.compile(r"attachment"), {"GET": attachment.list_files}),
    (re.compile(r"attachment/file"), {"POST": attachment.upload}),
    (re.compile(r"attachment/([^/]+)"), {"GET": attachment.metadata, "DELETE": attachment.remove}),
    (re.compile(r"attachment/([^/]+)/file"), {"GET": attachment.content}),
)
DOORSTEP: dict[str, Callable[[Instance, Request], Response]] = {
    "/oauth_token.do": oauth.token,
    "/oauth_revoke_token.do": oauth.revoke,
}
API = re.compile(r"/api/now(?:/(v\d+))?/(.+?)/?")


def answer(instance: Instance, request: Request) -> Response:
    """The instance's complete answer, errors included."""
    if len(request.target) > MAX_TARGET:
        return edge(instance, html(414, "414 Request-URI Too Large", "<h1>414 Request-URI Too Large</h1>"))
    if request.path in DOORSTEP and request.method == "POST":
        return edge(instance, DOORSTEP[request.path](instance, request))
    try:
        context = Context(instance, request, authenticate(instance, request))
    except ApiError as error:
        return _finish(instance, error.response(), signed_in=False)
    try:
        response = dispatch(context)
    except ApiError as error:
        response = error.response()
    _cookies(instance, request, response)
    return _finish(instance, response, signed_in=True)


def dispatch(context: Context) -> Response:
    """The room's answer without common headers; also used for the parts of a batch. Raises ApiError."""
    request = context.request
    method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
    headless = method == "HEAD"
    found = API.fullmatch(request.path)
    context.version = (found.group(1) or "") if found else ""
    for pattern, rooms in ROUTES if found else ():
        match = pattern.fullmatch(found.group(2)) if found else None
        if match is None:
            continue
        room = rooms.get("GET" if headless else method)
        if room is None:
            raise no_method(method)
        response = room(context, *match.groups())
        response.body = b"" if headless else response.body
        return response
    raise no_resource(context.instance.switches["unknown_path_status"])


def _finish(instance: Instance, response: Response, *, signed_in: bool) -> Response:
    transaction = f"{instance.noise.getrandbits(48):012x}"
    lines = [("Server", "snow_adc"), ("Date", _date(instance))]
    content_type = response.headers.get("Content-Type")
    if content_type:
        lines.append(("Content-Type", content_type))
    timing = f't;desc="{transaction}", sem_wait;dur=0, sesh_wait;dur=0'
    if signed_in:
        lines += [("Server-Timing", timing), ("X-Is-Logged-In", "true"), ("X-Transaction-ID", transaction)]
    else:
        lines += [
            ("Server-Timing", "sem_wait;dur=0, sesh_wait;dur=0"),
            ("WWW-Authenticate", 'Basic realm="Service-now"'),
        ]
    lines += [line for line in response.headers.lines if line[0].lower() != "content-type"]
    lines += [
        ("X-Content-Type-Options", "nosniff"),
        ("Pragma", "no-store,no-cache"),
        ("Cache-Control", "no-cache,no-store,must-revalidate,max-age=-1"),
        ("Expires", "0"),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ]
    response.headers = Headers(lines)
    return response


def edge(instance: Instance, response: Response) -> Response:
    """What the front end answers without asking a node."""
    response.headers.lines[:0] = [("Server", "snow_adc"), ("Date", _date(instance))]
    return response


def _cookies(instance: Instance, request: Request, response: Response) -> None:
    """A session is started once and renewed on later requests."""
    session = re.search(r"JSESSIONID=([0-9A-F]{32})", request.headers.get("Cookie"))
    noise = instance.noise
    if session is None:
        response.headers.add("Set-Cookie", f"JSESSIONID={noise.getrandbits(128):032X}; Path=/; HttpOnly; Secure")
        response.headers.add("Set-Cookie", "glide_user=; Max-Age=0; Path=/; HttpOnly; Secure")
        route = f"glide.{noise.getrandbits(128):032x}"
        response.headers.add("Set-Cookie", f"glide_user_route={route}; Max-Age=2147483647; Path=/; HttpOnly; Secure")
    age = 1800 if session is None else 60
    store = f"{noise.getrandbits(128):032X}"
    response.headers.add("Set-Cookie", f"glide_session_store={store}; Max-Age={age}; Path=/; HttpOnly; Secure")


def _date(instance: Instance) -> str:
    return format_datetime(instance.clock.now(), usegmt=True)
