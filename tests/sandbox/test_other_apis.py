"""Batch, aggregates, import sets, attachments and the description of a table."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pysnc
import pytest

from connector.sandbox.rest import batch
from tests.sandbox.gestures import Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from connector.sandbox import World

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


def test_a_batch_without_parts_or_of_too_many_bytes_is_refused(fsm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fsm.call("POST", BATCH, json={}).status_code == 400
    monkeypatch.setattr(batch, "MAX_INPUT", 10)
    assert run(fsm, create(1, "a")).status_code == 400


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


def test_stats_count_and_sum_over_a_query(world: World, om: Client) -> None:
    place_order(world)
    options = {"sysparm_count": "true", "sysparm_max_fields": "priority", "sysparm_query": "active=true"}
    answer = om.get("/api/now/stats/sn_ind_tmt_orm_domain_order", **options)
    assert answer.json() == {"result": {"stats": {"count": "3", "max": {"priority": "4"}}}}


def test_stats_by_group_show_values_or_labels(world: World, om: Client) -> None:
    place_order(world)
    options = {"sysparm_count": "true", "sysparm_group_by": "state"}
    path = "/api/now/stats/sn_ind_tmt_orm_domain_order"
    assert om.get(path, **options).json()["result"] == [
        {"stats": {"count": "1"}, "groupby_fields": [{"field": "state", "value": "1"}]},
        {"stats": {"count": "2"}, "groupby_fields": [{"field": "state", "value": "2"}]},
    ]
    labeled = om.get(path, sysparm_display_value="true", **options).json()["result"]
    assert [group["groupby_fields"][0]["value"] for group in labeled] == ["Draft", "In progress"]


def test_an_import_coalesces_on_its_key(sign_in: Callable[..., Client], fsm: Client) -> None:
    admin = sign_in("fsm", "admin")

    def imported(**body: str) -> dict[str, str]:
        answer = admin.call("POST", "/api/now/import/u_work_order_import", json=body)
        assert answer.status_code == 201
        result: dict[str, str] = answer.json()["result"][0]
        return result

    first = imported(u_correlation_id="k", u_short_description="x")
    assert (first["status"], first["display_value"]) == ("inserted", "WO0010001")
    assert imported(u_correlation_id="k", u_short_description="x")["status"] == "ignored"
    again = imported(u_correlation_id="k", u_short_description="y")
    assert (again["status"], again["sys_id"]) == ("updated", first["sys_id"])
    assert imported(u_colleration_id="k")["status"] == "inserted"
    assert len(fsm.rows("wm_order")) == 2


def test_a_file_can_be_attached_found_read_and_removed(fsm: Client) -> None:
    order = fsm.made("wm_order", template=template(fsm, "Site Survey"))["sys_id"]
    where = {"table_name": "wm_order", "table_sys_id": order, "file_name": "photo.jpg"}
    made = fsm.call(
        "POST", "/api/now/attachment/file", params=where, data=b"\xff\xd8", headers={"Content-Type": "image/jpeg"}
    )
    described = made.json()["result"]
    assert (made.status_code, made.headers["Location"]) == (201, described["download_link"])
    assert described["hash"] == sha256(b"\xff\xd8").hexdigest()
    listed = fsm.get("/api/now/attachment", sysparm_query=f"table_sys_id={order}").json()["result"]
    assert [row["file_name"] for row in listed] == ["photo.jpg"]
    read = fsm.get(f"/api/now/attachment/{described['sys_id']}/file")
    assert (read.content, read.headers["Content-Type"]) == (b"\xff\xd8", "image/jpeg")
    assert json.loads(read.headers["X-Attachment-Metadata"])["size_bytes"] == "2"
    assert fsm.call("DELETE", f"/api/now/attachment/{described['sys_id']}").status_code == 204
    assert fsm.get(f"/api/now/attachment/{described['sys_id']}").status_code == 404


def test_a_file_needs_a_record_that_exists(fsm: Client) -> None:
    where = {"table_name": "wm_order", "table_sys_id": "0" * 32, "file_name": "x"}
    assert fsm.call("POST", "/api/now/attachment/file", params=where, data=b"x").status_code == 404


def test_the_description_of_a_table_names_types_references_and_choices(fsm: Client) -> None:
    columns = fsm.get("/api/now/ui/meta/wm_task").json()["result"]["columns"]
    assert columns["parent"]["reference"] == "wm_order"
    assert {"value": "18", "label": "Work in Progress"} in columns["state"]["choices"]
    assert columns["short_description"]["max_length"] == 160


@pytest.mark.parametrize("path", ["/api/now/graphql", "/api/sn_tmf_api/order/serviceOrder", "/login.do", "/"])
def test_what_is_not_imitated_is_a_loud_error(fsm: Client, path: str) -> None:
    answer = fsm.get(path)
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "Requested URI does not represent any resource",
    )


def test_a_method_a_resource_does_not_have_is_405(fsm: Client) -> None:
    assert fsm.call("DELETE", "/api/now/stats/wm_order").status_code == 405
