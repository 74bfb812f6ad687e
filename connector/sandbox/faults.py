"""Misbehavior on request: which requests a fault hits, and what it does before, instead of, or after the honest answer.

    before (nothing happened on the instance)   status, html_200, hibernating, drop, unauthorized
    after (the effect is there)                 commit_then_500, commit_then_drop, delay, cut_body
    in the answer                               hide_field

A fault: {"kind": ..., ["method", "path_contains", "user", "count": 1 (null: until removed), "skip": 0, "status", "headers",
"message", "seconds", "field"]}. Another kind is another function in one of the tables below.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Request, Response, json_body
from connector.sandbox.rest.errors import ApiError, html, not_authenticated
from connector.sandbox.rest.route import edge

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance

HIBERNATING_LENGTH = 5904


class FaultError(ValueError):
    """The description of a fault does not make sense."""


@dataclass
class Fault:
    id: str
    kind: str
    method: str = ""
    path_contains: str = ""
    user: str = ""
    count: int | None = 1
    skip: int = 0  # let this many matching requests pass first
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Service unavailable"
    seconds: float = 0.0
    field: str = ""
    hits: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts it if so."""
        if self.method and self.method.upper() != request.method:
            return False
        if self.path_contains not in request.target or (self.user and self.user != login_of(request)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        self.hits += 1
        return True


def read_fault(fault_id: str, raw: dict[str, Any]) -> Fault:
    known = set(Fault.__dataclass_fields__) - {"id", "hits"}
    unknown = sorted(set(raw) - known - {"instance"})
    if unknown:
        raise FaultError(f"a fault has no {', '.join(unknown)}; it may have {', '.join(sorted(known))}")
    if raw.get("kind") not in KINDS:
        raise FaultError(f"{raw.get('kind')!r} is no kind of fault; there are {', '.join(sorted(KINDS))}")
    return Fault(id=fault_id, **{key: value for key, value in raw.items() if key != "instance"})


class Faults:
    """The armed faults of one instance, tried in the order they were armed."""

    def __init__(self) -> None:
        self._armed: dict[str, Fault] = {}
        self._made = 0

    def arm(self, raw: dict[str, Any]) -> str:
        self._made += 1
        fault = read_fault(f"fault-{self._made}", raw)
        self._armed[fault.id] = fault
        return fault.id

    def disarm(self, fault_id: str | None = None) -> int:
        """Remove one fault, or all of them; returns how many."""
        gone = [fault_id] if fault_id in self._armed else [] if fault_id else list(self._armed)
        for key in gone:
            del self._armed[key or ""]
        return len(gone)

    def around(self, instance: Instance, request: Request, honest: Callable[[], Response]) -> Response:
        struck = [fault for fault in self._armed.values() if fault.strikes(request)]
        for fault in struck:
            if fault.kind in BEFORE:
                return BEFORE[fault.kind](instance, fault)
        response = honest()
        for fault in struck:
            response = AFTER[fault.kind](instance, fault, response)
        return response


def login_of(request: Request) -> str:
    """The login of a basic authorization header, without judging the password."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    try:
        return base64.b64decode(credentials).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


# --- before the effect --------------------------------------------------------------------------------------------


def _status(instance: Instance, fault: Fault) -> Response:
    response = edge(instance, ApiError(fault.status, fault.message).response())
    for name, value in fault.headers.items():
        response.headers.set(name, value)
    return response


def _html(instance: Instance, _fault: Fault) -> Response:
    return edge(instance, html(200, "Log in", "<form action='/login.do'>Please log in</form>"))


def _hibernating(instance: Instance, _fault: Fault) -> Response:
    page = html(200, "Instance Hibernating page", "Your instance is hibernating", length=HIBERNATING_LENGTH)
    return edge(instance, page)


def _drop(_instance: Instance, _fault: Fault) -> Response:
    return Response(0, fate="drop")


def _unauthorized(instance: Instance, _fault: Fault) -> Response:
    response = edge(instance, not_authenticated().response())
    response.headers.add("WWW-Authenticate", 'Basic realm="Service-now"')
    return response


# --- after the effect ---------------------------------------------------------------------------------------------


def _broken(instance: Instance, _fault: Fault, _response: Response) -> Response:
    text = "Transaction cancelled: maximum execution time exceeded"
    detail = f"{text}. Check logs for error trace or enable glide.rest.debug property to verify REST request processing"
    return edge(instance, ApiError(500, text, detail).response())


def _lost(_instance: Instance, _fault: Fault, _response: Response) -> Response:
    return Response(0, fate="drop")


def _late(_instance: Instance, fault: Fault, response: Response) -> Response:
    response.delay += fault.seconds
    return response


def _cut(_instance: Instance, _fault: Fault, response: Response) -> Response:
    response.fate = "cut"
    return response


def _hide(_instance: Instance, fault: Fault, response: Response) -> Response:
    try:
        payload = json.loads(response.body)
    except ValueError:
        return response
    result = payload.get("result")
    for row in result if isinstance(result, list) else [result]:
        if isinstance(row, dict):
            row.pop(fault.field, None)
    return Response(response.status, Headers(list(response.headers.lines)), json_body(payload), response.delay)


BEFORE: dict[str, Callable[[Instance, Fault], Response]] = {
    "status": _status,
    "html_200": _html,
    "hibernating": _hibernating,
    "drop": _drop,
    "unauthorized": _unauthorized,
}
AFTER: dict[str, Callable[[Instance, Fault, Response], Response]] = {
    "commit_then_500": _broken,
    "commit_then_drop": _lost,
    "delay": _late,
    "cut_body": _cut,
    "hide_field": _hide,
}
KINDS = frozenset({*BEFORE, *AFTER})
