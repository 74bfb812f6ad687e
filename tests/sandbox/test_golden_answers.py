"""Headers in their recorded order and error bodies word for word, as bytes."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.messages import Headers, Request, Response
from connector.sandbox.people import Grant

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client

HEX = {"12": r"[0-9a-f]{12}", "32": r"[0-9a-f]{32}", "64": r"[0-9a-f]{64}", "H32": r"[0-9A-F]{32}"}
CLOSING = [
    "X-Content-Type-Options: nosniff",
    "Pragma: no-store,no-cache",
    "Cache-Control: no-cache,no-store,must-revalidate,max-age=-1",
    "Expires: 0",
    "Strict-Transport-Security: max-age=63072000; includeSubDomains",
]
OPENING = [
    "Server: snow_adc",
    "Date: Mon, 02 Mar 2026 08:00:00 GMT",
    "Content-Type: application/json;charset=UTF-8",
    "Transfer-Encoding: chunked",
    "Connection: keep-alive",
]
TIMING = 'Server-Timing: t;desc="<12>", sem_wait;dur=0, sesh_wait;dur=0'
ATTRIBUTES = "; Path=/; HttpOnly; Secure"


def asked(world: World, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return world.handle("fsm", Request(method, target, Headers(lines), body))


def basic(world: World, login: str = "connector") -> str:
    pair = f"{login}:{world.users('fsm')[login].password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def assert_headers(response: Response, expected: list[str]) -> None:
    lines = [f"{name}: {value}" for name, value in response.headers.lines]
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected, strict=True):
        wanted = re.escape(pattern)
        for mark, expression in HEX.items():
            wanted = wanted.replace(f"<{mark}>", expression)
        assert re.fullmatch(wanted, line), f"{line} is not {pattern}"


def test_the_first_answer_of_a_session_has_these_headers_in_this_order(world: World) -> None:
    page = asked(world, "/api/now/table/cmn_location?sysparm_limit=5", Authorization=basic(world))
    link = "<https://fsm.sandbox.test/api/now/table/cmn_location?sysparm_limit=5&sysparm_offset="
    assert_headers(
        page,
        [
            *OPENING,
            "Set-Cookie: JSESSIONID=<H32>; Path=/; HttpOnly",
            TIMING,
            f"Set-Cookie: glide_user=; Max-Age=0{ATTRIBUTES}",
            f"Set-Cookie: glide_user_session=; Max-Age=0{ATTRIBUTES}",
            f"Set-Cookie: glide_user_route=glide.<32>; Max-Age=2147483647{ATTRIBUTES}",
            f"Set-Cookie: glide_node_id_for_js=<64>{ATTRIBUTES}",
            "X-Is-Logged-In: true",
            "X-Transaction-ID: <12>",
            f"Set-Cookie: glide_session_store=<H32>; Max-Age=1800{ATTRIBUTES}",
            f'Link: {link}0>;rel="first",{link}-5>;rel="prev",{link}5>;rel="next",{link}5>;rel="last"',
            "X-Total-Count: 6",
            *CLOSING,
        ],
    )
    assert page.headers.get("X-Transaction-ID") in page.headers.get("Server-Timing")


def test_a_later_answer_of_the_session_renews_it(world: World) -> None:
    first = asked(world, "/api/now/table/customer_account", Authorization=basic(world))
    cookie = first.headers.get("Set-Cookie").partition(";")[0]
    later = asked(world, "/api/now/table/customer_account", Authorization=basic(world), Cookie=cookie)
    assert_headers(
        later,
        [
            *OPENING,
            TIMING,
            f"Set-Cookie: glide_user_activity=<H32>{ATTRIBUTES}",
            "X-Is-Logged-In: true",
            "X-Transaction-ID: <12>",
            f"Set-Cookie: glide_session_store=<H32>; Max-Age=60{ATTRIBUTES}",
            "X-Total-Count: 3",
            *CLOSING,
        ],
    )


def test_a_write_has_a_location_and_no_count(world: World) -> None:
    made = asked(world, "/api/now/v2/table/wm_order", "POST", b"{}", Authorization=basic(world))
    names = [name for name, _ in made.headers.lines]
    assert not {"Link", "X-Total-Count"} & set(names)
    assert names[names.index("Location") + 1] == "X-Content-Type-Options"
    location = made.headers.get("Location")
    assert re.fullmatch(r"https://fsm\.sandbox\.test/api/now/v2/table/wm_order/[0-9a-f]{32}", location)


def test_a_refused_sign_in_has_no_session_and_no_transaction(world: World) -> None:
    refused = asked(world, "/api/now/table/wm_order")
    assert_headers(
        refused,
        [
            *OPENING,
            "Server-Timing: sem_wait;dur=0, sesh_wait;dur=0",
            'WWW-Authenticate: Basic realm="Service-now"',
            *CLOSING,
        ],
    )
    body = envelope("User is not authenticated", "Required to provide Auth information")
    assert (refused.status, refused.body) == (401, body)


def envelope(message: str, detail: str | None) -> bytes:
    shown = "null" if detail is None else f'"{detail}"'
    return f'{{"error":{{"message":"{message}","detail":{shown}}},"status":"failure"}}'.encode()


ABSENT = ("No Record found", "Record doesn't exist or ACL restricts the record retrieval")
READ = "Exception while reading request"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message", "detail"),
    [
        ("GET", "table/u_test_table", b"", 400, "Invalid table u_test_table", None),
        ("GET", "table/wm_order/" + "0" * 32, b"", 404, *ABSENT),
        ("PATCH", "table/wm_order/malformed", b"{}", 404, *ABSENT),
        ("DELETE", "table/wm_order/malformed", b"", 404, *ABSENT),
        ("GET", "nonsense", b"", 400, "Requested URI does not represent any resource", None),
        (
            "GET", "table/sys_user_role", b"", 403,
            "Insufficient rights to query records", "No permission to read table 'sys_user_role'",
        ),
        (
            "POST", "table/cmn_location", b"{}", 403,
            "Operation Failed", "ACL Exception Insert Failed due to security constraints",
        ),
        ("POST", "table/wm_order", b"{", 400, READ, "The payload is not valid JSON."),
        (
            "POST", "table/wm_order", b" " * 2001, 400,
            READ, "Rejected large REST payload with content-length = 2001 bytes. Max allowed: 2000 bytes.",
        ),
    ],
)  # fmt: skip
def test_an_error_body_is_word_for_word(
    world: World, method: str, path: str, body: bytes, status: int, message: str,
    detail: str | None,
) -> None:  # fmt: skip
    world.switch("fsm", max_body_bytes=2000)
    answer = asked(world, f"/api/now/{path}", method, body, Authorization=basic(world))
    assert (answer.status, answer.body) == (status, envelope(message, detail))


def narrowed(world: World, **more: Any) -> None:
    user = world.fsm.users["connector"]
    world.fsm.users["connector"] = type(user)(**{**vars(user), "roles": frozenset({"narrow"})})
    world.fsm.access.grants.append(Grant(frozenset({"wm_order"}), frozenset({"read"}), frozenset({"narrow"}), **more))


@pytest.mark.parametrize(("method", "word"), [("PATCH", "Update"), ("DELETE", "Delete")])
def test_a_record_that_may_only_be_read_refuses_word_for_word(
    world: World, fsm: Client, method: str, word: str
) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    narrowed(world)
    answer = asked(world, f"/api/now/table/wm_order/{sys_id}", method, b"{}", Authorization=basic(world))
    detail = f"ACL Exception {word} Failed due to security constraints"
    assert (answer.status, answer.body) == (403, envelope("Operation Failed", detail))


def test_a_hidden_field_in_a_query_is_refused_word_for_word(world: World) -> None:
    narrowed(world, excepted=frozenset({"priority"}))
    answer = asked(world, "/api/now/table/wm_order?sysparm_query=ORDERBYpriority", Authorization=basic(world))
    detail = "Field(s) present in the query do not have permission to be read"
    assert (answer.status, answer.body) == (403, envelope("Insufficient rights to query records", detail))


def test_a_taken_sys_id_is_refused_word_for_word(world: World, fsm: Client) -> None:
    chosen = "AAAABBBBCCCCDDDDEEEEFFFF00001111"
    fsm.made("wm_order", sys_id=chosen)
    body = f'{{"sys_id":"{chosen}"}}'.encode()
    answer = asked(world, "/api/now/table/wm_order", "POST", body, Authorization=basic(world))
    detail = f"Unique Key violation detected by database (Duplicate entry '{chosen}' for key 'PRIMARY')"
    assert (answer.status, answer.body) == (403, envelope("Operation Failed", detail))


def test_a_closed_api_is_refused_word_for_word_and_only_that_api(world: World) -> None:
    assert asked(world, "/api/now/table/wm_order", Authorization=basic(world)).status == 200
    world.switch("fsm", api_roles={"table": ["api_guest"]})
    closed = asked(world, "/api/now/table/wm_order", Authorization=basic(world))
    assert (closed.status, closed.body) == (403, envelope("User Not Authorized", "Failed API level ACL Validation"))
    assert asked(world, "/api/now/stats/wm_order", Authorization=basic(world)).status == 200
    assert asked(world, "/api/now/table/wm_order", Authorization=basic(world, "admin")).status == 200


def test_any_of_the_roles_opens_a_closed_api(world: World) -> None:
    role = min(world.users("fsm")["connector"].roles)
    world.switch("fsm", api_roles={"table": ["api_guest", role]})
    assert asked(world, "/api/now/table/wm_order", Authorization=basic(world)).status == 200
