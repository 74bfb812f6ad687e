"""What an instance can be known by: its own properties, and the oldest records of a table that is read anyway.

A clone keeps the records of its source; which properties it keeps (instance_name, instance_id) was never verified, so their
names are a setting. Properties are often closed to integration users; then the oldest records are all there is.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from connector.errors import Denied, Rejected
from connector.exchange import UNCOUNTED
from connector.servicenow.query import Op, Query
from connector.servicenow.wire import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.servicenow.table import TableApi

_MOD_COUNT = "sys_mod_count"
_OLDEST = 5  # records: one or two may be deleted


def identity_of(api: TableApi, table: str, properties: Sequence[str]) -> Mapping[str, str]:
    """Fact -> value. The value of `oldest ...` is a list of sys_ids, empty where the table may be read and counts no record."""
    facts: dict[str, str] = {}
    if properties:
        with contextlib.suppress(Denied, Rejected):
            query = Query().where("name", Op.IN, *properties)
            for row in api.scan("sys_properties", query, ["name", "value"], display=False):
                if row.get("value"):
                    facts[f"property {row['name']}"] = row["value"]
    with contextlib.suppress(Denied):
        oldest = api.oldest(table, _OLDEST)
        if oldest is not None:
            facts[f"oldest {table}"] = ",".join(oldest)
    return facts


def existing(api: TableApi, table: str, sys_ids: Iterable[str]) -> Mapping[str, int]:
    """Those of these records that exist and may be seen, each with its count of updates; UNCOUNTED where that is not shown."""
    rows = api.scan_in(table, "sys_id", sys_ids, [_MOD_COUNT])
    return {row["sys_id"]: count_of(row[_MOD_COUNT]) if _MOD_COUNT in row.values else UNCOUNTED for row in rows}
