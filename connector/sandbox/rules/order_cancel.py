"""Cancellation of an order in flight: assessed first, then carried out some seconds after its approval."""

from __future__ import annotations

from functools import partial

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.order_compensate import UNDO, order_is_undoing, undo
from connector.sandbox.rules.order_header import header_tasks
from connector.sandbox.rules.orders import (
    ORDER,
    ORDER_TASK,
    cancel_domain_orders,
    domain_orders_of,
    hold,
    is_open,
    lines_of,
    move,
    role,
)


def assess(scene: Scene, change: Change) -> None:
    if not change.became("assessing_cancellation"):
        return
    cancel = change.table.value_of("revision_operation", "cancel")
    for line in lines_of(scene, change.sys_id):
        version = str(int(line["version"] or 1) + 1)
        move(scene, line, "assessing_cancellation", change.actor, version=version, revision_operation=cancel)
    hold(scene, change.sys_id, change.actor)


def approve(scene: Scene, change: Change) -> None:
    if not change.became("cancellation_in_progress"):
        return
    for line in lines_of(scene, change.sys_id):
        move(scene, line, "cancellation_in_progress", change.actor)
    for line in lines_of(scene, change.sys_id, open_only=False):
        for domain_order in domain_orders_of(scene, line["sys_id"]):
            undo(scene, domain_order, scene.system)
    scene.later(scene.switches["completion_delay_seconds"], partial(finish, scene, change.sys_id))


def finish(scene: Scene, order_id: str) -> None:
    """The platform's job: when nothing is left to undo, domain orders, tasks, lines and order end Canceled."""
    order = scene.records.read(scene.schema.table(ORDER), order_id)
    if order is None or role(scene, order) != "cancellation_in_progress" or order_is_undoing(scene, order_id):
        return
    for line in lines_of(scene, order_id):
        cancel_domain_orders(scene, line["sys_id"], scene.system)
        move(scene, line, "canceled", scene.system)
    for task in header_tasks(scene, order_id):
        if is_open(scene, task):
            move(scene, task, "canceled", scene.system)
    move(scene, order, "canceled", scene.system)


def finish_after_undo(scene: Scene, change: Change) -> None:
    """The last undo task lets a cancellation go on."""
    if change.after.get("task_type") == UNDO and change.became("closed_complete", "canceled"):
        delay = scene.switches["completion_delay_seconds"]
        scene.later(delay, partial(finish, scene, change.after["order"]))


RULES = (
    Rule("Assess cancellation", ORDER, "after", assess),
    Rule("Carry out cancellation", ORDER, "after", approve),
    Rule("Cancellation after undo", ORDER_TASK, "after", finish_after_undo),
)
