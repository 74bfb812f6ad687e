"""For other test suites: fixtures for one or two ServiceNow instances, in process or over HTTPS.

    servicenow           the world of both instances in virtual time; nothing listens
    servicenow_https     the same behind HTTPS doors on loopback (`.info` is the content of sandbox.json)
    servicenow_om        the Order Management instance as a Site: people's moves, faults, records, sessions
    servicenow_fsm       the Field Service instance

pytest finds it by itself where the package is installed (`-p connector.sandbox.pytest_plugin` names it where that is switched
off), so it is imported at the start of every test run: whatever is large is imported by the fixtures.

A Site is in process unless the test also asks for `servicenow_https`. Which pair it gets, a test says with a mark, and a project
in its ini-file with `servicenow_profile` (a name, or a file relative to the ini-file):

    @pytest.mark.servicenow(profile="single", seed=7, start="2026-03-02T08:00:00Z")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.serve import Served
    from connector.sandbox.site import Site
    from connector.sandbox.world import World

START = "2026-03-02T08:00:00Z"
SETTINGS = frozenset({"profile", "seed", "start"})


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
    from connector.sandbox.world import World

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
    from connector.sandbox.site import Site

    served = "servicenow_https" in request.fixturenames
    site = Site(world, side, request.getfixturevalue("servicenow_https").info["ca_file"] if served else "")
    yield site
    site.close()


def _profile(config: pytest.Config) -> str:
    named: str = config.getini("servicenow_profile")
    if not named.endswith(".toml"):
        return named or "default"
    return str((config.inipath.parent if config.inipath else Path.cwd()) / named)
