"""A feed: what changed in one table since a moment, told apart from what was changed. Says nothing of orders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector.errors import Denied
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.servicenow.table import Row, TableApi

_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Feed:
    """One table to watch. `columns` are those that lead from a row to its order."""

    table: str
    columns: tuple[str, ...]
    only: Query = field(default_factory=Query)

    def fingerprint(self, instance: str) -> str:
        """A cursor is only valid for the same instance and question."""
        text = f"{instance} {self.table} {self.only}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def read(self, api: TableApi, since: datetime | None) -> Iterator[Row]:
        """Rows updated at or after `since` (all rows when None), oldest first, with the columns a cursor needs."""
        query = self.only
        if since is not None:
            query = query.where("sys_updated_on", Op.FROM, stamp(since))
        columns = ["sys_mod_count", *self.columns]
        for row in api.scan(self.table, query, columns, by_update=True, display=False):
            if "sys_mod_count" not in row.values:
                raise Denied(
                    f"{api.endpoint.name}: the column 'sys_mod_count' of {self.table} cannot be read.",
                    hint="Without it a changed record cannot be told from one that was read before.",
                )
            yield row


def stamp(moment: datetime) -> str:
    """A date-time as a plain query literal and as stored: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime(_FORMAT)
