"""A fresh world per test and clients signed in to its instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import START, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def no_foreign_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers these variables to a session's own `verify`."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture
def world() -> Iterator[World]:
    world = World.create(start=START)
    yield world
    world.close()


@pytest.fixture
def sign_in(world: World) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def sign_in(name: str, login: str = "connector") -> Client:
        clients.append(Client(world, name, login))
        return clients[-1]

    yield sign_in
    for client in clients:
        client.session.close()


@pytest.fixture
def om(sign_in: Callable[..., Client]) -> Client:
    return sign_in("om")


@pytest.fixture
def fsm(sign_in: Callable[..., Client]) -> Client:
    return sign_in("fsm")
