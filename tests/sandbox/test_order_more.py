"""What else happens to an order: enrichment, header tasks, late values, moves, compensation, fallouts, jeopardy, inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused, World
from tests.sandbox.gestures import SDWAN, START, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER, LINE = "sn_ind_tmt_orm_order", "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER, TASK = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task"
OWNED, OPERATIONS = "sn_install_base_sold_product", "sn_prd_invt_product_inventory_operations"
FIBER = {"offering": "Fiber Access", "location": "Acme Hamburg HQ"}
PHONES = {"offering": "Desk Phones", "location": "Acme Berlin Office", "quantity": 3}
BLOCKING = "sn_ind_tmt_orm.block_order_appro_complet_until_tasks_complete"


def states(client: Client, table: str, query: str = "") -> list[str]:
    rows = client.rows(table, f"{query}^ORDERBYnumber", sysparm_fields="state", sysparm_display_value="true")
    return [row["state"] for row in rows]


def levels(client: Client, *tables: str) -> list[str]:
    return [row["jeopardy_level"] for table in tables for row in client.rows(table, "ORDERBYnumber")]


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("om", {"do": do, **arguments})


def set_property(sign_in: Callable[..., Client], name: str) -> None:
    admin = sign_in("om", "admin")
    admin.patch("sys_properties", admin.row("sys_properties", f"name={name}")["sys_id"], value="true")


def finish(world: World, client: Client) -> None:
    for row in client.rows(DOMAIN_ORDER, "active=true"):
        act(world, "close_domain_order", domain_order=row["number"])
    world.advance(3)


def owned(world: World, om: Client) -> str:
    """The number of an SD-WAN site in Hamburg that the customer owns."""
    place_order(world)
    finish(world, om)
    number: str = om.row(OWNED, "")["number"]
    return number


# --- enrichment and header tasks --------------------------------------------------------------------------------------


def test_where_orders_are_enriched_approval_waits_for_it(world: World, om: Client) -> None:
    world.switch("om", enrichment=True)
    number = place_order(world, approve=False)
    assert states(om, ORDER) + states(om, LINE) == ["Enrichment in progress"] * 2
    with pytest.raises(Refused, match="Enrichment in progress: approving is not possible"):
        act(world, "approve", order=number)
    act(world, "hold_enrichment", order=number)
    assert states(om, ORDER) + states(om, LINE) == ["Enrichment on hold"] * 2
    act(world, "resume_enrichment", order=number)
    act(world, "finish_enrichment", order=number)
    assert states(om, ORDER) + states(om, LINE) == ["New"] * 2
    act(world, "approve", order=number)
    assert states(om, ORDER) == ["Acknowledged"]


def test_header_tasks_block_approval_and_completion_only_where_the_property_says_so(
    world: World, om: Client, sign_in: Callable[..., Client]
) -> None:
    world.switch("om", header_tasks=["Credit check"])
    free = place_order(world)
    assert states(om, ORDER, f"number={free}") == ["In progress"]
    set_property(sign_in, BLOCKING)
    number = place_order(world, approve=False)
    with pytest.raises(Refused, match=f"{number} has open order tasks and cannot be approved"):
        act(world, "approve", order=number)
    act(world, "close_order_task", task=om.row(TASK, f"order.number={number}")["number"])
    act(world, "approve", order=number)
    world.advance(3)
    late = act(world, "create_header_task", order=number, name="Welcome call")["task"]["number"]
    finish(world, om)
    assert states(om, ORDER, f"number={number}") == ["In progress"]
    assert set(states(om, LINE)) == {"Completed"}
    act(world, "close_order_task", task=late)
    world.advance(3)
    assert states(om, ORDER, f"number={number}") == ["Completed"]


# --- decomposition ----------------------------------------------------------------------------------------------------


def test_a_domain_order_appears_when_the_value_it_waits_for_becomes_known(world: World, om: Client) -> None:
    place_order(world, FIBER)
    assert [row["number"] for row in om.rows(DOMAIN_ORDER, "ORDERBYnumber")] == ["PO0010001", "SO0010001"]
    finish(world, om)
    assert states(om, LINE) == ["In progress"]
    act(world, "set_characteristic", line="ORDL0010001", name="Bandwidth", value="1000")
    world.advance(86400)
    assert om.rows("sn_ind_tmt_orm_resource_order") == []
    act(world, "set_characteristic", line="ORDL0010001", name="Terminal model", value="ONT-7")
    assert om.rows("sn_ind_tmt_orm_resource_order") == []
    world.advance(3)
    late = om.row("sn_ind_tmt_orm_resource_order", "", sysparm_fields="parent.number,specification.name")
    assert late == {"parent.number": "SO0010001", "specification.name": "Optical Terminal"}
    act(world, "set_characteristic", line="ORDL0010001", name="Terminal model", value="ONT-8")
    world.advance(3)
    assert len(om.rows("sn_ind_tmt_orm_resource_order")) == 1
    finish(world, om)
    assert states(om, ORDER) == ["Completed"]


def test_a_value_known_from_the_start_makes_all_domain_orders_at_once(world: World, om: Client) -> None:
    place_order(world, {**FIBER, "characteristics": {"Terminal model": "ONT-7"}})
    assert len(om.rows(DOMAIN_ORDER)) == 3


def test_a_value_changed_afterwards_brings_nothing_back(world: World, om: Client) -> None:
    place_order(world, {**FIBER, "characteristics": {"Terminal model": "ONT-7"}})
    act(world, "set_domain_order_state", domain_order="RO0010001", state="canceled")
    act(world, "set_characteristic", line="ORDL0010001", name="Terminal model", value="ONT-8")
    world.advance(3)
    assert states(om, "sn_ind_tmt_orm_resource_order") == ["Canceled"]


def test_a_smaller_quantity_needs_the_managers_attention(world: World, om: Client) -> None:
    number = place_order(world, PHONES)
    act(world, "revise", order=number)
    act(world, "edit_line", line="ORDL0010001", fields={"quantity": 1})
    act(world, "approve_revision", order=number)
    world.advance(3)
    assert [row["needs_attention"] for row in om.rows(DOMAIN_ORDER)] == ["true"] * 3
    act(world, "cancel_unit", domain_order="PO0010001")
    assert len(om.rows(DOMAIN_ORDER, "needs_attention=true^active=true")) == 2
    act(world, "cancel_unit", domain_order="PO0010003")
    assert om.rows(DOMAIN_ORDER, "needs_attention=true") == []
    assert states(om, DOMAIN_ORDER) == ["Canceled", "In progress", "Canceled"]
    with pytest.raises(Refused, match="does not need attention"):
        act(world, "cancel_unit", domain_order="PO0010002")


def test_a_larger_quantity_needs_no_attention(world: World, om: Client) -> None:
    number = place_order(world, PHONES)
    act(world, "revise", order=number)
    act(world, "edit_line", line="ORDL0010001", fields={"quantity": 4})
    act(world, "approve_revision", order=number)
    world.advance(3)
    assert [row["needs_attention"] for row in om.rows(DOMAIN_ORDER)] == ["false"] * 4


# --- compensation -----------------------------------------------------------------------------------------------------


def test_canceling_an_order_first_undoes_what_was_done(world: World, om: Client) -> None:
    number = place_order(world, FIBER)
    act(world, "close_order_task", task="TASK0010001")
    act(world, "cancel_order", order=number)
    act(world, "approve_cancel", order=number)
    undo = om.row(TASK, "task_type=undo", sysparm_display_value="true")
    assert (undo["short_description"], undo["state"]) == ("Remove splice", "Open")
    world.advance(60)
    assert states(om, ORDER) == ["Cancellation in progress"]
    assert states(om, DOMAIN_ORDER) == ["On hold", "On hold"]
    act(world, "close_order_task", task=undo["number"])
    world.advance(3)
    assert states(om, ORDER) == ["Canceled"]
    assert states(om, DOMAIN_ORDER) == ["Canceled", "Canceled"]


def test_canceling_an_order_with_nothing_done_undoes_nothing(world: World, om: Client) -> None:
    number = place_order(world, FIBER)
    act(world, "cancel_order", order=number)
    act(world, "approve_cancel", order=number)
    world.advance(3)
    assert om.rows(TASK, "task_type=undo") == []
    assert states(om, ORDER) == ["Canceled"]


def test_a_removed_line_ends_when_its_work_is_undone(world: World, om: Client) -> None:
    number = place_order(world, FIBER, SDWAN)
    act(world, "close_order_task", task="TASK0010001")
    act(world, "revise", order=number)
    act(world, "remove_line", line="ORDL0010001")
    act(world, "approve_revision", order=number)
    assert states(om, DOMAIN_ORDER, "number=SO0010001") == ["Cancellation in progress"]
    world.advance(3)
    assert states(om, ORDER) == ["In progress"]
    act(world, "close_order_task", task=om.row(TASK, "task_type=undo")["number"])
    assert states(om, DOMAIN_ORDER, "number=SO0010001") == ["Canceled"]


@pytest.mark.parametrize(("bandwidth", "expected"), [("500", "Open"), ("100", "Closed Complete")])
def test_a_revision_redoes_finished_tasks_only_if_it_changed_their_line(
    world: World, om: Client, bandwidth: str, expected: str
) -> None:
    number = place_order(world, {**FIBER, "characteristics": {"Bandwidth": "100"}})
    act(world, "close_order_task", task="TASK0010002")
    act(world, "revise", order=number)
    act(world, "edit_line", line="ORDL0010001", characteristics={"Bandwidth": bandwidth})
    act(world, "approve_revision", order=number)
    world.advance(3)
    assert states(om, TASK, "short_description=Activate line") == [expected]


# --- fallouts ---------------------------------------------------------------------------------------------------------


def test_a_task_goes_on_only_after_its_last_fallout(world: World, om: Client) -> None:
    number = place_order(world)
    first, second = (act(world, "create_fallout", task="TASK0010001")["fallout"]["number"] for _ in range(2))
    act(world, "resolve_fallout", fallout=first)
    assert states(om, TASK, "number=TASK0010001") == ["On hold"]
    act(world, "revise", order=number)
    act(world, "approve_revision", order=number)
    world.advance(3)
    assert states(om, TASK) == ["On hold", "Open", "Open"]
    act(world, "resolve_fallout", fallout=second)
    assert states(om, TASK) == ["Open", "Open", "Open"]


def test_a_fallout_by_rest_holds_its_task_only_where_the_rule_is_on_the_table(
    world: World, sign_in: Callable[..., Client]
) -> None:
    place_order(world)
    world.switch("om", fallout_holds_on_insert=False)
    agent = sign_in("om", "fulfillment_agent")
    agent.made("sn_fallout_mgmt_fallout", order_task=agent.row(TASK, "number=TASK0010001")["sys_id"])
    assert states(agent, TASK, "number=TASK0010001") == ["Open"]
    act(world, "create_fallout", task="TASK0010001", type="Provisioning Failure")
    assert states(agent, TASK, "number=TASK0010001") == ["On hold"]


# --- jeopardy ---------------------------------------------------------------------------------------------------------


def test_the_level_rises_with_the_time_used_and_falls_with_the_work_done(world: World, om: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    place_order(world, {**SDWAN, "committed_due_date": "2026-03-02 10:00:00"})
    assert set(levels(om, ORDER, LINE, TASK)) == {"none"}
    world.advance(3600)
    assert set(levels(om, ORDER, LINE, TASK)) == {"medium"}
    world.advance(1800)
    assert set(levels(om, ORDER, "sn_ind_tmt_orm_service_order")) == {"high"}
    world.advance(1800)
    assert set(levels(om, ORDER, LINE, TASK)) == {"critical"}
    for task in om.rows(TASK):
        act(world, "close_order_task", task=task["number"])
    assert set(levels(om, ORDER, LINE, DOMAIN_ORDER, TASK)) == {"none"}


def test_one_offering_without_jeopardy_leaves_the_whole_order_without(world: World, om: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    due = "2026-03-02 10:00:00"
    place_order(world, {**SDWAN, "committed_due_date": due}, {**PHONES, "committed_due_date": due})
    world.advance(7200)
    assert set(levels(om, ORDER, LINE, DOMAIN_ORDER, TASK)) == {"none"}


def test_levels_stand_still_while_a_revision_is_open(world: World, om: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    number = place_order(world, {**SDWAN, "committed_due_date": "2026-03-02 10:00:00"})
    act(world, "revise", order=number)
    world.advance(7200)
    assert levels(om, ORDER) == ["none"]
    act(world, "approve_revision", order=number)
    world.advance(3)
    assert levels(om, ORDER) == ["critical"]


# --- what the customer owns -------------------------------------------------------------------------------------------


def test_a_completed_line_leaves_a_sold_product(world: World, om: Client) -> None:
    place_order(world)
    assert om.rows(OWNED) == []
    finish(world, om)
    row = om.row(OWNED, "", sysparm_fields="name,status,location.name,account.name,sys_class_name")
    assert tuple(row.values()) == ("Business SD-WAN", "active", "Acme Hamburg HQ", "Acme Logistics", OWNED)


def test_with_the_property_on_it_leaves_product_inventory(
    world: World, om: Client, sign_in: Callable[..., Client]
) -> None:
    set_property(sign_in, "sn_ind_tmt_orm.enable_prod_invt_for_order_management")
    number = owned(world, om)
    assert om.row(OWNED, "")["sys_class_name"] == "sn_prd_invt_product_inventory"
    place_order(world, {"sold_product": number, "action": "suspend"})
    linked = om.rows(DOMAIN_ORDER, "active=true", sysparm_fields="product_inventory.number")
    assert {row["product_inventory.number"] for row in linked} == {number}


def test_units_become_one_sold_product_each(world: World, om: Client) -> None:
    place_order(world, PHONES)
    finish(world, om)
    assert len(om.rows(OWNED)) == 3


def test_a_product_is_suspended_resumed_and_disconnected_by_orders_of_their_own(world: World, om: Client) -> None:
    number = owned(world, om)
    with pytest.raises(Refused, match="is active: resume is not possible"):
        place_order(world, {"sold_product": number, "action": "resume"})
    for action, shown, status in (
        ("suspend", "suspend", "suspended"),
        ("resume", "resume", "active"),
        ("delete", "disconnect", "inactive"),
    ):
        place_order(world, {"sold_product": number, "action": action})
        assert {row["action"] for row in om.rows(DOMAIN_ORDER, "active=true")} == {shown}
        finish(world, om)
        assert om.row(OWNED, "")["status"] == status


def test_a_suspend_order_can_be_canceled_but_not_revised(world: World, om: Client) -> None:
    order = place_order(world, {"sold_product": owned(world, om), "action": "suspend"})
    with pytest.raises(Refused, match="it can be canceled, not revised"):
        act(world, "revise", order=order)
    act(world, "cancel_order", order=order)


def test_a_suspend_with_a_day_in_the_future_waits_for_it(world: World, om: Client) -> None:
    line = {"sold_product": owned(world, om), "action": "suspend", "committed_due_date": "2026-03-03 08:00:00"}
    place_order(world, line)
    assert (states(om, LINE)[-1], om.rows(DOMAIN_ORDER, "active=true")) == ("Scheduled", [])
    assert om.row(OPERATIONS, "", sysparm_fields="operation,scheduled_date,state") == {
        "operation": "suspend",
        "scheduled_date": "2026-03-03 08:00:00",
        "state": "pending",
    }
    world.advance(86400)
    assert (states(om, LINE)[-1], len(om.rows(DOMAIN_ORDER, "active=true"))) == ("In progress", 3)
    assert om.row(OPERATIONS, "")["state"] == "executed"


def test_a_canceled_suspend_never_happens(world: World, om: Client) -> None:
    line = {"sold_product": owned(world, om), "action": "suspend", "committed_due_date": "2026-03-03 08:00:00"}
    order = place_order(world, line)
    act(world, "cancel_order", order=order)
    act(world, "approve_cancel", order=order)
    world.advance(2 * 86400)
    assert om.rows(DOMAIN_ORDER, "active=true") == []
    assert om.row(OPERATIONS, "")["state"] == "canceled"


def test_a_change_with_a_new_place_ceases_there_and_provides_here(world: World, om: Client) -> None:
    line = {"sold_product": owned(world, om), "action": "change", "location": "Acme Munich Depot"}
    place_order(world, line)
    fields = "action,location.name,parent.action"
    made = [tuple(row.values()) for row in om.rows(DOMAIN_ORDER, "active=true^ORDERBYnumber", sysparm_fields=fields)]
    cease, provide = ("disconnect", "Acme Hamburg HQ"), ("add", "Acme Munich Depot")
    assert sorted(row[:2] for row in made) == [provide] * 3 + [cease] * 3
    assert all(parent in ("", action) for action, _, parent in made)
    pairs = om.rows(
        "sn_ind_tmt_orm_domain_order_related_item",
        sysparm_fields="domain_order.action,related_domain_order.action",
    )
    assert [tuple(row.values()) for row in pairs] == [("add", "disconnect")] * 3
    finish(world, om)
    assert om.row(OWNED, "", sysparm_fields="location.name")["location.name"] == "Acme Munich Depot"


def test_a_change_at_the_same_place_is_one_set(world: World, om: Client) -> None:
    place_order(world, {"sold_product": owned(world, om), "action": "change"})
    assert [row["action"] for row in om.rows(DOMAIN_ORDER, "active=true")] == ["change"] * 3


def test_a_change_that_becomes_a_move_in_revision_replaces_its_domain_orders(world: World, om: Client) -> None:
    order = place_order(world, {"sold_product": owned(world, om), "action": "change"})
    act(world, "revise", order=order)
    act(world, "edit_line", line="ORDL0010002", fields={"location": "Acme Munich Depot"})
    act(world, "approve_revision", order=order)
    world.advance(3)
    actions = [row["action"] for row in om.rows(DOMAIN_ORDER, "active=true")]
    assert sorted(actions) == ["add"] * 3 + ["disconnect"] * 3
    act(world, "revise", order=order)
    act(world, "edit_line", line="ORDL0010002", fields={"location": "Acme Berlin Office"})
    act(world, "approve_revision", order=order)
    world.advance(3)
    rows = om.rows(DOMAIN_ORDER, "active=true", sysparm_fields="action,location.name")
    places = {(row["action"], row["location.name"]) for row in rows}
    assert places == {("disconnect", "Acme Hamburg HQ"), ("add", "Acme Berlin Office")}
    assert len(rows) == 6


# --- the native decision tables ---------------------------------------------------------------------------------------


def test_the_native_work_order_policies_can_be_read() -> None:
    world = World.create(profile="native", start=START)
    client = Client(world, "om", "connector")
    tables = client.rows("sys_decision", "nameSTARTSWITHWork Order Policy^ORDERBYname", sysparm_fields="name")
    assert [row["name"] for row in tables] == ["Work Order Policy for Domain Order", "Work Order Policy for Order Task"]
    fields = "label,condition,answer.u_wo_template.name"
    query = "decision_table.name=Work Order Policy for Domain Order^ORDERBYorder"
    assert [tuple(row.values()) for row in client.rows("sys_decision_question", query, sysparm_fields=fields)] == [
        ("Install", "u_specification.name=SD-WAN CPE^u_domain_order_action=add", "Install CPE"),
        ("Remove", "u_specification.name=SD-WAN CPE^u_domain_order_action=disconnect", "Remove CPE"),
    ]
    inputs = client.rows("sys_decision_input", "model.name=Work Order Policy for Order Task", sysparm_fields="label")
    assert {row["label"] for row in inputs} == {"Specification", "Domain Order Action", "Request Type"}
    client.session.close()
    world.close()


def test_the_default_instance_has_no_native_policies(om: Client) -> None:
    assert om.rows("sys_decision", "nameSTARTSWITHWork Order Policy") == []
