"""A feed: what changed in one table since a moment, told apart from what was changed. Says nothing of orders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.errors import Denied
from connector.servicenow.query import Op, Query
from connector.servicenow.table import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connector.servicenow.table import Row, TableApi


@dataclass(frozen=True, slots=True)
class Feed:
    """One table to watch. `columns` are those that lead from a row to its order."""

    table: str
    columns: tuple[str, ...]
    only: Query = field(default_factory=Query)

    def fingerprint(self, instance: str) -> str:
        """A cursor is only valid for the same instance and question: other columns may lead to other orders."""
        text = f"{instance} {self.table} {self.only} {' '.join(self.columns)}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def since(self, moment: datetime) -> Query:
        """The question a cursor asks."""
        return self.only.where("sys_updated_on", Op.FROM, stamp(moment))

    def read(self, api: TableApi, since: datetime | None, *, page: int | None = None) -> Iterator[Row]:
        """Rows updated at or after `since` (all rows when None), oldest first, with the columns a cursor needs.

        Ends at the instance's own clock as it was when the first page was read.
        """
        query = self.since(since) if since is not None else self.only
        columns = ["sys_mod_count", *self.columns]
        for row in api.scan(self.table, query, columns, by_update=True, until_now=True, display=False, page=page):
            if "sys_mod_count" not in row.values:
                raise Denied(
                    f"{api.endpoint.name}: the column 'sys_mod_count' of {self.table} cannot be read.",
                    hint="Without it a changed record cannot be told from one that was read before.",
                    instance=api.endpoint.name,
                )
            yield row
