"""For other test suites: fixtures for one or two ServiceNow instances, in process or over HTTPS.

    servicenow           the world of both instances in virtual time; nothing listens
    servicenow_https     the same behind HTTPS doors on loopback (`.info` is the content of sandbox.json)
    servicenow_om        the Order Management instance as a Site: people's moves, faults, records, sessions
    servicenow_fsm       the Field Service instance

A Site is in process unless the test also asks for `servicenow_https`. Which pair it gets, a test says with a mark, and a project
in its ini-file with `servicenow_profile` (a name, or a file relative to the ini-file):

    @pytest.mark.servicenow(profile="single", seed=7, start="2026-03-02T08:00:00Z")
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.sandbox.moves import MOVES
from connector.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.instance import Instance
    from connector.sandbox.serve import Served
    from connector.sandbox.world import Recorded

START = "2026-03-02T08:00:00Z"
SETTINGS = frozenset({"profile", "seed", "start"})


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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "servicenow_profile", "profile of the sandbox: a name, or a file relative to this ini-file", default=""
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "servicenow(profile, seed, start): the pair of ServiceNow instances a test gets")


@pytest.fixture
def servicenow(request: pytest.FixtureRequest) -> Iterator[World]:
    """Two instances in virtual time; nothing listens."""
    mark = request.node.get_closest_marker("servicenow")
    wanted: dict[str, Any] = dict(mark.kwargs) if mark else {}
    if (mark and mark.args) or not wanted.keys() <= SETTINGS:
        raise pytest.UsageError(f"the mark servicenow takes {', '.join(sorted(SETTINGS))}, by name")
    usual = {"profile": getattr(request, "param", "") or _profile(request.config), "start": START}
    world = World.create(**{**usual, **wanted})
    yield world
    world.close()


@pytest.fixture
def servicenow_https(servicenow: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same world behind HTTPS doors on loopback."""
    with servicenow.serve(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


@pytest.fixture
def servicenow_om(request: pytest.FixtureRequest, servicenow: World) -> Iterator[Site]:
    """The Order Management instance."""
    yield from _site(request, servicenow, "om")


@pytest.fixture
def servicenow_fsm(request: pytest.FixtureRequest, servicenow: World) -> Iterator[Site]:
    """The Field Service instance; the same as the other one with the profile `single`."""
    yield from _site(request, servicenow, "fsm")


def _site(request: pytest.FixtureRequest, world: World, side: str) -> Iterator[Site]:
    served = "servicenow_https" in request.fixturenames
    site = Site(world, side, request.getfixturevalue("servicenow_https").info["ca_file"] if served else "")
    yield site
    site.close()


def _profile(config: pytest.Config) -> str:
    named: str = config.getini("servicenow_profile")
    if not named.endswith(".toml"):
        return named or "default"
    return str((config.inipath.parent if config.inipath else Path.cwd()) / named)
