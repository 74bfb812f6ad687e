"""What a line is made into, read from the profile's catalog: its entries, their specifications, and whether they are due.

An entry is one domain order (or one per unit): class, specification, under, tasks, [per_unit, needs, undo, redo].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.rules.orders import CHARACTERISTIC, LINE

if TYPE_CHECKING:
    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

Entry = dict[str, Any]


def offering_name(scene: Scene, line: Row) -> str:
    offering = scene.records.read(scene.schema.table("sn_prd_pm_product_offering"), line["product_offering"])
    return offering["name"] if offering else ""


def recipe_of(scene: Scene, line: Row) -> dict[str, Entry]:
    recipe: dict[str, Entry] = scene.catalog.get(offering_name(scene, line), {})
    return recipe


def entry_of(scene: Scene, domain_order: Row) -> Entry:
    """The entry this domain order was made from; empty when somebody made it by hand."""
    line = scene.records.read(scene.schema.table(LINE), domain_order["order_line_item"])
    for entry in recipe_of(scene, line).values() if line else ():
        same_class = entry["class"] == domain_order["sys_class_name"]
        if same_class and specification_id(scene, entry["specification"]) == domain_order["specification"]:
            return entry
    return {}


def specification_id(scene: Scene, name: str) -> str:
    found = scene.records.find("cmdb_model", name=name)
    specifications = [row for row in found if row["sys_class_name"].endswith("_specification")]
    return specifications[0]["sys_id"] if specifications else ""


def is_due(scene: Scene, line: Row, entry: Entry) -> bool:
    """Staggered decomposition: some domain orders wait until a characteristic of the line is known."""
    needed = entry.get("needs")
    if not needed:
        return True
    for value in scene.records.find(CHARACTERISTIC, order_line_item=line["sys_id"]):
        if value["characteristic_option_value"] and characteristic_name(scene, value) == needed:
            return True
    return False


def characteristic_name(scene: Scene, value: Row) -> str:
    definition = scene.records.read(scene.schema.table("sn_prd_pm_characteristic"), value["characteristic"])
    return definition["name"] if definition else ""
