"""The life of an order: approval, decomposition, revision, cancellation, point of no return, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import Refused
from tests.sandbox.gestures import BACKUP, SDWAN, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World

ORDER, LINE = "sn_ind_tmt_orm_order", "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER, TASK = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task"


def states(client: Client, table: str, query: str = "") -> list[str]:
    rows = client.rows(table, f"{query}^ORDERBYnumber", sysparm_fields="state", sysparm_display_value="true")
    return [row["state"] for row in rows]


def close_all(world: World, om: Client) -> None:
    for row in om.rows(DOMAIN_ORDER, "active=true"):
        world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})


def test_an_approved_order_is_decomposed_a_moment_later(world: World, om: Client) -> None:
    number = place_order(world, SDWAN, BACKUP, approve=False)
    assert (states(om, ORDER), states(om, LINE)) == (["New"], ["New", "New"])
    world.act("om", {"do": "approve", "order": number})
    assert (states(om, ORDER), states(om, LINE)) == (["Acknowledged"], ["Acknowledged", "Acknowledged"])
    world.advance(1)
    assert om.rows(DOMAIN_ORDER) == []
    world.advance(1)
    assert (states(om, ORDER), states(om, LINE)) == (["In progress"], ["In progress", "In progress"])
    fields = "number,specification.name,parent.number,location.name,action"
    assert [tuple(row.values()) for row in om.rows(DOMAIN_ORDER, "ORDERBYnumber", sysparm_fields=fields)] == [
        ("PO0010001", "SD-WAN Site", "", "Acme Hamburg HQ", "add"),
        ("PO0010002", "Mobile Backup", "", "Acme Munich Depot", "add"),
        ("RO0010001", "SD-WAN CPE", "SO0010001", "Acme Hamburg HQ", "add"),
        ("SO0010001", "SD-WAN Connectivity", "PO0010001", "Acme Hamburg HQ", "add"),
        ("SO0010002", "Mobile Data Service", "PO0010002", "Acme Munich Depot", "add"),
    ]
    wanted = "request_type.name,parent.number"
    tasks = [tuple(row.values()) for row in om.rows(TASK, "ORDERBYnumber", sysparm_fields=wanted)]
    assert tasks == [
        ("Site survey", "SO0010001"),
        ("Activate service", "SO0010001"),
        ("Configure CPE", "RO0010001"),
        ("Activate SIM", "SO0010002"),
    ]


def test_a_disconnect_line_makes_disconnect_domain_orders(world: World, om: Client) -> None:
    place_order(world, {**SDWAN, "action": "delete"})
    assert {row["action"] for row in om.rows(DOMAIN_ORDER)} == {"disconnect"}


def test_a_per_unit_offering_makes_one_domain_order_per_unit(world: World, om: Client) -> None:
    place_order(world, {"offering": "Desk Phones", "location": "Acme Berlin Office", "quantity": 3})
    assert len(om.rows(DOMAIN_ORDER)) == 3


def test_a_rejected_order_can_be_placed_and_approved_after_all(world: World, om: Client) -> None:
    number = place_order(world, approve=False)
    world.act("om", {"do": "reject", "order": number, "reason": "price"})
    assert (states(om, ORDER), states(om, LINE)) == (["Rejected"], ["Rejected"])
    world.advance(5)
    assert om.rows(DOMAIN_ORDER) == []
    world.act("om", {"do": "approve", "order": number})
    world.advance(5)
    assert states(om, LINE) == ["In progress"]


def test_only_an_approver_approves(world: World) -> None:
    number = place_order(world, approve=False)
    with pytest.raises(Refused, match="Olivia Brooks has none of the roles"):
        world.act("om", {"do": "approve", "order": number, "as": "order_agent"})


def test_a_revision_holds_everything_until_it_is_approved(world: World, om: Client) -> None:
    number = place_order(world)
    assert world.act("om", {"do": "revise", "order": number})["version"] == "2"
    assert states(om, LINE) == ["Revision in progress"]
    assert set(states(om, DOMAIN_ORDER)) == set(states(om, TASK)) == {"On hold"}
    line = om.row(LINE, "")
    assert (line["version"], line["revision_operation"]) == ("2", "update")
    world.act("om", {"do": "edit_line", "line": line["number"], "fields": {"location": "Acme Berlin Office"}})
    place = {"sysparm_fields": "location.name,version"}
    assert {tuple(row.values()) for row in om.rows(DOMAIN_ORDER, **place)} == {("Acme Hamburg HQ", "1")}
    world.act("om", {"do": "approve_revision", "order": number})
    assert (states(om, ORDER), set(states(om, DOMAIN_ORDER))) == (["Acknowledged"], {"Scheduled"})
    assert {tuple(row.values()) for row in om.rows(DOMAIN_ORDER, **place)} == {("Acme Berlin Office", "2")}
    world.advance(3)
    assert (states(om, ORDER), states(om, LINE)) == (["In progress"], ["In progress"])
    assert states(om, DOMAIN_ORDER) == ["Draft", "In progress", "In progress"]
    assert set(states(om, TASK)) == {"Open"}


def test_a_line_removed_in_revision_takes_its_domain_orders_along(world: World, om: Client) -> None:
    number = place_order(world, SDWAN, BACKUP)
    world.act("om", {"do": "revise", "order": number})
    world.act("om", {"do": "remove_line", "line": "ORDL0010001"})
    world.act("om", {"do": "add_line", "order": number, "offering": "Mobile Backup", "location": "Acme Berlin Office"})
    world.act("om", {"do": "approve_revision", "order": number})
    world.advance(3)
    assert states(om, LINE) == ["Canceled", "In progress", "In progress"]
    assert set(states(om, DOMAIN_ORDER, "order_line_item.number=ORDL0010001")) == {"Canceled"}
    assert set(states(om, TASK, "order_line_item.number=ORDL0010001")) == {"Canceled"}
    assert len(om.rows(DOMAIN_ORDER, "order_line_item.number=ORDL0010003")) == 2


def test_a_declined_revision_puts_the_lines_back(world: World, om: Client) -> None:
    number = place_order(world, {**SDWAN, "characteristics": {"Bandwidth": "100"}})
    world.act("om", {"do": "revise", "order": number})
    edit = {"fields": {"location": "Acme Berlin Office"}, "characteristics": {"Bandwidth": "500"}}
    world.act("om", {"do": "edit_line", "line": "ORDL0010001", **edit})
    value = om.row("sn_ind_tmt_orm_order_characteristic_value", "")
    assert (value["characteristic_option_value"], value["previous_characteristic_option_value"]) == ("500", "100")
    world.act("om", {"do": "decline_revision", "order": number})
    assert om.row(LINE, "", sysparm_fields="location.name,version") == {
        "location.name": "Acme Hamburg HQ",
        "version": "2",
    }
    assert om.row("sn_ind_tmt_orm_order_characteristic_value", "")["characteristic_option_value"] == "100"
    assert states(om, DOMAIN_ORDER) == ["Draft", "In progress", "In progress"]


def test_canceling_is_assessed_first_and_then_carried_out(world: World, om: Client) -> None:
    number = place_order(world)
    world.act("om", {"do": "cancel_order", "order": number})
    assert (states(om, ORDER), set(states(om, DOMAIN_ORDER))) == (["Assessing cancellation"], {"On hold"})
    assert om.row(ORDER, "")["revision_operation"] == "cancel"
    world.act("om", {"do": "approve_cancel", "order": number})
    assert states(om, ORDER) == ["Cancellation in progress"]
    world.advance(3)
    assert states(om, ORDER) + states(om, LINE) == ["Canceled", "Canceled"]
    assert set(states(om, DOMAIN_ORDER) + states(om, TASK)) == {"Canceled"}


def test_a_declined_cancellation_goes_on(world: World, om: Client) -> None:
    number = place_order(world)
    world.act("om", {"do": "cancel_order", "order": number})
    world.act("om", {"do": "decline_cancel", "order": number})
    assert states(om, DOMAIN_ORDER) == ["Draft", "In progress", "In progress"]
    assert states(om, ORDER) == ["In progress"]


def test_one_line_at_the_point_of_no_return_stops_revision_and_cancellation(world: World, om: Client) -> None:
    number = place_order(world, SDWAN, BACKUP)
    world.act("om", {"do": "set_ponr", "line": "ORDL0010002"})
    assert om.row(ORDER, "")["ponr"] == "true"
    assert [row["ponr"] for row in om.rows(LINE)] == ["true", "true"]
    for move in ("revise", "cancel_order"):
        with pytest.raises(Refused, match="point of no return"):
            world.act("om", {"do": move, "order": number})
    world.act("om", {"do": "edit_line", "line": "ORDL0010001", "fields": {"location": "Acme Berlin Office"}})


def test_a_line_in_progress_cannot_be_edited_outside_a_revision(world: World) -> None:
    place_order(world)
    with pytest.raises(Refused, match="In progress: editing is not possible"):
        world.act("om", {"do": "edit_line", "line": "ORDL0010001", "fields": {"quantity": 2}})


def test_an_order_is_completed_when_all_its_domain_orders_are_closed(world: World, om: Client) -> None:
    place_order(world, SDWAN, BACKUP)
    close_all(world, om)
    assert set(states(om, LINE)) == {"In progress"}
    world.advance(3)
    assert states(om, ORDER) + states(om, LINE) == ["Completed"] * 3


def test_an_order_with_one_open_domain_order_goes_on(world: World, om: Client) -> None:
    place_order(world, SDWAN, BACKUP)
    close_all(world, om)
    reopened = om.row(DOMAIN_ORDER, "number=SO0010002")
    assert om.patch(DOMAIN_ORDER, reopened["sys_id"], state="2").json()["result"]["active"] == "true"
    world.advance(3)
    assert states(om, ORDER) + states(om, LINE) == ["In progress", "Completed", "In progress"]


def test_closing_order_tasks_closes_the_domain_order_only_where_configured(world: World, om: Client) -> None:
    place_order(world)
    world.act("om", {"do": "close_order_task", "task": "TASK0010003"})
    assert states(om, "sn_ind_tmt_orm_resource_order") == ["In progress"]
    world.om.switches["close_with_last_task"] = True
    for task in ("TASK0010001", "TASK0010002"):
        world.act("om", {"do": "close_order_task", "task": task})
    assert states(om, "sn_ind_tmt_orm_service_order") == ["Closed complete"]


def test_moves_are_signed_by_the_person_who_made_them(world: World, om: Client) -> None:
    place_order(world)
    world.act("om", {"do": "close_domain_order", "domain_order": "SO0010001", "note": "all done"})
    row = om.row(DOMAIN_ORDER, "number=SO0010001", sysparm_display_value="true")
    assert (row["sys_updated_by"], row["closed_by"]) == ("fulfillment_manager", "Frank Miller")
    assert "Frank Miller (Work notes)\nall done" in row["work_notes"]


def test_a_refused_move_leaves_nothing_behind(world: World, om: Client) -> None:
    lines = [SDWAN, {"offering": "No such thing", "location": "Acme Hamburg HQ"}]
    with pytest.raises(Refused, match="there is no product offering 'No such thing' on om"):
        world.act("om", {"do": "create_order", "account": "Acme Logistics", "lines": lines})
    assert om.rows(ORDER) == []


def test_edits_in_a_revision_leave_rows_that_name_the_type_of_change(world: World, om: Client) -> None:
    number = place_order(world, {**SDWAN, "characteristics": {"Bandwidth": "100"}})
    world.act("om", {"do": "revise", "order": number})
    edit = {"fields": {"location": "Acme Berlin Office", "quantity": 2}, "characteristics": {"Bandwidth": "500"}}
    world.act("om", {"do": "edit_line", "line": "ORDL0010001", **edit})
    rows = om.rows(
        "sn_ind_tmt_orm_inflight_order_line_item_change",
        sysparm_fields="change_type.name,order_line_version,order_line_item.number",
    )
    assert {row["change_type.name"] for row in rows} == {"Quantity", "Location", "Characteristic"}
    assert {row["order_line_version"] for row in rows} == {"2"}


def test_a_fallout_holds_its_order_task_until_it_is_resolved(world: World, sign_in: Callable[..., Client]) -> None:
    place_order(world)
    agent = sign_in("om", "fulfillment_agent")
    task = agent.row(TASK, "number=TASK0010003")["sys_id"]
    fallout = agent.made("sn_fallout_mgmt_fallout", order_task=task, short_description="no CPE in stock")
    held = agent.row(TASK, "number=TASK0010003", sysparm_display_value="true")
    assert held["state"] == "On hold"
    assert f"A fallout record {fallout['number']} has been created" in held["work_notes"]
    agent.patch("sn_fallout_mgmt_fallout", fallout["sys_id"], state="6")
    assert states(agent, TASK, "number=TASK0010003") == ["Open"]


def test_closing_by_hand_with_open_tasks_makes_a_fallout_only_where_configured(
    world: World, sign_in: Callable[..., Client]
) -> None:
    place_order(world)
    manager = sign_in("om", "fulfillment_manager")
    world.act("om", {"do": "close_domain_order", "domain_order": "RO0010001"})
    assert manager.rows("sn_fallout_mgmt_fallout") == []
    world.switch("om", manual_close_creates_fallout=True)
    world.act("om", {"do": "close_domain_order", "domain_order": "PO0010001"})
    assert manager.rows("sn_fallout_mgmt_fallout") == []
    world.act("om", {"do": "close_domain_order", "domain_order": "SO0010001"})
    assert "SO0010001 was closed while" in manager.row("sn_fallout_mgmt_fallout", "")["short_description"]
