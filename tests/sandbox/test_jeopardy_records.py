"""What jeopardy is worked out from can be read, and what the records say decides: SLAs of order tasks, four decision tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.records import Scene  # noqa: TC001
from connector.sandbox.rules.decisions import decide
from tests.sandbox.gestures import SDWAN, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World

TASK, SLA, ROW = "sn_ind_tmt_orm_order_task", "task_sla", "sys_decision_question"
DUE = {**SDWAN, "committed_due_date": "2026-03-02 08:10:02"}


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("om", {"do": do, **arguments})


@pytest.fixture
def agent(sign_in: Callable[..., Client]) -> Client:
    """A fulfillment agent, whose role includes the reading of SLAs."""
    return sign_in("om", "fulfillment_agent")


@pytest.fixture
def admin(sign_in: Callable[..., Client]) -> Client:
    return sign_in("om", "admin")


def stages(agent: Client) -> list[tuple[str, str, str]]:
    fields = "task.short_description,stage,percentage,has_breached"
    rows = agent.rows(SLA, "ORDERBYtask.number", sysparm_fields=fields)
    return [(row["stage"], row["percentage"], row["has_breached"]) for row in rows]


def test_tasks_of_an_enabled_order_have_an_sla_that_fills_up(world: World, agent: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    place_order(world, DUE)
    assert stages(agent) == [("in_progress", "0", "false")] * 3
    for seconds, percentage in ((299, "50"), (150, "75"), (150, "100")):
        world.advance(seconds)
        assert {row[1] for row in stages(agent)} == {percentage}
    assert {row[2] for row in stages(agent)} == {"true"}


def test_an_order_without_jeopardy_has_no_sla(world: World, agent: Client) -> None:
    place_order(world, DUE)
    assert agent.rows(SLA) == []


def test_an_sla_pauses_and_ends_with_its_task(world: World, agent: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    number = place_order(world, DUE)
    act(world, "revise", order=number)
    assert {row[0] for row in stages(agent)} == {"paused"}
    assert all(row["pause_time"] for row in agent.rows(SLA))
    act(world, "decline_revision", order=number)
    act(world, "close_order_task", task=agent.rows(TASK, "ORDERBYnumber")[0]["number"])
    assert [row[0] for row in stages(agent)] == ["completed", "in_progress", "in_progress"]
    act(world, "cancel_order_task", task=agent.rows(TASK, "ORDERBYnumber")[1]["number"])
    assert [row["active"] for row in agent.rows(SLA, "ORDERBYtask.number")] == ["false", "false", "true"]


def test_a_later_due_date_moves_the_breach_time(world: World, agent: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    number = place_order(world, DUE)
    act(world, "revise", order=number)
    act(world, "edit_line", line="ORDL0010001", fields={"committed_due_date": "2026-03-09 08:00:00"})
    act(world, "approve_revision", order=number)
    assert {row["planned_end_time"] for row in agent.rows(SLA)} == {"2026-03-09 08:00:00"}


def test_the_four_decision_tables_can_be_read_with_the_default_shares(om: Client) -> None:
    names = [
        row["name"] for row in om.rows("sys_decision", "nameLIKEJeopardy^ORname=Order Task Duration Assignment Policy")
    ]
    assert sorted(names) == [
        "Order Jeopardy Enablement Policy",
        "Order Line Item Jeopardy Level Calculation",
        "Order Task Duration Assignment Policy",
        "Order Task Jeopardy Level Calculation",
    ]
    query = "decision_table.name=Order Task Jeopardy Level Calculation^ORDERBYorder"
    rows = om.rows(ROW, query, sysparm_fields="condition,answer.u_jeopardy_level")
    assert [tuple(row.values()) for row in rows] == [
        ("u_percentage>=100", "critical"),
        ("u_percentage>=75", "high"),
        ("u_percentage>=50", "medium"),
    ]


def test_a_switch_writes_the_rows_and_the_rows_decide(world: World, admin: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"], jeopardy_levels={"20": "low"})
    row = admin.row(ROW, "decision_table.name=Order Task Jeopardy Level Calculation")
    assert row["condition"] == "u_percentage>=20"
    admin.patch(ROW, row["sys_id"], condition="u_percentage>=10")
    place_order(world, DUE)
    world.advance(60)
    assert {task["jeopardy_level"] for task in admin.rows(TASK)} == {"low"}


def test_a_line_may_be_told_another_level_than_its_tasks(world: World, admin: Client) -> None:
    world.switch("om", jeopardy=["Business SD-WAN"])
    query = "decision_table.name=Order Line Item Jeopardy Level Calculation^condition=u_worst_level=critical"
    answer = admin.row(ROW, query)["answer"]
    admin.patch("sys_decision_multi_result", answer, u_jeopardy_level="high")
    place_order(world, DUE)
    world.advance(600)
    assert {task["jeopardy_level"] for task in admin.rows(TASK)} == {"critical"}
    assert admin.row("sn_ind_tmt_orm_order_line_item", "")["jeopardy_level"] == "high"


def test_the_duration_policy_comes_before_the_due_date_of_the_line(world: World, admin: Client) -> None:
    table = admin.row("sys_decision", "name=Order Task Duration Assignment Policy")["sys_id"]
    answer = admin.made("sys_decision_multi_result", decision_table=table, u_duration_hours=4)["sys_id"]
    condition = "u_specification.name=SD-WAN CPE^u_request_type.name=Configure CPE"
    admin.made(ROW, decision_table=table, order=100, condition=condition, answer=answer)
    place_order(world, DUE)
    ends = {row["short_description"]: row["planned_end_date"] for row in admin.rows(TASK)}
    assert ends["Configure CPE"] == "2026-03-02 12:00:02"
    assert ends["Site survey"] == "2026-03-02 08:10:02"


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ("", True),
        ("u_action=add", True),
        ("u_action=change", False),
        ("u_action=change^ORu_action=add", True),
        ("u_action=change^NQu_share>=50", True),
        ("u_action=add^u_share<50", False),
        ("u_actionINadd,change", True),
        ("u_action!=add", False),
        ("u_offering.name=Mobile Backup", True),
        ("u_offering.name=Desk Phones", False),
        ("u_offering.nonsense=x", False),
        ("u_nothingISEMPTY^u_offeringISNOTEMPTY", True),
        ("u_actionLIKEad", False),
    ],
)
def test_a_row_of_a_decision_table_matches_its_inputs(world: World, condition: str, matches: bool) -> None:
    scene: Scene = world.om
    records, system = scene.records, scene.system
    table = records.insert("sys_decision", {"name": "Mine"}, system)["sys_id"]
    records.insert(
        "sys_decision_input",
        {"model": table, "element": "u_offering", "reference": "sn_prd_pm_product_offering"},
        system,
    )
    answer = records.insert("sys_decision_multi_result", {"decision_table": table}, system)["sys_id"]
    records.insert(ROW, {"decision_table": table, "condition": condition, "answer": answer}, system)
    offering = records.find("sn_prd_pm_product_offering", name="Mobile Backup")[0]["sys_id"]
    result = decide(scene, "Mine", {"u_action": "add", "u_share": "60", "u_offering": offering})
    assert (result is not None) == matches


def test_the_first_row_by_order_decides_and_an_inactive_one_never(world: World, admin: Client) -> None:
    table = admin.made("sys_decision", name="Mine")["sys_id"]
    for order, level, active in ((300, "low", "true"), (100, "high", "false"), (200, "medium", "true")):
        answer = admin.made("sys_decision_multi_result", decision_table=table, u_jeopardy_level=level)["sys_id"]
        admin.made(ROW, decision_table=table, order=order, answer=answer, active=active)
    result = decide(world.om, "Mine", {})
    assert result is not None
    assert result["u_jeopardy_level"] == "medium"
