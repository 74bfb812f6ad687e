"""How work orders and their tasks live: templates, assignment, acceptance, work, closing, canceling, roll-up.

The work order's state follows its tasks; people move tasks. What a person may press is in moves/, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Change, Refusal, Rule, Scene

if TYPE_CHECKING:
    from connector.sandbox.store import Row

TERMINAL = ("closed_complete", "closed_incomplete", "canceled")
ASSIGNABLE = ("draft", "pending_dispatch", "scheduled")
UNQUALIFIED = ("draft", "waiting_for_approval", "awaiting_qualification")
PROGRESS = ("work_in_progress", "accepted", "assigned", "scheduled")


def mirror_customer(_scene: Scene, change: Change) -> None:
    """Account also fills Company, Contact also fills Caller."""
    for source, target in (("account", "company"), ("contact", "caller")):
        if change.filled(source) and source in change.table.columns and not change.changed(target):
            change.after[target] = change.after[source]


def populate_from_template(scene: Scene, change: Change) -> None:
    """A template fills the empty columns and takes the work order out of Draft."""
    if not change.filled("template"):
        return
    template = scene.records.read(scene.schema.table("cmdb_workorder_product_model"), change.after["template"])
    if template is None:
        return
    for key in ("short_description", "description", "category"):
        change.fill(key, template.get(key, ""))
    if change.now() == "draft" and not scene.switches["draft_template"]:
        change.move("awaiting_qualification" if scene.switches["qualification"] else "ready_for_dispatch")


def assign_order(_scene: Scene, change: Change) -> None:
    """Naming a group or person for the whole work order makes it Assigned."""
    named = change.filled("assigned_to") or change.filled("assignment_group")
    if named and not change.changed("state") and change.now() in ("draft", "qualified", "ready_for_dispatch"):
        change.move("assigned")


def place_from_customer(scene: Scene, change: Change) -> None:
    """A work order without a location takes that of its configuration item, then that of its caller."""
    for key, table in (("cmdb_ci", "cmdb_ci"), ("caller", "sys_user")):
        if change.operation == "insert" and change.after.get(key) and not change.after.get("location"):
            row = scene.records.read(scene.schema.table(table), change.after[key])
            change.after["location"] = (row or {}).get("location", "")


def guard_cancel(scene: Scene, change: Change) -> None:
    if change.depth or not change.became("canceled"):
        return
    if change.was() in ("closed_complete", "closed_incomplete"):
        raise Refusal(f"{change.after.get('number')} is closed and cannot be canceled")
    noted = change.notes.get("work_notes") or scene.records.find(
        "sys_journal_field", element_id=change.sys_id, element="work_notes"
    )
    if scene.switches["cancel_needs_note"] and not noted:
        raise Refusal(f"Work notes are required to cancel {change.after.get('number')}")


def guard_closed(_scene: Scene, change: Change) -> None:
    """Closed is closed, for people and for REST; only the roll-up of a later task moves a work order again."""
    if not change.depth and change.operation == "update" and change.changed("state") and change.was() in TERMINAL:
        raise Refusal(f"{change.after.get('number')} is {change.was().replace('_', ' ')} and cannot change its state")


def close_record(scene: Scene, change: Change) -> None:
    if not change.changed("state"):
        return
    stamp = scene.clock.stamp()
    if change.now() in TERMINAL:
        change.after["active"] = "false"
        change.fill("closed_at", stamp)
        change.fill("closed_by", change.actor.sys_id)
        if change.now() != "canceled":
            change.fill("work_start", stamp)
            change.fill("work_end", stamp)
    elif change.was() in TERMINAL:
        change.after.update(active="true", closed_at="", closed_by="", work_end="")


def move_task(scene: Scene, change: Change) -> None:
    """Assignment, acceptance and work start move a task by themselves."""
    if change.changed("assigned_to") and not change.changed("state"):
        if change.after.get("assigned_to") and change.now() in ASSIGNABLE:
            change.move("assigned")
            change.fill("dispatched_on", scene.clock.stamp())
        elif not change.after.get("assigned_to") and change.now() in ("assigned", "accepted"):
            change.move("pending_dispatch")
    if change.became("assigned") and not scene.switches["accept_required"]:
        change.move("accepted")
    if change.became("accepted"):
        change.fill("acknowledged_on", scene.clock.stamp())
    if change.filled("work_start") and change.now() not in (*TERMINAL, "work_in_progress"):
        change.move("work_in_progress")
    if change.became("work_in_progress"):
        change.fill("work_start", scene.clock.stamp())


def inherit_from_order(scene: Scene, change: Change) -> None:
    """A new task takes place and customer of its work order, and its stage."""
    order = _order(scene, change.after)
    if order is None:
        return
    for key in ("location", "company", "cmdb_ci", "priority"):
        if key == "priority" or not change.after.get(key):
            change.after[key] = order.get(key, "")
    stage = scene.schema.table("wm_order").role_of("state", order["state"])
    follows = bool(change.after.get("cloned_from")) and scene.switches["qualification"]
    if change.now() == "draft" and stage not in UNQUALIFIED and not follows:
        change.move("pending_dispatch")


def create_template_tasks(scene: Scene, change: Change) -> None:
    if not change.filled("template") or "cmdb_servicetask_product_model" not in scene.schema.tables:
        return
    templates = scene.records.find("cmdb_servicetask_product_model", workorder_model=change.after["template"])
    for template in sorted(templates, key=lambda row: int(row["sequence"] or 0)):
        copied = ("short_description", "description", "estimated_work_duration", "dispatch_group")
        values = {key: template[key] for key in copied}
        values.update(parent=change.sys_id, template=template["sys_id"])
        scene.records.insert(scene.switches["task_types"].get(template["name"], "wm_task"), values, change.actor)


def create_first_task(scene: Scene, change: Change) -> None:
    """A work order that reaches dispatch or was assigned without any task gets one."""
    if not scene.switches["create_first_task"] or not change.became("qualified", "ready_for_dispatch", "assigned"):
        return
    if scene.records.find("wm_task", parent=change.sys_id):
        return
    copied = ("short_description", "description", "assigned_to", "assignment_group")
    values = {key: change.after[key] for key in copied}
    scene.records.insert("wm_task", {**values, "parent": change.sys_id}, change.actor)


def release_tasks(scene: Scene, change: Change) -> None:
    """Qualification is over: tasks in Draft wait for the dispatcher."""
    if change.became("qualified", "ready_for_dispatch"):
        for task in _tasks(scene, change.sys_id, "draft"):
            pending = scene.schema.table(task["sys_class_name"]).value_of("state", "pending_dispatch")
            scene.records.update("wm_task", task["sys_id"], {"state": pending}, change.actor)


def cancel_tasks(scene: Scene, change: Change) -> None:
    """Canceling the work order cancels its open tasks, whoever works on them."""
    if not change.became("canceled"):
        return
    for task in _tasks(scene, change.sys_id):
        table = scene.schema.table(task["sys_class_name"])
        if table.role_of("state", task["state"]) not in TERMINAL:
            scene.records.update(
                table.name, task["sys_id"], {"state": table.value_of("state", "canceled")}, change.actor
            )


def share_location(scene: Scene, change: Change) -> None:
    """A work order that moves takes its open tasks along."""
    if change.operation != "update" or not change.changed("location"):
        return
    for task in _tasks(scene, change.sys_id):
        if task["active"] == "true":
            scene.records.update("wm_task", task["sys_id"], {"location": change.after["location"]}, change.actor)


def roll_up(scene: Scene, change: Change) -> None:
    """The work order's state is what its tasks say."""
    order = _order(scene, change.after)
    if order is None or not change.changed("state"):
        return
    table = scene.schema.table("wm_order")
    if table.role_of("state", order["state"]) == "canceled":
        return
    tasks = [(row, scene.schema.table(row["sys_class_name"])) for row in _tasks(scene, order["sys_id"])]
    states = [(row, task_table.role_of("state", row["state"])) for row, task_table in tasks]
    role = reopened(states) or rolled_up([state for row, state in states if row["has_follow_on"] != "true"])
    if role is None:
        return
    values = {"state": table.value_of("state", role)}
    if role == "work_in_progress" and not order["work_start"]:
        values["work_start"] = change.after.get("work_start") or scene.clock.stamp()
    scene.records.update("wm_order", order["sys_id"], values, change.actor)


def reopened(states: list[tuple[Row, str]]) -> str | None:
    """The state of a work order whose only open tasks are follow-ons in Draft. Pure.

    one -> awaiting_qualification    several -> work_in_progress
    """
    still_open = [(row, state) for row, state in states if state not in TERMINAL]
    if not still_open or any(state != "draft" or not row["cloned_from"] for row, state in still_open):
        return None
    return "awaiting_qualification" if len(still_open) == 1 else "work_in_progress"


def rolled_up(states: list[str]) -> str | None:
    """The state of a work order for the roles of its tasks' states; None leaves it alone. Pure.

    all closed complete or canceled -> closed_complete    any closed incomplete, none open -> closed_incomplete
    all canceled -> canceled                              some closed, some open -> work_in_progress
    """
    open_states = [state for state in states if state not in TERMINAL]
    if not states:
        return None
    if not open_states:
        closed = set(states)
        return next(role for role in ("closed_incomplete", "closed_complete", "canceled") if role in closed)
    if any(state in ("closed_complete", "closed_incomplete") for state in states):
        return "work_in_progress"
    for role in PROGRESS:
        if role in open_states:
            return role
    return "ready_for_dispatch" if "pending_dispatch" in open_states else None


def copy_note(scene: Scene, change: Change) -> None:
    if scene.switches["copy_task_notes"] and change.notes.get("work_notes") and change.after.get("parent"):
        note = {"work_notes": change.notes["work_notes"]}
        scene.records.update("wm_order", change.after["parent"], note, change.actor)


def _order(scene: Scene, task: Row) -> Row | None:
    return scene.records.read(scene.schema.table("wm_order"), task.get("parent", "")) if task.get("parent") else None


def _tasks(scene: Scene, order_id: str, role: str = "") -> list[Row]:
    rows = scene.records.find("wm_task", parent=order_id)
    return [
        row
        for row in rows
        if not role or scene.schema.table(row["sys_class_name"]).role_of("state", row["state"]) == role
    ]


RULES = (
    Rule("Mirror customer data", "wm_order", "before", mirror_customer),
    Rule("Location from item or caller", "wm_order", "before", place_from_customer),
    Rule("Populate Work Order from Template", "wm_order", "before", populate_from_template),
    Rule("Assigned", "wm_order", "before", assign_order),
    Rule("Transition - Cancel", "wm_order", "before", guard_cancel),
    Rule("Closed is final", "wm_order", "before", guard_closed),
    Rule("Close work order", "wm_order", "before", close_record),
    Rule("Create tasks from template", "wm_order", "after", create_template_tasks),
    Rule("Create First Work Order Task", "wm_order", "after", create_first_task),
    Rule("Release tasks for dispatch", "wm_order", "after", release_tasks),
    Rule("Cancel tasks with the work order", "wm_order", "after", cancel_tasks),
    Rule("Share location with tasks", "wm_order", "after", share_location),
    Rule("Inherit from work order", "wm_task", "before", lambda s, c: None if c.before else inherit_from_order(s, c)),
    Rule("Start Work", "wm_task", "before", move_task),
    Rule("Transition - Cancel task", "wm_task", "before", guard_cancel),
    Rule("Closed task is final", "wm_task", "before", guard_closed),
    Rule("Close task", "wm_task", "before", close_record),
    Rule("Roll Up Changes", "wm_task", "after", roll_up),
    Rule("Copy task work notes", "wm_task", "after", copy_note),
)
