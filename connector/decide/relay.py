"""What people wrote on one side and the other side should read. Pure.

Technicians and dispatchers write on a work order and its tasks: the readers of its domain order or case are told, in one note
however many they are. Agents write on a domain order, one of its order tasks or a case: each open work order of ours is told.
Notes are private and stay so. What was written before a work order was known is history: on a domain order or case what stands
above its first note, on a work order made by hand what stood there when that note was written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping import notes
from connector.mapping.decisions import is_decision
from connector.mapping.marks import born_key, digest_of, status_key, token_of, tokens_in
from connector.mapping.remarks import Journal, remarks, untold
from connector.model import CancelWorkOrder, Case, Snapshot, WriteFieldNote

if TYPE_CHECKING:
    from datetime import datetime

    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.mapping.remarks import Remark
    from connector.model import DomainOrder, JournalEntry, WorkOrder

    Noted = DomainOrder | Case

_SHOWN = 5  # remarks in one note; of earlier ones it says how many


def relay(draft: Draft, record: Noted) -> None:
    """Carry what people wrote about the work orders of a domain order or case, both ways."""
    work = draft.work_of(record)
    if draft.rules.notes.from_field:
        _tell_order(draft, record, work)
    for one in work:
        if draft.rules.notes.to_field and one.link.is_ours and one.found is not None:
            _tell_field(draft, record, one, one.found)


def earlier_remarks(draft: Draft, record: Noted, work_order: WorkOrder) -> tuple[str, ...]:
    """The tokens of what stands on a work order somebody made by hand when it is first told of."""
    found = _from_field(draft, record, work_order)
    newest = {number: max(one.rank for one in found if one.number == number) for number in {o.number for o in found}}
    last = [one for one in found if one.rank == newest[one.number]]
    return tuple(dict.fromkeys(token for one in last for token in (*one.tokens, one.before)))


def last_word(draft: Draft, record: Noted, work_order: WorkOrder) -> tuple[str, tuple[str, ...]]:
    """Why a visit came to nothing, unless it was told before, with the tokens of who tells it now."""
    if not draft.rules.notes.from_field or work_order.sys_id not in draft.seen.field_journals:
        return work_order.reason, ()
    found = [r for r in _from_field(draft, record, work_order) if r.text == work_order.reason]
    if not found:
        return work_order.reason, ()
    new = untold(found, draft.told())
    return (work_order.reason, new[-1].tokens) if new else ("", ())


def _tell_order(draft: Draft, record: Noted, work: list[Work]) -> None:
    known = draft.told()
    said: list[tuple[WorkOrder, Remark]] = []
    for one in work:
        if one.found is not None and one.found.sys_id in draft.seen.field_journals:
            new = untold(_from_field(draft, record, one.found), known)
            said += [(one.found, remark) for remark in new]
    if not said:
        return
    # Who acts on the end of a visit should have read everything about it.
    goes_on = all(work_order.state.phase.is_open for work_order, _ in said)
    if goes_on and _wait(draft, [remark for _, remark in said], draft.seen.here_at):
        return
    said.sort(key=lambda pair: (pair[1].at, pair[0].number))
    shown, earlier = said[-_SHOWN:], said[:-_SHOWN]
    carries = _names([remark for _, remark in shown], [remark for _, remark in earlier])
    lines = [notes.said_in_field(work_order, remark, draft.rules.notes.zone) for work_order, remark in shown]
    text = notes.digest(lines, len(earlier), "in Field Service")
    key = f"heard/{record.sys_id}/{digest_of(dict.fromkeys(carries, ''))}"
    draft.note(key, record, text, carries)


def _wait(draft: Draft, new: list[Remark], read_at: datetime | None) -> bool:
    """Whether the first of these is so young that others are waited for; then there is another look when that is over.

    `read_at` is the moment by the clock of the instance they stand on. A moment nobody understands, or one that is far ahead
    because that clock was put right, is not waited for.
    """
    window, first = draft.rules.notes.digest, min((moment for one in new if (moment := one.moment)), default=None)
    if first is None or read_at is None or abs(read_at - first) >= window:
        return False
    draft.waited_for |= {one.number for one in new}
    draft.look_again(draft.now and draft.now + window - (read_at - first))
    return True


def _names(shown: list[Remark], earlier: list[Remark]) -> tuple[str, ...]:
    """The tokens of a note that shows some remarks, and of others, on the same records, says only how many they are."""
    names = [token for one in shown for token in one.tokens]
    for number in dict.fromkeys(one.number for one in earlier):
        first = min((one for one in shown if one.number == number), key=lambda one: one.rank, default=None)
        counted = [one for one in earlier if one.number == number]
        if first is None or any(one.rank >= first.rank for one in counted):
            last = max(counted, key=lambda one: one.rank)
            names += [last.before, *(token for one in counted if one.rank == last.rank for token in one.tokens)]
        else:
            names.append(first.before)
    return tuple(dict.fromkeys(names))


def _from_field(draft: Draft, record: Noted, work_order: WorkOrder) -> list[Remark]:
    """What people wrote on a work order and its tasks. A task's own note counts before the copy of it on the work order."""
    said = draft.seen.field_journals
    records = [*((task.sys_id, task.number) for task in work_order.tasks), (work_order.sys_id, work_order.number)]
    journals = [Journal(sys_id, number, said.get(sys_id, ())) for sys_id, number in records]
    there = draft.seen.journals.get(record.sys_id, ())
    return remarks(record.sys_id, journals, there, draft.rules.notes.left_out)


def _tell_field(draft: Draft, record: Noted, work: Work, work_order: WorkOrder) -> None:
    """The dispatcher and the technician read what the agents wrote since the work order exists, while it is open."""
    if not work.is_open or work.link.withdrawn or _is_being_canceled(draft, work_order):
        _withdraw(draft, work_order)
        return
    if work_order.sys_id not in draft.seen.field_journals:
        return  # nobody has written since it was read; what was passed on already stands there
    birth = _birth(draft, record, work)
    if birth is None:
        return  # its first note comes first: only what stands below that is meant for this work order
    new = untold(_from_order(draft, record, work, birth), draft.told())
    if not new or _wait(draft, new, draft.seen.there_at):
        return
    shown, earlier = new[-_SHOWN:], new[:-_SHOWN]
    carries = _names(shown, earlier)
    where = "in Customer Service" if isinstance(record, Case) else "in Order Management"
    lines = [notes.said_in_order(remark, where, draft.rules.notes.zone) for remark in shown]
    text = notes.digest(lines, len(earlier), where)
    key = f"heard/{work_order.sys_id}/{digest_of(dict.fromkeys(carries, ''))}"
    draft.do(WriteFieldNote(key, work_order.sys_id, work_order.number, text, carries))


def _from_order(draft: Draft, record: Noted, work: Work, birth: JournalEntry) -> list[Remark]:
    """What agents wrote on a domain order, the order task a work order is for, or a case, since it was first told of there."""
    said, rules, work_order = draft.seen.journals, draft.rules, work.found
    assert work_order is not None
    words = rules.decisive_words if isinstance(draft.seen, Snapshot) else (draft.decisive_words,)
    records = [(t.sys_id, t.number) for t in draft.seen.order_tasks if t.sys_id == work.link.initiator_id]
    records.append((record.sys_id, record.number))
    journals = [Journal(sys_id, number, said.get(sys_id, ())) for sys_id, number in records]
    here = [
        entry
        for sys_id in (work_order.sys_id, *(task.sys_id for task in work_order.tasks))
        for entry in draft.seen.field_journals.get(sys_id, ())
    ]
    return [
        one
        for one in remarks(work_order.sys_id, journals, here, rules.notes.left_out)
        if (one.rank >= birth.rank if one.number == record.number else one.at >= birth.at)
        and not any(is_decision(one.text, word) for word in words)
    ]


def _birth(draft: Draft, record: Noted, work: Work) -> JournalEntry | None:
    """The first note about a work order that the journal there shows; the last one where the first is lost."""
    link = work.link
    born = token_of(born_key(link.work_order_id))
    last = token_of(status_key(link.work_order_id, link.notes, link.noted.value)) if link.noted else born
    entries = draft.seen.journals.get(record.sys_id, ())
    return next((e for token in (born, last) for e in entries if token in tokens_in(e.text)), None)


def _is_being_canceled(draft: Draft, work_order: WorkOrder) -> bool:
    return any(
        isinstance(action, CancelWorkOrder) and action.work_order_id == work_order.sys_id for action in draft.intended()
    )


def mark_heard(draft: Draft) -> None:
    """Remember up to which count of updates the journals of a work order's records were read to the end."""
    said, noted = draft.seen, {one.sys_id: one for one in draft.seen.noted}
    if said.there_at is None:
        return  # journals were read for a person's decision alone
    order_tasks = {task.sys_id: task for task in said.order_tasks}
    read = {*said.journals, *said.field_journals} - said.fresh
    for link in list(draft.links.values()):
        found = draft.work_orders.get(link.work_order_id)
        ours = (found, *(found.tasks if found else ()))
        theirs = (noted.get(link.domain_order_id), order_tasks.get(link.initiator_id))
        heard = [r for r in (*ours, *theirs) if r and r.sys_id in read and r.number not in draft.waited_for]
        counts = {record.sys_id: record.mod_count for record in heard if record.mod_count >= 0}
        if not counts.items() <= link.heard.items():
            draft.remember(replace(link, heard={**link.heard, **counts}))


def _withdraw(draft: Draft, work_order: WorkOrder) -> None:
    """Nobody reads a work order that is over, and some instances refuse to write on it."""
    for intent in list(draft.memory.intents.values()):
        action = intent.action
        if (
            isinstance(action, WriteFieldNote)
            and action.work_order_id == work_order.sys_id
            and intent.state.may_be_withdrawn
        ):
            draft.withdraw(intent)
