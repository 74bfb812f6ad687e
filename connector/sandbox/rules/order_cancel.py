"""Cancellation of an order in flight: assessed first, then carried out some seconds after its approval."""

from __future__ import annotations

from functools import partial

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.orders import ORDER, cancel_domain_orders, hold, lines_of, move, role


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
    scene.later(scene.switches["completion_delay_seconds"], partial(finish, scene, change.sys_id))


def finish(scene: Scene, order_id: str) -> None:
    """The platform's job: domain orders, tasks, lines and order end Canceled."""
    order = scene.records.read(scene.schema.table(ORDER), order_id)
    if order is None or role(scene, order) != "cancellation_in_progress":
        return
    for line in lines_of(scene, order_id):
        cancel_domain_orders(scene, line["sys_id"], scene.system)
        move(scene, line, "canceled", scene.system)
    move(scene, order, "canceled", scene.system)


RULES = (
    Rule("Assess cancellation", ORDER, "after", assess),
    Rule("Carry out cancellation", ORDER, "after", approve),
)
