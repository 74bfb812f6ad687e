"""Moves around cases, on either instance: taking, asking, answering, solving, closing, and asking for field work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.rules.cases import CASE, OVER, roles_of_work_orders

if TYPE_CHECKING:
    from connector.sandbox.store import Row

AGENT = ("sn_customerservice_agent",)
WORKING = ("new", "open", "awaiting_info")
COPIED = ("account", "contact", "consumer", "asset", "install_base_item", "cmdb_ci", "location")


def _case(bench: Bench, arguments: Arguments) -> Row:
    return bench.record(CASE, bench.argument(arguments, "case"))


def _press(bench: Bench, case: Row, state: str, **values: str) -> dict[str, Any]:
    return {"case": summary(bench.press_state(case, state, **values))}


def take_case(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    case = _case(bench, arguments)
    bench.demand(case, ("new",), "taking it")
    return _press(bench, case, "open", assigned_to=bench.actor.sys_id)


def ask_customer(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    case = _case(bench, arguments)
    bench.demand(case, ("new", "open"), "asking the customer")
    return _press(bench, case, "awaiting_info", comments=str(bench.argument(arguments, "text")))


def customer_reply(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """What the customer says moves a case that waited for it."""
    case = _case(bench, arguments)
    text = str(bench.argument(arguments, "text"))
    if bench.role(case) == "awaiting_info":
        return _press(bench, case, "open", comments=text)
    return {"case": summary(bench.press(case, comments=text))}


def propose_solution(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    case = _case(bench, arguments)
    bench.demand(case, WORKING, "proposing a solution")
    return _press(bench, case, "resolved", **_resolution(bench, case, arguments))


def accept_solution(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    case = _case(bench, arguments)
    bench.demand(case, ("resolved",), "accepting a solution")
    return _press(bench, case, "closed")


def reject_solution(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    case = _case(bench, arguments)
    bench.demand(case, ("resolved",), "rejecting a solution")
    return _press(bench, case, "open", comments=str(bench.argument(arguments, "reason")))


def close_case(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """By an agent: not from Resolved, where only the customer's answer counts."""
    bench.demand_role(*AGENT)
    case = _case(bench, arguments)
    bench.demand(case, WORKING, "closing by an agent")
    return _press(bench, case, "closed", **_resolution(bench, case, arguments))


def cancel_case(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    case = _case(bench, arguments)
    bench.demand(case, WORKING, "canceling")
    return _press(bench, case, "canceled", work_notes=str(bench.argument(arguments, "reason")))


def _resolution(bench: Bench, case: Row, arguments: Arguments) -> dict[str, str]:
    wanted = str(arguments.get("resolution", "guidance"))
    column = bench.instance.schema.table(case["sys_class_name"]).columns["resolution_code"]
    code = next((c.value for c in column.choices if wanted.lower() in (c.role, c.label.lower())), None)
    if code is None:
        raise Refused(f"{wanted!r} is no resolution code")
    return {"resolution_code": code, "close_notes": str(bench.argument(arguments, "notes"))}


def work_order_for_case(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """The form's button: customer, asset and place are copied once; nothing flows from the case afterwards."""
    case = _case(bench, arguments)
    bench.demand(case, WORKING, "a work order")
    roles = roles_of_work_orders(bench.instance, case["sys_id"])
    if bench.instance.switches["one_open_work_order_per_case"] and any(role not in OVER for role in roles):
        raise Refused(f"{case['number']} has an open work order already")
    table = bench.instance.schema.table("wm_order")
    values = {table.columns[key].name: case[key] for key in COPIED if key in table.columns and case.get(key)}
    values[table.columns["initiated_from"].name] = case["sys_id"]
    values[table.columns["short_description"].name] = str(
        arguments.get("short_description") or case["short_description"]
    )
    if arguments.get("template"):
        values[table.columns["template"].name] = arguments["template"]
    return {"work_order": summary(bench.create("wm_order", values))}


CASE_MOVES = (
    Move("take_case", "both", "admin", take_case),
    Move("ask_customer", "both", "admin", ask_customer),
    Move("customer_reply", "both", "admin", customer_reply),
    Move("propose_solution", "both", "admin", propose_solution),
    Move("accept_solution", "both", "admin", accept_solution),
    Move("reject_solution", "both", "admin", reject_solution),
    Move("close_case", "both", "admin", close_case),
    Move("cancel_case", "both", "admin", cancel_case),
    Move("work_order_for_case", "fsm", "dispatcher", work_order_for_case),
)
