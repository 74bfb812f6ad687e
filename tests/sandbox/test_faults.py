"""Misbehavior on request: each fault hits what it should, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox.misdeeds import KINDS

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client

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


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "length"),
    [
        ("queue_full", 429, "text/html", None),
        ("no_node", 502, "text/html", 153),
        ("maintenance", 503, "text/html", None),
        ("too_long", 414, "text/html", None),
        ("table_forbidden", 403, "application/json;charset=UTF-8", None),
    ],
)
def test_the_edge_answers_for_the_instance(
    world: World, fsm: Client, kind: str, status: int, content_type: str, length: int | None
) -> None:
    world.fault("fsm", {"kind": kind})
    answer = fsm.get("wm_order")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
    assert length in (None, len(answer.content))
    assert "X-Transaction-ID" not in answer.headers


def test_a_rate_limit_names_its_rule_and_when_to_come_back(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "rate_limit", "seconds": 12})
    answer = fsm.get("wm_order")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "12")
    assert answer.headers["X-RateLimit-Reset"] == str(int(world.now().timestamp()) + 3600)
    assert "X-RateLimit-Remaining" not in answer.headers


def test_an_instance_that_is_away_may_send_elsewhere(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "maintenance_302"})
    answer = fsm.call("GET", "wm_order", allow_redirects=False)
    assert (answer.status_code, "maintenance" in answer.headers["Location"]) == (302, True)
    assert "X-Transaction-ID" not in answer.headers
    assert fsm.get("wm_order").status_code == 200


def test_an_expired_sign_on_redirects_to_a_login_page(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "login_302"})
    answer = fsm.call("GET", "wm_order", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (
        302,
        "https://fsm.sandbox.test/login_redirect.do",
    )


def test_a_canceled_read_is_200_with_result_and_error(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "cancelled"})
    answer = fsm.get("cmn_location")
    assert answer.status_code == 200
    assert len(answer.json()["result"]) == 6
    assert answer.json()["error"]["message"] == "Transaction cancelled: maximum execution time exceeded"
    world.fault("fsm", {"kind": "cancelled_malformed"})
    broken = fsm.get("cmn_location")
    assert broken.status_code == 200
    assert "Transaction cancelled" in broken.text
    with pytest.raises(requests.JSONDecodeError):
        broken.json()


def test_a_late_commit_is_stamped_now_and_visible_later(world: World, fsm: Client) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": "late_commit", "seconds": 10})
    made = fsm.made("wm_order", correlation_id="k", work_notes="first")
    assert fsm.rows("wm_order") == fsm.rows("sys_journal_field") == []
    world.advance(9)
    assert fsm.get(f"wm_order/{made['sys_id']}").status_code == 404
    world.advance(1)
    assert fsm.row("wm_order", "correlation_id=k")["sys_updated_on"] == "2026-03-02 08:00:00"
    assert len(fsm.rows("sys_journal_field")) == 1


def test_a_late_update_shows_the_old_values_meanwhile(world: World, fsm: Client) -> None:
    made = fsm.made("wm_order", short_description="old")
    note = {"do": "add_note", "work_order": made["number"], "text": "late"}
    world.advance(5)
    world.act("fsm", {**note, "commit_lag": 10})
    assert fsm.row("wm_order", "")["sys_mod_count"] == "0"
    world.advance(10)
    row = fsm.row("wm_order", "")
    assert (row["sys_mod_count"], row["sys_updated_on"]) == ("1", "2026-03-02 08:00:05")


def test_who_inserts_the_key_of_a_late_commit_waits_for_it_and_is_refused(world: World, fsm: Client) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": "late_commit", "seconds": 10})
    made = fsm.made("wm_order", correlation_id="k")
    answer = fsm.post("wm_order", sys_id=made["sys_id"], correlation_id="k")
    assert answer.status_code == 403
    assert fsm.row("wm_order", "correlation_id=k")["number"] == made["number"]
    world.advance(10)
    assert len(fsm.rows("wm_order")) == 1


def test_who_changes_a_record_that_a_late_commit_changes_waits_for_it_and_nothing_is_lost(
    world: World, fsm: Client
) -> None:
    made = fsm.made("wm_order", short_description="old")
    world.fault("fsm", {"kind": "late_commit", "method": "PATCH", "path_contains": "/table/", "seconds": 10})
    fsm.patch("wm_order", made["sys_id"], short_description="late")
    fsm.patch("wm_order", made["sys_id"], description="after")
    for _ in range(2):
        row = fsm.row("wm_order", "")
        assert (row["short_description"], row["description"], row["sys_mod_count"]) == ("late", "after", "2")
        world.advance(10)


def test_a_lagging_replica_answers_lists_but_not_single_records(world: World, fsm: Client) -> None:
    fault = world.fault("fsm", {"kind": "replica_lag", "seconds": 10, "count": None})
    made = fsm.made("wm_order", correlation_id="k")
    assert fsm.rows("wm_order") == []
    assert fsm.get(f"wm_order/{made['sys_id']}").status_code == 200
    world.advance(10)
    assert len(fsm.rows("wm_order")) == 1
    fsm.patch("wm_order", made["sys_id"], short_description="new")
    assert fsm.row("wm_order", "")["short_description"] == ""
    world.clear_faults(fault)
    assert fsm.row("wm_order", "")["short_description"] == "new"


def test_a_row_can_move_while_a_list_is_paged(world: World, fsm: Client) -> None:
    for key in "abcd":
        fsm.made("wm_order", correlation_id=key)
        world.advance(1)
    world.fault("fsm", {"kind": "move_row"})
    pages = [
        fsm.rows("wm_order", "ORDERBYsys_updated_on", sysparm_limit="2", sysparm_offset=offset) for offset in ("0", "2")
    ]
    assert [row["correlation_id"] for page in pages for row in page] == ["a", "b", "d", "a"]


def test_tokens_can_die_before_their_time(world: World, fsm: Client) -> None:
    token, _ = world.fsm.tokens.issue("connector", shared=True)
    fsm.session.auth = None
    bearer = {"Authorization": f"Bearer {token.text}"}
    assert fsm.call("GET", "wm_order", headers=bearer).status_code == 200
    world.fault("fsm", {"kind": "expire_tokens"})
    assert fsm.call("GET", "wm_order", headers=bearer).status_code == 401


def test_a_fault_may_strike_by_chance_reproducibly(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "status", "probability": 0.5, "count": None})
    statuses = [fsm.get("wm_order").status_code for _ in range(20)]
    assert set(statuses) == {200, 503}


def test_a_skewed_clock_shows_in_date_and_stamps(world: World, om: Client, fsm: Client) -> None:
    world.skew("fsm", 90)
    assert fsm.get("wm_order").headers["Date"] == "Mon, 02 Mar 2026 08:01:30 GMT"
    assert om.get("customer_account").headers["Date"] == "Mon, 02 Mar 2026 08:00:00 GMT"
    assert fsm.made("wm_order", short_description="x")["sys_created_on"] == "2026-03-02 08:01:30"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_fault_breaks_the_sandbox_itself(world: World, fsm: Client, kind: str) -> None:
    world.fault("fsm", {"kind": kind, "seconds": 1, "field": "state", "count": 3})
    for method in ("GET", "POST", "GET"):
        try:
            fsm.call(method, "wm_order", json={"short_description": "x"} if method == "POST" else None, timeout=0.5)
        except requests.RequestException:
            continue
    world.clear_faults()
    assert fsm.get("wm_order").status_code == 200


def test_a_list_may_be_empty_though_there_are_rows(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "no_rows", "path_contains": "cmn_location"})
    empty = fsm.get("cmn_location")
    assert (empty.json()["result"], empty.headers["X-Total-Count"]) == ([], "0")
    assert fsm.rows("cmn_location") != []


def test_a_list_may_hold_a_record_nobody_asked_for(world: World, fsm: Client) -> None:
    honest = fsm.rows("cmn_location", "city=Hamburg")
    world.fault("fsm", {"kind": "stray_row", "path_contains": "cmn_location"})
    assert [row["city"] for row in fsm.rows("cmn_location", "city=Hamburg")] == [
        *(r["city"] for r in honest),
        "grubmaH0",
    ]


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("commit_then_page", 200, "the scanner found something"),
        ("commit_then_empty", 200, '{"result":[]}'),
        ("commit_then_redirect", 302, ""),
    ],
)
def test_an_answer_may_be_replaced_after_the_commit(
    world: World, fsm: Client, kind: str, status: int, says: str
) -> None:
    world.fault("fsm", {**POST_ORDER, "kind": kind, "message": "the scanner found something"})
    answer = fsm.call("POST", "wm_order", json={"correlation_id": "k"}, allow_redirects=False)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert "X-Total-Count" not in answer.headers
    assert len(fsm.rows("wm_order", "correlation_id=k")) == 1
