"""What a state means. Labels are ServiceNow's (documented); stored values differ by instance and are read from it.

The tables below name every label the documentation gives. A label that is not here, or a value the instance does not
explain, becomes UNKNOWN, which counts as open everywhere. Source of the labels: Order Management "state values",
"inflight order change" and Field Service "work order task states" pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.model import CasePhase, DomainOrderPhase, OrderPhase, State, WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDER_LABELS: Mapping[str, OrderPhase] = {
    "draft": OrderPhase.BEFORE_APPROVAL,
    "new": OrderPhase.BEFORE_APPROVAL,
    "submitted": OrderPhase.BEFORE_APPROVAL,
    "enrichment in progress": OrderPhase.BEFORE_APPROVAL,
    "enrichment on hold": OrderPhase.BEFORE_APPROVAL,
    "rejected": OrderPhase.REJECTED,
    "acknowledged": OrderPhase.APPROVED,
    "scheduled": OrderPhase.APPROVED,
    "in progress": OrderPhase.APPROVED,
    "awaiting information": OrderPhase.PAUSED,
    "on hold": OrderPhase.PAUSED,
    "revision in progress": OrderPhase.FROZEN,
    "assessing cancellation": OrderPhase.FROZEN,
    "cancellation in progress": OrderPhase.CANCELED,
    "canceled": OrderPhase.CANCELED,
    "completed": OrderPhase.COMPLETED,
}

DOMAIN_ORDER_LABELS: Mapping[str, DomainOrderPhase] = {
    "draft": DomainOrderPhase.OPEN,
    "qualified": DomainOrderPhase.OPEN,
    "open": DomainOrderPhase.OPEN,
    "scheduled": DomainOrderPhase.OPEN,
    "in progress": DomainOrderPhase.OPEN,
    "resolved": DomainOrderPhase.OPEN,
    "on hold": DomainOrderPhase.HELD,
    "awaiting information": DomainOrderPhase.HELD,
    "closed complete": DomainOrderPhase.CLOSED,
    "cancellation in progress": DomainOrderPhase.CANCELED,
    "canceled": DomainOrderPhase.CANCELED,
}

FALLOUT_LABELS: Mapping[str, DomainOrderPhase] = {
    "open": DomainOrderPhase.OPEN,
    "in progress": DomainOrderPhase.OPEN,
    "on hold": DomainOrderPhase.OPEN,
    "awaiting information": DomainOrderPhase.OPEN,
    "resolved": DomainOrderPhase.CLOSED,
    "closed complete": DomainOrderPhase.CLOSED,
    "canceled": DomainOrderPhase.CANCELED,
}

CASE_LABELS: Mapping[str, CasePhase] = {
    "new": CasePhase.OPEN,
    "open": CasePhase.OPEN,
    "awaiting info": CasePhase.OPEN,
    "resolved": CasePhase.RESOLVED,
    "closed": CasePhase.CLOSED,
    "canceled": CasePhase.CANCELED,
}

WORK_ORDER_LABELS: Mapping[str, WorkOrderPhase] = {
    "draft": WorkOrderPhase.OPEN,
    "waiting for approval": WorkOrderPhase.OPEN,
    "awaiting qualification": WorkOrderPhase.OPEN,
    "qualified": WorkOrderPhase.OPEN,
    "ready for dispatch": WorkOrderPhase.OPEN,
    "pending dispatch": WorkOrderPhase.OPEN,
    "scheduled": WorkOrderPhase.OPEN,
    "assigned": WorkOrderPhase.OPEN,
    "accepted": WorkOrderPhase.OPEN,
    "work in progress": WorkOrderPhase.OPEN,
    "closed complete": WorkOrderPhase.COMPLETE,
    "closed incomplete": WorkOrderPhase.INCOMPLETE,
    "canceled": WorkOrderPhase.CANCELED,
}

P = TypeVar("P", bound=Enum)


def fold(label: str) -> str:
    """One spelling for a label: lower case, single spaces, American `canceled`.

    >>> fold("Cancelled "), fold("Closed  Complete")
    ('canceled', 'closed complete')
    """
    return " ".join(label.casefold().split()).replace("cancelled", "canceled")


@dataclass(frozen=True, slots=True)
class Told:
    """What a profile says of the states of one table: stored value -> label there and -> ServiceNow's word for it.

    `written` are the values that the connector writes, where a label alone would not tell which.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[str] = frozenset()


NOTHING_TOLD: Mapping[str, Told] = {}


@dataclass(frozen=True, slots=True)
class StateMap(Generic[P]):
    """The states of one table on one instance: stored value -> label -> phase, both ways.

    `labels` is what the instance says (sys_choice); `told` what a profile says; `overrides` what the administrator says: stored
    value -> label.
    """

    table: str
    labels: Mapping[str, str]
    phases: Mapping[str, P]
    unknown: P
    overrides: Mapping[str, str] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    def read(self, value: str, display: str = "") -> State[P]:
        """The state behind a stored value. `display` helps only where the instance's own choice list is silent."""
        label = self.overrides.get(value) or self.told.labels.get(value) or self.labels.get(value) or display or value
        word = self._word(value, label)
        return State(value, label, self.phases.get(fold(word), self.unknown))

    def value_of(self, label: str) -> str | None:
        """The stored value of a label, or None where this instance has no such state, or several that could be meant."""
        wanted = fold(label)
        found = [value for value, words in self._words().items() if wanted in words]
        chosen = [value for value in found if value in self.told.written] or found
        return chosen[0] if len(chosen) == 1 else None

    def values_in(self, *phases: P) -> tuple[str, ...]:
        """All stored values that mean one of these phases, sorted."""
        return tuple(sorted(v for v in self._words() if self.read(v).phase in phases))

    def _words(self) -> dict[str, set[str]]:
        """What each stored value is called, and means."""
        known = {**self.labels, **self.told.labels, **self.overrides}
        words = {value: fold(self._word(value, label)) for value, label in known.items()}
        return {value: {word, fold(known[value])} if word in self.phases else {word} for value, word in words.items()}

    def _word(self, value: str, label: str) -> str:
        return self.overrides.get(value) or self.told.means.get(value) or label
