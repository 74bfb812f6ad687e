"""Moves on the Order Management instance that reach beyond it: work orders by hand, external systems, milestones."""

from __future__ import annotations

from typing import Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.moves.fulfillment_moves import FULFILLMENT, MANAGER
from connector.sandbox.rules import native
from connector.sandbox.rules.native_links import is_on
from connector.sandbox.rules.order_milestones import milestones_of, reach
from connector.sandbox.rules.order_southbound import REQUEST
from connector.sandbox.rules.orders import CLOSED, DOMAIN_ORDER, LINE, ORDER_TASK

SOUTHBOUND = ("sn_ind_tmt_orm.outbound_request_write",)


def create_work_order_for(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """The button "Create Work Order" of the platform's own integration; without a template its decision tables choose one."""
    bench.demand_role(*FULFILLMENT)
    if not is_on(bench.instance):
        raise Refused(f"{bench.instance.name} has no integration of Order Management and Field Service")
    on_task = bool(arguments.get("task"))
    initiator = bench.record(
        ORDER_TASK if on_task else DOMAIN_ORDER, arguments.get("task") or arguments.get("domain_order")
    )
    if bench.role(initiator) in CLOSED:
        raise Refused(f"{initiator['number']} is {bench.label(initiator)}: a work order is not possible in this state")
    if arguments.get("template"):
        template = bench.record("cmdb_workorder_product_model", arguments["template"])["sys_id"]
    else:
        template = native.template_for(bench.instance, initiator)
    if not template:
        raise Refused(f"no row of the decision tables gives {initiator['number']} a work order template")
    return {"work_order": summary(native.create(bench.instance, initiator, template, bench.actor))}


def answer_outbound_request(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """What the external system says: pending, fulfilled or error, with a text."""
    bench.demand_role(*SOUTHBOUND)
    request = bench.record(REQUEST, bench.argument(arguments, "request"))
    bench.demand(request, ("pending",), "answering")
    state = str(bench.argument(arguments, "state"))
    if state not in ("pending", "fulfilled", "error"):
        raise Refused(f"{state!r} is no answer: say pending, fulfilled or error")
    return {"request": summary(bench.press_state(request, state, response=str(arguments.get("text", ""))))}


def revise_outbound_request(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Sends what a change in flight made of it; only where updates are available."""
    bench.demand_role(*FULFILLMENT)
    request = bench.record(REQUEST, bench.argument(arguments, "request"))
    if request["updates_available"] != "true":
        raise Refused(f"{request['number']} has no updates to send")
    revision = str(int(request["revision"] or 1) + 1)
    values = {"updates_available": "false", "revision": revision, "response": ""}
    return {"request": summary(bench.press_state(request, "pending", **values)), "revision": revision}


def reach_milestone(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*MANAGER)
    line = bench.record(LINE, bench.argument(arguments, "line"))
    name = str(bench.argument(arguments, "name"))
    rows = milestones_of(bench.instance, line["sys_id"], name)
    if not rows:
        raise Refused(f"{line['number']} has no milestone {name!r}")
    if bench.role(rows[0]) == "reached":
        raise Refused(f"{rows[0]['number']} was reached at {rows[0]['reached_on']}")
    return {"milestone": summary(reach(bench.instance, rows[0], bench.actor))}


HANDOVER_MOVES = (
    Move("create_work_order_for", "om", "fulfillment_manager", create_work_order_for),
    Move("answer_outbound_request", "om", "southbound", answer_outbound_request),
    Move("revise_outbound_request", "om", "fulfillment_manager", revise_outbound_request),
    Move("reach_milestone", "om", "fulfillment_manager", reach_milestone),
)
