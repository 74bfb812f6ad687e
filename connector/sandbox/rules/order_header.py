"""Around an order: enrichment before its approval, and header tasks, which belong to the order itself and may block it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Refusal, Rule, Scene
from connector.sandbox.rules.orders import ORDER, ORDER_TASK, is_open, property_is_on

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

BLOCKING = "sn_ind_tmt_orm.block_order_appro_complet_until_tasks_complete"
HEADER = "header"


def enrich_first(scene: Scene, change: Change) -> None:
    """Where orders are enriched, placing one begins that; it is New when enrichment is finished."""
    placed = change.became("new") and change.was() in ("", "draft", "rejected")
    if placed and scene.switches["enrichment"]:
        change.move("enrichment_in_progress")


def create_header_tasks(scene: Scene, change: Change) -> None:
    if change.became("new", "enrichment_in_progress") and not header_tasks(scene, change.sys_id):
        for name in scene.switches["header_tasks"]:
            create_header_task(scene, change.sys_id, name, change.actor)


def create_header_task(scene: Scene, order_id: str, name: str, actor: User) -> Row:
    state = scene.schema.table(ORDER_TASK).value_of("state", "open")
    values = {"order": order_id, "short_description": name, "task_type": HEADER, "state": state}
    return scene.records.insert(ORDER_TASK, values, actor)


def header_tasks(scene: Scene, order_id: str) -> list[Row]:
    return scene.records.find(ORDER_TASK, order=order_id, task_type=HEADER)


def is_blocked(scene: Scene, order_id: str) -> bool:
    return property_is_on(scene, BLOCKING) and any(is_open(scene, task) for task in header_tasks(scene, order_id))


def guard_approval(scene: Scene, change: Change) -> None:
    first = change.became("acknowledged") and change.was() in ("new", "rejected")
    if first and is_blocked(scene, change.sys_id):
        raise Refusal(f"{change.after['number']} has open order tasks and cannot be approved")


RULES = (
    Rule("Enrich before approval", ORDER, "before", enrich_first),
    Rule("Header tasks block approval", ORDER, "before", guard_approval),
    Rule("Create header tasks", ORDER, "after", create_header_tasks),
)
