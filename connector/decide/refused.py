"""Columns that Field Service did not take: they may say it by now, or be worth another try. Pure.

situation of a column that was not taken                      | plan
--------------------------------------------------------------+-----------------------------------------------
the work order says by now what was wanted                    | no longer refused; a note, where readers were told
the same, while an update of ours is still under way          | nothing: the update knows what became of it
the work order is over                                        | nothing: nobody waits for it, no finding
the record it refers to is known in Field Service by now      | write it again, once; finding until it is taken
the work order is in another state than at the last try       | the same: what may be written depends on the state
neither; or it was cut, which no state changes                | finding; asked again every few hours where a record is missing
memory is lost                                                | finding for what is empty and should not be
somebody entered something else in Field Service meanwhile    | the same: it is not written over
that try was refused outright (parked)                        | withdrawn, once there is another reason or nothing to wait for
past the point of no return, on hold, canceled                | finding
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.decide.warn import going_on
from connector.mapping import notes
from connector.mapping.fields import is_same
from connector.mapping.marks import digest_of
from connector.model import Change, FindingCode, IntentState, UpdateWorkOrder

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.mapping.fields import FieldMap
    from connector.model import AnyInitiator, Case, DomainOrder, Intent, Link, WorkOrder

_ASK_AGAIN = timedelta(hours=4)  # nothing tells that a record was created in Field Service


def wanted_there(link: Link, fields: FieldMap) -> dict[str, str]:
    """The columns that were not taken, with what they should say; none where it is not known what was carried."""
    if not link.carried:
        return {}
    wanted = fields.desired(link.carried)
    return {column: wanted.get(column, "") for column in link.refused}


def try_again(draft: Draft, initiator: AnyInitiator, work: Work) -> None:
    """Write what was not taken once more, where there is a reason to believe that it will be taken now."""
    found, link = work.found, draft.links[work.link.work_order_id]
    missing = _missing(draft, work)
    if found is None or not missing or not found.state.phase.is_open or initiator.is_past_ponr:
        return
    known = {column for column in missing if found.resolves.get(column) == ""}
    if any(found.resolves.get(column) for column in missing) and draft.now is not None:
        draft.look_again(draft.now + _ASK_AGAIN)
    now = (found.state.value, *sorted(known))
    before = link.tried or now  # what was known when it was not taken is no reason to hope
    link = replace(link, left={c: link.left.get(c, found.fields.get(c, "")) for c in link.refused})
    is_worth_it = now[0] != before[0] or not known <= set(before[1:])
    columns = {
        column: text
        for column, text in missing.items()
        if _may_be_taken(found, column, text) and is_same(found.fields[column], link.left[column])
    }
    if is_worth_it and columns:
        _write(draft, initiator, work, columns, now)
        draft.remember(link)
    else:
        draft.remember(replace(link, tried=now if is_worth_it else before))


def _write(draft: Draft, initiator: AnyInitiator, work: Work, columns: dict[str, str], now: tuple[str, ...]) -> None:
    """One write at a time, and one for each reason."""
    found, link = work.found, work.link
    assert found is not None
    number = link.updates + 1
    changes = tuple(Change(column, found.fields.get(column, ""), text) for column, text in columns.items())
    while (intent := draft.intent(f"update/{found.sys_id}/{number}")) is not None:
        if intent.state.is_open or (isinstance(intent.action, UpdateWorkOrder) and intent.action.tried == now):
            return
        if not _is_refused_try(intent, found.sys_id):
            number += 1
            continue
        draft.withdraw(intent)
    draft.do(
        UpdateWorkOrder(
            key=f"update/{found.sys_id}/{number}",
            work_order_id=found.sys_id,
            work_order_number=found.number,
            version=draft.version,
            mod_count=found.mod_count,
            changes=changes,
            facts=dict(link.carried),
            fields=columns,
            line_id=initiator.line_id,
            flag=going_on(draft, initiator, found, changes, check=False),
            tried=now,
        )
    )


def tell_refused(draft: Draft, record: DomainOrder | Case, work: Work) -> None:
    """A finding while something is missing; no more of it, and a note, when a person or Field Service has put it right."""
    found, link = work.found, draft.links[work.link.work_order_id]
    if found is None:
        return
    if not link.refused:
        _give_up(draft, found, link)
        return
    missing = None if draft.is_updating(found.sys_id) else _missing(draft, work)
    left = tuple(c for c in link.refused if c in missing) if missing is not None else link.refused
    _give_up(draft, found, replace(link, refused=left))
    if right := [column for column in link.refused if column not in left]:
        draft.remember(replace(link, refused=left))
        if found.state.phase.is_open:
            key = f"right/{found.sys_id}/{link.updates}/{digest_of(dict.fromkeys(right, ''))}"
            (still_open, total), zone = draft.counts(record), draft.rules.notes.zone
            said = [Change(column, text := found.fields[column], text) for column in right]
            text = notes.taken(found, said, left, zone=zone, still_open=still_open, total=total)
            draft.note(key, record, text)
    if left and found.state.phase.is_open:
        text = notes.not_said(found, left)
        occasion = f"refused/{found.sys_id}/{link.refused_at}"
        draft.find(
            FindingCode.NOT_APPLIED, found.number, text, on=draft.initiator(link.initiator_id), occasion=occasion
        )


def _give_up(draft: Draft, found: WorkOrder, link: Link) -> None:
    """A try that was refused outright waits for nobody when all it was for is there, or the work order is over; nor does any
    update after which a later one was carried: that one says everything."""
    left = link.refused if found.state.phase.is_open else ()
    for token, intent in draft.memory.intents.items():
        match intent.action:
            case UpdateWorkOrder(work_order_id=of) as action if of == found.sys_id:
                is_done = bool(action.tried) and set(left).isdisjoint(action.fields)
                is_refused = intent.state is IntentState.PARKED and draft.is_wanted(token)
                if is_refused and (is_done or action.number <= link.updates):
                    draft.withdraw(intent)
            case _:
                pass


def _is_refused_try(intent: Intent, work_order_id: str) -> bool:
    match intent.action:
        case UpdateWorkOrder(work_order_id=of, tried=tried) if of == work_order_id:
            return bool(tried) and intent.state is IntentState.PARKED
        case _:
            return False


def _missing(draft: Draft, work: Work) -> dict[str, str] | None:
    """What the work order should say and does not, by column; None where nobody knows what it should say."""
    initiator, found = draft.initiator(work.link.initiator_id), work.found
    if initiator is None or found is None or not work.link.carried:
        return None
    wanted = wanted_there(draft.links[work.link.work_order_id], draft.rules.fields_for(initiator))
    return {column: text for column, text in wanted.items() if not says(found, column, text)}


def says(found: WorkOrder, column: str, text: str) -> bool:
    """Whether a work order says this already, whoever wrote it."""
    shown = found.fields.get(column)  # its template and our marks are not among the mapped columns
    if shown is None:
        return False
    return is_same(shown, text) or (column in found.resolves and shown.strip().casefold() == text.strip().casefold())


def _may_be_taken(found: WorkOrder, column: str, text: str) -> bool:
    shown = found.fields.get(column)
    is_cut = bool(shown) and text.startswith(str(shown))
    return shown is not None and not is_cut and not found.resolves.get(column)
