"""One instance whose own integration is on: it makes work orders, tells of them, keeps domain orders open, and really doubles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused, World
from tests.sandbox.gestures import SDWAN, START, Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN_ORDER, TASK, FALLOUT = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task", "sn_fallout_mgmt_fallout"


@pytest.fixture
def world() -> Iterator[World]:
    world = World.create(profile="native", start=START)
    yield world
    world.close()


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    client = Client(world, "om", "admin")
    yield client
    client.session.close()


def act(world: World, side: str, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act(side, {"do": do, **arguments})


def notes(client: Client, number: str) -> list[str]:
    """The work notes of a domain order, oldest first."""
    sys_id = client.row(DOMAIN_ORDER, f"number={number}")["sys_id"]
    query = f"element_id={sys_id}^element=work_notes^ORDERBYsys_created_on"
    return [row["value"] for row in client.rows("sys_journal_field", query)]


def finish_visit(world: World, number: str) -> None:
    act(world, "fsm", "dispatch", work_order=number, technician="technician")
    act(world, "fsm", "start", work_order=number)
    act(world, "fsm", "complete", work_order=number)


def test_approval_makes_work_orders_from_both_decision_tables(world: World, client: Client) -> None:
    place_order(world)
    fields = "number,template.name,location.name,account.name,initiated_from"
    assert [tuple(row.values()) for row in client.rows("wm_order", "ORDERBYnumber", sysparm_fields=fields)] == [
        ("WO0010001", "Site Survey", "Acme Hamburg HQ", "Acme Logistics", ""),
        ("WO0010002", "Install CPE", "Acme Hamburg HQ", "Acme Logistics", ""),
    ]
    links = client.rows("task_rel_task", "ORDERBYchild.number", sysparm_fields="parent.short_description,child.number")
    assert [tuple(row.values()) for row in links] == [("Site survey", "WO0010001"), ("SD-WAN CPE", "WO0010002")]


def test_where_the_initiator_ties_them_there_is_no_task_relationship(world: World, client: Client) -> None:
    world.switch("om", native_link="initiated_from")
    place_order(world)
    rows = client.rows("wm_order", "ORDERBYnumber", sysparm_fields="initiated_from.number")
    assert [row["initiated_from.number"] for row in rows] == ["TASK0010001", "RO0010001"]
    assert client.rows("task_rel_task") == []
    with pytest.raises(Refused, match="its work orders WO0010002 are not closed"):
        act(world, "om", "close_domain_order", domain_order="RO0010001")


def test_with_the_integration_off_the_same_instance_makes_none(world: World, client: Client) -> None:
    world.switch("om", native_integration=False)
    place_order(world)
    assert client.rows("wm_order") == []
    act(world, "om", "close_domain_order", domain_order="RO0010001")
    with pytest.raises(Refused, match="om has no integration"):
        act(world, "om", "create_work_order_for", domain_order="SO0010001", template="Swap CPE")


def test_only_the_classes_it_looks_at_get_work_orders(world: World, client: Client) -> None:
    world.switch("om", native_classes=["sn_ind_tmt_orm_product_order", "sn_ind_tmt_orm_service_order"])
    place_order(world)
    assert [row["number"] for row in client.rows("wm_order")] == ["WO0010001"]


def test_an_action_without_a_row_gets_no_work_order_and_another_gets_its_own(world: World, client: Client) -> None:
    place_order(world, {**SDWAN, "action": "suspend"})
    assert client.rows("wm_order") == []
    place_order(world, {**SDWAN, "action": "delete"})
    assert client.row("wm_order", "", sysparm_fields="template.name") == {"template.name": "Remove CPE"}


def test_its_news_are_work_notes_of_the_domain_order(world: World, client: Client) -> None:
    place_order(world)
    finish_visit(world, "WO0010002")
    assert notes(client, "RO0010001") == [
        "Work order WO0010002 has been created: Install CPE at the customer site",
        "Work order WO0010002: Assigned",
        "Work order WO0010002: Work in Progress",
        "Work order WO0010002: Closed Complete",
    ]
    act(world, "fsm", "cancel_work_order", work_order="WO0010001", reason="Done by phone")
    assert notes(client, "SO0010001")[-1] == "Work order WO0010001: Canceled. Done by phone"


def test_an_open_work_order_stops_closing_for_people_and_for_rest_until_it_is_closed(
    world: World, client: Client
) -> None:
    place_order(world)
    with pytest.raises(Refused, match="SO0010001 cannot be closed: its work orders WO0010001 are not closed"):
        act(world, "om", "close_domain_order", domain_order="SO0010001")
    row = client.row(DOMAIN_ORDER, "number=SO0010001")
    refused = client.patch(row["sys_class_name"], row["sys_id"], state="3")
    assert refused.status_code == 403
    assert "Open work orders stop closing" in refused.json()["error"]["detail"]
    finish_visit(world, "WO0010001")
    closed = client.patch(row["sys_class_name"], row["sys_id"], state="3")
    assert closed.json()["result"]["active"] == "false"


def test_closing_by_hand_makes_a_fallout_even_when_no_task_is_open(world: World, client: Client) -> None:
    place_order(world)
    finish_visit(world, "WO0010002")
    act(world, "om", "close_order_task", task=client.row(TASK, "short_descriptionSTARTSWITHConfigure")["number"])
    act(world, "om", "close_domain_order", domain_order="RO0010001")
    fallout = client.row(FALLOUT, "")
    assert (fallout["order_task"], fallout["short_description"]) == ("", "RO0010001 was closed by hand")


def test_the_platform_closes_a_domain_order_when_order_tasks_and_work_orders_are_over(
    world: World, client: Client
) -> None:
    world.switch("om", close_with_last_task=True)
    place_order(world)
    act(world, "om", "close_order_task", task=client.row(TASK, "short_descriptionSTARTSWITHConfigure")["number"])
    assert client.row(DOMAIN_ORDER, "number=RO0010001")["active"] == "true"
    finish_visit(world, "WO0010002")
    assert client.row(DOMAIN_ORDER, "number=RO0010001")["active"] == "false"
    assert client.rows(FALLOUT) == []


def test_a_revision_reaches_open_work_orders_and_is_noted(world: World, client: Client) -> None:
    number = place_order(world)
    finish_visit(world, "WO0010001")
    act(world, "om", "revise", order=number)
    act(world, "om", "edit_line", line="ORDL0010001", fields={"location": "Acme Berlin Office"})
    assert {row["location.name"] for row in client.rows("wm_order", sysparm_fields="location.name")} == {
        "Acme Hamburg HQ"
    }
    act(world, "om", "approve_revision", order=number)
    rows = client.rows("wm_order", "ORDERBYnumber", sysparm_fields="location.name")
    assert [row["location.name"] for row in rows] == ["Acme Hamburg HQ", "Acme Berlin Office"]
    assert notes(client, "RO0010001")[-1] == "Work order WO0010002 (Ready for Dispatch) has been updated: location"
    assert len(client.rows("wm_order")) == 2


def test_canceling_the_order_cancels_its_work_orders_only_where_configured(world: World, client: Client) -> None:
    for cancels, states in ((True, {"7"}), (False, {"10"})):
        world.reset()
        world.switch("om", native_cancels=cancels)
        number = place_order(world)
        act(world, "om", "cancel_order", order=number)
        act(world, "om", "approve_cancel", order=number)
        world.advance(5)
        world.advance(1)
        again = Client(world, "om", "admin")
        assert {row["state"] for row in again.rows("wm_order")} == states
        again.session.close()


def test_a_work_order_that_cannot_be_canceled_is_noted_and_stops_nothing(world: World, client: Client) -> None:
    number = place_order(world)
    task = client.rows("wm_task", "parent.number=WO0010002^ORDERBYnumber")[0]["number"]
    part = act(world, "fsm", "require_part", task=task, part="Router")
    act(world, "fsm", "ship_part", transfer_order=part["transfer_order"]["number"])
    act(world, "om", "cancel_order", order=number)
    act(world, "om", "approve_cancel", order=number)
    world.advance(5)
    assert client.row("sn_ind_tmt_orm_order", "", sysparm_display_value="true")["state"] == "Canceled"
    assert "was not canceled" in notes(client, "RO0010001")[-1]
    assert client.row("wm_order", "number=WO0010002")["active"] == "true"


def test_the_manager_makes_a_work_order_by_hand(world: World, client: Client) -> None:
    place_order(world)
    with pytest.raises(Refused, match="no row of the decision tables gives PO0010001"):
        act(world, "om", "create_work_order_for", domain_order="PO0010001")
    made = act(world, "om", "create_work_order_for", domain_order="PO0010001", template="Swap CPE")
    assert notes(client, "PO0010001")[0].startswith(f"Work order {made['work_order']['number']} has been created")
    with pytest.raises(Refused, match="has none of the roles"):
        act(world, "om", "create_work_order_for", domain_order="SO0010001", **{"as": "technician"})


def test_a_second_integration_beside_it_makes_double_visits(world: World) -> None:
    """What a client must see coming from the decision tables: both create, nothing stops either."""
    place_order(world)
    other = Client(world, "fsm", "connector")
    domain_order = other.row(DOMAIN_ORDER, "number=RO0010001")
    other.made("wm_order", template=template(other, "Install CPE"), correlation_id=domain_order["sys_id"])
    assert len(other.rows("wm_order", "template.name=Install CPE^active=true")) == 2
    assert len(other.rows("sys_decision", "nameSTARTSWITHWork Order Policy^active=true")) == 2
    other.session.close()
