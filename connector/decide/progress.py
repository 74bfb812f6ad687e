"""What the readers of a domain order, or of a case, are told about its work orders. Pure.

A note is due when what FSM shows differs from what the last note said; how often we looked in between does not matter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.anew import made_anew
from connector.decide.closure import called, enforced_tasks, named, open_order_tasks
from connector.decide.patience import later
from connector.decide.refused import tell_refused
from connector.decide.relay import earlier_remarks, last_word
from connector.decide.rules import Consequence, OpenTasks, WorkOrderEnd
from connector.mapping import notes
from connector.mapping.marks import anew_key, born_key, digest_of, farewell_key, status_key, token_of, updated_key
from connector.mapping.trail import way
from connector.model import (
    Case,
    DomainOrder,
    DomainOrderPhase,
    FindingCode,
    OrderPhase,
    Origin,
    UpdateWorkOrder,
    WorkOrderPhase,
)

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import Link, State, WorkOrder


def tell_progress(draft: Draft, domain_order: DomainOrder | Case) -> None:
    """Notes about births, changed states and carried updates of the work orders of a domain order or a case."""
    for work in draft.work_of(domain_order):
        if work.found is None:
            _missing(draft, domain_order, work)
            continue
        _state(draft, domain_order, work, work.found)
        _carried(draft, domain_order, work, work.found)
        _look_into(draft, domain_order, work, work.found)
        _seen_again(draft, draft.links[work.link.work_order_id])
    for one in draft.strange_of(domain_order):
        text = (
            f"{called(one)} in Field Service is for {domain_order.number} and cannot be understood: {one.strange}. It counts as "
            "open. Correct it there, give the connector's user the right to read it, or remove its correlation id."
        )
        draft.find(FindingCode.WORK_ORDER_STRANGE, one.number or domain_order.number, text)
    for work in draft.detached_from(domain_order):
        _let_go(draft, domain_order, work)
    for before in draft.moved.values():
        if before.domain_order_id == domain_order.sys_id:
            _moved_away(draft, domain_order, before)


def _state(draft: Draft, domain_order: DomainOrder | Case, work: Work, work_order: WorkOrder) -> None:
    link = work.link
    if link.noted is not None and link.noted.value == work_order.state.value:
        return
    still_open, total = draft.counts(domain_order)
    carries: tuple[str, ...] = ()
    if link.noted is None and link.notes:
        again = work_order.sys_id not in draft.moved
        text = notes.taken_back(work_order, again=again, still_open=still_open, total=total)
    elif link.noted is None:
        by_hand, zone = not link.is_ours, draft.rules.notes.zone
        text = notes.created(
            work_order, by_hand=by_hand, refused=link.refused, zone=zone, still_open=still_open, total=total
        )
        if not link.notes:  # told for the first time, not again after somebody had let go of it
            history = earlier_remarks(draft, domain_order, work_order) if by_hand else ()
            carries = (token_of(born_key(work_order.sys_id)), *history)
    else:
        move = _move(draft, work_order, link.noted, link.noted_at)
        if not link.withdrawn:
            reason, carries = last_word(draft, domain_order, work_order)
            work_order = replace(work_order, reason=reason)
        if work.again:
            carries = (*carries, token_of(anew_key(work_order.sys_id, link.notes + 1)))
        if work_order.state.phase is WorkOrderPhase.CANCELED:
            text = _canceled(draft, domain_order, work, work_order, move)
        else:
            text = notes.status(work_order, move, still_open=still_open, total=total)
    if work.asks(draft.rules.releases) and domain_order.state.phase is not DomainOrderPhase.CANCELED:
        if isinstance(domain_order, Case):
            ask = notes.ask_of_case(domain_order.number, work_order, draft.decisive_words)
        else:
            ask = notes.ask(domain_order.number, work_order, draft.decisive_words, draft.words_for_next(work))
        text = f"{text} {ask}"
    draft.note(status_key(work_order.sys_id, link.notes + 1, work_order.state.value), domain_order, text, carries)
    draft.remember(replace(link, noted=work_order.state, noted_at=max(work_order.mod_count, 0), notes=link.notes + 1))


def _canceled(
    draft: Draft, domain_order: DomainOrder | Case, work: Work, work_order: WorkOrder, move: notes.Move
) -> str:
    """Who wanted that, and whether another takes its place."""
    still_open, total = draft.counts(domain_order)
    is_withdrawn = work.link.withdrawn
    if (anew := made_anew(draft, work)) is not None:
        told = replace(work_order, reason="") if is_withdrawn else work_order
        return notes.made_anew(told, move, *anew, still_open=still_open, total=total)
    asker = _asker(domain_order) if is_withdrawn else ""
    return notes.canceled(work_order, move, withdrawn_by=asker, still_open=still_open, total=total)


def _move(draft: Draft, work_order: WorkOrder, before: State[WorkOrderPhase], at: int) -> notes.Move:
    """Every state on the way where the audit trail may be read; else from the last one told to the present one."""
    zone = draft.rules.notes.zone
    steps = way(work_order.trail, before.value, at, work_order.state.value)
    if not steps:
        return notes.Move(before.label, (), work_order.updated_by, work_order.updated_on, zone)
    between = tuple(draft.rules.work_order_states.read(step.after).label for step in steps[:-1])
    return notes.Move(before.label, between, steps[-1].by, steps[-1].at, zone)


def _carried(draft: Draft, domain_order: DomainOrder | Case, work: Work, work_order: WorkOrder) -> None:
    link = draft.links[work.link.work_order_id]
    if not link.untold:
        return
    still_open, total = draft.counts(domain_order)
    zone = draft.rules.notes.zone
    last = draft.intent(f"update/{work_order.sys_id}/{link.updates}")
    if last is not None and isinstance(last.action, UpdateWorkOrder) and last.action.tried:
        text = notes.taken(work_order, link.untold, link.refused, zone=zone, still_open=still_open, total=total)
    else:
        text = notes.updated(
            work_order,
            link.untold,
            link.refused,
            of=_asker(domain_order),
            zone=zone,
            still_open=still_open,
            total=total,
        )
    draft.note(updated_key(work_order.sys_id, link.updates), domain_order, text)
    draft.remember(replace(link, untold=()))


def _asker(record: DomainOrder | Case) -> str:
    """Who asked for its work orders, in a word."""
    return "case" if isinstance(record, Case) else "order"


def _let_go(draft: Draft, domain_order: DomainOrder | Case, work: Work) -> None:
    """A person has let go of a work order that readers were told of."""
    link = work.link
    if link.notes:
        still_open, total = draft.counts(domain_order)
        text = notes.detached(link, still_open=still_open, total=total)
        draft.note(farewell_key(link.work_order_id, link.notes), domain_order, text)


def _moved_away(draft: Draft, domain_order: DomainOrder | Case, before: Link) -> None:
    """A person has given a work order that readers were told of to another domain order."""
    still_open, total = draft.counts(domain_order)
    now = draft.initiator(draft.links[before.work_order_id].initiator_id)
    text = notes.moved(before, now.number if now else "", still_open=still_open, total=total)
    draft.note(f"moved/{before.work_order_id}/{before.notes}", domain_order, text)


def _missing(draft: Draft, domain_order: DomainOrder | Case, work: Work) -> None:
    if work.is_open:
        number = work.link.work_order_number
        text = f"{number} is linked but Field Service does not show it; nothing is concluded from that"
        draft.find(FindingCode.WORK_ORDER_MISSING, number, text)
    elif isinstance(domain_order, DomainOrder) and _may_be_closed(draft, domain_order):
        _ask_again(draft, work)


def _ask_again(draft: Draft, work: Work) -> None:
    """It is over, which is no finding. But what is decided about a visit that is over (that its domain order may be closed, that
    somebody goes again) is decided when it is shown."""
    if draft.now is not None:
        since = work.link.unseen or draft.now
        draft.remember(replace(draft.links[work.link.work_order_id], unseen=since))
        draft.look_again(later(since, draft.now))


def _seen_again(draft: Draft, link: Link) -> None:
    if link.unseen is not None:
        draft.remember(replace(link, unseen=None))


def _look_into(draft: Draft, domain_order: DomainOrder | Case, work: Work, work_order: WorkOrder) -> None:
    """What a person should know about the present state of a work order."""
    number = work_order.number
    if work_order.state.phase is WorkOrderPhase.UNKNOWN:
        text = f"state {work_order.state.label!r} is not mapped; it counts as open"
        draft.find(FindingCode.UNKNOWN_STATE, number, text)
    if domain_order.state.phase is not DomainOrderPhase.CANCELED and work.link.origin is not Origin.COPY:
        if work.decision is None and not work.again:
            _ask(draft, domain_order, work, number)
        _waits_for_next(draft, domain_order, work, number)
    tell_refused(draft, domain_order, work)


def _ask(draft: Draft, domain_order: DomainOrder | Case, work: Work, number: str) -> None:
    """A visit that came to nothing is a finding until a person decides, where the rules want that."""
    rules = draft.rules
    then = "asks for another visit" if isinstance(domain_order, Case) else "says that it may be closed"
    way_out = f"a work note on {domain_order.number} that begins with {draft.decisive_words!r} {then}"
    if again := draft.words_for_next(work):
        way_out += f", one that begins with {again!r} asks for another visit"
    on = draft.initiator(work.link.initiator_id)
    occasion = f"ended/{work.link.work_order_id}/{draft.links[work.link.work_order_id].notes}"
    if work.end is WorkOrderEnd.CANCELED_IN_FIELD and rules.canceled_in_field is not Consequence.NOTE:
        text = f"{number} was canceled in Field Service; it is not created again by itself; {way_out}"
        draft.find(FindingCode.CANCELED_IN_FIELD, number, text, on=on, occasion=occasion)
    if work.end is WorkOrderEnd.INCOMPLETE and rules.closed_incomplete is not Consequence.NOTE:
        text = f"{number} was closed incomplete; somebody must decide what follows; {way_out}"
        draft.find(FindingCode.CLOSED_INCOMPLETE, number, text, on=on, occasion=occasion)


def _waits_for_next(draft: Draft, domain_order: DomainOrder | Case, work: Work, number: str) -> None:
    """Somebody was to go again, and nothing is under way."""
    if isinstance(domain_order, Case):
        return  # decide/case.py tells it
    if not work.waits_for_next or draft.intent(work.again) is not None or draft.is_planned(work.again):
        return
    text = (
        f"another visit was asked for in the place of {number}, but {domain_order.number} is on hold or closed, or does not ask"
        f" for it any more; a work note there that begins with {draft.decisive_words!r} takes the request back"
    )
    draft.find(FindingCode.VISIT_WAITS, number, text)


def tell_ready(draft: Draft, domain_order: DomainOrder) -> None:
    """Say once that nothing keeps the domain order open. A reopened and closed again work order makes it new.

    What was to be said and is not true any more before it could leave is not said.
    """
    work = draft.work_of(domain_order)
    key = f"ready/{domain_order.sys_id}/{occasion_of(work)}" if _is_ready(draft, domain_order, work) else ""
    for intent in list(draft.memory.intents.values()):
        said_too_late = intent.key.startswith(f"ready/{domain_order.sys_id}/") and intent.key != key
        if said_too_late and intent.state.may_be_withdrawn:
            draft.withdraw(intent)
    if key:
        states = [w.found.state for w in work if w.found is not None]
        released = (w.decision for w in work if w.end not in draft.rules.releases and not w.again)
        decided = sorted({decision.by for decision in released if decision is not None})
        waits = draft.rules.order_tasks is not OpenTasks.SHOW
        tasks = [named(task) for task in open_order_tasks(draft.snapshot, domain_order)] if waits else []
        text = notes.ready(domain_order.number, states, decided, tasks)
        draft.note(key, domain_order, text, fleeting=True)


def occasion_of(work: list[Work]) -> str:
    return digest_of({w.link.work_order_id: str(w.link.notes) for w in work})


def _is_ready(draft: Draft, domain_order: DomainOrder, work: list[Work]) -> bool:
    return (
        bool(work)
        and not any(w.keeps_open(draft.rules.releases) or w.found is None for w in work)
        and not draft.coming(domain_order)
        and domain_order.sys_id not in draft.waiting
        and not draft.strange_of(domain_order)
        and not enforced_tasks(draft.snapshot, domain_order, draft.rules)
        and _may_be_closed(draft, domain_order)
    )


def _may_be_closed(draft: Draft, domain_order: DomainOrder) -> bool:
    """Whether it is open, and so is its order."""
    is_open = domain_order.state.phase is DomainOrderPhase.OPEN
    return is_open and draft.snapshot.order.state.phase is OrderPhase.APPROVED
