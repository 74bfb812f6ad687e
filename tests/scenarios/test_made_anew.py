"""README promise: what the order wants anew is made anew, whoever cancels the visit that Field Service did not let us cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.config import load
from tests.conftest import HAMBURG, MUNICH
from tests.scenarios.test_compensation import compensating, dispatched, place_of, revise  # noqa: F401
from tests.scenarios.test_gate import decide
from tests.scenarios.test_order_roads import line_of

if TYPE_CHECKING:
    from tests.conftest import Pair

INSTALL = "Install CPE"
ANEW = "because the order was changed and the visit is made anew"
CHANGED = f"is Canceled, and the order was changed: location: {HAMBURG} -> {MUNICH}"
OUTAGE = {"kind": "status", "status": 503, "path_contains": "/table/wm_order", "user": "connector", "count": None}
HELD_UP = {**OUTAGE, "method": "PATCH"}


def place_id(pair: Pair, name: str) -> str:
    return pair.rows("om", "cmn_location", f"name={name}", "sys_id")[0]["sys_id"]


def move(pair: Pair, order: str, place: str = MUNICH, from_place: str = HAMBURG) -> None:
    """The line moves, in a revision that is approved; nobody has looked yet."""
    pair.om("revise", order=order)
    pair.om("edit_line", line=line_of(pair, order, from_place), fields={"location": place_id(pair, place)})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def part_for(pair: Pair, work_order: str) -> str:
    """A part for it is on its way, and Field Service lets nobody cancel it until that has arrived."""
    task = pair.rows("fsm", "wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]
    part = str(pair.fsm("require_part", task=task, part="SD-WAN CPE")["transfer_order"]["number"])
    pair.fsm("ship_part", transfer_order=part)
    return part


def canceled_there(pair: Pair, work_order: str, part: str = "") -> None:
    """The dispatcher cancels it, once the part is there."""
    if part:
        pair.fsm("receive_part", transfer_order=part)
    pair.fsm("cancel_work_order", work_order=work_order, reason="the order moved")


def refused(pair: Pair) -> tuple[str, str, str, str]:
    """A visit that is to be made anew in Munich and that Field Service did not cancel, with the part that keeps it; its order and
    its resource order."""
    order, number, work_order = dispatched(pair)
    part = part_for(pair, work_order)
    move(pair, order)
    pair.settle_but_parked()
    asked = "please cancel it in Field Service, or let it be carried out; the new one is made when it is canceled"
    assert pair.noted(number, work_order, asked)
    return order, number, work_order, part


def visits(pair: Pair, order: str, template: str = INSTALL) -> list[tuple[str, str]]:
    """Where each is, and how it stands, in the order of their numbers."""
    made = sorted(pair.work_orders(order, template))
    return [(place_of(pair, one), pair.state("fsm", "wm_order", one)) for one in made]


def told(pair: Pair, number: str, words: str) -> list[str]:
    return [note for note in pair.notes(number) if words in note]


ONCE_ANEW = [(HAMBURG, "canceled"), (MUNICH, "ready for dispatch")]


def test_a_refused_cancellation_waits_for_nobody_once_a_later_one_has_canceled_the_visit(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, _, part = refused(pair)
    pair.fsm("receive_part", transfer_order=part)
    pair.om("revise", order=order)
    due = {"committed_due_date": "2026-04-15 12:00:00"}
    pair.om("edit_line", line=line_of(pair, order, MUNICH), fields=due)
    pair.om("approve_revision", order=order)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, ANEW)) == 1
    assert pair.waiting() == {}
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_who_decides_about_a_canceled_visit_hears_that_the_order_moved_since(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[gate]\ncanceled_in_field = "reschedule"\n', encoding="utf-8")
    pair.loaded = load(path)
    order, number, work_order = dispatched(pair)
    canceled_there(pair, work_order)
    pair.settle()
    revise(pair, order, location=place_id(pair, MUNICH))
    [note] = told(pair, number, CHANGED)
    assert f"release gate {work_order} (nobody goes again)" in note
    assert f"visit again {work_order} (somebody goes again)" in note
    pair.forget()
    pair.settle()
    assert told(pair, number, CHANGED) == [note]
    decide(pair, number, f"visit again {work_order}")
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    pair.assert_nothing_doubled()


def test_where_it_moved_and_was_canceled_before_anybody_looked_both_are_told_and_it_is_asked_once(
    compensating: Pair,  # noqa: F811
) -> None:
    pair = compensating
    order, number, work_order = dispatched(pair)
    canceled_there(pair, work_order)
    revise(pair, order, location=place_id(pair, MUNICH))
    assert pair.noted(number, CHANGED)
    assert len(told(pair, number, "cannot be closed until somebody decides")) == 1
    assert visits(pair, order) == [(HAMBURG, "canceled")]


def test_an_order_that_did_not_move_says_nothing_more_about_its_canceled_visit(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order = dispatched(pair)
    canceled_there(pair, work_order)
    pair.settle()
    before = pair.notes(number)
    revise(pair, order, location=place_id(pair, HAMBURG))
    assert pair.notes(number) == before
