"""Work orders that memory does not know: adopt what carries our mark, count what a person made or copied by hand. Pure.

This is why the local database may be deleted: the mark names the initiator, the policy row and the facts last carried,
and the tokens in the domain order's journal say which notes were written.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from connector.decide.copies import copies_among
from connector.decide.named import NAMES_NOBODY, follow_name
from connector.mapping import notes
from connector.mapping.facts import facts_asked, facts_of
from connector.mapping.fields import left_empty
from connector.mapping.marks import (
    Carried,
    WorkOrderKey,
    digest_of,
    farewell_key,
    is_detached,
    number_in,
    status_key,
    sys_id_of,
    token_of,
    updated_key,
)
from connector.mapping.outputs import facts_for
from connector.model import (
    AnyInitiator,
    BindWorkOrder,
    CancelWorkOrder,
    Change,
    FindingCode,
    IntentState,
    Link,
    Origin,
    State,
    UpdateWorkOrder,
    WarnDispatcher,
    WorkOrder,
    WorkOrderPhase,
    WriteNote,
)

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import WantedWorkOrder

LET_GO = "by hand"
"""Who let go of a work order, when only its mark says that somebody did."""


def adopt(draft: Draft) -> None:
    """Link every work order of the snapshot that belongs to an initiator of the order; believe the marks of the others."""
    by_id = {initiator.sys_id: initiator for initiator in draft.initiators}
    by_number = {initiator.number.casefold(): initiator for initiator in draft.initiators}
    copies = copies_among(draft)
    for work_order in sorted(draft.seen.work_orders, key=lambda w: w.number):
        link, original = draft.links.get(work_order.sys_id), copies.get(work_order.sys_id, "")
        key = WorkOrderKey.parse(work_order.names)
        if link is not None and (original or link.origin is Origin.COPY):
            _keep_apart(draft, work_order, link, original)
        elif link is not None:
            _catch_up(draft, work_order, link, by_id.get(link.initiator_id))
        elif key is None:
            initiator = by_number.get(number_in(work_order.names))
            if initiator:
                draft.remember(_by_hand(draft, work_order, initiator))
        elif key.om == draft.rules.om and key.initiator_id in by_id and not _is_being_created(draft, work_order.names):
            initiator = by_id[key.initiator_id]
            if original:
                _keep_apart(draft, work_order, _by_hand(draft, work_order, initiator), original)
            else:
                draft.remember(_marked(draft, work_order, initiator, key))
                _give_up_creation(draft, work_order.names)
    _let_go(draft)


def _let_go(draft: Draft) -> None:
    """What was to be written on a work order that a person has let go of, or copied, is not wanted any more."""
    gone = {link.work_order_id for link in draft.links.values() if link.detached or link.origin is Origin.COPY}
    for intent in list(draft.memory.intents.values()):
        match intent.action:
            case (
                UpdateWorkOrder(work_order_id=work_order_id)
                | CancelWorkOrder(work_order_id=work_order_id)
                | WarnDispatcher(work_order_id=work_order_id)
            ):
                if work_order_id in gone and intent.state.may_be_withdrawn:
                    draft.withdraw(intent)
            case _:
                pass


def _is_being_created(draft: Draft, key: str) -> bool:
    """A creation of this memory may be under way: the outbox looks what became of it, and links what it made."""
    intent = draft.intent(key)
    return intent is not None and intent.state in (IntentState.SENDING, IntentState.UNKNOWN)


def _give_up_creation(draft: Draft, key: str) -> None:
    """It exists: an old memory does not know that it was sent."""
    intent = draft.intent(key)
    if intent is not None and intent.state.may_be_withdrawn:
        draft.withdraw(intent)


def _keep_apart(draft: Draft, work_order: WorkOrder, link: Link, original: str) -> None:
    """A copy of a work order of ours: told of and waited for as one made by hand, until its mark is taken away."""
    names = number_in(work_order.names)
    is_named = any(initiator.number.casefold() == names for initiator in draft.initiators)
    is_marked = WorkOrderKey.parse(work_order.names) is not None
    origin = Origin.BY_HAND if is_named else Origin.COPY
    link = replace(link, origin=origin, key="", carried={}, untold=(), refused=(), withdrawn=False)
    if work_order.mod_count >= link.bound_at:
        is_gone = is_detached(work_order.mark) or not (is_named or is_marked)
        if is_gone and not link.detached:
            link = replace(link, detached=_who_let_go(draft, work_order))
        elif not is_gone and link.detached:
            link = replace(link, detached="", noted=None)
    draft.remember(link)
    _catch_up_with_notes(draft, work_order)
    if original and not link.detached and work_order.state.phase.is_open:
        draft.find(FindingCode.DUPLICATE_MARK, work_order.number, notes.copied(work_order.number, original))


def _catch_up(draft: Draft, work_order: WorkOrder, link: Link, initiator: AnyInitiator | None) -> None:
    """What happened after memory was last written: it may be an old copy, or its process died before it could record."""
    mark = Carried.parse(work_order.mark)
    if link.origin is Origin.BY_HAND:
        draft.remember(follow_name(draft, work_order, link))
    if mark is not None and mark.withdrawn and not link.withdrawn and link.is_ours:
        draft.remember(replace(link, withdrawn=True))
    _catch_up_with_people(draft, work_order)
    _catch_up_with_notes(draft, work_order)
    tokens = draft.seen.tokens.get(link.domain_order_id)
    link = draft.links[work_order.sys_id]
    if tokens is None or mark is None or not link.is_ours:
        return
    if mark.updates > link.updates and not draft.is_updating(work_order.sys_id):
        link = replace(link, updates=mark.updates, carried={}, untold=_untold(work_order, mark, tokens))
        key = WorkOrderKey.parse(link.key)
        draft.remember(_as_marked(draft, work_order, initiator, key, link) if initiator and key else link)


def _catch_up_with_notes(draft: Draft, work_order: WorkOrder) -> None:
    """More status notes stand in the journal than memory knows of."""
    link = draft.links[work_order.sys_id]
    noted, count_of_notes = _noted(draft, work_order.sys_id, work_order.state.value, link.domain_order_id)
    if count_of_notes > link.notes:
        draft.remember(replace(link, noted=noted, notes=count_of_notes))


def _catch_up_with_people(draft: Draft, work_order: WorkOrder) -> None:
    """A person let go of a work order, or took it back: what stands on it counts, unless it is older than what we know."""
    link = draft.links[work_order.sys_id]
    if work_order.mod_count < link.bound_at:
        return
    detached = is_detached(work_order.mark)
    if detached is True and not link.detached:
        draft.remember(replace(link, detached=_who_let_go(draft, work_order)))
    elif detached is False and link.detached and link.detached != NAMES_NOBODY:
        draft.remember(replace(link, detached="", noted=None))


def _who_let_go(draft: Draft, work_order: WorkOrder) -> str:
    """Who let go of a work order and why, where memory knows of the wish: its process died before it could record the rest."""
    why = LET_GO
    for intent in draft.memory.intents.values():
        match intent.action:
            case BindWorkOrder(work_order_id=work_order.sys_id, detaches=True, why=said):
                why = said
            case _:
                pass
    return why


def _untold(work_order: WorkOrder, mark: Carried, tokens: frozenset[str]) -> tuple[Change, ...]:
    """What an update that nobody remembers, and no note tells of, has left: the present values."""
    if mark.updates == 0 or token_of(updated_key(work_order.sys_id, mark.updates)) in tokens:
        return ()
    return tuple(Change(column, value, value) for column, value in work_order.fields.items() if value)


def _withdraw_untold(draft: Draft, work_order: WorkOrder, initiator: AnyInitiator) -> None:
    """That it is gone from here was not told yet, and is not true any more; nor is what waits to be told of it elsewhere."""
    here = initiator.noted_on.sys_id
    for intent in list(draft.memory.intents.values()):
        match intent.action:
            case WriteNote(key=key, domain_order_id=record) if intent.state.may_be_withdrawn:
                is_gone = record == here and key.startswith(farewell_key(work_order.sys_id))
                is_elsewhere = record != here and key.startswith(status_key(work_order.sys_id))
                if is_gone or is_elsewhere:
                    draft.withdraw(intent)
            case _:
                pass


def _by_hand(draft: Draft, work_order: WorkOrder, initiator: AnyInitiator) -> Link:
    """A link to a work order we will never edit."""
    noted, told = _noted(draft, work_order.sys_id, work_order.state.value, initiator.noted_on.sys_id)
    _withdraw_untold(draft, work_order, initiator)
    gone = farewell_key(work_order.sys_id, told)
    if draft.intent(gone) or token_of(gone) in draft.seen.tokens.get(initiator.noted_on.sys_id, ()):
        noted = None  # the last that was told here, or is being told, is that it is gone
    return Link(
        work_order_id=work_order.sys_id,
        work_order_number=work_order.number,
        order_id=draft.seen.sys_id,
        domain_order_id=initiator.noted_on.sys_id,
        initiator_id=initiator.sys_id,
        origin=Origin.BY_HAND,
        template=work_order.template,
        noted=noted,
        notes=told,
        detached=LET_GO if is_detached(work_order.mark) else "",
    )


def _marked(draft: Draft, work_order: WorkOrder, initiator: AnyInitiator, key: WorkOrderKey) -> Link:
    """A link to a work order of ours, with what its mark and the journal remember."""
    mark = Carried.parse(work_order.mark)
    tokens = draft.seen.tokens.get(initiator.noted_on.sys_id, frozenset())
    numbers = range(1, len(tokens) + 1)
    told = max((n for n in numbers if token_of(updated_key(work_order.sys_id, n)) in tokens), default=0)
    link = replace(
        _by_hand(draft, work_order, initiator),
        origin=Origin.ADOPTED,
        key=str(key),
        ordinal=key.ordinal,
        updates=max(told, mark.updates if mark is not None else 0),
        untold=() if mark is None else _untold(work_order, mark, tokens),
        withdrawn=mark is not None and mark.withdrawn,
    )
    return _as_marked(draft, work_order, initiator, key, link)


def _as_marked(draft: Draft, work_order: WorkOrder, initiator: AnyInitiator, key: WorkOrderKey, link: Link) -> Link:
    """With what was carried last, if its mark says that it is what the order wants today. What is not known is left empty: the
    next decision compares and carries it."""
    facts, mark = _facts(draft, initiator, key), Carried.parse(work_order.mark)
    if mark is None or mark.digest != digest_of(facts):
        return replace(link, carried={}, refused=())
    wanted = draft.rules.fields_for(initiator).desired(facts)
    return replace(link, carried=facts, refused=left_empty(wanted, work_order.fields))


def _facts(draft: Draft, initiator: AnyInitiator, key: WorkOrderKey) -> dict[str, str]:
    """The facts of a work order as the policy sees it today: what its row says included."""
    facts = facts_of(initiator)
    policy = draft.rules.policy_for(initiator)
    verdict = draft.verdict(initiator, policy.name) or policy.decide(
        initiator, facts_asked(initiator), version=key.version
    )
    wanted = next((w for w in verdict.wanted if (w.row, w.ordinal) == (key.row, key.ordinal)), None)
    return facts_for(facts, wanted) if wanted else facts


def told_of(draft: Draft, initiator: AnyInitiator, wanted: WantedWorkOrder, key: WorkOrderKey) -> Link | None:
    """A link to a work order that the journal tells of, though neither memory nor Field Service knows it; else None."""
    sys_id = sys_id_of(str(key))
    if sys_id in draft.links:
        return None
    noted, told = _noted(draft, sys_id, "", initiator.noted_on.sys_id)
    if noted is None:
        return None
    return Link(
        work_order_id=sys_id,
        work_order_number=f"{wanted.template[:20]} of {initiator.number}"[:40],  # what it was called nobody knows
        order_id=draft.seen.sys_id,
        domain_order_id=initiator.noted_on.sys_id,
        initiator_id=initiator.sys_id,
        origin=Origin.ADOPTED,
        key=str(key),
        template=wanted.template,
        ordinal=wanted.ordinal,
        noted=noted,
        notes=told,
    )


_LIKELY = tuple(map(str, range(-20, 200)))
"""Stored values of states, tried where an instance does not show its list: which of them stand in our own marks, these tell."""


def _noted(
    draft: Draft, work_order_id: str, state: str, domain_order_id: str
) -> tuple[State[WorkOrderPhase] | None, int]:
    """The state the last status note spoke of, and how many such notes there are.

    They may stand in several journals of the order, when a person has moved the work order; the last one counts only here.
    """
    here = draft.seen.tokens.get(domain_order_id, frozenset())
    tokens = here.union(*draft.seen.tokens.values())
    states = draft.rules.work_order_states
    values = {*([state] if state else []), *(states.labels or _LIKELY), *states.overrides}
    noted: State[WorkOrderPhase] | None = None
    for number in count(1):
        found = [v for v in sorted(values) if token_of(status_key(work_order_id, number, v)) in tokens]
        if not found:
            return noted, number - 1
        noted = states.read(found[0]) if token_of(status_key(work_order_id, number, found[0])) in here else None
    raise AssertionError("unreachable")
