"""The closure gate: may this domain order be closed, and why not? Pure.

Unknown is open: a work order in a state nobody mapped, one that vanished while it was open, and one whose creation is
still under way all keep the gate shut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.notes import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.model import Link, WorkOrder


@dataclass(frozen=True, slots=True)
class Work:
    """One remembered work order beside what was read of it. `found` is None when FSM did not return it."""

    link: Link
    found: WorkOrder | None

    @property
    def is_open(self) -> bool:
        """Whether it keeps its domain order open."""
        if self.found is not None:
            return self.found.state.phase.is_open
        return self.link.noted is None or self.link.noted.phase.is_open

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.link.work_order_number} (Field Service does not show it)"
        task = next((t for t in self.found.tasks if t.state.phase.is_open and t.assigned_to), None)
        who = f", {harmless(task.assigned_to)}" if task else ""
        return f"{self.found.number} ({harmless(self.found.state.label)}{who})"


def blockers(work: Iterable[Work], creating: Iterable[str]) -> tuple[str, ...]:
    """What keeps a domain order open, in words; empty when it may be closed.

    `creating` names the templates of work orders that are intended but not created yet.
    """
    return (
        *(str(w) for w in sorted(work, key=lambda w: w.link.work_order_number) if w.is_open),
        *(f"{template} (being created)" for template in sorted(creating)),
    )
