"""The point of no return as the field sees it: once somebody works on a line, a change of it comes too late. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.change import past_ponr
from connector.decide.rules import PonrMode
from connector.decide.wishes import has_begun
from connector.mapping import notes
from connector.model import IntentState, OrderPhase, SetPonr

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import Initiator


def follow_the_field(draft: Draft, initiator: Initiator, work: list[Work], *, at_work: bool) -> None:
    """Set the point of no return of a line whose work has begun, or ask for it, as the rules want; and say so once.

    Only while the initiator is at work: an order that is revised or canceled has its own way to that point, or none.
    """
    rules, line, zone = draft.rules, initiator.line, draft.rules.notes.zone
    key = f"set-ponr/{line.sys_id}"
    intent = draft.intent(key)
    if intent is not None and intent.state.may_be_withdrawn:
        is_approved = {initiator.order.state.phase, line.state.phase} == {OrderPhase.APPROVED}
        if rules.ponr is not PonrMode.SET or not is_approved or past_ponr(initiator):
            draft.withdraw(intent)
    begun = [w.found for w in work if w.found is not None and has_begun(w.found, rules.ponr_at)]
    if rules.ponr is PonrMode.OFF or not begun or not at_work:
        return
    if past_ponr(initiator):
        if intent is not None and intent.state is IntentState.DONE:
            _tell(draft, initiator, "passed", notes.ponr_set(begun[0], line.number, zone))
    elif rules.ponr is PonrMode.PROPOSE or (intent is not None and intent.state is IntentState.PARKED):
        _tell(draft, initiator, "proposed", notes.ponr_proposed(begun[0], line.number, zone))
    else:
        draft.do(SetPonr(key, line.sys_id, line.number, draft.snapshot.order.version, begun[0].number))


def _tell(draft: Draft, initiator: Initiator, what: str, text: str) -> None:
    own = initiator.domain_order
    draft.note(f"ponr-{what}/{initiator.line.sys_id}", own, draft.counted(text, own))
