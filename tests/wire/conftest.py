"""One instance that exists only as `responses`: no socket is opened and nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import responses

from connector.servicenow.credentials import Basic
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from connector.servicenow.transport import Endpoint
from tests.wire.instance import PASSWORD, URL, USER

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    """Answers by method and URL; anything else is a refused connection."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("om", URL, Basic(USER, Secret(lambda: PASSWORD)))


@pytest.fixture
def waits() -> list[float]:
    """How long the session would have slept, each time."""
    return []


@pytest.fixture
def api(mocked: responses.RequestsMock, endpoint: Endpoint, waits: list[float]) -> TableApi:
    return TableApi(endpoint, sleep=waits.append, clock=lambda: sum(waits))
