"""By what the record of a reference is known on the Field Service instance: a column of a key that is not there finds nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.discover.choose import choose_column
from connector.profile import UNSETTLED, Lookup
from connector.servicenow.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.discover.evidence import Evidence
    from connector.mapping.references import Lookup as Reference
    from connector.servicenow.columns import TableColumns
    from connector.servicenow.table import TableApi


@dataclass(slots=True)
class _Described:
    """The columns of tables, each read once."""

    api: TableApi
    tables: dict[str, TableColumns] = field(default_factory=dict)

    def read(self, tables: Iterable[str]) -> None:
        """Ask for those that were not asked for yet. Raises a RemoteError."""
        if missing := sorted({*tables} - self.tables.keys()):
            self.tables |= columns_of(self.api, missing)

    def lacks(self, table: str, path: str) -> bool:
        """Whether a column, dot-walked where needed, is surely missing or closed to the user. Raises a RemoteError."""
        self.read([table])
        said = self.tables[table]
        name, _, rest = path.partition(".")
        column = said.columns.get(name)
        if column is None:
            return said.is_known
        return bool(rest and column.reference) and self.lacks(column.reference, rest)


@dataclass(frozen=True, slots=True)
class Verified:
    """A reference as it may be looked up, why, and what a person should know of it."""

    lookup: Lookup
    why: str = ""
    remarks: tuple[str, ...] = ()


def verify_keys(api: TableApi, references: Mapping[str, Reference], found: Evidence) -> dict[str, Verified]:
    """The references without the keys that nothing can be found by. Raises a RemoteError."""
    described = _Described(api)
    described.read(one.table for one in references.values())
    for table, said in described.tables.items():
        if not said.exists:
            found.unreadable[f"table {table}"] = "references to its records stay empty"
        elif not said.is_known:
            found.unreadable[f"columns of {table}"] = "they are taken from the configuration, unverified"
    verified = {column: _verified(one, described) for column, one in references.items()}
    found.facts |= {f"reference {column}": one.lookup.described for column, one in verified.items()}
    return verified


def _verified(reference: Reference, described: _Described) -> Verified:
    table, shown_as, why = reference.table, reference.shown_as, ""
    if described.lacks(table, shown_as):
        chosen = choose_column("reference", "name", shown_as, described.tables[table], {}, optional=False)
        shown_as, why = chosen.column, chosen.why
    keys: list[str] = []
    remarks: list[str] = []
    for one in reference.by:
        columns = [shown_as if column == reference.shown_as else column for column in one]
        missing = [column for column in columns if column == UNSETTLED or described.lacks(table, column)]
        if missing:
            remarks.append(f"{table} has no column {', '.join(missing)}: nothing is found by {' + '.join(one)}")
        else:
            keys.append(" + ".join(columns))
    return Verified(Lookup(table=table, by=shown_as, keys=tuple(keys) or (UNSETTLED,)), why, tuple(remarks))
