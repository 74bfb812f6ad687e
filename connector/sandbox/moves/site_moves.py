"""Moves of a technician at work: on the way, on site, what was built in; and tasks added or made ready by hand."""

from __future__ import annotations

from typing import Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.moves.work_moves import DISPATCHER, FIELD, OPEN, answer
from connector.sandbox.rules.visits import DEPENDENCY, USAGE

TASK_MAKERS = ("wm_task_initiator", "wm_qualifier", *DISPATCHER)


def add_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """One more task of an open work order; `type` is a Work Order Task Type, a table below wm_task."""
    bench.demand_role(*TASK_MAKERS)
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    if order["active"] != "true":
        raise Refused(f"{order['number']} is {bench.label(order)}: adding a task is not possible in this state")
    family = bench.instance.schema.table("wm_task").family
    task_type = str(arguments.get("type") or "wm_task")
    if task_type not in family:
        raise Refused(f"{task_type!r} is no type of work order task; there are {', '.join(family)}")
    values = {"parent": order["sys_id"], "short_description": str(bench.argument(arguments, "short_description"))}
    made = bench.instance.records.insert(task_type, values, bench.actor)
    for other in arguments.get("after", ()):
        needed = bench.record("wm_task", other)
        link = {"task": made["sys_id"], "depends_on": needed["sys_id"]}
        bench.instance.records.insert(DEPENDENCY, link, bench.actor)
    return answer(bench, order, [made])


def ready_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """A task in Draft is handed to the dispatcher; by hand that wants a work note."""
    bench.demand_role(*TASK_MAKERS)
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, ("draft",), "making it ready for dispatch")
    done = bench.press_state(task, "pending_dispatch", work_notes=str(bench.argument(arguments, "note")))
    return answer(bench, bench.record("wm_order", task["parent"]), [done])


def travel(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _sub_state(bench, arguments, "on_route", "traveling", actual_travel_start=bench.instance.clock.stamp())


def arrive(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _sub_state(bench, arguments, "onsite_arrival", "arriving")


def _sub_state(bench: Bench, arguments: Arguments, role: str, what: str, **values: str) -> dict[str, Any]:
    bench.demand_role(*FIELD)
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, ("accepted", "work_in_progress"), what)
    sub_state = bench.instance.schema.table(task["sys_class_name"]).value_of("sub_state", role)
    done = bench.press(task, sub_state=sub_state, **values)
    return answer(bench, bench.record("wm_order", task["parent"]), [done])


def use_asset(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """What was built in or used up on this task: an asset, or a part by its name."""
    bench.demand_role(*FIELD)
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, OPEN, "using a part")
    values = {"task": task["sys_id"], "quantity": str(int(arguments.get("quantity", 1)))}
    if arguments.get("asset"):
        asset = bench.record("alm_asset", arguments["asset"])
        values.update(asset=asset["sys_id"], model=asset["model"], short_description=asset["display_name"])
    else:
        values["short_description"] = str(bench.argument(arguments, "part"))
    return {"usage": summary(bench.instance.records.insert(USAGE, values, bench.actor))}


def delete_work_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role("wm_admin")
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    bench.erase(order)
    return {"work_order": summary(order), "deleted": True}


SITE_MOVES = (
    Move("add_task", "fsm", "dispatcher", add_task),
    Move("ready_task", "fsm", "dispatcher", ready_task),
    Move("travel", "fsm", "technician", travel),
    Move("arrive", "fsm", "technician", arrive),
    Move("use_asset", "fsm", "technician", use_asset),
    Move("delete_work_order", "fsm", "admin", delete_work_order),
)
