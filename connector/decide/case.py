"""The decision about one customer case. PURE, as `plan.py`, whose steps it shares: a case is one initiator.

One row of this table is one named test (tests/unit/test_plan_case.py). Extend the table first, then the code.

situation of one case                                         | plan
--------------------------------------------------------------+-----------------------------------------------
open, rows match, no work order, nothing intended             | create the work order (the note follows its birth)
open, several are wanted                                      | one after the other, unless several may be open at once
open, a work order made by hand for it is open                | nothing new until that is closed; it counts for notes
open, only a NO FIELD WORK row matches                        | nothing (verdict "no field work")
open, no row matches, or the policy contradicts itself        | nothing created, changed or canceled + finding
Awaiting Info (the customer was asked)                        | as open: edits go on to its work order, and so does the visit
edited while its work order is open                           | as the compensation table says: update, private note
work order state differs from the last note                   | private note (from -> to, who, when)
somebody wrote on a work order or one of its tasks            | private note on the case, one for all that is new
somebody wrote on the case                                    | work note on each open work order of ours, one for all that is new
it is younger than the window in which a burst is collected   | nothing, look again when the window of the first one ends
it is ours, there already, a decision, older than the visit   | nothing
work order canceled or closed incomplete in FSM               | note that asks for a decision, finding until there is one
a person asked for another visit, after being told of the end | the policy decides anew; the next round of work orders
the same, naming the visit                                    | create one in its place, once per end; the others stand
the same, and another work order of the case is open          | a round waits for all of them; a visit that is named too, unless
                                                              |   several may be open at once; finding meanwhile
every wanted work order over, one of those that stand complete| resolve it, with code and notes (or a note, as configured)
resolution intended, and no longer true                       | withdraw the intention
resolved, by us or by a person                                | freeze: nothing new, no change; status notes go on
open again after our resolution (the customer rejected it)    | note + finding until somebody asks for another visit;
                                                              |   or another visit at once, as configured
seen resolved by a person when its visits were over, and open | the same: it is not resolved over the customer's head
  again since                                                 |
closed or canceled, work order open                           | cancel work order with a reason; finding where refused
closed or canceled                                            | no notes: the platform lets nobody write to it
creation pending, no longer open                              | withdraw the intention
a state nobody mapped                                         | nothing + finding

That a person had resolved it is remembered when it is seen so with these very visits over. Should memory be lost, or the customer
reject that solution between two looks, nobody knows of it: then the case is resolved by its visits once, which can be rejected.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.adopt import adopt
from connector.decide.again import is_replaced
from connector.decide.draft import Draft
from connector.decide.plan import serve, tell_parked
from connector.decide.progress import occasion_of, tell_progress
from connector.decide.relay import mark_heard, relay
from connector.decide.rules import Completion, Rejection, WorkOrderEnd
from connector.mapping import notes
from connector.mapping.marks import WorkOrderKey, token_of
from connector.model import CasePhase, FindingCode, IntentState, ResolveCase, WriteNote

if TYPE_CHECKING:
    from datetime import datetime

    from connector.decide.closure import Work
    from connector.decide.rules import Rules
    from connector.model import Case, CaseSnapshot, Intent, OrderMemory, Plan


def decide_case(seen: CaseSnapshot, memory: OrderMemory, rules: Rules, now: datetime | None = None) -> Plan:
    """What should happen to this case now."""
    return draft_of_case(seen, memory, rules, now).plan()


def draft_of_case(seen: CaseSnapshot, memory: OrderMemory, rules: Rules, now: datetime | None = None) -> Draft:
    """Everything that was decided about this case, with what it was decided on."""
    draft, case = Draft(seen, memory, rules, version=_round(seen, memory), now=now), seen.case
    adopt(draft)
    if case.state.phase is CasePhase.OPEN and _another_round(draft, case):
        draft.version += 1
    serve(draft, case)
    _tell_waiting(draft, case)
    if case.state.phase is CasePhase.UNKNOWN:
        draft.find(FindingCode.UNKNOWN_STATE, case.number, f"state {case.state.label!r} of a case is not mapped")
    if case.state.phase.is_over:
        _fall_silent(draft, case)
        relay(draft, case)
    else:
        tell_progress(draft, case)
        relay(draft, case)
        _finish(draft, case)
    mark_heard(draft)
    tell_parked(draft)
    return draft


def _round(seen: CaseSnapshot, memory: OrderMemory) -> int:
    """The present round of visits: the newest that any of its work orders, known or found, was created in."""
    texts = [*(link.key for link in memory.links), *(work_order.names for work_order in seen.work_orders)]
    keys = [WorkOrderKey.parse(text) for text in texts]
    return max((key.version for key in keys if key and key.initiator_id == seen.sys_id), default=1)


def _another_round(draft: Draft, case: Case) -> bool:
    """Whether the visits so far are over and another round is asked for, by a person who names none of them, or because the
    solution was rejected and nobody says which visit is to be repeated."""
    current = [work for work in draft.work_of(case) if draft.is_current(work)]
    if not current or any(work.is_open for work in current):
        return False
    if any(_asks_for_round(draft, work) for work in current):
        return True
    if any(work.waits_for_next for work in current):
        return False
    return draft.rules.about_cases.rejected is Rejection.VISIT_AGAIN and _is_rejected(draft, case)


def _asks_for_round(draft: Draft, work: Work) -> bool:
    """Whether a person asked for another visit without naming one. In whose place somebody went again is answered."""
    is_asked = work.decision is not None and not work.again and not work.has_next
    return is_asked and not work.is_open and draft.is_current(work)


def _tell_waiting(draft: Draft, case: Case) -> None:
    """Another visit was asked for, and nothing is under way."""
    if case.state.phase is not CasePhase.OPEN:
        return
    for work in draft.work_of(case):
        is_under_way = draft.intent(work.again) is not None or draft.is_planned(work.again)
        if (work.waits_for_next and not is_under_way) or _asks_for_round(draft, work):
            number = work.link.work_order_number
            busy = draft.counts(case)[0] or draft.strange_of(case)
            why = (
                "waits until nothing else of {} is open" if busy else "is not arranged: {} does not ask for it any more"
            )
            text = f"the other visit that was asked for after {number} {why.format(case.number)}"
            draft.find(FindingCode.VISIT_WAITS, number, text)


def _fall_silent(draft: Draft, case: Case) -> None:
    """Nobody can be told any more; what was to be said is not, and what happens in the field is only remembered."""
    for intent in list(draft.memory.intents.values()):
        if isinstance(intent.action, WriteNote | ResolveCase) and intent.state.may_be_withdrawn:
            draft.withdraw(intent)
    for work in draft.work_of(case):
        if work.found is not None:
            draft.remember(replace(work.link, noted=work.found.state, untold=()))


_REJECTED, _SOLVABLE = "rejected", "solvable"  # the notes that a case is open again, and that it may be resolved


def _finish(draft: Draft, case: Case) -> None:
    """Resolve the case when its work is done; say so once when that did not last."""
    rules, work = draft.rules.about_cases, draft.work_of(case)
    is_done = _is_done(draft, case, work)
    key = _key(draft, case) if case.state.phase is CasePhase.OPEN and is_done else ""
    is_rejected = bool(key) and _is_rejected(draft, case)
    tells = _REJECTED if is_rejected else _SOLVABLE if key and rules.completion is Completion.NOTE else ""
    told = f"{tells}/{case.sys_id}/{occasion_of(work)}" if tells else ""
    for intent in list(draft.memory.intents.values()):
        is_of_end = isinstance(intent.action, ResolveCase) or intent.key.partition("/")[0] in (_REJECTED, _SOLVABLE)
        if is_of_end and intent.key not in (key, told) and intent.state.may_be_withdrawn:
            draft.withdraw(intent)
    if is_done and case.state.phase is CasePhase.RESOLVED:
        draft.remember_over(_key_of_solution(draft, case))
    if not key:
        return
    states = [w.found.state for w in work if w.found is not None]
    if is_rejected:
        still_open, total = draft.counts(case)
        by_hand = not _is_ours(draft.intent(key))
        text = notes.rejected(case.number, rules.decision, by_hand=by_hand, still_open=still_open, total=total)
        draft.find(FindingCode.SOLUTION_REJECTED, case.number, text)
        draft.note(told, case, text, fleeting=True)
    elif tells:
        draft.note(told, case, notes.solvable(case.number, states), fleeting=True)
    else:
        said = notes.solved(states)
        draft.do(ResolveCase(key, case.sys_id, case.number, case.mod_count, rules.resolution_code, said, said))


def _key(draft: Draft, case: Case) -> str:
    return f"resolve/{case.sys_id}/{occasion_of(draft.work_of(case))}"


def _key_of_solution(draft: Draft, case: Case) -> str:
    return f"solved/{case.sys_id}/{occasion_of(draft.work_of(case))}"


def _is_done(draft: Draft, case: Case, work: list[Work]) -> bool:
    """Whether every work order that was wanted in this round is over, and at least one of ours is complete; of those in whose
    place somebody went again, none counts."""
    verdict = draft.verdict(case, draft.rules.about_cases.policy.name)
    if verdict is None or verdict.problem or draft.coming(case) or draft.strange_of(case):
        return False
    if any(w.found is None or w.keeps_open(draft.rules.releases) for w in work):
        return False
    ends = [w.end for w in work if draft.is_current(w) and not is_replaced(w.link, draft.links.values())]
    return len(ends) >= len(verdict.wanted) and WorkOrderEnd.COMPLETE in ends


def _is_rejected(draft: Draft, case: Case) -> bool:
    """Whether the case was resolved when these very work orders were over, by them or by a person, and it is open again. An old
    copy of it proves nothing."""
    key = _key(draft, case)
    known = draft.memory.intents.get(token_of(key))
    if known is not None and isinstance(known.action, ResolveCase) and case.mod_count <= known.action.mod_count:
        return False
    return _is_ours(draft.intent(key)) or draft.intent(_key_of_solution(draft, case)) is not None


def _is_ours(resolution: Intent | None) -> bool:
    """Whether the connector has resolved the case."""
    return resolution is not None and resolution.state is IntentState.DONE and not resolution.is_given_up
