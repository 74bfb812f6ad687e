"""Fallouts: what cannot be carried out becomes one fallout on the right order task, and is settled when it no longer holds. Pure.

A fallout belongs to one occasion (this parked write, this refused cancellation, this end of this visit), never to a try. Its mark
is made of the occasion, so that it is found again without memory. The platform puts its order task On hold.

situation of one occasion                                     | plan
--------------------------------------------------------------+-----------------------------------------------
it holds, no fallout intended                                 | raise it on the initiator's task, or the first open one
it holds, raised, raised and closed by a person, or refused   | nothing
a person closed it, had the write tried again: refused again  | raise the next one: what the person did was no help
it holds, and its settling was not sent yet, or refused       | withdraw the settling
it does not hold, raising not sent yet, or refused            | withdraw the raising
it does not hold, raised                                      | settle it, with a work note
the same, a reopening that was carried out, or given up, or   | the same, whatever becomes of the order
  its domain order is not closed too early                    |
the same, that was refused, and a person closed it since      | withdraw the settling
it does not hold, but its write is tried again just now       | nothing
it cannot be told: the initiator is frozen, or waits, or is   | nothing
  not shown; its visit is not shown, or still open though its |
  domain order is closed; a name or a policy is missing; its  |
  write is refused, and nobody knows for whom it was          |
the same, but its write was carried out, or given up          | settle it, with a work note
a fallout of ours is open, memory does not know it            | remember it; then as any other, once the order is at rest and
                                                              |   it can be told of all that it may be about; about a visit
                                                              |   that was canceled too late: once somebody has decided
the same, it was deleted before it was remembered             | withdrawn by the outbox
its order task was over when it was to be raised              | withdrawn by the outbox; then as any other
its order task is On hold already, for another reason         | raised, and it says so: that hold stays one for us, too
no order task is open                                         | nothing: the finding alone
the same, a cancellation was refused or came too late         | raise it on an open task of a domain order above, of the order
                                                              |   itself, or of its canceled line; none: on its own canceled
                                                              |   one, where that is wanted; else the finding says so
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.gate import is_closed_too_early, reopening_of
from connector.decide.stance import Stance, stance_of
from connector.mapping import fallouts
from connector.mapping.marks import cancellation_key, fallout_mark, fallout_of, refusal_key
from connector.model import (
    CancelWorkOrder,
    DomainOrderPhase,
    FindingCode,
    Initiator,
    IntentState,
    OrderPhase,
    RaiseFallout,
    SettleFallout,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.decide.closure import Work
    from connector.decide.draft import Draft, Trouble
    from connector.model import AnyInitiator, DomainOrder, Fallout, Intent, OrderTask

_OVER = (DomainOrderPhase.CLOSED, DomainOrderPhase.CANCELED)


def raise_fallouts(draft: Draft) -> None:
    """Raise what holds and has no fallout, settle what no longer holds."""
    kinds = draft.rules.fallouts
    if not kinds:
        return
    fsm = draft.rules.fsm
    holds = {fallout_mark(trouble.occasion, fsm): trouble for trouble in draft.troubles if trouble.code in kinds}
    for mark, trouble in holds.items():
        _raise(draft, mark, trouble)
    known: set[str] = set()
    for intent in list(draft.memory.intents.values()):
        if isinstance(intent.action, RaiseFallout):
            known.add(intent.action.mark)
            if intent.action.mark not in holds:
                _settle(draft, intent, intent.action)
    for fallout in draft.snapshot.fallouts:
        mark = fallout_of(fallout.names, fsm)
        if fallout.is_open and mark and mark not in holds and mark not in known:
            _is_too_late(draft, mark)  # a decision that stands in the journal now is remembered
            _remember(draft, fallout, mark)


def _remember(draft: Draft, fallout: Fallout, mark: str) -> None:
    """Raising it finds that it is there already; from then on memory knows of it."""
    tasks = {task.sys_id: task for task in draft.snapshot.order_tasks}
    number = tasks[fallout.task_id].number
    draft.do(RaiseFallout(fallout.names, mark, "", "", fallout.task_id, number, "", fallout.number, ""))


def _raise(draft: Draft, mark: str, trouble: Trouble) -> None:
    """The n-th fallout of an occasion, once the one before was settled."""
    number = 1
    while draft.intent(f"{mark}:{number}") is not None:
        settled = draft.intent(settling(f"{mark}:{number}"))
        if settled is not None and settled.state.may_be_withdrawn:
            draft.withdraw(settled)
        is_over = settled is not None and settled.state is IntentState.DONE
        if not is_over and not _was_no_help(draft, f"{mark}:{number}", trouble):
            return
        number += 1
    task = task_about(draft, trouble.on, trouble.code)
    if task is None:
        return
    draft.do(
        RaiseFallout(
            key=f"{mark}:{number}",
            mark=mark,
            occasion=trouble.occasion,
            initiator_id=trouble.on.sys_id,
            order_task_id=task.sys_id,
            order_task_number=task.number,
            line_id=trouble.on.line_id,
            summary=fallouts.summary(trouble.subject, trouble.code),
            text=fallouts.description(trouble.text, trouble.code),
            on_canceled=task.state.phase is DomainOrderPhase.CANCELED,
        )
    )


def _was_no_help(draft: Draft, raised: str, trouble: Trouble) -> bool:
    """Whether nobody sees the fallout open any more, and its write was refused once more after it had been raised. One that is
    open after all is found by its mark before another is raised."""
    before, cause = draft.intent(raised), draft.intent(trouble.occasion)
    if before is None or before.at is None or cause is None or cause.at is None:
        return False
    is_open = any(fallout.names == raised and fallout.is_open for fallout in draft.snapshot.fallouts)
    return (
        not is_open and before.state is IntentState.DONE and cause.state is IntentState.PARKED and cause.at > before.at
    )


def task_of(draft: Draft, initiator: Initiator) -> OrderTask | None:
    """The order task that stands for the field work: the initiator itself, or the first open one of its domain order."""
    if initiator.task is not None and initiator.task.state.phase not in _OVER:
        return initiator.task
    own = [t for t in draft.snapshot.order_tasks if t.domain_order_id == initiator.domain_order.sys_id]
    return next((t for t in sorted(own, key=lambda t: t.number) if t.state.phase not in _OVER), None)


def task_about(draft: Draft, initiator: Initiator, code: FindingCode) -> OrderTask | None:
    """The order task a fallout about this initiator stands on. What cannot be canceled is often all that is left of its domain
    order: then it stands on an open task of what that belongs to. What goes on elsewhere in the order is not held for it."""
    own = task_of(draft, initiator)
    if own is not None or code is not FindingCode.NOT_CANCELED:
        return own
    around = next(_around(draft, initiator), None)
    return around if around is not None or not draft.rules.fallouts_on_canceled else _canceled(draft, initiator)


def _canceled(draft: Draft, initiator: Initiator) -> OrderTask | None:
    """Where nothing is open: the canceled order task that stood for the field work, or the first of its domain order."""
    own = [t for t in draft.snapshot.order_tasks if t.domain_order_id == initiator.domain_order.sys_id]
    mine = [initiator.task] if initiator.task is not None else sorted(own, key=lambda task: task.number)
    return next((task for task in mine if task.state.phase is DomainOrderPhase.CANCELED), None)


def _around(draft: Draft, initiator: Initiator) -> Iterator[OrderTask]:
    """The open tasks of the domain orders above its own, of the customer order itself, of its line where all of that is canceled:
    the nearest first."""
    every = sorted(draft.snapshot.order_tasks, key=lambda task: task.number)
    still_open = [task for task in every if task.state.phase not in _OVER]
    above = {one.sys_id: one for one in draft.snapshot.domain_orders}
    parent, seen = initiator.domain_order.parent_id, {initiator.domain_order.sys_id}
    while parent in above and parent not in seen:
        yield from (task for task in still_open if task.domain_order_id == parent)
        seen.add(parent)
        parent = above[parent].parent_id
    yield from (task for task in still_open if not task.domain_order_id)
    if initiator.line.state.phase is not OrderPhase.CANCELED:
        return  # other units of the line go on
    of_line = {one.sys_id for one in draft.snapshot.domain_orders if one.line_id == initiator.line_id}
    yield from (task for task in still_open if task.domain_order_id in of_line)


def _settle(draft: Draft, raised: Intent, action: RaiseFallout) -> None:
    if not draft.is_wanted_key(raised.key) or _cannot_be_told(draft, action):
        return
    if raised.state.may_be_withdrawn:
        draft.withdraw(raised)
    elif raised.state is IntentState.DONE:
        before = draft.intent(settling(action.key))
        if before is not None and before.state is IntentState.PARKED and _is_closed(draft, action.mark):
            draft.withdraw(before)  # the next one finds that a person has done it
        draft.do(SettleFallout(settling(action.key), action.mark, action.order_task_number, fallouts.SETTLED_TEXT))


def _is_closed(draft: Draft, mark: str) -> bool:
    """Whether a fallout of this mark is shown, and none of them is open."""
    shown = [one for one in draft.snapshot.fallouts if fallout_of(one.names) == mark]
    return bool(shown) and not any(one.is_open for one in shown)


def settling(raised: str) -> str:
    """The key of what settles a fallout, by the key of what raised it."""
    return f"settle/{raised}"


def _cannot_be_told(draft: Draft, action: RaiseFallout) -> bool:
    """Whether it may still hold: its write is tried again, or nothing is decided about its initiator for now."""
    domain_order, reopening = reopening_of(draft, action.occasion, action.mark)
    if domain_order is not None:
        return _may_be_closed_too_early(draft, domain_order, reopening)
    if not action.occasion:
        is_undecided = any(_is_undecided(draft, one) for one in _perhaps_about(draft, action.order_task_id))
        return is_undecided or draft.is_busy or _is_too_late(draft, action.mark)
    cause = draft.intent(action.occasion)
    if _is_tried(draft, action.occasion):
        return True
    if cause is not None and not isinstance(cause.action, CancelWorkOrder):
        # A write that was carried out, or given up: that stands whatever becomes of the order.
        is_told = any(trouble.occasion == action.occasion for trouble in draft.troubles)
        return cause.state is IntentState.PARKED and not is_told
    initiator = draft.initiator(action.initiator_id)
    is_write = action.summary.endswith(fallouts.summary("", FindingCode.WRITE_PARKED))
    if is_write and cause is None and initiator is not None and stance_of(initiator) is Stance.OVER:
        return False  # it was withdrawn, and nothing is decided anew about what is closed
    return initiator is None or _is_undecided(draft, initiator)


def _is_tried(draft: Draft, key: str) -> bool:
    """Whether this write is under way, or is to be tried."""
    intent = draft.intent(key)
    return (intent is not None and intent.state.is_open) or draft.is_planned(key)


def _may_be_closed_too_early(draft: Draft, domain_order: DomainOrder, reopening: str) -> bool:
    """Whether its refused reopening may still be wanted. The gate looks at each domain order that is shown, whatever becomes of
    its order."""
    cause = draft.intent(reopening)
    if _is_tried(draft, reopening):
        return True
    if cause is not None and cause.state is IntentState.DONE:
        return False  # carried out, or given up
    return domain_order.state.phase is DomainOrderPhase.UNKNOWN or is_closed_too_early(draft, domain_order)


def _is_too_late(draft: Draft, mark: str) -> bool:
    """Whether it is about the cancellation of a visit that was carried out, about which nobody has decided yet. One that was
    refused before came not too late: people were asked to cancel it there, or to let it be carried out."""
    for one in draft.initiators:
        for work in draft.work_of_initiator(one):
            if not work.was_carried_out or _wants(draft, one, work):
                continue
            keys = (cancellation_key(work.link.work_order_id, version) for version in range(1, draft.version + 1))
            key = next((key for key in keys if fallout_mark(key, draft.rules.fsm) == mark), "")
            if key:
                return draft.intent(refusal_key(key)) is None and not is_decided(draft, work, key)
    return False


def _wants(draft: Draft, initiator: AnyInitiator, work: Work) -> bool:
    """Whether its initiator asks for it now. What that does not tell any more, as it is closed, is nobody's wish."""
    return stance_of(initiator) is Stance.FULFIL and work.link.work_order_id not in draft.unwanted


def is_decided(draft: Draft, work: Work, cancellation: str) -> bool:
    """Whether a person has decided about a visit that was canceled too late. Remembered, for the journal of a visit that was
    completed is read only when something was written."""
    known = f"{cancellation}/decided/{work.link.notes}"
    if work.decision is not None:
        draft.remember_over(known)
    return work.decision is not None or draft.intent(known) is not None


def _perhaps_about(draft: Draft, order_task_id: str) -> Iterator[AnyInitiator]:
    """Whom a fallout on this order task can be about, where that is not known: those of its line, or any of the order."""
    of_task = [task.domain_order_id for task in draft.snapshot.order_tasks if task.sys_id == order_task_id]
    lines = {one.line_id for one in draft.snapshot.domain_orders if one.sys_id in of_task}
    return (one for one in draft.initiators if not lines or one.line_id in lines)


def _is_undecided(draft: Draft, initiator: AnyInitiator) -> bool:
    """Whether nothing is decided about it for now, so that what is not found may be there all the same."""
    stance = stance_of(initiator)
    if stance in (Stance.FREEZE, Stance.WAIT) or initiator.sys_id in draft.undecided:
        return True
    work = draft.work_of_initiator(initiator)
    return any(one.is_open and (one.found is None or stance is Stance.OVER) for one in work)
