"""Moves on the Field Service instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary

if TYPE_CHECKING:
    from connector.sandbox.store import Row

DISPATCHER = ("wm_dispatcher",)
FIELD = ("wm_agent", "wm_dispatcher")
UNSTARTED = ("draft", "pending_dispatch", "scheduled", "assigned", "accepted")
OPEN = ("draft", "pending_dispatch", "scheduled", "assigned", "accepted", "work_in_progress")


def create_work_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.argument(arguments, "short_description")
    return {"work_order": summary(bench.create("wm_order", arguments))}


def qualify(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role("wm_qualifier")
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    bench.demand(order, ("draft", "awaiting_qualification", "qualified"), "qualifying")
    return {"work_order": summary(bench.press_state(order, "ready_for_dispatch"))}


def dispatch(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """All open tasks go to one technician."""
    bench.demand_role(*DISPATCHER)
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    technician = bench.record("sys_user", bench.argument(arguments, "technician"))
    tasks = unstarted_tasks(bench, order, "dispatching")
    done = [bench.press(task, assigned_to=technician["sys_id"]) for task in tasks]
    return answer(bench, order, done)


def accept(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _advance(bench, arguments, ("assigned",), "accepted", "accepting")


def start(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Work start is filled; the business rule moves the task."""
    bench.demand_role(*FIELD)
    order, tasks = _targets(bench, arguments, ("assigned", "accepted"), "starting work")
    done = [bench.press(task, work_start=bench.instance.clock.stamp()) for task in tasks]
    return answer(bench, order, done)


def complete(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _advance(bench, arguments, ("assigned", "accepted", "work_in_progress"), "closed_complete", "completing")


def close_incomplete(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    reason = str(bench.argument(arguments, "reason"))
    states = ("assigned", "accepted", "work_in_progress")
    return _advance(
        bench, arguments, states, "closed_incomplete", "closing incomplete", work_notes=reason, close_notes=reason
    )


def cancel_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    reason = str(bench.argument(arguments, "reason"))
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand_role(*FIELD)
    bench.demand(task, OPEN, "canceling")
    done = bench.press_state(task, "canceled", work_notes=reason)
    return answer(bench, bench.record("wm_order", done["parent"]), [done])


def cancel_work_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role("wm_initiator", "wm_qualifier", "wm_dispatcher")
    reason = str(bench.argument(arguments, "reason"))
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    if bench.role(order) in ("closed_complete", "closed_incomplete", "canceled"):
        raise Refused(f"{order['number']} is {bench.label(order)} and cannot be canceled")
    done = bench.press_state(order, "canceled", work_notes=reason)
    return answer(bench, done, tasks_of(bench, done, ("canceled",)))


def reopen_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """A follow-on visit: a copy of a closed incomplete task, to be dispatched again."""
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, ("closed_incomplete",), "a follow-on visit")
    # with qualification it waits in Draft and the work order goes back to be qualified
    copied = ("parent", "short_description", "description", "location", "dispatch_group")
    values = {key: task[key] for key in copied if task.get(key)}
    follow_on = bench.instance.records.insert("wm_task", {**values, "cloned_from": task["sys_id"]}, bench.actor)
    bench.press(task, has_follow_on="true")
    return answer(bench, bench.record("wm_order", task["parent"]), [follow_on])


def _advance(
    bench: Bench, arguments: Arguments, states: tuple[str, ...], to: str, what: str, **values: str
) -> dict[str, Any]:
    bench.demand_role(*FIELD)
    order, tasks = _targets(bench, arguments, states, what)
    if arguments.get("note"):
        values["work_notes"] = str(arguments["note"])
    done = [bench.press_state(task, to, **values) for task in tasks]
    return answer(bench, order, done)


def _targets(bench: Bench, arguments: Arguments, states: tuple[str, ...], what: str) -> tuple[Row, list[Row]]:
    """The one task named, or every task of the work order that is in a suitable state."""
    if arguments.get("task"):
        task = bench.record("wm_task", arguments["task"])
        bench.demand(task, states, what)
        return bench.record("wm_order", task["parent"]), [task]
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    tasks = tasks_of(bench, order, states)
    if not tasks:
        raise Refused(f"{order['number']} is {bench.label(order)} and has no task for {what}")
    return order, tasks


def unstarted_tasks(bench: Bench, order: Row, what: str) -> list[Row]:
    tasks = tasks_of(bench, order, UNSTARTED)
    if not tasks:
        raise Refused(f"{order['number']} is {bench.label(order)} and has no task for {what}")
    return tasks


def tasks_of(bench: Bench, order: Row, states: tuple[str, ...]) -> list[Row]:
    return [task for task in bench.instance.store.find("wm_task", parent=order["sys_id"]) if bench.role(task) in states]


def answer(bench: Bench, order: Row, tasks: list[Row]) -> dict[str, Any]:
    fresh = bench.record("wm_order", order["sys_id"])
    return {"work_order": summary(fresh), "tasks": [summary(bench.record("wm_task", t["sys_id"])) for t in tasks]}


WORK_MOVES = (
    Move("create_work_order", "fsm", "dispatcher", create_work_order),
    Move("qualify", "fsm", "qualifier", qualify),
    Move("dispatch", "fsm", "dispatcher", dispatch),
    Move("accept", "fsm", "technician", accept),
    Move("start", "fsm", "technician", start),
    Move("complete", "fsm", "technician", complete),
    Move("close_incomplete", "fsm", "technician", close_incomplete),
    Move("cancel_task", "fsm", "dispatcher", cancel_task),
    Move("cancel_work_order", "fsm", "dispatcher", cancel_work_order),
    Move("reopen_task", "fsm", "system", reopen_task),
)
