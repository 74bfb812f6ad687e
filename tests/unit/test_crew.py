"""Orders served side by side: one that hangs is left to its worker, and the others go on."""

from __future__ import annotations

import threading

import pytest

from connector.engine.crew import Crew
from tests import PATIENCE

SOON = 0.5  # seconds: the patience of these crews


class Desk:
    """Work that hangs for some orders until the desk is opened."""

    def __init__(self, *hanging: str) -> None:
        self.hanging = set(hanging)
        self.opened = threading.Event()
        self.served: list[str] = []

    def work(self, order_id: str) -> bool:
        if order_id in self.hanging:
            assert self.opened.wait(PATIENCE)
        self.served.append(order_id)
        return order_id != "dull"


def test_the_others_go_on_while_one_hangs_and_it_is_reported_when_it_is_done() -> None:
    desk, crew = Desk("stuck"), Crew(2, SOON)
    assert crew.serve(["stuck", "a", "b", "dull", "c"], desk.work) == ["a", "b", "c"]
    assert crew.busy == {"stuck"}
    assert crew.serve(["d"], desk.work) == ["d"]
    assert crew.serve([], desk.work) == []
    desk.opened.set()
    assert crew.finish() == ["stuck"]
    assert crew.busy == frozenset()
    assert crew.finish() == []


def test_what_nobody_has_time_for_because_all_hang_is_left_out_and_may_be_given_again() -> None:
    desk, crew = Desk("one", "two"), Crew(2, SOON)
    assert crew.serve(["one", "two", "a"], desk.work) == []
    assert crew.busy == {"one", "two"}
    assert desk.served == []
    assert crew.serve(["a"], desk.work) == ["a"]
    desk.opened.set()
    assert sorted(crew.finish()) == ["one", "two"]
    assert sorted(desk.served) == ["a", "one", "two"]


def test_a_defect_in_the_work_is_raised_where_it_was_asked_for() -> None:
    def work(order_id: str) -> bool:
        if order_id == "bad":
            raise LookupError(order_id)
        return True

    crew = Crew(2, SOON)
    with pytest.raises(LookupError, match="bad"):
        crew.serve(["a", "bad", "b"], work)
    assert crew.busy == frozenset()
    assert crew.serve(["c"], work) == ["c"]


def test_one_worker_serves_in_order_in_the_calling_thread() -> None:
    seen: list[tuple[str, int]] = []

    def work(order_id: str) -> bool:
        seen.append((order_id, threading.get_ident()))
        return True

    assert Crew(1, SOON).serve("abc", work) == ["a", "b", "c"]
    assert seen == [(order_id, threading.get_ident()) for order_id in "abc"]
