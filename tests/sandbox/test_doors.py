"""Both doors lead to the same engine; clients written for the real thing walk in unmodified."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pysnc
import pytest
import requests

from connector.sandbox import World
from tests import PATIENCE
from tests.sandbox.gestures import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.sandbox.serve import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Served]]:
    world = World.create(start=START)
    with world.serve(tmp_path_factory.mktemp("sandbox")) as served:
        yield world, served
    world.close()


@pytest.fixture
def fsm_session(served: tuple[World, Served]) -> Iterator[requests.Session]:
    info = served[1].info
    with requests.Session() as session:
        session.verify = info["ca_file"]
        session.auth = ("connector", info["fsm"]["users"]["connector"]["password"])
        yield session


@pytest.fixture
def control(served: tuple[World, Served]) -> Iterator[Any]:
    info = served[1].info
    with requests.Session() as session:
        session.verify = info["ca_file"]
        session.headers["Authorization"] = f"Bearer {info['control']['token']}"

        def call(method: str, path: str, /, **body: Any) -> requests.Response:
            return session.request(method, f"{info['control']['url']}/sandbox/{path}", json=body or None)

        yield call


def test_the_description_file_says_how_to_get_in(served: tuple[World, Served]) -> None:
    written = json.loads((served[1].directory / "sandbox.json").read_text())
    assert written == served[1].info
    assert set(written) == {"ca_file", "control", "om", "fsm"}
    assert {"admin", "connector", "dispatcher"} <= set(written["fsm"]["users"])
    assert set(written["om"]) == {"url", "http_url", "users", "oauth"}


def test_requests_speaks_to_it_over_https(served: tuple[World, Served], fsm_session: requests.Session) -> None:
    url = served[1].info["fsm"]["url"]
    made = fsm_session.post(f"{url}/api/now/table/wm_order", json={"short_description": "over https"})
    assert made.status_code == 201
    assert made.headers["Location"].startswith(f"{url}/api/now/table/wm_order/")
    assert fsm_session.get(made.headers["Location"]).json()["result"]["short_description"] == "over https"
    assert fsm_session.cookies["glide_user_route"].startswith("glide.")


def test_pysnc_speaks_to_it_unmodified(served: tuple[World, Served]) -> None:
    info = served[1].info
    password = info["fsm"]["users"]["connector"]["password"]
    client = pysnc.ServiceNowClient(info["fsm"]["url"], ("connector", password), verify=info["ca_file"])
    record = client.GlideRecord("wm_order")
    record.initialize()
    record.short_description = "by pysnc"
    record.correlation_id = "pysnc-1"
    assert record.insert()
    again = client.GlideRecord("wm_order")
    again.add_query("correlation_id", "pysnc-1")
    again.query()
    assert again.next()
    assert again.get_display_value("state") == "Draft"
    again.work_notes = "noted"
    again.update()
    locations = client.GlideRecord("cmn_location", batch_size=2)
    locations.query()
    assert len({str(row.name) for row in locations}) == 6
    assert client.GlideRecord("wm_order").get("0" * 32) is False
    client.session.close()


def test_a_lost_connection_is_a_lost_connection(
    served: tuple[World, Served], fsm_session: requests.Session, control: Any
) -> None:
    url = f"{served[1].info['fsm']['url']}/api/now/table/wm_order"
    armed = control("POST", "fault", instance="fsm", kind="commit_then_drop", method="POST", path_contains="wm_order")
    assert armed.json()["ok"]
    with pytest.raises(requests.ConnectionError):
        fsm_session.post(url, json={"correlation_id": "dropped"})
    found = fsm_session.get(url, params={"sysparm_query": "correlation_id=dropped"}).json()["result"]
    assert len(found) == 1


def test_a_cut_body_is_noticed(served: tuple[World, Served], fsm_session: requests.Session, control: Any) -> None:
    control("POST", "fault", instance="fsm", kind="cut_body")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        fsm_session.get(f"{served[1].info['fsm']['url']}/api/now/table/cmn_location")


def test_a_late_answer_is_late_while_others_are_served(
    served: tuple[World, Served], fsm_session: requests.Session, control: Any
) -> None:
    url = f"{served[1].info['fsm']['url']}/api/now/table/cmn_location"
    control("POST", "fault", instance="fsm", kind="delay", seconds=20)
    with pytest.raises(requests.ReadTimeout):
        fsm_session.get(url, timeout=0.05)
    assert fsm_session.get(url, timeout=PATIENCE).status_code == 200


def test_the_control_plane_needs_its_token(served: tuple[World, Served]) -> None:
    info = served[1].info
    answer = requests.get(f"{info['control']['url']}/sandbox/clock", verify=info["ca_file"], timeout=PATIENCE)
    assert (answer.status_code, answer.json()["ok"]) == (401, False)


def test_the_control_plane_acts_moves_time_and_tells_requests(
    served: tuple[World, Served], fsm_session: requests.Session, control: Any
) -> None:
    made = control("POST", "act", do="create_work_order", short_description="by hand").json()
    number = made["result"]["work_order"]["number"]
    refused = control("POST", "act", do="accept", work_order=number)
    assert (refused.status_code, refused.json()["ok"]) == (409, False)
    assert "has no task for accepting" in refused.json()["error"]
    before = control("GET", "clock").json()["result"]["om"]
    after = control("POST", "clock", advance=3600).json()["result"]["om"]
    assert after > before
    control("DELETE", "requests")
    fsm_session.get(f"{served[1].info['fsm']['url']}/api/now/table/wm_order?sysparm_limit=1")
    seen = control("GET", "requests?instance=fsm").json()["result"]
    assert [(r["method"], r["path"], r["status"]) for r in seen] == [("GET", "/api/now/table/wm_order", 200)]


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "act", {"do": "fly"}, "there is no move 'fly'"),
        ("POST", "fault", {"instance": "fsm", "kind": "gremlins"}, "no kind of fault"),
        ("POST", "fault", {"instance": "fsm", "kind": "drop", "often": 1}, "a fault has no often"),
        ("POST", "switches", {"instance": "om", "magic": True}, "there is no switch magic"),
        ("POST", "nonsense", {}, "there is no POST /sandbox/nonsense"),
        ("POST", "act", {"do": "add_note", "instance": "crm", "text": "x"}, "no instance 'crm'"),
    ],
)
def test_the_control_plane_says_what_is_wrong(control: Any, method: str, path: str, body: Any, words: str) -> None:
    answer = control(method, path, **body)
    assert 400 <= answer.status_code < 500
    assert words in answer.json()["error"]


def test_switches_are_read_and_changed_over_the_control_plane(control: Any) -> None:
    control("POST", "switches", instance="fsm", latency_ms=1)
    assert control("GET", "switches?instance=fsm").json()["result"]["latency_ms"] == 1
    assert control("GET", "switches?instance=om").json()["result"]["latency_ms"] == 0
    control("POST", "switches", instance="fsm", latency_ms=0)


def test_a_reset_forgets_everything_but_the_address(
    served: tuple[World, Served], fsm_session: requests.Session, control: Any
) -> None:
    url = f"{served[1].info['fsm']['url']}/api/now/table/wm_order"
    fsm_session.post(url, json={"short_description": "x"})
    control("POST", "reset")
    assert fsm_session.get(url).json()["result"] == []
    made = fsm_session.post(url, json={"short_description": "x"})
    assert made.headers["Location"].startswith(url)


def test_a_fresh_connection_is_answered_although_another_is_idle(
    served: tuple[World, Served], fsm_session: requests.Session
) -> None:
    info = served[1].info
    fsm_session.get(f"{info['fsm']['url']}/api/now/table/cmn_location")
    context = ssl.create_default_context(cafile=info["ca_file"])
    results: list[int] = []

    def ask() -> None:
        with requests.Session() as other:
            other.verify, other.auth = info["ca_file"], fsm_session.auth
            results.append(other.get(f"{info['fsm']['url']}/api/now/table/cmn_location").status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 4
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_in_real_time_jobs_run_while_nobody_asks(tmp_path: Path) -> None:
    world = World.create(clock="real")
    done = threading.Event()
    with world.serve(tmp_path):
        world.later(0.01, done.set)
        assert done.wait(PATIENCE)
    world.close()


def test_a_defect_of_the_sandbox_is_told_to_the_client_and_survived(
    served: tuple[World, Served], fsm_session: requests.Session, control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    world, url = served[0], f"{served[1].info['fsm']['url']}/api/now/table/cmn_location"
    with monkeypatch.context() as patch:
        patch.setattr(world, "handle", broken)
        told = fsm_session.get(url)
    assert (told.status_code, told.headers["X-Sandbox-Defect"]) == (500, "true")
    assert "RuntimeError: oops" in told.text
    world.later(0, broken)
    fsm_session.get(url)  # meets the broken job, unless the doors' own tick was faster
    assert fsm_session.get(url).status_code == 200
    assert set(control("GET", "failures").json()["result"]) == {"outbound", "defects"}


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from connector.sandbox import serve; import sys;"
        "serve.run(Path(sys.argv[1]), on_ready=lambda info: print('ready', flush=True))"
    )
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        info = json.loads((tmp_path / "sandbox.json").read_text())
        answer = requests.get(f"{info['om']['url']}/api/now/table/wm_order", verify=info["ca_file"], timeout=PATIENCE)
        assert answer.status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
