"""What happens when an order changes, or is called off, while the field is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stage import StageError
from connector.demo.stories.tale import Tale, shipped
from connector.demo.teller import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER

if TYPE_CHECKING:
    from connector.demo.teller import Teller

SDWAN = "Business SD-WAN"


def visit(t: Teller, *, assigned: bool = True) -> tuple[str, str, str]:
    """An order whose device is to be installed in Hamburg: its number, its resource order and its work order."""
    order = t.place({"offering": SDWAN, "location": HAMBURG, "committed_due_date": t.on(DUE)})
    t.approve(order)
    t.connector()
    [work_order] = t.work_orders(order, "Install CPE")
    if assigned:
        words = f"assigns {work_order} to Tom Becker"
        t.move("fsm", "dispatch", "dispatcher", words, work_order=work_order, technician="technician")
        t.connector()
    return order, t.domain_orders(order, "resource_order")[0], work_order


DUE = 100  # days after the story began


def _inflight(t: Teller) -> None:
    t.scene("A visit is assigned")
    order, number, work_order = visit(t)
    [line] = t.lines(order)
    old, new = t.on(DUE), t.on(DUE + 14)
    t.both_see(number, work_order)

    t.scene("The order is revised: another day. While it is on hold nothing moves")
    t.move("om", "revise", "order_agent", f"revises {order}", order=order)
    edit = {"line": line, "fields": {"committed_due_date": new}}
    t.move("om", "edit_line", "order_agent", f"{line}: due two weeks later", **edit)
    t.connector()
    t.check(
        f"{work_order} still has the old day",
        t.shown("fsm", "wm_order", work_order, "requested_due_by").startswith(old[:10]),
    )
    t.both_see(number, work_order)
    t.move("om", "approve_revision", "fulfillment_manager", "approves the revision", order=order)
    t.stage.advance(10)
    t.connector()
    t.check(
        f"{work_order} has the new day",
        t.shown("fsm", "wm_order", work_order, "requested_due_by").startswith(new[:10]),
    )
    t.check("the agent reads before and after", t.noted(number, f"{old[:16]} UTC -> {new[:16]} UTC"))
    asked = any("Please check the visit" in note for note in t.stage.fsm.notes(work_order, "wm_order"))
    t.check("the dispatcher is asked to check the appointment", asked)

    t.scene("The order is revised again: another place. That is another visit")
    t.move("om", "revise", "order_agent", f"revises {order}", order=order)
    t.move("om", "edit_line", "order_agent", f"{line}: {HAMBURG} -> {MUNICH}", line=line, fields={"location": MUNICH})
    t.move("om", "approve_revision", "fulfillment_manager", "approves the revision", order=order)
    t.stage.advance(10)
    t.connector()
    anew = [w for w in t.work_orders(order, "Install CPE") if w != work_order]
    t.check(f"{work_order} is canceled", t.state("fsm", "wm_order", work_order) == "canceled")
    t.check("one new visit goes to Munich", [t.shown("fsm", "wm_order", w, "location") for w in anew] == [MUNICH], anew)
    t.both_see(number, work_order, *anew)


def _hold(t: Teller) -> None:
    t.scene("A visit is assigned")
    order, number, work_order = visit(t)
    t.both_see(number, work_order)

    t.scene("The customer asks to wait: the order is on hold")
    t.move("om", "hold_order", "fulfillment_manager", f"puts {order} on hold", order=order)
    t.connector()
    asked = _read(t, work_order, "Please do not begin this visit yet")
    t.check("the dispatcher is asked to wait", len(asked) == 1, asked)
    t.check(f"{work_order} is still assigned", t.state("fsm", "wm_order", work_order) == "assigned")
    t.connector()
    t.check("and asked once", len(t.stage.fsm.notes(work_order, "wm_order")) == len(asked))
    t.both_see(number, work_order)

    t.scene("The order goes on")
    t.move("om", "resume_order", "fulfillment_manager", f"lets {order} go on", order=order)
    t.connector()
    goes_on = _read(t, work_order, "this visit is wanted as it is")
    t.check("the dispatcher hears that the visit is wanted as it is", len(goes_on) == 1, goes_on)
    t.check("it is the same visit", t.work_orders(order, "Install CPE") == [work_order])
    t.both_see(number, work_order)


def _read(t: Teller, work_order: str, words: str) -> list[str]:
    """The work notes with these words, as the dispatcher reads them."""
    found = [note for note in t.stage.fsm.notes(work_order, "wm_order") if words in note]
    for note in found:
        t.timeline.view("Field Service", "dispatcher reads", f"{work_order}: {note}")
    return found


def _called_off(t: Teller) -> None:
    t.scene("A device is on its way to a visit")
    order, number, work_order = visit(t, assigned=False)
    task = t.stage.fsm.rows("wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]["value"]
    part = t.stage.act("fsm", "require_part", "technician", task=task, part="SD-WAN CPE")["transfer_order"]["number"]
    t.move("fsm", "ship_part", "dispatcher", f"ships the device for {work_order}", transfer_order=part)

    t.scene("The customer cancels the order")
    t.move("om", "cancel_order", "order_agent", f"asks to cancel {order}", order=order)
    t.connector()
    survey = t.work_orders(order, "Site Survey")[0]
    t.check("until that is approved nothing is canceled", t.state("fsm", "wm_order", survey) == "ready for dispatch")
    t.move("om", "approve_cancel", "fulfillment_manager", "approves the cancellation", order=order)
    t.stage.advance(10)
    t.connector()
    t.check(f"{survey} is canceled with its reason", t.state("fsm", "wm_order", survey) == "canceled")
    t.check(
        f"{work_order} cannot be: Field Service refuses while a part is shipped",
        t.state("fsm", "wm_order", work_order) != "canceled",
    )
    t.check("the agent reads why", t.noted(number, work_order, "Field Service did not cancel it"))
    t.both_see(number, survey, work_order)
    codes = [f["code"] for f in t.typed("status")["findings"]]
    t.check("status shows it until somebody has settled it", "not-canceled" in codes, codes)

    t.scene("The dispatcher settles it")
    t.stage.act("fsm", "receive_part", "technician", transfer_order=part)
    reason = "the order was canceled"
    t.move(
        "fsm",
        "cancel_work_order",
        "dispatcher",
        f"cancels {work_order}: {reason}",
        work_order=work_order,
        reason=reason,
    )
    t.connector()
    codes = [f["code"] for f in t.typed("status")["findings"]]
    t.check("nothing is left to look at", codes == [], codes)
    t.check(f"{order} is canceled", t.state("om", ORDER, order) == "canceled")


def _point_of_no_return(t: Teller) -> None:
    t.scene("A technician begins, and the point of no return follows him")
    order, number, work_order = visit(t)
    [line] = t.lines(order)
    t.check(f"{line} may still be revised", t.shown("om", LINE, line, "ponr") == "false")
    t.move("fsm", "start", "technician", f"starts work on {work_order}", work_order=work_order)
    t.connector()
    t.check(
        f"{line} and {order} are past it",
        [t.shown("om", LINE, line, "ponr"), t.shown("om", ORDER, order, "ponr")] == ["true"] * 2,
    )
    t.check("the agent reads why", t.noted(number, f"{line} is past its point of no return, because {work_order}"))
    t.both_see(number, work_order)

    t.scene("The agent comes too late")
    try:
        t.stage.act("om", "revise", "order_agent", order=order)
        refused = False
    except StageError:
        refused = True
    t.check("Order Management refuses a revision", refused)
    before = t.shown("fsm", "wm_order", work_order, "description")
    edit = {"line": line, "characteristics": {"Bandwidth": "1000 Mbit/s"}}
    t.move("om", "edit_line", "order_agent", f"edits {line} all the same: bandwidth 1000 Mbit/s", **edit)
    t.connector()
    t.check(f"{work_order} is unchanged", t.shown("fsm", "wm_order", work_order, "description") == before)
    t.check("and a note says so", t.noted(number, "was not changed", "past its point of no return", "1000 Mbit/s"))
    t.check(f"{number} goes on", t.state("om", DOMAIN_ORDER, number) == "in progress")


def _late(t: Teller) -> None:
    t.scene("A visit is planned well before the due date")
    _, number, work_order = visit(t)
    _plan(t, work_order, t.on(DUE - 9))
    t.check("there is nothing to tell", not t.noted(number, "Jeopardy"))

    t.scene("The dispatcher moves it, closer and closer to the due date")
    _plan(t, work_order, t.on(DUE, "09:00:00"))
    t.check("three hours are left: Medium", t.noted(number, work_order, "Jeopardy: None -> Medium"))
    t.both_see(number, work_order)
    _plan(t, work_order, t.on(DUE, "08:55:00"))
    told = [note for note in t.stage.om.notes(number) if "Jeopardy" in note]
    t.check("five minutes more or less change nothing", len(told) == 1, told)
    _plan(t, work_order, t.on(DUE + 3))
    t.check("three days late: Critical", t.noted(number, "Jeopardy: Medium -> Critical"))

    t.scene("Another technician has time")
    _plan(t, work_order, t.on(DUE - 7))
    t.check("the danger is over, and that is told too", t.noted(number, "Jeopardy: Critical -> None"))


def _plan(t: Teller, work_order: str, end: str) -> None:
    words = f"plans {work_order} to end {end[:16]} UTC"
    fields = {"expected_end": end}
    t.move("fsm", "write", "admin", words, table="wm_order", record=work_order, fields=fields)
    t.connector()


_WAIT = 'wait,on hold,"Scheduled, Assigned, Accepted",flag the dispatcher,'

CHANGES = (
    Tale(
        "inflight",
        "A revision waits for its approval, then moves an appointment, then a place",
        _inflight,
        policies={"compensation": shipped("compensation.csv")},
    ),
    Tale(
        "hold",
        "While an order is on hold its dispatcher is asked to wait, once, and hears when it goes on",
        _hold,
        policies={"compensation": shipped("compensation.csv").replace("on-hold,", f"{_WAIT}\non-hold,", 1)},
    ),
    Tale("late", "A visit is planned ever closer to the due date: each level of jeopardy is told once", _late),
    Tale("called-off", "A canceled order cancels its visits; one cannot be, and everybody hears why", _called_off),
    Tale(
        "point-of-no-return",
        "Once a technician has begun, the order can no longer be changed",
        _point_of_no_return,
        settings='[ponr]\nmode = "set"\n',
        switches={"om": {"writer_sets_ponr": True}},
    ),
)
