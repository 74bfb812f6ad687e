"""Lists of stored values straight from the wire: for scans of very many small rows, where a record object for each would
cost more than the row, and for asking an instance about itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.errors import AbsurdAnswer, Denied
from connector.exchange import Sketch, SketchPage
from connector.servicenow.query import Op, Query
from connector.servicenow.table import require_end
from connector.servicenow.wire import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.servicenow.table import TableApi

_SYS_ID, _MOD_COUNT = "sys_id", "sys_mod_count"


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of record that a sweep goes through: the table, which of its records, and the column that says how they are."""

    table: str
    only: Query
    state: str

    def read(self, api: TableApi, after: str, limit: int) -> SketchPage:
        """The records after this sys_id, in order of sys_id. Raises a RemoteError.

        Only the order is checked, not `only`: what it compares is not asked for, to keep the rows small. An instance that
        drops a term of it shows more records than were wanted, and of those nothing is concluded.
        """
        query = self.only.where(_SYS_ID, Op.AFTER, after) if after else self.only
        columns = (_SYS_ID, _MOD_COUNT, self.state)
        rows, total, offset = *page(api, self.table, f"{query}^ORDERBY{_SYS_ID}", columns, limit), limit
        while not rows and offset < total:  # a page is cut before the rows are dropped that the user may not see
            require_end(api.endpoint, self.table, offset // limit)
            rows, total = page(api, self.table, f"{query}^ORDERBY{_SYS_ID}", columns, limit, offset)
            offset += limit
        previous = after.casefold()
        for row in rows:
            missing = [column for column in columns if column not in row]
            if missing:
                raise Denied(
                    f"{api.endpoint.name}: the column {missing[0]!r} of {self.table} cannot be read.",
                    hint="Without it nobody can tell whether a record has changed.",
                )
            if row[_SYS_ID].casefold() <= previous:
                raise AbsurdAnswer(
                    f"{api.endpoint.name}: {self.table}, asked in order of sys_id, returned {row[_SYS_ID]} after {previous}.",
                    hint="The instance ignores a part of the query; nothing was concluded from the answer.",
                )
            previous = row[_SYS_ID].casefold()
        sketches = tuple(Sketch(row[_SYS_ID], count_of(row[_MOD_COUNT]), row[self.state]) for row in rows)
        return SketchPage(sketches, more=bool(rows) and total > len(rows))


def page(
    api: TableApi, table: str, query: str, columns: Sequence[str], limit: int, offset: int = 0
) -> tuple[list[Mapping[str, str]], int]:
    """Rows as they are stored, column by column, and how many there are in all (rows that may not be seen included)."""
    parameters = {
        "sysparm_query": query,
        "sysparm_fields": ",".join(columns),
        "sysparm_display_value": "false",
        "sysparm_exclude_reference_link": "true",
        "sysparm_suppress_pagination_header": "true",
        "sysparm_limit": str(limit),
        "sysparm_offset": str(offset),
    }
    return api.list(table, parameters)
