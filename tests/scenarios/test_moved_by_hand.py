"""README promise: a work order made by hand counts for whom its correlation id names now, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import Refused
from tests.conftest import DOMAIN_ORDER, HAMBURG, MUNICH
from tests.scenarios.test_by_hand import adopt, detach, made_by_hand

if TYPE_CHECKING:
    from tests.conftest import Pair


def say(pair: Pair, work_order: str, number: str) -> None:
    """The dispatcher corrects the correlation id."""
    pair.fsm("write", table="wm_order", record=work_order, fields={"correlation_id": number})
    pair.settle()


def complete(pair: Pair, *work_orders: str) -> None:
    for one in work_orders:
        pair.fsm("dispatch", work_order=one, technician="technician")
        pair.fsm("complete", work_order=one)
    pair.settle()


def close(pair: Pair, number: str) -> bool:
    """Whether it stays closed."""
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    return pair.state("om", DOMAIN_ORDER, number) == "closed complete"


def two_places(pair: Pair) -> tuple[str, str, str]:
    """Two domain orders of one order, and a work order made by hand for the first."""
    order = pair.approved(HAMBURG, MUNICH)
    pair.settle()
    one, two = pair.domain_orders(order, "resource_order")[:2]
    made = made_by_hand(pair, correlation_id=one)
    pair.settle()
    complete(pair, *pair.work_orders(order, "Install CPE"))
    return one, two, made


@pytest.mark.parametrize("forgetful", [False, True], ids=["remembered", "memory lost"])
def test_moved_to_another_domain_order_of_the_order_it_holds_that_gate_and_no_more_the_first(
    pair: Pair, *, forgetful: bool
) -> None:
    one, two, made = two_places(pair)
    say(pair, made, two)
    assert pair.noted(one, made, f"no longer belongs here: it was given to {two} in Field Service")
    assert pair.noted(two, made, "belongs here now: ", "1 of 2 work orders open")
    if forgetful:
        pair.forget()
        pair.settle()
        assert len(pair.notes(two)) == len(set(pair.notes(two)))
        assert sum(made in note for note in pair.notes(two)) == 1
    assert close(pair, one)
    assert not close(pair, two)
    assert pair.noted(two, "was reopened", made)
    complete(pair, made)
    assert close(pair, two)
    pair.assert_nothing_doubled()


def test_moved_there_and_back_it_is_where_it_was_first(pair: Pair) -> None:
    one, two, made = two_places(pair)
    for number in (two, one, two, one):
        say(pair, made, number)
    assert close(pair, two)
    assert not close(pair, one)
    for number in (one, two):
        assert sum("no longer belongs here" in note for note in pair.notes(number)) == 2
        assert sum("belongs here now" in note for note in pair.notes(number)) == 2
    pair.assert_nothing_doubled()


def test_the_way_out_that_detach_names_works_and_can_be_taken_back(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number = pair.resource_order(order)
    made = made_by_hand(pair, correlation_id=number, correlation_display="SAP 4711")
    pair.settle()
    complete(pair, pair.install(order))
    with pytest.raises(Refused, match="Remove the initiator's number from its correlation id"):
        detach(pair, made)
    assert not close(pair, number)
    pair.fsm("write", table="wm_order", record=made, fields={"correlation_id": ""})
    pair.sync(full=True)
    pair.settle()
    assert pair.noted(number, made, "no longer belongs here: detached by hand, in its correlation id")
    assert "detached by hand" in detach(pair, made).already
    say(pair, made, number)
    assert pair.noted(number, made, "belongs here again")
    assert not close(pair, number)
    say(pair, made, "something else")
    assert close(pair, number)


def test_given_to_another_order_it_holds_the_gate_there_and_readers_of_the_first_are_told(pair: Pair) -> None:
    first = pair.approved(HAMBURG)
    second = pair.approved(MUNICH)
    pair.settle()
    one, two = pair.resource_order(first), pair.resource_order(second)
    made = made_by_hand(pair, correlation_id=one)
    pair.settle()
    complete(pair, pair.install(first), pair.install(second))
    say(pair, made, two)
    assert pair.noted(one, made, "no longer belongs here")
    assert pair.noted(two, made, "was made by hand in Field Service")
    assert close(pair, one)
    assert not close(pair, two)
    say(pair, made, one)
    assert pair.noted(one, made, "belongs here again")
    assert close(pair, two)
    for number in (one, two):
        assert len(pair.notes(number)) == len(set(pair.notes(number)))


def test_a_work_order_of_ours_is_nobodys_to_give_away(pair: Pair) -> None:
    first = pair.approved(HAMBURG)
    second = pair.approved(MUNICH)
    pair.settle()
    one, two, ours = pair.resource_order(first), pair.resource_order(second), pair.install(first)
    complete(pair, pair.install(second))
    say(pair, ours, two)
    assert not pair.noted(one, ours, "no longer belongs here")
    assert not close(pair, one)
    assert close(pair, two)


def test_what_was_let_go_of_by_emptying_may_be_given_to_somebody_by_a_command(pair: Pair) -> None:
    one, two, made = two_places(pair)
    pair.fsm("write", table="wm_order", record=made, fields={"correlation_id": ""})
    pair.sync(full=True)
    pair.settle()
    assert adopt(pair, made, two).action is not None
    pair.settle()
    assert close(pair, one)
    assert not close(pair, two)


def test_a_number_that_is_back_before_its_readers_were_told_has_no_false_last_word(pair: Pair) -> None:
    first, second = pair.approved(HAMBURG), pair.approved(HAMBURG)
    pair.settle()
    here, there = pair.resource_order(first), pair.resource_order(second)
    slow = {"kind": "late_commit", "method": "PATCH", "path_contains": "/table/", "user": "connector"}
    pair.world.fault("om", {**slow, "seconds": 50, "count": 30})
    made = made_by_hand(pair, correlation_id=here)
    for number in (there, here):
        pair.sync()
        pair.fsm("write", table="wm_order", record=made, fields={"correlation_id": number})
    pair.settle()
    told = {number: [note for note in pair.notes(number) if made in note] for number in (here, there)}
    assert "no longer belongs" not in told[here][-1]
    assert not told[there] or "no longer belongs" in told[there][-1]
    assert all(len(notes) == len(set(notes)) for notes in told.values())


def test_where_its_first_note_was_refused_and_it_came_back_elsewhere_by_way_of_another_order_it_is_told_there(
    pair: Pair,
) -> None:
    order, other = pair.approved(HAMBURG), pair.approved(MUNICH)
    pair.settle()
    first, second = pair.domain_orders(order, "service_order")[0], pair.resource_order(order)
    refused = {"kind": "status", "status": 400, "method": "PATCH", "user": "connector", "path_contains": "/table/"}
    pair.world.fault("om", {**refused, "count": 1})
    made = made_by_hand(pair, correlation_id=first)
    pair.settle_but_parked()
    for number in (pair.resource_order(other), second):
        pair.fsm("write", table="wm_order", record=made, fields={"correlation_id": number})
        pair.world.advance(400)
        pair.sync()
    pair.settle()
    assert pair.noted(second, made, "was made by hand in Field Service", "2 of 2 work orders open")
    assert not [note for note in pair.notes(first) if "was made by hand" in note]
    assert sum("made by hand" in note for note in pair.notes(second)) == 1
    assert not close(pair, second)
