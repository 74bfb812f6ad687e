"""Views, short addresses, conditions on groups, many import rows at once, files in forms."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from connector.sandbox.rest.multipart import read_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


@pytest.fixture
def admin(sign_in: Callable[..., Client]) -> Client:
    return sign_in("fsm", "admin")


def make_view(admin: Client, name: str, table: str, *columns: str) -> None:
    view = admin.made("sys_ui_view", name=name, title=name.title())["sys_id"]
    section = admin.made("sys_ui_section", name=table, view=view)["sys_id"]
    for position, column in reversed(list(enumerate(columns))):
        admin.made("sys_ui_element", sys_ui_section=section, element=column, position=position)


def test_a_view_names_the_columns_unless_fields_are_given(fsm: Client, admin: Client) -> None:
    make_view(admin, "mobile", "wm_order", "number", "opened_by.name", "state")
    fsm.made("wm_order")
    assert list(fsm.row("wm_order", "", sysparm_view="mobile")) == ["number", "opened_by.name", "state"]
    assert list(fsm.row("wm_order", "", sysparm_view="mobile", sysparm_fields="state")) == ["state"]
    assert len(fsm.row("wm_order", "", sysparm_view="desktop")) > 20


def test_a_view_of_a_parent_table_serves_its_children(fsm: Client, admin: Client) -> None:
    make_view(admin, "mobile", "task", "number")
    fsm.made("wm_order")
    assert list(fsm.row("wm_order", "", sysparm_view="mobile")) == ["number"]
    assert len(fsm.rows("customer_account", "", sysparm_view="mobile")[0]) > 5


def test_a_short_address_stands_for_a_long_query(fsm: Client) -> None:
    for key in "abc":
        fsm.made("wm_order", correlation_id=key)
    long = "correlation_idIN" + ",".join(["a", "c", *(f"none-{n}" for n in range(2000))])
    url = f"wm_order_list.do?sysparm_query={long}&sysparm_fields=correlation_id"
    short = fsm.call("POST", "/api/now/tinyurl", json={"url": url}).json()["result"]
    path, _, key = short.partition("?sysparm_tiny=")
    assert (path, len(key)) == ("wm_order_list.do", 32)
    page = fsm.get("wm_order", sysparm_tiny=key, sysparm_limit="1")
    assert page.json()["result"] == [{"correlation_id": "a"}]
    assert page.headers["X-Total-Count"] == "2"
    assert f"?sysparm_tiny={key}&sysparm_limit=1&sysparm_offset=1>" in page.headers["Link"]
    assert fsm.get("wm_order", sysparm_tiny="unknown").headers["X-Total-Count"] == "3"
    assert fsm.call("POST", "/api/now/tinyurl", json={}).status_code == 400


@pytest.mark.parametrize("name", ["sysparm_query_category", "sysparm_query_no_domain", "sysparm_unheard_of"])
def test_a_parameter_without_effect_here_is_echoed_in_links(fsm: Client, name: str) -> None:
    page = fsm.get("cmn_location", sysparm_limit="1", **{name: "list"})
    assert page.headers["X-Total-Count"] == "6"
    assert f"{name}=list" in page.headers["Link"]


@pytest.mark.parametrize(
    ("having", "states"),
    [
        ("count^state^>^1", ["1"]),
        ("count^state^<=^1", ["10"]),
        ("max^priority^>=^3", ["1", "10"]),
        ("max^priority^=^4,count^state^=^1", ["10"]),
        ("", ["1", "10"]),
    ],
)
def test_groups_can_be_restricted(fsm: Client, admin: Client, having: str, states: list[str]) -> None:
    for priority in (1, 3, 4):
        fsm.made("wm_order", priority=priority)
    admin.patch("wm_order", fsm.row("wm_order", "priority=4")["sys_id"], state="10")
    options = {"sysparm_count": "true", "sysparm_group_by": "state", "sysparm_having": having}
    groups = fsm.get("/api/now/stats/wm_order", **options).json()["result"]
    assert [group["groupby_fields"][0]["value"] for group in groups] == states


@pytest.mark.parametrize(
    "having", ["count>5", "count^state^~^1", "median^priority^>^1", "max^bunk^>^1", "max^priority^>^x"]
)
def test_a_condition_on_groups_that_makes_no_sense_is_refused(fsm: Client, having: str) -> None:
    answer = fsm.get("/api/now/stats/wm_order", sysparm_group_by="state", sysparm_having=having)
    assert answer.status_code == 400


IMPORT = "/api/now/import/u_work_order_import/insertMultiple"


def test_many_import_rows_are_transformed_after_the_answer(world: World, admin: Client) -> None:
    rows = [
        {"u_correlation_id": key, "u_short_description": text} for key, text in (("k", "x"), ("l", "y"), ("k", "z"))
    ]
    answer = admin.call("POST", IMPORT, json={"records": rows})
    assert (answer.status_code, set(answer.json())) == (201, {"import_set_id", "multi_import_set_id"})
    assert admin.rows("wm_order") == []
    of_this_set = f"sys_import_set={answer.json()['import_set_id']}^ORDERBYsys_import_row"
    assert [row["sys_import_state"] for row in admin.rows("u_work_order_import", of_this_set)] == ["pending"] * 3
    world.advance(2)
    states = [row["sys_import_state"] for row in admin.rows("u_work_order_import", of_this_set)]
    assert states == ["inserted", "inserted", "updated"]
    found = admin.rows("wm_order", "ORDERBYcorrelation_id")
    assert [(row["correlation_id"], row["short_description"]) for row in found] == [("k", "z"), ("l", "y")]


def test_many_import_rows_need_a_list_a_staging_table_and_the_right(
    sign_in: Callable[..., Client], admin: Client
) -> None:
    assert admin.call("POST", IMPORT, json={"records": "x"}).status_code == 400
    assert admin.call("POST", IMPORT.replace("u_work", "u_no"), json={"records": []}).status_code == 400
    assert sign_in("fsm", "technician").call("POST", IMPORT, json={"records": []}).status_code == 403


PICTURE = b"\xff\xd8\r\n--\r\n\x00\n"


def test_a_file_can_come_in_a_form(fsm: Client) -> None:
    order = fsm.made("wm_order")["sys_id"]
    made = fsm.call(
        "POST",
        "/api/now/attachment/upload",
        data={"table_name": "wm_order", "table_sys_id": order},
        files={"uploadFile": ("photo.jpg", PICTURE, "image/jpeg")},
    )
    assert made.status_code == 201, made.text
    described = made.json()["result"]
    assert (described["file_name"], described["content_type"]) == ("photo.jpg", "image/jpeg")
    assert described["hash"] == sha256(PICTURE).hexdigest()
    assert fsm.get(f"/api/now/attachment/{described['sys_id']}/file").content == PICTURE


def test_a_form_without_a_file_or_a_record_is_refused(fsm: Client) -> None:
    path, file = "/api/now/attachment/upload", {"uploadFile": ("x", b"x")}
    order = {"table_name": "wm_order", "table_sys_id": fsm.made("wm_order")["sys_id"]}
    nothing = {name: (None, value) for name, value in order.items()}
    assert fsm.call("POST", path, files=nothing).status_code == 400
    assert fsm.call("POST", path, data={**order, "table_sys_id": "0" * 32}, files=file).status_code == 404
    assert (
        fsm.call("POST", path, data=json.dumps(order), headers={"Content-Type": "application/json"}).status_code == 415
    )
    assert fsm.call("POST", path, data=order, files=file).status_code == 201


def test_the_parts_of_a_form_keep_their_bytes() -> None:
    head = b"--b\r\nContent-Disposition: form-data; name="
    body = head + b'"a"\r\n\r\n1\r\n' + head + b'"f"; filename="x"\r\n\r\n\r\n--b--\r\n'
    parts = read_parts('multipart/form-data; boundary="b"', body)
    assert [(part.name, part.file_name, part.content) for part in parts.values()] == [("a", "", b"1"), ("f", "x", b"")]
