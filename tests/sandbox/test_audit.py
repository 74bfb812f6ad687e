"""What the platform remembers of changes and deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def trail(client: Client, sys_id: str) -> list[tuple[str, ...]]:
    rows = client.rows("sys_audit", f"documentkey={sys_id}^ORDERBYrecord_checkpoint^ORDERBYfieldname")
    return [(row["tablename"], row["fieldname"], row["oldvalue"], row["newvalue"], row["user"]) for row in rows]


def test_a_change_of_state_is_audited_and_another_change_is_not(fsm: Client, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    admin.patch("wm_order", sys_id, short_description="y")
    assert trail(admin, sys_id) == []
    admin.patch("wm_order", sys_id, state="10")
    assert trail(admin, sys_id) == [("wm_order", "state", "1", "10", "admin")]
    admin.patch("wm_order", sys_id, state="10")
    assert len(trail(admin, sys_id)) == 1


def test_an_instance_may_audit_more_columns_or_none(world: World, fsm: Client, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    world.switch("fsm", audited_columns=["*"])
    admin.patch("wm_order", sys_id, short_description="y", priority="1")
    assert [entry[1:4] for entry in trail(admin, sys_id)] == [("priority", "4", "1"), ("short_description", "x", "y")]
    world.switch("fsm", audited_columns=[])
    admin.patch("wm_order", sys_id, state="10", priority="2")
    assert len(trail(admin, sys_id)) == 2


def test_who_may_not_read_the_audit_sees_an_empty_list(sign_in: Callable[..., Client], fsm: Client) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    sign_in("fsm", "admin").patch("wm_order", sys_id, state="10")
    assert len(sign_in("fsm", "admin").rows("sys_audit")) == 1
    assert sign_in("fsm", "technician").rows("sys_audit") == []


def test_an_aborted_change_leaves_no_trace(world: World, sign_in: Callable[..., Client], fsm: Client) -> None:
    admin = sign_in("fsm", "admin")
    sys_id = fsm.made("wm_order")["sys_id"]
    refused = admin.patch("wm_order", sys_id, state="7")
    assert (refused.status_code, trail(admin, sys_id)) == (403, [])
    assert admin.patch("wm_order", sys_id, state="7", work_notes="no longer wanted").status_code == 200
    assert [entry[1:4] for entry in trail(admin, sys_id)] == [("state", "1", "7")]


def test_priority_follows_from_impact_and_urgency_where_the_instance_says_so(world: World, fsm: Client) -> None:
    assert fsm.made("wm_order", impact="1", urgency="1")["priority"] == "4"
    world.switch("fsm", priority_lookup=["wm_order"])
    made = fsm.made("wm_order", impact="1", urgency="2", priority="5")
    assert made["priority"] == "2"
    world.switch("fsm", priority_lookup=["task"])
    assert fsm.made("wm_order", impact="3", urgency="3")["priority"] == "5"
