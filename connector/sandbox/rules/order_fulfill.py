"""From approval to completion: acknowledging, decomposing into domain orders, point of no return, completing.

Decomposition and completion happen some seconds after their cause, as a job of the platform itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.catalog import Entry, characteristic_name, is_due, recipe_of, specification_id
from connector.sandbox.rules.native_links import open_work_orders
from connector.sandbox.rules.order_header import HEADER, is_blocked
from connector.sandbox.rules.order_inventory import plan_operation, seconds_until_due
from connector.sandbox.rules.order_move import drop_other_sets, inventory_of, old_place, pair, sets_of
from connector.sandbox.rules.orders import (
    CHARACTERISTIC,
    DOMAIN_ORDER,
    LINE,
    ORDER,
    ORDER_TASK,
    domain_orders_of,
    is_open,
    lines_of,
    move,
    resume,
    role,
    tasks_of,
)

if TYPE_CHECKING:
    from connector.sandbox.store import Row

FOLLOWED = ("new", "acknowledged", "rejected", "enrichment_in_progress", "enrichment_on_hold")


def lines_follow(scene: Scene, change: Change) -> None:
    """Placing, approving and rejecting an order does the same to its lines."""
    if not change.became(*FOLLOWED):
        return
    # a line that was rejected by itself stays so, unless its whole order was rejected and comes back
    finished = ("completed", "canceled", change.now(), "rejected" if change.was() != "rejected" else "")
    for line in lines_of(scene, change.sys_id, open_only=False):
        if role(scene, line) not in finished:
            move(scene, line, change.now(), change.actor)


def schedule_decomposition(scene: Scene, change: Change) -> None:
    if change.became("acknowledged"):
        scene.later(scene.switches["decomposition_delay_seconds"], partial(decompose, scene, change.sys_id))


def decompose(scene: Scene, order_id: str) -> None:
    """The platform's job: domain orders for lines without any, held ones go on, lines and order are In progress."""
    order = scene.records.read(scene.schema.table(ORDER), order_id)
    if order is None or role(scene, order) != "acknowledged":
        return
    for line in lines_of(scene, order_id):
        if role(scene, line) != "acknowledged":
            continue
        for domain_order in domain_orders_of(scene, line["sys_id"]):
            for row in (domain_order, *tasks_of(scene, domain_order["sys_id"])):
                resume(scene, row, scene.system)
        wait = seconds_until_due(scene, line)
        if wait:
            plan_operation(scene, line, wait)
            move(scene, line, "scheduled", scene.system)
            scene.later(wait, partial(begin_planned, scene, line["sys_id"]))
        else:
            _begin_line(scene, line)
    move(scene, order, "in_progress", scene.system)


def begin_planned(scene: Scene, line_id: str) -> None:
    """The platform's job: a suspend or resume whose day has come."""
    line = scene.records.read(scene.schema.table(LINE), line_id)
    if line is not None and role(scene, line) == "scheduled":
        _begin_line(scene, line)


def _begin_line(scene: Scene, line: Row) -> None:
    if old_place(scene, line):
        drop_other_sets(scene, line)
    _create_missing(scene, line)
    move(scene, line, "in_progress", scene.system)


def decompose_later(scene: Scene, change: Change) -> None:
    """Staggered decomposition: a value that becomes known brings the domain orders that waited for it, once."""
    key = "characteristic_option_value"
    if change.operation == "delete" or not change.filled(key) or change.before.get(key):
        return
    line = scene.records.read(scene.schema.table(LINE), change.after["order_line_item"])
    name = characteristic_name(scene, change.after)
    if line is not None and any(entry.get("needs") == name for entry in recipe_of(scene, line).values()):
        scene.later(scene.switches["decomposition_delay_seconds"], partial(complete_recipe, scene, line["sys_id"]))


def complete_recipe(scene: Scene, line_id: str) -> None:
    line = scene.records.read(scene.schema.table(LINE), line_id)
    if line is not None and role(scene, line) == "in_progress":
        _create_missing(scene, line)


def _create_missing(scene: Scene, line: Row) -> None:
    """One set of domain orders per line, two when it moves."""
    made = [_create_set(scene, line, action, place) for action, place in sets_of(scene, line)]
    pair(scene, made)


def _create_set(scene: Scene, line: Row, action: str, place: str) -> dict[str, str]:
    made: dict[str, str] = {}
    moving = bool(old_place(scene, line))
    stored_action = scene.schema.table(DOMAIN_ORDER).value_of("action", action)
    for key, entry in recipe_of(scene, line).items():
        specification = specification_id(scene, entry["specification"])
        wanted = int(line["quantity"] or 1) if entry.get("per_unit") else 1
        alike = [
            row
            for row in domain_orders_of(scene, line["sys_id"])
            if row["specification"] == specification
            and row["sys_class_name"] == entry["class"]
            and role(scene, row) != "canceled"
            and (not moving or row["action"] == stored_action)
        ]
        if alike:
            made[key] = alike[0]["sys_id"]
        if len(alike) > wanted:
            for row in alike:
                scene.records.update(DOMAIN_ORDER, row["sys_id"], {"needs_attention": "true"}, scene.system)
        for _ in range(wanted - len(alike) if is_due(scene, line, entry) else 0):
            placed = {**line, "location": place}
            made[key] = _create(scene, placed, entry, action, parent=made.get(entry.get("under", ""), ""))
    return made


def _create(scene: Scene, line: Row, entry: Entry, action: str, *, parent: str) -> str:
    table = scene.schema.table(entry["class"])
    started = "in_progress" if entry["tasks"] else "draft"
    copied = {key: line.get(key, "") for key in ("account", "contact", "consumer", "location", "version")}
    order = scene.records.read(scene.schema.table(ORDER), line["order"]) or {}
    owned = inventory_of(scene, line)
    values = {
        **copied,
        "account": copied["account"] or order.get("account", ""),
        "contact": copied["contact"] or order.get("contact", ""),
        "consumer": copied["consumer"] or order.get("consumer", ""),
        "priority": order.get("priority", ""),
        "state": table.value_of("state", started),
        "action": table.value_of("action", action),
        "specification": specification_id(scene, entry["specification"]),
        "order_line_item": line["sys_id"],
        "parent": parent,
        "product_inventory": owned["sys_id"] if owned and "inventory" in owned["sys_class_name"] else "",
        "short_description": entry["specification"],
    }
    created = scene.records.insert(table.name, values, scene.system)
    for name in entry["tasks"]:
        _create_task(scene, created, line, name)
    return created["sys_id"]


def _create_task(scene: Scene, domain_order: Row, line: Row, name: str) -> None:
    definitions = scene.records.find("sn_ind_tmt_orm_request_definition", name=name)
    values = {
        "parent": domain_order["sys_id"],
        "order": line["order"],
        "order_line_item": line["sys_id"],
        "request_type": definitions[0]["sys_id"] if definitions else "",
        "short_description": name,
        "priority": domain_order["priority"],
        "location": domain_order["location"],
        "planned_end_date": line["committed_due_date"],
        "state": scene.schema.table(ORDER_TASK).value_of("state", "open"),
    }
    scene.records.insert(ORDER_TASK, values, scene.system)


def spread_ponr(scene: Scene, change: Change) -> None:
    """A line at the point of no return puts its order there."""
    if change.changed("ponr") and change.after.get("ponr") == "true" and change.after.get("order"):
        scene.records.update(ORDER, change.after["order"], {"ponr": "true"}, change.actor)


def spread_order_ponr(scene: Scene, change: Change) -> None:
    """An order at the point of no return puts all its lines there."""
    if change.changed("ponr") and change.after.get("ponr") == "true":
        for line in lines_of(scene, change.sys_id, open_only=False):
            scene.records.update(LINE, line["sys_id"], {"ponr": "true"}, change.actor)


def set_ponr_with_task(scene: Scene, change: Change) -> None:
    """What the flow action SET PONR does behind some order tasks."""
    if change.became("closed_complete") and change.after["short_description"] in scene.switches["ponr_tasks"]:
        scene.records.update(LINE, change.after["order_line_item"], {"ponr": "true"}, scene.system)


def stamp_closing(scene: Scene, change: Change) -> None:
    if not change.changed("state"):
        return
    if change.now() in ("closed_complete", "canceled"):
        change.after["active"] = "false"
        change.fill("closed_at", scene.clock.stamp())
        change.fill("closed_by", change.actor.sys_id)
    elif change.was() in ("closed_complete", "canceled"):
        change.after.update(active="true", closed_at="", closed_by="")


def close_with_last_task(scene: Scene, change: Change) -> None:
    """Where the platform closes a domain order itself: when its last order task is closed."""
    if change.became("closed_complete"):
        close_if_done(scene, change.after.get("parent", ""))


def close_if_done(scene: Scene, domain_order_id: str) -> None:
    """Where the platform closes domain orders: order tasks, and work orders of its own integration, must all be over."""
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), domain_order_id)
    if not scene.switches["close_with_last_task"] or domain_order is None or not is_open(scene, domain_order):
        return
    tasks = tasks_of(scene, domain_order_id)
    undone = any(is_open(scene, task) for task in tasks) or open_work_orders(scene, domain_order)
    if any(role(scene, task) == "closed_complete" for task in tasks) and not undone:
        move(scene, domain_order, "closed_complete", scene.system)


def schedule_completion(scene: Scene, change: Change) -> None:
    if change.became("closed_complete", "canceled"):
        line_id = change.after.get("order_line_item", "")
        scene.later(scene.switches["completion_delay_seconds"], partial(complete_line, scene, line_id))


def complete_line(scene: Scene, line_id: str) -> None:
    """The platform's job: a line whose domain orders are all closed is Completed, and in the end its order."""
    line = scene.records.read(scene.schema.table(LINE), line_id)
    if line is None or role(scene, line) != "in_progress":
        return
    domain_orders = domain_orders_of(scene, line_id)
    if any(is_open(scene, row) for row in domain_orders) or _is_staggered(scene, line):
        return
    if all(role(scene, row) == "canceled" for row in domain_orders):
        return
    move(scene, line, "completed", scene.system)
    complete_order(scene, line["order"])


def _is_staggered(scene: Scene, line: Row) -> bool:
    """Domain orders are still to come for this line."""
    return not all(is_due(scene, line, entry) for entry in recipe_of(scene, line).values())


def complete_order(scene: Scene, order_id: str) -> None:
    """An order whose lines are all finished is Completed, unless a header task blocks it."""
    order = scene.records.read(scene.schema.table(ORDER), order_id)
    if order is None or role(scene, order) != "in_progress" or lines_of(scene, order_id):
        return
    if not is_blocked(scene, order_id):
        move(scene, order, "completed", scene.system, actual_end_date=scene.clock.stamp())


def complete_after_header(scene: Scene, change: Change) -> None:
    if change.after.get("task_type") == HEADER and change.became("closed_complete", "canceled"):
        delay = scene.switches["completion_delay_seconds"]
        scene.later(delay, partial(complete_order, scene, change.after["order"]))


RULES = (
    Rule("Lines follow the order", ORDER, "after", lines_follow),
    Rule("Decompose approved order", ORDER, "after", schedule_decomposition),
    Rule("Staggered decomposition", CHARACTERISTIC, "after", decompose_later),
    Rule("Spread PONR from order", ORDER, "after", spread_order_ponr),
    Rule("Spread PONR from line", LINE, "after", spread_ponr),
    Rule("Close domain order", DOMAIN_ORDER, "before", stamp_closing),
    Rule("Close order task", ORDER_TASK, "before", stamp_closing),
    Rule("Complete with last domain order", DOMAIN_ORDER, "after", schedule_completion),
    Rule("Close with last order task", ORDER_TASK, "after", close_with_last_task),
    Rule("SET PONR", ORDER_TASK, "after", set_ponr_with_task),
    Rule("Complete after header task", ORDER_TASK, "after", complete_after_header),
)
