"""What a policy row says about a work order beyond its template, as facts of that work order.

They are kept with the order's own facts, so that a row that says something else at a later version is an ordinary change.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from connector.mapping.dmn.values import Kind, read
from connector.mapping.facts import fill
from connector.mapping.vocabulary import WINDOW, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from connector.model import WantedWorkOrder

SAID = "policy."
PLANNED_START, PLANNED_END = "planned start", "planned end"
DEFAULT_OUTPUTS: Mapping[str, str] = {
    "priority": "priority",
    "dispatch group": "qualification_group",
    "skills": "",
    PLANNED_START: "expected_start",
    PLANNED_END: "expected_end",
}
"""Output of a policy -> column of the work order. Without a column it becomes a line of the description.

The qualification group is the one group of a work order whose assignment moves no state (an assignment group would make
the work order Assigned); skills stand on tasks, which the template creates.
"""


def facts_for(facts: Mapping[str, str], wanted: WantedWorkOrder) -> dict[str, str]:
    """The facts about one work order: those of its initiator, its own place, and what its row says ({facts} filled in)."""
    own = dict(facts)
    if wanted.location and wanted.location != facts.get("location"):
        # What is known of the initiator's own place says nothing about this one.
        own = {name: text for name, text in facts.items() if not name.startswith("location.")}
        own["location"] = wanted.location
    for name, text in wanted.said.items():
        if name != WINDOW:
            own[f"{SAID}{name}"] = fill(text, facts)
    if WINDOW in wanted.said and facts.get("due date"):
        own |= _planned(facts["due date"], wanted.said[WINDOW])
    return own


def _planned(due: str, window: str) -> dict[str, str]:
    """When the visit is planned; nothing where no such time can be told."""
    try:
        end = value_of(Kind.DATE_TIME, due)
        length: timedelta = read(Kind.DURATION, window)  # type: ignore[assignment]
        assert isinstance(end, datetime)
        start = end - length
    except (ValueError, OverflowError):
        return {}
    # Not strftime: it writes years before 1000 with fewer digits.
    told = {PLANNED_START: start, PLANNED_END: end}
    return {f"{SAID}{name}": time.replace(tzinfo=None).isoformat(" ", "seconds") for name, time in told.items()}


def outputs_of(facts: Mapping[str, str]) -> dict[str, str]:
    """What a policy row says in these facts, by output."""
    return {name.removeprefix(SAID): text for name, text in facts.items() if name.startswith(SAID)}
