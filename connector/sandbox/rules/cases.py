"""Cases: what closes them, what their work orders tell them, and that a closed one stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Mandatory, Refusal, Rule, Scene

if TYPE_CHECKING:
    from connector.sandbox.store import Row

CASE = "sn_customerservice_case"
OVER = ("closed_complete", "closed_incomplete", "canceled")
SOLVED = "Solved - Fixed by closing related issue"
CLOSE_NOTES = "Auto Closed Case - Related work orders are closed"


def guard_closed(_scene: Scene, change: Change) -> None:
    if change.operation == "update" and change.was() == "closed":
        raise Refusal(f"{change.before['number']} is closed and cannot be updated")


def guard_agent(scene: Scene, change: Change) -> None:
    """What the form asks of an agent, asked of every writer where the instance has it as rules of the table."""
    if (
        change.operation != "update"
        or not scene.switches["case_rules_on_table"]
        or change.actor.login == scene.system.login
    ):
        return
    number = change.before["number"]
    agent = not change.actor.is_admin
    if change.became("closed") and change.was() == "resolved" and agent:
        raise Refusal(f"{number} is resolved: only the customer's answer closes it")
    if change.became("resolved") and not (change.after["resolution_code"] and change.after["close_notes"]):
        raise Mandatory([change.table.columns[key].label for key in ("resolution_code", "close_notes")])
    if change.became("closed") and change.was() != "resolved" and not change.after["close_notes"]:
        raise Mandatory([change.table.columns["close_notes"].label])


def stamp(scene: Scene, change: Change) -> None:
    if change.became("resolved"):
        change.after.update(resolved_at=scene.clock.stamp(), resolved_by=change.actor.sys_id)
    if change.became("closed", "canceled"):
        change.after.update(active="false", closed_at=scene.clock.stamp(), closed_by=change.actor.sys_id)


def tell_case(scene: Scene, change: Change) -> None:
    """Options of Field Service: a comment per new state of a work order, and closing the case with the last one."""
    case = case_of(scene, change.after) if change.changed("state") else None
    if case is None or not change.now():
        return
    if scene.switches["update_case_state"]:
        label = change.table.columns["state"].label_of[change.after["state"]]
        comment = f"Work order {change.after['number']} is now {label}"
        scene.records.update(CASE, case["sys_id"], {"comments": comment}, scene.system)
    if scene.switches["auto_close_case"] and change.now() in OVER:
        _close(scene, case)


def _close(scene: Scene, case: Row) -> None:
    if any(role not in OVER for role in roles_of_work_orders(scene, case["sys_id"])):
        return
    table = scene.schema.table(case["sys_class_name"])
    values = {"state": table.value_of("state", "closed"), "close_notes": CLOSE_NOTES}
    values["resolution_code"] = table.value_of("resolution_code", "related")
    scene.records.update(CASE, case["sys_id"], values, scene.system)


def roles_of_work_orders(scene: Scene, case_id: str) -> list[str]:
    orders = scene.records.find("wm_order", initiated_from=case_id)
    return [scene.schema.table("wm_order").role_of("state", order["state"]) for order in orders]


def case_of(scene: Scene, work_order: Row) -> Row | None:
    """The case this work order was made from, unless that is closed for good."""
    started = work_order.get("initiated_from")
    case = scene.records.read(scene.schema.table(CASE), started) if started else None
    if case is None or scene.schema.table(CASE).role_of("state", case["state"]) in ("closed", "canceled"):
        return None
    return case


RULES = (
    Rule("Closed case is final", CASE, "before", guard_closed),
    Rule("Resolution of case", CASE, "before", guard_agent),
    Rule("Stamp case", CASE, "before", stamp),
    Rule("Update work order states to case", "wm_order", "after", tell_case),
)
