"""README promise: what a work note says of the present is true when it is written; and it is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector import app
from tests.conftest import DOMAIN_ORDER, ORDER
from tests.scenarios.test_fallouts import KINDS, configured, states
from tests.scenarios.test_gate import in_the_field, with_gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Pair

REFUSED = {"kind": "status", "method": "PATCH", "path_contains": DOMAIN_ORDER, "user": "connector"}
NO_JOURNAL = (
    {"kind": "hide_field", "field": "work_notes", "user": "connector", "count": None},
    {"kind": "no_rows", "path_contains": "sys_journal_field", "user": "connector", "count": None},
)
READY = "ready to be closed"


def in_one_life(pair: Pair, *then: Callable[[], object]) -> None:
    """One process that goes on looking, twice after each of these things."""
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        for happens in (lambda: None, *then):
            happens()
            for _ in range(2):
                app.sync_once(engine, systems, pair.now)
                pair.world.advance(400)


def test_one_that_is_dropped_silently_is_parked_and_not_written_for_ever(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("complete", work_order=work_order)
    pair.world.fault("om", {**REFUSED, "status": 429, "count": None})
    pair.sync()
    pair.world.clear_faults()
    pair.lock("om", DOMAIN_ORDER, "work_notes")
    pair.world.advance(400)
    in_one_life(pair, *[lambda: None] * 10)
    assert set(pair.finding_codes()) == {"write-parked"}
    assert set(pair.waiting()) == {"parked"}
    assert not pair.noted(number, READY)


def hidden(pair: Pair) -> None:
    for fault in NO_JOURNAL:
        pair.world.fault("om", dict(fault))


def not_looked_for(pair: Pair) -> None:
    pair.world.fault("om", {**NO_JOURNAL[1], "kind": "status", "status": 400, "count": 1, "skip": 1})


NEW = {**REFUSED, "skip": 1}
"""Of two notes the second meets it."""


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({**NEW, "kind": "commit_then_500"}, hidden),  # nobody can look
        ({**NEW, "kind": "commit_then_500"}, not_looked_for),  # the look is refused
        ({**NEW, "status": 429, "count": 1}, hidden),  # it is sent, and taken for dropped
    ],
)
def test_one_that_may_have_arrived_is_never_written_twice(
    pair: Pair, first: dict[str, Any], then: Callable[[Pair], None]
) -> None:
    number, work_order = in_the_field(pair)
    [order] = pair.rows("om", ORDER, "", "number")
    pair.fsm("complete", work_order=work_order)
    pair.world.fault("om", first)
    in_one_life(
        pair,
        lambda: then(pair),
        lambda: pair.om("hold_order", order=order["number"]),  # it is not true any more
        pair.world.clear_faults,
        lambda: pair.om("resume_order", order=order["number"]),
        lambda: None,
    )
    assert sum(READY in note for note in pair.notes(number)) == 1
    assert pair.waiting() == {}
    pair.assert_nothing_doubled()


def test_one_that_is_shown_late_is_waited_for_also_where_it_was_refused_before(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("complete", work_order=work_order)
    pair.world.fault("om", {**NEW, "status": 403, "count": 1})
    pair.settle_but_parked()
    pair.retry()
    pair.world.fault("om", {**REFUSED, "kind": "late_commit", "seconds": 30, "count": 1})
    pair.settle()
    assert sum(READY in note for note in pair.notes(number)) == 1


def test_one_that_waits_says_what_is_so_when_it_is_written(pair: Pair) -> None:
    with_gate(pair, mode="note")
    number, work_order = in_the_field(pair)
    pair.om("close_domain_order", domain_order=number)
    pair.world.fault("om", {**REFUSED, "status": 429, "count": None})

    def another() -> None:
        pair.fsm("create_work_order", short_description="by hand", correlation_id=number)
        pair.fsm("complete", work_order=work_order)

    in_one_life(pair, another, pair.world.clear_faults, lambda: None)
    [told] = [note for note in pair.notes(number) if "should not be closed" in note]
    assert work_order not in told


def test_once_it_is_written_after_all_nobody_is_held_up_by_its_fallout(pair: Pair) -> None:
    raising = configured(pair, f"[fallout]\nkinds = {KINDS}\n")
    number, work_order = in_the_field(raising)
    raising.fsm("complete", work_order=work_order)
    raising.world.fault("om", {**REFUSED, "status": 403, "count": 1, "skip": 1})
    raising.settle_but_parked()
    assert (states(raising), raising.noted(number, READY)) == (["open"], False)
    raising.retry()
    raising.sync()
    raising.world.advance(60)
    raising.sync()
    assert (states(raising), raising.noted(number, READY)) == (["resolved"], True)
