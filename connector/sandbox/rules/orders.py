"""What the order rules share: finding the parts of an order and moving them by role. No rule is defined here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

ORDER = "sn_ind_tmt_orm_order"
LINE = "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"
ORDER_TASK = "sn_ind_tmt_orm_order_task"
CHARACTERISTIC = "sn_ind_tmt_orm_order_characteristic_value"
FINISHED_LINE = ("completed", "canceled", "rejected")
CLOSED = ("closed_complete", "canceled")


def role(scene: Scene, row: Row, key: str = "state") -> str:
    return scene.schema.table(row["sys_class_name"]).role_of(key, row[key])


def is_open(scene: Scene, row: Row) -> bool:
    return role(scene, row) not in CLOSED


def move(scene: Scene, row: Row, state: str, actor: User, **more: str) -> None:
    """Bring a record to the state of this role, with other values in the same write."""
    table = scene.schema.table(row["sys_class_name"])
    scene.records.update(table.name, row["sys_id"], {**more, "state": table.value_of("state", state)}, actor)


def lines_of(scene: Scene, order_id: str, *, open_only: bool = True) -> list[Row]:
    lines = scene.records.find(LINE, order=order_id)
    return [line for line in lines if not open_only or role(scene, line) not in FINISHED_LINE]


def domain_orders_of(scene: Scene, line_id: str) -> list[Row]:
    return scene.records.find(DOMAIN_ORDER, order_line_item=line_id)


def tasks_of(scene: Scene, domain_order_id: str) -> list[Row]:
    return scene.records.find(ORDER_TASK, parent=domain_order_id)


def hold(scene: Scene, order_id: str, actor: User) -> None:
    """Domain orders and order tasks wait; where they stood is remembered."""
    for line in lines_of(scene, order_id, open_only=False):
        for domain_order in domain_orders_of(scene, line["sys_id"]):
            for row in (*tasks_of(scene, domain_order["sys_id"]), domain_order):
                if is_open(scene, row) and role(scene, row) != "on_hold":
                    scene.shelf[f"held:{row['sys_id']}"] = role(scene, row)
                    move(scene, row, "on_hold", actor)


def resume(scene: Scene, row: Row, actor: User, **more: str) -> None:
    """Back to where a held record stood."""
    earlier = scene.shelf.pop(f"held:{row['sys_id']}", "")
    if earlier and is_open(scene, row):
        move(scene, row, earlier, actor, **more)


def resume_all(scene: Scene, order_id: str, actor: User) -> None:
    for line in lines_of(scene, order_id, open_only=False):
        for domain_order in domain_orders_of(scene, line["sys_id"]):
            for row in (domain_order, *tasks_of(scene, domain_order["sys_id"])):
                resume(scene, row, actor)


def cancel_domain_orders(scene: Scene, line_id: str, actor: User) -> None:
    for domain_order in domain_orders_of(scene, line_id):
        cancel_domain_order(scene, domain_order, actor)


def cancel_domain_order(scene: Scene, domain_order: Row, actor: User) -> None:
    for row in (*tasks_of(scene, domain_order["sys_id"]), domain_order):
        if is_open(scene, row):
            scene.shelf.pop(f"held:{row['sys_id']}", None)
            move(scene, row, "canceled", actor)


def property_is_on(scene: Scene, name: str) -> bool:
    return any(row["value"] == "true" for row in scene.records.find("sys_properties", name=name))
