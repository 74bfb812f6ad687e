"""The SLA records of order tasks that jeopardy is worked out from. How far a task has come is decided in order_jeopardy.py.

Only tasks of orders with jeopardy have one. It is paused with its task (On hold), and ends with it. Its percentage is brought
up to date when a level may change, not with every second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.orders import ORDER_TASK

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

SLA, DEFINITION = "task_sla", "contract_sla"
STAGES = {"closed_complete": "completed", "canceled": "canceled", "on_hold": "paused"}


def track(scene: Scene, task: Row, actor: User) -> None:
    """Begin the SLA of a task, or move its end to the task's planned end."""
    values = {"planned_end_time": task["planned_end_date"]}
    present = scene.records.find(SLA, task=task["sys_id"])
    if present:
        scene.records.update(SLA, present[0]["sys_id"], values, actor)
        return
    definition = next(iter(scene.records.find(DEFINITION)), None)
    values.update(task=task["sys_id"], start_time=task["sys_created_on"], percentage="0")
    scene.records.insert(SLA, {**values, "sla": definition["sys_id"] if definition else ""}, actor)


def update_sla(scene: Scene, task: Row, percentage: float) -> None:
    for row in scene.records.find(SLA, task=task["sys_id"], active="true"):
        values = {"percentage": f"{percentage:.2f}", "has_breached": "true" if percentage >= 100 else "false"}
        scene.records.update(SLA, row["sys_id"], values, scene.system)


def follow_task(scene: Scene, change: Change) -> None:
    if not change.changed("state") or change.operation != "update":
        return
    stage = STAGES.get(change.now(), "in_progress")
    now = scene.clock.stamp()
    for row in scene.records.find(SLA, task=change.sys_id):
        values = {"stage": scene.schema.table(SLA).value_of("stage", stage)}
        ended = stage in ("completed", "canceled")
        values.update(active="false" if ended else "true", end_time=now if ended else "")
        values["pause_time"] = now if stage == "paused" else ""
        scene.records.update(SLA, row["sys_id"], values, scene.system)


RULES = (Rule("SLA follows its task", ORDER_TASK, "after", follow_task),)
