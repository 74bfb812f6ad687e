"""Who is behind a login, on one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied, Rejected

if TYPE_CHECKING:
    from connector.servicenow.table import TableApi


class People:
    """Who is behind a login. A login nobody may look up stays a login."""

    def __init__(self, api: TableApi) -> None:
        self._api = api
        self._names: dict[str, str] = {}

    def learn(self, logins: set[str]) -> None:
        """Look up the logins that are not known yet, many per request. Raises a RemoteError, but none where nobody may look."""
        unknown = sorted(login for login in logins - set(self._names) if login)
        if not unknown:
            return
        try:
            rows = list(self._api.scan_in("sys_user", "user_name", unknown, ["user_name", "name"]))
        except (Denied, Rejected):
            rows = []
        found = {row.get("user_name"): row.get("name") for row in rows if row.get("user_name") and row.get("name")}
        self._names |= {login: login for login in unknown} | found

    def name(self, login: str) -> str:
        """The person's name, or the login."""
        return self._names.get(login, login)
