"""Whatever goes wrong, no error shows a password, not even encoded, and neither does the trace of it in a log."""

from __future__ import annotations

import base64
import traceback
from typing import TYPE_CHECKING

import pytest
import requests

from connector.errors import RemoteError
from connector.servicenow.query import Query
from tests.wire.answers import ANSWERS, Answer
from tests.wire.instance import PASSWORD, URL, USER, sys_id

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from connector.servicenow.table import TableApi

TABLE = f"{URL}/api/now/table/wm_order"
ENCODED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def calls(api: TableApi) -> list[Callable[[], object]]:
    return [
        lambda: list(api.scan("wm_order", Query(), ["number"])),
        lambda: api.insert("wm_order", {"number": "1"}),
        lambda: api.update("wm_order", sys_id(1), {"number": "1"}),
    ]


def shown_of(call: Callable[[], object]) -> str:
    """Everything a person or a log could see of the error."""
    with pytest.raises(RemoteError) as raised:
        call()
    error = raised.value
    return f"{error} {error!r} {error.hint} {vars(error)} {''.join(traceback.format_exception(error))}"


def answer_everything(mocked: responses.RequestsMock, answer: Answer) -> None:
    for method, url in (("GET", TABLE), ("POST", TABLE), ("PATCH", f"{TABLE}/{sys_id(1)}")):
        answer.add_to(mocked, method, url)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.name))
def test_no_error_about_an_answer_shows_the_password(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi
) -> None:
    answer_everything(mocked, answer)
    for call in calls(api):
        shown = shown_of(call)
        assert PASSWORD not in shown
        assert ENCODED not in shown
    sent = {call.request.headers["Authorization"] for call in mocked.calls}
    assert sent == {f"Basic {ENCODED}"}


@pytest.mark.parametrize(
    "error", [requests.ReadTimeout, requests.ConnectTimeout, requests.ConnectionError, requests.exceptions.SSLError]
)
def test_no_error_about_a_missing_answer_shows_the_password(
    error: type[requests.RequestException], mocked: responses.RequestsMock, api: TableApi
) -> None:
    for method, url in (("GET", TABLE), ("POST", TABLE), ("PATCH", f"{TABLE}/{sys_id(1)}")):
        mocked.add(method, url, body=error("no answer"))
    for call in calls(api):
        shown = shown_of(call)
        assert PASSWORD not in shown
        assert ENCODED not in shown


def test_an_endpoint_does_not_show_the_password_either(api: TableApi) -> None:
    assert PASSWORD not in f"{api.endpoint!r} {api!r}"
