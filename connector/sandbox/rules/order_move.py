"""Moving: a change line whose place is not the place of its inventory ceases at the old place and provides at the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rules.orders import DOMAIN_ORDER, LINE, cancel_domain_order, domain_orders_of, is_open

if TYPE_CHECKING:
    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

INVENTORY = "sn_install_base_sold_product"
RELATED = "sn_ind_tmt_orm_domain_order_related_item"


def inventory_of(scene: Scene, line: Row) -> Row | None:
    return scene.records.read(scene.schema.table(INVENTORY), line["sold_product"]) if line.get("sold_product") else None


def old_place(scene: Scene, line: Row) -> str:
    """Where the line's product stands now, if the line moves it; empty for every other line."""
    inventory = inventory_of(scene, line)
    if inventory is None or scene.schema.table(LINE).role_of("action", line["action"]) != "change":
        return ""
    moves = inventory["location"] and line["location"] and inventory["location"] != line["location"]
    return inventory["location"] if moves else ""


def sets_of(scene: Scene, line: Row) -> list[tuple[str, str]]:
    """Action (by role) and place of each set of domain orders this line is made into."""
    left = old_place(scene, line)
    if left:
        actions = scene.switches["move_actions"]
        return [(actions["cease"], left), (actions["provide"], line["location"])]
    action = scene.schema.table(LINE).role_of("action", line["action"])
    return [(action or "add", line["location"])]


def drop_other_sets(scene: Scene, line: Row) -> None:
    """A line that became a move in revision needs none of the domain orders it had as a plain change."""
    wanted = [action for action, _ in sets_of(scene, line)]
    for row in domain_orders_of(scene, line["sys_id"]):
        if is_open(scene, row) and scene.schema.table(DOMAIN_ORDER).role_of("action", row["action"]) not in wanted:
            cancel_domain_order(scene, row, scene.system)


def ceases(scene: Scene, domain_order: Row, line: Row) -> bool:
    """This domain order belongs to the place that is left."""
    action = scene.schema.table(DOMAIN_ORDER).role_of("action", domain_order["action"])
    return bool(old_place(scene, line)) and action == scene.switches["move_actions"]["cease"]


def pair(scene: Scene, made: list[dict[str, str]]) -> None:
    """The domain orders of both sets know each other."""
    if len(made) != 2 or RELATED not in scene.schema.tables:
        return
    cease, provide = made
    for key, domain_order in provide.items():
        present = scene.records.find(RELATED, domain_order=domain_order)
        if key in cease and not present:
            values = {"domain_order": domain_order, "related_domain_order": cease[key], "relationship_type": "move"}
            scene.records.insert(RELATED, values, scene.system)
