"""The kinds of faults and what each does. When a fault strikes, and how often, is decided in faults.py.

instead of an answer, nothing happened    status            any status, with headers and message
                                          rate_limit        429 by a rule, with its headers (seconds)
                                          queue_full        429 of an overflowing queue, HTML
                                          no_node           502 of the edge, 153 bytes of HTML
                                          maintenance       503, HTML
                                          maintenance_302   302 to a page that says so
                                          hibernating       200, 5904 bytes of HTML
                                          hibernating_302   302 to the developer site, the older form of it
                                          html_200          200 with a login form
                                          login_302         302 to a login page
                                          too_long          414, HTML
                                          drop              the connection is closed
                                          unauthorized      401
                                          table_forbidden   403 as a missing table right
the scene is set, then served honestly    unserviced        of a batch only `parts` parts are executed
                                          expire_tokens     every access token is dead
                                          late_commit       what is written is stamped now, visible `seconds` later
                                          replica_lag       lists are read as they were `seconds` ago
the effect is there, the answer suffers   commit_then_500, commit_then_drop
                                          commit_then_page    200 with the page of a proxy instead, with message
                                          commit_then_empty   200 with an empty list, and no total
                                          commit_then_redirect   302 to a login page
                                          delay             the answer takes `seconds` longer
                                          cut_body          the connection ends in the middle of the body
                                          cancelled         200 with result and error, well-formed
                                          cancelled_malformed   the same, cut in the middle of the list
                                          hide_field        `field` is missing in every record
                                          no_rows           a list is empty, as when a right to the rows was lost
                                          stray_row         a list holds one record more, which satisfies no query
                                          move_row          after a page was read, its first record is touched
a message of the customer's push          outbound_double, outbound_lose, outbound_swap (with the next one)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from connector.sandbox.messages import Headers, Request, Response, json_body
from connector.sandbox.rest.errors import (
    CANCELLED,
    CHECK_LOGS,
    JSON,
    ApiError,
    html,
    not_authenticated,
    query_denied,
    rate_limited,
    transaction_cancelled,
)
from connector.sandbox.rest.headers import edge, page_of_node, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance

HIBERNATING_LENGTH = 5904
NO_NODE_LENGTH = 153


class Told(Protocol):
    """The parts of a fault that a misdeed looks at."""

    status: int
    headers: dict[str, str]
    message: str
    seconds: float
    field: str
    parts: int
    met: str


# --- instead of an answer -----------------------------------------------------------------------------------------


def _status(instance: Instance, fault: Told) -> Response:
    response = edge(instance, ApiError(fault.status, fault.message).response())
    for name, value in fault.headers.items():
        response.headers.set(name, value)
    return response


def _rate_limit(instance: Instance, fault: Told) -> Response:
    seconds = int(fault.seconds or 30)
    window_end = (int(instance.clock.now().timestamp()) // 3600 + 1) * 3600
    response = edge(instance, rate_limited(1000, "Table API").response(JSON, instance.switches))
    response.headers.lines += [
        ("X-RateLimit-Limit", "1000"),
        ("X-RateLimit-Reset", str(window_end)),
        ("X-RateLimit-Rule", instance.known_id("rate limit rule")),
        ("Retry-After", str(seconds)),
    ]
    return response


def _page(status: int, title: str, text: str, *, length: int = 0) -> Callable[[Instance, Told], Response]:
    return lambda instance, _fault: edge(instance, html(status, title, text, length=length))


def _login(instance: Instance, _fault: Told) -> Response:
    headers = Headers([("Location", f"{instance.base_url}/login_redirect.do?sysparm_stack=no")])
    return page_of_node(instance, Response(302, headers))


def _form(instance: Instance, _fault: Told) -> Response:
    return page_of_node(instance, html(200, "Log in", "<form action='/login.do'>Please log in</form>"))


def _asleep_elsewhere(instance: Instance, _fault: Told) -> Response:
    headers = Headers([("Location", "https://developer.servicenow.com/dev.do#!/home?wu=true")])
    return edge(instance, Response(302, headers))


def _redirected(instance: Instance, _fault: Told) -> Response:
    return edge(instance, Response(302, Headers([("Location", "https://maintenance.sandbox.test/")])))


def _drop(_instance: Instance, _fault: Told) -> Response:
    return Response(0, fate="drop")


def _unauthorized(instance: Instance, _fault: Told) -> Response:
    return refused(instance, not_authenticated().response(JSON, instance.switches))


def _forbidden(instance: Instance, fault: Told) -> Response:
    table = fault.met.partition("/table/")[2].partition("/")[0]
    return edge(instance, query_denied(fault.field or table).response(JSON, instance.switches))


# --- the scene ----------------------------------------------------------------------------------------------------


def _unserviced(_instance: Instance, fault: Told, request: Request) -> None:
    request.max_parts = fault.parts


def _expire_tokens(instance: Instance, _fault: Told, _request: Request) -> None:
    instance.tokens.expire_all()


def _late_commit(instance: Instance, fault: Told, _request: Request) -> None:
    instance.records.commit_lag = fault.seconds


def _replica_lag(instance: Instance, fault: Told, request: Request) -> None:
    request.stale = instance.follow(fault.seconds)


# --- after the effect ---------------------------------------------------------------------------------------------


def _broken(instance: Instance, _fault: Told, _response: Response) -> Response:
    return edge(instance, transaction_cancelled().response(JSON, instance.switches))


def _lost(_instance: Instance, _fault: Told, _response: Response) -> Response:
    return Response(0, fate="drop")


def _instead(kind: str) -> Callable[[Instance, Told, Response], Response]:
    """What can stand instead of an answer can also take the place of one."""
    return lambda instance, fault, _response: BEFORE[kind](instance, fault)


def _withheld(instance: Instance, fault: Told, _response: Response) -> Response:
    return edge(instance, html(200, "Content blocked", fault.message))


def _emptied(_instance: Instance, _fault: Told, response: Response) -> Response:
    response.body = json_body({"result": []})
    response.headers.remove("X-Total-Count")
    return _as_ok(response)


def _late(_instance: Instance, fault: Told, response: Response) -> Response:
    response.delay += fault.seconds
    return response


def _cut(_instance: Instance, _fault: Told, response: Response) -> Response:
    response.fate = "cut"
    return response


def _cancelled(_instance: Instance, _fault: Told, response: Response) -> Response:
    payload = _payload(response)
    error = {"detail": CANCELLED + CHECK_LOGS, "message": CANCELLED}
    response.body = json_body({"result": payload.get("result", []), "error": error, "status": "failure"})
    return _as_ok(response)


def _cancelled_malformed(_instance: Instance, _fault: Told, response: Response) -> Response:
    error = json.dumps({"detail": CANCELLED + CHECK_LOGS, "message": CANCELLED})
    rows = json.dumps(_payload(response).get("result", []))
    response.body = f'{{"result":{rows[: max(1, len(rows) * 2 // 3)]},"error":{error},"status":"failure"}}'.encode()
    return _as_ok(response)


def _hide(_instance: Instance, fault: Told, response: Response) -> Response:
    payload = _payload(response)
    result = payload.get("result")
    for row in result if isinstance(result, list) else [result]:
        if isinstance(row, dict):
            row.pop(fault.field, None)
    response.body = json_body(payload) if payload else response.body
    return response


def _no_rows(_instance: Instance, _fault: Told, response: Response) -> Response:
    payload = _payload(response)
    if isinstance(payload.get("result"), list):
        response.body = json_body({**payload, "result": []})
        response.headers.replace("X-Total-Count", "0")
    return response


def _stray_row(_instance: Instance, _fault: Told, response: Response) -> Response:
    """A copy of the first record whose values are another's; where nothing was found, there is nothing to copy."""
    payload = _payload(response)
    result = payload.get("result")
    if isinstance(result, list) and result and isinstance(result[0], dict):
        response.body = json_body({**payload, "result": [*result, {name: _other(v) for name, v in result[0].items()}]})
        response.headers.replace("X-Total-Count", str(int(response.headers.get("X-Total-Count", "0")) + 1))
    return response


def _other(value: Any) -> Any:
    return {name: _other(part) for name, part in value.items()} if isinstance(value, dict) else f"{value}"[::-1] + "0"


def _move_row(instance: Instance, _fault: Told, response: Response) -> Response:
    result = _payload(response).get("result")
    first = result[0].get("sys_id") if isinstance(result, list) and result else None
    sys_id = first.get("value") if isinstance(first, dict) else first
    for root in instance.schema.families():
        if sys_id and instance.store.get(root, sys_id):
            instance.records.touch(root, sys_id, instance.system)
            break
    return response


def _payload(response: Response) -> dict[str, Any]:
    try:
        payload = json.loads(response.body)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _as_ok(response: Response) -> Response:
    response.status = 200
    response.headers.replace("Content-Type", JSON)
    return response


BEFORE: dict[str, Callable[[Instance, Told], Response]] = {
    "status": _status,
    "rate_limit": _rate_limit,
    "queue_full": _page(429, "429 Too Many Requests", "Too many requests in the queue"),
    "no_node": _page(502, "502 Bad Gateway", "<center><h1>502 Bad Gateway</h1></center>", length=NO_NODE_LENGTH),
    "maintenance": _page(503, "Maintenance", "The instance is being upgraded"),
    "hibernating": _page(200, "Instance Hibernating page", "Your instance is hibernating", length=HIBERNATING_LENGTH),
    "maintenance_302": _redirected,
    "hibernating_302": _asleep_elsewhere,
    "html_200": _form,
    "login_302": _login,
    "too_long": _page(414, "414 Request-URI Too Large", "<h1>414 Request-URI Too Large</h1>"),
    "drop": _drop,
    "unauthorized": _unauthorized,
    "table_forbidden": _forbidden,
}
ARRANGE: dict[str, Callable[[Instance, Told, Request], None]] = {
    "unserviced": _unserviced,
    "expire_tokens": _expire_tokens,
    "late_commit": _late_commit,
    "replica_lag": _replica_lag,
}
AFTER: dict[str, Callable[[Instance, Told, Response], Response]] = {
    "commit_then_500": _broken,
    "commit_then_drop": _lost,
    "commit_then_page": _withheld,
    "commit_then_empty": _emptied,
    "commit_then_redirect": _instead("login_302"),
    "delay": _late,
    "cut_body": _cut,
    "cancelled": _cancelled,
    "cancelled_malformed": _cancelled_malformed,
    "hide_field": _hide,
    "move_row": _move_row,
    "no_rows": _no_rows,
    "stray_row": _stray_row,
}
OUTBOUND = frozenset({"outbound_double", "outbound_lose", "outbound_swap"})
KINDS = frozenset({*BEFORE, *ARRANGE, *AFTER, *OUTBOUND})
