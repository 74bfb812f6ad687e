"""The vocabulary: what Order Management (OM) and Field Service (FSM) records mean to the connector.

Frozen values and enums only. Nothing here knows HTTP, SQL, files or clocks, and it imports nothing of ours.
A sys_id is only ever valid on the instance it came from; what crosses instances is a name (`Ref.name`) or a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping  # noqa: TC003  (memory is read back by these annotations)
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

# --- states: many stored values and labels, few meanings -------------------------------------------------------


class OrderPhase(Enum):
    """What the state of a customer order or an order line means for field work."""

    BEFORE_APPROVAL = "before approval"
    REJECTED = "rejected"
    APPROVED = "approved"
    PAUSED = "paused"  # approved, but no further fulfilment happens there
    FROZEN = "frozen"  # a revision or a cancellation is being assessed
    CANCELED = "canceled"  # canceled, or the cancellation was approved
    COMPLETED = "completed"
    UNKNOWN = "unknown"


class DomainOrderPhase(Enum):
    """What the state of a domain order or an order task means for field work."""

    OPEN = "open"
    HELD = "held"  # On hold: a revision, a cancellation or an issue
    CLOSED = "closed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class WorkOrderPhase(Enum):
    """What the state of a work order or a work order task means for the domain order."""

    OPEN = "open"
    COMPLETE = "closed complete"
    INCOMPLETE = "closed incomplete"
    CANCELED = "canceled"
    UNKNOWN = "unknown"  # nobody mapped it: treated as open

    @property
    def is_open(self) -> bool:
        """Unknown is open: nothing unknown ever permits closure."""
        return self in (WorkOrderPhase.OPEN, WorkOrderPhase.UNKNOWN)


class CasePhase(Enum):
    """What the state of a customer case means for field work."""

    OPEN = "open"
    RESOLVED = "resolved"  # a solution was proposed; the customer accepts or rejects it
    CLOSED = "closed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Nothing is wanted from the field any more."""
        return self in (CasePhase.CLOSED, CasePhase.CANCELED)


P = TypeVar("P", bound=Enum)


@dataclass(frozen=True, slots=True)
class State(Generic[P]):
    """One state as stored (`value`), as people read it (`label`) and as the connector understands it (`phase`)."""

    value: str
    label: str
    phase: P


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another record of the same instance. `name` is its display value; both are empty when unset."""

    sys_id: str = ""
    name: str = ""


NOWHERE = Ref()
"""The reference that points to nothing."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Who saved a record last, and when; empty where that is not known, or was no person. Not who changed a certain value."""

    by: str = ""  # the person's name, or the login
    at: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"


class Reads(Enum):
    """What is wanted of a column."""

    LABEL = "label"  # as people see it
    VALUE = "value"  # as it is stored
    KEY = "key"  # as it is stored, to find a record by; where it cannot be read it is not known, and another key has to do


# --- Order Management ------------------------------------------------------------------------------------------


class DomainOrderClass(Enum):
    """The three concrete classes of domain order."""

    PRODUCT = "product"
    SERVICE = "service"
    RESOURCE = "resource"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CustomerOrder:
    """A customer order: one approval, several lines."""

    sys_id: str
    number: str
    state: State[OrderPhase]
    ponr: bool = False  # past the point of no return
    version: int = 1  # rises with each revision or cancellation request
    account: Ref = NOWHERE
    contact: Ref = NOWHERE
    more: Mapping[str, str] = field(default_factory=dict)  # facts from columns the configuration maps in, by name
    unshown: tuple[str, ...] = ()  # facts that point to a record whose name is not shown
    saved: Saved = Saved()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of a customer order, for one location."""

    sys_id: str
    number: str
    order_id: str
    state: State[OrderPhase]
    action: str = ""
    quantity: str = ""
    ponr: bool = False
    version: int = 1
    location: Ref = NOWHERE
    account: Ref = NOWHERE
    contact: Ref = NOWHERE
    due: str = ""  # committed due date as stored: UTC, "YYYY-MM-DD HH:MM:SS"
    characteristics: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)  # facts from columns the configuration maps in, by name
    unshown: tuple[str, ...] = ()  # facts that point to a record whose name is not shown
    saved: Saved = Saved()
    saved_characteristics: Mapping[str, Saved] = field(default_factory=dict)  # by name


@dataclass(frozen=True, slots=True)
class DomainOrder:
    """A product, service or resource order that an approved line was decomposed into."""

    sys_id: str
    number: str
    kind: DomainOrderClass
    state: State[DomainOrderPhase]
    line_id: str = ""
    parent_id: str = ""
    action: str = ""
    specification: Ref = NOWHERE
    location: Ref = NOWHERE
    account: Ref = NOWHERE
    contact: Ref = NOWHERE
    priority: str = ""
    mod_count: int = 0
    updated_on: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    needs_attention: bool = False  # the quantity was decreased: a manager must choose which units go
    record_version: str = ""  # the version of its line that was approved last, where it says so
    more: Mapping[str, str] = field(default_factory=dict)  # facts from columns the configuration maps in, by name
    unshown: tuple[str, ...] = ()  # facts that point to a record whose name is not shown
    saved: Saved = Saved()


@dataclass(frozen=True, slots=True)
class OrderTask:
    """A task of a domain order."""

    sys_id: str
    number: str
    domain_order_id: str
    state: State[DomainOrderPhase]
    request_type: str = ""
    priority: str = ""
    mod_count: int = 0
    updated_on: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    planned_end: str = ""  # the same; where it is written
    more: Mapping[str, str] = field(default_factory=dict)  # facts from columns the configuration maps in, by name
    unshown: tuple[str, ...] = ()  # facts that point to a record whose name is not shown
    saved: Saved = Saved()


@dataclass(frozen=True, slots=True)
class Case:
    """A customer case (`sn_customerservice_case`), which may need field work: an initiator as it is.

    `said` are its facts as people read them, by name; what it has in common with an `Initiator` is named alike.
    """

    sys_id: str
    number: str
    state: State[CasePhase]
    mod_count: int = 0
    said: Mapping[str, str] = field(default_factory=dict)
    updated_on: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    unshown: tuple[str, ...] = ()  # facts that point to a record whose name is not shown
    saved: Saved = Saved()

    @property
    def noted_on(self) -> Case:
        return self

    @property
    def locations(self) -> tuple[str, ...]:
        here = self.said.get("location", "")
        return (here,) if here else ()

    @property
    def about(self) -> str:
        return self.said.get("product", "")

    @property
    def units(self) -> int:
        return 1

    @property
    def quantity(self) -> str:
        return ""

    @property
    def line_id(self) -> str:
        return ""

    @property
    def line_number(self) -> str:
        return ""

    @property
    def is_past_ponr(self) -> bool:
        return False


# --- Field Service ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkOrderTask:
    """A task of a work order. Its state drives the state of the work order, never the other way round."""

    sys_id: str
    number: str
    work_order_id: str
    state: State[WorkOrderPhase]
    summary: str = ""
    assigned_to: str = ""
    scheduled_start: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    estimated_end: str = ""  # the same
    window_end: str = ""  # the same
    work_duration: str = ""  # how long it is estimated to take, as the same counted from 1970
    mod_count: int = 0
    updated_on: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a work order's state, as the audit trail has it. States are stored values."""

    before: str
    after: str
    by: str = ""
    at: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    mod_count: int = 0  # of the work order afterwards


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A work order as read from FSM. `names` is what its `correlation_id` says: our mark, or a number by hand."""

    sys_id: str
    number: str
    state: State[WorkOrderPhase]
    names: str = ""
    mark: str = ""  # correlation_display
    template: str = ""
    summary: str = ""
    updated_by: str = ""
    updated_on: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    mod_count: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)  # the mapped columns as people read them
    tasks: tuple[WorkOrderTask, ...] = ()
    reason: str = ""  # the last work note, read when it was canceled or closed incomplete
    trail: tuple[Transition, ...] = ()  # its changes of state, oldest first, read when nobody was told of the last one
    scheduled_start: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    planned_end: str = ""  # the same
    estimated_end: str = ""  # the same
    created_on: str = ""  # the same
    created_by: str = ""
    strange: str = ""  # why it, or one of its tasks, cannot be understood; then only what it names can be believed
    resolves: Mapping[str, str] = field(
        default_factory=dict
    )  # reference columns not taken -> why what was meant is not known there now, in words; "" where it is

    @property
    def owner(self) -> str:
        """Who has the first open task that somebody has."""
        return next((task.assigned_to for task in self.tasks if task.state.phase.is_open and task.assigned_to), "")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A note on a record. A higher `rank` is later; notes of the same second may share one."""

    rank: int
    by: str  # the person's name, or what else is known of the author
    text: str
    at: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"; as the reader sees it where that cannot be told
    is_comment: bool = False  # customers can read it
    is_ours: bool = False  # written under the connector's own account


# --- one look at one order -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fallout:
    """A fallout of an order task. `names` is what its correlation id says, `is_settled` whether the connector closed it, and
    `was_held` whether its order task was On hold already when the connector raised it."""

    sys_id: str
    number: str
    task_id: str
    is_open: bool
    names: str = ""
    is_settled: bool = False
    was_held: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One customer order with everything that hangs on it in both systems, as read at one moment.

    `tokens` holds, per domain order, the tokens of our own notes found in its journal. It is read only for domain orders
    whose work orders carry our mark while memory does not know them (memory was lost, or another machine wrote them).
    `journals` holds the notes on domain orders and order tasks where a work order ended in a way that a person may have to
    decide about, or where somebody may have written what the field should read; `field_journals` those on work orders and
    their tasks. Of the records in `fresh` more may come to light: they were changed just before they were read.
    `there_at` and `here_at` are each instance's own moment when its journals were read.
    `revisers` holds, per line and fact, who revised it last at the present version of the line; None until a plan asks for it.
    `fallouts` are those of its order tasks, read only where the connector has raised one, or may have. `strange` are work
    orders that name one of its initiators, cannot be understood, and are not known to memory.
    `priorities` are the labels of stored priorities, read where one has changed.
    """

    order: CustomerOrder
    lines: tuple[OrderLine, ...] = ()
    domain_orders: tuple[DomainOrder, ...] = ()
    order_tasks: tuple[OrderTask, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)
    journals: Mapping[str, tuple[JournalEntry, ...]] = field(default_factory=dict)
    field_journals: Mapping[str, tuple[JournalEntry, ...]] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    there_at: datetime | None = None
    here_at: datetime | None = None
    fallouts: tuple[Fallout, ...] = ()
    strange: tuple[WorkOrder, ...] = ()
    priorities: Mapping[str, str] = field(default_factory=dict)
    revisers: Mapping[str, Mapping[str, Saved]] | None = None

    @property
    def sys_id(self) -> str:
        return self.order.sys_id

    @property
    def number(self) -> str:
        return self.order.number

    @property
    def noted(self) -> tuple[DomainOrder, ...]:
        """The records whose work notes people read: its domain orders."""
        return self.domain_orders

    @property
    def noted_ids(self) -> tuple[str, ...]:
        return tuple(one.sys_id for one in self.noted)


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """One case with its work orders, as read at one moment. The rest as in a `Snapshot`."""

    case: Case
    work_orders: tuple[WorkOrder, ...] = ()
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)
    journals: Mapping[str, tuple[JournalEntry, ...]] = field(default_factory=dict)
    field_journals: Mapping[str, tuple[JournalEntry, ...]] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    there_at: datetime | None = None
    here_at: datetime | None = None
    strange: tuple[WorkOrder, ...] = ()
    priorities: Mapping[str, str] = field(default_factory=dict)

    @property
    def sys_id(self) -> str:
        return self.case.sys_id

    @property
    def number(self) -> str:
        return self.case.number

    @property
    def noted(self) -> tuple[Case, ...]:
        return (self.case,)

    @property
    def noted_ids(self) -> tuple[str, ...]:
        return (self.case.sys_id,)

    @property
    def order_tasks(self) -> tuple[OrderTask, ...]:
        return ()


Observed: TypeAlias = Snapshot | CaseSnapshot
"""What one look reads whole. Orders and cases share the engine; a sys_id tells which is meant."""


@dataclass(frozen=True, slots=True)
class Initiator:
    """A domain order, or one of its order tasks, that may need field work (ServiceNow: `initiated_from`)."""

    order: CustomerOrder
    line: OrderLine
    domain_order: DomainOrder
    task: OrderTask | None = None
    units: int = 1  # of the line's quantity, how many this initiator stands for
    locations: tuple[str, ...] = ()  # of the domain order and of those beneath it, by name, each once
    is_held_by_us: bool = False  # its task is On hold for nothing but fallouts that the connector raised
    unshown: tuple[str, ...] = ()  # locations that belong to `locations` and whose names are not shown

    @property
    def sys_id(self) -> str:
        return self.task.sys_id if self.task else self.domain_order.sys_id

    @property
    def number(self) -> str:
        return self.task.number if self.task else self.domain_order.number

    @property
    def phase(self) -> DomainOrderPhase:
        phase = self.task.state.phase if self.task else self.domain_order.state.phase
        return DomainOrderPhase.OPEN if self.is_held_by_us and phase is DomainOrderPhase.HELD else phase

    @property
    def noted_on(self) -> DomainOrder:
        """The record whose readers are told."""
        return self.domain_order

    @property
    def about(self) -> str:
        """What is to be worked on, by name."""
        return self.domain_order.specification.name

    @property
    def quantity(self) -> str:
        return self.line.quantity

    @property
    def line_id(self) -> str:
        """The line whose point of no return counts."""
        return self.line.sys_id

    @property
    def line_number(self) -> str:
        return self.line.number

    @property
    def is_past_ponr(self) -> bool:
        """Whether nothing about its work may be changed any more."""
        return self.order.ponr or self.line.ponr


AnyInitiator: TypeAlias = Initiator | Case
"""Whatever may need field work."""


# --- the decision ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantedWorkOrder:
    """One work order a policy row asks for. `ordinal` tells apart several with the same template.

    `said` holds what the row's other outputs say, by output; `location` where this one of several is, when that matters.
    """

    row: str
    template: str
    ordinal: int
    said: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A row that would have won but for one condition."""

    row: str
    column: str
    wants: str
    found: str


BY_HAND = "by hand"
"""Where a verdict names its policy: nobody's row, a person."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a work order policy said about one initiator at one order version, and why. Stored on first use.

    It explains itself when the table is long gone: `inputs` are all facts as they were read, `columns` those the table
    looked at, `conditions` the winning rows as written. Where `problem` says why nothing may be concluded, nobody won.
    """

    initiator_id: str
    initiator_number: str
    line_number: str
    version: int
    policy: str
    digest: str  # of the policy as it was then
    rows: tuple[str, ...]  # the rows that won, in table order
    wanted: tuple[WantedWorkOrder, ...]
    inputs: Mapping[str, str]
    misses: tuple[NearMiss, ...] = ()
    columns: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)  # row -> what it asks for, in words
    problem: str = ""

    @property
    def is_of_a_person(self) -> bool:
        """Whether a person asked for these work orders, and no policy. Such a verdict holds for every order version."""
        return self.policy == BY_HAND


class FindingCode(Enum):
    """Why a person should look. Findings describe the present; they vanish when the reason does."""

    FROZEN = "frozen"
    PAST_PONR = "past-ponr"
    NOT_APPLIED = "not-applied"
    UNKNOWN_STATE = "unknown-state"
    WORK_ORDER_MISSING = "work-order-missing"
    INITIATOR_MISSING = "initiator-missing"  # and its work order is open
    CANCELED_IN_FIELD = "canceled-in-field"
    CLOSED_INCOMPLETE = "closed-incomplete"
    VISIT_WAITS = "visit-waits"
    CLOSED_WITH_OPEN_WORK = "closed-with-open-work"
    REOPEN_REFUSED = "reopen-refused"
    NOT_CANCELED = "not-canceled"
    CHANGE_WAITS = "change-waits"
    WRITE_PARKED = "write-parked"
    WORK_ORDER_STRANGE = "work-order-strange"  # it cannot be understood
    CHARACTERISTICS_MISSING = "characteristics-missing"
    NAME_MISSING = "name-missing"  # of a record the order points to
    UNREADABLE = "unreadable"
    DEFECT = "defect"  # of the connector: this order is left alone
    WENT_BACK = "went-back"
    MISSING_TABLE = "missing-table"
    SOLUTION_REJECTED = "solution-rejected"
    DUPLICATE_MARK = "duplicate-mark"
    UNDECIDED = "undecided"  # the policy gives no answer, or contradicts itself

    @classmethod
    def _missing_(cls, value: object) -> FindingCode:  # noqa: ARG003 - the signature is that of Enum
        return cls.UNREADABLE  # found by a newer version: its text says what


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one record that a person should know."""

    code: FindingCode
    subject: str  # a number, as people say it
    text: str


# --- actions: what should be written, each with a deterministic key --------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that changed, in words people read."""

    what: str
    before: str
    after: str
    columns: tuple[str, ...] = ()  # of the work order that say something else because of it, where that is known
    saved: Saved = Saved()  # the record that says it now

    def is_lost(self, refused: Collection[str]) -> bool:
        """Whether nothing on the work order tells of it, when these columns were not taken."""
        return bool(self.columns) and set(self.columns) <= set(refused)


@dataclass(frozen=True, slots=True)
class CreateWorkOrder:
    """Create a work order from a template. The key is its mark in FSM (`correlation_id`)."""

    key: str
    initiator_id: str
    initiator_number: str
    domain_order_id: str
    template: str
    ordinal: int
    version: int
    facts: Mapping[str, str]
    fields: Mapping[str, str]  # FSM column -> value; references by name


@dataclass(frozen=True, slots=True)
class UpdateWorkOrder:
    """Carry changed order data to an open work order."""

    key: str
    work_order_id: str
    work_order_number: str
    version: int
    mod_count: int  # of the work order when this was decided
    changes: tuple[Change, ...]
    facts: Mapping[str, str]  # the complete picture after the change
    fields: Mapping[str, str]  # only the columns to write; references by name
    line_id: str = ""  # whose point of no return counts
    is_quiet: bool = False  # the readers of the domain order need not hear of it
    flag: str = ""  # a work note on the work order itself, for the dispatcher
    tried: tuple[str, ...] = ()  # where columns that were not taken are tried again: under which circumstances

    @property
    def number(self) -> int:
        """The how many-th update of its work order this is."""
        return int(self.key.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class CancelWorkOrder:
    """Cancel an open work order because OM no longer wants the visit."""

    key: str
    work_order_id: str
    work_order_number: str
    version: int
    mod_count: int
    reason: str
    carried: Mapping[str, str]  # the facts FSM has, for the mark
    updates: int = 0  # that were carried, for the mark
    line_id: str = ""  # whose point of no return counts
    in_question: bool = False  # decided although a revision or a cancellation of the order is being assessed


@dataclass(frozen=True, slots=True)
class WriteNote:
    """Append a work note to a domain order, or to a case. The text ends in the token of the key, and in those of the notes it
    carries. One that is `fleeting` says what is so, not what happened: where it may have been sent and did not arrive, it is
    decided again whether to say it."""

    key: str
    domain_order_id: str
    domain_order_number: str
    text: str
    is_on_case: bool = False
    carries: tuple[str, ...] = ()
    fleeting: bool = False


@dataclass(frozen=True, slots=True)
class WriteFieldNote:
    """Append a work note to a work order: what somebody wrote in Order Management. Tokens as in `WriteNote`."""

    key: str
    work_order_id: str
    work_order_number: str
    text: str
    carries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReopenDomainOrder:
    """The closure gate: put a domain order that was closed too early back to work, saying why in the same write."""

    key: str
    domain_order_id: str
    domain_order_number: str
    mod_count: int
    text: str


@dataclass(frozen=True, slots=True)
class ResolveCase:
    """Propose the solution of a case whose work orders are complete, with a work note in the same write."""

    key: str
    case_id: str
    case_number: str
    mod_count: int
    code: str  # the label of the resolution code
    close_notes: str
    text: str


@dataclass(frozen=True, slots=True)
class BindWorkOrder:
    """A person gives a work order to an initiator (adopts it), or lets go of one (`detaches`). Written on the work order."""

    key: str
    work_order_id: str
    work_order_number: str
    initiator_number: str
    detaches: bool
    why: str  # who asked, and what for
    text: str  # the work note that goes with it


@dataclass(frozen=True, slots=True)
class SetPonr:
    """Put a line past its point of no return, because the field has begun."""

    key: str
    line_id: str
    line_number: str
    version: int  # of the order when this was decided
    work_order_number: str


@dataclass(frozen=True, slots=True)
class WritePlannedEnd:
    """Let an order task say when its visits end."""

    key: str
    order_task_id: str
    order_task_number: str
    end: str  # UTC, "YYYY-MM-DD HH:MM:SS"
    version: int  # of the order: a revision plans its tasks anew
    mod_count: int  # of the order task when this was decided
    work_order_number: str  # the one that ends last


@dataclass(frozen=True, slots=True)
class WarnDispatcher:
    """Say on a work order that its order is on hold, or that it goes on."""

    key: str
    work_order_id: str
    work_order_number: str
    warns: bool
    text: str


@dataclass(frozen=True, slots=True)
class RaiseFallout:
    """Raise a fallout on an order task, unless there is one of this mark already."""

    key: str
    mark: str  # what its correlation id begins with
    occasion: str  # what it is about: often the key of the write that was refused
    initiator_id: str
    order_task_id: str
    order_task_number: str
    line_id: str
    summary: str
    text: str
    on_canceled: bool = False  # no order task is open: this one is canceled, and stays so


@dataclass(frozen=True, slots=True)
class SettleFallout:
    """Close the fallouts of a mark that are still open, with a work note."""

    key: str
    mark: str
    subject: str  # the number of the order task, or of the fallout
    text: str


Action: TypeAlias = (
    CreateWorkOrder
    | UpdateWorkOrder
    | CancelWorkOrder
    | BindWorkOrder
    | WarnDispatcher
    | WriteNote
    | WriteFieldNote
    | ReopenDomainOrder
    | ResolveCase
    | SetPonr
    | WritePlannedEnd
    | RaiseFallout
    | SettleFallout
)


# --- memory ----------------------------------------------------------------------------------------------------


class Origin(Enum):
    """How a link came to be."""

    CREATED = "created"
    ADOPTED = "adopted"  # carried our mark, memory did not know it
    BY_HAND = "by hand"  # a person made the work order and named the initiator; never edited by us
    COPY = "copy"  # a person copied one of ours with its mark; never edited by us


@dataclass(frozen=True, slots=True)
class Link:
    """What memory holds about one work order and the domain order (or case) it belongs to.

    Of a case, `order_id`, `domain_order_id` and `initiator_id` are all its own sys_id.
    """

    work_order_id: str
    work_order_number: str
    order_id: str
    domain_order_id: str
    initiator_id: str
    origin: Origin
    key: str = ""  # the mark; empty when made by hand
    template: str = ""
    ordinal: int = 1
    carried: Mapping[str, str] = field(default_factory=dict)  # the facts as last sent to FSM
    wanted: tuple[Change, ...] = ()  # changes to be carried, with who saved them: our own notes save a record, too
    untold: tuple[Change, ...] = ()  # changes carried to FSM that the domain order's readers were not told yet
    refused: tuple[str, ...] = ()  # columns FSM did not take, and that do not say it since
    refused_at: int = 0  # the update with which the first of these was not taken
    tried: tuple[str, ...] = ()  # when these were tried last: the state, then the references that could be resolved
    left: Mapping[str, str] = field(default_factory=dict)  # what these said when they were not taken
    updates: int = 0  # how many updates were carried
    noted: State[WorkOrderPhase] | None = None  # the state the last status note spoke of
    noted_at: int = 0  # the work order's count of updates when that state was read; 0 where memory was lost
    notes: int = 0  # how many status notes were written
    heard: Mapping[str, int] = field(default_factory=dict)  # record -> its updates when its journal was read to the end
    withdrawn: bool = False  # we canceled it ourselves
    unseen: datetime | None = None  # since when it is not shown, where it is over and its domain order is not
    detached: str = ""  # a person has let go of it: who and why
    bound_at: int = 0  # the work order's mod_count when a person let go of it, or took it back

    @property
    def is_ours(self) -> bool:
        """Whether the connector made the work order, and so may change and cancel it."""
        return self.origin in (Origin.CREATED, Origin.ADOPTED)


class IntentState(Enum):
    """The life of one outbox entry."""

    PENDING = "pending"  # on disk, not sent
    SENDING = "sending"  # the request may be under way; after a crash: look first
    UNKNOWN = "unknown"  # sent, no clear answer: look before anything is resent
    DONE = "done"
    PARKED = "parked"  # a person must look
    WITHDRAWN = "withdrawn"  # no longer wanted before it was sent

    @property
    def is_open(self) -> bool:
        """Still to be carried out, or possibly being carried out."""
        return self in (IntentState.PENDING, IntentState.SENDING, IntentState.UNKNOWN)

    @property
    def may_be_withdrawn(self) -> bool:
        """Not sent yet, or refused: nothing of it is under way."""
        return self in (IntentState.PENDING, IntentState.PARKED)


@dataclass(frozen=True, slots=True)
class Intent:
    """One intended write as memory knows it."""

    key: str
    state: IntentState
    action: Action | None = None  # absent for notes recognised in a journal after memory was lost
    error: str = ""
    at: datetime | None = None  # when it was settled, or else intended, by the connector's clock

    @property
    def is_given_up(self) -> bool:
        """Whether a person wanted a refused write no longer: as good as done, though it never was."""
        return self.state is IntentState.DONE and bool(self.error)

    @property
    def is_refused(self) -> bool:
        """Whether it was refused for good, as far as anybody knows."""
        return self.state is IntentState.PARKED or self.is_given_up


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """Everything remembered about one order. Empty is a valid memory: truth lives in ServiceNow."""

    links: tuple[Link, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    intents: Mapping[str, Intent] = field(default_factory=dict)  # by token

    @property
    def has_open_intents(self) -> bool:
        """Whether something is still to be carried out."""
        return any(intent.state.is_open for intent in self.intents.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What should happen to one order now. Deciding it twice changes nothing; carrying it out is somebody else's job."""

    order_id: str
    order_number: str
    verdicts: tuple[Verdict, ...] = ()  # new ones, to be remembered
    actions: tuple[Action, ...] = ()  # in the order they must be carried out
    findings: tuple[Finding, ...] = ()
    links: tuple[Link, ...] = ()  # new or changed ones, to be remembered with the actions
    withdraw: tuple[str, ...] = ()  # tokens of intentions that are no longer wanted
    recovered: tuple[str, ...] = ()  # tokens found in a journal, not known to be written; and those of what is over
    look_at: datetime | None = None  # when time alone brings something about
    unnamed: tuple[
        tuple[str, str], ...
    ] = ()  # line and fact of it: a note would tell who revised it, if the snapshot said so
    listen_again: bool = False  # a journal was read so soon after a change that a note may not have been in it yet


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for, and what follows.

    Exactly one of these: `action` is what will be written, `link` what memory alone can settle, `already` says how it
    stands, `refused` why it will not be done. `verdict` is what is remembered instead of the action where it is decided
    anew at each look.
    """

    order_id: str
    order_number: str
    subject: str  # the number people look for later
    text: str
    action: Action | None = None
    link: Link | None = None
    verdict: Verdict | None = None
    already: str = ""
    refused: str = ""
    withdraw: str = ""  # the token of an earlier wish that the action replaces, unless that has left already


@dataclass(frozen=True, slots=True)
class Standing:
    """How one work order stands. `planned_end` is UTC, "YYYY-MM-DD HH:MM:SS"; what is not known is empty."""

    number: str  # empty while it is being created
    template: str
    state: str
    owner: str
    planned_end: str
    blocks: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """May this domain order be closed? `known_at` is when both systems were asked; None when nobody knows.

    What was not asked just now never says yes: then `problem` tells why it could not be asked, or what is not known of it.
    """

    domain_order: str
    may_close: bool
    known_at: datetime | None
    work: tuple[Standing, ...]
    open_tasks: tuple[str, ...] = ()  # of the domain order
    header_tasks: tuple[str, ...] = ()  # of the customer order itself
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wakeup:
    """ "Look at this order soon." `generation` rises with every new reason, so that none is lost while we look."""

    order_id: str
    due: datetime
    reason: str
    generation: int
