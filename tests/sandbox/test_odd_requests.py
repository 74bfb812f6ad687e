"""Malformed and odd requests get the platform's answers: never a defect of the sandbox itself, never a hang."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from connector.sandbox import World
from connector.sandbox.messages import Headers, Request, read_json
from tests.sandbox.gestures import START, Client

if TYPE_CHECKING:
    from pathlib import Path

    from connector.sandbox.messages import Response

ORDERS = "/api/now/table/wm_order"


def asked(
    world: World, target: str, method: str = "GET", body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """An answer to exactly these bytes; a client library would have put them right."""
    login = f"admin:{world.users('fsm')['admin'].password}"
    signed = ("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    given = {name for name, _ in headers}
    lines = [*headers, *(() if "Authorization" in given else (signed,))]
    return world.handle("fsm", Request(method, target, Headers(lines), body))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (ORDERS, 200),
        ("/api/now/table/wm%5Forder", 200),
        ("https://localhost:1/api/now/table/wm_order?sysparm_limit=1", 200),
        ("http://[", 400),
        ("//[x/api/now/table/wm_order", 400),
        ("*", 400),
        ("", 400),
        (f"{ORDERS}?sysparm_limit=99999999999999999999", 200),
        (f"{ORDERS}?sysparm_offset=99999999999999999999", 200),
        (f"{ORDERS}?sysparm_limit=many&sysparm_offset=-99999999999999999999", 200),
        (f"{ORDERS}?sysparm_query=%ED%A0%80%00%FF", 200),
        (f"{ORDERS}/%00", 404),
        ("/api/now/stats/wm_order?sysparm_group_by=state&sysparm_having=count%5E%5E%3E%5Enan", 400),
        ("/api/now/stats/wm_order?sysparm_group_by=state&sysparm_having=count%5E%5E%3E%5E1e400", 400),
    ],
)
def test_an_odd_address_gets_an_answer(world: World, target: str, status: int) -> None:
    assert asked(world, target).status == status


@pytest.mark.parametrize("credentials", ["Basic é", "Basic !", "Basic", "Bearer é", "Basic /w==", "Digest x", ""])
def test_odd_credentials_are_a_401(world: World, credentials: str) -> None:
    assert asked(world, ORDERS, headers=(("Authorization", credentials),)).status == 401
    login = ("Authorization", credentials), ("Content-Type", "application/x-www-form-urlencoded")
    assert asked(world, "/oauth_token.do", "POST", b"grant_type=password", login).status == 401


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b'{"a":', b"\xff\xfe", b"1", b'"x"', b"null"])
def test_an_odd_body_is_refused(world: World, body: bytes) -> None:
    assert asked(world, ORDERS, "POST", body).status == 400


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"a": "\\ud800"}', {"a": "?"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "[[[["}', {"a": "[[[["}),
        (b'{"a": "' + b"[" * 500 + b'\\"["}', {"a": "[" * 500 + '"['}),
        (b"[" * 150 + b"]" * 150, None),
    ],
)
def test_half_a_character_becomes_a_question_mark_and_brackets_in_texts_do_not_count(body: bytes, read: Any) -> None:
    parsed = read_json(body)
    assert parsed == read or (read is None and json.dumps(parsed).encode() == body)


def test_a_body_with_too_many_levels_is_malformed() -> None:
    with pytest.raises(ValueError, match="levels"):
        read_json(b"[" * 201 + b"]" * 201)


def test_half_a_character_can_be_stored(fsm: Client) -> None:
    answer = fsm.call("POST", "wm_order", data=b'{"short_description": "a\\ud800b"}')
    assert (answer.status_code, answer.json()["result"]["short_description"]) == (201, "a?b")


@pytest.mark.parametrize("value", [10**30, -(10**30), "9" * 40, 1e300, "nan", "Infinity"])
def test_a_number_no_column_can_hold_is_dropped(world: World, value: object) -> None:
    body = json.dumps({"quantity": value}).encode()
    for sent, stored in ((body, "1"), (b'{"quantity": 7}', "7")):
        answer = asked(world, "/api/now/table/sm_asset_usage", "POST", sent)
        assert (answer.status, json.loads(answer.body)["result"]["quantity"]) == (201, stored)


@pytest.mark.parametrize(
    "term",
    [
        "sys_created_on>javascript:gs.daysAgo(99999999999)",
        "sys_created_on>javascript:gs.hoursAgo(1e300)",
        "sys_created_on>javascript:gs.yearsAgo(9999)",
        "sys_created_onRELATIVEGT@day@ago@99999999999999",
        "sys_created_on>javascript:" + "gs.getProperty(" * 300 + ")" * 300,
        "sys_mod_count=nothing_but_a_word_in_a_field_nobody_has",
    ],
)
def test_a_literal_beyond_every_calendar_is_an_invalid_term(fsm: Client, term: str) -> None:
    """It is dropped and the rest runs, as an unknown field is."""
    number = fsm.made("wm_order", short_description="x")["number"]
    found = fsm.rows("wm_order", f"number={number}^{term}")
    assert [row["number"] for row in found] == ([] if "nothing_but" in term else [number])


def test_an_integer_beyond_the_database_equals_nothing(fsm: Client) -> None:
    fsm.made("wm_order", short_description="x")
    assert fsm.rows("wm_order", "sys_mod_count=99999999999999999999") == []
    assert len(fsm.rows("wm_order", "sys_mod_count=0")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "^".join(["active=true"] * 3000),
        "^OR".join(["priority=4"] * 3000),
        "^NQ".join(["priority=4"] * 3000),
        "active=true^" + "^".join(["ORDERBYnumber"] * 3000),
    ],
)
def test_a_query_too_long_for_an_address_runs_in_a_batch(fsm: Client, query: str) -> None:
    """pysnc sends queries over 10,000 characters that way."""
    number = fsm.made("wm_order", short_description="x", priority="4")["number"]
    url = f"/api/now/table/wm_order?sysparm_fields=number&sysparm_query={quote(query)}"
    parts = [{"id": "1", "method": "GET", "url": url, "headers": []}]
    answer = fsm.call("POST", "/api/now/v1/batch", json={"batch_request_id": "1", "rest_requests": parts})
    (served,) = answer.json()["serviced_requests"]
    assert json.loads(base64.b64decode(served["body"])) == {"result": [{"number": number}]}


def test_a_query_the_database_cannot_take_is_refused(fsm: Client) -> None:
    answer = fsm.get("wm_order", sysparm_query="parent." * 80 + "number=x")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Invalid query")


@pytest.mark.parametrize(
    "part",
    [
        {"body": 1},
        {"body": {}},
        {"body": "é"},
        {"headers": [1]},
        {"headers": "x"},
        {"headers": [{}]},
        {"headers": {"Accept": "x"}},
        {"headers": [{"name": 1, "value": None}]},
        {"url": None},
        {"url": "http://["},
        {"url": "//["},
        {"method": None},
        {"method": {}},
    ],
)
def test_an_odd_part_of_a_batch_fails_alone(fsm: Client, part: dict[str, Any]) -> None:
    """A name that is a number, and a value that is null, are no mistake: they are read as texts."""
    honest = {"id": "2", "method": "GET", "url": ORDERS, "headers": []}
    parts = [{**honest, "id": "1", **part}, honest]
    answer = fsm.call("POST", "/api/now/v1/batch", json={"batch_request_id": "1", "rest_requests": parts})
    statuses = [served["status_code"] for served in answer.json()["serviced_requests"]]
    assert (statuses[0] in (200, 400, 405), statuses[1]) == (True, 200)


def test_an_output_size_that_is_no_number_is_not_read(world: World) -> None:
    body = json.dumps({"batch_request_id": "1", "rest_requests": []}).encode()
    for size in ("²", "x", "-1", ""):
        header = ("X-BATCHREQUEST-MAX-OUTPUT-SIZE", size)
        assert asked(world, "/api/now/v1/batch", "POST", body, (header,)).status == 200


def test_lists_of_columns_do_not_pile_up(world: World, fsm: Client) -> None:
    fsm.made("wm_order", short_description="x")
    for number in range(1100):
        world.fsm.projections[world.users("fsm")["admin"], "x", str(number)] = []
    assert set(fsm.row("wm_order", "", sysparm_fields="number,state")) == {"number", "state"}
    assert len(world.fsm.projections) < 1000


def test_a_query_may_name_the_groups(fsm: Client) -> None:
    for priority in ("4", "4", "2"):
        fsm.made("wm_order", short_description="x", priority=priority)
    answer = fsm.get("/api/now/stats/wm_order", sysparm_count="true", sysparm_query="active=true^GROUPBYpriority")
    named = fsm.get("/api/now/stats/wm_order", sysparm_count="true", sysparm_group_by="priority")
    assert answer.json() == named.json()
    assert [group["stats"]["count"] for group in answer.json()["result"]] == ["1", "2"]


def test_without_a_count_the_last_page_is_not_known(world: World, fsm: Client) -> None:
    for _ in range(3):
        fsm.made("wm_order", short_description="x")
    page = {"sysparm_no_count": "true", "sysparm_limit": "2"}
    assert "Link" not in fsm.get("wm_order", **page).headers
    world.switch("fsm", link_without_count=True)
    first, last = fsm.get("wm_order", **page), fsm.get("wm_order", sysparm_offset="2", **page)
    assert [link.partition('rel="')[2] for link in first.headers["Link"].split(",")] == ['first"', 'prev"', 'next"']
    assert set(last.links) == {"first", "prev"}
    assert ("X-Total-Count" in first.headers, "Link" in fsm.get("wm_order", sysparm_no_count="true").headers) == (
        False,
        False,
    )


def test_a_table_may_have_no_column_for_its_last_change(tmp_path: Path) -> None:
    """What was asked of it is then an unknown field: silently everything."""
    profile = tmp_path / "acme.toml"
    profile.write_text(
        'extends = "default"\n[fsm.tables.wm_work_type]\nwithout = ["sys_updated_on"]\n', encoding="utf-8"
    )
    world = World.create(str(profile), start=START)
    fsm = Client(world, "fsm", "admin")
    rows = fsm.rows("wm_work_type", "sys_updated_on>2099-01-01 00:00:00")
    assert (len(rows) > 0, "sys_updated_on" in rows[0], "sys_created_on" in rows[0]) == (True, False, True)
    told = fsm.rows("sys_dictionary", "name=wm_work_type^elementLIKEsys_", sysparm_fields="element")
    assert ({"element": "sys_updated_on"} in told, {"element": "sys_created_on"} in told) == (False, True)
    assert fsm.rows("wm_order", "sys_updated_on>2099-01-01 00:00:00") == []
    fsm.session.close()
    world.close()
