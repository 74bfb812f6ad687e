"""What the records of some tables are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied, NotFound, Rejected
from connector.servicenow.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.servicenow.table import TableApi

REFUSED = (Denied, NotFound, Rejected)
"""How an instance says that a table cannot be read, or does not exist."""


def names_in(api: TableApi, tables: Iterable[str], column: str) -> frozenset[str] | None:
    """The names of all records of these tables; None where none of the tables can be read, or no column holds them.

    Raises a RemoteError.
    """
    if not column:
        return None
    found: set[str] = set()
    readable = False
    for table in tables:
        try:
            found |= {row.get(column) for row in api.scan(table, Query(), [column], display=False)} - {""}
            readable = True
        except REFUSED:
            continue
    return frozenset(found) if readable else None
