"""Which work orders the platform's own integration made for a domain order, on an instance that has both applications.

How the platform ties them is not documented: a task relationship or the work order's initiator, as the switch `native_link` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rules.orders import DOMAIN_ORDER, ORDER_TASK, tasks_of

if TYPE_CHECKING:
    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

WORK_ORDER, RELATION = "wm_order", "task_rel_task"
OVER = ("closed_complete", "closed_incomplete", "canceled")


def is_on(scene: Scene) -> bool:
    return bool(scene.switches["native_integration"]) and WORK_ORDER in scene.schema.tables


def tie(scene: Scene, initiator: Row, work_order: Row) -> None:
    if scene.switches["native_link"] == "task_rel_task":
        link = {"parent": initiator["sys_id"], "child": work_order["sys_id"]}
        scene.records.insert(RELATION, link, scene.system)
    else:
        scene.records.update(WORK_ORDER, work_order["sys_id"], {"initiated_from": initiator["sys_id"]}, scene.system)


def work_orders_of(scene: Scene, domain_order: Row) -> list[Row]:
    """Those of the domain order itself and of its order tasks, oldest first."""
    found: dict[str, Row] = {}
    for initiator in (domain_order, *tasks_of(scene, domain_order["sys_id"])):
        tied = [row["child"] for row in scene.records.find(RELATION, parent=initiator["sys_id"])]
        rows = [scene.records.read(scene.schema.table(WORK_ORDER), child) for child in tied]
        for row in (*rows, *scene.records.find(WORK_ORDER, initiated_from=initiator["sys_id"])):
            if row is not None:
                found.setdefault(row["sys_id"], row)
    return sorted(found.values(), key=lambda row: row["number"])


def open_work_orders(scene: Scene, domain_order: Row) -> list[Row]:
    if not is_on(scene):
        return []
    table = scene.schema.table(WORK_ORDER)
    rows = work_orders_of(scene, domain_order)
    return [row for row in rows if table.role_of("state", row["state"]) not in OVER]


def domain_order_of(scene: Scene, work_order: Row) -> Row | None:
    """The domain order a work order was made for, directly or through one of its order tasks."""
    initiators = [row["parent"] for row in scene.records.find(RELATION, child=work_order["sys_id"])]
    for sys_id in filter(None, (*initiators, work_order.get("initiated_from", ""))):
        task = scene.records.read(scene.schema.table(ORDER_TASK), sys_id)
        row = scene.records.read(scene.schema.table(DOMAIN_ORDER), task["parent"] if task else sys_id)
        if row is not None:
            return row
    return None
