"""README promise: a visit that is over, and that one look does not find, is asked for again: what follows from it is not lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from connector import app
from tests.conftest import HAMBURG, ORDER, Pair
from tests.faults.test_change_detection import Watching, delete, watching  # noqa: F401
from tests.scenarios.test_gate import decide, in_the_field
from tests.scenarios.test_ponr import line_of
from tests.scenarios.test_redo import activating, finished  # noqa: F401
from tests.scenarios.test_visit_again import again, installs  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator


def visited(watching: Watching, *, on_hold: bool) -> tuple[str, str]:  # noqa: F811
    """An order whose visits are over, and a domain order of it; nothing of them is in what the feeds overlap."""
    pair = watching.pair
    order = pair.approved(HAMBURG)
    watching.sync()
    if on_hold:
        pair.om("hold_order", order=order)
    for visit in pair.work_orders(order):
        pair.fsm("dispatch", work_order=visit, technician="technician")
        pair.fsm("complete", work_order=visit)
    for _ in range(3):
        watching.sync()
    watching.sync(seconds=400)
    return order, pair.resource_order(order)


def test_what_is_over_and_was_not_shown_in_passing_lets_its_domain_order_be_called_ready_all_the_same(
    watching: Watching,  # noqa: F811
) -> None:
    pair = watching.pair
    order, number = visited(watching, on_hold=True)
    pair.om("resume_order", order=order)
    nothing = {"kind": "no_rows", "method": "GET", "user": "connector", "count": None, "path_contains": "wm_order?"}
    fault = pair.world.fault("fsm", nothing)
    watching.sync()
    pair.world.clear_faults(fault)
    assert not pair.noted(number, "ready to be closed")
    assert sum(watching.sync(seconds=70).swept for _ in range(2)) == 0
    assert pair.noted(number, "ready to be closed")


def test_a_visit_that_is_deleted_when_it_is_over_is_asked_for_ever_later(watching: Watching) -> None:  # noqa: F811
    pair = watching.pair
    order, number = visited(watching, on_hold=False)
    assert pair.noted(number, "ready to be closed")
    [row] = pair.rows("om", ORDER, f"number={order}", "sys_id")
    for visit in pair.work_orders(order):
        delete(pair, visit)
    watching.a_round()
    looks = []
    for _ in range(10):
        pair.world.clear_requests()
        watching.sync(seconds=70)
        looks.append(any(row["sys_id"] in request.query for request in pair.world.requests("om")))
    assert looks == [False, True, True, False, True, False, False, True, False, False]
    assert pair.finding_codes() == []


@contextmanager
def not_shown(watching: Watching) -> Iterator[None]:  # noqa: F811
    """One look finds no work order; the sweep, and who asks what the instance is known by, are far."""
    for _ in range(3):
        watching.sync(seconds=200)
    yield
    nothing = {"kind": "no_rows", "method": "GET", "user": "connector", "count": None, "path_contains": "wm_order?"}
    fault = watching.pair.world.fault("fsm", nothing)
    watching.sync()
    watching.pair.world.clear_faults(fault)


@pytest.mark.parametrize(("word", "visits", "ready"), [("release gate", 1, True), ("visit again", 2, False)])
def test_what_is_decided_about_a_visit_that_was_not_shown_in_passing_is_heard_when_it_is(
    again: Pair,  # noqa: F811
    word: str,
    visits: int,
    ready: bool,
) -> None:
    number, work_order = in_the_field(again)
    with app.writing(again.loaded, again.outside()) as (engine, systems):
        watching = Watching(again, engine, systems)
        for other in set(again.work_orders(again.rows("om", ORDER, "", "number")[0]["number"])) - {work_order}:
            again.fsm("dispatch", work_order=other, technician="technician")
            again.fsm("complete", work_order=other)
        watching.sync()
        again.fsm("close_incomplete", work_order=work_order, reason="nobody home")
        with not_shown(watching):
            decide(again, number, word)
        assert len(installs(again, work_order)) == 1
        assert not again.noted(number, "ready to be closed")
        assert sum(watching.sync(seconds=70).swept for _ in range(3)) == 0
        assert len(installs(again, work_order)) == visits
        assert bool(again.noted(number, "ready to be closed")) == ready


def test_a_finished_task_that_is_opened_again_while_its_visit_is_not_shown_gets_another_one(activating: Pair) -> None:  # noqa: F811
    order, _ = finished(activating)
    line = line_of(activating, order)
    with app.writing(activating.loaded, activating.outside()) as (engine, systems):
        watching = Watching(activating, engine, systems)
        activating.om("revise", order=order)
        activating.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})
        with not_shown(watching):
            activating.om("approve_revision", order=order)
            activating.world.advance(10)
        assert len(activating.work_orders(order)) == 1
        assert sum(watching.sync(seconds=70).swept for _ in range(3)) == 0
        assert len(activating.work_orders(order)) == 2
