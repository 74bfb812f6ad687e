"""What a work order is filled with: which of its columns, the records they refer to, and what their choices are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.discover.choose import choose_column
from connector.discover.keys import verify_keys
from connector.mapping.choices import agreed, translated
from connector.profile import FILLED, UNSETTLED
from connector.servicenow.names import REFUSED
from connector.servicenow.schema import state_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.discover.evidence import Evidence
    from connector.mapping.references import Lookup as Reference
    from connector.profile import Lookup, Names
    from connector.servicenow.columns import TableColumns
    from connector.servicenow.table import TableApi

PRIORITY = "priority"
_WITH_PRIORITY = ("domain_order", "order_task")  # each may have a list of its own


@dataclass(frozen=True, slots=True)
class Filled:
    """The columns by their default names, and why they are called as they are (by the path of a setting)."""

    fields: dict[str, str]
    references: dict[str, Lookup]
    values: dict[str, dict[str, str]]
    reasons: dict[str, str]
    remarks: list[str]


def find_filled(
    om: tuple[TableApi, Names],
    fsm: tuple[TableApi, Names],
    lookups: Mapping[str, Reference],
    found: Evidence,
    *,
    priority_in: str = "",
    with_cases: bool = False,
) -> Filled:
    """Read what the work orders of this Field Service can say. `priority_in` is the column that the configuration fills with
    the priority, where it is not the usual one. Raises a RemoteError."""
    api, names = fsm
    said = found.columns[names.tables["work_order"]]
    filled = Filled({}, {}, {}, {}, [])
    # A column that plays another part is not taken for one that is missing.
    taken = {*FILLED, *names.columns["work_order"].values(), *names.journals.values()}
    free = replace(said, columns={name: one for name, one in said.columns.items() if name not in taken})
    for column in sorted(FILLED):
        filled.fields[column] = _column(column, said, free, found, filled)
    for column in sorted({*FILLED, *filled.fields.values(), *lookups} & said.columns.keys()):
        found.facts[f"field {said.table}.{column}"] = said.columns[column].kind
    called = {filled.fields.get(column, column): lookup for column, lookup in lookups.items()}
    # Templates are looked up whatever the column of work orders is called.
    there = {
        column: lookup
        for column, lookup in {**called, **{c: one for c, one in lookups.items() if c not in FILLED}}.items()
        if column == "template" or (column not in ("", UNSETTLED) and (not said.is_known or column in said.columns))
    }
    for column, one in verify_keys(api, there, found).items():
        filled.references[column] = one.lookup
        filled.reasons.update({f"fsm.references.{column}": one.why} if one.why else {})
        filled.remarks.extend(f"fsm.references.{column}: {what}" for what in one.remarks)
    column = priority_in or filled.fields[PRIORITY]
    if column not in ("", UNSETTLED):
        ours = om_priorities(*om, with_cases=with_cases)
        theirs = _choices(api, {said.table: column}).get(said.table, {})
        _read_priorities(ours, theirs, found, filled)
    return filled


def _column(column: str, said: TableColumns, free: TableColumns, found: Evidence, filled: Filled) -> str:
    if not said.is_known or column in said.columns:
        return column
    already = {*filled.fields.values()}
    left = replace(free, columns={name: one for name, one in free.columns.items() if name not in already})
    chosen = choose_column("field", column, column, left, {}, optional=True)
    if chosen.column in ("", UNSETTLED):
        what = "it is not carried" if not chosen.column else chosen.why
        filled.remarks.append(f"fsm: work orders have no column {column!r}; {what}")
    else:
        found.facts[f"filled {column}"] = chosen.column
    filled.reasons[f"fsm.fields.{column}"] = chosen.why
    return chosen.column


def om_priorities(api: TableApi, names: Names, *, with_cases: bool) -> dict[str, str]:
    """Stored value -> label, of whatever has a priority in Order Management; "" where two of its tables differ. Empty where
    that cannot be read. Raises a RemoteError."""
    asked = {
        names.tables[kind]: column
        for kind in (*_WITH_PRIORITY, *(["case"] if with_cases else []))
        if kind in names.tables and (column := names.columns[kind].get(PRIORITY, "")) not in ("", UNSETTLED)
    }
    return agreed(tuple(_choices(api, asked).values())) if asked else {}


def _choices(api: TableApi, columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Table -> stored value -> label; none where that may not be asked."""
    try:
        return state_choices(api, columns)
    except REFUSED:
        return {}


def _read_priorities(ours: Mapping[str, str], theirs: Mapping[str, str], found: Evidence, filled: Filled) -> None:
    """A stored priority of the one instance may mean something else on the other: what they have in common is the label."""
    found.facts |= {f"priority {value}": label for value, label in theirs.items()}
    found.facts |= {f"priority of om {value}": label for value, label in ours.items()}
    if not (stored := translated(ours, theirs)):
        return
    filled.values[PRIORITY] = stored
    for value, there in stored.items():
        label = ours[value]
        why = f"nothing is called {label!r} there" if label else "two tables of Order Management call it differently"
        filled.reasons[f"fsm.values.{PRIORITY}.{value}"] = f"{label!r} is {theirs[there]!r}" if there else why
        if not there:
            filled.remarks.append(f"fsm.values.{PRIORITY}: {value} is not carried: {why}")
