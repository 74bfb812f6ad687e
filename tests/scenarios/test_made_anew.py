"""README promise: what the order wants anew is made anew, whoever cancels the visit that Field Service did not let us cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector import app, memory
from connector.config import load
from connector.engine.consider import consider
from connector.engine.drain import EVERY_SHARD
from connector.engine.watch import notice
from tests.conftest import HAMBURG, MUNICH
from tests.scenarios.test_by_hand import SWAP, create
from tests.scenarios.test_compensation import compensating, dispatched, place_of, revise  # noqa: F401
from tests.scenarios.test_gate import ask, close, decide
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


def anew_only_in(pair: Pair, states: str) -> None:
    """The table says in which states of a visit another place is another visit."""
    table = pair.loaded.path.parent / "compensation.csv"
    table.write_text(table.read_text().replace("new-place,location,-,", f"new-place,location,{states},"))


def another_day(pair: Pair, order: str, day: str) -> None:
    """The line, which has moved, is due on another day, in a revision that is approved; nobody has looked yet."""
    pair.om("revise", order=order)
    pair.om("edit_line", line=line_of(pair, order, MUNICH), fields={"committed_due_date": f"{day} 12:00:00"})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def sent_and_refused(pair: Pair) -> None:
    """The connector decides, sends, is refused, and dies before it looks again."""
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        notice(engine, pair.now())
        orders = [wakeup.order_id for wakeup in engine.store.due(EVERY_SHARD, pair.now(), limit=10)]
        consider(engine, orders, pair.now())
        for one in orders:
            engine.outbox.serve(one, pair.now)
    assert pair.parked()


def told(pair: Pair, number: str, words: str) -> list[str]:
    return [note for note in pair.notes(number) if words in note]


ONCE_ANEW = [(HAMBURG, "canceled"), (MUNICH, "ready for dispatch")]


def test_the_dispatcher_does_what_the_note_asks_and_the_new_visit_is_made_once(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    [note] = told(pair, number, ANEW)
    assert note.startswith(f"{work_order} {INSTALL} was canceled (was Assigned) by Diana Torres, ")
    why = f"{ANEW}: location: {HAMBURG} -> {MUNICH}. Last note there: the order moved."
    assert f"{why} A new work order follows. 1 of 2 work orders open." in note
    assert not pair.noted(number, "cannot be closed until somebody decides")
    assert pair.finding_codes() == []
    assert pair.waiting() == {}
    [second] = [one for one in pair.work_orders(order, INSTALL) if one != work_order]
    assert not close(pair, number)
    assert pair.noted(number, "was reopened", second)
    assert not any(work_order in note for note in told(pair, number, "was reopened"))
    pair.fsm("dispatch", work_order=second, technician="technician")
    pair.fsm("complete", work_order=second)
    pair.settle()
    assert pair.noted(number, f"{number} is ready to be closed")
    assert close(pair, number)
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("lost", ["after the refusal", "after the cancellation", "after the new one is made"])
def test_a_visit_is_made_anew_once_though_memory_is_lost(compensating: Pair, lost: str) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    if lost == "after the refusal":
        pair.forget()
        pair.settle_but_parked()
        assert place_of(pair, work_order) == HAMBURG
    canceled_there(pair, work_order, part)
    if lost == "after the cancellation":
        pair.forget()
    pair.settle()
    if lost == "after the new one is made":
        pair.forget()
        pair.sync(full=True)
        pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, ANEW)) == 1
    assert not pair.noted(number, "cannot be closed until somebody decides")
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
def test_a_visit_whose_creation_had_an_unclear_outcome_is_made_anew_once(compensating: Pair, kind: str) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    canceled_there(pair, work_order, part)
    pair.world.fault("fsm", {"kind": kind, "method": "POST", "user": "connector", "count": 1})
    pair.sync()
    assert ask(pair, number).may_close is False
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    pair.assert_nothing_doubled()


def test_memory_that_is_lost_before_the_new_visit_is_made_changes_nothing(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    canceled_there(pair, work_order, part)
    pair.world.fault("fsm", {**OUTAGE, "method": "POST"})
    pair.sync()
    [note] = told(pair, number, ANEW)
    pair.forget()
    pair.world.clear_faults()
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert told(pair, number, ANEW) == [note]
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("fault", [HELD_UP, {**HELD_UP, "kind": "drop"}], ids=["not sent", "outcome unknown"])
def test_who_cancels_while_our_cancellation_is_on_its_way_is_followed_by_the_new_visit(
    compensating: Pair,  # noqa: F811
    fault: dict[str, Any],
) -> None:
    pair = compensating
    order, number, work_order = dispatched(pair)
    pair.world.fault("fsm", fault)
    move(pair, order)
    pair.sync()
    assert pair.state("fsm", "wm_order", work_order) == "assigned"
    canceled_there(pair, work_order)
    pair.world.clear_faults()
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, ANEW)) == 1
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


# --- the order goes another way before the dispatcher cancels ----------------------------------------------------------


def test_a_line_that_has_come_back_to_its_old_place_is_asked_about_when_the_field_cancels(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    move(pair, order, HAMBURG, MUNICH)
    pair.settle()
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, work_order, "was canceled in Field Service", f"release gate {work_order}")
    assert pair.finding_codes() == ["canceled-in-field"]
    move(pair, order)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, CHANGED, f"release gate {work_order}")


def test_an_order_that_is_canceled_meanwhile_gets_no_new_visit(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle_but_parked()
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert not pair.noted(number, ANEW)
    assert pair.finding_codes() == []
    assert pair.waiting() == {}


@pytest.mark.parametrize("forgetful", [False, True], ids=["remembered", "memory lost"])
def test_who_cancels_while_the_order_is_on_hold_is_followed_by_the_new_visit_when_it_goes_on(
    compensating: Pair,  # noqa: F811
    *,
    forgetful: bool,
) -> None:
    pair = compensating
    order, number, work_order, part = refused(pair)
    pair.om("hold_order", order=order)
    pair.settle_but_parked()
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, work_order, "was canceled in Field Service", f"release gate {work_order}")
    if forgetful:
        pair.forget()
        pair.settle()
    pair.om("resume_order", order=order)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, f"{MUNICH}. A new work order follows. 1 of 2 work orders open.")) == (not forgetful)
    assert len(told(pair, number, "A new work order follows. 1 of 2 work orders open.")) == 1
    assert pair.finding_codes() == []
    pair.forget()
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("states", ["-", '"Scheduled, Assigned, Accepted"'])
def test_a_table_that_names_states_means_the_one_the_visit_was_in_before_it_was_canceled_on_hold(
    compensating: Pair,  # noqa: F811
    states: str,
) -> None:
    pair = compensating
    anew_only_in(pair, states)
    order, number, work_order, part = refused(pair)
    pair.om("hold_order", order=order)
    pair.settle_but_parked()
    canceled_there(pair, work_order, part)
    pair.settle()
    assert pair.noted(number, work_order, "was canceled in Field Service", f"release gate {work_order}")
    pair.om("resume_order", order=order)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, f"{MUNICH}. A new work order follows. 1 of 2 work orders open.")) == 1
    assert pair.finding_codes() == []


@pytest.mark.parametrize("seen_on_hold", [False, True])
def test_a_refusal_a_hold_and_a_cancellation_that_nobody_saw_one_by_one_are_followed_by_the_new_visit(
    compensating: Pair,  # noqa: F811
    seen_on_hold: bool,
) -> None:
    pair = compensating
    order, _, work_order = dispatched(pair)
    part = part_for(pair, work_order)
    move(pair, order)
    sent_and_refused(pair)
    pair.om("hold_order", order=order)
    if seen_on_hold:
        pair.settle_but_parked()
        assert "not-canceled" in pair.finding_codes()
    canceled_there(pair, work_order, part)
    pair.settle_but_parked()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    pair.om("resume_order", order=order)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert pair.finding_codes() == []
    assert pair.waiting() == {}
    pair.assert_nothing_doubled()


def test_what_a_refusal_means_is_told_when_the_order_goes_on(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order = dispatched(pair)
    part_for(pair, work_order)
    move(pair, order)
    sent_and_refused(pair)
    pair.om("hold_order", order=order)
    pair.settle_but_parked()
    assert not told(pair, number, "did not cancel it")
    pair.om("resume_order", order=order)
    pair.settle_but_parked()
    [note] = told(pair, number, "did not cancel it")
    assert f"{work_order} {INSTALL} is to be made anew (location: {HAMBURG} -> {MUNICH})" in note


@pytest.mark.parametrize("on_hold", [False, True], ids=["", "on hold"])
@pytest.mark.parametrize("states", ["-", '"Scheduled, Assigned, Accepted"'])
def test_a_visit_that_had_begun_before_the_field_canceled_it_waits_for_a_decision(
    compensating: Pair,  # noqa: F811
    states: str,
    on_hold: bool,
) -> None:
    pair = compensating
    anew_only_in(pair, states)
    order, number, work_order, part = refused(pair)
    for do in ("accept", "start"):
        pair.fsm(do, work_order=work_order)
    pair.settle()
    assert pair.noted(number, work_order, "because it is Work in Progress")
    if on_hold:
        pair.om("hold_order", order=order)
        pair.settle()
    canceled_there(pair, work_order, part)
    pair.settle()
    if on_hold:
        pair.om("resume_order", order=order)
        pair.settle()
    pair.sync(full=True)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, work_order, f"release gate {work_order}")


@pytest.mark.parametrize("memory_is", ["lost", "old"])
def test_a_memory_that_does_not_know_the_refusal_finds_in_its_note_that_another_visit_is_wanted(
    compensating: Pair,  # noqa: F811
    memory_is: str,
) -> None:
    pair = compensating
    order, _, work_order = dispatched(pair)
    before = pair.copied()
    part = part_for(pair, work_order)
    move(pair, order)
    pair.settle_but_parked()
    pair.forget() if memory_is == "lost" else pair.put_back(before)
    another_day(pair, order, "2027-01-15")
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("revisions", [1, 2, 3])
def test_revisions_that_nobody_saw_do_not_take_back_that_another_visit_is_wanted(
    compensating: Pair,  # noqa: F811
    revisions: int,
) -> None:
    pair = compensating
    order, number, work_order, part = refused(pair)
    for month in range(revisions):
        another_day(pair, order, f"2027-0{month + 1}-15")
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, ANEW)) == 1
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_who_decides_while_the_order_is_on_hold_that_nobody_goes_is_obeyed(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    pair.om("hold_order", order=order)
    pair.settle_but_parked()
    canceled_there(pair, work_order, part)
    pair.settle()
    decide(pair, number, f"release gate {work_order}: the customer has left")
    pair.om("resume_order", order=order)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, CHANGED, "Nobody is sent again by itself")
    assert close(pair, number)


def test_a_cancellation_that_a_person_gave_up_makes_one_in_the_field_its_own(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    with memory.repairing(pair.loaded) as store:
        assert store.release_parked(pair.parked(), pair.now(), drop=True)
    pair.settle()
    canceled_there(pair, work_order, part)
    pair.settle()
    pair.sync(full=True)
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, work_order, "was canceled in Field Service", f"release gate {work_order}")
    assert pair.noted(number, CHANGED)
    assert pair.finding_codes() == ["canceled-in-field"]


def test_a_cancellation_that_a_person_tries_again_makes_the_visit_anew(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    canceled_there(pair, work_order, part)
    pair.retry()
    pair.settle()
    assert visits(pair, order) == ONCE_ANEW
    assert len(told(pair, number, ANEW)) == 1
    pair.assert_nothing_doubled()


def test_past_the_point_of_no_return_nobody_is_sent_anew_by_himself(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order, part = refused(pair)
    pair.om("set_ponr", line=line_of(pair, order, MUNICH))
    pair.settle()
    canceled_there(pair, work_order, part)
    pair.settle()
    assert visits(pair, order) == [(HAMBURG, "canceled")]
    assert pair.noted(number, work_order, "was canceled in Field Service", f"release gate {work_order}")
    assert pair.noted(number, CHANGED)


def test_of_two_visits_the_one_that_was_refused_is_made_anew_too_each_once(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order = dispatched(pair)
    create(pair, number, SWAP)
    pair.settle()
    [swap] = pair.work_orders(order, SWAP)
    parts = {one: part_for(pair, one) for one in (work_order, swap)}
    move(pair, order)
    pair.settle_but_parked()
    for one, part in parts.items():
        canceled_there(pair, one, part)
        (pair.settle if one == swap else pair.settle_but_parked)()
        assert len(told(pair, number, ANEW)) == list(parts).index(one) + 1
    assert visits(pair, order) == visits(pair, order, SWAP) == ONCE_ANEW
    assert pair.finding_codes() == []
    assert pair.waiting() == {}
    pair.assert_nothing_doubled()


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


# --- the place changes after the field canceled, and nobody has decided --------------------------------------------------


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


def test_where_it_moved_and_was_canceled_before_anybody_looked_both_are_told(
    compensating: Pair,  # noqa: F811
) -> None:
    pair = compensating
    order, number, work_order = dispatched(pair)
    canceled_there(pair, work_order)
    revise(pair, order, location=place_id(pair, MUNICH))
    assert pair.noted(number, CHANGED)
    assert len(told(pair, number, "was canceled in Field Service")) == 1
    assert visits(pair, order) == [(HAMBURG, "canceled")]


def test_an_order_that_did_not_move_says_nothing_more_about_its_canceled_visit(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, number, work_order = dispatched(pair)
    canceled_there(pair, work_order)
    pair.settle()
    before = pair.notes(number)
    revise(pair, order, location=place_id(pair, HAMBURG))
    assert pair.notes(number) == before
