"""Act: carry out one outbox entry, idempotently, and say how it ended. The one retry authority for writes.

| action  | before sending                              | after an unknown outcome                                |
|---------|---------------------------------------------|---------------------------------------------------------|
| create  | nothing: its sys_id collides if it exists   | look for the mark; none is believed where others are shown |
| note    | nothing                                     | look for its token in the journal; else sent again, or, |
|         |                                             | where it is fleeting, decided again                     |
|         |                                             | (where no journal may be read: parked, never sent again) |
| field note | nothing                                  | the same, in the journal of the work order              |
| update  | read it, and its line; moved -> decide again | the read shows whether it was carried                   |
| cancel  | read it, its line; closed -> done, moved -> decide again | the read shows whether it is canceled                 |
| warn    | read it; it says so already -> done         | the read shows whether it says so; else sent again      |
| fallout | look for its mark; one is open -> done; read its task; over -> decide again | look for its mark        |
| settle  | read; not open -> done                      | the same                                                |
| adopt, detach | read it; it says so already -> done     | the read shows whether it says so; else sent again      |
| reopen  | read; not closed -> done, moved -> decide again | the read, or its token in the journal, shows whether it was |
| resolve | read; not open -> done, moved -> decide again | the read, or its token in the journal, shows whether it was |
| set ponr | read the line; set -> done, moved -> decide again | the read shows whether it is set                   |
| plan    | read it; it says so -> done, moved -> decide again | the read shows whether it says so                |

Where the look shows that nothing happened, everything but what a note says of the past and what a person asked for is decided
again: the world may have moved on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.engine.halves import is_of_one_record
from connector.engine.isolate import defect
from connector.engine.store import OutboxEntry, Settlement
from connector.errors import (
    AbsurdAnswer,
    Duplicate,
    NothingShown,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    SignInFailed,
    Unavailable,
)
from connector.exchange import LONGEST_ASKED, NOTE
from connector.mapping.fields import is_same, left_empty
from connector.mapping.marks import (
    Carried,
    WorkOrderKey,
    bound,
    digest_of,
    fallout_number,
    is_detached,
    number_in,
    signed,
    token_of,
)
from connector.model import (
    BindWorkOrder,
    CancelWorkOrder,
    CasePhase,
    CreateWorkOrder,
    DomainOrderPhase,
    IntentState,
    Link,
    Origin,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    UpdateWorkOrder,
    WarnDispatcher,
    WriteFieldNote,
    WriteNote,
    WritePlannedEnd,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.engine.ports import CaseManagement, FieldService, OrderManagement
    from connector.engine.sides import Sides
    from connector.engine.store import Store
    from connector.exchange import Sent, Written
    from connector.model import WorkOrder


_SHORT = 5.0  # seconds
_NOT_YET = "is not in the journal yet"  # what is said of a note that was taken and is not shown
_UNSEEN = (WriteNote, WriteFieldNote, WritePlannedEnd)  # once they are written nothing more follows from them


def _nobody(_entry: OutboxEntry, _settlement: Settlement) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds."""

    look_after: float = 65.0  # after an unknown outcome: longer than the platform's quota for one transaction
    first_retry: float = 5.0
    longest_retry: float = 300.0
    longest_asked: float = LONGEST_ASKED  # an instance may ask for no more

    def retry_at(self, now: datetime, attempts: int, asked: float | None) -> datetime:
        """When to try again after this many attempts: doubling, or what the instance asked for."""
        wait = min(self.first_retry * 2.0 ** min(attempts, 16), self.longest_retry)
        return now + timedelta(seconds=max(wait, min(asked or 0.0, self.longest_asked)))


@dataclass(frozen=True, slots=True)
class Outbox:
    """Carries out entries against the two systems."""

    store: Store
    om: OrderManagement
    fsm: FieldService
    patience: Patience
    sides: Sides
    cases: CaseManagement | None = None
    inherited: int = 0  # entries up to this number were left by another process
    tell: Callable[[OutboxEntry, Settlement], None] = _nobody  # how each try ended, once that is on disk

    def serve(self, order_id: str, clock: Callable[[], datetime]) -> bool:
        """Carry out what an order has in the outbox, oldest first, until something must wait.

        True when something changed that the next look should see. Where a side turns out to be down, it is held, and
        nothing more is sent to it.
        """
        changed = False
        while (entry := self._start(order_id, clock())) is not None:
            self._sent()  # what was sent before belongs to another entry
            tried = self._try(entry)
            sent, answered = self._sent(), clock()  # patience begins with the answer, not with the pass
            failure = tried if isinstance(tried, RemoteError) else None
            settlement = tried if isinstance(tried, Settlement) else self._after(tried, entry, sent, answered)
            is_open_again = settlement.state is IntentState.PENDING and settlement.retry_at is None
            if is_open_again:
                settlement = replace(settlement, retry_at=answered)
            self.store.settle(entry, settlement, answered, sent)
            self.tell(entry, settlement)
            was_waited_for = entry.must_look or entry.attempts > 0
            changed |= (settlement.state in (IntentState.WITHDRAWN, IntentState.PARKED) or is_open_again) or (
                settlement.state is IntentState.DONE and (was_waited_for or not isinstance(entry.action, _UNSEEN))
            )
            if failure is not None and _is_suspicious(failure):
                self.sides.trouble(failure, clock())
            if settlement.retry_at is not None:
                break
        return changed

    def _sent(self) -> tuple[Sent, ...]:
        return (*self.om.sent(), *self.fsm.sent())

    def _start(self, order_id: str, now: datetime) -> OutboxEntry | None:
        look_again_at = now + timedelta(seconds=self.patience.look_after)
        stopped = self.sides.stopped_kinds(now)
        entry = self.store.start_next(order_id, now, look_again_at=look_again_at, stopped=stopped)
        return entry and replace(entry, inherited=entry.id <= self.inherited)

    def _try(self, entry: OutboxEntry) -> Settlement | RemoteError:
        try:
            return self._carry_out(entry)
        except RemoteError as error:
            return error
        except Exception as error:
            if not is_of_one_record(error):
                raise
            return Settlement(IntentState.PARKED, defect(error), error=defect(error))

    def _after(self, error: RemoteError, entry: OutboxEntry, sent: tuple[Sent, ...], now: datetime) -> Settlement:
        """Again, later, or a human."""
        text = f"{error} {error.hint}".strip()
        match error:
            case OutcomeUnknown():
                state = IntentState.UNKNOWN
                retry_at = now + timedelta(seconds=self.patience.look_after)
            case Unavailable() | AbsurdAnswer():
                state = _unsent(entry, sent)
                retry_at = self.patience.retry_at(now, entry.attempts, error.retry_after)
            case SignInFailed():
                state, retry_at = _unsent(entry, sent), self.patience.retry_at(now, entry.attempts, None)
            case _:
                return Settlement(IntentState.PARKED, text, error=text, transaction=error.transaction)
        return Settlement(state, text, error=text, retry_at=retry_at, transaction=error.transaction)

    def _carry_out(self, entry: OutboxEntry) -> Settlement:
        match entry.action:
            case CreateWorkOrder() as action:
                return self._create(entry, action)
            case UpdateWorkOrder() as action:
                return self._update(entry, action)
            case CancelWorkOrder() as action:
                return self._cancel(entry, action)
            case BindWorkOrder() as action:
                return self._bind(action)
            case WarnDispatcher() as action:
                return self._warn(entry, action)
            case RaiseFallout() as action:
                return self._raise_fallout(entry, action)
            case SettleFallout() as action:
                return self._settle_fallout(action)
            case action:
                return self._tell(entry, action)

    def _tell(
        self,
        entry: OutboxEntry,
        action: WriteNote | WriteFieldNote | ReopenDomainOrder | ResolveCase | SetPonr | WritePlannedEnd,
    ) -> Settlement:
        match action:
            case WriteNote():
                return self._note(entry, action)
            case WriteFieldNote():
                return self._field_note(entry, action)
            case ReopenDomainOrder():
                return self._reopen(entry, action)
            case ResolveCase():
                return self._resolve(entry, action)
            case SetPonr():
                return self._set_ponr(entry, action)
            case WritePlannedEnd():
                return self._write_planned_end(entry, action)

    # --- Field Service -------------------------------------------------------------------------------------

    def _create(self, entry: OutboxEntry, action: CreateWorkOrder) -> Settlement:
        if entry.must_look:
            written = self._find_surely(entry, action.key)
            how, origin = "found in Field Service after an unclear answer", Origin.CREATED
            if written is None:
                return _overtaken(action.initiator_number)
            written = self._as_it_is(written, action)
        else:
            written, how, origin = self._insert(action)
        made = Link(
            work_order_id=written.sys_id,
            work_order_number=written.number,
            order_id=entry.order_id,
            domain_order_id=action.domain_order_id,
            initiator_id=action.initiator_id,
            origin=origin,
            key=action.key,
            template=action.template,
            ordinal=action.ordinal,
            carried=action.facts,
            refused=written.refused,
        )
        text = f"{written.number} ({action.template}) for {action.initiator_number} {how}"
        return _done(text, written, made)

    def _find_surely(self, entry: OutboxEntry, key: str) -> Written | None:
        """Whether a work order was made, after all. Where the instance shows none at all, and memory knows of none either, it may
        have none: that is believed of what was not sent by all that is known, and else when it says so twice, minutes apart."""
        try:
            return self.fsm.find_surely(key)
        except NothingShown as error:
            was_sent = entry.state is not IntentState.PENDING
            if self.store.has_links() or (was_sent and str(error) not in entry.said):
                error.retry_after = self.patience.longest_retry
                raise
            return None

    def _insert(self, action: CreateWorkOrder) -> tuple[Written, str, Origin]:
        try:
            return self.fsm.create(action), "created in Field Service", Origin.CREATED
        except Duplicate:
            written = self.fsm.find(action.key)
            if written is None:
                raise
            return self._as_it_is(written, action), "was there already", Origin.ADOPTED

    def _as_it_is(self, written: Written, action: CreateWorkOrder) -> Written:
        """The answer to its creation is lost, and with it what was not taken: what it left empty."""
        work_order = self.fsm.read_work_order(written.sys_id)
        if work_order is None:
            return written
        return replace(written, refused=left_empty(action.fields, work_order.fields))

    def _update(self, entry: OutboxEntry, action: UpdateWorkOrder) -> Settlement:
        work_order = self.fsm.read_work_order(action.work_order_id)
        if work_order is None:
            raise _gone(action.work_order_number)
        mark = Carried.parse(work_order.mark)
        carried = mark is not None and mark.digest == digest_of(action.facts) and mark.updates >= action.number
        written: Written | None = None
        if carried:  # by an update whose answer is lost
            is_untouched = work_order.mod_count == action.mod_count + 1
            refused = (
                _differing(action, work_order)
                if action.tried
                else self.fsm.not_said(work_order, action.fields, is_untouched=is_untouched)
            )
        else:
            moved = work_order.mod_count != action.mod_count or not work_order.state.phase.is_open
            if moved or entry.must_look or self._is_too_late(action):
                return _overtaken(action.work_order_number)
            written = self.fsm.update(action)
            refused = written.refused
        link = self.store.link_of(action.work_order_id)
        if link is None:
            return _overtaken(action.work_order_number)
        said = ", ".join(f"{c.what}: {c.before!r} -> {c.after!r}" for c in action.changes)
        told = tuple(c for c in action.changes if c.what not in refused) if action.tried else action.changes
        still = {column: None for column in link.refused if column in work_order.fields and column not in action.fields}
        is_new = not set(refused) <= set(link.refused) or not link.refused
        link = replace(
            link,
            carried=action.facts,
            wanted=(),
            untold=link.untold if action.is_quiet and not refused else (*link.untold, *told),
            refused=tuple(dict.fromkeys((*still, *refused))),
            refused_at=action.number if refused and is_new else link.refused_at,
            tried=action.tried or (() if refused else link.tried),
            left={column: text for column, text in link.left.items() if column not in action.fields},
            updates=max(link.updates, action.number),
        )
        did = "updated" if set(action.fields) - set(refused) else "asked to change"
        return _done(f"{action.work_order_number} {did}: {said}", written, link)

    def _cancel(self, entry: OutboxEntry, action: CancelWorkOrder) -> Settlement:
        work_order = self.fsm.read_work_order(action.work_order_id)
        if work_order is None:
            raise _gone(action.work_order_number)
        mark = Carried.parse(work_order.mark)
        ours = mark is not None and mark.withdrawn
        written: Written | None = None
        if work_order.state.phase.is_open:
            if work_order.mod_count != action.mod_count or entry.must_look or self._is_too_late(action):
                return _overtaken(action.work_order_number)
            written = self.fsm.cancel(action)
            _require_taken(
                written,
                f"{action.work_order_number} could not be canceled: Field Service did not take",
                "Somebody must cancel it in Field Service, or it must be carried out.",
            )
            ours = True
        link = self.store.link_of(action.work_order_id)
        text = (
            f"{action.work_order_number} canceled: {action.reason}"
            if ours
            else f"{action.work_order_number} was closed before"
        )
        return _done(text, written, replace(link, withdrawn=True) if link and ours else None)

    def _bind(self, action: BindWorkOrder) -> Settlement:
        work_order = self.fsm.read_work_order(action.work_order_id)
        if work_order is None:
            raise _gone(action.work_order_number)
        written: Written | None = None
        if not _is_bound(work_order, action):
            if why := _why_not(work_order, action):
                raise Rejected(
                    f"{action.work_order_number} could not be {'detached' if action.detaches else 'adopted'}: {why}.",
                    hint="Somebody else uses that column. Agree with them what it shall say.",
                )
            written = self.fsm.bind(action, work_order)
            _require_taken(
                written,
                f"{action.work_order_number}: Field Service did not take",
                "The connector's user needs to write these columns of work orders.",
            )
        link = self.store.link_of(action.work_order_id)
        if link is not None and bool(link.detached) != action.detaches:
            link = replace(link, bound_at=written.mod_count if written else work_order.mod_count)
            link = replace(link, detached=action.why) if action.detaches else replace(link, detached="", noted=None)
        how = "no longer belongs to" if action.detaches else "belongs to"
        return _done(f"{action.work_order_number} {how} {action.initiator_number}: {action.why}", written, link)

    def _field_note(self, entry: OutboxEntry, action: WriteFieldNote) -> Settlement:
        told = entry.must_look and _is_told(self.fsm, action.work_order_id, action.key)
        if told is None:
            raise _unseen(action.work_order_number, "work orders")
        if told:
            return Settlement(IntentState.DONE, f"found in the journal after an unclear answer: {action.text}")
        written = self.fsm.write_note(action.work_order_id, signed(action.text, action.key, action.carries))
        _require_heard(written, entry, action.work_order_number, "Field Service", "work orders")
        return Settlement(IntentState.DONE, action.text, transaction=written.transaction)

    def _is_too_late(self, action: UpdateWorkOrder | CancelWorkOrder) -> bool:
        """Whether line or order have moved on since this was decided, be it by their point of no return.

        Costs one request for each update and cancellation. It narrows the race to the moment between two requests; on two
        instances nothing can close it.
        """
        if not action.line_id:
            return False
        line = self.om.read_line_now(action.line_id)
        in_question = isinstance(action, CancelWorkOrder) and action.in_question
        return line is None or not line.still_allows(action.version, in_question=in_question)

    # --- Order Management ----------------------------------------------------------------------------------

    def _note(self, entry: OutboxEntry, action: WriteNote | ReopenDomainOrder) -> Settlement:
        carries, on_case = (action.carries, action.is_on_case) if isinstance(action, WriteNote) else ((), False)
        kind = "cases" if on_case else "domain orders"
        told = entry.must_look and _is_told(self.om, action.domain_order_id, action.key)
        if told is None and isinstance(action, ReopenDomainOrder):
            text = f"{action.domain_order_number} is open again; whether its note arrived cannot be read: {action.text}"
            return Settlement(IntentState.DONE, text)
        if told is None:
            raise _unseen(action.domain_order_number, kind)
        if told:
            return Settlement(IntentState.DONE, f"found in the journal after an unclear answer: {action.text}")
        is_undecided = entry.state is not IntentState.PENDING  # the plan does not take back what may be under way
        if is_undecided and isinstance(action, WriteNote) and action.fleeting:
            text = f"{action.domain_order_number}: it did not arrive; it is said if it is still so"
            return Settlement(IntentState.PENDING, text, error=entry.said)
        text = signed(action.text, action.key, carries)
        written = self.om.write_note(action.domain_order_id, text, on_case=on_case)
        _require_heard(written, entry, action.domain_order_number, "Order Management", kind)
        return Settlement(IntentState.DONE, action.text, transaction=written.transaction)

    def _set_ponr(self, entry: OutboxEntry, action: SetPonr) -> Settlement:
        text = f"{action.line_number} is past its point of no return: {action.work_order_number} has begun"
        line = self.om.read_line_now(action.line_id)
        if line is not None and line.ponr:
            return Settlement(IntentState.DONE, text)
        if line is None or entry.must_look or not line.still_allows(action.version):
            return _overtaken(action.line_number)
        written = self.om.set_ponr(action.line_id)
        if written.refused:
            raise Rejected(
                f"{action.line_number} was not put past its point of no return: Order Management dropped the value.",
                hint='The connector\'s user needs to write it on order lines, or say mode = "propose" under [ponr].',
                transaction=written.transaction,
            )
        return _done(text, written, None)

    def _write_planned_end(self, entry: OutboxEntry, action: WritePlannedEnd) -> Settlement:
        text = f"{action.order_task_number} ends {action.end} UTC, as {action.work_order_number} does"
        task = self.om.read_order_task(action.order_task_id)
        if task is None:
            raise _gone(action.order_task_number)
        if task.planned_end == action.end:
            return Settlement(IntentState.DONE, text)
        moved = task.mod_count != action.mod_count or task.state.phase is not DomainOrderPhase.OPEN
        if moved or entry.must_look or not self._is_open(task.domain_order_id):
            return _overtaken(action.order_task_number)
        written = self.om.write_planned_end(action.order_task_id, action.end)
        _require_taken(
            written,
            f"{action.order_task_number} does not say when its visits end: Order Management did not take",
            "The connector's user needs to write this column of order tasks, or leave out write_end_to under [jeopardy].",
        )
        return _done(text, written, None)

    def _is_open(self, domain_order_id: str) -> bool:
        """A domain order that is closed by hand leaves its order tasks as they were."""
        domain_order = self.om.read_domain_order(domain_order_id)
        return domain_order is not None and domain_order.state.phase is DomainOrderPhase.OPEN

    def _reopen(self, entry: OutboxEntry, action: ReopenDomainOrder) -> Settlement:
        domain_order = self.om.read_domain_order(action.domain_order_id)
        if domain_order is None:
            raise _gone(action.domain_order_number)
        if domain_order.state.phase is not DomainOrderPhase.CLOSED:
            if entry.must_look:  # ours, perhaps without its note
                return self._note(entry, action)
            return Settlement(IntentState.DONE, f"{action.domain_order_number} is open again: {action.text}")
        moved = domain_order.mod_count != action.mod_count
        told = entry.must_look and _is_told(self.om, action.domain_order_id, action.key)
        if told or (told is None and moved):  # where nobody can tell, the next reopening has a note of its own
            text = f"{action.domain_order_number} was reopened, and is closed again: {action.text}"
            return Settlement(IntentState.DONE, text)
        if moved or entry.must_look:
            return _overtaken(action.domain_order_number)
        written = self.om.reopen(action, signed(action.text, action.key))
        _require_told(
            written,
            f"{action.domain_order_number} was reopened",
            "It is looked for, and written by itself if it is missing.",
        )
        _require_taken(
            written,
            f"{action.domain_order_number} could not be reopened: Order Management dropped",
            "Somebody must reopen it, or close the open work orders.",
        )
        return Settlement(IntentState.DONE, action.text, transaction=written.transaction)

    def _resolve(self, entry: OutboxEntry, action: ResolveCase) -> Settlement:
        if self.cases is None:
            raise Rejected(
                f"{action.case_number} is not resolved: there is no policy for cases any more.",
                hint="Set `case` under [policy] again, or give this write up: `om-fsm outbox drop`.",
            )
        case = self.cases.read_case(action.case_id)
        if case is None:
            raise _gone(action.case_number)
        if case.state.phase is not CasePhase.OPEN:
            return Settlement(IntentState.DONE, f"{action.case_number} is {case.state.label}: {action.text}")
        moved = case.mod_count != action.mod_count
        told = entry.must_look and _is_told(self.om, action.case_id, action.key)
        if told is None and moved:
            raise _unseen(action.case_number, "cases")
        if told:  # the customer was quicker than this look
            text = f"{action.case_number} was resolved, and is open again: {action.text}"
            return Settlement(IntentState.DONE, text)
        if moved or entry.must_look:
            return _overtaken(action.case_number)
        written = self.cases.resolve(action, signed(action.text, action.key))
        _require_told(written, f"{action.case_number} was resolved", "It is looked for later.")
        _require_taken(
            written,
            f"{action.case_number} could not be resolved: the instance did not take",
            "The connector's user needs to write state, resolution_code, close_notes and work_notes of cases.",
        )
        return Settlement(IntentState.DONE, action.text, transaction=written.transaction)

    def _warn(self, entry: OutboxEntry, action: WarnDispatcher) -> Settlement:
        work_order = self.fsm.read_work_order(action.work_order_id)
        if work_order is None:
            raise _gone(action.work_order_number)
        mark = Carried.parse(work_order.mark)
        if mark is None or mark.detached or not work_order.state.phase.is_open:
            return _overtaken(action.work_order_number)
        if mark.warned == action.warns:
            return Settlement(IntentState.DONE, f"{action.work_order_number} says so: {action.text}")
        if entry.must_look:  # what it says may not be true any more
            return _overtaken(action.work_order_number)
        written = self.fsm.warn(action, str(replace(mark, warned=action.warns)))
        _require_taken(
            written,
            f"{action.work_order_number}: Field Service did not take",
            "The connector's user needs to write these columns of work orders.",
        )
        return _done(f"{action.work_order_number}: {action.text}", written, None)

    def _raise_fallout(self, entry: OutboxEntry, action: RaiseFallout) -> Settlement:
        """One open fallout for each occasion. One that a person closed while the occasion held is not raised again, unless a
        later one is asked for. None that memory only found again (it has no occasion) and that is gone; none on an order task
        that is over by now: another one may be open."""
        if self.om.fallouts is None:
            return _overtaken(action.order_task_number)
        known = self.om.fallouts.marked(action.mark)
        number = int(action.key.rpartition(":")[2])
        is_later = len(known) < number or (number > 1 and not entry.must_look)
        there = next((one for one in known if one.is_open or not (one.is_settled or is_later)), None)
        if there is not None:
            return Settlement(IntentState.DONE, f"{there.number} is there already: {action.summary}")
        if entry.must_look or not action.occasion:
            return _overtaken(action.order_task_number)
        task = self.om.read_order_task(action.order_task_id)
        if task is None or (task.state.phase is DomainOrderPhase.CANCELED) is not action.on_canceled:
            return _overtaken(action.order_task_number)
        if task.state.phase is DomainOrderPhase.CLOSED:
            return _overtaken(action.order_task_number)
        was_held = task.state.phase is DomainOrderPhase.HELD and self._is_held_besides(task.sys_id)
        following = 1 + max((fallout_number(one.names) for one in known), default=0)
        try:
            written = self.om.fallouts.raise_one(action, following, was_held=was_held)
        except Duplicate:
            return Settlement(IntentState.DONE, f"it is there already, and not shown yet: {action.summary}")
        return _done(f"{written.number} raised on {action.order_task_number}: {action.summary}", written, None)

    def _is_held_besides(self, order_task_id: str) -> bool:
        """Whether an order task is On hold for another reason than the fallouts that are open on it."""
        assert self.om.fallouts is not None
        holding = [one for one in self.om.fallouts.of_tasks([order_task_id]) if one.is_open]
        return not holding or any(one.was_held for one in holding)

    def _settle_fallout(self, action: SettleFallout) -> Settlement:
        if self.om.fallouts is None:
            return _overtaken(action.subject)
        done: list[Written] = []
        for one in self.om.fallouts.marked(action.mark):
            if one.is_open:
                written = self.om.fallouts.settle(one, action.text)
                _require_taken(
                    written,
                    f"{one.number} could not be settled: Order Management dropped",
                    "Somebody must resolve it, or let the connector's user write fallouts.",
                )
                done.append(written)
        text = ", ".join(f"{written.number} settled" for written in done) or "a person had closed it before"
        return Settlement(IntentState.DONE, text, transaction=done[0].transaction if done else "")


def _is_bound(work_order: WorkOrder, action: BindWorkOrder) -> bool:
    """Whether a work order says already what a person wants it to say."""
    if action.detaches:
        return is_detached(work_order.mark) is True
    return bool(work_order.names) and is_detached(work_order.mark) is not True and not _why_not(work_order, action)


def _why_not(work_order: WorkOrder, action: BindWorkOrder) -> str:
    """Why what a person asked for cannot be written any more; empty when it can."""
    if action.detaches:
        is_ours = bound(work_order.mark, detached=True) is not None
        return "" if is_ours else f"its correlation display says {work_order.mark!r}"
    named = number_in(work_order.names) in ("", action.initiator_number.casefold())
    return "" if named or WorkOrderKey.parse(work_order.names) else f"its correlation id says {work_order.names!r}"


def _is_suspicious(error: RemoteError) -> bool:
    """Whether the instance may be meant and not this write; a short push-back slows it down, which is enough."""
    if error.status == 429:
        return (error.retry_after or 0.0) > _SHORT
    return isinstance(error, SignInFailed | Unavailable | OutcomeUnknown) and bool(error.instance)


def _is_told(system: OrderManagement | FieldService, sys_id: str, key: str) -> bool | None:
    """Whether the journal of a record has the note of this intention; None where it may not be read, which proves nothing."""
    token = token_of(key)
    tokens = system.find_tokens([sys_id], [token]).get(sys_id)
    return None if tokens is None else token in tokens


def _unseen(number: str, kind: str) -> Rejected:
    """A note that may have arrived, where nobody can look: once more would be twice."""
    return Rejected(
        f"A note to {number} may have been sent, and whether it arrived cannot be read: neither the work notes of the record "
        "nor their entries in sys_journal_field are all shown. It is not sent again, so that nothing stands twice.",
        hint=f"Give the connector's user the right to read the work notes of {kind}, or sys_journal_field; then "
        "`om-fsm outbox retry`.",
    )


def _require_taken(written: Written, what: str, hint: str) -> None:
    """Raises Rejected when the instance dropped columns; `what` says so up to their names."""
    if written.refused:
        raise Rejected(f"{what} {', '.join(written.refused)}.", hint=hint, transaction=written.transaction)


def _require_told(written: Written, done: str, hint: str) -> None:
    """Raises OutcomeUnknown when everything was done but the note, which is not in the journal yet."""
    if written.refused == (NOTE,):
        text = f"{done}, but the note that says why is not in its journal yet."
        raise OutcomeUnknown(text, hint=hint, transaction=written.transaction)


def _require_heard(written: Written, entry: OutboxEntry, number: str, side: str, kind: str) -> None:
    """A note that is not in the journal after it was written: perhaps not yet; the second time, not at all."""
    if written.refused and _NOT_YET not in entry.said:
        raise OutcomeUnknown(
            f"The note on {number} {_NOT_YET}.",
            hint="It is looked for later: an instance may show a write only after a while.",
            transaction=written.transaction,
        )
    if written.refused:
        raise Rejected(
            f"The note on {number} did not arrive: {side} dropped it.",
            hint=f"The connector's user needs to write the work notes of {kind}, and to read what it wrote.",
            transaction=written.transaction,
        )


def _unsent(entry: OutboxEntry, sent: tuple[Sent, ...]) -> IntentState:
    """What surely was not executed keeps the doubt it had before; not where only a look after an accepted write failed."""
    accepted = any(not one.outcome for one in sent)
    return IntentState.UNKNOWN if entry.must_look or accepted else IntentState.PENDING


def _done(text: str, written: Written | None, link: Link | None) -> Settlement:
    transaction = written.transaction if written else ""
    if written and (refused := [column for column in written.refused if column not in written.unfound]):
        text += f"; not taken: {', '.join(refused)}"
    if written and written.unfound:
        text += f"; {'; '.join(written.unfound.values())}"
    if written and written.made:
        text += f"; made in Field Service: {', '.join(written.made)}"
    return Settlement(IntentState.DONE, text, link=link, transaction=transaction)


def _differing(action: UpdateWorkOrder, work_order: WorkOrder) -> tuple[str, ...]:
    """The columns of an update that a work order does not say as people read them, be it that they were refused."""
    shown = work_order.fields
    return tuple(c for c, text in action.fields.items() if not is_same(shown.get(c, "").casefold(), text.casefold()))


def _overtaken(number: str) -> Settlement:
    return Settlement(IntentState.WITHDRAWN, f"{number}: not carried out; decided again on what is true now")


def _gone(number: str) -> Rejected:
    return Rejected(
        f"{number} is not there any more, or the user may no longer see it.",
        hint="Check the record and the rights of the connector's user.",
    )
