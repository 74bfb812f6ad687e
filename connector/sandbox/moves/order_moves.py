"""Moves on the Order Management instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.rules.order_move import INVENTORY
from connector.sandbox.rules.orders import CHARACTERISTIC, DOMAIN_ORDER, LINE, ORDER, ORDER_TASK

if TYPE_CHECKING:
    from connector.sandbox.store import Row

AGENT = ("sn_ind_tmt_orm.order_agent", "sn_ind_tmt_orm.order_fulfilment_manager")
APPROVER = ("sn_ind_tmt_orm.order_approver",)
BEFORE_APPROVAL = ("draft", "new", "rejected")
EDITABLE = (*BEFORE_APPROVAL, "revision_in_progress")
ORDER_COLUMNS = ("short_description", "priority", "committed_due_date", "external_id", "order_category", "order_type")


def create_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    values = {key: arguments[key] for key in ORDER_COLUMNS if key in arguments}
    if not arguments.get("consumer"):
        values["account"] = bench.argument(arguments, "account")
    values.update({key: arguments[key] for key in ("account", "contact", "consumer") if arguments.get(key)})
    values["order_date"] = bench.instance.clock.stamp()
    lines = bench.argument(arguments, "lines")
    order = bench.create(ORDER, values)
    made = [_create_line(bench, order, line) for line in lines]
    return {"order": summary(order), "lines": [summary(line) for line in made]}


def _create_line(bench: Bench, order: Row, wanted: Arguments) -> Row:
    owned = bench.record(INVENTORY, wanted["sold_product"]) if wanted.get("sold_product") else None
    offering = owned["product"] if owned and not wanted.get("offering") else bench.argument(wanted, "offering")
    values: dict[str, Any] = {
        "order": order["sys_id"],
        "product_offering": offering,
        "account": order["account"],
        "contact": wanted.get("contact") or order["contact"],
        "short_description": str(wanted.get("offering") or (owned or {}).get("name", "")),
    }
    if consumer := wanted.get("consumer") or order.get("consumer"):
        values["consumer"] = consumer
    if owned is not None:
        _demand_owned(owned, str(wanted.get("action", "")))
        values.update(sold_product=owned["sys_id"], location=owned["location"])
    for key in ("location", "action", "quantity", "committed_due_date", "parent_line_item", "external_id"):
        if wanted.get(key):
            values[key] = wanted[key]
    line = bench.create(LINE, values)
    write_characteristics(bench, line, wanted.get("characteristics", {}))
    if bench.role(order) in ("new", "revision_in_progress"):
        line = bench.press_state(line, bench.role(order), version=order["version"])
    return line


def _demand_owned(owned: Row, action: str) -> None:
    """An order on what the customer owns must suit its status."""
    suits = {"change": "active", "suspend": "active", "resume": "suspended"}
    if action in suits and owned["status"] != suits[action]:
        raise Refused(f"{owned['number']} is {owned['status']}: {action} is not possible")
    if action not in (*suits, "delete", "no-change"):
        raise Refused(f"an order on {owned['number']} changes, suspends, resumes or deletes it; not {action!r}")


def write_characteristics(bench: Bench, line: Row, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        characteristic = bench.record("sn_prd_pm_characteristic", name)
        present = bench.instance.store.find(
            CHARACTERISTIC, order_line_item=line["sys_id"], characteristic=characteristic["sys_id"]
        )
        if present:
            bench.save(present[0], {"characteristic_option_value": value})
        else:
            values = {"order_line_item": line["sys_id"], "characteristic": characteristic["sys_id"]}
            bench.create(CHARACTERISTIC, {**values, "characteristic_option_value": value})


def revise(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    order = bench.record(ORDER, bench.argument(arguments, "order"))
    for line in bench.instance.store.find(LINE, order=order["sys_id"]):
        if bench.role(line, "action") in ("suspend", "resume"):
            raise Refused(f"{order['number']} suspends or resumes a product: it can be canceled, not revised")
    return _inflight(bench, arguments, "revision_in_progress", "update", "revising")


def cancel_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _inflight(bench, arguments, "assessing_cancellation", "cancel", "canceling")


def _inflight(bench: Bench, arguments: Arguments, state: str, operation: str, what: str) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    order = bench.record(ORDER, bench.argument(arguments, "order"))
    bench.demand(order, ("in_progress",), what)
    if order["ponr"] == "true":
        raise Refused(f"{order['number']} has passed the point of no return: {what} is not possible any more")
    table = bench.instance.schema.table(ORDER)
    changed = bench.press_state(
        order,
        state,
        version=str(int(order["version"] or 1) + 1),
        revision_operation=table.value_of("revision_operation", operation),
    )
    return {"order": summary(changed), "version": changed["version"]}


def edit_line(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Saving the line's form: before approval, in revision, and after PONR where nothing but good manners stops it."""
    bench.demand_role(*AGENT)
    line = bench.record(LINE, bench.argument(arguments, "line"))
    if line["ponr"] != "true":
        bench.demand(line, EDITABLE, "editing")
    elif bench.instance.switches["ponr_locks_line"]:
        raise Refused(f"{line['number']} has passed the point of no return and cannot be changed any more")
    fields = arguments.get("fields", {})
    if fields:
        line = bench.save(line, fields)
    write_characteristics(bench, line, arguments.get("characteristics", {}))
    return {"line": summary(line)}


def add_line(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    order = bench.record(ORDER, bench.argument(arguments, "order"))
    bench.demand(order, EDITABLE, "adding a line")
    return {"line": summary(_create_line(bench, order, arguments))}


def remove_line(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*AGENT)
    line = bench.record(LINE, bench.argument(arguments, "line"))
    bench.demand(line, EDITABLE, "removing")
    if bench.role(line) in BEFORE_APPROVAL:
        _delete_line(bench, line)
        return {"line": summary(line), "deleted": True}
    cancel = bench.instance.schema.table(LINE).value_of("revision_operation", "cancel")
    return {"line": summary(bench.press(line, revision_operation=cancel)), "deleted": False}


def _delete_line(bench: Bench, line: Row) -> None:
    for value in bench.instance.store.find(CHARACTERISTIC, order_line_item=line["sys_id"]):
        bench.instance.records.delete(CHARACTERISTIC, value["sys_id"], bench.actor)
    bench.instance.records.delete(LINE, line["sys_id"], bench.actor)


def delete_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """What is not approved yet is deleted, not canceled."""
    bench.demand_role(*AGENT)
    order = bench.record(ORDER, bench.argument(arguments, "order"))
    bench.demand(order, ("draft", "new"), "deleting")
    for line in bench.instance.store.find(LINE, order=order["sys_id"]):
        _delete_line(bench, line)
    bench.instance.records.delete(ORDER, order["sys_id"], bench.actor)
    return {"order": summary(order), "deleted": True}


def reject_line(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """One line is refused while the others of its order may still be approved."""
    bench.demand_role(*APPROVER)
    line = bench.record(LINE, bench.argument(arguments, "line"))
    bench.demand(line, ("new",), "rejecting")
    lines = bench.instance.store.find(LINE, order=line["order"])
    if all(bench.role(other) == "rejected" for other in lines if other["sys_id"] != line["sys_id"]):
        raise Refused(f"{line['number']} is the last line that is not rejected: reject its order")
    note = {"work_notes": str(arguments["reason"])} if arguments.get("reason") else {}
    return {"line": summary(bench.press_state(line, "rejected", **note))}


def set_ponr(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    line = bench.record(LINE, bench.argument(arguments, "line"))
    return {"line": summary(bench.press(line, ponr="true"))}


def close_domain_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    domain_order = bench.record(DOMAIN_ORDER, bench.argument(arguments, "domain_order"))
    if bench.role(domain_order) in ("closed_complete", "canceled"):
        raise Refused(f"{domain_order['number']} is {bench.label(domain_order)} already")
    table = bench.instance.schema.table(domain_order["sys_class_name"])
    values = {table.columns["state"].name: table.value_of("state", "closed_complete")}
    if arguments.get("note"):
        values[table.columns["work_notes"].name] = str(arguments["note"])
    return {"domain_order": summary(bench.save(domain_order, values))}


def set_domain_order_state(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    domain_order = bench.record(DOMAIN_ORDER, bench.argument(arguments, "domain_order"))
    wanted = str(bench.argument(arguments, "state"))
    state = bench.instance.schema.table(domain_order["sys_class_name"]).columns["state"]
    value = next((c.value for c in state.choices if wanted.lower() in (c.label.lower(), c.role)), None)
    if value is None:
        raise Refused(f"{wanted!r} is no state of a domain order")
    return {"domain_order": summary(bench.save(domain_order, {state.name: value}))}


def close_order_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    task = bench.record(ORDER_TASK, bench.argument(arguments, "task"))
    bench.demand(task, ("draft", "open", "scheduled", "in_progress", "awaiting_information", "resolved"), "closing")
    table = bench.instance.schema.table(task["sys_class_name"])
    closed = table.value_of("state", "closed_complete")
    return {"task": summary(bench.save(task, {table.columns["state"].name: closed}))}


ORDER_MOVES = (
    Move("create_order", "om", "order_agent", create_order),
    Move("delete_order", "om", "order_agent", delete_order),
    Move("revise", "om", "order_agent", revise),
    Move("edit_line", "om", "order_agent", edit_line),
    Move("add_line", "om", "order_agent", add_line),
    Move("remove_line", "om", "order_agent", remove_line),
    Move("reject_line", "om", "fulfillment_manager", reject_line),
    Move("cancel_order", "om", "order_agent", cancel_order),
    Move("set_ponr", "om", "system", set_ponr),
    Move("close_domain_order", "om", "fulfillment_manager", close_domain_order),
    Move("set_domain_order_state", "om", "fulfillment_manager", set_domain_order_state),
    Move("close_order_task", "om", "fulfillment_agent", close_order_task),
)
