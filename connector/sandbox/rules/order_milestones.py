"""Milestones of order lines, where the switch `milestones` names some: open when the line begins, reached with an order task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.catalog import offering_name
from connector.sandbox.rules.orders import LINE, ORDER_TASK

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

MILESTONE, LINE_MILESTONE = "sn_ind_tmt_orm_milestone", "sn_ind_tmt_orm_order_line_milestone"


def plan(scene: Scene, change: Change) -> None:
    names = scene.switches["milestones"].get(offering_name(scene, change.after), {}) if change.after else {}
    if (
        not names
        or not change.became("in_progress")
        or scene.records.find(LINE_MILESTONE, order_line_item=change.sys_id)
    ):
        return
    for name in names:
        known = scene.records.find(MILESTONE, name=name)
        milestone = known[0] if known else scene.records.insert(MILESTONE, {"name": name}, scene.system)
        values = {"order_line_item": change.sys_id, "milestone": milestone["sys_id"]}
        scene.records.insert(LINE_MILESTONE, values, scene.system)


def reach_with_task(scene: Scene, change: Change) -> None:
    """All of a line's order tasks of that name are closed: its milestone is reached."""
    if not change.became("closed_complete") or not change.after["order_line_item"]:
        return
    line = scene.records.read(scene.schema.table(LINE), change.after["order_line_item"])
    names = scene.switches["milestones"].get(offering_name(scene, line), {}) if line else {}
    for name, task_name in names.items():
        alike = scene.records.find(
            ORDER_TASK, order_line_item=change.after["order_line_item"], short_description=task_name
        )
        if alike and all(task["active"] == "false" for task in alike):
            for row in milestones_of(scene, change.after["order_line_item"], name):
                reach(scene, row, scene.system)


def milestones_of(scene: Scene, line_id: str, name: str) -> list[Row]:
    known = scene.records.find(MILESTONE, name=name)
    return scene.records.find(LINE_MILESTONE, order_line_item=line_id, milestone=known[0]["sys_id"]) if known else []


def reach(scene: Scene, row: Row, actor: User) -> Row:
    reached = scene.schema.table(LINE_MILESTONE).value_of("state", "reached")
    if row["state"] == reached:
        return row
    values = {"state": reached, "reached_on": scene.clock.stamp()}
    return scene.records.update(LINE_MILESTONE, row["sys_id"], values, actor)


RULES = (
    Rule("Plan milestones", LINE, "after", plan),
    Rule("Reach milestone", ORDER_TASK, "after", reach_with_task),
)
