"""Aggregates, import sets, attachments and the description of a table."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.gestures import Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World


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
