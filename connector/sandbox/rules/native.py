"""The platform's own Order Management and Field Service integration, where the switch `native_integration` has it on.

Two decision tables make work orders of new domain orders and order tasks; their news become work notes of the domain order; a
domain order with an open work order is not closed; changes in flight reach open work orders. The documentation gives no text of
the notes and no word about canceled orders: both are ours (see `native_cancels`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.sandbox.records import Aborted, Change, Refusal, Rule, Scene
from connector.sandbox.rules.decisions import decide
from connector.sandbox.rules.native_links import (
    OVER,
    WORK_ORDER,
    domain_order_of,
    is_on,
    open_work_orders,
    tie,
    work_orders_of,
)
from connector.sandbox.rules.order_fulfill import close_if_done
from connector.sandbox.rules.orders import DOMAIN_ORDER, ORDER_TASK, is_open

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

FOR_DOMAIN_ORDER, FOR_ORDER_TASK = "Work Order Policy for Domain Order", "Work Order Policy for Order Task"
CARRIED = ("account", "contact", "consumer", "location", "priority")


# --- creating ---------------------------------------------------------------------------------------------------------


def for_new_domain_order(scene: Scene, change: Change) -> None:
    if change.operation == "insert" and is_on(scene):
        template = template_for(scene, change.after)
        if template:
            create(scene, change.after, template, scene.system)


def for_new_order_task(scene: Scene, change: Change) -> None:
    if change.operation == "insert" and is_on(scene) and change.after["parent"]:
        template = template_for(scene, change.after)
        if template:
            create(scene, change.after, template, scene.system)


def template_for(scene: Scene, initiator: Row) -> str:
    """The work order template the decision tables give a domain order or an order task; empty for none."""
    is_task = scene.schema.table(initiator["sys_class_name"]) in scene.schema.members(scene.schema.table(ORDER_TASK))
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), initiator["parent"]) if is_task else initiator
    if domain_order is None or domain_order["sys_class_name"] not in scene.switches["native_classes"]:
        return ""
    inputs = {"u_specification": domain_order["specification"], "u_domain_order_action": domain_order["action"]}
    if is_task:
        inputs["u_request_type"] = initiator["request_type"]
    result = decide(scene, FOR_ORDER_TASK if is_task else FOR_DOMAIN_ORDER, inputs)
    return result["u_wo_template"] if result else ""


def create(scene: Scene, initiator: Row, template: str, actor: User) -> Row:
    """A work order for a domain order or an order task, tied to it and noted on the domain order."""
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), initiator["sys_id"]) or scene.records.read(
        scene.schema.table(DOMAIN_ORDER), initiator["parent"]
    )
    values = {key: domain_order[key] for key in CARRIED if domain_order and domain_order.get(key)}
    made = scene.records.insert(WORK_ORDER, {**values, "template": template}, actor)
    tie(scene, initiator, made)
    if domain_order is not None:
        note(scene, domain_order, f"Work order {made['number']} has been created: {made['short_description']}")
    return made


def note(scene: Scene, domain_order: Row, text: str) -> None:
    scene.records.update(domain_order["sys_class_name"], domain_order["sys_id"], {"work_notes": text}, scene.system)


# --- news of work orders ----------------------------------------------------------------------------------------------


def tell_domain_order(scene: Scene, change: Change) -> None:
    """Each new state of a work order is a work note; the last one that ends lets the domain order close."""
    if change.operation != "update" or not change.changed("state") or not is_on(scene):
        return
    domain_order = domain_order_of(scene, change.after)
    if domain_order is None:
        return
    label = change.table.columns["state"].label_of.get(change.after["state"], change.after["state"])
    reason = change.notes.get("work_notes", "")
    note(scene, domain_order, f"Work order {change.after['number']}: {label}" + (f". {reason}" if reason else ""))
    if change.now() in OVER:
        close_if_done(scene, domain_order["sys_id"])


def guard_close(scene: Scene, change: Change) -> None:
    if change.became("closed_complete"):
        waiting = ", ".join(row["number"] for row in open_work_orders(scene, change.after))
        if waiting:
            raise Refusal(f"{change.after['number']} cannot be closed: its work orders {waiting} are not closed")


# --- changes in flight ------------------------------------------------------------------------------------------------


def carry_over(scene: Scene, change: Change) -> None:
    """What a revision changed on the domain order reaches its open work orders; a canceled one takes them along."""
    if change.operation != "update" or not is_on(scene):
        return
    if change.became("canceled") and scene.switches["native_cancels"]:
        scene.later(0, partial(cancel_all, scene, change.sys_id))
        return
    changed = [key for key in CARRIED if change.changed(key)]
    for work_order in open_work_orders(scene, change.after) if changed else ():
        values = {key: change.after[key] for key in changed}
        updated = scene.records.update(WORK_ORDER, work_order["sys_id"], values, scene.system)
        labels = ", ".join(change.table.columns[key].label.lower() for key in changed)
        label = scene.schema.table(WORK_ORDER).columns["state"].label_of[updated["state"]]
        note(scene, change.after, f"Work order {work_order['number']} ({label}) has been updated: {labels}")


def cancel_all(scene: Scene, domain_order_id: str) -> None:
    """The platform's job, so that a work order that cannot be canceled stops nothing else."""
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), domain_order_id)
    if domain_order is None or is_open(scene, domain_order):
        return
    table = scene.schema.table(WORK_ORDER)
    for work_order in open_work_orders(scene, domain_order):
        reason = f"{domain_order['number']} has been canceled"
        values = {"state": table.value_of("state", "canceled"), "work_notes": reason}
        try:
            scene.records.update(WORK_ORDER, work_order["sys_id"], values, scene.system)
        except Aborted as error:
            note(scene, domain_order, f"Work order {work_order['number']} was not canceled: {error.reason}")


__all__ = ["RULES", "create", "template_for", "work_orders_of"]

RULES = (
    Rule("Work orders for domain order", DOMAIN_ORDER, "after", for_new_domain_order),
    Rule("Work orders for order task", ORDER_TASK, "after", for_new_order_task),
    Rule("Open work orders stop closing", DOMAIN_ORDER, "before", guard_close),
    Rule("Inflight change of work orders", DOMAIN_ORDER, "after", carry_over),
    Rule("Work order news for domain order", WORK_ORDER, "after", tell_domain_order),
)
