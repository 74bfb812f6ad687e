"""Each request of each pass of the story meets each fault; afterwards every promise holds, and both instances are what an
undisturbed pass makes of them. Only a refusal may be told besides, and who or what was not shown be named in other words.

In virtual time and in process, each trial in a child forked from the state before the pass. One fault befalls one request; what
it does to the requests after it (a 429 pauses the instance, a maintenance page holds the side) is the connector's doing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.crash.story import COMMANDS, COMPENSATIONS, STEPS, permit
from tests.faults.outcome import untold
from tests.faults.walk.crowd import Crowd
from tests.faults.walk.story import ANY_REQUEST, READS_ONLY, WRITES_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.walk.story import Step


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault at one request. `wrong` is empty when the outcome is that of the undisturbed pass."""

    step: str
    request: str
    number: int
    fault: str
    wrong: str


def faults_for(request: str, number: int) -> list[Step]:
    """Each kind that can befall this request (side, method and path). Of a kind that has several shapes (which status, how
    many seconds) the requests take turns."""
    kinds = {**ANY_REQUEST, **(READS_ONLY if " GET " in request else WRITES_ONLY)}
    return [{"kind": kind, **kinds[kind][number % len(kinds[kind])]} for kind in sorted(kinds)]


def play(
    *, lane: int = 0, lanes: int = 1, tell: Callable[[Trial], None] = lambda _: None
) -> tuple[list[Trial], dict[str, int], int]:
    """Every trial of one lane (each lane takes every so many-th), told one by one; how many requests each step has; and how many
    trials all lanes have together."""
    trials: list[Trial] = []
    requests: dict[str, int] = {}
    total = 0
    with Crowd(permit, COMPENSATIONS) as crowd:
        for name, people in ((name, people) for name, people in STEPS.items() if name not in COMMANDS):
            crowd.go_on(people)
            calm = crowd.walk([{"do": "pass"}])
            if calm.why:
                raise AssertionError(f"{name}, undisturbed: {calm.why}")
            requests[name] = len(calm.passed)
            every = [(at, fault) for at, request in enumerate(calm.passed, 1) for fault in faults_for(request, at)]
            total += len(every)
            for at, fault in every[lane::lanes]:
                struck = {"at": at, "fault": {**fault, "user": "connector", "count": 1}}
                walked = crowd.walk([{"do": "pass", "struck": struck}])
                wrong = walked.why.strip().split("\n")[-1] or untold(calm.outcome, walked.outcome)
                trials.append(Trial(name, calm.passed[at - 1], at, _said(fault), wrong))
                tell(trials[-1])
    return trials, requests, total


def _said(fault: Step) -> str:
    more = {key: value for key, value in fault.items() if key != "kind"}
    return f"{fault['kind']} {json.dumps(more)}" if more else str(fault["kind"])
