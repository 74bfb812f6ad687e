"""Database views: joined tables that are read like any other and never written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import START, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROFILE = """
extends = "default"
name = "viewed"
[fsm.tables.u_visit]
label = "Visit"
[fsm.tables.u_visit.view]
tables = { wo = "wm_order", wot = "wm_task" }
where = "wot.parent = wo.sys_id"
[[fsm.access]]
tables = ["u_visit"]
operations = ["read"]
roles = ["wm_initiator"]
except = ["wo_priority"]
"""


@pytest.fixture
def fsm(tmp_path: Path) -> Iterator[Client]:
    profile = tmp_path / "viewed.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    world = World.create(str(profile), start=START)
    client = Client(world, "fsm", "connector")
    yield client
    client.session.close()
    world.close()


@pytest.fixture
def order(fsm: Client) -> dict[str, Any]:
    """A work order with two tasks, beside one without."""
    made = fsm.made("wm_order", short_description="with tasks")
    fsm.made("wm_order", short_description="without")
    for text in ("first", "second"):
        fsm.made("wm_task", parent=made["sys_id"], short_description=text)
    return made


def test_a_database_view_joins_records_under_prefixes(fsm: Client, order: dict[str, Any]) -> None:
    rows = fsm.rows("u_visit", "ORDERBYDESCwot_short_description")
    assert [row["wot_short_description"] for row in rows] == ["second", "first"]
    assert {row["wo_number"] for row in rows} == {order["number"]}
    assert not {"wo_priority", "sys_updated_on", "wot_work_notes"} & set(rows[0])
    page = fsm.get("u_visit", sysparm_query="wot_short_description=first", sysparm_fields="wo_opened_by.user_name,wot_state",
                   sysparm_display_value="true")  # fmt: skip
    assert page.json()["result"] == [{"wo_opened_by.user_name": "connector", "wot_state": "Draft"}]
    assert page.headers["X-Total-Count"] == "1"
    assert fsm.get(f"u_visit/{rows[0]['sys_id']}").json()["result"]["wot_short_description"] == "second"


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_database_view_is_never_written(fsm: Client, order: dict[str, Any], method: str) -> None:
    before = fsm.rows("u_visit")
    path = "u_visit" if method == "POST" else f"u_visit/{before[0]['sys_id']}"
    assert fsm.call(method, path, json={"wo_short_description": "other"}).status_code == 405
    assert fsm.rows("u_visit") == before


def test_a_view_shows_what_has_changed_in_its_tables(fsm: Client, order: dict[str, Any]) -> None:
    fsm.patch("wm_order", order["sys_id"], short_description="other")
    assert {row["wo_short_description"] for row in fsm.rows("u_visit")} == {"other"}
