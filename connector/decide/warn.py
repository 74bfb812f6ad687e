"""While an order is on hold, a visit may be flagged for the dispatcher, once, and later unflagged. Pure.

What stands in the work order's mark counts, so that nothing is said twice, whatever memory knows.

situation of a flagged visit whose order goes on              | its dispatcher reads
--------------------------------------------------------------+-----------------------------------------------
it says what the order says                                   | it is wanted as it is
a change follows                                              | the same write says that it goes on, and what changed
it is canceled                                                | the reason, in the same write
a change or a cancellation is not carried out: a person must  | it goes on, what it does not say of the order, and why
  decide, it is too late, or Field Service refused it         |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.stance import Stance
from connector.mapping import notes
from connector.mapping.marks import Carried
from connector.model import CancelWorkOrder, IntentState, UpdateWorkOrder, WarnDispatcher

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator, Change, Initiator, Intent, WorkOrder


def warn_dispatcher(draft: Draft, initiator: Initiator, work: list[Work], stance: Stance) -> None:
    """Flag what waits, unflag what goes on. An update or a cancellation that follows tells the dispatcher by itself.

    What was to be said, and is not true any more before it could leave, is not said.
    """
    if stance not in (Stance.FREEZE, Stance.FULFIL) or initiator.noted_on.sys_id in draft.waiting:
        return
    for one in work:
        mark = Carried.parse(one.found.mark) if one.found is not None else None
        if one.found is None or mark is None or not one.found.state.phase.is_open:
            continue
        wanted = stance is Stance.FREEZE and (mark.warned or _is_to_wait(draft, initiator, one))
        text = notes.on_hold(initiator.number) if wanted else _goes_on(draft, initiator, one)
        for intent in _under_way(draft, one.link.work_order_id):
            assert isinstance(intent.action, WarnDispatcher)
            is_untrue = (intent.action.warns, intent.action.text) != (wanted, text) or _is_told(draft, one)
            if is_untrue and intent.state.may_be_withdrawn:
                draft.withdraw(intent)
        if wanted == mark.warned or _under_way(draft, one.link.work_order_id) or _is_told(draft, one):
            continue
        key = f"warn/{one.found.sys_id}/{one.found.mod_count}/{'on' if wanted else 'off'}"
        draft.do(WarnDispatcher(key, one.found.sys_id, one.found.number, wanted, text))


def going_on(
    draft: Draft, initiator: AnyInitiator, found: WorkOrder, changes: tuple[Change, ...], *, check: bool
) -> str:
    """What an update says to a dispatcher who was asked to wait; nothing to others."""
    mark = Carried.parse(found.mark)
    if mark is None or not mark.warned:
        return ""
    return notes.goes_on_changed(initiator.number, changes, draft.rules.notes.zone, check=check)


def _goes_on(draft: Draft, initiator: Initiator, work: Work) -> str:
    """What the dispatcher reads where no other write tells it."""
    if work.link.work_order_id not in draft.unlike:
        return notes.goes_on(initiator.number)
    changes, why = draft.unlike[work.link.work_order_id]
    return notes.goes_on_but(initiator.number, changes, why, draft.rules.notes.zone)


def _is_to_wait(draft: Draft, initiator: Initiator, work: Work) -> bool:
    """Whether the compensation table wants the dispatcher to hear of it, while the work order is in this state."""
    table = draft.rules.compensations
    assert work.found is not None
    return table is not None and table.flags_hold(
        state=work.found.state.label, specification=initiator.about, template=work.link.template
    )


def _under_way(draft: Draft, work_order_id: str) -> list[Intent]:
    return [
        intent
        for token, intent in draft.memory.intents.items()
        if isinstance(intent.action, WarnDispatcher)
        and intent.action.work_order_id == work_order_id
        and intent.state not in (IntentState.DONE, IntentState.WITHDRAWN)
        and draft.is_wanted(token)
    ]


def _is_told(draft: Draft, work: Work) -> bool:
    return any(
        isinstance(action, UpdateWorkOrder | CancelWorkOrder) and action.work_order_id == work.link.work_order_id
        for action in draft.intended()
    )
