"""Which request goes to which room.

An unknown path or method is a loud error. Faults are not known here (see faults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from connector.sandbox.messages import Request, Response
from connector.sandbox.oauth.authorize import authorize
from connector.sandbox.oauth.endpoint import jwks, revoke, token
from connector.sandbox.rest import attachment, batch, imports, meta, stats, table, tinyurl
from connector.sandbox.rest.context import Context
from connector.sandbox.rest.errors import (
    ApiError,
    api_denied,
    html,
    missing_header,
    no_method,
    no_resource,
    not_acceptable,
    query_too_large,
)
from connector.sandbox.rest.headers import edge, finished, refused
from connector.sandbox.rest.limits import limit_rate
from connector.sandbox.rest.representation import JSON, negotiated
from connector.sandbox.signin.certificates import supports_tls
from connector.sandbox.signin.ways import authenticate
from connector.sandbox.store import TooLarge

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance

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
    (re.compile(r"doc/table/schema"), {"GET": meta.tables}),
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
API = re.compile(r"/api/now(?:/(v\d+))?/(.+?)/?")


def answer(instance: Instance, request: Request) -> Response:
    """The instance's complete answer, errors included."""
    if len(request.target) > int(instance.switches["max_address_bytes"]):
        return edge(instance, html(414, "414 Request-URI Too Large", "<h1>414 Request-URI Too Large</h1>"))
    doorstep = DOORSTEP.get((request.method, request.path))
    if doorstep is not None:
        return edge(instance, doorstep(instance, request))
    kind = negotiated(request.headers.get("Accept")) or JSON
    try:
        context = Context(instance, request, authenticate(instance, request))
    except ApiError as error:
        return refused(instance, error.response(kind, instance.switches))
    try:
        response = dispatch(context)
    except ApiError as error:
        response = error.response(kind, instance.switches)
    response.headers.lines += context.limits
    return finished(instance, request, _limited(instance, response), context.user)


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
        if context.instance.switches["headers_required"] and "Accept" not in request.headers:
            raise missing_header("Accept")
        context.kind = negotiated(request.headers.get("Accept")) or (JSON if room in ANY_KIND else "")
        if not context.kind:
            raise not_acceptable(request.headers.get("Accept"))
        try:
            response = room(context, *match.groups())
        except TooLarge as error:
            raise query_too_large(str(error)) from error
        response.body = b"" if headless else response.body
        return response
    raise no_resource(context.instance.switches["unknown_path_status"])


def _limited(instance: Instance, response: Response) -> Response:
    """Some instances cut long answers without a word."""
    most = int(instance.switches["answer_limit_bytes"])
    if 0 < most < len(response.body):
        response.body = response.body[:most]
    return response


def _admit(context: Context, api: str) -> None:
    """Whole APIs may be closed to all but some roles."""
    roles = context.instance.switches["api_roles"].get(api)
    if roles and not context.user.is_admin and not context.user.roles & set(roles):
        raise api_denied()
