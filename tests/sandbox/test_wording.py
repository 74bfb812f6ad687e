"""Answers that no recording shows, or that differ between releases: status and words are the instance's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.test_golden_answers import CLOSING, OPENING, TIMING, asked, assert_headers, basic, envelope

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client

LIST = "/api/now/table/wm_order"


@pytest.mark.parametrize(
    ("name", "method", "path", "headers", "usual"),
    [
        ("malformed", "POST", "wm_order", {}, 400),
        ("no_method", "DELETE", "wm_order", {}, 405),
        ("not_acceptable", "GET", "wm_order", {"Accept": "text/csv"}, 406),
        ("unsupported_media", "POST", "wm_order", {"Content_Type": "text/csv"}, 415),
        ("invalid_table", "GET", "u_no", {}, 400),
        ("no_resource", "GET", "a/b/c", {}, 400),
        ("query_denied", "GET", "sys_user_role", {}, 403),
        ("write_denied", "POST", "cmn_location", {}, 403),
        ("no_record", "GET", "wm_order/0", {}, 404),
    ],
)
def test_any_error_can_have_another_status_and_other_words(
    world: World, name: str, method: str, path: str, headers: dict[str, str], usual: int
) -> None:
    def answer() -> Any:
        body = b"{" if name in ("malformed", "unsupported_media") else b""
        return asked(world, f"/api/now/table/{path}", method, body, Authorization=basic(world), **headers)

    assert answer().status == usual
    world.switch("fsm", answers={name: {"status": 499, "message": "No", "detail": ""}})
    assert (answer().status, answer().body) == (499, envelope("No", None))
    world.switch("fsm", answers={name: {"page": True}})
    assert (answer().status, answer().headers.get("Content-Type")) == (usual, "text/html")
    world.switch("fsm", answers={"something_else": {"status": 499}})
    assert answer().status == usual


def test_other_words_may_repeat_the_facts(world: World, fsm: Client) -> None:
    words = {"detail": "((conn=7) Duplicate entry '{value}' for key '{key}')", "status": 500}
    world.switch("fsm", answers={"duplicate": words, "invalid_table": {"detail": "Table {table} does not exist"}})
    chosen = "a" * 32
    fsm.made("wm_order", sys_id=chosen)
    body = f'{{"sys_id":"{chosen}"}}'.encode()
    taken = asked(world, LIST, "POST", body, Authorization=basic(world))
    detail = f"((conn=7) Duplicate entry '{chosen}' for key 'PRIMARY')"
    assert (taken.status, taken.body) == (500, envelope("Operation Failed", detail))
    unknown = asked(world, "/api/now/table/u_no", Authorization=basic(world))
    assert unknown.body == envelope("Invalid table u_no", "Table u_no does not exist")


def test_other_words_also_reach_the_parts_of_a_batch(world: World, fsm: Client) -> None:
    world.switch("fsm", answers={"invalid_table": {"status": 404}})
    part = {"id": "1", "method": "GET", "url": "/api/now/table/u_no"}
    done = fsm.call("POST", "/api/now/v1/batch", json={"batch_request_id": "x", "rest_requests": [part]})
    assert done.json()["serviced_requests"][0]["status_code"] == 404


def test_an_error_may_begin_with_its_detail(world: World) -> None:
    world.switch("fsm", error_order="detail_first")
    answer = asked(world, "/api/now/table/u_no", Authorization=basic(world))
    assert answer.body == b'{"error":{"detail":null,"message":"Invalid table u_no"},"status":"failure"}'


def test_a_table_that_is_not_exposed_is_an_invalid_table(world: World) -> None:
    world.switch("fsm", closed_tables=["wm_order"])
    closed = asked(world, LIST, Authorization=basic(world))
    assert (closed.status, closed.body) == (400, envelope("Invalid table wm_order", None))
    assert asked(world, "/api/now/table/wm_task", Authorization=basic(world)).status == 200


def test_an_instance_may_want_the_headers_of_representation(world: World) -> None:
    assert asked(world, LIST, "POST", b"{}", Authorization=basic(world)).status == 201
    world.switch("fsm", headers_required=True)
    assert asked(world, LIST, Authorization=basic(world)).status == 400
    assert asked(world, LIST, Authorization=basic(world), Accept="*/*").status == 200
    assert asked(world, LIST, "POST", b"{}", Authorization=basic(world), Accept="*/*").status == 400
    kind = {"Accept": "*/*", "Content_Type": "application/json"}
    assert asked(world, LIST, "POST", b"{}", Authorization=basic(world), **kind).status == 201


def test_a_long_answer_may_be_cut_without_a_word(world: World) -> None:
    path = "/api/now/table/cmn_location"
    whole = asked(world, path, Authorization=basic(world))
    world.switch("fsm", answer_limit_bytes=1000)
    cut = asked(world, path, Authorization=basic(world))
    assert (cut.status, cut.body) == (200, whole.body[:1000])
    assert asked(world, LIST, Authorization=basic(world)).body == b'{"result":[]}'


@pytest.mark.parametrize(("length", "status"), [(8182, 400), (8190, 400), (8191, 414), (8347, 414), (23000, 414)])
def test_an_address_is_refused_by_its_length_in_bytes(world: World, length: int, status: int) -> None:
    target = "/api/now/table/".ljust(length, "x")
    answer = asked(world, target, Authorization=basic(world))
    assert (answer.status, answer.headers.get("Content-Type").partition(";")[0]) == (
        status,
        "text/html" if status == 414 else "application/json",
    )


def test_an_edge_may_take_longer_addresses(world: World) -> None:
    world.switch("fsm", max_address_bytes=20_000)
    assert asked(world, LIST.ljust(9000, "/"), Authorization=basic(world)).status != 414


OLD = [
    "Server: ServiceNow", *OPENING[1:], "Keep-Alive: timeout=20", "Set-Cookie: JSESSIONID=<H32>; Path=/; HttpOnly",
    "Server-Timing: sem_wait;dur=0, sesh_wait;dur=0",
]  # fmt: skip


def test_an_older_release_has_other_headers(world: World) -> None:
    world.switch("fsm", generation="2021")
    answer = asked(world, LIST, Authorization=basic(world))
    lines = [f"{name}: {value}" for name, value in answer.headers.lines]
    pools = [line for line in lines if line.startswith("Set-Cookie: BIGipServerpool_fsm=")]
    assert len(pools) == 1
    assert 't;desc="' not in answer.headers.get("Server-Timing")
    answer.headers.lines = answer.headers.lines[: len(OLD)]
    assert_headers(answer, OLD)


def test_an_older_release_opens_a_session_on_a_401_and_shouts(world: World) -> None:
    world.switch("fsm", generation="2021", answers={"not_authenticated": {"message": "User Not Authenticated"}})
    refused = asked(world, LIST)
    assert_headers(refused, [*OLD, 'WWW-Authenticate: BASIC realm="Service-now"', *CLOSING])
    assert refused.body == envelope("User Not Authenticated", "Required to provide Auth information")


def test_a_401_may_name_two_schemes(world: World) -> None:
    world.switch("fsm", authenticate_first_scheme_only=False)
    lines = asked(world, LIST).headers.lines
    named = [value for name, value in lines if name == "WWW-Authenticate"]
    assert named == ['BEARER realm="Service-now"', 'BASIC realm="Service-now"']


def test_an_instance_may_say_how_long_an_answer_is_instead_of_chunking_it(world: World) -> None:
    world.switch("fsm", chunked=False)
    answer = asked(world, LIST, Authorization=basic(world))
    assert "Transfer-Encoding" not in answer.headers
    assert "Server-Timing" in answer.headers


@pytest.mark.parametrize("kind", ["html_200", "login_302"])
def test_a_login_page_is_served_by_a_node(world: World, kind: str) -> None:
    world.fault("fsm", {"kind": kind})
    page = asked(world, LIST, Authorization=basic(world))
    assert_headers(page, _page_headers(page.status))
    assert "Set-Cookie" not in page.headers


def _page_headers(status: int) -> list[str]:
    if status == 302:
        location = "Location: https://fsm.sandbox.test/login_redirect.do?sysparm_stack=no"
        return [*OPENING[:2], "Connection: keep-alive", TIMING, "X-Transaction-ID: <12>", location, *CLOSING]
    kind = ["Content-Type: text/html", "Transfer-Encoding: chunked", "Connection: keep-alive"]
    return [*OPENING[:2], *kind, TIMING, "X-Transaction-ID: <12>", *CLOSING]


def test_a_sleeping_instance_once_redirected_to_the_developer_site(world: World) -> None:
    world.fault("fsm", {"kind": "hibernating_302"})
    page = asked(world, LIST, Authorization=basic(world))
    assert (page.status, page.headers.get("Location").partition("#")[0]) == (
        302,
        "https://developer.servicenow.com/dev.do",
    )
    assert "X-Transaction-ID" not in page.headers


def test_a_forbidden_table_is_named(world: World) -> None:
    world.fault("fsm", {"kind": "table_forbidden"})
    answer = asked(world, f"{LIST}/1", Authorization=basic(world))
    assert answer.body == envelope("Insufficient rights to query records", "No permission to read table 'wm_order'")


def test_a_wait_longer_than_connections_live_ends_without_an_answer(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "delay", "seconds": 299})
    assert fsm.get("wm_order").status_code == 200
    world.fault("fsm", {"kind": "delay", "seconds": 400})
    before = world.now()
    with pytest.raises(OSError, match="without response"):
        fsm.call("POST", "wm_order", json={})
    assert (world.now() - before).total_seconds() == 300
    assert len(fsm.rows("wm_order")) == 1
