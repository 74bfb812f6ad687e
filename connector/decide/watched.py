"""Work orders that people made by hand. Pure.

The connector never edits one, so whoever reads the domain order must hear what the order wants otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.change import tell_done_in_vain
from connector.decide.stance import Stance
from connector.decide.unlike import is_newer_than_memory, is_told, tell_next
from connector.mapping import notes
from connector.mapping.compensation import Compensation
from connector.mapping.facts import facts_of, unshown
from connector.mapping.marks import called_off_key, digest_of
from connector.model import FindingCode, Initiator, Origin

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator, Change, WorkOrder


def watch(draft: Draft, initiator: AnyInitiator, stance: Stance) -> None:
    """Tell of what a work order made by hand does not know: that its initiator is canceled, or has changed."""
    for work in draft.work_of_initiator(initiator):
        if work.link.origin is not Origin.BY_HAND or work.found is None or not isinstance(initiator, Initiator):
            continue
        if stance is Stance.CANCEL:
            _tell_called_off(draft, initiator, work, work.found)
            tell_done_in_vain(draft, initiator, work)
        elif stance is Stance.FULFIL and work.is_open:
            _tell_changes(draft, initiator, work, work.found)


def _tell_called_off(draft: Draft, initiator: Initiator, work: Work, found: WorkOrder) -> None:
    if work.is_open:
        text = notes.watched_called_off(found, initiator.number)
        draft.find(FindingCode.NOT_CANCELED, found.number, text)
        key, record = called_off_key(found.sys_id, initiator.sys_id, draft.version), initiator.noted_on
        draft.note(key, record, draft.counted(text, record))


def _tell_changes(draft: Draft, initiator: Initiator, work: Work, found: WorkOrder) -> None:
    """Compared with what the order said when it was looked at before, and, where memory was lost or is old, with what readers
    heard last."""
    link, facts, zone = work.link, facts_of(initiator), draft.rules.notes.zone
    if _is_not_shown_whole(draft, initiator, work):
        return
    fields = draft.rules.fields_for(initiator)
    now = f"changed/{digest_of(fields.desired(facts))}"
    told = tuple(change for change in fields.changes(link.carried, facts) if change.columns) if link.carried else ()
    loud = {change.what: change.after for change in told if not _is_quiet(draft, initiator, work, change)}
    that = f"changed/{digest_of(loud)}"
    if loud and not is_told(draft, link, now) and not is_told(draft, link, that):
        tell_next(draft, initiator, link, notes.watched_changed(found, initiator.number, told, zone), now, that)
    elif not loud and is_newer_than_memory(draft, link) and not is_told(draft, link, now):
        tell_next(draft, initiator, link, notes.watched_since(found, initiator.number), now)
    if link.carried != facts:
        draft.remember(replace(link, carried=facts))


def _is_not_shown_whole(draft: Draft, initiator: Initiator, work: Work) -> bool:
    """Whether what is missing may only not be readable: nothing is concluded from that."""
    lacks = bool(work.link.carried.get("characteristics")) and not initiator.line.characteristics
    return lacks or bool(unshown(initiator)) or initiator.sys_id in draft.undecided


def _is_quiet(draft: Draft, initiator: Initiator, work: Work, change: Change) -> bool:
    """Whether nobody would be told, were it one of the connector's."""
    table = draft.rules.compensations
    if table is None or work.found is None:
        return False
    state, template = work.found.state.label, work.link.template
    how, _ = table.decide([change], state=state, specification=initiator.about, template=template)
    return how is Compensation.PATCH
