"""How a request leaves: with a time limit, with our certificates, without following anybody elsewhere."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import BaseAdapter

from connector.errors import AbsurdAnswer, OutcomeUnknown, Unavailable
from connector.servicenow.query import Query
from connector.servicenow.table import TableApi
from tests.wire.instance import DATE, URL, sys_id

if TYPE_CHECKING:
    from pathlib import Path

    import responses

    from connector.servicenow.transport import Endpoint

TABLE = f"{URL}/api/now/table/wm_order"


class Recorder(BaseAdapter):
    """Notes how each request was sent, and refuses it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append({"method": request.method, "headers": dict(request.headers), **how})
        raise requests.ConnectionError("recorded")

    def close(self) -> None:
        pass


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def send_everything(endpoint: Endpoint, recorder: Recorder) -> None:
    """A read, a creation and a change."""
    api = TableApi(endpoint, adapter=recorder, sleep=lambda _: None)
    for call in (
        lambda: list(api.scan("wm_order", Query(), [])),
        lambda: api.insert("wm_order", {"number": "1"}),
        lambda: api.update("wm_order", sys_id(1), {"number": "1"}),
    ):
        with pytest.raises(Exception, match="om "):
            call()
    assert {one["method"] for one in recorder.sent} == {"GET", "POST", "PATCH"}


def test_every_request_has_the_configured_time_limits(endpoint: Endpoint, recorder: Recorder) -> None:
    send_everything(replace(endpoint, connect_timeout=3.5, read_timeout=61.0), recorder)
    assert all(one["timeout"] == (3.5, 61.0) for one in recorder.sent)


def test_every_request_has_time_limits_when_nobody_configured_any(endpoint: Endpoint, recorder: Recorder) -> None:
    send_everything(endpoint, recorder)
    assert all(0 < limit <= 60 for one in recorder.sent for limit in one["timeout"])


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(("configured", "used"), [("ours.pem", "ours.pem"), (None, True)])
def test_certificates_come_from_the_configuration_and_not_from_the_environment(
    variable: str,
    configured: str | None,
    used: object,
    endpoint: Endpoint,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "theirs.pem"))
    send_everything(replace(endpoint, ca_file=configured), recorder)
    assert {one["verify"] for one in recorder.sent} == {used}


def test_every_request_says_who_asks(endpoint: Endpoint, recorder: Recorder) -> None:
    send_everything(endpoint, recorder)
    for one in recorder.sent:
        assert one["headers"]["Authorization"].startswith("Basic ")
        assert one["headers"]["User-Agent"].startswith("om-fsm-connector/")
        assert one["headers"]["Accept"] == "application/json"


def test_a_netrc_file_does_not_replace_the_configured_user(
    endpoint: Endpoint, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine om.example.com login somebody password else\n")
    send_everything(endpoint, recorder)
    expected = recorder.sent[0]["headers"]["Authorization"]
    recorder.sent.clear()
    monkeypatch.setenv("NETRC", str(netrc))
    send_everything(endpoint, recorder)
    assert {one["headers"]["Authorization"] for one in recorder.sent} == {expected}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere_with_our_password(
    status: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, status=status, headers={"Location": f"{URL}/elsewhere"})
    mocked.post(TABLE, status=status, headers={"Location": f"{URL}/elsewhere"})
    elsewhere = [mocked.get(f"{URL}/elsewhere", "{}"), mocked.post(f"{URL}/elsewhere", "{}")]
    with pytest.raises(Unavailable, match="redirects"):
        list(api.scan("wm_order", Query(), []))
    with pytest.raises(OutcomeUnknown, match="redirects"):
        api.insert("wm_order", {"number": "1"})
    assert [one.call_count for one in elsewhere] == [0, 0]


def test_the_clock_is_the_one_of_the_instance(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, json={"result": []}, headers={"X-Total-Count": "0", "Date": DATE})
    list(api.scan("wm_order", Query(), []))
    assert api.server_time.isoformat() == "2026-03-02T08:00:00+00:00"


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
def test_a_clock_nobody_heard_is_not_guessed(
    date: dict[str, str], mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, json={"result": []}, headers={"X-Total-Count": "0", **date})
    list(api.scan("wm_order", Query(), []))
    with pytest.raises(AbsurdAnswer, match="Date"):
        _ = api.server_time


def test_each_thread_has_its_own_cookies_because_the_platform_serves_one_request_of_a_session_at_a_time(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, json={"result": []}, headers={"X-Total-Count": "0", "Set-Cookie": "JSESSIONID=first; Path=/"})

    def read() -> None:
        list(api.scan("wm_order", Query(), []))

    read()
    read()
    thread = Thread(target=read)
    thread.start()
    thread.join()
    assert [call.request.headers.get("Cookie") for call in mocked.calls] == [None, "JSESSIONID=first", None]
