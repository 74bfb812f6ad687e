"""README promise: a finished order task that a revision opens again is visited again, once for each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import HAMBURG, LINE
from tests.scenarios.test_gate import ask
from tests.scenarios.test_order_roads import policy
from tests.scenarios.test_put_back import TASK, put

if TYPE_CHECKING:
    from tests.conftest import Pair


@pytest.fixture
def activating(pair: Pair) -> Pair:
    """The pair where somebody drives out to activate a line. The platform activates it again when the line is changed."""
    policy(pair, "activate,-,add,Activate line,Install CPE,", "order_task_policy.csv")
    return pair


def make(pair: Pair, work_order: str) -> None:
    """Somebody makes the visit."""
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("complete", work_order=work_order)
    pair.settle()


def task_of(pair: Pair) -> str:
    [row] = pair.rows("om", TASK, "request_type.name=Activate line", "number")
    return row["number"]


def service_order(pair: Pair, order: str) -> str:
    return pair.domain_orders(order, "service_order")[0]


def finished(pair: Pair) -> tuple[str, str]:
    """An order whose line was activated: with its work order."""
    order = pair.approved(HAMBURG, offering="Fiber Access")
    pair.settle()
    [work_order] = pair.work_orders(order)
    make(pair, work_order)
    pair.om("close_order_task", task=task_of(pair))
    pair.settle()
    return order, work_order


def revise(pair: Pair, order: str, rate: str) -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": rate})
    pair.settle()
    pair.om("approve_revision", order=order)
    pair.world.advance(10)
    pair.settle()


def test_a_redone_task_is_visited_again_with_what_is_wanted_now_and_the_gate_waits(activating: Pair) -> None:
    order, first = finished(activating)
    number = service_order(activating, order)
    revise(activating, order, "1 Gbit/s")
    assert activating.state("om", TASK, task_of(activating)) == "open"
    [_, second] = activating.work_orders(order)
    [made] = activating.rows("fsm", "wm_order", f"number={second}", "description")
    assert "1 Gbit/s" in made["description"]
    assert activating.noted(number, second, "was created in Field Service", "1 of 2 work orders open")
    assert {one.number: one.blocks for one in ask(activating, number).work} == {first: False, second: True}
    make(activating, second)
    activating.om("close_order_task", task=task_of(activating))
    activating.settle()
    assert activating.work_orders(order) == [first, second]
    assert activating.finding_codes() == []
    activating.assert_nothing_doubled()


def test_each_redo_is_one_visit(activating: Pair) -> None:
    order, _ = finished(activating)
    for made, rate in ((2, "1 Gbit/s"), (3, "2 Gbit/s")):
        revise(activating, order, rate)
        assert len(activating.work_orders(order)) == made
        make(activating, activating.work_orders(order)[-1])
        assert len(activating.work_orders(order)) == made
        activating.om("close_order_task", task=task_of(activating))
        activating.settle()
    assert len(activating.work_orders(order)) == 3
    activating.assert_nothing_doubled()


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
def test_the_visit_of_a_redone_task_is_made_once_whatever_becomes_of_answers_and_memory(
    activating: Pair, kind: str
) -> None:
    order, _ = finished(activating)
    activating.world.fault("fsm", {"kind": kind, "method": "POST", "user": "connector", "count": 1})
    revise(activating, order, "1 Gbit/s")
    assert len(activating.work_orders(order)) == 2
    for _ in range(2):
        activating.forget()
        activating.settle()
    make(activating, activating.work_orders(order)[-1])
    assert len(activating.work_orders(order)) == 2
    activating.assert_nothing_doubled()


def test_a_task_that_a_revision_does_not_touch_brings_nobody(activating: Pair) -> None:
    order, first = finished(activating)
    revise(activating, order, "100 Mbit/s")
    assert activating.state("om", TASK, task_of(activating)) == "closed complete"
    assert activating.work_orders(order) == [first]


def test_a_task_that_was_not_finished_yet_keeps_the_visit_that_was_made(activating: Pair) -> None:
    order = activating.approved(HAMBURG, offering="Fiber Access")
    activating.settle()
    [first] = activating.work_orders(order)
    make(activating, first)
    revise(activating, order, "1 Gbit/s")
    assert activating.work_orders(order) == [first]
    assert activating.noted(service_order(activating, order), first, "before a change of the order could reach it")


def test_a_task_that_was_closed_by_mistake_and_is_put_back_brings_nobody(activating: Pair) -> None:
    order, first = finished(activating)
    put(activating, TASK, task_of(activating), "open")
    activating.settle()
    assert activating.work_orders(order) == [first]
    assert activating.finding_codes() == []
