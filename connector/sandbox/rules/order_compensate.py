"""Compensation: undo tasks take back finished work of what is canceled, redo tasks repeat what a revision made stale.

Which tasks have an undo or a redo is data of the catalog (`undo`, `redo`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.catalog import entry_of
from connector.sandbox.rules.orders import (
    DOMAIN_ORDER,
    ORDER_TASK,
    cancel_domain_order,
    domain_orders_of,
    is_open,
    lines_of,
    move,
    role,
    tasks_of,
)

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

UNDO = "undo"


def undo(scene: Scene, domain_order: Row, actor: User) -> None:
    """An undo task for each closed task that has one."""
    names = entry_of(scene, domain_order).get("undo", {})
    for task in tasks_of(scene, domain_order["sys_id"]) if names else ():
        name = names.get(task["short_description"])
        if name and role(scene, task) == "closed_complete" and task["task_type"] != UNDO:
            definitions = scene.records.find("sn_ind_tmt_orm_request_definition", name=name)
            kept = ("parent", "order", "order_line_item", "priority", "location")
            values = {key: task[key] for key in kept}
            values.update(short_description=name, task_type=UNDO, state=task_state(scene, "open"))
            values["request_type"] = definitions[0]["sys_id"] if definitions else ""
            scene.records.insert(ORDER_TASK, values, actor)


def redo(scene: Scene, domain_order: Row, actor: User) -> None:
    """Closed tasks whose work depends on what was changed are opened again."""
    names = entry_of(scene, domain_order).get("redo", ())
    for task in tasks_of(scene, domain_order["sys_id"]) if names else ():
        if task["short_description"] in names and role(scene, task) == "closed_complete":
            move(scene, task, "open", actor)


def is_undoing(scene: Scene, domain_order: Row) -> bool:
    tasks = tasks_of(scene, domain_order["sys_id"])
    return any(task["task_type"] == UNDO and is_open(scene, task) for task in tasks)


def order_is_undoing(scene: Scene, order_id: str) -> bool:
    lines = lines_of(scene, order_id, open_only=False)
    return any(is_undoing(scene, row) for line in lines for row in domain_orders_of(scene, line["sys_id"]))


def cancel_compensated(scene: Scene, line_id: str, actor: User) -> None:
    """Cancel a line's domain orders, those with work to undo only after that is done."""
    for row in domain_orders_of(scene, line_id):
        undo(scene, row, actor)
        if not is_open(scene, row):
            continue
        if is_undoing(scene, row):
            scene.shelf.pop(f"held:{row['sys_id']}", None)
            move(scene, row, "cancellation_in_progress", actor)
        else:
            cancel_domain_order(scene, row, actor)


def cancel_after_undo(scene: Scene, change: Change) -> None:
    """The last undo task lets its domain order end."""
    if change.after.get("task_type") != UNDO or not change.became("closed_complete", "canceled"):
        return
    domain_order = scene.records.read(scene.schema.table(DOMAIN_ORDER), change.after["parent"])
    waiting = domain_order is not None and role(scene, domain_order) == "cancellation_in_progress"
    if domain_order is not None and waiting and not is_undoing(scene, domain_order):
        cancel_domain_order(scene, domain_order, scene.system)


def task_state(scene: Scene, wanted: str) -> str:
    return scene.schema.table(ORDER_TASK).value_of("state", wanted)


RULES = (Rule("Cancel after undo", ORDER_TASK, "after", cancel_after_undo),)
