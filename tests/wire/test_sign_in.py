"""No account is locked out: after a 401 the secret is read again and tried once, by one thread, and then no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from requests.auth import HTTPBasicAuth

from connector.errors import SignInFailed
from connector.servicenow.credentials import Basic
from connector.servicenow.query import Query
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from tests import PATIENCE
from tests.wire.instance import URL, USER

if TYPE_CHECKING:
    import requests
    import responses

    from connector.servicenow.transport import Endpoint

TABLE = f"{URL}/api/now/table/wm_order"
THREADS = 4


@dataclass
class Account:
    """An account with a password, on an instance that counts how often a wrong one was tried."""

    right: str
    known: str  # where the connector reads it from
    wrong: int = 0
    asked: int = 0
    together: Barrier | None = None  # the first requests arrive at the same moment
    signed: list[str] = field(default_factory=list)

    def serve(self, mocked: responses.RequestsMock) -> None:
        mocked.add_callback("GET", TABLE, self._answer, content_type="application/json")
        mocked.add_callback("POST", TABLE, self._answer, content_type="application/json")

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        if self.together is not None and self.asked <= THREADS:
            self.together.wait(PATIENCE)
        expected = HTTPBasicAuth(USER, self.right)(request.copy()).headers["Authorization"]
        if request.headers["Authorization"] == expected:
            return 200, {"X-Total-Count": "0"}, '{"result": []}'
        self.wrong += 1
        return 401, {"WWW-Authenticate": "Basic"}, '{"error": {"message": "User is not authenticated"}}'

    def api(self, endpoint: Endpoint) -> TableApi:
        """Signs in with the old password first, and reads the present one again where it is kept."""
        password = Secret(lambda: self.known, known="old")
        return TableApi(replace(endpoint, credentials=Basic(USER, password)), sleep=lambda _: None)


def look(api: TableApi) -> None:
    list(api.scan("wm_order", Query(), []))


def test_a_password_that_was_changed_on_both_ends_is_picked_up_without_anybody_noticing(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    account = Account(right="new", known="new")
    account.serve(mocked)
    look(account.api(endpoint))
    assert (account.wrong, account.asked) == (1, 2)


def test_a_write_that_was_refused_for_its_password_is_sent_again_once(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    account = Account(right="right", known="wrong")
    account.serve(mocked)
    with pytest.raises(SignInFailed):
        account.api(endpoint).insert("wm_order", {"short_description": "x"})
    assert account.wrong == 2


def test_a_wrong_password_is_tried_twice_and_never_again_whatever_is_asked(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    account = Account(right="right", known="wrong")
    account.serve(mocked)
    api = account.api(endpoint)
    for _ in range(20):
        with pytest.raises(SignInFailed, match="refused the user or password"):
            look(api)
    assert account.wrong == 2


def test_many_threads_that_meet_a_changed_password_together_try_the_second_one_once(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    account = Account(right="right", known="wrong", together=Barrier(THREADS))
    account.serve(mocked)
    api = account.api(endpoint)
    with ThreadPoolExecutor(THREADS) as pool:
        errors = [one.exception() for one in [pool.submit(look, api) for _ in range(THREADS)]]
    assert [type(error) for error in errors] == [SignInFailed] * THREADS
    assert account.wrong == THREADS + 1  # those under way, and one more


def test_a_probe_costs_one_try_and_its_success_lets_everybody_in_again(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    account = Account(right="right", known="wrong")
    account.serve(mocked)
    api = account.api(endpoint)
    with pytest.raises(SignInFailed):
        look(api)
    with pytest.raises(SignInFailed):
        api.probe("wm_order")
    assert account.wrong == 3
    account.known = "right"
    api.probe("wm_order")
    look(api)
    assert account.wrong == 3
