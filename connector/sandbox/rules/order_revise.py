"""Inflight revision of an order: everything waits while the lines are edited; approval tells what stays, goes and comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.order_compensate import cancel_compensated, redo
from connector.sandbox.rules.order_move import ceases
from connector.sandbox.rules.orders import (
    CHARACTERISTIC,
    LINE,
    ORDER,
    domain_orders_of,
    hold,
    is_open,
    lines_of,
    move,
    resume_all,
    role,
    tasks_of,
)

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

ASKED = ("quantity", "location", "action", "product_offering", "committed_due_date")
PASSED_ON = ("location", "account", "contact", "consumer")


def begin(scene: Scene, change: Change) -> None:
    """Revise pressed: lines follow, versions rise, domain orders and tasks are held, the old values are remembered."""
    if not change.became("revision_in_progress"):
        return
    update = change.table.value_of("revision_operation", "update")
    for line in lines_of(scene, change.sys_id):
        remembered = {"line": dict(line), "characteristics": _characteristics(scene, line)}
        scene.shelf[f"revised:{line['sys_id']}"] = remembered
        version = str(int(line["version"] or 1) + 1)
        move(scene, line, "revision_in_progress", change.actor, version=version, revision_operation=update)
    hold(scene, change.sys_id, change.actor)


def approve(scene: Scene, change: Change) -> None:
    """Revision approved: removed lines go, what they decomposed into with them; kept domain orders are Scheduled."""
    if not (change.became("acknowledged") and change.was() == "revision_in_progress"):
        return
    cancel = scene.schema.table(LINE).value_of("revision_operation", "cancel")
    for line in scene.records.find(LINE, order=change.sys_id):
        remembered = scene.shelf.pop(f"revised:{line['sys_id']}", None)
        if line["revision_operation"] == cancel:
            cancel_compensated(scene, line["sys_id"], change.actor)
            move(scene, line, "canceled", change.actor)
            continue
        for domain_order in domain_orders_of(scene, line["sys_id"]):
            if is_open(scene, domain_order):
                _keep(scene, domain_order, line, change.actor)
                if remembered and _differs(scene, line, remembered):
                    redo(scene, domain_order, change.actor)


def _keep(scene: Scene, domain_order: Row, line: Row, actor: User) -> None:
    passed = {key: line[key] for key in PASSED_ON if line.get(key)}
    if ceases(scene, domain_order, line):
        passed.pop("location", None)
    move(scene, domain_order, "scheduled", actor, version=line["version"], **passed)
    for task in tasks_of(scene, domain_order["sys_id"]):
        if is_open(scene, task) and f"fallout:{task['sys_id']}" not in scene.shelf:
            place = {"location": passed["location"]} if "location" in passed else {}
            due = {"planned_end_date": line["committed_due_date"]} if line["committed_due_date"] else {}
            move(scene, task, "scheduled", actor, **place, **due)


def _differs(scene: Scene, line: Row, remembered: dict[str, Any]) -> bool:
    """The revision changed what the line asks for."""
    if any(line[key] != remembered["line"][key] for key in ASKED):
        return True
    values = {row["sys_id"]: row["characteristic_option_value"] for row in remembered["characteristics"]}
    return values != {row["sys_id"]: row["characteristic_option_value"] for row in _characteristics(scene, line)}


def decline(scene: Scene, change: Change) -> None:
    """Revision or cancellation declined: back to In progress, and to the old values where the platform restores them."""
    if not change.became("in_progress") or change.was() not in ("revision_in_progress", "assessing_cancellation"):
        return
    for line in lines_of(scene, change.sys_id):
        remembered = scene.shelf.pop(f"revised:{line['sys_id']}", None)
        if remembered is None and change.was() == "revision_in_progress":
            move(scene, line, "canceled", change.actor)  # a line added by the declined revision
            continue
        restore = scene.switches["decline_restores_values"] and remembered
        move(scene, line, "in_progress", change.actor, **(_old_values(remembered["line"]) if restore else {}))
        if restore:
            _restore_characteristics(scene, remembered["characteristics"], change.actor)
    resume_all(scene, change.sys_id, change.actor)


def _old_values(line: Row) -> Row:
    kept = ("version", "state", "ponr")
    return {key: value for key, value in line.items() if not key.startswith("sys_") and key not in kept}


def _characteristics(scene: Scene, line: Row) -> list[Row]:
    return scene.records.find(CHARACTERISTIC, order_line_item=line["sys_id"])


def _restore_characteristics(scene: Scene, rows: list[Row], actor: User) -> None:
    for row in rows:
        keys = ("characteristic_option_value", "previous_characteristic_option_value")
        scene.records.update(CHARACTERISTIC, row["sys_id"], {key: row[key] for key in keys}, actor)


def remember_previous_value(_scene: Scene, change: Change) -> None:
    """A characteristic keeps one earlier value, which is how a change in flight can be told."""
    key = "characteristic_option_value"
    if change.operation == "update" and change.changed(key) and not change.changed(f"previous_{key}"):
        change.after[f"previous_{key}"] = change.before[key]


def order_is(scene: Scene, line: Row, *roles: str) -> bool:
    order = scene.records.read(scene.schema.table(ORDER), line["order"])
    return order is not None and role(scene, order) in roles


RULES = (
    Rule("Begin revision", ORDER, "after", begin),
    Rule("Approve revision", ORDER, "after", approve),
    Rule("Decline inflight change", ORDER, "after", decline),
    Rule("Remember previous value", CHARACTERISTIC, "before", remember_previous_value),
)
