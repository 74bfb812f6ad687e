"""Records that say how an instance is configured follow its switches: rows of decision tables, and sm_config.

Called when an instance is loaded and when a switch is turned. What the rows say then decides; the rules of jeopardy and of
outbound requests do not read their switches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rules.decisions import RESULT, ROW, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

ENABLEMENT = "Order Jeopardy Enablement Policy"
TASK_LEVEL = "Order Task Jeopardy Level Calculation"
LINE_LEVEL = "Order Line Item Jeopardy Level Calculation"
OUTBOUND = "Service Order Outbound Policy"
LEVELS = ("critical", "high", "medium", "low", "none")
CONFIG = {
    "qualification": "qualification_required", "work_order_approval": "approval_required", "accept_required": "accept_or_reject",
    "scheduled_state": "use_scheduled_state", "copy_task_notes": "copy_task_work_notes",
    "cancel_needs_note": "work_notes_to_cancel",
}  # fmt: skip


def follow(scene: Scene, names: Iterable[str]) -> None:
    """Bring the records in step with the switches called `names`."""
    turned = set(names)
    switches = scene.switches
    if "jeopardy" in turned:
        rows = [(f"u_product_offering.name={name}", {"u_enabled": "true"}) for name in switches["jeopardy"]]
        _rewrite(scene, ENABLEMENT, rows)
    if "jeopardy_levels" in turned:
        steps = sorted(((int(percent), level) for percent, level in switches["jeopardy_levels"].items()), reverse=True)
        rows = [(f"u_percentage>={percent}", {"u_jeopardy_level": level}) for percent, level in steps]
        _rewrite(scene, TASK_LEVEL, rows)
        _rewrite(scene, LINE_LEVEL, [(f"u_worst_level={level}", {"u_jeopardy_level": level}) for level in LEVELS])
    if "outbound_policy" in turned:
        _rewrite(scene, OUTBOUND, [(f"u_specification.name={name}", {}) for name in switches["outbound_policy"]])
    if turned & CONFIG.keys() and "sm_config" in scene.schema.tables:
        values = {column: "true" if switches[name] else "false" for name, column in CONFIG.items()}
        for row in scene.records.find("sm_config", table="wm_order"):
            scene.records.update("sm_config", row["sys_id"], values, scene.system)
    if "qualification" in turned and not switches["qualification"]:
        _qualify_waiting(scene)


def _rewrite(scene: Scene, name: str, rows: list[tuple[str, Row]]) -> None:
    for table in scene.records.find(TABLE, name=name):
        for row in scene.records.find(ROW, decision_table=table["sys_id"]):
            scene.records.delete(ROW, row["sys_id"], scene.system)
            scene.records.delete(RESULT, row["answer"], scene.system)
        for place, (condition, result) in enumerate(rows, start=1):
            answer = scene.records.insert(RESULT, {**result, "decision_table": table["sys_id"]}, scene.system)
            values = {"decision_table": table["sys_id"], "label": condition, "order": str(100 * place)}
            scene.records.insert(ROW, {**values, "condition": condition, "answer": answer["sys_id"]}, scene.system)


def _qualify_waiting(scene: Scene) -> None:
    """Without qualification nobody would ever qualify what waits for it."""
    if "wm_order" not in scene.schema.tables:
        return
    table = scene.schema.table("wm_order")
    for row in scene.records.find("wm_order", state=table.value_of("state", "awaiting_qualification")):
        scene.records.update("wm_order", row["sys_id"], {"state": table.value_of("state", "qualified")}, scene.system)
