"""What a revision tells of itself: a row per type of change; and what other writers than people's forms are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import SDWAN, START, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

LINE, CASE = "sn_ind_tmt_orm_order_line_item", "sn_customerservice_case"
CHANGE, RELATED = "sn_ind_tmt_orm_inflight_order_line_item_change", "sn_ind_tmt_orm_order_line_related_items"


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("om", {"do": do, **arguments})


def types(om: Client) -> list[str]:
    rows = om.rows(CHANGE, sysparm_fields="change_type.name")
    return sorted(row["change_type.name"] for row in rows)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"fields": {"mrc": "20"}}, ["Price"]),
        ({"fields": {"mrc": "20", "nrc": "5"}}, ["Price"]),
        ({"fields": {"quantity": 2, "location": "Acme Berlin Office"}}, ["Location", "Quantity"]),
        ({"characteristics": {"Bandwidth": "500"}}, ["Characteristic"]),
        ({"characteristics": {"Access type": "fiber"}}, ["Quantity mapping characteristics"]),
        ({"fields": {"short_description": "x"}}, []),
    ],
)
def test_each_type_of_change_in_flight_leaves_one_row(
    world: World, om: Client, edit: dict[str, Any], told: list[str]
) -> None:
    world.switch("om", quantity_characteristics=["Access type"])
    act(world, "revise", order=place_order(world))
    act(world, "edit_line", line="ORDL0010001", **edit)
    assert types(om) == told


def test_related_items_changed_in_flight_leave_a_row_and_outside_a_revision_none(
    world: World, om: Client, sign_in: Callable[..., Client]
) -> None:
    admin = sign_in("om", "admin")
    number = place_order(world, SDWAN, SDWAN)
    first, second = (row["sys_id"] for row in om.rows(LINE, "ORDERBYnumber"))
    made = admin.made(RELATED, order_line_item=first, related_item=second)
    assert types(om) == []
    act(world, "revise", order=number)
    admin.call("DELETE", f"{RELATED}/{made['sys_id']}")
    assert types(om) == ["Related items"]


def test_closing_some_order_tasks_is_the_point_of_no_return_only_where_configured(world: World, om: Client) -> None:
    world.switch("om", ponr_tasks=["Configure CPE"])
    place_order(world)
    for name, ponr in (("Site survey", "false"), ("Configure CPE", "true")):
        task = om.row("sn_ind_tmt_orm_order_task", f"short_description={name}")["number"]
        act(world, "close_order_task", task=task)
        assert {om.row(LINE, "")["ponr"], om.row("sn_ind_tmt_orm_order", "")["ponr"]} == {ponr}


# --- cases over REST --------------------------------------------------------------------------------------------------


def test_resolving_and_closing_a_case_needs_notes_over_rest_too_only_where_configured(
    world: World, sign_in: Callable[..., Client]
) -> None:
    agent = sign_in("om", "order_agent")
    made = act(world, "create_case", short_description="x")["case"]["sys_id"]
    refused = agent.patch(CASE, made, state="6")
    assert refused.status_code == 403
    assert "The following fields are mandatory: Resolution code, Close notes" in refused.json()["error"]["detail"]
    assert agent.patch(CASE, made, state="3").status_code == 403
    assert agent.patch(CASE, made, state="6", resolution_code="1", close_notes="Done").json()["result"]["state"] == "6"
    assert agent.patch(CASE, made, state="3").status_code == 403
    world.switch("om", case_rules_on_table=False)
    assert agent.patch(CASE, made, state="3").json()["result"]["state"] == "3"


# --- choices of another customer --------------------------------------------------------------------------------------


def test_translated_and_inactive_choices_are_among_those_of_the_odd_profile() -> None:
    world = World.create(profile="odd", start=START)
    om = Client(world, "om", "connector")
    chosen = "name=sn_ind_tmt_orm_domain_order^element=state"
    every = [(row["value"], row["language"], row["inactive"]) for row in om.rows("sys_choice", chosen)]
    assert ("21", "de", "false") in every
    assert ("3", "en", "true") in every
    usable = om.rows("sys_choice", f"{chosen}^language=en^inactive=false")
    assert {row["value"] for row in usable} == {"-5", "20", "21", "-1", "22", "23", "4", "9"}
    om.session.close()
    world.close()
