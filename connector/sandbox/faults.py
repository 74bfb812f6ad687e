"""Misbehavior on request: describing faults, arming them, and finding which ones a request meets.

What each kind does is in misdeeds.py, with the list of kinds.

A fault: {"kind": ..., ["method", "path_contains", "user", "count": 1 (null: until removed), "skip": 0, "probability": 1.0,
"status", "headers", "message", "seconds", "field", "parts"]}. An outbound kind meets messages instead of requests.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.misdeeds import AFTER, ARRANGE, BEFORE, KINDS, OUTBOUND

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request, Response


MOST = 10**9  # of anything that is counted


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
    probability: float = 1.0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Service unavailable"
    seconds: float = 0.0
    field: str = ""
    parts: int = 0
    hits: int = 0
    met: str = ""  # the path it struck last

    def strikes(self, request: Request, chance: Random) -> bool:
        """Whether this request is hit; counts it if so."""
        if self.kind in OUTBOUND or (self.method and self.method.upper() != request.method):
            return False
        if self.path_contains not in request.target or (self.user and self.user != login_of(request)):
            return False
        self.met = request.path
        return self.due(chance)

    def due(self, chance: Random) -> bool:
        """Whether a matching occasion is hit; counts it if so."""
        if self.count is not None and self.hits >= self.count:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and chance.random() >= self.probability:
            return False
        self.hits += 1
        return True


def read_fault(fault_id: str, raw: dict[str, Any]) -> Fault:
    known = set(Fault.__dataclass_fields__) - {"id", "hits", "met"}
    unknown = sorted(set(raw) - known - {"instance"})
    if unknown:
        raise FaultError(f"a fault has no {', '.join(unknown)}; it may have {', '.join(sorted(known))}")
    if raw.get("kind") not in KINDS:
        raise FaultError(f"{raw.get('kind')!r} is no kind of fault; there are {', '.join(sorted(KINDS))}")
    given = {key: value for key, value in raw.items() if key != "instance"}
    for key, value in given.items():
        if not _fits(key, value):
            raise FaultError(f"{key} of a fault cannot be {value!r}")
    return Fault(id=fault_id, **given)


def _fits(key: str, value: Any) -> bool:
    """Whether a part of a fault has its kind and, if it is a number, makes sense."""
    if key == "count" and value is None:
        return True
    match key:
        case "headers":
            return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)
        case "count" | "skip" | "parts" | "status":
            return (
                isinstance(value, int)
                and not isinstance(value, bool)
                and (100 if key == "status" else 0) <= value <= MOST
            )
        case "probability" | "seconds":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST
        case _:
            return isinstance(value, str)


class Faults:
    """The armed faults of one instance, tried in the order they were armed."""

    def __init__(self, chance: Random) -> None:
        self._armed: dict[str, Fault] = {}
        self._made = 0
        self._chance = chance

    def arm(self, raw: dict[str, Any]) -> Fault:
        self._made += 1
        fault = read_fault(f"fault-{self._made}", raw)
        self._armed[fault.id] = fault
        return fault

    def disarm(self, fault_id: str | None = None) -> int:
        """Remove one fault, or all of them; returns how many."""
        gone = [fault_id] if fault_id in self._armed else [] if fault_id else list(self._armed)
        for key in gone:
            del self._armed[key or ""]
        return len(gone)

    def around(self, instance: Instance, request: Request, honest: Callable[[], Response]) -> Response:
        struck = [fault for fault in self._armed.values() if fault.strikes(request, self._chance)]
        for fault in struck:
            if fault.kind in BEFORE:
                return BEFORE[fault.kind](instance, fault)
        arranged = [fault for fault in struck if fault.kind in ARRANGE]
        for fault in arranged:
            ARRANGE[fault.kind](instance, fault, request)
        try:
            response = honest()
        finally:
            instance.records.commit_lag = 0.0
        for fault in struck:
            if fault.kind in AFTER:
                response = AFTER[fault.kind](instance, fault, response)
        return response

    def outbound(self) -> str:
        """The kind of the first armed outbound fault that is due for this message, or the empty string."""
        for fault in self._armed.values():
            if fault.kind in OUTBOUND and fault.due(self._chance):
                return fault.kind
        return ""


def login_of(request: Request) -> str:
    """The login of a basic authorization header, without judging the password."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    try:
        return base64.b64decode(credentials).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except ValueError:
        return ""
