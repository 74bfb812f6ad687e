"""What people do before each pass of the connector: creates, notes, an update, a gate, cancellations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.walk.moves import DOMAIN_ORDER, LINE, ORDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World

Row = dict[str, str]


def _order(world: World) -> Row:
    return world.om.store.find(ORDER)[0]


def _work_order(world: World, summary: str) -> str:
    return next(w["number"] for w in world.fsm.store.find("wm_order") if summary in w["short_description"])


def approve(world: World) -> None:
    """An order is approved: two work orders are wanted."""
    line = {
        "offering": "Business SD-WAN",
        "location": "Acme Hamburg HQ",
        "characteristics": {"Bandwidth": "100 Mbit/s"},
    }
    world.act("om", {"do": "create_order", "account": "Acme Logistics", "contact": "Anna Weber", "lines": [line]})
    for do in ("place", "approve"):
        world.act("om", {"do": do, "order": _order(world)["number"]})


def revise(world: World) -> None:
    """A technician is sent, and the order asks for more: a note, an update, and the note about it."""
    world.act("fsm", {"do": "dispatch", "work_order": _work_order(world, "SD-WAN CPE"), "technician": "technician"})
    order, line = _order(world)["number"], world.om.store.find(LINE)[0]["number"]
    world.act("om", {"do": "revise", "order": order})
    world.act("om", {"do": "edit_line", "line": line, "characteristics": {"Bandwidth": "500 Mbit/s"}})
    world.act("om", {"do": "approve_revision", "order": order})


def close_too_early(world: World) -> None:
    """Domain orders are closed while their work orders are open: the gate reopens them."""
    for domain_order in world.om.store.find(DOMAIN_ORDER):
        if domain_order["sys_class_name"].endswith("resource_order"):
            world.act("om", {"do": "close_domain_order", "domain_order": domain_order["number"]})


def cancel(world: World) -> None:
    """The order is canceled: so are its work orders, and that is told."""
    for do in ("cancel_order", "approve_cancel"):
        world.act("om", {"do": do, "order": _order(world)["number"]})


STEPS: dict[str, Callable[[World], None]] = {
    "an order is approved": approve,
    "it is revised, a technician is sent": revise,
    "domain orders are closed too early": close_too_early,
    "the order is canceled": cancel,
}
