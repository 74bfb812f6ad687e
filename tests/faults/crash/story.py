"""What people do before each pass of the connector: creates, notes, updates, a gate, wishes by hand, cancellations, a hold,
another place, a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults.walk.moves import CASE, DOMAIN_ORDER, LINE, ORDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World

Row = dict[str, str]
NEW_PLACE = "Acme Bremen Hub"
CONTACT, ANNA = "customer_contact", "Anna Weber"
COMPENSATIONS = (
    "id,kind of change,work order state,compensation\n"
    "hold,on hold,-,flag the dispatcher\nplace,location,-,cancel and recreate\nother,-,-,patch and note\n"
)
SETTINGS = """
[gate]
closed_incomplete = "fallout"

[ponr]
mode = "set"

[jeopardy]
write_end_to = "planned_end_date"

[fsm.references]
template = { table = "cmdb_workorder_product_model" }
location = { table = "cmn_location", missing = "create" }
account = { table = "customer_account" }
contact = { table = "customer_contact" }
"""
"""What the connector is to do besides, so that each kind of write has its place in the story."""


def permit(world: World) -> None:
    """The connector's users may write all of it, and make places."""
    users = world.users("fsm")
    users["connector"] = replace(users["connector"], roles=users["connector"].roles | {"admin"})
    world.switch("om", writer_sets_ponr=True, writer_plans_order_tasks=True)


def _order(world: World) -> Row:
    return world.om.store.find(ORDER)[0]


def _last(world: World, table: str) -> str:
    return str(world.om.store.find(table)[-1]["number"])


def _work_order(world: World, summary: str, **wanted: str) -> str:
    return next(w["number"] for w in world.fsm.store.find("wm_order", **wanted) if summary in w["short_description"])


def _case(world: World) -> str:
    return str(world.om.store.find(CASE)[0]["number"])


def approve(world: World) -> None:
    """An order is approved: two work orders are wanted. Field Service knows the customer's contact by another name."""
    [anna] = world.fsm.store.find(CONTACT, name=ANNA)
    world.fsm.records.update(CONTACT, anna["sys_id"], {"name": "Anna Schmidt"}, world.fsm.system)
    line = {
        "offering": "Business SD-WAN",
        "location": "Acme Hamburg HQ",
        "characteristics": {"Bandwidth": "100 Mbit/s"},
    }
    world.act("om", {"do": "create_order", "account": "Acme Logistics", "contact": ANNA, "lines": [line]})
    for do in ("place", "approve"):
        world.act("om", {"do": do, "order": _order(world)["number"]})


def revise(world: World) -> None:
    """A technician is sent, and the order asks for more: a note, an update and the note about it, and an order task says when the
    visit ends."""
    install = _work_order(world, "SD-WAN CPE")
    world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "technician"})
    planned = {"expected_end": "2030-01-31 12:00:00"}
    world.act("fsm", {"do": "write", "table": "wm_order", "record": install, "fields": planned})
    order, line = _order(world)["number"], world.om.store.find(LINE)[0]["number"]
    world.act("om", {"do": "revise", "order": order})
    world.act("om", {"do": "edit_line", "line": line, "characteristics": {"Bandwidth": "500 Mbit/s"}})
    world.act("om", {"do": "approve_revision", "order": order})


def write(world: World) -> None:
    """A technician and an order agent write what the other side should read. The contact is made in Field Service: work
    orders take it after all."""
    world.fsm.records.insert(CONTACT, {"name": ANNA, "user_name": "anna"}, world.fsm.system)
    install = _work_order(world, "SD-WAN CPE")
    world.act("fsm", {"do": "add_note", "as": "technician", "work_order": install, "text": "The antenna is bent."})
    for domain_order in world.om.store.find(DOMAIN_ORDER):
        if domain_order["sys_class_name"].endswith("resource_order"):
            text = f"Ring twice at {domain_order['number']}."
            world.act(
                "om",
                {"do": "add_note", "as": "fulfillment_agent", "domain_order": domain_order["number"], "text": text},
            )


def close_too_early(world: World) -> None:
    """Domain orders are closed while their work orders are open: the gate reopens them."""
    for domain_order in world.om.store.find(DOMAIN_ORDER):
        if domain_order["sys_class_name"].endswith("resource_order"):
            world.act("om", {"do": "close_domain_order", "domain_order": domain_order["number"]})


def ask(world: World) -> None:
    """A dispatcher makes a visit of her own; see COMMANDS."""
    world.act("fsm", {"do": "create_work_order", "short_description": "look at the mast"})


def _asked(world: World) -> list[list[str]]:
    """One work order more, and hers is adopted."""
    [number] = [
        d["number"] for d in world.om.store.find(DOMAIN_ORDER) if d["sys_class_name"].endswith("resource_order")
    ]
    return [
        ["work-order", "create", number, "--template", "Swap CPE"],
        ["work-order", "adopt", _work_order(world, "look at the mast"), number],
    ]


def let_go(_: World) -> None:
    """Nobody does anything in either system; see COMMANDS."""


def _let_go(world: World) -> list[list[str]]:
    return [["work-order", "detach", _work_order(world, "look at the mast"), "--reason", "the partner does it"]]


def cancel(world: World) -> None:
    """The order is canceled: so are its work orders, and that is told. Another one is approved."""
    for do in ("cancel_order", "approve_cancel"):
        world.act("om", {"do": do, "order": _order(world)["number"]})
    line = {"offering": "Business SD-WAN", "location": "Acme Munich Depot"}
    made = world.act("om", {"do": "create_order", "account": "Acme Logistics", "lines": [line]})
    for do in ("place", "approve"):
        world.act("om", {"do": do, "order": made["order"]["number"]})


def hold(world: World) -> None:
    """The other order is put on hold: its dispatchers are asked to wait."""
    world.act("om", {"do": "hold_order", "order": _last(world, ORDER)})


def go_elsewhere(world: World) -> None:
    """It goes on, at another place: dispatchers need not wait, and each visit is called off and made anew there."""
    order, line = _last(world, ORDER), _last(world, LINE)
    for do in ("resume_order", "revise"):
        world.act("om", {"do": do, "order": order})
    world.act("om", {"do": "edit_line", "line": line, "fields": {"location": "Acme Berlin Office"}})
    world.act("om", {"do": "approve_revision", "order": order})


def begin(world: World) -> None:
    """A technician begins on the other order: its line passes the point of no return, and that is told."""
    number = _work_order(world, "SD-WAN CPE", active="true")
    world.act("fsm", {"do": "dispatch", "work_order": number, "technician": "technician"})
    world.act("fsm", {"do": "start", "work_order": number})


def come_to_nothing(world: World) -> None:
    """A visit of the new order is closed incomplete: told, and a fallout holds an order task."""
    number = _work_order(world, "SD-WAN Connectivity", active="true")
    world.act("fsm", {"do": "dispatch", "work_order": number, "technician": "technician"})
    world.act("fsm", {"do": "close_incomplete", "work_order": number, "reason": "no access"})


def decide(world: World) -> None:
    """Somebody decides that it may stay so: the fallout is settled, and the task goes on."""
    manager = {"text": "release gate", "as": "fulfillment_manager"}
    for domain_order in world.om.store.find(DOMAIN_ORDER):
        world.act("om", {"do": "add_note", "domain_order": domain_order["number"], **manager})


def open_case(world: World) -> None:
    """A case needs a visit at a place that Field Service does not know: that is made, one work order is wanted, and told."""
    world.om.records.insert("cmn_location", {"name": NEW_PLACE, "city": "Bremen"}, world.om.system)
    given = {"short_description": "the line is slow", "priority": "3", "location": NEW_PLACE}
    world.act("om", {"do": "create_case", **given})
    world.act("om", {"do": "take_case", "case": _case(world)})


def edit_case(world: World) -> None:
    """The case becomes urgent while a technician has the visit: an update, and its note. People write on both."""
    work_order = _work_order(world, "the line is slow")
    world.act("fsm", {"do": "dispatch", "work_order": work_order, "technician": "technician"})
    world.act("om", {"do": "write", "table": CASE, "record": _case(world), "fields": {"priority": "1"}})
    world.act("fsm", {"do": "add_note", "as": "technician", "work_order": work_order, "text": "The socket is burnt."})
    world.act("om", {"do": "add_note", "as": "order_agent", "case": _case(world), "text": "The dog bites."})


def complete_visit(world: World) -> None:
    """The visit is over: told, and the case is resolved."""
    for do in ("accept", "start", "complete"):
        world.act("fsm", {"do": do, "work_order": _work_order(world, "the line is slow")})


def reject_solution(world: World) -> None:
    """The customer does not agree, and an agent asks for another visit."""
    world.act("om", {"do": "reject_solution", "case": _case(world), "reason": "still slow"})
    world.act("om", {"do": "add_note", "case": _case(world), "text": "visit again", "as": "order_agent"})


def close_case(world: World) -> None:
    """The case is closed while the other visit is open: that is canceled, and nobody is told."""
    world.act("om", {"do": "close_case", "case": _case(world), "notes": "solved by phone"})


STEPS: dict[str, Callable[[World], None]] = {
    "an order is approved": approve,
    "it is revised, a technician is sent": revise,
    "people write on both sides": write,
    "domain orders are closed too early": close_too_early,
    "people ask for work orders by hand": ask,
    "they let go of one": let_go,
    "the order is canceled, another approved": cancel,
    "the other is put on hold": hold,
    "it goes on at another place": go_elsewhere,
    "a technician begins": begin,
    "a visit comes to nothing": come_to_nothing,
    "somebody decides about it": decide,
    "a case is opened": open_case,
    "the case is edited, a technician is sent": edit_case,
    "the visit for the case is completed": complete_visit,
    "its solution is rejected, another visit is asked for": reject_solution,
    "the case is closed meanwhile": close_case,
}
COMMANDS: dict[str, Callable[[World], list[list[str]]]] = {
    "people ask for work orders by hand": _asked,
    "they let go of one": _let_go,
}
"""What people type besides, before the pass."""
