"""What people ask for by hand: a work order more, one that is to belong to an order, one to be let go of. Pure.

Each answers what would be done, or why not. Asking twice is asking once: the answer then says how it stands. Whom a work order
belongs to is what was wished for last: a wish that still waits is replaced, one under way is followed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.decide.plan import creation, name_missing, why_canceled, why_frozen
from connector.decide.stance import Stance, stance_of
from connector.mapping import notes
from connector.mapping.facts import facts_of, unshown
from connector.mapping.marks import WorkOrderKey, bound, is_detached, token_of
from connector.model import BY_HAND, Asked, BindWorkOrder, IntentState, Origin, Verdict, WantedWorkOrder

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import Action, AnyInitiator, Intent, Link, WorkOrder


def ask_create(draft: Draft, initiator: AnyInitiator, template: str, ordinal: int, why: str) -> Asked:
    """A work order that no row asks for. `ordinal` tells several of the same template apart."""
    key = WorkOrderKey.asked_for(draft.rules.om, initiator.sys_id, template, ordinal)
    text = f"{template} for {initiator.number}, asked for {why}"
    answer = _Answer(draft, initiator.number, text)
    intent = draft.intent(str(key))
    made = next((link for link in draft.links.values() if link.key == str(key)), None)
    stance = stance_of(initiator)
    if made is not None:
        return answer.already(f"{_standing(draft, made)}. For another one say --ordinal {ordinal + 1}.")
    if intent is not None:
        return answer.already(_underway(intent))
    if stance is not Stance.FULFIL:
        return answer.refused(_why_not(initiator, stance))
    wanted = WantedWorkOrder(key.row, template, ordinal)
    asked = draft.asked_for(initiator)
    if asked is not None and any((w.row, w.ordinal) == (key.row, ordinal) for w in asked.wanted):
        return answer.already("it was asked for before and is created at the next pass")
    if ordinal == 1 and (alike := _alike(draft, initiator, template)):
        return answer.refused(f"it has {alike}. If it shall have one more, say --ordinal 2")
    if nameless := unshown(initiator):
        return answer.refused(name_missing(initiator, nameless))
    facts = facts_of(initiator)
    verdict = Verdict(
        initiator_id=initiator.sys_id,
        initiator_number=initiator.number,
        line_number=initiator.line_number,
        version=0,
        policy=BY_HAND,
        digest="",
        rows=(key.row,),
        wanted=(wanted,),
        inputs=facts,
        conditions={key.row: f"asked for {why}"},
    )
    return answer.follows(creation(draft, initiator, wanted, key, facts), verdict)


def ask_adopt(draft: Draft, work_order: WorkOrder, initiator: AnyInitiator, why: str) -> Asked:
    """A work order that somebody made in Field Service shall belong to an initiator: watched, never edited."""
    answer = _Answer(
        draft, work_order.number, f"{work_order.number} shall belong to {initiator.number}, asked for {why}"
    )
    link = draft.links.get(work_order.sys_id)
    key = WorkOrderKey.parse(work_order.names)
    owner = _number_of(draft, link) if link else work_order.names
    stance = stance_of(initiator)
    if link is not None and link.initiator_id == initiator.sys_id and not link.detached:
        if _last_wish(draft, work_order) is not None:
            return answer.binds(work_order, initiator.number, why, detaches=False)
        return answer.already(_standing(draft, link))
    is_anothers = link is not None and link.initiator_id != initiator.sys_id and bool(link.is_ours or work_order.names)
    if (link is None and (key is not None or work_order.names)) or is_anothers:
        whose = "an order of this or another connector" if key is not None and link is None else owner
        return answer.refused(f"{work_order.number} belongs to {whose} (its correlation id)")
    if stance in (Stance.CANCEL, Stance.OVER):
        return answer.refused(_why_not(initiator, stance))
    return answer.binds(work_order, initiator.number, why, detaches=False)


def ask_detach(draft: Draft, work_order: WorkOrder, why: str) -> Asked:
    """A link is let go: the work order is neither edited nor told about, and keeps no domain order open."""
    answer = _Answer(draft, work_order.number, f"{work_order.number} shall be detached, asked for {why}")
    link = draft.links.get(work_order.sys_id)
    if link is None:
        return answer.refused(f"{work_order.number} belongs to no initiator of {draft.seen.number}")
    if (link.detached or is_detached(work_order.mark)) and _last_wish(draft, work_order) is None:
        return answer.already(_standing(draft, link))
    if bound(work_order.mark, detached=True) is None:
        return answer.refused(
            f"its correlation display says {work_order.mark!r}, which is not ours to change. "
            "Remove the initiator's number from its correlation id in Field Service instead"
        )
    return answer.binds(work_order, _number_of(draft, link), why, detaches=True)


def _why_not(initiator: AnyInitiator, stance: Stance) -> str:
    match stance:
        case Stance.FREEZE:
            return f"it {why_frozen(initiator)}: nothing is created in Field Service meanwhile"
        case Stance.CANCEL:
            return f"it {why_canceled(initiator)}"
        case Stance.OVER:
            return "it is closed"
        case _:
            return "it is not approved, or its state is not understood"


def merged(before: Verdict | None, new: Verdict) -> Verdict:
    """Everything that people asked for about one initiator."""
    if before is None or new.wanted[0] in before.wanted:
        return before or new
    conditions = dict(before.conditions)
    for row, text in new.conditions.items():
        conditions[row] = "; ".join(filter(None, (conditions.get(row, ""), text)))
    rows = tuple(dict.fromkeys((*before.rows, *new.rows)))
    return replace(new, rows=rows, wanted=(*before.wanted, *new.wanted), conditions=conditions)


@dataclass(frozen=True, slots=True)
class _Answer:
    draft: Draft
    subject: str
    text: str

    def _says(self, **what: object) -> Asked:
        seen = self.draft.seen
        return Asked(seen.sys_id, seen.number, self.subject, self.text, **what)  # type: ignore[arg-type]

    def follows(self, action: Action, verdict: Verdict | None = None) -> Asked:
        return self._says(action=action, verdict=verdict)

    def binds(self, work_order: WorkOrder, initiator: str, why: str, *, detaches: bool) -> Asked:
        """The next adoption or detachment of a work order, in the place of another wish about it that still waits."""
        last = _last_wish(self.draft, work_order)
        if last is not None and _asks_for(last, initiator, detaches=detaches):
            return self.already(_underway(last))
        verb, number = "detach" if detaches else "adopt", 1
        while self.draft.intent(key := f"{verb}/{work_order.sys_id}/{number}") is not None:
            number += 1
        text = notes.bound(initiator, why, detaches=detaches)
        action = BindWorkOrder(key, work_order.sys_id, work_order.number, initiator, detaches, why, text)
        return self._says(action=action, withdraw=token_of(last.key) if last is not None else "")

    def already(self, how: str) -> Asked:
        return self._says(already=how)

    def refused(self, why: str) -> Asked:
        return self._says(refused=why)


def _last_wish(draft: Draft, work_order: WorkOrder) -> Intent | None:
    """What a person wished last about whom this work order belongs to, while it is not settled."""
    last: Intent | None = None
    for intent in draft.memory.intents.values():
        match intent.action:
            case BindWorkOrder(work_order_id=work_order.sys_id):
                if intent.state.is_open or intent.state is IntentState.PARKED:
                    last = intent
            case _:
                pass
    return last


def _asks_for(intent: Intent, initiator: str, *, detaches: bool) -> bool:
    wish = intent.action
    return isinstance(wish, BindWorkOrder) and (wish.detaches, wish.initiator_number) == (detaches, initiator)


def _underway(intent: Intent) -> str:
    problem = f": {intent.error}" if intent.error else ""
    return f"it was asked for before and is {intent.state.value}{problem}"


def _alike(draft: Draft, initiator: AnyInitiator, template: str) -> str:
    """An open work order of this initiator from the same template, in words; empty when there is none."""
    for work in draft.work_of_initiator(initiator):
        if work.is_open and work.link.template.casefold() == template.casefold():
            return _standing(draft, work.link)
    for one in draft.coming(initiator.noted_on):
        if one.template.casefold() == template.casefold():
            return f"{one.template}, which is {one.how}"
    return ""


def _standing(draft: Draft, link: Link) -> str:
    found = draft.work_orders.get(link.work_order_id)
    state = found.state.label if found else "not shown by Field Service"
    how = f", detached {link.detached}" if link.detached else ""
    whose = " (made by hand)" if link.origin is Origin.BY_HAND else ""
    return f"{link.work_order_number} {link.template}{whose}: {state}{how}"


def _number_of(draft: Draft, link: Link) -> str:
    numbers = {initiator.sys_id: initiator.number for initiator in draft.initiators}
    return numbers.get(link.initiator_id, link.initiator_id)
