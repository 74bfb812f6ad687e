"""At the customer's site and around it: task types, travel, parts used, deleting, configuration that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused
from tests.sandbox.gestures import Client, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World


@pytest.fixture
def install(fsm: Client) -> str:
    """The number of a work order for installing a CPE, with its two tasks."""
    number: str = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    return number


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("fsm", {"do": do, **arguments})


def tasks(fsm: Client) -> list[str]:
    return [row["number"] for row in fsm.rows("wm_task", "ORDERBYsys_created_on^ORDERBYnumber")]


def test_a_work_order_task_type_is_a_table_of_its_own_below_the_tasks(world: World, fsm: Client, install: str) -> None:
    made = act(world, "add_task", work_order=install, short_description="Measure", type="wm_survey_task")
    number = made["tasks"][0]["number"]
    assert number == "SVT0010001"
    row = fsm.row("wm_task", f"number={number}")
    assert (row["sys_class_name"], row["state"], "u_rack_units" in row) == ("wm_survey_task", "10", False)
    assert "u_rack_units" in fsm.row("wm_survey_task", "")
    act(world, "dispatch", work_order=install, technician="technician")
    act(world, "complete", work_order=install)
    assert fsm.row("wm_order", "")["state"] == "3"
    with pytest.raises(Refused, match="adding a task is not possible in this state"):
        act(world, "add_task", work_order=install, short_description="x")


def test_a_template_may_make_tasks_of_a_customers_own_type(world: World, fsm: Client) -> None:
    world.switch("fsm", task_types={"Survey site": "wm_survey_task"})
    made = fsm.made("wm_order", template=template(fsm, "Site Survey"))
    assert fsm.row("wm_task", f"parent={made['sys_id']}")["sys_class_name"] == "wm_survey_task"
    with pytest.raises(Refused, match="'wm_order' is no type of work order task; there are wm_task, wm_survey_task"):
        act(world, "add_task", work_order=made["number"], short_description="x", type="wm_order")


def test_a_technician_travels_arrives_and_works(world: World, fsm: Client, install: str) -> None:
    task = tasks(fsm)[0]
    for move in ("travel", "arrive"):
        with pytest.raises(Refused, match=f"{task} is Pending Dispatch: .* is not possible in this state"):
            act(world, move, task=task)
    act(world, "dispatch", work_order=install, technician="technician")
    act(world, "accept", task=task)
    act(world, "travel", task=task)
    row = fsm.row("wm_task", f"number={task}")
    assert (row["sub_state"], row["actual_travel_start"]) == ("on_route", "2026-03-02 08:00:00")
    act(world, "arrive", task=task)
    assert fsm.row("wm_task", f"number={task}")["sub_state"] == "onsite_arrival"


def test_a_canceled_task_keeps_what_was_used_and_loses_its_dependencies(
    world: World, fsm: Client, install: str, sign_in: Callable[..., Client]
) -> None:
    first, second = tasks(fsm)
    act(world, "add_task", work_order=install, short_description="Clean up", after=[first, second])
    act(world, "use_asset", task=first, part="Cable", quantity=3)
    act(world, "require_part", task=first, part="Router")
    assert len(fsm.rows("sm_m2m_task_dependency")) == 2
    act(world, "cancel_task", task=first, reason="Not needed")
    usage = fsm.row("sm_asset_usage", "", sysparm_fields="task.number,short_description,quantity")
    assert usage == {"task.number": first, "short_description": "Cable", "quantity": "3"}
    assert fsm.rows("sm_part_requirement") == []
    waits = fsm.row("sm_m2m_task_dependency", "", sysparm_fields="task.short_description,depends_on.number")
    assert waits == {"task.short_description": "Clean up", "depends_on.number": second}
    with pytest.raises(Refused, match="using a part is not possible in this state"):
        act(world, "use_asset", task=first, part="Cable")


def test_a_task_in_draft_is_made_ready_by_hand_with_a_note(world: World, fsm: Client) -> None:
    order = fsm.made("wm_order", short_description="x")["number"]
    task = act(world, "add_task", work_order=order, short_description="y")["tasks"][0]["number"]
    with pytest.raises(Refused, match="the move needs 'note'"):
        act(world, "ready_task", task=task)
    act(world, "ready_task", task=task, note="All clear")
    assert fsm.row("wm_task", "")["state"] == "10"
    with pytest.raises(Refused, match=f"{task} is Pending Dispatch: making it ready for dispatch is not possible"):
        act(world, "ready_task", task=task, note="Again")


def test_deleting_is_for_administrators_and_not_with_transfer_orders(world: World, fsm: Client, install: str) -> None:
    with pytest.raises(Refused, match="has none of the roles wm_admin"):
        act(world, "delete_work_order", work_order=install, **{"as": "dispatcher"})
    act(world, "require_part", task=tasks(fsm)[0], part="Router")
    with pytest.raises(Refused, match=f"{install} cannot be deleted: TO0010001 belongs to it"):
        act(world, "delete_work_order", work_order=install)
    other = fsm.made("wm_order", template=template(fsm, "Site Survey"))["number"]
    act(world, "complete", task=_dispatched(world, fsm, other))
    act(world, "delete_work_order", work_order=other)
    assert [row["number"] for row in fsm.rows("wm_order")] == [install]
    assert len(fsm.rows("wm_task")) == 2


def _dispatched(world: World, fsm: Client, order: str) -> str:
    act(world, "dispatch", work_order=order, technician="technician")
    number: str = fsm.row("wm_task", f"parent.number={order}")["number"]
    return number


def test_a_template_may_leave_a_work_order_in_draft(world: World, fsm: Client) -> None:
    world.switch("fsm", draft_template=True)
    made = fsm.made("wm_order", template=template(fsm, "Install CPE"))
    assert (made["state"], made["short_description"]) == ("1", "Install CPE at the customer site")
    assert {row["state"] for row in fsm.rows("wm_task")} == {"1"}
    world.act("fsm", {"do": "qualify", "work_order": made["number"]})
    assert {row["state"] for row in fsm.rows("wm_task")} == {"10"}


def test_a_work_order_takes_its_place_from_the_item_and_then_from_the_caller(
    fsm: Client, sign_in: Callable[..., Client]
) -> None:
    admin = sign_in("fsm", "admin")
    hamburg, oslo = (
        fsm.row("cmn_location", f"name={name}")["sys_id"] for name in ("Acme Hamburg HQ", "Borealis Oslo Plant")
    )
    item = admin.made("cmdb_ci", name="Router", location=hamburg)["sys_id"]
    caller = fsm.row("customer_contact", "name=Bjorn Dahl")["sys_id"]
    admin.patch("customer_contact", caller, location=oslo)
    for values, place in (
        ({"cmdb_ci": item, "contact": caller}, hamburg),
        ({"contact": caller}, oslo),
        ({"contact": caller, "location": hamburg}, hamburg),
        ({}, ""),
    ):
        assert fsm.made("wm_order", short_description="x", **values)["location"] == place


def test_the_configuration_can_be_read_and_follows_the_switches(world: World, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    before = admin.row("sm_config", "table=wm_order")
    assert (before["qualification_required"], before["request_driven"]) == ("false", "false")
    world.switch("fsm", qualification=True, scheduled_state=True)
    after = admin.row("sm_config", "table=wm_order")
    assert (after["qualification_required"], after["use_scheduled_state"]) == ("true", "true")


def test_without_qualification_what_waited_for_it_is_qualified(world: World, fsm: Client) -> None:
    world.switch("fsm", qualification=True)
    fsm.made("wm_order", template=template(fsm, "Install CPE"))
    fsm.made("wm_order", short_description="Draft")
    world.switch("fsm", qualification=False)
    shown = [row["state"] for row in fsm.rows("wm_order", "ORDERBYnumber", sysparm_display_value="true")]
    assert shown == ["Ready for Dispatch", "Draft"]
    assert {row["state"] for row in fsm.rows("wm_task")} == {"10"}


def test_asset_and_install_base_of_a_work_order_are_its_primary_affected_product(
    fsm: Client, sign_in: Callable[..., Client]
) -> None:
    admin = sign_in("fsm", "admin")
    first, second = (admin.made("alm_asset", display_name=name)["sys_id"] for name in ("Old", "New"))
    owned = admin.made("sn_install_base_item", name="Line")["sys_id"]
    bare = fsm.made("wm_order", short_description="x")["sys_id"]
    assert fsm.rows("wm_m2m_product_to_work_order") == []
    fsm.patch("wm_order", bare, asset=first)
    fsm.patch("wm_order", bare, asset=second, install_base_item=owned)
    row = fsm.row("wm_m2m_product_to_work_order", "")
    assert (row["asset"], row["install_base_item"], row["is_primary"]) == (second, owned, "true")
