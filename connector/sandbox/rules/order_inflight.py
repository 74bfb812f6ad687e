"""The traces of changes in flight and of trouble: inflight change rows of a revision, fallouts and what they hold up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.catalog import characteristic_name
from connector.sandbox.rules.orders import CHARACTERISTIC, DOMAIN_ORDER, LINE, ORDER_TASK, is_open, move, role, tasks_of

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

CHANGE = "sn_ind_tmt_orm_inflight_order_line_item_change"
FALLOUT = "sn_fallout_mgmt_fallout"
OVER = ("resolved", "closed_complete", "canceled")
TYPES = {"quantity": "Quantity", "contact": "Contact", "location": "Location", "mrc": "Price", "nrc": "Price"}
RELATED_ITEMS = "sn_ind_tmt_orm_order_line_related_items"


def trace_line(scene: Scene, change: Change) -> None:
    """An edit of a line in revision leaves a row per type of change, which names no values."""
    if change.was() != "revision_in_progress" or change.now() != "revision_in_progress":
        return
    for name in sorted({name for key, name in TYPES.items() if key in change.table.columns and change.changed(key)}):
        _trace(scene, change.sys_id, change.after["version"], name, change.actor)


def trace_characteristic(scene: Scene, change: Change) -> None:
    line = scene.records.read(scene.schema.table(LINE), change.after.get("order_line_item", ""))
    if line and role(scene, line) == "revision_in_progress" and change.changed("characteristic_option_value"):
        mapped = characteristic_name(scene, change.after) in scene.switches["quantity_characteristics"]
        name = "Quantity mapping characteristics" if mapped else "Characteristic"
        _trace(scene, line["sys_id"], line["version"], name, change.actor)


def trace_related_items(scene: Scene, change: Change) -> None:
    line_id = (change.after or change.before)["order_line_item"]
    line = scene.records.read(scene.schema.table(LINE), line_id)
    if line and role(scene, line) == "revision_in_progress":
        _trace(scene, line_id, line["version"], "Related items", change.actor)


def _trace(scene: Scene, line_id: str, version: str, name: str, actor: User) -> None:
    if CHANGE not in scene.schema.tables:
        return
    types = scene.records.find("sn_ind_tmt_orm_inflight_change_type", name=name)
    values = {
        "order_line_item": line_id,
        "order_line_version": version,
        "change_type": types[0]["sys_id"] if types else "",
    }
    scene.records.insert(CHANGE, values, actor)


def hold_task(scene: Scene, change: Change) -> None:
    """A fallout holds up the order task it is about, and says so in its notes."""
    if change.operation != "insert" or not change.after.get("order_task"):
        return
    task = scene.records.read(scene.schema.table(ORDER_TASK), change.after["order_task"])
    if task is not None and is_open(scene, task) and scene.switches["fallout_holds_on_insert"]:
        hold_for_fallout(scene, task, change.after["number"], change.actor)


def hold_for_fallout(scene: Scene, task: Row, number: str, actor: User) -> None:
    scene.shelf.setdefault(f"fallout:{task['sys_id']}", role(scene, task))
    move(scene, task, "on_hold", actor, work_notes=f"A fallout record {number} has been created")


def release_task(scene: Scene, change: Change) -> None:
    """The last fallout that is over lets its order task go on."""
    if not change.became(*OVER) or not change.after.get("order_task"):
        return
    alike = scene.records.find(FALLOUT, order_task=change.after["order_task"])
    if any(role(scene, fallout) not in OVER for fallout in alike):
        return
    task = scene.records.read(scene.schema.table(ORDER_TASK), change.after["order_task"])
    earlier = scene.shelf.pop(f"fallout:{change.after['order_task']}", "")
    if task is not None and earlier and role(scene, task) == "on_hold":
        move(scene, task, earlier, change.actor)


def fallout_of_manual_close(scene: Scene, change: Change) -> None:
    """Where the platform says so: closing a domain order by hand makes a fallout, about its first open order task."""
    by_hand = change.became("closed_complete") and change.actor.login != scene.system.login
    wanted = scene.switches["manual_close_creates_fallout"]
    if not by_hand or not wanted or FALLOUT not in scene.schema.tables:
        return
    task = next((task for task in tasks_of(scene, change.sys_id) if is_open(scene, task)), None)
    if task is None and wanted != "always":
        return
    text = f"{change.after['number']} was closed " + (f"while {task['number']} is open" if task else "by hand")
    values = {"order_task": task["sys_id"] if task else "", "order_line_item": change.after.get("order_line_item", "")}
    scene.records.insert(FALLOUT, {**values, "short_description": text}, change.actor)


RULES = (
    Rule("Trace inflight line change", LINE, "after", trace_line),
    Rule("Trace inflight characteristic change", CHARACTERISTIC, "after", trace_characteristic),
    Rule("Trace inflight related items", RELATED_ITEMS, "after", trace_related_items),
    Rule("Hold task with fallout", FALLOUT, "after", hold_task),
    Rule("Release task of fallout", FALLOUT, "after", release_task),
    Rule("Fallout of manual close", DOMAIN_ORDER, "after", fallout_of_manual_close),
)
