"""What the administrator decided beforehand: policies, field map, gate. The fixed part of every decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from enum import Enum
from typing import TYPE_CHECKING

from connector.model import Case

if TYPE_CHECKING:
    from connector.decide.jeopardy import JeopardyRules
    from connector.mapping.compensation import Compensations
    from connector.mapping.fields import FieldMap
    from connector.mapping.policy import WorkOrderPolicy
    from connector.mapping.states import StateMap
    from connector.model import AnyInitiator, FindingCode, WorkOrderPhase


class GateMode(Enum):
    """What to do with a domain order that was closed while one of its work orders is open."""

    REOPEN = "reopen"
    NOTE = "note"
    ALARM = "alarm"  # a finding only


class WorkOrderEnd(Enum):
    """The ways in which a work order can be over."""

    COMPLETE = "closed complete"
    CANCELED_BY_OM = "canceled by order management"  # because the order no longer asks for it
    INCOMPLETE = "closed incomplete"
    CANCELED_IN_FIELD = "canceled in field"


class Consequence(Enum):
    """What follows when the field ends a work order without completing it."""

    NOTE = "note"  # the domain order's readers are told, no more
    ASK = "ask"  # a finding as well, until a person decides
    FALLOUT = "fallout"  # and a fallout on the order task, until then
    RESCHEDULE = "reschedule"  # as "ask", and the answer may be that somebody goes again


class OpenTasks(Enum):
    """What an open task of Order Management means for the closing of a domain order."""

    SHOW = "show"  # the gate names it
    ANSWER = "answer"  # the gate names it and says no
    ENFORCE = "enforce"  # a domain order that was closed over it is treated as over an open work order


class PonrMode(Enum):
    """What follows for the point of no return of a line when the field begins to work on it."""

    OFF = "off"
    PROPOSE = "propose"  # a note that asks for it
    SET = "set"


class Completion(Enum):
    """What follows when every work order of a case is complete."""

    RESOLVE = "resolve"  # propose the solution, with code and notes
    NOTE = "note"  # say that it can be resolved


class Rejection(Enum):
    """What follows when a case is open again after its work orders had resolved it."""

    ASK = "ask"  # a note and a finding, until somebody decides
    VISIT_AGAIN = "visit again"


SOLVED = "Solved - Fixed by closing related issue"
"""The resolution code that Field Service itself uses when it closes a case with its work orders (documented)."""
VISIT_AGAIN = "visit again"


@dataclass(frozen=True, slots=True)
class NoteRules:
    """Which notes of people cross from one side to the other, and how moments are written."""

    from_field: bool = True  # work notes on work orders and their tasks -> domain order or case
    to_field: bool = True  # work notes on domain orders, order tasks and cases -> work orders
    comments: bool = False  # what customers can read crosses too, as a private note
    left_out: frozenset[str] = frozenset({"system"})  # authors, in small letters, who are no people
    zone: tzinfo = UTC  # of those who read
    digest: timedelta = timedelta(0)  # for so long the first note of a burst waits for the others

    @property
    def carry_any(self) -> bool:
        """Whether journals are worth reading."""
        return self.from_field or self.to_field


ENDS_THAT_RELEASE = (WorkOrderEnd.COMPLETE, WorkOrderEnd.CANCELED_BY_OM)


@dataclass(frozen=True, slots=True)
class CaseRules:
    """What the administrator decided about customer cases."""

    policy: WorkOrderPolicy
    fields: FieldMap
    one_open_work_order: bool = True  # of several, the next is created when the one before is closed
    completion: Completion = Completion.RESOLVE
    resolution_code: str = SOLVED  # a label of the instance
    rejected: Rejection = Rejection.ASK
    decision: str = VISIT_AGAIN  # how a work note begins that asks for another visit


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything a decision needs besides the order itself."""

    om: str  # name of the OM instance, part of every mark
    fsm: str  # which FSM instance, part of the mark of every fallout
    domain_order_policy: WorkOrderPolicy
    order_task_policy: WorkOrderPolicy
    fields: FieldMap
    work_order_states: StateMap[WorkOrderPhase]
    gate: GateMode = GateMode.REOPEN
    max_reopens: int = 10  # per domain order; then a person is asked
    releases: tuple[WorkOrderEnd, ...] = ENDS_THAT_RELEASE  # ends after which the gate needs no decision of a person
    decision: str = "release gate"  # how a work note begins that is such a decision
    visit_again: str = VISIT_AGAIN  # the same, where the decision is that somebody goes again
    canceled_in_field: Consequence = Consequence.ASK
    closed_incomplete: Consequence = Consequence.ASK
    order_tasks: OpenTasks = OpenTasks.ANSWER  # of the domain order
    header_tasks: OpenTasks = OpenTasks.SHOW  # of the customer order itself
    ponr: PonrMode = PonrMode.OFF
    ponr_at: frozenset[str] = frozenset()  # labels of the states in which the field has begun, folded
    notes: NoteRules = NoteRules()
    jeopardy: JeopardyRules | None = None  # without rules nobody is warned
    writes_planned_end: bool = False  # of the visits, to the order task
    compensations: Compensations | None = None  # without a table every change is patched and noted
    fallouts: frozenset[FindingCode] = frozenset()  # what becomes a fallout
    fallouts_on_canceled: bool = False  # also on a canceled order task, where none is open that it could stand on

    cases: CaseRules | None = None

    def consequence(self, end: WorkOrderEnd | None) -> Consequence | None:
        """What follows when a work order ended so; None where nothing asks for a decision."""
        ends = {
            WorkOrderEnd.CANCELED_IN_FIELD: self.canceled_in_field,
            WorkOrderEnd.INCOMPLETE: self.closed_incomplete,
        }
        return None if end is None or end in self.releases else ends.get(end)

    @property
    def decisive_words(self) -> tuple[str, ...]:
        """How work notes on domain orders begin that are meant for the connector."""
        may_go = Consequence.RESCHEDULE in (self.canceled_in_field, self.closed_incomplete)
        return (self.decision, self.visit_again) if may_go else (self.decision,)

    def policy_for(self, initiator: AnyInitiator) -> WorkOrderPolicy:
        """The decision table that speaks about this kind of initiator."""
        if isinstance(initiator, Case):
            return self.about_cases.policy
        return self.order_task_policy if initiator.task else self.domain_order_policy

    def fields_for(self, initiator: AnyInitiator) -> FieldMap:
        """How the facts of this kind of initiator fill a work order."""
        return self.about_cases.fields if isinstance(initiator, Case) else self.fields

    @property
    def about_cases(self) -> CaseRules:
        """The rules for cases, where there are any; without them no case is ever read."""
        assert self.cases is not None
        return self.cases
