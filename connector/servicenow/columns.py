"""Which columns the tables of an instance have, as far as it says so: sys_dictionary over the class chain, else what its own
user interface is told (`/api/now/ui/meta`), else nobody knows. A column that may not be read looks like one that is not there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.errors import Denied, SchemaMismatch
from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import chains_in, class_parents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from connector.servicenow.table import Row, TableApi

DICTIONARY, META = "sys_dictionary", "ui/meta"
_ASKED = ("name", "element", "column_label", "internal_type", "reference", "max_length", "read_only")


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the instance describes it. `max_length` 0: it does not say."""

    name: str
    label: str = ""
    kind: str = ""
    reference: str = ""
    max_length: int = 0
    read_only: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)  # stored value -> label, in the user's language


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table, inherited ones too, and who says so; nobody (`source` is empty) where it may not be asked."""

    table: str
    chain: tuple[str, ...]
    columns: Mapping[str, Column]
    source: str = ""
    exists: bool = True

    @property
    def is_known(self) -> bool:
        """Whether a column that is not here is surely missing, or closed to the user."""
        return bool(self.source)

    @property
    def looks_like_a_view(self) -> bool:
        """A database view: its columns carry the prefixes of its tables, and it can only be read."""
        return any(name.endswith("_sys_id") for name in self.columns) and "sys_updated_on" not in self.columns


def columns_of(
    api: TableApi, tables: Sequence[str], only: Collection[str] = (), *, parents: Mapping[str, str] | None = None
) -> dict[str, TableColumns]:
    """The columns of each table, all of them or `only` these names; `parents` where the class tree was read already.

    Raises a RemoteError.
    """
    parents = class_parents(api, tables) if parents is None else parents
    chains = chains_in(parents, tables)
    every = sorted({name for chain in chains.values() for name in chain})
    base = Query().where("element", Op.IN, *sorted(only)) if only else Query().where("element", Op.NOT_EMPTY)
    by_table: dict[str, dict[str, Column]] = {}
    with contextlib.suppress(*REFUSED):
        for row in api.scan_in("sys_dictionary", "name", every, _ASKED, base=base):
            by_table.setdefault(row.get("name"), {})[row.get("element")] = _of_dictionary(row)
    found: dict[str, TableColumns] = {}
    for table, chain in chains.items():
        inherited: dict[str, Column] = {}
        for name in reversed(chain):
            inherited |= by_table.get(name, {})
        # Without the class tree a column that is inherited from between would seem to be missing.
        if inherited and table in parents:
            found[table] = TableColumns(table, chain, inherited, DICTIONARY)
        else:
            found[table] = meta_of(api, table, chain, is_listed=table in parents or not parents)
    return found


def _of_dictionary(row: Row) -> Column:
    length = row.get("max_length").replace(",", "")
    return Column(
        name=row.get("element"),
        label=row.get("column_label"),
        kind=row.get("internal_type"),
        reference=row.get("reference"),
        max_length=int(length) if length.isdecimal() else 0,
        read_only=row.get("read_only") == "true",
    )


def meta_of(api: TableApi, table: str, chain: tuple[str, ...] = (), *, is_listed: bool = True) -> TableColumns:
    """The columns of a table as the instance's own user interface is told them. Raises a RemoteError."""
    try:
        result = api.get(f"/api/now/ui/meta/{quote(table, safe='')}")
        columns = {str(name): _described(str(name), said) for name, said in result["columns"].items()}
    except REFUSED as error:
        return TableColumns(table, chain, {}, exists=is_listed or isinstance(error, Denied))
    except (TypeError, KeyError, AttributeError):
        return TableColumns(table, chain, {})
    return TableColumns(table, chain, columns, META if columns else "")


def _described(name: str, said: Mapping[str, Any]) -> Column:
    return Column(
        name=name,
        label=str(said.get("label", "")),
        kind=str(said.get("type", "")),
        reference=str(said.get("reference", "")),
        max_length=int(said.get("max_length") or 0),
        read_only=bool(said.get("read_only")),
        choices={str(one["value"]): str(one["label"]) for one in said.get("choices", ())},
    )


def require_columns(api: TableApi, needed: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Raise SchemaMismatch where a table or one of its columns is surely not there, closed to the user, or of another type.

    `needed` is table -> column -> type ("boolean", "reference:TABLE"; empty: any).
    What the description lacks is looked for in a record before it is believed to be missing: it may be closed in part.
    Returns the class tree it has read (see schema.py).
    """
    parents = class_parents(api, list(needed))
    asked = {column for columns in needed.values() for column in columns}
    described = columns_of(api, [table for table, columns in needed.items() if columns], asked, parents=parents)
    problems: list[str] = []
    for table, columns in needed.items():
        if not columns:
            continue  # a table that may be missing
        said = described[table]
        if not said.exists:
            problems.append(f"there is no table {table}")
        elif said.is_known and (lacking := _not_in_a_record(api, table, sorted(set(columns) - set(said.columns)))):
            problems.append(f"{table} has no column {', '.join(lacking)} that the user may read")
        problems += _of_another_type(said, columns, parents)
    if problems:
        raise SchemaMismatch(
            f"{api.endpoint.name} is not as it is configured: {'; '.join(problems)}.",
            hint="`om-fsm discover` finds out what they are called there; nothing is written until they are settled.",
            instance=api.endpoint.name,
        )
    return parents


def _of_another_type(said: TableColumns, columns: Mapping[str, str], parents: Mapping[str, str]) -> Iterator[str]:
    """Columns that the instance describes as something else. A reference may be to a class above or below the wanted one."""
    for name, wanted in columns.items():
        kind, _, target = wanted.partition(":")
        column = said.columns.get(name)
        if column is None or not kind or not column.kind:
            continue
        chains = chains_in(parents, [target, column.reference])
        related = column.reference in ("", *chains[target]) or target in chains[column.reference]
        if column.kind != kind:
            yield f"{said.table}.{name} is a {column.kind}, not a {kind}" + (f" to {target}" if target else "")
        elif target and not related:
            yield f"{said.table}.{name} refers to {column.reference}, not to {target}"


def _not_in_a_record(api: TableApi, table: str, columns: list[str]) -> list[str]:
    """Those of these columns that no record shows."""
    if not columns:
        return []
    try:
        rows, _ = page(api, table, "", columns, 1)
    except REFUSED:
        return columns
    return [column for column in columns if not any(column in row for row in rows)]
