"""What customers own: sold products or product inventory, made and changed by completed lines, and operations planned on them.

A suspend or resume line with a due date in the future waits in the inventory's operations until then.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.clock import STAMP
from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.catalog import offering_name, recipe_of
from connector.sandbox.rules.order_move import INVENTORY, inventory_of
from connector.sandbox.rules.orders import LINE, domain_orders_of, property_is_on, role

if TYPE_CHECKING:
    from connector.sandbox.store import Row

PRODUCT_INVENTORY = "sn_prd_invt_product_inventory"
OPERATIONS = "sn_prd_invt_product_inventory_operations"
USE_INVENTORY = "sn_ind_tmt_orm.enable_prod_invt_for_order_management"
STATUS = {"disconnect": "inactive", "suspend": "suspended", "resume": "active", "change": "active"}


def record(scene: Scene, change: Change) -> None:
    """A completed line leaves its trace in what the customer owns."""
    if not change.became("completed") or INVENTORY not in scene.schema.tables:
        return
    action = change.now("action")
    owned = inventory_of(scene, change.after)
    if action == "add":
        for _ in range(_units(scene, change.after)):
            _add(scene, change.after)
    elif owned is not None and action in STATUS:
        values = {"status": scene.schema.table(INVENTORY).value_of("status", STATUS[action])}
        if action == "change" and change.after["location"]:
            values["location"] = change.after["location"]
        scene.records.update(owned["sys_class_name"], owned["sys_id"], values, scene.system)


def _units(scene: Scene, line: Row) -> int:
    """One record per finished unit where units are fulfilled one by one."""
    if not any(entry.get("per_unit") for entry in recipe_of(scene, line).values()):
        return 1
    done = [row for row in domain_orders_of(scene, line["sys_id"]) if role(scene, row) == "closed_complete"]
    return len([row for row in done if row["sys_class_name"].endswith("product_order")])


def _add(scene: Scene, line: Row) -> None:
    table = PRODUCT_INVENTORY if property_is_on(scene, USE_INVENTORY) else INVENTORY
    values = {key: line[key] for key in ("account", "contact", "consumer", "location")}
    values.update(name=offering_name(scene, line), product=line["product_offering"], order_line_item=line["sys_id"])
    scene.records.insert(table, values, scene.system)


# --- planned operations -----------------------------------------------------------------------------------------------


def seconds_until_due(scene: Scene, line: Row) -> float:
    """How long a suspend or resume line has to wait; 0 for every other line. The parent line's date takes precedence."""
    if scene.schema.table(LINE).role_of("action", line["action"]) not in ("suspend", "resume"):
        return 0.0
    parent = (
        scene.records.read(scene.schema.table(LINE), line["parent_line_item"]) if line["parent_line_item"] else None
    )
    due = (parent and parent["committed_due_date"]) or line["committed_due_date"]
    if not due:
        return 0.0
    moment = datetime.strptime(due, STAMP).replace(tzinfo=UTC)
    return max(0.0, (moment - scene.clock.now()).total_seconds())


def plan_operation(scene: Scene, line: Row, seconds: float) -> None:
    if scene.records.find(OPERATIONS, order_line_item=line["sys_id"], state=_state(scene, "pending")):
        return
    values = {
        "product_inventory": line["sold_product"],
        "order_line_item": line["sys_id"],
        "operation": line["action"],
        "scheduled_date": (scene.clock.now() + timedelta(seconds=seconds)).strftime(STAMP),
    }
    scene.records.insert(OPERATIONS, values, scene.system)


def settle_operations(scene: Scene, change: Change) -> None:
    """A planned operation ends with its line: begun, or canceled."""
    if change.became("in_progress", "canceled") and OPERATIONS in scene.schema.tables:
        for row in scene.records.find(OPERATIONS, order_line_item=change.sys_id, state=_state(scene, "pending")):
            state = _state(scene, "executed" if change.now() == "in_progress" else "canceled")
            scene.records.update(OPERATIONS, row["sys_id"], {"state": state}, scene.system)


def _state(scene: Scene, wanted: str) -> str:
    return scene.schema.table(OPERATIONS).value_of("state", wanted)


RULES = (
    Rule("Record inventory of completed line", LINE, "after", record),
    Rule("Settle planned operations", LINE, "after", settle_operations),
)
