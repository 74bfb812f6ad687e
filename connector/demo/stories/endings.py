"""How visits end, what that means for closing, and what happens to an order that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.changes import visit
from connector.demo.stories.tale import Tale
from connector.demo.teller import DOMAIN_ORDER, ORDER, ORDER_TASK

if TYPE_CHECKING:
    from connector.demo.teller import Teller

MANAGER = "fulfillment_manager"
FALLOUT = "sn_fallout_mgmt_fallout"


def _gate(t: Teller) -> None:
    t.scene("May this domain order be closed?")
    order, number, work_order = visit(t)
    found = t.typed("gate", number, accept=(5,))
    [one] = found["work"]
    said = f"no: {one['number']} {one['state']}, {one['owner']}"
    t.check(
        f"gate says {said}",
        (found["may_close"], one["number"], one["owner"]) == (False, work_order, "Tom Becker"),
        found,
    )

    t.scene("It is closed all the same")
    t.move("om", "close_domain_order", MANAGER, f"closes {number}", domain_order=number)
    t.connector()
    t.check(f"{number} is open again", t.state("om", DOMAIN_ORDER, number) == "in progress")
    t.both_see(number, work_order)

    t.scene("The visit comes to nothing")
    reason = "no access to the cabinet"
    t.move(
        "fsm",
        "close_incomplete",
        "technician",
        f"closes {work_order} incomplete: {reason}",
        work_order=work_order,
        reason=reason,
    )
    t.connector()
    t.check("the manager is asked to decide", t.noted(number, work_order, "cannot be closed until somebody decides"))
    t.move("om", "close_domain_order", MANAGER, f"closes {number} without deciding", domain_order=number)
    t.connector()
    t.check("that is not enough", t.state("om", DOMAIN_ORDER, number) == "in progress")

    t.scene("The manager decides, in a work note")
    decision = f"release gate {work_order}: the customer mounts it himself"
    t.move("om", "add_note", MANAGER, f"writes on {number}: {decision}", domain_order=number, text=decision)
    t.connector()
    t.check("the decision is told with the name of who made it", t.noted(number, "ready to be closed, as decided by"))
    for task in t.stage.om.rows(ORDER_TASK, f"parent.number={number}", "number"):
        t.stage.act("om", "close_order_task", "fulfillment_agent", task=task["number"]["value"])
    found = t.typed("gate", number)
    t.check("gate says yes", found["may_close"], found)
    t.move("om", "close_domain_order", MANAGER, f"closes {number}", domain_order=number)
    t.connector()
    t.check(f"{number} stays closed", t.state("om", DOMAIN_ORDER, number) == "closed complete")
    t.check(f"{order} goes on with what is left of it", t.state("om", ORDER, order) == "in progress")


def _fallout(t: Teller) -> None:
    t.scene("The visit comes to nothing")
    _, number, work_order = visit(t)
    reason = "no access to the cabinet"
    words = f"closes {work_order} incomplete: {reason}"
    t.move("fsm", "close_incomplete", "technician", words, work_order=work_order, reason=reason)
    for _ in range(3):
        t.connector()
    raised = _raised(t)
    t.check("there is one fallout, however often the connector looks", len(raised) == 1, raised)
    [(fallout, task, state)] = raised[:1] or [("", "", "")]
    t.check(f"{fallout} says which visit", work_order in t.shown("om", FALLOUT, fallout, "short_description"))
    t.check(f"{fallout} is {state} and holds {task}", t.state("om", ORDER_TASK, task) == "on hold")
    t.both_see(number, work_order)

    t.scene("The manager decides, in a work note")
    decision = f"release gate {work_order}: the customer mounts it himself"
    t.move("om", "add_note", MANAGER, f"writes on {number}: {decision}", domain_order=number, text=decision)
    t.connector()
    t.connector()
    t.check(f"{fallout} is resolved", t.state("om", FALLOUT, fallout) == "resolved")
    t.check(f"{task} goes on", t.state("om", ORDER_TASK, task) != "on hold")
    t.check("no second one was raised", len(_raised(t)) == 1)


def _raised(t: Teller) -> list[tuple[str, str, str]]:
    """Every fallout: its number, its order task, its state."""
    rows = t.stage.om.rows(FALLOUT, "ORDERBYnumber", "number,order_task,state")
    return [tuple(row[name]["display_value"] for name in ("number", "order_task", "state")) for row in rows]


def _comes_back(t: Teller) -> None:
    t.scene("An order is completed although one visit was not")
    order, number, work_order = visit(t)
    reason = "one cable was missing"
    t.move(
        "fsm",
        "close_incomplete",
        "technician",
        f"closes {work_order} incomplete: {reason}",
        work_order=work_order,
        reason=reason,
    )
    for other in t.work_orders(order, "Site Survey"):
        t.stage.act("fsm", "dispatch", "dispatcher", work_order=other, technician="technician")
        t.stage.act("fsm", "complete", "technician", work_order=other)
    t.connector()
    t.move("om", "add_note", MANAGER, f"writes on {number}: release gate", domain_order=number, text="release gate")
    for one in t.domain_orders(order):
        t.stage.act("om", "close_domain_order", MANAGER, domain_order=one)
    t.stage.advance(10)
    t.connector()
    t.connector()
    t.check(f"{order} is completed", t.state("om", ORDER, order) == "completed")
    explained = t.typed("explain", order)
    t.check(
        "what is remembered of it is in the archive, and still explains it",
        bool(explained["archived_at"]) and bool(explained["links"]),
    )

    t.later(60, "two months later")
    t.scene("A follow-on visit reopens the work order")
    for task in t.stage.fsm.rows("wm_task", f"parent.number={work_order}", "number"):
        t.stage.act("fsm", "reopen_task", "system", task=task["number"]["value"])
    t.timeline.say("Field Service", t.stage.person("fsm", "dispatcher"), f"plans a follow-on of {work_order}")
    t.connector()
    t.check(
        f"{number} is open again, and says why",
        t.state("om", DOMAIN_ORDER, number) == "in progress" and t.noted(number, "was reopened", work_order),
    )
    t.both_see(number, work_order)

    t.scene("The follow-on is carried out")
    t.stage.act("fsm", "dispatch", "dispatcher", work_order=work_order, technician="technician")
    t.move("fsm", "complete", "technician", f"completes {work_order}", work_order=work_order)
    t.connector()
    t.move("om", "close_domain_order", MANAGER, f"closes {number}", domain_order=number)
    t.connector()
    t.check(
        f"{number} stays closed, and the archive has the order again",
        t.state("om", DOMAIN_ORDER, number) == "closed complete" and bool(t.typed("explain", order)["archived_at"]),
    )
    notes = [note for one in t.domain_orders(order) for note in t.stage.om.notes(one, DOMAIN_ORDER)]
    t.check("no note was written twice", len(notes) == len(set(notes)))


ENDINGS = (
    Tale("gate", "A domain order cannot stay closed while a visit is open, or nobody has decided about it", _gate),
    Tale(
        "fallout",
        "A visit that comes to nothing is one fallout on its order task, until somebody decides",
        _fallout,
        settings='[gate]\nclosed_incomplete = "fallout"\n',
    ),
    Tale("comes-back", "Two months after an order was completed a follow-on reopens the gate", _comes_back),
)
