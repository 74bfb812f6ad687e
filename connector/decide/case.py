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
every wanted work order over, one of them complete            | resolve it, with code and notes (or a note, as configured)
resolution intended, and no longer true                       | withdraw the intention
resolved, by us or by a person                                | freeze: nothing new, no change; status notes go on
open again after our resolution (the customer rejected it)    | note + finding until somebody asks for another visit;
                                                              |   or another visit at once, as configured
closed or canceled, work order open                           | cancel work order with a reason; finding where refused
closed or canceled                                            | no notes: the platform lets nobody write to it
creation pending, no longer open                              | withdraw the intention
a state nobody mapped                                         | nothing + finding
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.adopt import adopt
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
    from connector.model import Case, CaseSnapshot, OrderMemory, Plan


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
    """Whether the visits so far are over and another is asked for, by a person or because the solution was rejected."""
    current = [work for work in draft.work_of(case) if draft.is_current(work)]
    if not current or any(work.is_open for work in current):
        return False
    if any(work.decision is not None for work in current):
        return True
    return draft.rules.about_cases.rejected is Rejection.VISIT_AGAIN and _is_rejected(draft, case)


def _fall_silent(draft: Draft, case: Case) -> None:
    """Nobody can be told any more; what was to be said is not, and what happens in the field is only remembered."""
    for intent in list(draft.memory.intents.values()):
        if isinstance(intent.action, WriteNote | ResolveCase) and intent.state in _NOT_SENT:
            draft.withdraw(intent)
    for work in draft.work_of(case):
        if work.found is not None:
            draft.remember(replace(work.link, noted=work.found.state, untold=()))


_NOT_SENT = (IntentState.PENDING, IntentState.PARKED)


def _finish(draft: Draft, case: Case) -> None:
    """Resolve the case when its work is done; say so once when that did not last."""
    rules, work = draft.rules.about_cases, draft.work_of(case)
    key = _key(draft, case) if case.state.phase is CasePhase.OPEN and _is_done(draft, case, work) else ""
    for intent in list(draft.memory.intents.values()):
        if isinstance(intent.action, ResolveCase) and intent.key != key and intent.state in _NOT_SENT:
            draft.withdraw(intent)
    if not key:
        return
    states = [w.found.state for w in work if w.found is not None]
    if rules.completion is Completion.NOTE:
        draft.note(f"solvable/{case.sys_id}/{occasion_of(work)}", case, notes.solvable(case.number, states))
    elif _is_rejected(draft, case):
        still_open, total = draft.counts(case)
        text = notes.rejected(case.number, rules.decision, still_open=still_open, total=total)
        draft.find(FindingCode.SOLUTION_REJECTED, case.number, text)
        draft.note(f"rejected/{case.sys_id}/{occasion_of(work)}", case, text)
    else:
        said = notes.solved(states)
        draft.do(ResolveCase(key, case.sys_id, case.number, case.mod_count, rules.resolution_code, said, said))


def _key(draft: Draft, case: Case) -> str:
    return f"resolve/{case.sys_id}/{occasion_of(draft.work_of(case))}"


def _is_done(draft: Draft, case: Case, work: list[Work]) -> bool:
    """Whether every work order that was wanted in this round is over, and at least one of ours is complete."""
    verdict = draft.verdict(case, draft.rules.about_cases.policy.name)
    if verdict is None or verdict.problem or draft.coming(case) or draft.strange_of(case):
        return False
    if any(w.found is None or w.keeps_open(draft.rules.releases) for w in work):
        return False
    ends = [w.end for w in work if draft.is_current(w)]
    return len(ends) >= len(verdict.wanted) and WorkOrderEnd.COMPLETE in ends


def _is_rejected(draft: Draft, case: Case) -> bool:
    """Whether these very work orders have resolved the case, and it is open again. An old copy of it proves nothing."""
    key = _key(draft, case)
    known = draft.memory.intents.get(token_of(key))
    if known is not None and isinstance(known.action, ResolveCase) and case.mod_count <= known.action.mod_count:
        return False
    intent = draft.intent(key)
    return intent is not None and intent.state is IntentState.DONE and not intent.is_given_up
