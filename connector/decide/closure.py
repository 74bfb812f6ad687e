"""The closure gate: may this domain order be closed, and why not? Pure.

Unknown is open: a work order in a state nobody mapped, one that vanished while it was open, and one whose creation is
still under way all keep the gate shut. So does one that ended in a way that asks for a decision nobody has made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.decide.rules import WorkOrderEnd
from connector.mapping.notes import harmless
from connector.model import WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from connector.model import JournalEntry, Link, WorkOrder


@dataclass(frozen=True, slots=True)
class Work:
    """One remembered work order beside what was read of it. `found` is None when FSM did not return it.

    `decision` is what a person decided after being told how it ended.
    """

    link: Link
    found: WorkOrder | None
    decision: JournalEntry | None = None

    @property
    def is_open(self) -> bool:
        """Whether it keeps its domain order open, whatever anybody decided."""
        return self.end is None

    @property
    def end(self) -> WorkOrderEnd | None:
        """How it ended; None while it is open, or nobody knows."""
        state = self.found.state if self.found is not None else self.link.noted
        match state.phase if state else WorkOrderPhase.UNKNOWN:
            case WorkOrderPhase.COMPLETE:
                return WorkOrderEnd.COMPLETE
            case WorkOrderPhase.INCOMPLETE:
                return WorkOrderEnd.INCOMPLETE
            case WorkOrderPhase.CANCELED:
                return WorkOrderEnd.CANCELED_BY_OM if self.link.withdrawn else WorkOrderEnd.CANCELED_IN_FIELD
            case _:
                return None

    def asks(self, releases: Collection[WorkOrderEnd]) -> bool:
        """Whether it ended in a way that a person must decide about, and nobody has."""
        return self.end is not None and self.end not in releases and self.decision is None

    def keeps_open(self, releases: Collection[WorkOrderEnd]) -> bool:
        """Whether the gate is shut because of it."""
        return self.is_open or self.asks(releases)

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.link.work_order_number} (Field Service does not show it)"
        who = f", {harmless(self.found.owner)}" if self.found.owner else ""
        undecided = "" if self.is_open else ", nobody decided what follows"
        return f"{self.found.number} ({harmless(self.found.state.label)}{who}{undecided})"


def blockers(work: Iterable[Work], creating: Iterable[str], releases: Collection[WorkOrderEnd]) -> tuple[str, ...]:
    """What keeps a domain order open, in words; empty when it may be closed.

    `creating` names the templates of work orders that are intended but not created yet.
    """
    return (
        *(str(w) for w in sorted(work, key=lambda w: w.link.work_order_number) if w.keeps_open(releases)),
        *(f"{template} (being created)" for template in sorted(creating)),
    )
