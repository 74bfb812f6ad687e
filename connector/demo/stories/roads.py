"""Orders of every kind, from their approval to the visits they bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.tale import Tale
from connector.demo.teller import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER

if TYPE_CHECKING:
    from connector.demo.teller import Teller

OWNED = "sn_install_base_sold_product"
SDWAN = "Business SD-WAN"


def carry_out(t: Teller, order: str) -> None:
    """Everybody does his part until the platform completes the order."""
    visits = t.work_orders(order)
    for work_order in visits:
        t.stage.act("fsm", "dispatch", "dispatcher", work_order=work_order, technician="technician")
        t.stage.act("fsm", "complete", "technician", work_order=work_order)
    if visits:
        t.timeline.say("Field Service", t.stage.person("fsm", "technician"), f"makes every visit of {order}")
    t.connector()
    for number in t.domain_orders(order):
        t.stage.act("om", "close_domain_order", "fulfillment_manager", domain_order=number)
    t.stage.advance(10)
    t.timeline.say(
        "Order Management", t.stage.person("om", "fulfillment_manager"), f"closes what {order} was made into"
    )
    t.connector()


def _installed(t: Teller) -> tuple[str, list[str]]:
    """An order whose visits were made, and the numbers of what the customer owns then."""
    t.scene("The customer has a product in Hamburg")
    order = t.place({"offering": SDWAN, "location": HAMBURG})
    t.approve(order)
    t.connector()
    carry_out(t, order)
    return order, [row["number"]["value"] for row in t.stage.om.rows(OWNED, "status=active", "number")]


def _move(t: Teller) -> None:
    first, owned = _installed(t)
    t.check(
        f"{first} is completed and the product is his", [t.state("om", ORDER, first), len(owned)] == ["completed", 1]
    )

    t.scene("He moves to Munich: a change with a new place")
    order = t.place({"sold_product": owned[0], "action": "change", "location": MUNICH})
    t.approve(order)
    actions = {t.shown("om", DOMAIN_ORDER, number, "action") for number in t.domain_orders(order)}
    t.check("it is made into a set that ceases and a set that provides", actions == {"Disconnect", "Add"}, actions)
    t.connector()
    leaves, arrives = t.work_orders(order, "Remove CPE"), t.work_orders(order, "Install CPE")
    t.check(
        "one visit collects the device in Hamburg",
        [t.shown("fsm", "wm_order", w, "location") for w in leaves] == [HAMBURG],
    )
    t.check("one visit installs it in Munich", [t.shown("fsm", "wm_order", w, "location") for w in arrives] == [MUNICH])
    for number in t.domain_orders(order, "resource_order"):
        t.both_see(number, *(w for w in (*leaves, *arrives) if t.noted(number, w)))

    t.scene("Both visits are made")
    carry_out(t, order)
    t.check("the product is in Munich now", t.shown("om", OWNED, owned[0], "location") == MUNICH)


def _pause(t: Teller) -> None:
    _, [owned] = _installed(t)

    t.scene("He closes the site for a season: the product is suspended, and resumed later")
    for action, status in (("suspend", "suspended"), ("resume", "active")):
        order = t.place({"sold_product": owned, "action": action})
        t.approve(order)
        t.connector()
        made = t.domain_orders(order)
        t.check(f"{order} is made into {len(made)} domain orders to {action}", bool(made))
        t.check("no policy row sends anybody for them", t.work_orders(order) == [], t.work_orders(order))
        carry_out(t, order)
        shown = t.shown("om", OWNED, owned, "status").casefold()
        t.check(f"the product is {status}", shown == status, shown)

    t.scene("He gives it up: it is disconnected")
    order = t.place({"sold_product": owned, "action": "delete"})
    t.approve(order)
    t.connector()
    visits = t.work_orders(order)
    t.check(
        "one visit collects the device in Hamburg",
        [(t.shown("fsm", "wm_order", w, "template"), t.shown("fsm", "wm_order", w, "location")) for w in visits]
        == [("Remove CPE", HAMBURG)],
        visits,
    )
    t.both_see(t.domain_orders(order, "resource_order")[0], *visits)
    carry_out(t, order)
    shown = t.shown("om", OWNED, owned, "status").casefold()
    t.check("the product is inactive", shown == "inactive", shown)


def _staggered(t: Teller) -> None:
    t.scene("Fiber is ordered; which terminal it gets is not known yet")
    order = t.place({"offering": "Fiber Access", "location": HAMBURG})
    t.approve(order)
    t.connector()
    t.check(
        "there is no resource order yet, hence no visit",
        (t.domain_orders(order, "resource_order"), t.work_orders(order)) == ([], []),
    )

    t.later(21, "three weeks later")
    t.scene("Somebody enters the terminal")
    [line] = t.lines(order)
    value = {"line": line, "name": "Terminal model", "value": "ONT-7"}
    t.move("om", "set_characteristic", "order_agent", f"{line}: terminal model ONT-7", **value)
    t.stage.advance(10)
    t.hear(*t.domain_orders(order))
    t.connector()
    made = t.work_orders(order, "Install CPE")
    t.check("the resource order appears, and with it one visit", len(made) == 1, made)
    t.both_see(t.domain_orders(order, "resource_order")[0], *made)

    t.scene("The value is entered once more")
    t.move("om", "set_characteristic", "order_agent", f"{line}: terminal model ONT-8", **{**value, "value": "ONT-8"})
    t.connector()
    t.check("it is still one visit", t.work_orders(order, "Install CPE") == made)


def _units(t: Teller) -> None:
    t.scene("Three desk phones, one visit each")
    order = t.place({"offering": "Desk Phones", "location": HAMBURG, "quantity": "3"})
    t.approve(order)
    t.connector()
    visits = t.work_orders(order)
    t.check("three domain orders, three visits", (len(t.domain_orders(order)), len(visits)) == (3, 3), visits)

    t.scene("The customer wants only two")
    [line] = t.lines(order)
    t.move("om", "revise", "order_agent", f"revises {order}", order=order)
    t.move("om", "edit_line", "order_agent", f"{line}: quantity 3 -> 2", line=line, fields={"quantity": "2"})
    t.move("om", "approve_revision", "fulfillment_manager", "approves the revision", order=order)
    t.stage.advance(10)
    t.connector()
    waiting = [f["code"] for f in t.typed("status")["findings"]]
    t.check("all three wait for the manager to choose", waiting == ["frozen"] * 3, waiting)
    t.check("and no visit is touched", {t.state("fsm", "wm_order", w) for w in visits} == {"ready for dispatch"})

    t.scene("The manager chooses")
    chosen = t.domain_orders(order)[1]
    t.move("om", "cancel_unit", "fulfillment_manager", f"{chosen} is the one too many", domain_order=chosen)
    t.connector()
    gone = [w for w in visits if t.state("fsm", "wm_order", w) == "canceled"]
    t.check("exactly its visit is canceled", len(gone) == 1 and t.noted(chosen, gone[0], "canceled"), gone)
    t.both_see(chosen, *gone)
    t.check(f"{line} stands at 2", t.shown("om", LINE, line, "quantity") == "2")


ROADS = (
    Tale("move", "A customer moves: one visit clears the old place, one provides the new one", _move),
    Tale("pause", "A product is suspended, resumed and given up: nobody goes before the last", _pause),
    Tale(
        "weeks-later",
        "A domain order appears three weeks after the approval, and its visit with it",
        _staggered,
        rows={"domain_order_policy.csv": "terminal,Optical Terminal,resource,add,Install CPE,"},
    ),
    Tale(
        "units",
        "One visit for each unit; of a smaller quantity the manager chooses who stays at home",
        _units,
        rows={"domain_order_policy.csv": "phone,Desk Phone,product,add,Install CPE,"},
    ),
)
