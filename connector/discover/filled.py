"""What a work order is filled with: which of its columns, the records they refer to, and what their choices are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.discover.choose import choose_column
from connector.discover.keys import verify_keys
from connector.mapping.choices import agreed, translated
from connector.profile import FILLED, UNSETTLED
from connector.servicenow.schema import state_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.discover.evidence import Evidence
    from connector.mapping.references import Lookup as Reference
    from connector.profile import Lookup, Names
    from connector.servicenow.columns import TableColumns
    from connector.servicenow.table import TableApi

PRIORITY = "priority"
_WITH_PRIORITY = ("domain_order", "order_task", "case")  # each may have a list of its own


@dataclass(frozen=True, slots=True)
class Filled:
    """The columns by their default names, and why they are called as they are (by the path of a setting)."""

    fields: dict[str, str]
    references: dict[str, Lookup]
    values: dict[str, dict[str, str]]
    reasons: dict[str, str]
    remarks: list[str]


def find_filled(
    om: tuple[TableApi, Names], fsm: tuple[TableApi, Names], lookups: Mapping[str, Reference], found: Evidence
) -> Filled:
    """Read what the work orders of this Field Service can say. Raises a RemoteError."""
    api, names = fsm
    said = found.columns[names.tables["work_order"]]
    filled = Filled({}, {}, {}, {}, [])
    for column in sorted(FILLED):
        filled.fields[column] = _column(column, said, found, filled)
    for column in sorted({*FILLED, *lookups} & said.columns.keys()):
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
    _read_priorities(om, api, said, found, filled)
    return filled


def _column(column: str, said: TableColumns, found: Evidence, filled: Filled) -> str:
    chosen = choose_column("field", column, column, said, {}, optional=True)
    if not said.is_known or chosen.column == column:
        return column
    if chosen.column in ("", UNSETTLED):
        filled.remarks.append(f"fsm: work orders have no column {column!r}; it is not carried")
    else:
        found.facts[f"filled {column}"] = chosen.column
    filled.reasons[f"fsm.fields.{column}"] = chosen.why or "there is no such column: work orders do not say it"
    return chosen.column


def om_priorities(api: TableApi, names: Names) -> dict[str, str]:
    """Stored value -> label, of whatever has a priority in Order Management; "" where two of its tables differ. Empty where
    that cannot be read. Raises a RemoteError."""
    asked = {
        names.tables[kind]: column
        for kind in _WITH_PRIORITY
        if kind in names.tables and (column := names.columns[kind].get(PRIORITY, "")) not in ("", UNSETTLED)
    }
    return agreed(tuple(state_choices(api, asked).values())) if asked else {}


def _read_priorities(
    om: tuple[TableApi, Names], fsm_api: TableApi, said: TableColumns, found: Evidence, filled: Filled
) -> None:
    """A stored priority of the one instance may mean something else on the other: what they have in common is the label."""
    column = filled.fields[PRIORITY]
    if column in ("", UNSETTLED) or not (ours := om_priorities(*om)):
        return
    theirs = state_choices(fsm_api, {said.table: column})[said.table]
    found.facts |= {f"priority {value}": label for value, label in theirs.items()}
    found.facts |= {f"priority of om {value}": label for value, label in ours.items()}
    stored = translated(ours, theirs)
    if not stored:
        return
    filled.values[PRIORITY] = stored
    for value, there in stored.items():
        where = f"fsm.values.{PRIORITY}.{value}"
        filled.reasons[where] = (
            f"{ours[value]!r} is {theirs[there]!r}" if there else f"nothing is called {ours[value]!r}"
        )
        if not there:
            filled.remarks.append(
                f"fsm.values.{PRIORITY}: nothing is called {ours[value] or value!r} there; that priority is not carried"
            )
