"""Aggregates, import sets, attachments and the description of a table."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import World
from connector.sandbox.people import Grant
from tests.sandbox.gestures import START, Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


@pytest.mark.parametrize(
    ("order", "states"),
    [
        ("", ["1", "2"]),
        ("state^DESC", ["2", "1"]),
        ("COUNT", ["1", "2"]),
        ("COUNT^DESC", ["2", "1"]),
        ("AVG^state^DESC", ["2", "1"]),
        ("MIN^state", ["1", "2"]),
        ("nonsense,AVG^nonsense,COUNT^DESC", ["2", "1"]),
    ],
)
def test_groups_come_in_the_order_asked_for(world: World, om: Client, order: str, states: list[str]) -> None:
    place_order(world)
    options = {"sysparm_count": "true", "sysparm_group_by": "state", "sysparm_order_by": order}
    groups = om.get("/api/now/stats/sn_ind_tmt_orm_domain_order", **options).json()["result"]
    assert [group["groupby_fields"][0]["value"] for group in groups] == states


@pytest.mark.parametrize(("counted", "number"), [(True, "3"), (False, "2")])
def test_rows_a_reader_may_not_see_are_counted_only_on_some_setups(
    world: World, fsm: Client, counted: bool, number: str
) -> None:
    for priority in (1, 2, 1):
        fsm.made("wm_order", priority=priority)
    user = world.fsm.users["connector"]
    world.fsm.users["connector"] = replace(user, roles=frozenset({"narrow"}))
    tables, roles = frozenset({"wm_order"}), frozenset({"narrow"})
    world.fsm.access.grants.append(Grant(tables, frozenset({"read"}), roles, where="priority=1"))
    world.switch("fsm", stats_count_denied_rows=counted)
    answer = fsm.get("/api/now/stats/wm_order", sysparm_count="true").json()
    assert answer["result"]["stats"] == {"count": number}


def test_the_list_of_tables_holds_those_the_reader_may_read(sign_in: Callable[..., Client], fsm: Client) -> None:
    path = "/api/now/doc/table/schema"
    mine, all_of_them = (
        {table["value"]: table["label"] for table in client.get(path).json()["result"]}
        for client in (fsm, sign_in("fsm", "admin"))
    )
    assert mine["wm_order"] == all_of_them["wm_order"] == "Work Order"
    assert "sys_user_role" in all_of_them
    assert "sys_user_role" not in mine


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


PROFILE = """
extends = "default"
name = "imports"
[[fsm.imports.u_work_order_import.outcomes]]
column = "u_short_description"
value = "not for us"
status = "ignored"
[[fsm.imports.u_work_order_import.outcomes]]
column = "u_short_description"
value = "later"
status = "skipped"
message = "Row skipped"
[[fsm.imports.u_work_order_import.outcomes]]
column = "u_correlation_id"
status = "error"
message = "u_correlation_id is missing"
"""


def imported(client: Client, **body: str) -> dict[str, Any]:
    answer = client.call("POST", "/api/now/import/u_work_order_import", json=body)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


def test_the_rows_of_an_import_stay_in_the_staging_table_with_what_became_of_them(tmp_path: Path) -> None:
    profile = tmp_path / "imports.toml"
    abort = (
        '[[fsm.policies]]\nname = "No"\ntable = "wm_order"\nwhen = { short_description = "no" }\nabort = "Not here"\n'
    )
    profile.write_text(PROFILE + abort, encoding="utf-8")
    world = World.create(str(profile), start=START)
    admin, technician = Client(world, "fsm", "admin"), Client(world, "fsm", "technician")
    for text in ("x", "no", "later"):
        made = imported(admin, u_correlation_id="k", u_short_description=text, u_colleration_id="k")
    columns = "u_short_description,sys_import_state,sys_target_table,sys_target_sys_id,sys_import_state_comment"
    rows = admin.rows("u_work_order_import", "ORDERBYsys_import_set.number", sysparm_fields=columns)
    order = admin.row("wm_order", "")["sys_id"]
    assert [tuple(row.values()) for row in rows] == [
        ("x", "inserted", "wm_order", order, ""),
        ("no", "error", "wm_order", "", "Not here"),
        ("later", "skipped", "wm_order", "", "Row skipped"),
    ]
    own = admin.rows("sys_import_set_row", f"sys_import_set.number={made['import_set']}", sysparm_display_value="true")
    assert [(row["sys_class_name"], row["sys_import_state"]) for row in own] == [("Work order import", "Skipped")]
    assert admin.row("sys_import_set", f"number={made['import_set']}")["state"] == "processed"
    assert technician.get("u_work_order_import").status_code == 403
    for client in (admin, technician):
        client.session.close()
    world.close()


def test_a_transform_script_may_ignore_skip_or_refuse_a_row(tmp_path: Path) -> None:
    profile = tmp_path / "imports.toml"
    profile.write_text(PROFILE)
    world = World.create(profile=str(profile), start=START)
    admin = Client(world, "fsm", "admin")
    told = [
        imported(admin, u_correlation_id="k", u_short_description=text)["result"][0]
        for text in ("not for us", "later", "good")
    ]
    assert [row["status"] for row in told] == ["ignored", "skipped", "inserted"]
    assert told[0]["status_message"] == "Row transform ignored by onBefore script"
    assert told[1]["status_message"] == "Row skipped"
    refused = imported(admin, u_short_description="good")["result"][0]
    assert (refused["status"], refused["error_message"]) == ("error", "u_correlation_id is missing")
    assert len(admin.rows("wm_order")) == 1
    admin.session.close()
    world.close()


def test_a_row_that_changes_nothing_says_so_and_import_sets_are_numbered(sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    answers = [imported(admin, u_correlation_id="k") for _ in range(2)]
    assert [answer["import_set"] for answer in answers] == ["ISET0010001", "ISET0010002"]
    assert answers[1]["result"][0]["status_message"] == "No field values changed"


@pytest.mark.parametrize(("serialized", "made"), [(True, 1), (False, 2)])
def test_imports_at_the_same_time_may_double_a_record_where_they_are_not_serialized(
    world: World, sign_in: Callable[..., Client], serialized: bool, made: int
) -> None:
    admin = sign_in("fsm", "admin")
    world.switch("fsm", import_insert_serialized=serialized)
    for _ in range(2):
        imported(admin, u_correlation_id="k")
    assert len(admin.rows("wm_order")) == made
    world.advance(1)
    imported(admin, u_correlation_id="k")
    assert len(admin.rows("wm_order")) == made


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ({"attachment_max_bytes": 3}, "larger than 3 bytes"),
        ({"attachment_extensions": ["pdf"]}, "Files of type jpg"),
        ({"attachment_types": ["application/pdf"]}, "Content of type image/jpeg"),
    ],
)
def test_a_file_the_properties_do_not_allow_is_refused(
    world: World, fsm: Client, switch: dict[str, Any], words: str
) -> None:
    where = {"table_name": "wm_order", "table_sys_id": fsm.made("wm_order")["sys_id"], "file_name": "photo.JPG"}
    asked: dict[str, Any] = {"params": where, "data": b"1234", "headers": {"Content-Type": "image/jpeg"}}
    assert fsm.call("POST", "/api/now/attachment/file", **asked).status_code == 201
    world.switch("fsm", **switch)
    refused = fsm.call("POST", "/api/now/attachment/file", **asked)
    assert refused.status_code == 403
    assert words in refused.json()["error"]["detail"]
    world.switch("fsm", answers={"attachment_refused": {"status": 400}})
    assert fsm.call("POST", "/api/now/attachment/file", **asked).status_code == 400
    assert len(fsm.get("/api/now/attachment").json()["result"]) == 1


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
