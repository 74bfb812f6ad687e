"""The decision: snapshot + memory + rules -> plan. PURE: it never asks, never logs, never looks at a clock.

One row of this table is one named test (tests/unit/test_plan.py). Extend the table first, then the code.

situation of one initiator                                    | plan
--------------------------------------------------------------+-----------------------------------------------
order not approved yet, or approved but not decomposed        | nothing, look again
a draft or new order is deleted                               | nothing: nobody was sent, and what is not shown concludes nothing
a line is rejected while its order goes on                    | nothing for it; the other lines as ever
approved, rows match, no work order, nothing intended         | create each work order (the note follows its birth)
approved, rows match, creation pending or in flight           | nothing (already intended)
approved, only a NO FIELD WORK row matches                    | nothing (verdict "no field work")
approved, no row matches, or the policy contradicts itself    | nothing created, changed or canceled + finding
creation pending or refused, order canceled or revised        | withdraw the intention
creation pending or refused, its domain order closed          | the gate: it counts as open, until a person gives it up
wanted and never made when its domain order was closed, or    | create it all the same; the gate counts it meanwhile
  the order completed                                         |
creation refused                                              | note once, finding; the note is withdrawn if that is settled
                                                              |   before it could leave
update refused, and no longer wanted, or its visit is over    | withdraw the intention
order task seen finished after its visit, then opened again   | create another in the place of that visit, once for each redo
  at a later version of its order (redo)                      |   (decide/redo.py); what the visit then says is what is wanted now
the same at one version, or it was never seen finished        | nothing: the visit was made
canceled by us, and the same version wants the visit again    | create another in its place (once for each cancellation)
the same, but somebody in the field has reopened the visit    | nothing: it is there, and keeps the gate shut
cancellation pending, but the work order is wanted again      | withdraw the intention
line in revision, or order assessing cancellation (On hold)   | freeze: nothing new, no change, finding; status notes go on
revision or cancellation declined                             | nothing: the order says what the work orders say
order or line paused (On hold, Awaiting information)          | as in revision: nothing new, no change; status notes go on
domain order or order task held alone                         | the same for it, not for the others of its order; a task that
                                                              |   only a fallout of ours holds goes on
domain order or order task closed, or the order completed     | nothing new, nothing changed; status notes, and the gate
line in revision or paused, compensation table flags "on hold"| flag it for the dispatcher; when it goes on, say so, and what
                                                              |   changed (decide/warn.py)
quantity decreased, a manager must choose which units go      | freeze, until the choice is made
revision approved, desired facts differ, work order open      | as the compensation table says for this change and state:
  patch; patch and note; flag the dispatcher                  |   update, note with before -> after, work note for the dispatcher
  cancel and recreate                                         |   cancel; once it is canceled, create at this version
  stop and ask; no row matches                                |   nothing + note + finding
  the same, and somebody enters it in Field Service           | it is carried: note
a change was told that is not carried (it waits, came too late| note, in a few words; and as at first when it is made again
  or past the point of no return), and it is taken back       |   (decide/unlike.py)
the same, memory was lost: nobody knows what changed          | the strictest row for what the work order does not say; it is
                                                              |   never canceled on a guess, but the dispatcher flagged
revision approved, desired facts differ, the visit was made   | note: the change came too late for it (not for a quiet patch)
the same, and it was canceled in FSM                          | note: what has changed, and which words decide what follows
canceled in FSM after the order asked for another in its      | create another in its place, once for each end, and a note; on
  place: our cancellation was refused there, or waits         |   hold it asks for a decision, and is made when that goes on
the same, but a person gave our cancellation up, or it is     | as any that is canceled in FSM: it asks for a decision
  past the point of no return, or wanted as it was again      |
revision approved, initiator no longer matches or is canceled | cancel work order with a reason, note
cancellation refused, or the work order was over before it    | note + finding; withdrawn when the order wants it again, or it
                                                              |   is canceled
the same, and the order is on hold                            | finding; the note when it goes on: what follows is known then
initiator canceled after its visit was made                   | note once: it may have to be undone
Field Service did not take a column                            | finding until it says so, or the work order is over
the same, and now the record is known, or the state is another| write it again, once for each reason (decide/refused.py)
past the point of no return, content differs                  | nothing + note + finding; status notes go on
work begun, where the point of no return follows the field    | set it (or a note that asks for it), then a note
point of no return set between look and write                 | the write asks once more, is given up and decided again
past the point of no return, work order never created         | create it (first fulfilment is not a change)
work order state differs from the last note                   | note (from -> to, who, when; the states between where the audit
                                                              |   trail may be read)
somebody wrote on a work order or one of its tasks            | note on the domain order, one for all that is new
somebody wrote on the domain order or order task it is for    | work note on each open work order of ours, one for all that is new
the first of what is new is younger than the window, where    | nothing, look again when the window of the first one ends
  bursts are collected, and the visit goes on                 |
it is ours, a copy of ours, there already, or for customers   | nothing (customers' comments only where the rules want them)
it answers a note of ours that it quotes                      | what the person wrote counts, as remark or decision; not the quote
it is older than the first note about the work order          | nothing: history
the work order is over, is being canceled, was made by hand   | nothing is written on it; what waits is withdrawn
work order canceled or closed incomplete in FSM               | note that asks for a decision, finding until there is one
the same, and the decision is another visit, where configured | create one in its place, once per end; the gate waits for it
a person took that decision back, or the field goes on        | withdraw the intention
a visit in the place of another, and the order changes        | as any other: updated, canceled; the replaced one is over
another visit is asked for that the order does not allow      | finding until it does, or the decision is another one
a person decided, after being told how the work order ended   | it counts as done; ready to close, naming who decided
a decision from before it ended so, or about another one      | counts for nothing
the note of how it ended was refused, or given up by a person | a decision written after that counts
work order made by hand for this initiator, without our mark  | counts for notes and the gate; never edited
the same, and the order is revised, or its initiator canceled | note (once for each change) + finding while canceled
its number is corrected to another initiator of this order    | it counts there, and no more here; a note in both places
its number is taken away, or is that of another order         | let go of, note; that order takes it (decide/named.py)
a person asks for a work order that no row asks for           | create it once; changed and canceled with the order
a person lets go of a work order (detach)                     | note; then it counts for nothing, and none takes its place
the same person, or another, wishes otherwise before it left  | the later wish replaces the waiting one
work order with our mark that memory does not know            | adopted, with what its mark and the journal say
a copy of a work order of ours, with its mark                 | counts for the gate while open; never edited + finding
domain order closed while a work order is open or undecided   | the gate: reopen (or note, or alarm, as configured), naming them
the same, because a work order that was over is open again    | that is told first; the gate at the next look
an open order task or header task, where that is enforced     | as an open work order, for the gate and for "ready to close"
the same, where only a note is wanted, and one was written    | nothing; a note again when the reasons are others, or the domain
                                                              |   order was seen open in between
reopening refused by the platform                             | finding until the domain order is open, or may be closed
a person gave a refused reopening up                          | nothing but the first finding, until anybody but the connector
                                                              |   updates the domain order
reopening (or that note) waiting or refused, no longer needed | withdraw the intention
its visits are planned or scheduled nearer the due date, or   | note: the level of jeopardy, from -> to, with both dates
  further from it, by a level; or only time goes by           |   and a look when the next level would begin
a level was told, and nothing is left to be late: all is done | note: the level is None again
  or released, or the line has no due date any more          |
their planned end, where order tasks shall say it             | write it, once per end (decide/planned_end.py)
all work orders terminal, no creation pending                 | note once: ready to close
ready to close intended, a work order open again meanwhile    | withdraw the intention
work order of ours was updated, and no note tells of it       | note with the present values: memory was lost in between
journal or mark know more than memory (an old copy of it)     | catch up with them; nothing is told twice
a record it points to shows no name: deleted, or a lost right  | nothing created, changed or canceled + finding; the rest goes on
a line whose work order was made from characteristics has none| nothing + finding: a missing right looks the same
memory was lost, the journal tells of a work order, FSM: none | nothing + finding; it is not created again
links exist, FSM answers "none"                               | nothing + finding; they keep the gate shut
a visit is open, OM does not show what it was made for        | nothing + finding: it may be deleted, or a right is missing
a work order state nobody mapped                              | treated as open, finding
a work order for it that cannot be understood (no number, a   | treated as open, finding; never edited, never made again
  column is hidden), and that memory does not know            |
order over, work orders closed, nothing left to do or to tell | its memory goes to the archive (decide/completion.py), until
                                                              |   anything happens to it

Three rules hide in it. Policy edits are not events: a verdict is stored on first use per (initiator, order version).
Unknown is open: nothing unknown ever permits closure. Absence is not proof: an empty answer concludes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.adopt import adopt, told_of
from connector.decide.again import first_of, is_one_wish, is_replaced, key_after_cancellation, key_of_return
from connector.decide.change import (
    cancel,
    follow_up,
    give_up_cancellations,
    keep_current,
    key_of_another,
    past_ponr,
    tell_done_in_vain,
)
from connector.decide.draft import Draft
from connector.decide.fallout import raise_fallouts
from connector.decide.gate import guard_closure
from connector.decide.gone import tell_gone
from connector.decide.jeopardy import warn
from connector.decide.planned_end import write_ends
from connector.decide.ponr import follow_the_field
from connector.decide.progress import tell_progress, tell_ready
from connector.decide.redo import key_of_redo, remember_finished
from connector.decide.relay import mark_heard, relay
from connector.decide.stance import Stance, stance_of
from connector.decide.warn import warn_dispatcher
from connector.decide.watched import watch
from connector.decide.wishes import answer, answers
from connector.mapping import notes
from connector.mapping.facts import facts_asked, facts_of, unshown
from connector.mapping.marks import WorkOrderKey
from connector.mapping.outputs import SAID, facts_for
from connector.mapping.refusal import why_refused, why_unfound
from connector.mapping.writes import not_done, subject_of
from connector.model import (
    AnyInitiator,
    CancelWorkOrder,
    Case,
    CreateWorkOrder,
    DomainOrderPhase,
    FindingCode,
    Initiator,
    IntentState,
    OrderPhase,
    Plan,
    ReopenDomainOrder,
    UpdateWorkOrder,
    Verdict,
    WantedWorkOrder,
    WarnDispatcher,
    WriteFieldNote,
    WriteNote,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from connector.decide.closure import Work
    from connector.decide.rules import Rules
    from connector.model import Action, Link, OrderMemory, Snapshot


def decide(snapshot: Snapshot, memory: OrderMemory, rules: Rules, now: datetime | None = None) -> Plan:
    """What should happen to this order now."""
    return draft_of(snapshot, memory, rules, now).plan()


def draft_of(snapshot: Snapshot, memory: OrderMemory, rules: Rules, now: datetime | None = None) -> Draft:
    """Everything that was decided about this order, with what it was decided on."""
    draft = Draft(snapshot, memory, rules, now=now)
    adopt(draft)
    for initiator in draft.initiators:
        serve(draft, initiator)
    for domain_order in sorted(snapshot.domain_orders, key=lambda d: d.number):
        tell_progress(draft, domain_order)
        relay(draft, domain_order)
        warn(draft, domain_order)
        tell_ready(draft, domain_order)
        guard_closure(draft, domain_order)
    write_ends(draft)
    mark_heard(draft)
    tell_gone(draft)
    tell_parked(draft)
    raise_fallouts(draft)
    return draft


def tell_parked(draft: Draft) -> None:
    """Findings for refused writes that are still wanted. A refused reopening or cancellation has one of its own."""
    for token, intent in draft.memory.intents.items():
        if (
            intent.state is IntentState.PARKED
            and draft.is_wanted(token)
            and not isinstance(intent.action, ReopenDomainOrder | CancelWorkOrder)
        ):
            action = intent.action
            subject, what = (subject_of(action), not_done(action)) if action else (draft.seen.number, f"{intent.key}:")
            on, text = _concerns(draft, action), f"{what} {intent.error}"
            draft.find(FindingCode.WRITE_PARKED, subject, text, on=on, occasion=intent.key)
            if isinstance(action, CreateWorkOrder) and on is not None:
                why, unfound = why_refused(intent.error), why_unfound(intent.error)
                text = notes.not_created(action.template, on.number, why, unfound=unfound)
                text = draft.counted(text, on.noted_on)
                draft.note(f"{_REFUSED}{intent.key}", on.noted_on, text, fleeting=True)
    for intent in list(draft.memory.intents.values()):
        is_note = isinstance(intent.action, WriteNote) and intent.key.startswith(_REFUSED)
        if is_note and intent.state.may_be_withdrawn and draft.is_unsettled(intent):
            cause = draft.intent(intent.key.removeprefix(_REFUSED))
            if cause is None or cause.state is not IntentState.PARKED:
                draft.withdraw(intent)


_REFUSED = "refused/"  # the note that a creation was refused, and the key of that


def _concerns(draft: Draft, action: Action | None) -> AnyInitiator | None:
    """Whom a refused write was for."""
    match action:
        case CreateWorkOrder(initiator_id=initiator_id):
            return draft.initiator(initiator_id)
        case UpdateWorkOrder() | WriteFieldNote() | WarnDispatcher() if action.work_order_id in draft.links:
            return draft.initiator(draft.links[action.work_order_id].initiator_id)
        case WriteNote(domain_order_id=domain_order_id):
            return draft.initiator(domain_order_id)
        case _:
            return None


def serve(draft: Draft, initiator: AnyInitiator) -> None:
    """What one initiator asks of Field Service now."""
    stance = stance_of(initiator)
    _withdraw_overtaken(draft, initiator, stance)
    work = [w for w in draft.work_of_initiator(initiator) if w.link.is_ours]
    waits = stance in (Stance.WAIT, Stance.FREEZE)
    for one in work:
        remember_finished(draft, initiator, one)
        if stance is not Stance.FULFIL:
            follow_up(draft, initiator, one, is_undecided=waits)
    _act(draft, initiator, stance, work)
    for one in work:
        give_up_cancellations(draft, one, is_undecided=waits or initiator.sys_id in draft.undecided)
    watch(draft, initiator, stance)
    if isinstance(initiator, Initiator):
        warn_dispatcher(draft, initiator, work, stance)
        follow_the_field(draft, initiator, work, at_work=stance is Stance.FULFIL)


def _act(draft: Draft, initiator: AnyInitiator, stance: Stance, work: list[Work]) -> None:
    match stance:
        case Stance.WAIT:
            pass
        case Stance.OVER:
            _tell_undecided(draft, initiator, draft.verdict(initiator, draft.rules.policy_for(initiator).name))
            _fulfil_owed(draft, initiator, work)
        case Stance.FREEZE:
            if work and (not isinstance(initiator, Case) or any(one.is_open for one in work)):
                text = f"{initiator.number} {why_frozen(initiator)}: nothing is created or changed in Field Service meanwhile"
                draft.find(FindingCode.FROZEN, initiator.number, text)
        case Stance.CANCEL:
            for one in work:
                cancel(draft, initiator, one, f"{initiator.number} {why_canceled(initiator)}")
                tell_done_in_vain(draft, initiator, one)
        case Stance.FULFIL:
            _fulfil(draft, initiator, work)


def why_frozen(initiator: AnyInitiator) -> str:
    """Why nothing is created or changed for now, in words."""
    if isinstance(initiator, Case):
        return "is resolved, and the customer has not answered"
    return "waits for a manager's choice" if initiator.domain_order.needs_attention else "is on hold"


def why_canceled(initiator: AnyInitiator) -> str:
    """Why no visit is wanted any more, in words."""
    if isinstance(initiator, Case):
        return f"is {initiator.state.label}"
    return "was canceled in Order Management"


def _withdraw_overtaken(draft: Draft, initiator: AnyInitiator, stance: Stance) -> None:
    """Give up what was intended under circumstances that no longer hold, and was not sent yet or was refused."""
    work = draft.work_of_initiator(initiator)
    own = {w.link.work_order_id for w in work}
    at_work = {w.link.work_order_id for w in work if w.is_open}
    again = {w.again for w in work} | _keys_of_returns(draft, initiator, work)
    again |= {key_of_redo(draft, initiator, w) for w in work}
    waits = stance in (Stance.WAIT, Stance.FREEZE)
    for intent in list(draft.memory.intents.values()):
        is_refused = intent.state is IntentState.PARKED
        if not (intent.state.may_be_withdrawn and draft.is_unsettled(intent)):
            continue
        match intent.action:
            case CreateWorkOrder(initiator_id=initiator.sys_id, version=version, key=key):
                is_stale = stance is Stance.FULFIL and (version != draft.version or _is_taken_back(key, again))
                overtaken = is_stale or _is_called_off(initiator, stance) or (waits and not is_refused)
            case UpdateWorkOrder(work_order_id=work_order_id, facts=facts) if work_order_id in own:
                is_stale = past_ponr(initiator) or _outdated(facts, initiator)
                is_over = is_refused and (stance is Stance.CANCEL or work_order_id not in at_work)
                overtaken = (
                    is_over or (stance is Stance.FULFIL and is_stale) or not (is_refused or stance is Stance.FULFIL)
                )
            case CancelWorkOrder(work_order_id=work_order_id) if work_order_id in own:
                overtaken = not is_refused and (waits or past_ponr(initiator))
            case _:
                overtaken = False
        if overtaken:
            draft.withdraw(intent)


def _is_called_off(initiator: AnyInitiator, stance: Stance) -> bool:
    """Whether nobody waits for its visit any more. That somebody closed the domain order is no proof of that: the gate asks."""
    if stance is not Stance.OVER or not isinstance(initiator, Initiator):
        return stance is Stance.CANCEL
    return initiator.task is not None and initiator.phase is DomainOrderPhase.CLOSED


def _is_taken_back(key: str, asked: Collection[str]) -> bool:
    """Whether a visit in the place of another was wanted, and nothing calls for it any more."""
    said = WorkOrderKey.parse(key)
    return said is not None and bool(said.again) and key not in asked


def _keys_of_returns(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> set[str]:
    """The keys of visits that may take the place of those we canceled; of none that the field has reopened."""
    reopened = {w.link.work_order_id for w in work if w.is_open}
    canceled = [one for one in draft.links.values() if one.withdrawn and one.initiator_id == initiator.sys_id]
    return {key_after_cancellation(one) for one in canceled if one.work_order_id not in reopened}


def _withdraw_cancellation(draft: Draft, wanted: Work) -> None:
    """What is wanted again must not be canceled by an intention that was not sent yet."""
    for intent in list(draft.open_intents()):
        match intent.action:
            case CancelWorkOrder(work_order_id=work_order_id) if work_order_id == wanted.link.work_order_id:
                if intent.state is IntentState.PENDING:
                    draft.withdraw(intent)
            case _:
                pass


def _outdated(facts: Mapping[str, str], initiator: AnyInitiator) -> bool:
    """Whether what an update would carry is no longer what OM says. What the policy row added is not OM's."""
    carried = {name: text for name, text in facts.items() if not name.startswith(SAID)}
    now = facts_of(initiator)
    if carried.get("location") in initiator.locations:
        now["location"] = carried["location"]
    return carried != now


def _fulfil(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> None:
    if nameless := unshown(initiator):
        if not _is_settled(draft, initiator, work):
            text = name_missing(initiator, nameless)
            draft.waiting[initiator.noted_on.sys_id] = text
            draft.find(FindingCode.NAME_MISSING, initiator.number, text)
            draft.undecided.add(initiator.sys_id)
        return
    if _lacks_characteristics(draft, initiator, work):
        text = (
            f"{initiator.line_number} shows no characteristics any more. A missing right looks the same, so nothing is "
            "changed in Field Service; if they were removed, change the work order there."
        )
        draft.find(FindingCode.CHARACTERISTICS_MISSING, initiator.number, text)
        draft.undecided.add(initiator.sys_id)
        return
    asked = [w for w in work if _is_asked_for(w.link)]
    _fulfil_people(draft, initiator, asked)
    _fulfil_policy(draft, initiator, [w for w in work if w not in asked])


def _is_settled(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> bool:
    """Whether nothing more is to be decided at this version: everything that is wanted was made and is over."""
    verdict = draft.verdict(initiator, draft.rules.policy_for(initiator).name)
    if verdict is None or verdict.problem or draft.asked_for(initiator):
        return False
    return len(work) >= len(verdict.wanted) and not any(w.keeps_open(draft.rules.releases) for w in work)


def name_missing(initiator: AnyInitiator, nameless: Collection[str]) -> str:
    """Why it is not known what an initiator asks for, and what to do."""
    what = ", ".join(nameless)
    return (
        f"{initiator.number}: Order Management shows no name for what it points to ({what}). The record was deleted, or the "
        "connector's user may no longer read it; so nothing is created, changed or canceled in Field Service for it "
        "meanwhile. Choose another record in the order, or give the user the right to read that table."
    )


def _fulfil_people(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> None:
    """What somebody asked for by hand is created once, whatever the field makes of it, and kept up to date while it is open."""
    facts = facts_of(initiator)
    standing = _not_replaced(draft, work)
    there = {first_of(one.link) for one in standing if not one.link.withdrawn}
    for existing in standing:
        key = WorkOrderKey.parse(existing.link.key)
        if key is None:
            continue
        wanted = WantedWorkOrder(key.row, existing.link.template, key.ordinal)
        if not existing.link.withdrawn:
            _keep(draft, initiator, existing, wanted, facts)
        elif first_of(existing.link) not in there:
            _create_in_turn(draft, initiator, wanted, replace(key, again=""), facts)
    _create_asked(draft, initiator, facts)


def _create_asked(draft: Draft, initiator: AnyInitiator, facts: dict[str, str]) -> None:
    """What somebody asked for by hand and was never made."""
    asked = draft.asked_for(initiator)
    made = {link.key for link in draft.links.values()}
    for wanted in asked.wanted if asked else ():
        key = WorkOrderKey.asked_for(draft.rules.om, initiator.sys_id, wanted.template, wanted.ordinal)
        if str(key) not in made:
            draft.do(creation(draft, initiator, wanted, key, facts))


def _fulfil_policy(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> None:
    verdict = _verdict(draft, initiator)
    if verdict.problem:
        _tell_undecided(draft, initiator, verdict)
        return
    spare = [w for w in _not_replaced(draft, work) if not w.link.withdrawn and draft.is_current(w)]
    answered_by = {first_of(w.link) for w in spare}
    gone = [w for w in draft.detached_from(initiator.noted_on) if draft.is_current(w)]
    let_go_of = [w for w in gone if _is_of_policy(w.link, initiator) and first_of(w.link) not in answered_by]
    wishes: list[WantedWorkOrder] = []
    for wanted in verdict.wanted:
        if (answered := answer(let_go_of, wanted, verdict.version)) is not None:
            let_go_of.remove(answered)
        else:
            wishes.append(wanted)
    found = answers(wishes, spare, verdict.version, draft.rules.ponr_at)
    for wanted, existing in zip(wishes, found, strict=True):
        facts = facts_for(facts_of(initiator), wanted)
        if existing is None and not _waits_its_turn(draft, initiator):
            _create(draft, initiator, wanted, facts)
        elif existing is not None:
            for one in [w for w in spare if w is existing or is_one_wish(w.link, existing.link)]:
                spare.remove(one)
                _keep(draft, initiator, one, wanted, facts)
    for unwanted in spare:
        draft.unwanted.add(unwanted.link.work_order_id)
        follow_up(draft, initiator, unwanted)
        cancel(draft, initiator, unwanted, f"{initiator.number} no longer asks for {unwanted.link.template}")


def _fulfil_owed(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> None:
    """What was decided before the domain order was closed and was never made is still created: that somebody closed it does not
    say that nobody has to go. A visit that was called off is not owed, unless a later version wants it."""
    if not isinstance(initiator, Initiator) or _is_called_off(initiator, Stance.OVER) or unshown(initiator):
        return
    decided = [v for v in draft.memory.verdicts if v.initiator_id == initiator.sys_id and not v.is_of_a_person]
    verdict = max(decided, key=lambda one: one.version, default=None)
    if verdict is not None and not verdict.problem:
        gone = [w for w in draft.detached_from(initiator.noted_on) if _is_of_policy(w.link, initiator)]
        there = [w for w in work if not _is_asked_for(w.link) and _answers_version(w.link, verdict.version)] + gone
        found = answers(verdict.wanted, there, verdict.version, draft.rules.ponr_at)
        for wanted, answered in zip(verdict.wanted, found, strict=True):
            if answered is None:
                _create(draft, initiator, wanted, facts_for(facts_of(initiator), wanted))
    _create_asked(draft, initiator, facts_of(initiator))


def _answers_version(link: Link, version: int) -> bool:
    """Whether a work order answers what was decided at this version: it is there, or was called off since."""
    key = WorkOrderKey.parse(link.key)
    return not link.withdrawn or (key is not None and key.version >= version)


def _tell_undecided(draft: Draft, initiator: AnyInitiator, verdict: Verdict | None) -> None:
    """Whether somebody must be sent is not known; so nobody can say that this is over."""
    is_completed = isinstance(initiator, Initiator) and initiator.order.state.phase is OrderPhase.COMPLETED
    if verdict is not None and verdict.problem and not is_completed:
        text = f"{initiator.number}: {verdict.problem}"
        draft.waiting[initiator.noted_on.sys_id] = text
        draft.find(FindingCode.UNDECIDED, initiator.number, text)
        draft.undecided.add(initiator.sys_id)


def _keep(
    draft: Draft, initiator: AnyInitiator, existing: Work, wanted: WantedWorkOrder, facts: dict[str, str]
) -> None:
    """What is wanted and exists: it says what the order says, or somebody goes again in its place."""
    again = existing.again if existing.waits_for_next else key_of_redo(draft, initiator, existing)
    again = again or key_of_another(draft, initiator, existing, facts)
    if (key := WorkOrderKey.parse(again)) is not None:
        if not _is_another_open(draft, initiator):
            _create_once(draft, initiator, wanted, key, facts)
        return
    _withdraw_cancellation(draft, existing)
    keep_current(draft, initiator, existing, facts)


def _not_replaced(draft: Draft, work: list[Work]) -> list[Work]:
    """Without those that are over and in whose place somebody went again, unless that is asked for once more."""
    return [w for w in work if w.is_open or w.waits_for_next or not is_replaced(w.link, draft.links.values())]


def _lacks_characteristics(draft: Draft, initiator: AnyInitiator, work: list[Work]) -> bool:
    """Whether the line shows none although one of its open work orders was told some, or shows some where memory was lost."""
    if not isinstance(initiator, Initiator) or initiator.line.characteristics:
        return False
    fields, facts = draft.rules.fields_for(initiator), facts_of(initiator)
    return any(
        w.link.carried.get("characteristics")
        or (w.found is not None and not w.link.carried and fields.shows_characteristics(w.found.fields, facts))
        for w in work
        if w.is_open
    )


def _waits_its_turn(draft: Draft, initiator: AnyInitiator) -> bool:
    """One open work order per case, by hand or not, and none after one that somebody must decide about first."""
    if not isinstance(initiator, Case) or not draft.rules.about_cases.one_open_work_order:
        return False
    return _is_another_open(draft, initiator) or any(
        w.keeps_open(draft.rules.releases) for w in draft.work_of(initiator)
    )


def _is_another_open(draft: Draft, initiator: AnyInitiator) -> bool:
    """Of a case whose work orders come one after the other, whether there is one that a repeated visit has to wait for."""
    if not isinstance(initiator, Case) or not draft.rules.about_cases.one_open_work_order:
        return False
    return bool(draft.counts(initiator)[0] or draft.strange_of(initiator))


def _is_asked_for(link: Link) -> bool:
    key = WorkOrderKey.parse(link.key)
    return key is not None and key.is_asked_for


def _is_of_policy(link: Link, initiator: AnyInitiator) -> bool:
    return link.initiator_id == initiator.sys_id and link.is_ours and not link.withdrawn and not _is_asked_for(link)


def _verdict(draft: Draft, initiator: AnyInitiator) -> Verdict:
    """The remembered verdict, or a new one: policy edits are not events."""
    policy = draft.rules.policy_for(initiator)
    verdict = draft.verdict(initiator, policy.name)
    # What could not be decided is no decision: a corrected policy, or a corrected order, answers it.
    if verdict is None or verdict.problem:
        remembered = verdict
        verdict = policy.decide(initiator, facts_asked(initiator), version=draft.version)
        if verdict != remembered:
            draft.judge(verdict)
    return verdict


def _create(draft: Draft, initiator: AnyInitiator, wanted: WantedWorkOrder, facts: dict[str, str]) -> None:
    for intent in draft.open_intents():
        action = intent.action
        if isinstance(action, CreateWorkOrder) and (
            (action.initiator_id, action.template, action.ordinal)
            == (initiator.sys_id, wanted.template, wanted.ordinal)
            and (said := WorkOrderKey.parse(action.key)) is not None
            and not said.is_asked_for
        ):
            return  # already intended, perhaps already sent: wait for its outcome
    first = WorkOrderKey(draft.rules.om, initiator.sys_id, wanted.row, wanted.ordinal, draft.version)
    _create_in_turn(draft, initiator, wanted, first, facts)


def _create_in_turn(
    draft: Draft, initiator: AnyInitiator, wanted: WantedWorkOrder, first: WorkOrderKey, facts: dict[str, str]
) -> None:
    """The first visit of a wish, or another one where the connector has canceled the last and it is wanted again."""
    canceled = [w for w in draft.work_of_initiator(initiator) if w.link.withdrawn and first_of(w.link) == str(first)]
    if not any(one.is_open for one in canceled):
        _create_once(draft, initiator, wanted, key_of_return(first, draft.links.values()), facts)


def _create_once(
    draft: Draft, initiator: AnyInitiator, wanted: WantedWorkOrder, key: WorkOrderKey, facts: dict[str, str]
) -> None:
    name = str(key)
    if any(link.key == name for link in draft.links.values()):
        return
    if any(one.names == name for one in draft.seen.strange):
        return  # it exists, and cannot be understood
    if (lost := told_of(draft, initiator, wanted, key)) is not None:
        draft.remember(lost)  # it is missing, and that is a finding; it is not created again
        return
    draft.do(creation(draft, initiator, wanted, key, facts))


def creation(
    draft: Draft, initiator: AnyInitiator, wanted: WantedWorkOrder, key: WorkOrderKey, facts: dict[str, str]
) -> CreateWorkOrder:
    """The creation of one work order, with everything it will say."""
    return CreateWorkOrder(
        key=str(key),
        initiator_id=initiator.sys_id,
        initiator_number=initiator.number,
        domain_order_id=initiator.noted_on.sys_id,
        template=wanted.template,
        ordinal=wanted.ordinal,
        version=draft.version,
        facts=facts,
        fields=draft.rules.fields_for(initiator).desired(facts),
    )
