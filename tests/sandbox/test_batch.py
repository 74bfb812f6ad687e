"""The Batch API: one after another, each part with an answer of its own, and what happens when there is no more room."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pysnc
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from connector.sandbox import World
    from tests.sandbox.gestures import Client

BATCH = "/api/now/v1/batch"


def part(part_id: object, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": part_id,
        "method": method,
        "url": url,
        "headers": [{"name": "Content-Type", "value": "application/json"}],
    }
    if body is not None:
        made["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    return made


def run(client: Client, *parts: dict[str, Any], **headers: str) -> requests.Response:
    return client.call("POST", BATCH, json={"batch_request_id": 7, "rest_requests": list(parts)}, headers=headers)


def create(part_id: object, key: str) -> dict[str, Any]:
    return part(part_id, "POST", "/api/now/table/wm_order", {"correlation_id": key})


def content(item: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(item["body"]))


def test_the_parts_of_a_batch_are_answered_one_by_one_and_in_order(fsm: Client) -> None:
    answer = run(
        fsm,
        create(1, "a"),
        part(2, "GET", "/api/now/table/wm_order?sysparm_query=correlation_id=a&sysparm_fields=number"),
        part("three", "GET", "/api/now/table/wm_order/none"),
        create(4, "b"),
    ).json()
    assert answer["batch_request_id"] == "7"
    assert answer["unserviced_requests"] == []
    assert [(item["id"], item["status_code"], item["status_text"]) for item in answer["serviced_requests"]] == [
        ("1", 201, "Created"),
        ("2", 200, "OK"),
        ("three", 404, "Not Found"),
        ("4", 201, "Created"),
    ]
    assert content(answer["serviced_requests"][1]) == {"result": [{"number": "WO0010001"}]}
    headers = {line["name"]: line["value"] for line in answer["serviced_requests"][1]["headers"]}
    assert headers["X-Total-Count"] == "1"


def test_a_failing_part_undoes_no_other(fsm: Client) -> None:
    run(fsm, create(1, "a"), part(2, "POST", "/api/now/table/nonsense", {}), create(3, "b"))
    assert len(fsm.rows("wm_order")) == 2


def test_what_exceeds_the_output_size_is_not_executed(fsm: Client) -> None:
    parts = [create(n, str(n)) for n in range(4)]
    answer = run(fsm, *parts, **{"X-BATCHREQUEST-MAX-OUTPUT-SIZE": "2000"}).json()
    done = len(answer["serviced_requests"])
    assert 0 < done < 4
    assert answer["unserviced_requests"] == [str(n) for n in range(done, 4)]
    assert len(fsm.rows("wm_order")) == done


def test_what_exceeds_the_time_quota_is_not_executed(world: World, fsm: Client) -> None:
    world.fsm.switches["latency_ms"] = 12_000
    answer = run(fsm, *(create(n, str(n)) for n in range(4))).json()
    assert answer["unserviced_requests"] == ["2", "3"]
    assert world.now().isoformat() == "2026-03-02T08:00:24+00:00"


def test_an_unserviced_tail_can_be_asked_for(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "unserviced", "parts": 1, "path_contains": "/batch"})
    assert run(fsm, create(1, "a"), create(2, "b")).json()["unserviced_requests"] == ["2"]
    assert [row["correlation_id"] for row in fsm.rows("wm_order")] == ["a"]


def test_faults_hit_the_parts_of_a_batch_too(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "commit_then_500", "method": "POST", "path_contains": "/table/wm_order"})
    items = run(fsm, create(1, "a"), create(2, "b")).json()["serviced_requests"]
    assert [item["status_code"] for item in items] == [500, 201]
    assert len(fsm.rows("wm_order")) == 2


def test_a_batch_without_parts_or_of_too_many_bytes_is_refused(world: World, fsm: Client) -> None:
    assert fsm.call("POST", BATCH, json={}).status_code == 400
    assert fsm.call("POST", BATCH, json={"rest_requests": ["x"]}).status_code == 400
    world.switch("fsm", batch_max_input_bytes=10)
    assert run(fsm, create(1, "a")).status_code == 400


def test_a_client_may_lower_the_output_size_but_not_raise_it(world: World, fsm: Client) -> None:
    world.switch("fsm", batch_max_output_bytes=2000)
    for asked in ("", "9999999", "nonsense"):
        headers = {"X-BATCHREQUEST-MAX-OUTPUT-SIZE": asked} if asked else {}
        assert run(fsm, *(create(n, "x") for n in range(4)), **headers).json()["unserviced_requests"]
    world.switch("fsm", batch_max_output_bytes=1_000_000)
    assert run(fsm, *(create(n, "x") for n in range(4))).json()["unserviced_requests"] == []


@pytest.mark.parametrize(
    ("executes", "codes", "rest", "made"),
    [(False, [201, 201], ["2", "3"], 2), (True, [201, 201, 500], ["3"], 3)],
)
def test_the_part_in_which_the_quota_ends_is_left_or_executed_with_an_error(
    world: World, fsm: Client, executes: bool, codes: list[int], rest: list[str], made: int
) -> None:
    world.switch("fsm", latency_ms=12_000, batch_timeout_executes=executes)
    answer = run(fsm, *(create(n, str(n)) for n in range(4))).json()
    assert [item["status_code"] for item in answer["serviced_requests"]] == codes
    assert answer["unserviced_requests"] == rest
    words = [item.get("error_message", "") for item in answer["serviced_requests"]]
    assert [word.startswith("Transaction cancelled") for word in words] == [code == 500 for code in codes]
    world.switch("fsm", latency_ms=0)
    assert len(fsm.rows("wm_order")) == made


def test_a_part_that_is_sent_elsewhere_names_the_address(world: World, fsm: Client) -> None:
    world.fault("fsm", {"kind": "login_302", "path_contains": "/table/wm_order"})
    items = run(fsm, create(1, "a"), create(2, "b")).json()["serviced_requests"]
    assert items[0]["status_code"] == 302
    assert "login_redirect.do" in items[0]["redirect_url"]
    assert "redirect_url" not in items[1]


def test_a_part_with_an_absolute_address_or_a_broken_body_fails_alone(fsm: Client) -> None:
    broken = {**create(2, "b"), "body": "not base64!"}
    items = run(fsm, part(1, "GET", "https://elsewhere.test/"), broken, create(3, "c")).json()["serviced_requests"]
    assert [item["status_code"] for item in items] == [400, 400, 201]


def test_a_part_may_be_xml_and_may_do_without_headers(fsm: Client) -> None:
    xml = [{"name": "Accept", "value": "application/xml"}]
    asked = {**part(1, "GET", "/api/now/table/cmn_location?sysparm_limit=1"), "headers": xml}
    plain = {**part(2, "GET", "/api/now/table/cmn_location"), "exclude_response_headers": True}
    items = run(fsm, asked, plain).json()["serviced_requests"]
    assert base64.b64decode(items[0]["body"]).startswith(b"<?xml")
    names = [line["name"] for line in items[0]["headers"]]
    assert {"Content-Length", "Content-Type", "Pragma", "Cache-control", "Expires", "X-Total-Count"} <= set(names)
    assert "headers" not in items[1]


def test_a_batch_may_be_answered_in_several_parts(fsm: Client) -> None:
    answer = run(fsm, create(1, "a"), create("b", "b"), Accept="multipart/mixed")
    raw = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.content
    documents = [json.loads(str(one.get_payload())) for one in message_from_bytes(raw).walk() if not one.is_multipart()]
    assert [(d.get("id"), d.get("status_code")) for d in documents] == [("1", 201), ("b", 201), (None, None)]
    assert documents[-1] == {"batch_request_id": "7", "unserviced_requests": []}
    assert run(fsm, create(1, "a"), Accept="text/csv").status_code == 406


@pytest.fixture
def py_client(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[pysnc.ServiceNowClient]:
    password = world.users("fsm")["connector"].password
    client = pysnc.ServiceNowClient(world.fsm.base_url, ("connector", password), auto_retry=False)
    client.session.mount(world.fsm.base_url, world.adapter("fsm"))
    yield client
    client.session.close()


def test_pysnc_updates_many_records_by_batch(fsm: Client, py_client: pysnc.ServiceNowClient) -> None:
    for key in "abc":
        fsm.made("wm_order", correlation_id=key)
    record = py_client.GlideRecord("wm_order")
    record.query()
    for _ in record:
        record.set_value("short_description", "by batch")
    assert record.update_multiple()
    assert {row["short_description"] for row in fsm.rows("wm_order")} == {"by batch"}
    assert [seen.path for seen in fsm.world.requests("fsm")].count("/api/now/v1/batch") == 1
