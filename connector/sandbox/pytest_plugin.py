"""Fixtures for other test suites: `pytest_plugins = ["connector.sandbox.pytest_plugin"]`.

The profile is the parameter of the fixture (`indirect=True`), `default` otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.serve import Served

START = "2026-03-02T08:00:00Z"


@pytest.fixture
def servicenow(request: pytest.FixtureRequest) -> Iterator[World]:
    """Two instances in virtual time; nothing listens."""
    world = World.create(profile=getattr(request, "param", "default"), start=START)
    yield world
    world.close()


@pytest.fixture
def servicenow_https(servicenow: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same world behind HTTPS doors on loopback."""
    with servicenow.serve(tmp_path_factory.mktemp("sandbox")) as served:
        yield served
