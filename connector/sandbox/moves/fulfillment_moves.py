"""More moves on the Order Management instance: header tasks, values that become known, new fallouts, canceling a unit."""

from __future__ import annotations

from typing import Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.moves.order_moves import AGENT, write_characteristics
from connector.sandbox.rules.order_header import create_header_task as header_task
from connector.sandbox.rules.order_inflight import FALLOUT, hold_for_fallout
from connector.sandbox.rules.orders import CLOSED, DOMAIN_ORDER, LINE, ORDER, ORDER_TASK, cancel_domain_order, role

MANAGER = ("sn_ind_tmt_orm.order_fulfilment_manager",)
FULFILLMENT = (*MANAGER, "sn_ind_tmt_orm.order_fulfilment_agent")


def set_characteristic(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """A value that became known during fulfillment, outside any revision."""
    bench.demand_role(*AGENT)
    line = bench.record(LINE, bench.argument(arguments, "line"))
    bench.demand(line, ("in_progress", "scheduled", "awaiting_information"), "setting a characteristic")
    write_characteristics(bench, line, {bench.argument(arguments, "name"): bench.argument(arguments, "value")})
    return {"line": summary(line)}


def create_header_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    order = bench.record(ORDER, bench.argument(arguments, "order"))
    bench.demand(order, ("draft", "enrichment_in_progress", "new", "rejected", "in_progress"), "adding an order task")
    name = str(bench.argument(arguments, "name"))
    return {"task": summary(header_task(bench.instance, order["sys_id"], name, bench.actor))}


def create_fallout(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """The button of the order task: it always holds the task."""
    task = bench.record(ORDER_TASK, bench.argument(arguments, "task"))
    if bench.role(task) in CLOSED:
        raise Refused(f"{task['number']} is {bench.label(task)}: a fallout is not possible any more")
    values = {"order_task": task["sys_id"], "order_line_item": task["order_line_item"]}
    values["short_description"] = str(arguments.get("text") or f"Fallout of {task['number']}")
    if arguments.get("type"):
        values["fallout_type"] = str(arguments["type"])
    fallout = bench.create(FALLOUT, values)
    if not bench.instance.switches["fallout_holds_on_insert"]:
        hold_for_fallout(bench.instance, task, fallout["number"], bench.actor)
    return {"fallout": summary(fallout), "task": summary(bench.record(ORDER_TASK, task["sys_id"]))}


def cancel_unit(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """After a smaller quantity the manager picks the domain orders that are too many; the others need no attention then."""
    bench.demand_role(*MANAGER)
    picked = bench.record(DOMAIN_ORDER, bench.argument(arguments, "domain_order"))
    if picked.get("needs_attention") != "true":
        raise Refused(f"{picked['number']} does not need attention")
    if bench.role(picked) in CLOSED:
        raise Refused(f"{picked['number']} is {bench.label(picked)} already")
    cancel_domain_order(bench.instance, picked, bench.actor)
    line = bench.record(LINE, picked["order_line_item"])
    same = {"order_line_item": line["sys_id"], "specification": picked["specification"], "needs_attention": "true"}
    marked = bench.instance.store.find(picked["sys_class_name"], **same)
    left = [row for row in marked if role(bench.instance, row) != "canceled"]
    if len(left) <= int(line["quantity"] or 1):
        for row in marked:
            bench.press(row, needs_attention="false")
    return {"domain_order": summary(bench.record(DOMAIN_ORDER, picked["sys_id"])), "left": len(left)}


FULFILLMENT_MOVES = (
    Move("create_header_task", "om", "order_agent", create_header_task),
    Move("set_characteristic", "om", "order_agent", set_characteristic),
    Move("create_fallout", "om", "fulfillment_agent", create_fallout),
    Move("cancel_unit", "om", "fulfillment_manager", cancel_unit),
)
