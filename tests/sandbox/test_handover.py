"""Beside the fulfillment itself: requests to external systems, milestones, an order that waits, a line refused by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused
from tests.sandbox.gestures import BACKUP, SDWAN, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World

ORDER, LINE = "sn_ind_tmt_orm_order", "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER, TASK = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task"
REQUEST, MILESTONE = "sn_tmt_core_outbound_request", "sn_ind_tmt_orm_order_line_milestone"


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("om", {"do": do, **arguments})


def states(client: Client, table: str, query: str = "") -> list[str]:
    rows = client.rows(table, f"{query}^ORDERBYnumber", sysparm_fields="state", sysparm_display_value="true")
    return [row["state"] for row in rows]


# --- external systems -------------------------------------------------------------------------------------------------


def test_a_service_order_for_an_external_system_makes_a_request_that_is_answered(world: World, om: Client) -> None:
    world.switch("om", outbound_policy=["SD-WAN Connectivity"])
    place_order(world)
    assert om.row(REQUEST, "", sysparm_fields="domain_order.number,state") == {
        "domain_order.number": "SO0010001",
        "state": "pending",
    }
    act(world, "answer_outbound_request", request="OBR0010001", state="error", text="No port free")
    assert states(om, REQUEST) == ["Error"]
    shown = om.row(DOMAIN_ORDER, "number=SO0010001", sysparm_display_value="true")["work_notes"]
    assert "Outbound request OBR0010001: Error. No port free" in shown
    with pytest.raises(Refused, match="OBR0010001 is Error: answering is not possible in this state"):
        act(world, "answer_outbound_request", request="OBR0010001", state="fulfilled")


def test_without_a_row_of_its_decision_table_there_is_no_request(world: World, om: Client) -> None:
    place_order(world)
    assert om.rows(REQUEST) == []


def test_a_change_in_flight_makes_updates_available_until_the_request_is_revised(world: World, om: Client) -> None:
    world.switch("om", outbound_policy=["SD-WAN Connectivity"])
    number = place_order(world)
    act(world, "answer_outbound_request", request="OBR0010001", state="fulfilled")
    with pytest.raises(Refused, match="OBR0010001 has no updates to send"):
        act(world, "revise_outbound_request", request="OBR0010001")
    act(world, "revise", order=number)
    act(world, "approve_revision", order=number)
    assert om.row(REQUEST, "")["updates_available"] == "true"
    assert act(world, "revise_outbound_request", request="OBR0010001")["revision"] == "2"
    row = om.row(REQUEST, "")
    assert (row["state"], row["updates_available"]) == ("pending", "false")


def test_the_external_system_may_answer_over_rest_and_write_nothing_else(
    world: World, sign_in: Callable[..., Client]
) -> None:
    world.switch("om", outbound_policy=["SD-WAN Connectivity"])
    place_order(world)
    system = sign_in("om", "southbound")
    request = system.row(REQUEST, "")
    answer = system.patch(REQUEST, request["sys_id"], state="fulfilled", updates_available="true").json()["result"]
    assert (answer["state"], answer["updates_available"]) == ("fulfilled", "false")
    assert system.get(DOMAIN_ORDER).status_code == 403


# --- milestones -------------------------------------------------------------------------------------------------------


def test_milestones_are_open_until_their_order_task_is_closed(world: World, om: Client) -> None:
    names = {"Site known": "Site survey", "In service": "Activate service"}
    world.switch("om", milestones={"Business SD-WAN": names})
    place_order(world, SDWAN, BACKUP)
    fields = "number,order_line_item.number,milestone.name,state"
    assert [tuple(row.values()) for row in om.rows(MILESTONE, "ORDERBYnumber", sysparm_fields=fields)] == [
        ("OLMS0010001", "ORDL0010001", "Site known", "open"),
        ("OLMS0010002", "ORDL0010001", "In service", "open"),
    ]
    act(world, "close_order_task", task=om.row(TASK, "short_description=Site survey")["number"])
    assert states(om, MILESTONE) == ["Reached", "Open"]
    assert om.rows(MILESTONE, "ORDERBYnumber")[0]["reached_on"] == "2026-03-02 08:00:03"
    act(world, "reach_milestone", line="ORDL0010001", name="In service")
    assert states(om, MILESTONE) == ["Reached", "Reached"]
    for name, words in (("In service", "OLMS0010002 was reached at"), ("Paid", "has no milestone 'Paid'")):
        with pytest.raises(Refused, match=words):
            act(world, "reach_milestone", line="ORDL0010001", name=name)


def test_older_releases_have_no_milestones(world: World, om: Client) -> None:
    place_order(world)
    assert om.rows(MILESTONE) == []


# --- waiting, refusing, deleting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("move", "label"), [("hold_order", "On hold"), ("await_information", "Awaiting information")])
def test_an_order_that_waits_is_neither_decomposed_nor_completed_until_it_goes_on(
    world: World, om: Client, move: str, label: str
) -> None:
    fiber = {"offering": "Fiber Access", "location": "Acme Hamburg HQ"}
    number = place_order(world, fiber, BACKUP)
    act(world, "set_characteristic", line="ORDL0010001", name="Terminal model", value="ONT-7")
    act(world, move, order=number)
    assert (states(om, ORDER), states(om, LINE)) == ([label], [label] * 2)
    for row in om.rows(DOMAIN_ORDER, "order_line_item.number=ORDL0010002"):
        act(world, "close_domain_order", domain_order=row["number"])
    world.advance(60)
    assert states(om, LINE) == [label] * 2
    assert len(om.rows(DOMAIN_ORDER, "order_line_item.number=ORDL0010001")) == 2
    act(world, "resume_order", order=number)
    world.advance(5)
    assert states(om, LINE) == ["In progress", "Completed"]
    assert len(om.rows(DOMAIN_ORDER, "order_line_item.number=ORDL0010001")) == 3


def test_a_line_may_be_rejected_while_its_order_goes_on(world: World, om: Client) -> None:
    number = place_order(world, SDWAN, BACKUP, approve=False)
    act(world, "reject_line", line="ORDL0010001", reason="No cable there")
    with pytest.raises(Refused, match="ORDL0010002 is the last line that is not rejected"):
        act(world, "reject_line", line="ORDL0010002")
    act(world, "approve", order=number)
    world.advance(3)
    assert states(om, LINE) == ["Rejected", "In progress"]
    assert len(om.rows(DOMAIN_ORDER)) == 2
    for row in om.rows(DOMAIN_ORDER):
        act(world, "close_domain_order", domain_order=row["number"])
    world.advance(3)
    assert states(om, ORDER) == ["Completed"]


def test_what_is_not_approved_is_deleted_and_what_is_cannot_be(world: World, om: Client) -> None:
    line = {**SDWAN, "characteristics": {"Bandwidth": "100"}}
    number = place_order(world, line, approve=False)
    act(world, "delete_order", order=number)
    assert om.rows(ORDER) == om.rows(LINE) == om.rows("sn_ind_tmt_orm_order_characteristic_value") == []
    later = place_order(world)
    with pytest.raises(Refused, match="is In progress: deleting is not possible in this state"):
        act(world, "delete_order", order=later)


def test_past_the_point_of_no_return_a_lines_form_is_locked_only_where_configured(world: World, om: Client) -> None:
    place_order(world)
    act(world, "set_ponr", line="ORDL0010001")
    edit = {"line": "ORDL0010001", "fields": {"location": "Acme Berlin Office"}}
    world.switch("om", ponr_locks_line=True)
    with pytest.raises(Refused, match="ORDL0010001 has passed the point of no return"):
        act(world, "edit_line", **edit)
    world.switch("om", ponr_locks_line=False)
    act(world, "edit_line", **edit)
    assert om.row(LINE, "", sysparm_fields="location.name") == {"location.name": "Acme Berlin Office"}


# --- order tasks and fallouts -----------------------------------------------------------------------------------------


def test_order_tasks_go_through_their_states_and_refuse_what_does_not_fit(world: World, om: Client) -> None:
    place_order(world)
    task = om.row(TASK, "short_description=Site survey")["number"]
    for move, label in (
        ("start_order_task", "In progress"),
        ("task_awaits_information", "Awaiting information"),
        ("start_order_task", "In progress"),
        ("resolve_order_task", "Resolved"),
        ("close_order_task", "Closed Complete"),
    ):
        act(world, move, task=task)
        assert states(om, TASK, f"number={task}") == [label]
    for move in ("start_order_task", "resolve_order_task", "cancel_order_task", "close_order_task"):
        with pytest.raises(Refused, match=f"{task} is Closed Complete: .* is not possible in this state"):
            act(world, move, task=task)


def test_a_fallout_goes_through_its_states(world: World, sign_in: Callable[..., Client]) -> None:
    place_order(world)
    agent = sign_in("om", "fulfillment_agent")
    task = agent.row(TASK, "short_description=Site survey")["number"]
    fallout = act(world, "create_fallout", task=task)["fallout"]["number"]
    for move, label in (
        ("hold_fallout", "On hold"),
        ("start_fallout", "In progress"),
        ("fallout_awaits_information", "Awaiting information"),
        ("resolve_fallout", "Resolved"),
        ("close_fallout", "Closed complete"),
    ):
        act(world, move, fallout=fallout)
        assert states(agent, "sn_fallout_mgmt_fallout") == [label]
    assert states(agent, TASK, f"number={task}") == ["Open"]
    with pytest.raises(Refused, match=f"{fallout} is Closed complete: canceling is not possible"):
        act(world, "cancel_fallout", fallout=fallout)
