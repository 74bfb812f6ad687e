"""From approval to completion: acknowledging, decomposing into domain orders, point of no return, completing.

Decomposition and completion happen some seconds after their cause, as a job of the platform itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.orders import (
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

FOLLOWED = ("new", "acknowledged", "rejected")


def lines_follow(scene: Scene, change: Change) -> None:
    """Placing, approving and rejecting an order does the same to its lines."""
    if not change.became(*FOLLOWED):
        return
    for line in lines_of(scene, change.sys_id, open_only=False):
        if role(scene, line) not in ("completed", "canceled", change.now()):
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
        present = domain_orders_of(scene, line["sys_id"])
        for domain_order in present:
            for row in (domain_order, *tasks_of(scene, domain_order["sys_id"])):
                resume(scene, row, scene.system)
        _create_missing(scene, line, present)
        move(scene, line, "in_progress", scene.system)
    move(scene, order, "in_progress", scene.system)


def _create_missing(scene: Scene, line: Row, present: list[Row]) -> None:
    offering = scene.records.read(scene.schema.table("sn_prd_pm_product_offering"), line["product_offering"])
    recipe: dict[str, Any] = scene.catalog.get(offering["name"], {}) if offering else {}
    made: dict[str, str] = {}
    for key, entry in recipe.items():
        specification = _specification(scene, entry["specification"])
        wanted = int(line["quantity"] or 1) if entry.get("per_unit") else 1
        alike = [
            row
            for row in present
            if row["specification"] == specification
            and row["sys_class_name"] == entry["class"]
            and role(scene, row) != "canceled"
        ]
        if alike:
            made[key] = alike[0]["sys_id"]
        if len(alike) > wanted:
            for row in alike:
                scene.records.update(DOMAIN_ORDER, row["sys_id"], {"needs_attention": "true"}, scene.system)
        for _ in range(wanted - len(alike)):
            parent = made.get(entry.get("under", ""), "")
            made[key] = _create(scene, line, entry, specification, parent)


def _create(scene: Scene, line: Row, entry: dict[str, Any], specification: str, parent: str) -> str:
    table = scene.schema.table(entry["class"])
    action = scene.schema.table(LINE).role_of("action", line["action"])
    started = "in_progress" if entry["tasks"] else "draft"
    copied = {key: line.get(key, "") for key in ("account", "contact", "consumer", "location", "version")}
    order = scene.records.read(scene.schema.table(ORDER), line["order"]) or {}
    values = {
        **copied,
        "account": copied["account"] or order.get("account", ""),
        "contact": copied["contact"] or order.get("contact", ""),
        "priority": order.get("priority", ""),
        "state": table.value_of("state", started),
        "action": table.value_of("action", action or "add"),
        "specification": specification,
        "order_line_item": line["sys_id"],
        "parent": parent,
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


def _specification(scene: Scene, name: str) -> str:
    found = scene.records.find("cmdb_model", name=name)
    specifications = [row for row in found if row["sys_class_name"].endswith("_specification")]
    return specifications[0]["sys_id"] if specifications else ""


def spread_ponr(scene: Scene, change: Change) -> None:
    """A line at the point of no return puts its order there."""
    if change.changed("ponr") and change.after.get("ponr") == "true" and change.after.get("order"):
        scene.records.update(ORDER, change.after["order"], {"ponr": "true"}, change.actor)


def spread_order_ponr(scene: Scene, change: Change) -> None:
    """An order at the point of no return puts all its lines there."""
    if change.changed("ponr") and change.after.get("ponr") == "true":
        for line in lines_of(scene, change.sys_id, open_only=False):
            scene.records.update(LINE, line["sys_id"], {"ponr": "true"}, change.actor)


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
    if not scene.switches["close_with_last_task"] or not change.became("closed_complete"):
        return
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), change.after.get("parent", ""))
    if domain_order is None or not is_open(scene, domain_order):
        return
    if not any(is_open(scene, task) for task in tasks_of(scene, domain_order["sys_id"])):
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
    if any(is_open(scene, row) for row in domain_orders):
        return
    if all(role(scene, row) == "canceled" for row in domain_orders):
        return
    move(scene, line, "completed", scene.system)
    order = scene.records.read(scene.schema.table(ORDER), line["order"])
    if order and role(scene, order) == "in_progress" and not lines_of(scene, order["sys_id"]):
        move(scene, order, "completed", scene.system, actual_end_date=scene.clock.stamp())


RULES = (
    Rule("Lines follow the order", ORDER, "after", lines_follow),
    Rule("Decompose approved order", ORDER, "after", schedule_decomposition),
    Rule("Spread PONR from order", ORDER, "after", spread_order_ponr),
    Rule("Spread PONR from line", LINE, "after", spread_ponr),
    Rule("Close domain order", DOMAIN_ORDER, "before", stamp_closing),
    Rule("Close order task", ORDER_TASK, "before", stamp_closing),
    Rule("Complete with last domain order", DOMAIN_ORDER, "after", schedule_completion),
    Rule("Close with last order task", ORDER_TASK, "after", close_with_last_task),
)
