"""A revised or canceled order and the work orders it has: carry the difference, cancel, or say why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.decide.again import key_of_next
from connector.decide.fallout import is_decided, task_about
from connector.decide.refused import says, try_again
from connector.decide.rules import WorkOrderEnd
from connector.decide.stance import is_in_question
from connector.decide.unlike import is_told, is_told_unlike, tell, tell_agreement
from connector.decide.warn import going_on
from connector.mapping import notes
from connector.mapping.compensation import Compensation
from connector.mapping.facts import PRIORITY, is_text, revised_on_line, saved_with
from connector.mapping.fields import changes_between
from connector.mapping.marks import (
    Carried,
    WorkOrderKey,
    anew_key,
    called_off_key,
    cancellation_key,
    digest_of,
    fallout_mark,
    refusal_key,
    status_key,
    token_of,
)
from connector.mapping.outputs import SAID
from connector.mapping.references import SYS_ID
from connector.mapping.refusal import why_refused
from connector.model import (
    CancelWorkOrder,
    Change,
    FindingCode,
    Initiator,
    IntentState,
    Saved,
    UpdateWorkOrder,
    WorkOrderPhase,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator, Intent, WorkOrder


def keep_current(draft: Draft, initiator: AnyInitiator, work: Work, facts: dict[str, str]) -> None:
    """Carry changed facts to an open work order, or say why not."""
    work_order, link = work.found, work.link
    if work_order is None or not work_order.state.phase.is_open or link.carried == facts:
        keep_after_all(draft, work)
        if work_order is not None and not work_order.state.phase.is_open:
            _tell_too_late(draft, initiator, work, work_order, facts)
        else:
            tell_agreement(draft, initiator, work)
        try_again(draft, initiator, work)
        return
    new = _difference(draft, initiator, work, work_order, facts)
    if not new.patch:
        draft.remember(replace(link, carried=facts, wanted=()))
        keep_after_all(draft, work)
        tell_agreement(draft, initiator, work)
    elif past_ponr(initiator):
        draft.unlike[work_order.sys_id] = new.changes, _past_ponr(initiator)
        text = notes.past_ponr(work_order, initiator.line_number, new.changes, draft.rules.notes.zone)
        _tell_ponr(draft, initiator, work, text, digest_of(facts))
        keep_after_all(draft, work)
    else:
        _compensate(draft, initiator, work, new)


def _tell_too_late(draft: Draft, initiator: AnyInitiator, work: Work, found: WorkOrder, facts: dict[str, str]) -> None:
    """A revision changed what a visit was about that had been made or canceled: nothing can carry it, somebody must know.

    Where memory is lost, so is what the visit was about: whether a change came too late for it is not known then. But that one
    was not carried still stands in the journal: what of it Field Service does not say is told.
    """
    key, link = WorkOrderKey.parse(work.link.key), work.link
    is_canceled = work.end is WorkOrderEnd.CANCELED_IN_FIELD
    if not isinstance(initiator, Initiator) or key is None or not (is_canceled or work.was_carried_out):
        return
    if not work.is_told or not (link.carried or is_told_unlike(draft, link)):
        return
    new = _difference(draft, initiator, work, found, facts)
    if not (new.patch if new.may_be is None else new.may_be):
        tell_agreement(draft, initiator, work)
    elif initiator.order.version <= key.version or (past_ponr(initiator) and not is_canceled):
        return  # past the point of no return that was told before the visit was over
    elif new.may_be is not None or _compensation(draft, initiator, work, new) is not Compensation.PATCH:
        waited = is_told(draft, link, _waits(facts))
        text = notes.changed_too_late(found, new.changes, draft.rules.notes.zone, waited=waited)
        if is_canceled:
            follows = notes.NOBODY_GOES
            if work.asks(draft.rules.releases):
                number, again = initiator.noted_on.number, draft.words_for_next(work)
                follows = f"{notes.ask(number, found, draft.decisive_words, again)}."
            text = notes.changed_since(found, new.changes, draft.rules.notes.zone, follows=follows)
        tell(draft, initiator, link, f"late/{digest_of(facts)}", text)


def key_of_another(draft: Draft, initiator: AnyInitiator, work: Work, facts: dict[str, str]) -> str:
    """The key of the visit in the place of one that the field canceled after the order had asked for another; else empty.

    Its readers are told with the end of the one that is canceled, or, where that was told while the order was on hold, once it
    goes on; and that note tells it should memory be lost.
    """
    found, end = work.found, work.number_of_end
    if found is None or work.end is not WorkOrderEnd.CANCELED_IN_FIELD or work.decision is not None or work.again:
        return ""
    if past_ponr(initiator) or not _is_called_for(draft, work):
        return ""
    new = _difference(draft, initiator, work, found, facts)
    if not new.patch or _compensation(draft, initiator, work, new) is not Compensation.RECREATE:
        return ""
    told = anew_key(found.sys_id, end)
    draft.remember_over(told)
    if work.is_told:
        text = notes.changed_since(found, new.changes, draft.rules.notes.zone, follows=notes.ANEW)
        record = initiator.noted_on
        still_open, total = draft.counts(record)
        text = notes.counted(text, still_open + 1, total + 1)
        draft.note(f"{told}/told", record, text, (token_of(told),))
    return key_of_next(work.link, end)


def _is_called_for(draft: Draft, work: Work) -> bool:
    """Whether this version of the order, or the last one before that was decided on, has asked for another visit in the place of
    this one, and no person gave that up. Where memory is lost, or old, the note of a refusal tells it."""
    initiator_id = work.link.initiator_id
    verdicts = (one for one in draft.memory.verdicts if not one.is_of_a_person and not one.problem)
    decided = (one for one in verdicts if one.initiator_id == initiator_id)
    before = max((one.version for one in decided if one.version < draft.version), default=draft.version - 1)
    for version in range(draft.version, min(before, draft.version - 1) - 1, -1):
        key = cancellation_key(work.link.work_order_id, version)
        intent = draft.memory.intents.get(token_of(key))
        if intent is not None:
            return not intent.is_given_up
        if draft.intent(_for_another(key)) is not None:
            return True
    return False


def _for_another(cancellation: str) -> str:
    """What the note of a refused cancellation carries where another visit was to take its place."""
    return f"{cancellation}/anew"


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a work order should say and does not: in words, as the complete picture, and by column."""

    changes: tuple[Change, ...]
    facts: dict[str, str]
    patch: dict[str, str]
    may_be: tuple[Change, ...] | None = None  # where it is not known what was carried: whatever may have changed


def _difference(
    draft: Draft, initiator: AnyInitiator, work: Work, work_order: WorkOrder, facts: dict[str, str]
) -> _Difference:
    """By what was carried last; where that is not known, as its mark says that it was something else, by what FSM shows."""
    fields, carried, shown = draft.rules.fields_for(initiator), work.link.carried, work_order.fields
    if carried:
        changes = tuple(_as_read(draft, change, facts) for change in fields.changes(carried, facts))
        return _Difference(changes, facts, fields.patch(carried, facts))
    patch = {c: v for c, v in fields.desired(facts).items() if shown.get(c, "") != v}
    changes = changes_between({c: shown.get(c, "") for c in patch}, patch)
    changes = tuple(replace(change, columns=(change.what,)) for change in changes)
    may_be = tuple(Change(fact, "", facts.get(fact, "")) for fact in fields.unsaid(shown, facts))
    return _Difference(changes, facts, patch, may_be)


def _as_read(draft: Draft, change: Change, facts: Mapping[str, str]) -> Change:
    """A change with choices as people read them. What a policy row says is Field Service's own."""
    if change.what != PRIORITY or f"{SAID}{PRIORITY}" in facts:
        return change
    labels = draft.seen.priorities
    before, after = (labels.get(value) or value for value in (change.before, change.after))
    return replace(change, before=before, after=after)


def _compensate(draft: Draft, initiator: AnyInitiator, work: Work, new: _Difference) -> None:
    """Carry out the difference as the compensation table wants it for a work order in this state."""
    assert work.found is not None
    how = _compensation(draft, initiator, work, new)
    if how is Compensation.RECREATE:
        follow_up(draft, initiator, work, new.changes)
        cancel(
            draft,
            initiator,
            work,
            f"{initiator.number} is visited anew: {notes.listed(new.changes, draft.rules.notes.zone)}",
        )
        return
    keep_after_all(draft, work)
    if how is not Compensation.ASK:
        _update(draft, initiator, work, new, how)
    elif _is_entered_by_hand(draft, initiator, work.found, new):
        draft.remember(replace(work.link, carried=new.facts))
        tell_agreement(draft, initiator, work)
    else:
        draft.unlike[work.found.sys_id] = new.changes, "somebody must agree with the order agent what follows"
        text = notes.change_waits(
            work.found, new.changes, _why_it_waits(draft, initiator, work, new), draft.rules.notes.zone
        )
        occasion = f"waits/{work.link.work_order_id}/{digest_of(new.facts)}"
        draft.find(FindingCode.CHANGE_WAITS, work.found.number, text, on=initiator, occasion=_besides(occasion))
        tell(draft, initiator, work.link, _waits(new.facts), text)


def _waits(facts: dict[str, str]) -> str:
    """That a change to this waits for a person, as a note speaks of it."""
    return f"waits/{digest_of(facts)}"


def _is_entered_by_hand(draft: Draft, initiator: AnyInitiator, found: WorkOrder, new: _Difference) -> bool:
    """Whether the work order says by now what the order says: each change stands in one of its columns."""
    wanted = draft.rules.fields_for(initiator).desired(new.facts)
    told = [change.columns for change in new.changes if change.columns]
    return bool(told) and all(any(says(found, c, wanted.get(c, "")) for c in columns) for columns in told)


def _why_it_waits(draft: Draft, initiator: AnyInitiator, work: Work, new: _Difference) -> str:
    """Why nothing is carried; empty where that is the work order's state."""
    wants_another = _by_table(draft, initiator, work, new) is Compensation.RECREATE
    return (
        "it would be another visit, and no revision of the order was approved since this one was made"
        if wants_another
        else ""
    )


def _compensation(draft: Draft, initiator: AnyInitiator, work: Work, new: _Difference) -> Compensation:
    found = _by_table(draft, initiator, work, new)
    if found is Compensation.RECREATE and not isinstance(initiator, Initiator):
        return (
            Compensation.FLAG
        )  # a case has no revisions: nobody knows a new place from one that is called otherwise now
    if found is Compensation.RECREATE and not _may_be_made_anew(draft, work):
        return Compensation.ASK
    return found


def _may_be_made_anew(draft: Draft, work: Work) -> bool:
    """Whether somebody has asked for another visit: an approved revision since it was made, or written last. What changes
    besides, such as a name, cancels nothing."""
    key = WorkOrderKey.parse(work.link.key)
    if key is None or work.found is None:
        return False
    mark = Carried.parse(work.found.mark)
    made_at = mark.version if mark is not None else draft.version if key.is_asked_for else key.version
    return made_at != draft.version


def _by_table(draft: Draft, initiator: AnyInitiator, work: Work, new: _Difference) -> Compensation:
    table = draft.rules.compensations
    assert work.found is not None
    if table is None:
        return Compensation.PATCH_AND_NOTE
    found = max(
        (
            table.decide(
                new.changes if new.may_be is None else new.may_be,
                state=label,
                specification=initiator.about,
                template=work.link.template,
            )[0]
            for label in _states_then(draft, work, work.found)
        ),
        key=lambda one: one is Compensation.RECREATE,
    )
    if new.may_be is None or (found is Compensation.RECREATE and _is_called_for(draft, work)):
        return found
    return _WITHOUT_MEMORY.get(found, found)


def _states_then(draft: Draft, work: Work, found: WorkOrder) -> list[str]:
    """In which state it was when its order asked for what it does not say: the present one, unless the field has canceled it
    since. Where that was told already, as while the order was on hold, the note before tells it; if that cannot be found, it may
    have been in any in which a work order is open."""
    before, states = work.link.noted, draft.rules.work_order_states
    if work.end is not WorkOrderEnd.CANCELED_IN_FIELD or before is None:
        return [found.state.label]
    if before.phase.is_open:
        return [before.label]
    values = states.values_in(*(phase for phase in WorkOrderPhase if phase.is_open))
    told = [value for value in values if draft.intent(status_key(found.sys_id, work.link.notes - 1, value)) is not None]
    labels = [states.read(value).label for value in told or values]
    return labels if told else [found.state.label, *labels]


# What was carried is not known, nor what changed: of the rows that could apply the strictest counts. But nobody is sent home on a
# guess, and what is carried is told.
_WITHOUT_MEMORY = {
    Compensation.RECREATE: Compensation.FLAG,
    Compensation.PATCH: Compensation.PATCH_AND_NOTE,
}


def _update(draft: Draft, initiator: AnyInitiator, work: Work, new: _Difference, how: Compensation) -> None:
    """One update at a time per work order; a parked one is followed only when the facts have moved on."""
    work_order = work.found
    assert work_order is not None
    number = work.link.updates + 1
    while (intent := draft.memory.intents.get(token_of(f"update/{work_order.sys_id}/{number}"))) is not None:
        if not draft.is_wanted_key(intent.key):
            if intent.state is IntentState.PENDING:
                break  # nobody ever saw it
            number += 1
            continue
        if intent.state.is_open or (isinstance(intent.action, UpdateWorkOrder) and intent.action.facts == new.facts):
            draft.unlike[work_order.sys_id] = new.changes, "Field Service did not take the change"
            return
        number += 1
    is_quiet = how is Compensation.PATCH and not is_told_unlike(draft, work.link)
    changes = tuple(change for change in new.changes if change.columns)  # of others no column speaks
    if not is_quiet:  # else nobody will read it
        changes = tuple(_with_person(draft, initiator, work, new.facts, change) for change in changes)
        draft.remember(replace(draft.links[work_order.sys_id], wanted=changes))
    draft.do(
        UpdateWorkOrder(
            key=f"update/{work_order.sys_id}/{number}",
            work_order_id=work_order.sys_id,
            work_order_number=work_order.number,
            version=draft.version,
            mod_count=work_order.mod_count,
            changes=changes,
            facts=new.facts,
            fields=new.patch,
            line_id=initiator.line_id,
            is_quiet=is_quiet,
            flag=_flag(draft, initiator, work_order, new, how),
        )
    )


def _flag(draft: Draft, initiator: AnyInitiator, found: WorkOrder, new: _Difference, how: Compensation) -> str:
    """What an update says to the dispatcher: because the table wants it, or because they were asked to wait."""
    is_flagged = how is Compensation.FLAG
    flag = notes.flag(initiator.number, new.changes, draft.rules.notes.zone) if is_flagged else ""
    return going_on(draft, initiator, found, new.changes, check=is_flagged) or flag


def _with_person(draft: Draft, initiator: AnyInitiator, work: Work, after: Mapping[str, str], change: Change) -> Change:
    """A change with who saved last what says it now, and when: of what a person saved, not the platform, nor the connector. Where
    one of these has saved the record since this change was first decided on, as with a note, who it was then counts.

    Nobody who saved a reference is named where it is not known whether that is another, or what it names is called otherwise.
    What a revision has changed on a line was saved last upon its approval: that names nobody, who revised it does.
    """
    before = work.link.carried
    is_said_by_policy = any(f"{SAID}{change.what}" in facts for facts in (before, after))
    if not before or is_said_by_policy:
        return change
    if isinstance(initiator, Initiator) and _is_of_a_revision(draft, initiator, work, change):
        saved = _reviser(draft, initiator, change)
    elif is_text(change.what) or _refers_elsewhere(change.what, before, after):
        saved = saved_with(initiator, change.what, after.get(change.what, ""))
    else:
        return change
    if saved.by and saved.by.casefold() not in draft.rules.notes.left_out:
        return replace(change, saved=saved)
    known = (one.saved for one in work.link.wanted if (one.what, one.after) == (change.what, change.after))
    return replace(change, saved=next(known, Saved()))


def _is_of_a_revision(draft: Draft, initiator: Initiator, work: Work, change: Change) -> bool:
    """Whether it is from a revision, as far as can be told: its line says so now and said so when this version was first decided
    on, and nothing of this version was carried yet. What came later may have been changed by whomever."""
    verdict = draft.verdict(initiator, draft.rules.policy_for(initiator).name)
    is_as_decided = verdict is None or verdict.inputs.get(change.what, "") == change.after
    mark = Carried.parse(work.found.mark) if work.found else None
    is_new = initiator.line.version > 1 and (mark is None or mark.version != draft.version)
    return is_new and is_as_decided and revised_on_line(initiator, change.what, change.after)


def _reviser(draft: Draft, initiator: Initiator, change: Change) -> Saved:
    """Who revised it last before the approval; nobody where it was declined, and so has not reached the domain order."""
    line = initiator.line
    if initiator.domain_order.record_version != str(line.version):
        return Saved()
    revisers = draft.snapshot.revisers
    if revisers is None:
        draft.unnamed.add((line.sys_id, change.what))
        return Saved()
    return revisers.get(line.sys_id, {}).get(change.what, Saved())


def _refers_elsewhere(fact: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a reference surely names another record than before: known only where both sides are one instance."""
    pair = [facts.get(f"{fact}.{SYS_ID}") for facts in (before, after)]
    return all(pair) and pair[0] != pair[1]


def cancel(draft: Draft, initiator: AnyInitiator, work: Work, why: str) -> None:
    """Cancel an open work order of ours, unless it is too late."""
    if work.found is None or not work.found.state.phase.is_open or work.link.withdrawn:
        return
    if past_ponr(initiator):
        draft.unlike[work.found.sys_id] = (), _past_ponr(initiator)
        text = notes.unwanted_past_ponr(work.found, initiator.line_number)
        _tell_ponr(draft, initiator, work, text, "unwanted")
        return
    version = draft.version
    draft.do(
        CancelWorkOrder(
            key=cancellation_key(work.link.work_order_id, version),
            work_order_id=work.found.sys_id,
            work_order_number=work.found.number,
            version=version,
            mod_count=work.found.mod_count,
            reason=notes.cancel_reason(why),
            carried=work.link.carried,
            updates=work.link.updates,
            line_id=initiator.line_id,
            in_question=is_in_question(initiator),
        )
    )


def tell_done_in_vain(draft: Draft, initiator: AnyInitiator, work: Work) -> None:
    """What was made before it was called off is told once: it may have to be undone."""
    found = work.found
    if found is None or not work.was_carried_out or work.decision is not None or work.link.withdrawn:
        return
    if work.is_told and not _was_to_be_canceled(draft, work):
        key = f"in-vain/{work.link.work_order_id}/{work.link.notes}"
        text = notes.done_in_vain(found, initiator.number)
        draft.note(key, initiator.noted_on, draft.counted(text, initiator.noted_on))


def _was_to_be_canceled(draft: Draft, work: Work) -> bool:
    """Whether we tried to cancel it, or told that we could not: readers have heard of that."""
    sys_id = work.link.work_order_id
    actions = (intent.action for intent in draft.memory.intents.values())
    is_tried = any(isinstance(a, CancelWorkOrder) and a.work_order_id == sys_id for a in actions)
    versions = range(1, draft.version + 1)
    told = [f"{cancellation_key(sys_id, one)}/not" for one in versions]
    told += [called_off_key(sys_id, work.link.initiator_id, one) for one in versions]
    return is_tried or any(draft.intent(key) for key in told)


def keep_after_all(draft: Draft, work: Work) -> None:
    """The order wants this work order again: a cancellation that was not sent yet, or was refused, is given up. One that a
    person gave up may be intended again, should the order call it off once more."""
    if not work.is_open:
        return  # what a person gave up before it was over stays so
    for intent in _cancellations(draft, work):
        if intent.state is IntentState.PENDING or intent.is_refused:
            draft.withdraw(intent)


def give_up_cancellations(draft: Draft, work: Work, *, is_undecided: bool) -> None:
    """Nobody waits for a refused cancellation of a work order that is over, however that came. While nothing is decided about its
    initiator, as on hold, it may be all that tells that another was to take its place."""
    for intent in _cancellations(draft, work):
        tells = is_undecided and draft.intent(_for_another(intent.key)) is None
        if not work.is_open and intent.state is IntentState.PARKED and not tells:
            draft.withdraw(intent)


def follow_up(
    draft: Draft, initiator: AnyInitiator, work: Work, changes: tuple[Change, ...] = (), *, is_undecided: bool = False
) -> None:
    """What became of a cancellation that did not cancel: refused by Field Service, or too late.

    `changes` are those for which it is to be made anew; without any nobody asks for it any more. Where it `is_undecided` which,
    as on hold, readers are not told before it goes on.
    """
    if work.found is None:
        return
    for intent in _cancellations(draft, work):
        if intent.state is IntentState.PARKED and work.is_open and is_undecided:
            text = notes.not_canceled_yet(work.found, why_refused(intent.error))
            more = f" Field Service said: {intent.error}"
            draft.find(FindingCode.NOT_CANCELED, work.found.number, f"{text}{more}", on=initiator, occasion=intent.key)
        elif intent.state is IntentState.PARKED and work.is_open:
            draft.unlike[work.found.sys_id] = changes, "Field Service did not cancel it"
            text = notes.cancel_refused(work.found, why_refused(intent.error), changes, draft.rules.notes.zone)
            known = [refusal_key(intent.key), *([_for_another(intent.key)] if changes else ())]
            for key in known:
                draft.remember_over(key)
            carries = tuple(map(token_of, known))
            more = f" Field Service said: {intent.error}"
            _not_canceled(draft, initiator, work.found, intent.key, text, more, carries)
        elif intent.state is IntentState.DONE and work.was_carried_out and not is_decided(draft, work, intent.key):
            text = notes.canceled_too_late(work.found)
            _not_canceled(draft, initiator, work.found, intent.key, text)


def _not_canceled(
    draft: Draft,
    initiator: AnyInitiator,
    work_order: WorkOrder,
    key: str,
    text: str,
    more: str = "",
    carries: tuple[str, ...] = (),
) -> None:
    """Told in a note; `more` is for those who look into it."""
    if _lacks_task(draft, initiator, key):
        more += " No order task of it is open on which a fallout could stand."
    draft.find(FindingCode.NOT_CANCELED, work_order.number, f"{text}{more}", on=initiator, occasion=key)
    draft.note(f"{key}/not", initiator.noted_on, draft.counted(text, initiator.noted_on), carries)


def _lacks_task(draft: Draft, initiator: AnyInitiator, key: str) -> bool:
    """Whether this would be a fallout, and nothing is left that it could hold."""
    if FindingCode.NOT_CANCELED not in draft.rules.fallouts or not isinstance(initiator, Initiator):
        return False
    if draft.intent(f"{fallout_mark(key, draft.rules.fsm)}:1") is not None:
        return False
    return task_about(draft, initiator, FindingCode.NOT_CANCELED) is None


def _cancellations(draft: Draft, work: Work) -> list[Intent]:
    return [
        intent
        for token, intent in draft.memory.intents.items()
        if draft.is_wanted(token)
        and isinstance(intent.action, CancelWorkOrder)
        and intent.action.work_order_id == work.link.work_order_id
    ]


def past_ponr(initiator: AnyInitiator) -> bool:
    """Whether nothing about this initiator's work may be changed any more."""
    return initiator.is_past_ponr


def _past_ponr(initiator: AnyInitiator) -> str:
    """Why nothing is changed any more, in words."""
    return f"{initiator.line_number} is past its point of no return"


def _tell_ponr(draft: Draft, initiator: AnyInitiator, work: Work, text: str, what: str) -> None:
    """Say what was not carried; not while a change that was decided before may still arrive."""
    link = work.link
    for intent in draft.open_intents():
        action = intent.action
        if isinstance(action, UpdateWorkOrder | CancelWorkOrder) and action.work_order_id == link.work_order_id:
            return
    occasion = f"ponr/{link.work_order_id}/{what}"
    draft.find(FindingCode.PAST_PONR, link.work_order_number, text, on=initiator, occasion=_besides(occasion))
    tell(draft, initiator, link, f"ponr/{what}", text)


def _besides(note: str) -> str:
    """The occasion of what a note tells: it goes on holding when the note is written, which is an occasion of its own."""
    return f"{note}/holds"
