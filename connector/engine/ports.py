"""What the engine needs from the two systems. Declared here, beside their consumer; `om` and `fsm` fulfil them.

Every method that talks to an instance raises a RemoteError when it cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from connector.exchange import Changed, FeedId, LineNow, OrdersRead, Pointer, Sent, SketchPage, Written
    from connector.model import (
        Action,
        BindWorkOrder,
        CancelWorkOrder,
        Case,
        CreateWorkOrder,
        DomainOrder,
        Fallout,
        JournalEntry,
        OrderTask,
        RaiseFallout,
        ReopenDomainOrder,
        ResolveCase,
        Saved,
        Transition,
        UpdateWorkOrder,
        WarnDispatcher,
        WorkOrder,
    )


class Watched(Protocol):
    """A system whose changes can be followed."""

    @property
    def name(self) -> str:
        """What the administrator calls the instance."""

    @property
    def feeds(self) -> tuple[FeedId, ...]:
        """The tables worth watching."""

    def changed(self, feed: FeedId, since: datetime | None) -> Iterator[Changed]:
        """Rows updated at or after `since` (all when None), oldest first."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The kinds of records a sweep goes through."""

    def sketches(self, part: str, after: str, limit: int) -> SketchPage:
        """The open records of a part after this sys_id, in order of sys_id."""

    def points_to(self, part: str, sys_ids: Iterable[str]) -> Mapping[str, str]:
        """What leads from these records to their orders, as `Changed.points_to` does; those that exist."""

    def calibrate(self) -> bool:
        """Measure what this instance makes of the questions a cursor asks. False while there is nothing to measure with.

        Raises ConfigError or AbsurdAnswer when a cursor could miss something.
        """

    @property
    def server_time(self) -> datetime:
        """The instance's own clock at its last answer, UTC."""

    def reach(self) -> None:
        """Learn what must be known of the instance before anything of it is understood; again what it denied the last time."""

    def probe(self) -> None:
        """One cheap request, not repeated: does the instance answer, and accept the user?"""

    def identity(self) -> Mapping[str, str]:
        """What the instance can be known by, as far as it may be read: fact -> value."""

    def existing(self, sys_ids: Iterable[str]) -> Mapping[str, int]:
        """Those of these orders (OM) or work orders (FSM) that exist, each with its count of updates."""

    def sent(self) -> tuple[Sent, ...]:
        """What this thread sent to write something since it last asked; without secrets."""

    def begin_gently(self) -> None:
        """The instance is back after an outage: ask one thing at a time at first."""


class OrderManagement(Watched, Protocol):
    """Everything the engine asks of OM."""

    def read_orders(self, order_ids: Iterable[str]) -> OrdersRead:
        """These orders with lines, domain orders and order tasks, and these cases, many per request."""

    def revisers(self, versions: Mapping[str, int], facts: Collection[str]) -> Mapping[str, Mapping[str, Saved]]:
        """Line -> fact, of these -> who revised it last at this version of the line (line -> version).

        Nobody where that may not be read. Raises nothing: a note does without.
        """

    def open_orders(self) -> Iterator[str]:
        """sys_ids of all orders that were approved and are not over, and of all cases that are not over."""

    def orders_of(self, initiators: Iterable[str]) -> Mapping[str, str]:
        """Initiator (sys_id or number) -> sys_id of its order (a case's own), for those that exist."""

    @property
    def fallouts(self) -> FalloutManagement | None:
        """The fallouts of this instance; None where none are to be raised."""

    def find_tokens(
        self, domain_order_ids: Iterable[str], wanted: Collection[str] = ()
    ) -> Mapping[str, frozenset[str]]:
        """The tokens of our own notes in the journals of these domain orders, as far as they are shown.

        Of those that are `wanted` it is also known that they are not there: one without them, of whose journal not all is
        shown, is missing.
        """

    def journals(
        self, domain_order_ids: Iterable[str], order_task_ids: Iterable[str] = (), *, comments: bool = False
    ) -> Mapping[str, tuple[JournalEntry, ...]]:
        """The work notes of these records, and their comments if wanted; where the journal is closed, what forms show."""

    def priorities(self) -> Mapping[str, str]:
        """What people call a stored priority; "" where two of its tables differ, nothing where that cannot be read."""

    def read_line_now(self, line_id: str) -> LineNow | None:
        """A line with its order, just now: one request."""

    def read_domain_order(self, domain_order_id: str) -> DomainOrder | None:
        """One domain order as it is now."""

    def write_note(self, record_id: str, text: str, *, on_case: bool = False) -> Written:
        """Append a work note to a domain order, or a case."""

    def set_ponr(self, line_id: str) -> Written:
        """Put a line past its point of no return."""

    def read_order_task(self, order_task_id: str) -> OrderTask | None:
        """One order task as it is now."""

    def write_planned_end(self, order_task_id: str, end: str) -> Written:
        """Let an order task say when its visits end."""

    def reopen(self, action: ReopenDomainOrder, text: str) -> Written:
        """Put a closed domain order back to work and say why, in one write."""


class FalloutManagement(Protocol):
    """What the engine asks of an OM instance about fallouts; where none are to be raised, there is no such thing."""

    def of_tasks(self, order_task_ids: Iterable[str]) -> tuple[Fallout, ...]:
        """The fallouts of these order tasks; none where they may not be read, or the plug-in is missing."""

    def marked(self, mark: str) -> tuple[Fallout, ...]:
        """The fallouts with this mark, the first one first."""

    def raise_one(self, action: RaiseFallout, number: int, *, was_held: bool = False) -> Written:
        """Create the n-th fallout of a mark, on an order task that is On hold for another reason, or not. Raises Duplicate when
        it exists already."""

    def settle(self, fallout: Fallout, text: str) -> Written:
        """Close a fallout and say why, in one write."""


class CaseManagement(Protocol):
    """What the engine asks of an OM instance about cases alone; where there is no policy for them, there is no such thing."""

    @property
    def shortcoming(self) -> str:
        """Why no case can be read, in words; empty when they can."""

    def read_case(self, case_id: str) -> Case | None:
        """One case as it is now."""

    def resolve(self, action: ResolveCase, text: str) -> Written:
        """Propose the solution of a case and say why, in one write."""


class FieldService(Watched, Protocol):
    """Everything the engine asks of FSM."""

    def read_work_orders(
        self, *, ids: Iterable[str], names: Iterable[str], key_prefixes: Iterable[str]
    ) -> tuple[WorkOrder, ...]:
        """Work orders by sys_id, by exact correlation id, and by the beginning of their correlation id; the strange too."""

    def journals(
        self, work_order_ids: Iterable[str], task_ids: Iterable[str] = (), *, comments: bool = False
    ) -> Mapping[str, tuple[JournalEntry, ...]]:
        """The work notes of these records, and their comments if wanted; where the journal is closed, what forms show."""

    def find_tokens(self, work_order_ids: Iterable[str], wanted: Collection[str] = ()) -> Mapping[str, frozenset[str]]:
        """The tokens of our own notes in the journals of these work orders, as far as they are shown.

        Of those that are `wanted` it is also known that they are not there: one without them, of whose journal not all is
        shown, is missing.
        """

    def trails(self, work_order_ids: Iterable[str]) -> Mapping[str, tuple[Transition, ...]]:
        """The changes of state of these work orders, oldest first; of those whose audit trail may be read."""

    def marked(self, *, closed_too: bool) -> Iterator[Changed]:
        """Every work order with a correlation id that is active, or was."""

    def read_work_order(self, work_order_id: str) -> WorkOrder | None:
        """One work order as it is now."""

    def find(self, key: str) -> Written | None:
        """The work order with this key, if it is shown."""

    def find_surely(self, key: str) -> Written | None:
        """The same where an answer to its creation is lost: None only where it is surely not there.

        Raises NothingShown when no work order at all is shown, and AbsurdAnswer when the instance counts what it does not show.
        """

    def not_said(self, work_order: WorkOrder, fields: Mapping[str, str], *, is_untouched: bool) -> tuple[str, ...]:
        """The columns of a write of ours, whose answer nobody has, that a work order left empty; where nobody else has written
        to it since, also those (no references, which may be called otherwise there) that say something else."""

    def prepare(self, actions: Iterable[Action]) -> None:
        """Look up together what these writes will refer to. Raises nothing: what fails here, each write tries by itself."""

    def create(self, action: CreateWorkOrder) -> Written:
        """Create a work order from its template. Raises Duplicate when it exists already."""

    def update(self, action: UpdateWorkOrder) -> Written:
        """Change the columns an update names."""

    def cancel(self, action: CancelWorkOrder) -> Written:
        """Cancel a work order, with its reason, in one write."""

    def bind(self, action: BindWorkOrder, work_order: WorkOrder) -> Written:
        """Say on a work order, as it was just read, whom it belongs to, or that a person has let go of it."""

    def warn(self, action: WarnDispatcher, mark: str) -> Written:
        """Write a work note, and in the same write the mark that says so."""

    def resolves(self, asked: Iterable[Pointer]) -> Mapping[Pointer, str]:
        """Of these, those whose column is a reference: "" where the record that is meant is known there now, else in words why
        not. Many together."""

    def numbered(self, number: str) -> WorkOrder | None:
        """The work order with this number."""

    def has_template(self, name: str) -> bool:
        """Whether exactly one work order template has this name."""

    def write_note(self, work_order_id: str, text: str) -> Written:
        """Append a work note."""
