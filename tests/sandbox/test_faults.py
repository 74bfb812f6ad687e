"""Misbehavior on request: each fault hits what it should, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from connector.sandbox import World
    from sandbox.gestures import Client

POST_ORDER = {"method": "POST", "path_contains": "/table/wm_order"}


def test_a_500_after_the_commit_has_committed(world: World, fsm: Client) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": "commit_then_500"})
    failed = fsm.post("wm_order", correlation_id="k")
    assert failed.status_code == 500
    assert failed.json()["error"]["message"] == "Transaction cancelled: maximum execution time exceeded"
    assert len(fsm.rows("wm_order", "correlation_id=k")) == 1
    assert fsm.post("wm_order", correlation_id="k").status_code == 201


def test_a_dropped_answer_after_the_commit_has_committed(world: World, fsm: Client) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": "commit_then_drop"})
    with pytest.raises(requests.ConnectionError):
        fsm.post("wm_order", correlation_id="k")
    assert len(fsm.rows("wm_order", "correlation_id=k")) == 1
    assert world.requests("fsm")[0].status == 0


@pytest.mark.parametrize("kind", ["drop", "status", "unauthorized", "hibernating", "html_200"])
def test_a_fault_before_the_effect_leaves_nothing(world: World, fsm: Client, kind: str) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": kind})
    if kind == "drop":
        with pytest.raises(requests.ConnectionError):
            fsm.post("wm_order", correlation_id="k")
    else:
        fsm.post("wm_order", correlation_id="k")
    assert fsm.rows("wm_order") == []


def test_a_status_comes_with_its_headers_as_often_as_said(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "count": 2})
    answers = [fsm.get("wm_order") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_fault_may_let_some_requests_pass_first(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "status", "status": 502, "skip": 2})
    assert [fsm.get("wm_order").status_code for _ in range(4)] == [200, 200, 502, 200]


def test_a_hibernating_instance_is_a_page_of_the_recorded_length(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "hibernating"})
    page = fsm.get("wm_order")
    assert (page.status_code, len(page.content), page.headers["Content-Type"]) == (200, 5904, "text/html")
    assert not {"X-Transaction-ID", "Set-Cookie"} & set(page.headers)


def test_a_hidden_field_is_missing_until_the_fault_is_removed(world: World, fsm: Client) -> None:
    fault = world.fault("fsm", {"kind": "hide_field", "field": "city", "count": None})
    for _ in range(2):
        assert all("city" not in row for row in fsm.rows("cmn_location"))
    assert world.clear_faults(fault) == 1
    assert all("city" in row for row in fsm.rows("cmn_location"))


def test_a_delay_moves_virtual_time_and_may_exceed_the_callers_patience(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "delay", "seconds": 90, "count": 2})
    assert fsm.get("wm_order").headers["Date"] == "Mon, 02 Mar 2026 08:00:00 GMT"
    with pytest.raises(requests.ReadTimeout):
        fsm.call("POST", "wm_order", json={"correlation_id": "k"}, timeout=60)
    assert world.now().isoformat() == "2026-03-02T08:02:30+00:00"
    assert len(fsm.rows("wm_order", "correlation_id=k")) == 1


def test_a_fault_of_one_instance_does_not_hit_the_other(world: World, om: Client, fsm: Client) -> None:
    world.fault("fsm", {"kind": "status", "count": None})
    assert om.get("customer_account").status_code == 200
    assert fsm.get("customer_account").status_code == 503
    assert world.clear_faults() == 1
    assert fsm.get("customer_account").status_code == 200
