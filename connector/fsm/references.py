"""Names and records of the FSM instance: by the name a thing has on the OM instance, and by login. Never a guess.

A name that two records share, or none, resolves to nothing. What was found is remembered for the life of the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied
from connector.servicenow.query import Op, Query, expressible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.fsm.schema import Lookup
    from connector.servicenow.table import TableApi


class References:
    """Resolves reference columns of work orders by business key."""

    def __init__(self, api: TableApi, lookups: Mapping[str, Lookup]) -> None:
        self._api = api
        self._lookups = lookups
        self._found: dict[tuple[str, str], str] = {}

    def is_reference(self, column: str) -> bool:
        """Whether a column is filled by looking up a name."""
        return column in self._lookups

    def sys_id(self, column: str, name: str) -> str | None:
        """The sys_id on FSM of the record with this name, or None when there is not exactly one."""
        known = self._found.get((column, name))
        if known is not None or not expressible(name):
            return known
        lookup = self._lookups[column]
        query = Query().where(lookup.by, Op.IS, name)
        rows = list(self._api.scan(lookup.table, query, [lookup.by], display=False, page=10))
        if len(rows) != 1:
            return None
        self._found[column, name] = rows[0]["sys_id"]
        return rows[0]["sys_id"]


class People:
    """Who is behind a login. A login nobody may look up stays a login."""

    def __init__(self, api: TableApi) -> None:
        self._api = api
        self._names: dict[str, str] = {}

    def learn(self, logins: set[str]) -> None:
        """Look up the logins that are not known yet, many per request."""
        unknown = sorted(login for login in logins - set(self._names) if login)
        if not unknown:
            return
        self._names.update({login: login for login in unknown})
        try:
            rows = list(self._api.scan_in("sys_user", "user_name", unknown, ["user_name", "name"]))
        except Denied:
            return
        self._names.update({row["user_name"]: row["name"] for row in rows if row.get("name")})

    def name(self, login: str) -> str:
        """The person's name, or the login."""
        return self._names.get(login, login)
