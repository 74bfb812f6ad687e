"""Rate-limit rules that count, and the quota that ends what takes too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client

RULE = {"name": "all", "limit": 2, "api": "table"}


def limit(world: World, *rules: dict[str, Any], flush: float = 0) -> None:
    world.switch("fsm", rate_limit_rules=list(rules), rate_limit_flush_seconds=flush)


def codes(client: Client, number: int, path: str = "cmn_location") -> list[int]:
    return [client.get(path).status_code for _ in range(number)]


def test_without_a_rule_there_is_no_header_and_no_limit(fsm: Client) -> None:
    answer = fsm.get("cmn_location")
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]
    assert codes(fsm, 5) == [200] * 5


def test_a_rule_is_told_with_every_answer_and_refuses_what_exceeds_it_word_for_word(world: World, fsm: Client) -> None:
    limit(world, RULE)
    first = fsm.get("cmn_location")
    assert first.status_code == 200
    assert first.headers["X-RateLimit-Limit"] == "2"
    assert first.headers["X-RateLimit-Reset"] == str(int(world.now().timestamp()) + 3600)  # it is eight o'clock sharp
    assert first.headers["X-RateLimit-Rule"] == world.fsm.known_id("rate limit rule/all")
    assert "Retry-After" not in first.headers
    assert fsm.get("cmn_location/none").headers["X-RateLimit-Limit"] == "2"  # a refused request counts and tells
    world.advance(600)
    third = fsm.get("cmn_location")
    assert (third.status_code, third.headers["Retry-After"]) == (429, "3000")
    assert third.json() == {
        "error": {
            "message": "Rate limit exceeded",
            "detail": "Rate limit of 2 requests per hour for Table API exceeded",
        },
        "status": "failure",
    }
    assert not [name for name in third.headers if "remaining" in name.lower()]


def test_the_next_hour_begins_with_nothing(world: World, fsm: Client) -> None:
    limit(world, RULE)
    assert codes(fsm, 3) == [200, 200, 429]
    world.advance(3600)
    assert codes(fsm, 3) == [200, 200, 429]


def test_a_rule_strikes_late_because_nodes_count_by_themselves(world: World, fsm: Client) -> None:
    limit(world, RULE, flush=30)
    assert codes(fsm, 6) == [200] * 6
    world.advance(30)
    assert codes(fsm, 2) == [429, 429]


def test_each_user_has_an_own_count(world: World, fsm: Client, sign_in: Callable[..., Client]) -> None:
    limit(world, RULE)
    assert codes(fsm, 3) == [200, 200, 429]
    assert codes(sign_in("fsm", "dispatcher"), 3) == [200, 200, 429]


def test_a_rule_for_a_user_counts_more_than_one_for_a_role_and_that_more_than_one_for_all(
    world: World, fsm: Client, sign_in: Callable[..., Client]
) -> None:
    limit(
        world,
        {"name": "everybody", "limit": 1},
        {"name": "dispatchers", "limit": 4, "role": "wm_dispatcher"},
        {"name": "lower", "limit": 3, "role": "wm_dispatcher"},
        {"name": "connector", "limit": 5, "user": "connector"},
    )
    reached = {login: codes(sign_in("fsm", login), 7).count(200) for login in ("technician", "dispatcher", "connector")}
    assert reached == {"technician": 1, "dispatcher": 3, "connector": 5}


@pytest.mark.parametrize(
    ("narrow", "path", "limited"),
    [
        ({"table": "wm_order"}, "wm_order", True),
        ({"table": "wm_order"}, "cmn_location", False),
        ({"method": "GET"}, "cmn_location", True),
        ({"method": "POST"}, "cmn_location", False),
        ({"api": "stats"}, "cmn_location", False),
        ({"api": "stats"}, "/api/now/v1/stats/wm_order", True),
    ],
)
def test_a_rule_is_for_an_api_a_method_or_a_table(
    world: World, fsm: Client, narrow: dict[str, str], path: str, limited: bool
) -> None:
    limit(world, {"name": "narrow", "limit": 1, **narrow})
    assert codes(fsm, 2, path) == [200, 429 if limited else 200]


def test_a_changed_limit_begins_to_count_anew(world: World, fsm: Client) -> None:
    limit(world, RULE)
    assert codes(fsm, 3) == [200, 200, 429]
    limit(world, {**RULE, "limit": 3})
    assert codes(fsm, 4) == [200, 200, 200, 429]


def test_the_parts_of_a_batch_count_one_by_one(world: World, fsm: Client) -> None:
    limit(world, RULE)
    parts = [{"id": n, "method": "GET", "url": "/api/now/table/cmn_location"} for n in range(3)]
    answer = fsm.call("POST", "/api/now/v1/batch", json={"batch_request_id": 1, "rest_requests": parts}).json()
    items = answer["serviced_requests"]
    assert [item["status_code"] for item in items] == [200, 200, 429]
    assert "Retry-After" in {line["name"] for line in items[2]["headers"]}


# --- the quota ----------------------------------------------------------------------------------------------------


def slow(world: World, **switches: Any) -> None:
    world.switch("fsm", latency_ms=61_000, **switches)


def test_a_request_beyond_the_quota_is_cancelled_after_the_quota_and_has_committed(world: World, fsm: Client) -> None:
    slow(world)
    before = world.now()
    answer = fsm.post("wm_order", correlation_id="slow")
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "Transaction cancelled: maximum execution time exceeded"
    assert (world.now() - before).total_seconds() == 60
    world.switch("fsm", latency_ms=59_000)
    assert len(fsm.rows("wm_order")) == 1


def test_what_was_cancelled_may_have_left_nothing(world: World, fsm: Client) -> None:
    slow(world, quota_commits=False)
    assert fsm.post("wm_order", correlation_id="slow").status_code == 500
    world.switch("fsm", latency_ms=0)
    assert fsm.rows("wm_order") == []
    assert fsm.post("wm_order", correlation_id="quick").status_code == 201


@pytest.mark.parametrize(("kind", "parses"), [("cancelled", True), ("cancelled_malformed", False)])
def test_a_list_that_takes_too_long_may_be_a_200_with_result_and_error(
    world: World, fsm: Client, kind: str, parses: bool
) -> None:
    slow(world, quota_answer=kind)
    answer = fsm.get("cmn_location")
    assert answer.status_code == 200
    assert "Transaction cancelled" in answer.text
    try:
        assert set(answer.json()) == {"result", "error", "status"}
        assert parses
    except ValueError:
        assert not parses


def test_a_refused_sign_in_is_refused_and_not_cancelled(world: World, fsm: Client) -> None:
    slow(world)
    fsm.session.auth = None
    assert fsm.get("cmn_location").status_code == 401


@pytest.mark.parametrize(("html", "kind"), [(True, "text/html"), (False, "application/json;charset=UTF-8")])
def test_an_overflowing_queue_answers_with_a_page_or_with_json_and_without_rate_headers(
    world: World, fsm: Client, html: bool, kind: str
) -> None:
    world.switch("fsm", slot_queue=0, queue_full_html=html)
    answer = fsm.get("cmn_location")
    assert (answer.status_code, answer.headers["Content-Type"]) == (429, kind)
    assert not [name for name in answer.headers if name.lower().startswith(("x-ratelimit", "retry-after"))]
