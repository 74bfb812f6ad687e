"""One retry authority per kind of call: a read is repeated here, a write never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connector.errors import Hibernating, OutcomeUnknown, RemoteError, SignInFailed, Unavailable
from connector.servicenow.query import Query
from tests.wire.answers import ANSWERS, Answer, said
from tests.wire.instance import URL, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

TABLE = f"{URL}/api/now/table/wm_order"
RECORD = f"{TABLE}/{sys_id(1)}"
every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: str(a.name))


def numbers(api: TableApi) -> list[str]:
    return [row["number"] for row in api.scan("wm_order", Query(), ["number"])]


def one_row(mocked: responses.RequestsMock) -> None:
    mocked.get(TABLE, json={"result": [{"sys_id": "1", "number": "WO1"}]}, headers={"X-Total-Count": "1"})


@every_answer
def test_a_read_is_tried_three_times_when_it_may_help_and_once_when_not(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    answer.add_to(mocked, "GET", TABLE)
    with pytest.raises(RemoteError):
        numbers(api)
    tries = {Unavailable: 3, Hibernating: 3, SignInFailed: 2}.get(answer.read, 1)
    assert len(mocked.calls) == tries
    assert len(waits) == (2 if tries == 3 else 0)


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a.write is not SignInFailed], ids=lambda a: str(a.name))
def test_a_write_is_sent_once_whatever_comes_back(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    answer.add_to(mocked, "POST", TABLE)
    answer.add_to(mocked, "PATCH", RECORD)
    with pytest.raises(RemoteError):
        api.insert("wm_order", {"short_description": "x"})
    with pytest.raises(RemoteError):
        api.update("wm_order", sys_id(1), {"work_notes": "x"})
    assert [call.request.method for call in mocked.calls] == ["POST", "PATCH"]
    assert waits == ([1.0] if answer.status == 429 else [])  # the whole instance is left alone


@pytest.mark.parametrize(
    "error", [requests.ReadTimeout(), requests.ConnectTimeout(), requests.ConnectionError("reset")]
)
def test_a_write_without_an_answer_is_not_sent_again(
    error: requests.RequestException, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.patch(RECORD, body=error)
    with pytest.raises(RemoteError):
        api.update("wm_order", sys_id(1), {"work_notes": "x"})
    assert len(mocked.calls) == 1


def test_a_read_that_succeeds_at_the_third_try_is_a_success(
    mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    mocked.get(TABLE, body=requests.ReadTimeout())
    mocked.get(TABLE, "", status=503)
    one_row(mocked)
    assert numbers(api) == ["WO1"]
    assert all(0 <= wait <= 2 for wait in waits)


def test_a_read_waits_as_long_as_it_was_told(mocked: responses.RequestsMock, api: TableApi, waits: list[float]) -> None:
    mocked.get(TABLE, said("Rate limit exceeded"), status=429, headers={"Retry-After": "4"})
    one_row(mocked)
    assert numbers(api) == ["WO1"]
    assert waits == [4.0]


def test_a_read_that_would_have_to_wait_long_gives_up_at_once_and_says_how_long(
    mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    mocked.get(TABLE, said("Rate limit exceeded"), status=429, headers={"Retry-After": "3600"})
    with pytest.raises(Unavailable) as raised:
        numbers(api)
    assert raised.value.retry_after == 3600.0
    assert waits == []


def test_every_try_is_counted_as_a_request(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, "", status=503)
    with pytest.raises(Unavailable):
        numbers(api)
    assert api.traffic.requests == 3


def test_a_write_without_an_answer_is_not_given_the_transaction_of_the_one_before(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.patch(RECORD, json={"result": {"sys_id": {"value": sys_id(1)}}}, headers={"X-Transaction-ID": "first"})
    mocked.patch(RECORD, body=requests.ReadTimeout())
    api.update("wm_order", sys_id(1), {"work_notes": "x"})
    assert api.transaction == "first"
    with pytest.raises(OutcomeUnknown):
        api.update("wm_order", sys_id(1), {"work_notes": "x"})
    assert api.transaction == ""


def test_a_write_whose_answer_is_lost_says_that_it_must_be_looked_up(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.post(TABLE, body=requests.ReadTimeout())
    with pytest.raises(OutcomeUnknown, match="did not answer a write: timed out") as raised:
        api.insert("wm_order", {"short_description": "x"})
    assert "looked up" in raised.value.hint
