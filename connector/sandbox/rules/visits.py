"""What can stand between a work order and its end: approval, scheduling, rejection in time, questionnaires, shipped parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Refusal, Rule, Scene

if TYPE_CHECKING:
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

QUESTIONNAIRE = "wm_questionnaire"
PART, TRANSFER = "sm_part_requirement", "alm_transfer_order"
PRODUCT = "wm_m2m_product_to_work_order"
USAGE, DEPENDENCY = "sm_asset_usage", "sm_m2m_task_dependency"


def wait_for_approval(scene: Scene, change: Change) -> None:
    """With approvals a work order that leaves Draft is approved first."""
    leaves = change.was() in ("", "draft") and change.now() in ("awaiting_qualification", "ready_for_dispatch")
    if leaves and scene.switches["work_order_approval"]:
        change.move("waiting_for_approval")


def schedule(scene: Scene, change: Change) -> None:
    """The optional Scheduled state: a task ready for dispatch whose start is set."""
    if scene.switches["scheduled_state"] and change.filled("expected_start") and change.now() == "pending_dispatch":
        change.move("scheduled")


def watch_acceptance(scene: Scene, change: Change) -> None:
    seconds = float(scene.switches["auto_reject_seconds"])
    if seconds > 0 and change.became("assigned"):
        scene.later(seconds, partial(_reject_in_time, scene, change.sys_id, change.after["dispatched_on"]))


def _reject_in_time(scene: Scene, task_id: str, dispatched_on: str) -> None:
    """The platform's job: still not accepted, so somebody else shall have it."""
    task = scene.records.read(scene.schema.table("wm_task"), task_id)
    if task is None or task["dispatched_on"] != dispatched_on:
        return
    if scene.schema.table(task["sys_class_name"]).role_of("state", task["state"]) == "assigned":
        reject(scene, task, "Not accepted in time", scene.system, auto=True)


def reject(scene: Scene, task: Row, reason: str, actor: User, *, auto: bool = False) -> None:
    """The task is nobody's again (which puts it back for dispatch), and the rejection is on record."""
    values = {"task": task["sys_id"], "rejected_by": task["assigned_to"], "reason": reason}
    scene.records.insert("wm_task_rejection", {**values, "auto_rejected": "true" if auto else "false"}, actor)
    freed = {"assigned_to": "", "dispatched_on": "", "work_notes": f"Rejected: {reason}"}
    scene.records.update(task["sys_class_name"], task["sys_id"], freed, actor)


# --- questionnaires ---------------------------------------------------------------------------------------------------


def guard_questionnaires(scene: Scene, change: Change) -> None:
    """A mandatory questionnaire without answers stops the changes of state it was made to stop."""
    if change.operation != "update" or not change.changed("state") or QUESTIONNAIRE not in scene.schema.tables:
        return
    pending = scene.schema.table(QUESTIONNAIRE).value_of("state", "pending")
    for row in scene.records.find(QUESTIONNAIRE, task=change.sys_id, mandatory="true", state=pending):
        if row["blocks"] in ("", change.now()):
            raise Refusal(
                f"{change.after['number']} has the mandatory questionnaire {row['number']} to be answered first"
            )


# --- parts ------------------------------------------------------------------------------------------------------------


def guard_parts(scene: Scene, change: Change) -> None:
    """Parts on their way stop a cancellation, also when it comes from the work order."""
    if not change.became("canceled"):
        return
    for _, transfer in _parts(scene, change.sys_id):
        if transfer and _stage(scene, transfer) == "shipped":
            raise Refusal(f"{change.after['number']} cannot be canceled: {transfer['number']} has been shipped")


def drop_parts(scene: Scene, change: Change) -> None:
    """A canceled task needs no parts: unshipped transfers are canceled, unserved requirements removed."""
    if not change.became("canceled"):
        return
    for part, transfer in _parts(scene, change.sys_id):
        if transfer and _stage(scene, transfer) == "received":
            continue
        scene.records.delete(PART, part["sys_id"], change.actor)
        if transfer and _stage(scene, transfer) == "draft":
            canceled = scene.schema.table(TRANSFER).value_of("stage", "canceled")
            scene.records.update(TRANSFER, transfer["sys_id"], {"stage": canceled}, change.actor)


def drop_dependencies(scene: Scene, change: Change) -> None:
    """A canceled task waits for no other and no other for it; what was used on it stays on record."""
    if change.became("canceled") and DEPENDENCY in scene.schema.tables:
        for key in ("task", "depends_on"):
            for row in scene.records.find(DEPENDENCY, **{key: change.sys_id}):
                scene.records.delete(DEPENDENCY, row["sys_id"], change.actor)


def guard_delete(scene: Scene, change: Change) -> None:
    """Transfer orders stop the deletion of a work order; otherwise its tasks go with it."""
    if change.operation != "delete":
        return
    tasks = scene.records.find("wm_task", parent=change.sys_id)
    for task in tasks:
        for _, transfer in _parts(scene, task["sys_id"]):
            if transfer:
                raise Refusal(f"{change.before['number']} cannot be deleted: {transfer['number']} belongs to it")
    for task in tasks:
        scene.records.delete(task["sys_class_name"], task["sys_id"], change.actor)


def mirror_product(scene: Scene, change: Change) -> None:
    """Asset and install base item of a work order are its primary affected product."""
    kept = [key for key in ("asset", "install_base_item") if key in change.table.columns]
    if (
        PRODUCT not in scene.schema.tables
        or not any(change.changed(key) for key in kept)
        or change.operation == "delete"
    ):
        return
    values: Row = {key: change.after[key] for key in kept}
    present = scene.records.find(PRODUCT, work_order=change.sys_id, is_primary="true")
    if present:
        scene.records.update(PRODUCT, present[0]["sys_id"], values, scene.system)
    else:
        scene.records.insert(PRODUCT, {**values, "work_order": change.sys_id, "is_primary": "true"}, scene.system)


def _parts(scene: Scene, task_id: str) -> list[tuple[Row, Row | None]]:
    if PART not in scene.schema.tables:
        return []
    parts = scene.records.find(PART, service_order_task=task_id)
    table = scene.schema.table(TRANSFER)
    return [
        (part, scene.records.read(table, part["transfer_order"]) if part["transfer_order"] else None) for part in parts
    ]


def _stage(scene: Scene, transfer: Row) -> str:
    return scene.schema.table(TRANSFER).role_of("stage", transfer["stage"])


RULES = (
    Rule("Wait for approval", "wm_order", "before", wait_for_approval),
    Rule("Questionnaire of work order", "wm_order", "before", guard_questionnaires),
    Rule("Transfer orders stop deleting", "wm_order", "before", guard_delete),
    Rule("ExecuteAffectedProductRules", "wm_order", "after", mirror_product),
    Rule("Schedule task", "wm_task", "before", schedule),
    Rule("Questionnaire of task", "wm_task", "before", guard_questionnaires),
    Rule("Parts stop canceling", "wm_task", "before", guard_parts),
    Rule("Parts of canceled task", "wm_task", "after", drop_parts),
    Rule("Dependencies of canceled task", "wm_task", "after", drop_dependencies),
    Rule("AutoRejectWorkOrderTask", "wm_task", "after", watch_acceptance),
)
