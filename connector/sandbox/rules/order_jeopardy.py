"""Jeopardy: open order tasks that use up the time until their due date raise the level of all above them.

Four decision tables decide: whether an order has levels at all (each of its top offerings must be enabled), how long a task may
take, and the levels of tasks and lines. Nothing is raised while a revision is open.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from connector.sandbox.clock import STAMP
from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.decisions import decide
from connector.sandbox.rules.decisions import rows as decisions_of
from connector.sandbox.rules.order_slas import track, update_sla
from connector.sandbox.rules.orders import (
    DOMAIN_ORDER,
    LINE,
    ORDER,
    ORDER_TASK,
    domain_orders_of,
    is_open,
    lines_of,
    role,
    tasks_of,
)
from connector.sandbox.rules.settings import ENABLEMENT, LINE_LEVEL, TASK_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.store import Row

LEVELS = ("none", "low", "medium", "high", "critical")
DURATION = "Order Task Duration Assignment Policy"
THRESHOLD = re.compile(r"u_percentage>=([\d.]+)")
PAUSED = ("revision_in_progress", "assessing_cancellation")


def assign_duration(scene: Scene, change: Change) -> None:
    """Where the duration policy knows the task, it says how long the task may take, whatever the line's due date."""
    if change.operation != "insert" or not change.after["parent"]:
        return
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), change.after["parent"]) or {}
    inputs = {"u_request_type": change.after["request_type"], "u_specification": domain_order.get("specification", "")}
    result = decide(scene, DURATION, inputs)
    if result and result["u_duration_hours"]:
        due = scene.clock.now() + timedelta(hours=int(result["u_duration_hours"]))
        change.after["planned_end_date"] = due.strftime(STAMP)


def watch(scene: Scene, change: Change) -> None:
    """Look at a task when shares of its time are used up."""
    if not change.changed("planned_end_date") or not change.after["planned_end_date"] or not change.after["parent"]:
        return
    if not decisions_of(scene, ENABLEMENT):
        return
    span = (_moment(change.after["planned_end_date"]) - _moment(change.after["sys_created_on"])).total_seconds()
    passed = (scene.clock.now() - _moment(change.after["sys_created_on"])).total_seconds()
    for percent in _thresholds(scene):
        scene.later(max(0.0, span * percent / 100 - passed), partial(assess, scene, change.sys_id))
    order = scene.records.read(scene.schema.table(ORDER), change.after["order"])
    if order is not None and _is_enabled(scene, order):
        track(scene, change.after, scene.system)


def _thresholds(scene: Scene) -> list[float]:
    """The percentages at which some row of the level table begins to match."""
    conditions = " ".join(row["condition"] for row in decisions_of(scene, TASK_LEVEL))
    return sorted({float(number) for number in THRESHOLD.findall(conditions)})


def assess(scene: Scene, task_id: str) -> None:
    task = scene.records.read(scene.schema.table(ORDER_TASK), task_id)
    order = scene.records.read(scene.schema.table(ORDER), task["order"]) if task else None
    if task is None or order is None or role(scene, order) in PAUSED or not _is_enabled(scene, order):
        return
    used = _used(scene, task)
    update_sla(scene, task, used)
    _raise(scene, task, _level_of(scene, task, used))
    _sum_up(scene, task)


def calm(scene: Scene, change: Change) -> None:
    """A finished task is in no jeopardy."""
    if change.became("closed_complete", "canceled") and change.now("jeopardy_level") not in ("", "none"):
        task = scene.records.read(change.table, change.sys_id)
        if task is not None:
            _raise(scene, task, "none")
            _sum_up(scene, task)


def catch_up(scene: Scene, change: Change) -> None:
    """When a revision is over, the levels that were due meanwhile are worked out."""
    if change.was() in PAUSED and change.became("in_progress", "acknowledged") and decisions_of(scene, ENABLEMENT):
        for task in scene.records.find(ORDER_TASK, order=change.sys_id):
            scene.later(0, partial(assess, scene, task["sys_id"]))


def _is_enabled(scene: Scene, order: Row) -> bool:
    tops = [line for line in lines_of(scene, order["sys_id"], open_only=False) if not line["parent_line_item"]]
    results = [decide(scene, ENABLEMENT, {"u_product_offering": line["product_offering"]}) for line in tops]
    return all(result is not None and result["u_enabled"] == "true" for result in results)


def _used(scene: Scene, task: Row) -> float:
    """How much of its time the task has used, in percent."""
    if not task["planned_end_date"]:
        return 0.0
    begun = _moment(task["sys_created_on"])
    span = (_moment(task["planned_end_date"]) - begun).total_seconds()
    return 100 * (scene.clock.now() - begun).total_seconds() / span if span > 0 else 100.0


def _level_of(scene: Scene, task: Row, used: float) -> str:
    if not is_open(scene, task) or not task["planned_end_date"]:
        return "none"
    result = decide(scene, TASK_LEVEL, {"u_percentage": str(used)})
    return result["u_jeopardy_level"] if result else "none"


def _sum_up(scene: Scene, task: Row) -> None:
    """Domain order, line and order show the worst level below them."""
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), task["parent"])
    line = scene.records.read(scene.schema.table(LINE), task["order_line_item"])
    order = scene.records.read(scene.schema.table(ORDER), task["order"])
    if domain_order is None or line is None or order is None:
        return
    _raise(scene, domain_order, _worst(_levels(scene, tasks_of(scene, domain_order["sys_id"]))))
    worst = _worst(_levels(scene, domain_orders_of(scene, line["sys_id"])))
    result = decide(scene, LINE_LEVEL, {"u_worst_level": worst})
    _raise(scene, line, result["u_jeopardy_level"] if result else "none")
    _raise(scene, order, _worst(_levels(scene, lines_of(scene, order["sys_id"], open_only=False))))


def _levels(scene: Scene, rows: Iterable[Row]) -> list[str]:
    return [role(scene, row, "jeopardy_level") for row in rows]


def _worst(levels: list[str]) -> str:
    return max((level for level in levels if level in LEVELS), key=LEVELS.index, default="none")


def _raise(scene: Scene, row: Row, level: str) -> None:
    table = scene.schema.table(row["sys_class_name"])
    if "jeopardy_level" in table.columns:
        value = table.value_of("jeopardy_level", level)
        scene.records.update(table.name, row["sys_id"], {"jeopardy_level": value}, scene.system)


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


RULES = (
    Rule("Order Task Duration Assignment Policy", ORDER_TASK, "before", assign_duration),
    Rule("Watch due date", ORDER_TASK, "after", watch),
    Rule("Finished task is in no jeopardy", ORDER_TASK, "after", calm),
    Rule("Jeopardy after an inflight change", ORDER, "after", catch_up),
)
