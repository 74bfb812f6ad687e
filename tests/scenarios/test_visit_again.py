"""README promise: where that is configured, the answer to a visit that came to nothing may be that somebody goes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.config import load
from tests.scenarios.test_gate import ask, close, decide, in_the_field

if TYPE_CHECKING:
    from tests.conftest import Pair


@pytest.fixture
def again(pair: Pair) -> Pair:
    path = pair.loaded.path
    ends = 'closed_incomplete = "reschedule"\ncanceled_in_field = "reschedule"\n'
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[gate]\n{ends}", encoding="utf-8")
    pair.loaded = load(path)
    return pair


def installs(pair: Pair, work_order: str) -> list[str]:
    """Every Install CPE at the same place, by number."""
    [about] = pair.rows("fsm", "wm_order", f"number={work_order}", "short_description")
    query = f"short_description={about['short_description']}^ORDERBYnumber"
    return [row["number"] for row in pair.rows("fsm", "wm_order", query, "number")]


@pytest.mark.parametrize("do", ["close_incomplete", "cancel_work_order"])
def test_somebody_goes_again_once_and_the_gate_waits_for_that_visit(again: Pair, do: str) -> None:
    number, work_order = in_the_field(again)
    again.fsm(do, work_order=work_order, reason="nobody home")
    again.sync()
    assert again.noted(number, work_order, f"visit again {work_order} (somebody goes again)")
    decide(again, number, f"visit again {work_order}: on Friday she is at home")
    again.sync()
    first, second = installs(again, work_order)
    assert first == work_order
    again.sync()
    assert again.noted(number, second, "was created in Field Service", "1 of 2 work orders open")
    assert not close(again, number)
    assert again.noted(number, "was reopened", second)
    said = {one.number: one for one in ask(again, number).work}
    assert (said[work_order].blocks, said[second].blocks) == (False, True)
    assert said[work_order].why == "another visit was asked for by Frank Miller"
    again.settle()
    assert installs(again, work_order) == [work_order, second]
    again.fsm("dispatch", work_order=second, technician="technician")
    again.fsm("complete", work_order=second)
    again.sync()
    assert again.noted(number, f"{number} is ready to be closed")
    assert close(again, number)
    assert again.finding_codes() == []
    again.assert_nothing_doubled()


def test_the_visit_in_its_place_survives_the_loss_of_memory_and_is_not_made_twice(again: Pair) -> None:
    number, work_order = in_the_field(again)
    again.fsm("close_incomplete", work_order=work_order, reason="nobody home")
    again.sync()
    decide(again, number, "visit again")
    again.sync()
    again.forget()
    again.settle()
    again.forget()
    again.settle()
    assert len(installs(again, work_order)) == 2
    again.assert_nothing_doubled()
    assert again.plan() == () or not any(plan.actions for plan in again.plan())


def test_the_visit_in_its_place_may_come_to_nothing_too(again: Pair) -> None:
    number, work_order = in_the_field(again)
    for _ in range(2):
        last = installs(again, work_order)[-1]
        again.fsm("cancel_work_order", work_order=last, reason="nobody home")
        again.sync()
        decide(again, number, f"visit again {last}")
        again.sync()
    assert len(installs(again, work_order)) == 3
    last = installs(again, work_order)[-1]
    again.fsm("cancel_work_order", work_order=last, reason="nobody home")
    again.sync()
    assert not close(again, number)
    decide(again, number, f"release gate {last}: the customer gives up")
    again.sync()
    assert close(again, number)
    again.assert_nothing_doubled()


def test_a_request_whose_creation_had_an_unclear_outcome_makes_one_visit(again: Pair) -> None:
    number, work_order = in_the_field(again)
    again.fsm("close_incomplete", work_order=work_order, reason="nobody home")
    again.sync()
    decide(again, number, "visit again")
    again.world.fault("fsm", {"kind": "commit_then_drop", "method": "POST", "user": "connector", "count": 1})
    again.sync()
    again.settle()
    assert len(installs(again, work_order)) == 2
    again.assert_nothing_doubled()


def test_with_the_default_those_words_arrange_nothing(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("close_incomplete", work_order=work_order, reason="nobody home")
    pair.sync()
    decide(pair, number, "visit again")
    pair.settle()
    assert installs(pair, work_order) == [work_order]
    assert not close(pair, number)
