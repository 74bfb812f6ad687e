"""What a test of somebody else's suite holds in its hands: one instance, and the people who work on it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

from connector.sandbox.moves import MOVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.instance import Instance
    from connector.sandbox.world import Recorded, World


class People:
    """Moves as methods: `people.approve(order="ORD0010001")`. The usual persona makes them, or `as_="login"`."""

    def __init__(self, world: World, side: str) -> None:
        self._world = world
        self._side = side

    def __getattr__(self, move: str) -> Callable[..., dict[str, Any]]:
        if move not in MOVES:
            raise AttributeError(f"nobody knows the move {move!r}; there are {', '.join(sorted(MOVES))}")
        return partial(self._make, move)

    def __dir__(self) -> list[str]:
        return sorted(MOVES)

    def _make(self, move: str, *, as_: str = "", **arguments: Any) -> dict[str, Any]:
        return self._world.act(self._side, {"do": move, "as": as_, **arguments})


class Site:
    """One instance as a test sees it."""

    def __init__(self, world: World, side: str, ca_file: str) -> None:
        self.people = People(world, side)
        self._world = world
        self._side = side
        self._ca_file = ca_file  # empty: in process
        self._sessions: dict[str, requests.Session] = {}

    @property
    def instance(self) -> Instance:
        return self._world.instance(self._side)

    @property
    def url(self) -> str:
        return self.instance.base_url

    @property
    def seen(self) -> list[Recorded]:
        """What this instance was asked so far, faults included; not what this Site asked it."""
        return [seen for seen in self._world.requests(self._side) if "servicenow_fixture" not in seen.query]

    def password(self, login: str) -> str:
        return self._world.users(self._side)[login].password

    def session(self, login: str = "admin") -> requests.Session:
        """A signed-in session; one per login, closed when the test ends."""
        if login not in self._sessions:
            session = requests.Session()
            session.auth = (login, self.password(login))
            if self._ca_file:
                session.verify = self._ca_file
            else:
                session.mount(self.url, self._world.adapter(self._side))
            self._sessions[login] = session
        return self._sessions[login]

    def rows(self, table: str, query: str = "", *fields: str, labels: bool = False) -> list[dict[str, str]]:
        """Records as the administrator reads them over REST: stored values, or what people see with `labels`."""
        params = {
            "sysparm_query": query,
            "sysparm_fields": ",".join(fields),
            "sysparm_display_value": "true" if labels else "false",
            "sysparm_exclude_reference_link": "true",
            "servicenow_fixture": "true",
        }
        verify = self._ca_file or True  # said again: requests prefers the environment to what a session says
        answer = self.session().get(f"{self.url}/api/now/table/{table}", params=params, verify=verify, timeout=30)
        answer.raise_for_status()
        rows: list[dict[str, str]] = answer.json()["result"]
        return rows

    @contextmanager
    def fault(self, kind: str, **details: Any) -> Iterator[None]:
        """Misbehave while the block runs: at every matching request, unless `count` says otherwise. Kinds: misdeeds.py."""
        fault_id = self._world.fault(self._side, {"kind": kind, "count": None, **details})
        try:
            yield
        finally:
            self._world.clear_faults(fault_id)

    @contextmanager
    def switched(self, **values: Any) -> Iterator[None]:
        """Behave differently while the block runs. The switches are in profiles/default/profile.toml."""
        before = {name: value for name, value in self.instance.switches.items() if name in values}
        self._world.switch(self._side, **values)
        try:
            yield
        finally:
            self._world.switch(self._side, **before)

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
