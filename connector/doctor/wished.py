"""What only some configurations write: the planned end of order tasks, and fallouts. Can it be written there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine
from connector.doctor.columns import read_only, writable
from connector.doctor.roles import RAISES_FALLOUTS, SETTLES_FALLOUTS
from connector.errors import Denied, NotFound, Rejected
from connector.servicenow.lean import page
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView

_ASK = (
    f"Ask an administrator for the roles {RAISES_FALLOUTS} and {SETTLES_FALLOUTS}; or leave out [fallout] kinds, "
    "if nothing is to become a fallout."
)
_WHEN = (Suite.FIRST, Suite.POST_UPGRADE)


def _planned_end(patient: Patient) -> Seen:
    column, om = patient.settings.jeopardy.write_end_to, patient.om
    if not column:
        return fine("no planned end is written to order tasks")
    table = om.schema.tables["order_task"]
    if wrong := _closed(om, "order_task"):
        return failed(wrong)
    return writable(om, table)


def _fallouts(patient: Patient) -> Seen:
    settings, api = patient.settings.fallout, patient.om.api
    kinds = sorted(kind.value for kind in patient.settings.fallout_kinds)
    if not kinds:
        return fine("nothing becomes a fallout")
    table = settings.db_schema.tables["fallout"]
    columns = settings.db_schema.columns
    try:
        page(api, table, "", [columns["names"]], 1)
    except Denied as error:
        return failed(f"{table} may not be read: {error}", _ASK)
    except (NotFound, Rejected) as error:
        return failed(f"there is no table {table}, or it is closed to the user: {error}")
    if wrong := _closed(patient.om, "fallout"):
        return failed(wrong)
    return _type_of_fallouts(
        patient, f"{table} can be read, for {', '.join(kinds)}; whether records can be made is seen then"
    )


def _type_of_fallouts(patient: Patient, otherwise: str) -> Seen:
    schema = patient.settings.fallout.db_schema
    if not schema.type:
        return fine(otherwise)
    table = schema.tables["type"]
    try:
        _, found = page(
            patient.om.api, table, str(Query().where(schema.columns["type_name"], Op.IS, schema.type)), ["sys_id"], 2
        )
    except Denied as error:
        return failed(f"the fallout type {schema.type!r} may not be looked up: {error}", _ASK)
    except (NotFound, Rejected) as error:
        return failed(f"the fallout type {schema.type!r} cannot be looked up: {error}")
    return fine(otherwise) if found == 1 else failed(f"{found} fallout types are named {schema.type!r}, one is needed")


def _closed(om: SideView, part: str) -> str:
    """What is written to these records and cannot be, as far as anybody tells; empty where nothing speaks against it."""
    wrong: list[str] = []
    for write in (write for write in om.writes if write.part == part):
        said = om.columns_of(write.table)
        if said.is_known:
            wrong += [f"{write.table}.{column} is not there" for column in write.columns if column not in said.columns]
            shut = read_only(write, om.described(write.table))
            wrong += [f"{write.table}.{column} is read-only for the user" for column in shut]
    return "; ".join(wrong)


CHECKS = (
    Check(
        "planned_end.writable",
        "The planned end of order tasks can be written, where that is wanted",
        "The platform's own jeopardy would not see when visits end.",
        'Name a date column of order tasks under [jeopardy] write_end_to, or ""; ask for the right to write order tasks.',
        _WHEN,
        of_pair=_planned_end,
    ),
    Check(
        "fallouts.usable",
        "Fallouts can be raised and settled, where they are wanted",
        "What cannot be carried out would hold no order task, and nobody but `om-fsm status` would say so.",
        "Activate Fallout Management or leave out [fallout] kinds; name its tables, columns and type as this instance does.",
        _WHEN,
        of_pair=_fallouts,
    ),
)
