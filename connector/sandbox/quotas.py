"""The transaction quota: a request that would take longer is canceled, and what it wrote may be there all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.faults import Fault
from connector.sandbox.messages import Response
from connector.sandbox.misdeeds import AFTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request

READS = ("GET", "HEAD")


def within_quota(instance: Instance, request: Request, honest: Callable[[], Response]) -> Response:
    """The honest answer, or what is left of it when the work takes longer than the quota allows."""
    switches = instance.switches
    if float(switches["latency_ms"]) / 1000 <= float(switches["quota_seconds"]) or request.path.endswith("/batch"):
        return honest()
    if request.method not in READS and not switches["quota_commits"]:
        return cancelled(instance, Response(200), "commit_then_500")
    response = honest()
    return cancelled(instance, response, str(switches["quota_answer"])) if response.status < 400 else response


def cancelled(instance: Instance, response: Response, kind: str) -> Response:
    """The answer as the fault of this kind leaves it (misdeeds.py)."""
    return AFTER[kind](instance, Fault("quota", kind), response)
