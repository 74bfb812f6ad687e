"""Writes that a poll by sys_updated_on or a webhook misses: background scripts and imported XML, on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.moves import Refused

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client

STAMPS = ("sys_updated_on", "sys_updated_by", "sys_mod_count")


@pytest.fixture
def order(world: World, fsm: Client) -> dict[str, Any]:
    made = fsm.made("wm_order", short_description="before")
    world.advance(60)
    return made


def script(world: World, order: dict[str, Any], **more: Any) -> None:
    world.act("fsm", {"do": "run_script", "table": "wm_order", "record": order["sys_id"], **more})


@pytest.mark.parametrize(("auto_sys_fields", "moved"), [(True, True), (False, False)])
def test_a_script_may_write_without_moving_a_stamp(
    world: World, fsm: Client, order: dict[str, Any], auto_sys_fields: bool, moved: bool
) -> None:
    script(world, order, values={"short_description": "after"}, auto_sys_fields=auto_sys_fields)
    now = fsm.row("wm_order", f"sys_id={order['sys_id']}")
    assert now["short_description"] == "after"
    assert [now[name] != order[name] for name in STAMPS] == [moved] * 3


@pytest.mark.parametrize(("workflow", "audited"), [(True, 1), (False, 0)])
def test_a_script_may_write_without_rules_and_audit(
    world: World, fsm: Client, order: dict[str, Any], workflow: bool, audited: int
) -> None:
    ready = world.fsm.schema.table("wm_order").value_of("state", "ready_for_dispatch")
    script(world, order, values={"state": ready}, workflow=workflow)
    now = fsm.row("wm_order", f"sys_id={order['sys_id']}")
    assert (now["state"], now["sys_mod_count"]) == (ready, "1")
    assert len(fsm.rows("sys_audit", "fieldname=state")) == audited


@pytest.mark.parametrize(("workflow", "traces"), [(True, 1), (False, 0)])
def test_a_record_may_vanish_without_a_trace(
    world: World, fsm: Client, order: dict[str, Any], workflow: bool, traces: int
) -> None:
    script(world, order, delete=True, workflow=workflow)
    assert fsm.get(f"wm_order/{order['sys_id']}").status_code == 404
    assert len(fsm.rows("sys_audit_delete", f"documentkey={order['sys_id']}")) == traces


def test_imported_records_keep_the_stamps_they_bring(world: World, fsm: Client, order: dict[str, Any]) -> None:
    old = {"sys_updated_on": "2020-01-01 00:00:00", "sys_updated_by": "somebody", "sys_mod_count": "9"}
    new = {"sys_id": "f" * 32, "number": "WO9999999", "sys_created_on": "2019-01-01 00:00:00", **old}
    rows = [{"sys_id": order["sys_id"], "short_description": "imported", **old}, new]
    world.act("fsm", {"do": "import_xml", "table": "wm_order", "rows": rows})
    found = fsm.rows("wm_order", "sys_updated_on<2021-01-01 00:00:00^ORDERBYsys_created_on")
    assert [(row["number"], row["sys_mod_count"]) for row in found] == [("WO9999999", "9"), (order["number"], "9")]
    assert found[1]["short_description"] == "imported"
    assert found[0]["state"] == order["state"]  # the default


def test_an_ordinary_write_moves_stamps_again_afterwards(world: World, fsm: Client, order: dict[str, Any]) -> None:
    script(world, order, values={"short_description": "after"}, auto_sys_fields=False, workflow=False)
    fsm.patch("wm_order", order["sys_id"], short_description="again")
    assert fsm.row("wm_order", f"sys_id={order['sys_id']}")["sys_mod_count"] == "1"


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ({"do": "run_script", "record": "x"}, "table"),
        ({"do": "run_script", "table": "wm_order", "record": "x", "values": {}}, "there is no"),
        ({"do": "import_xml", "table": "wm_order", "rows": [{"number": "1"}]}, "sys_id"),
        ({"do": "import_xml", "table": "u_no", "rows": [{"sys_id": "1"}]}, "table"),
        ({"do": "import_xml", "table": "wm_order", "rows": [{"sys_id": "1", "bunk": "1"}]}, "bunk"),
        ({"do": "import_xml", "as": "dispatcher", "table": "wm_order", "rows": [{"sys_id": "1"}]}, "roles"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, move: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        world.act("fsm", move)
