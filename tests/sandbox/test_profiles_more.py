"""The rarer turns of orders, work orders and cases on every profile: rules know roles, never numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import START, finish_visits, place_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.instance import Instance

DOMAIN_ORDER, TASK = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task"


@pytest.fixture(params=["default", "single", "odd", "strict", "native"])
def any_world(request: pytest.FixtureRequest) -> Iterator[World]:
    world = World.create(profile=request.param, start=START)
    yield world
    world.close()


def roles(instance: Instance, table: str) -> set[str]:
    return {
        instance.schema.table(row["sys_class_name"]).role_of("state", row["state"])
        for row in instance.store.find(table)
    }


def test_a_late_value_a_fallout_and_undone_work_on_every_profile(any_world: World) -> None:
    om = any_world.om
    any_world.switch("om", jeopardy=["Fiber Access"])
    line = {"offering": "Fiber Access", "location": "Acme Hamburg HQ", "committed_due_date": "2026-03-02 08:10:00"}
    order = place_order(any_world, line)
    any_world.advance(30)
    assert len(om.store.find(DOMAIN_ORDER)) == 2
    value = {"line": "ORDL0010001", "name": "Terminal model", "value": "ONT-7"}
    any_world.act("om", {"do": "set_characteristic", **value})
    any_world.advance(60)
    assert len(om.store.find(DOMAIN_ORDER)) == 3
    any_world.advance(600)
    assert {row["jeopardy_level"] for row in om.store.find(TASK)} == {"critical"}
    splice = next(row["number"] for row in om.store.find(TASK, short_description="Splice fiber"))
    fallout = any_world.act("om", {"do": "create_fallout", "task": splice})["fallout"]["number"]
    assert "on_hold" in roles(om, TASK)
    any_world.act("om", {"do": "resolve_fallout", "fallout": fallout})
    any_world.act("om", {"do": "close_order_task", "task": splice})
    any_world.act("om", {"do": "cancel_order", "order": order})
    any_world.act("om", {"do": "approve_cancel", "order": order})
    any_world.advance(60)
    assert roles(om, "sn_ind_tmt_orm_order") == {"cancellation_in_progress"}
    undo = next(row["number"] for row in om.store.find(TASK, task_type="undo"))
    any_world.act("om", {"do": "close_order_task", "task": undo})
    any_world.advance(60)
    assert roles(om, DOMAIN_ORDER) == roles(om, "sn_ind_tmt_orm_order") == {"canceled"}


def test_a_move_of_what_the_customer_owns_on_every_profile(any_world: World) -> None:
    om = any_world.om
    place_order(any_world)
    for line in ({}, {"action": "change", "location": "Acme Munich Depot"}):
        if line:
            owned = om.store.find("sn_install_base_sold_product")[0]["number"]
            place_order(any_world, {**line, "sold_product": owned})
        any_world.advance(60)
        finish_visits(any_world)  # of the native integration, which lets nobody close before
        for row in om.store.find(DOMAIN_ORDER, active="true"):
            any_world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})
        any_world.advance(60)
    assert len(om.store.find(DOMAIN_ORDER)) == 9
    munich = om.store.find("cmn_location", name="Acme Munich Depot")[0]["sys_id"]
    assert om.store.find("sn_install_base_sold_product")[0]["location"] == munich


def test_a_case_gets_its_visit_and_is_closed_by_it_on_every_profile(any_world: World) -> None:
    fsm = any_world.fsm
    any_world.switch("fsm", auto_close_case=True, update_case_state=True, work_order_approval=True, qualification=False)
    any_world.act("fsm", {"do": "autopilot", "technician": "technician", "seconds": 60})
    case = any_world.act("fsm", {"do": "create_case", "short_description": "No signal", "account": "Acme Logistics"})
    named = {"case": case["case"]["number"], "template": "Swap CPE"}
    made = any_world.act("fsm", {"do": "work_order_for_case", **named})["work_order"]["number"]
    assert roles(fsm, "wm_order") == {"waiting_for_approval"}
    any_world.act("fsm", {"do": "approve_work_order", "work_order": made})
    any_world.act("fsm", {"do": "dispatch", "work_order": made, "technician": "technician"})
    any_world.advance(200)
    assert (roles(fsm, "wm_order"), roles(fsm, "sn_customerservice_case")) == ({"closed_complete"}, {"closed"})
