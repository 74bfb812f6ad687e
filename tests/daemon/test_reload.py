"""A reload takes over all of what the files say, or nothing of it; then it says why, and the old configuration goes on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import time
from typing import TYPE_CHECKING

import pytest
import requests
from structlog.testing import capture_logs

from connector.daemon.pages import pages
from connector.daemon.webhook import Door, Receiver, application
from connector.decide.rules import GateMode
from connector.engine.hold import HoldReason, Side
from connector.engine.holds import Holds
from tests import PATIENCE
from tests.conftest import HAMBURG, make_pair
from tests.daemon.watching import Watched, watched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def add(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")


def last_reload(daemon: Watched) -> str:
    return daemon.engine.store.last_passes()["reload"][1]


# --- taken over ------------------------------------------------------------------------------------------------


def test_a_changed_setting_is_worked_by_from_the_next_turn(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.turn()
        before = daemon.engine
        add(pair.loaded.path, '[gate]\nmode = "alarm"')
        assert daemon.reload() == (200, "reloaded; changed: gate.mode")
        daemon.turn()
        assert (before.rules.gate, daemon.engine.rules.gate) == (GateMode.REOPEN, GateMode.ALARM)
        assert daemon.engine.crew is before.crew  # nobody is served twice at the same time
        assert last_reload(daemon) == "gate.mode"


def test_changed_policies_are_worked_by_at_once_and_for_every_order(pair: Pair) -> None:
    with watched(pair) as daemon:
        policy = pair.loaded.path.with_name("domain_order_policy.csv")
        policy.write_bytes(b"id,specification,work order template\na,-,NO FIELD WORK\n")
        pair.loaded.path.with_name("order_task_policy.csv").write_bytes(
            b"id,request type,work order template\na,-,NO FIELD WORK\n"
        )
        assert daemon.reload()[0] == 200
        order = pair.approved(HAMBURG)
        daemon.turn()
        assert pair.work_orders(order) == []


def test_without_a_reload_the_same_order_is_carried_across(pair: Pair) -> None:
    with watched(pair) as daemon:
        order = pair.approved(HAMBURG)
        daemon.turn()
        assert len(pair.work_orders(order)) == 2


def test_the_way_to_an_instance_is_kept_with_its_counts_while_it_is_the_same(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.turn()
        before = daemon.running._systems
        sent = daemon.metrics()["omfsm_requests_total"]["om", "ok"]
        edit(pair.loaded.path, '[fsm]\nname = "fsm"', '[fsm]\nrows_per_page = 500\nname = "fsm"')
        assert daemon.reload() == (200, "reloaded; changed: fsm.rows_per_page")
        after = daemon.running._systems
        assert (after.om_api is before.om_api, after.fsm_api is before.fsm_api) == (True, False)
        assert daemon.metrics()["omfsm_requests_total"]["om", "ok"] == sent > 0


def test_what_a_refused_password_means_outlives_a_reload(pair: Pair) -> None:
    with watched(pair) as daemon:
        pair.world.fault("fsm", {"kind": "unauthorized", "path_contains": "/table/", "count": 2})
        daemon.turn()
        assert daemon.metrics()["omfsm_holds"]["fsm", "credentials"] == 1
        asked = len(pair.world.requests("fsm"))
        assert daemon.reload()[0] == 200
        daemon.turn()
        assert len(pair.world.requests("fsm")) == asked
        Holds(daemon.engine.store.engine).lift("fsm", [HoldReason.CREDENTIALS], pair.now(), "corrected")
        daemon.turn()
        assert daemon.metrics()["omfsm_holds"]["fsm", "credentials"] == 0
        assert Side.FSM not in daemon.engine.sides._refused


def test_a_secret_is_rotated_without_a_reload_before_and_after_one(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, oauth=True)
    instance = pair.world.instance("fsm")
    with watched(pair) as daemon:
        daemon.turn()
        for secret in ("the second one", "the third one"):
            instance.oauth_client["client_secret"] = secret
            (pair.loaded.path.parent / "secrets" / "fsm.client_secret").write_text(secret, encoding="utf-8")
            instance.tokens.expire_all()
            order = pair.approved(HAMBURG)
            daemon.turn()
            assert len(pair.work_orders(order)) == 2
            assert daemon.metrics()["omfsm_holds"]["fsm", "credentials"] == 0
            asked = [r for r in pair.world.requests("fsm") if "oauth_token" in r.path]
            assert daemon.reload() == (200, "reloaded; changed: no setting")
            daemon.turn()
            assert [r for r in pair.world.requests("fsm") if "oauth_token" in r.path] == asked  # the token is kept


def test_an_intention_of_before_is_carried_out_once_after_a_reload(pair: Pair) -> None:
    with watched(pair) as daemon:
        pair.world.fault(
            "fsm", {"kind": "commit_then_drop", "method": "POST", "count": 1, "path_contains": "/wm_order"}
        )
        order = pair.approved(HAMBURG)
        daemon.turn()
        assert daemon.metrics()["omfsm_outbox_writes"]["unknown",] == 1
        add(pair.loaded.path, '[gate]\nmode = "note"')
        assert daemon.reload()[0] == 200
        for _ in range(6):
            pair.world.advance(100)
            daemon.turn()
        assert len(pair.work_orders(order)) == 2
        assert daemon.engine.store.waiting() == {}
    pair.assert_nothing_doubled()


def test_a_webhook_secret_is_rotated_and_a_receiver_begun_without_a_restart(pair: Pair) -> None:
    def send(daemon: Watched, key: bytes) -> int:
        body, stamp = json.dumps({"sys_id": "a" * 32}).encode(), str(int(time.time()))
        digest = hmac.new(key, b".".join((b"msg_1", stamp.encode(), body)), hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
        return requests.post(f"{daemon.url}/webhook", data=body, headers=headers, timeout=PATIENCE).status_code

    first, second = b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210"
    file = pair.loaded.path.parent / "secrets" / "webhook.secret"
    with watched(pair) as daemon:
        assert send(daemon, first) == 404
        for key in (first, second):
            file.touch(mode=0o600)
            file.write_text(f"whsec_{base64.b64encode(key).decode()}", encoding="utf-8")
            if key is first:
                add(pair.loaded.path, '[webhook]\nsecret = { file = "secrets/webhook.secret" }')
            assert daemon.reload()[0] == 200
            assert send(daemon, key) == 202
        assert send(daemon, first) == 401


# --- refused ---------------------------------------------------------------------------------------------------


def test_a_bad_file_changes_nothing_and_says_everything_that_is_wrong(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.turn()
        engine, good = daemon.engine, pair.loaded.path.read_text(encoding="utf-8")
        assert daemon.metrics()["omfsm_config_last_reload_successful"][()] == 1
        add(pair.loaded.path, '[gate]\nmode = "ajar"\n[brakes]\ncancelations = 1\n[notes]\ncomments = true')
        status, text = daemon.reload()
        assert status == 400
        assert "gate.mode" in text
        assert "brakes.cancelations: unknown setting" in text
        daemon.turn()
        assert daemon.engine is engine
        assert not engine.rules.notes.comments
        assert "refused, the old configuration stays" in last_reload(daemon)
        assert daemon.metrics()["omfsm_config_last_reload_successful"][()] == 0
        assert daemon.get("/readyz") == (200, "ok")
        pair.loaded.path.write_text(good, encoding="utf-8")
        assert daemon.reload() == (200, "reloaded; changed: no setting")
        assert daemon.metrics()["omfsm_config_last_reload_successful"][()] == 1


def test_a_bad_policy_keeps_the_good_settings_beside_it_out_too(pair: Pair) -> None:
    with watched(pair) as daemon:
        engine = daemon.engine
        add(pair.loaded.path, '[gate]\nmode = "note"')
        pair.loaded.path.with_name("domain_order_policy.csv").write_bytes(
            b"id,specification,work order template\na,CPE,\n"
        )
        status, text = daemon.reload()
        assert (status, "row 2" in text) == (400, True)
        daemon.turn()
        assert daemon.engine is engine
        assert engine.rules.gate is GateMode.REOPEN


def test_a_secret_that_is_gone_is_said_by_where_it_should_be(pair: Pair) -> None:
    with watched(pair) as daemon:
        (pair.loaded.path.parent / "secrets" / "om.password").unlink()
        status, text = daemon.reload()
        assert (status, "om.password: the file" in text) == (400, True)


def test_an_unsettled_profile_is_refused(pair: Pair) -> None:
    with watched(pair) as daemon:
        path = pair.loaded.path
        path.write_text(f'profile = "profile.toml"\n{path.read_text(encoding="utf-8")}', encoding="utf-8")
        assert daemon.reload()[0] == 400


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("https://om.sandbox.test", "https://other.example.com", "om.url: it is https://om.sandbox.test and would be"),
        ('name = "fsm"', 'name = "field"', "fsm.name: it is fsm and would be field"),
        ("[policy]", '[memory]\npath = "other.db"\n\n[policy]', "memory.path: it is "),
        ("[http]\nport = 0", "[http]\nport = 9999", "http: it is 127.0.0.1:0 and would be 127.0.0.1:9999"),
        ("[http]\nport = 0", "", "http: it is 127.0.0.1:0 and would be not listening"),
    ],
)
def test_what_only_a_restart_can_change_is_refused_by_name(pair: Pair, before: str, after: str, problem: str) -> None:
    with watched(pair) as daemon:
        engine = daemon.engine
        edit(pair.loaded.path, before, after)
        status, text = daemon.reload()
        assert (status, problem in text, "Restart om-fsm" in text) == (400, True, True), text
        daemon.turn()
        assert daemon.engine is engine
    assert not pair.loaded.path.with_name("other.db").exists()


def test_a_webhook_secret_that_is_none_keeps_everything_beside_it_out(pair: Pair) -> None:
    with watched(pair) as daemon:
        workers = daemon.engine.crew.workers
        edit(pair.loaded.path, "in_flight = 1", "in_flight = 7")
        add(pair.loaded.path, '[webhook]\nsecret = { command = ["echo", "no base64!"] }')
        status, text = daemon.reload()
        assert (status, "The webhook secret cannot be used" in text) == (400, True)
        assert daemon.engine.crew.workers == workers


def test_a_defect_in_a_reload_does_not_end_the_daemon(pair: Pair) -> None:
    reloads: list[str] = []

    def reload() -> None:
        reloads.append("again")
        raise RuntimeError("nobody thought of this")

    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    with watched(pair) as daemon, capture_logs() as logged:
        service = daemon.running.service
        try:
            for name in (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM):
                service._on_signal(name, None)
            assert service.run(ready=lambda: None, reload=reload, stopping=lambda: None)
        finally:
            for name, handler in handlers.items():
                signal.signal(name, handler)
    assert reloads == ["again", "again"]
    assert [one["log_level"] for one in logged if "reload failed unexpectedly" in one["event"]] == ["error", "error"]


# --- who may ask -----------------------------------------------------------------------------------------------


def test_a_page_in_a_browser_and_another_method_reload_nothing(pair: Pair) -> None:
    with watched(pair) as daemon:
        assert daemon.reload(Origin="https://evil.example.com")[0] == 403
        assert daemon.get("/-/reload")[0] == 405
        assert "reload" not in daemon.engine.store.last_passes()


def test_whom_a_reverse_proxy_asks_for_reloads_nothing() -> None:
    reloaded: list[str] = []

    def reload() -> str:
        reloaded.append("again")
        return ""

    routes = pages(alive=str, ready=str, metrics=bytes, reload=reload)
    receiver = Receiver(application(Door(None), reloaded.append, more=routes), "127.0.0.1", 0)
    receiver.start()
    url = f"http://127.0.0.1:{receiver.port}/-/reload"
    try:
        for stranger in ("198.51.100.7", "unknown"):
            assert requests.post(url, headers={"X-Forwarded-For": stranger}, timeout=PATIENCE).status_code == 403
        assert reloaded == []
        assert requests.post(url, timeout=PATIENCE).status_code == 200
        assert reloaded == ["again"]
    finally:
        receiver.stop()
