"""One served world for all clients of a module, and the trust they need.

The clients find the sandbox's authority as they would find a company's own: in the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Site:
    """The Field Service instance as a client needs to know it. `mark` is different in every test."""

    world: World
    url: str
    login: str
    password: str
    client_id: str
    client_secret: str
    ca_file: str
    mark: str
    certificate: Callable[[str], Path]  # a file that signs this user in

    @property
    def host(self) -> str:
        return self.url.removeprefix("https://")

    def count(self, query: str) -> int:
        """How many work orders there are, seen from inside."""
        name, _, value = query.partition("=")
        return len(self.world.fsm.store.find("wm_order", **{name: value}))


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = World.create(start=START)
    with world.serve(tmp_path_factory.mktemp("clients")) as served:
        fsm = served.info["fsm"]
        yield Site(
            world=world,
            url=fsm["url"],
            login="connector",
            password=fsm["users"]["connector"]["password"],
            **fsm["oauth"],
            ca_file=served.info["ca_file"],
            mark="",
            certificate=partial(served.client_certificate, "fsm"),
        )
    world.close()


@pytest.fixture
def site(_served: Site, no_foreign_trust: None, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", _served.ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", _served.ca_file)
    return Site(**{**vars(_served), "mark": uuid4().hex})
