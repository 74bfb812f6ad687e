"""The closure gate: may this domain order be closed, and why not? Pure.

Unknown is open: a work order in a state nobody mapped, one that vanished while it was open, and one whose creation is
still under way all keep the gate shut. So does one that ended in a way that asks for a decision nobody has made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.decide.rules import OpenTasks, WorkOrderEnd
from connector.mapping.notes import harmless
from connector.mapping.refusal import why_unfound
from connector.model import DomainOrderPhase, Origin, WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from connector.decide.rules import Rules
    from connector.model import DomainOrder, JournalEntry, Link, OrderTask, Snapshot, WorkOrder


@dataclass(frozen=True, slots=True)
class Work:
    """One remembered work order beside what was read of it. `found` is None when FSM did not return it.

    `decision` is what a person decided after being told how it ended. Where that is another visit, `again` is its key; so it is
    where nobody decided anything, but the order had asked for another visit before the field canceled this one.
    """

    link: Link
    found: WorkOrder | None
    decision: JournalEntry | None = None
    again: str = ""
    has_next: bool = False  # the other visit exists

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

    @property
    def was_carried_out(self) -> bool:
        """Whether somebody was there, be it in vain."""
        return self.end in (WorkOrderEnd.COMPLETE, WorkOrderEnd.INCOMPLETE)

    @property
    def is_told(self) -> bool:
        """Whether its present state, as far as that is shown, is the one its last status note speaks of."""
        noted = self.link.noted
        return noted is not None and (self.found is None or noted.value == self.found.state.value)

    @property
    def number_of_end(self) -> int:
        """Which of its status notes tells its present state: the last one, or the one that is still to be written."""
        return self.link.notes + (not self.is_told)

    def asks(self, releases: Collection[WorkOrderEnd]) -> bool:
        """Whether it ended in a way that a person must decide about, and nobody has."""
        is_copy = self.link.origin is Origin.COPY  # whatever becomes of it, the original is the visit
        is_decided = self.decision is not None or bool(self.again)
        return self.end is not None and self.end not in releases and not is_decided and not is_copy

    @property
    def waits_for_next(self) -> bool:
        """Whether another visit in its place is still to be arranged."""
        return bool(self.again) and not self.has_next

    def keeps_open(self, releases: Collection[WorkOrderEnd]) -> bool:
        """Whether the gate is shut because of it."""
        return self.is_open or self.asks(releases) or self.waits_for_next

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.link.work_order_number} (Field Service does not show it)"
        who = f", {harmless(self.found.owner)}" if self.found.owner else ""
        undecided = ", another visit is asked for" if self.waits_for_next else ", nobody decided what follows"
        return f"{self.found.number} ({harmless(self.found.state.label)}{who}{'' if self.is_open else undecided})"


@dataclass(frozen=True, slots=True, order=True)
class Coming:
    """A work order that is intended and does not exist yet. Where it was refused, a person must see to that."""

    template: str
    refused: str = ""  # why, as the platform said it

    @property
    def how(self) -> str:
        """How it stands, in words."""
        if not self.refused:
            return "being created"
        return f"not created yet: {why_unfound(self.refused).rstrip('.') or 'Field Service refused it'}"

    def __str__(self) -> str:
        return f"{self.template} ({self.how})"


def blockers(
    work: Iterable[Work],
    coming: Iterable[Coming],
    tasks: Iterable[OrderTask],
    releases: Collection[WorkOrderEnd],
    strange: Iterable[WorkOrder] = (),
) -> tuple[str, ...]:
    """What keeps a domain order open, in words; empty when it may be closed.

    `coming` are those that are intended but not created yet, be it because they were refused; `tasks` are those that count;
    `strange` work orders cannot be understood, so nobody knows that they are over.
    """
    return (
        *(f"{called(one)} (it cannot be understood)" for one in strange),
        *(str(w) for w in sorted(work, key=lambda w: w.link.work_order_number) if w.keeps_open(releases)),
        *(str(one) for one in sorted(coming)),
        *(named(task) for task in tasks),
    )


def called(strange: WorkOrder) -> str:
    """A work order that cannot be understood, as people find it."""
    return strange.number or f"a work order without a number ({strange.sys_id})"


def open_order_tasks(snapshot: Snapshot, domain_order: DomainOrder) -> list[OrderTask]:
    """The open order tasks of a domain order, by number."""
    return _open(task for task in snapshot.order_tasks if task.domain_order_id == domain_order.sys_id)


def open_header_tasks(snapshot: Snapshot) -> list[OrderTask]:
    """The open tasks of the customer order itself, by number: they belong to no domain order."""
    return _open(task for task in snapshot.order_tasks if not task.domain_order_id)


def enforced_tasks(snapshot: Snapshot, domain_order: DomainOrder, rules: Rules) -> list[OrderTask]:
    """The open tasks over which a domain order must not be closed."""
    return [
        *(open_order_tasks(snapshot, domain_order) if rules.order_tasks is OpenTasks.ENFORCE else ()),
        *(open_header_tasks(snapshot) if rules.header_tasks is OpenTasks.ENFORCE else ()),
    ]


def named(task: OrderTask) -> str:
    """A task as people know it."""
    what = " ".join(part for part in (task.number, harmless(task.request_type)) if part)
    return f"{what} ({harmless(task.state.label)})"


def _open(tasks: Iterable[OrderTask]) -> list[OrderTask]:
    over = (DomainOrderPhase.CLOSED, DomainOrderPhase.CANCELED)
    return sorted((task for task in tasks if task.state.phase not in over), key=lambda task: task.number)
