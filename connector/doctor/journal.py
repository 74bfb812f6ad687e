"""Can notes be read back, are keys honored: what keeps anything from being doubled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.mapping.marks import WorkOrderKey, sys_id_of
from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView


def _entries(side: SideView) -> int | None:
    """How many journal entries can be seen; None where the table is closed."""
    query = Query().where("element", Op.IS, side.schema.notes)
    try:
        rows, _ = page(side.api, "sys_journal_field", str(query), ["element_id", "value"], 1)
    except REFUSED:
        return None
    return len([row for row in rows if "value" in row])


def _readable(side: SideView) -> Seen:
    entries = _entries(side)
    if entries:
        return fine("journal entries can be read")
    table = side.schema.tables["domain_order" if side.name == "om" else "work_order"]
    row = side.newest(table, [])
    shown = side.api.read_one(table, row["sys_id"], [side.schema.notes]) if row else None
    if entries is None or (shown is not None and shown.display(side.schema.notes)):
        return warning("no journal entry can be read: the form's own display of the notes is searched instead")
    return unknown("no journal entry was seen yet")


def _shown(side: SideView) -> Seen:
    table = side.schema.tables["domain_order" if side.name == "om" else "work_order"]
    row = side.newest(table, [side.schema.notes])
    if not row:
        return unknown(f"no record of {table} to look at")
    if side.schema.notes in row:
        return fine("the notes of a record can be read as a form shows them")
    return failed(f"{table}.{side.schema.notes} cannot be read")


def _chosen_ids(patient: Patient) -> Seen:
    ours = [(sys_id, key) for sys_id, key in patient.marked if WorkOrderKey.parse(key)]
    if not ours:
        return unknown("the connector has created no work order yet")
    kept = sum(sys_id == sys_id_of(key) for sys_id, key in ours)
    if kept < len(ours):
        return warning(
            f"{len(ours) - kept} of the {len(ours)} newest work orders did not get the sys_id that was chosen"
        )
    return fine(f"the {len(ours)} newest work orders have the sys_id that was chosen")


def _unique(patient: Patient) -> Seen:
    counts = Counter(key for _, key in patient.marked if WorkOrderKey.parse(key))
    twice = sorted(key for key, count in counts.items() if count > 1)
    return (
        failed(f"{len(twice)} marks are on more than one work order: {twice[0]}")
        if twice
        else fine("no mark is there twice")
    )


CHECKS = (
    Check(
        "journal.readable",
        "Journal entries can be read",
        "After an unclear answer a note is searched for before it is sent again; "
        "reasons given in the field are quoted from there.",
        "Give the user an ACL to read sys_journal_field.",
        of_side=_readable,
    ),
    Check(
        "journal.shown",
        "Notes can be read as a form shows them",
        "Where the journal table is closed this is how a note is found again; "
        "with neither, notes are not believed to have arrived.",
        "Give the user the right to read work notes.",
        of_side=_shown,
    ),
    Check(
        "keys.sys_id",
        "A sys_id the connector chooses is kept",
        "A repeated insert then collides instead of doubling; without it a creation whose answer is lost is only repeated "
        "where a look for its mark shows other work orders and not this one.",
        "Nothing must be done where the connector's user sees all work orders. An ACL on create of sys_id lets it choose.",
        only="fsm",
        of_pair=_chosen_ids,
    ),
    Check(
        "keys.unique",
        "No mark is on two work orders",
        "Somebody copied a work order of the connector's, or it was created twice: the gate waits for both.",
        "Look at both, close one, and empty its correlation_id.",
        (Suite.FIRST, Suite.POST_CLONE),
        only="fsm",
        of_pair=_unique,
    ),
)
