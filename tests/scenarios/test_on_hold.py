"""README promise: while an order is on hold nothing moves in Field Service, and the dispatcher may be asked to wait."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.engine.asking import asked_to_detach
from tests.conftest import HAMBURG, LINE

if TYPE_CHECKING:
    from tests.conftest import Pair

WARNED, GOES_ON = "Please do not begin this visit yet", "this visit is wanted as it is"


@pytest.fixture
def warning(pair: Pair) -> Pair:
    path = pair.loaded.path
    rows = (resources.files("connector.mapping") / "tables" / "compensation.csv").read_text(encoding="utf-8")
    states = '"Ready for Dispatch, Scheduled, Assigned, Accepted"'
    hold = f"wait,on hold,{states},flag the dispatcher,\non-hold,"
    (path.parent / "compensation.csv").write_text(rows.replace("on-hold,", hold), encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncompensation = "compensation.csv"')
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    return pair


def told(pair: Pair, work_order: str, words: str) -> int:
    sys_id = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_id")[0]["sys_id"]
    return len(pair.rows("fsm", "sys_journal_field", f"element_id={sys_id}^valueLIKE{words}", "value"))


def revise(pair: Pair, order: str, rate: str = "1 Gbit/s") -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": rate})


def visited(pair: Pair) -> tuple[str, str]:
    order = pair.approved(HAMBURG)
    pair.settle()
    return order, pair.install(order)


def test_the_dispatcher_is_asked_to_wait_once_and_told_once_that_a_declined_revision_changes_nothing(
    warning: Pair,
) -> None:
    order, work_order = visited(warning)
    for _ in range(2):
        before = told(warning, work_order, WARNED), told(warning, work_order, GOES_ON)
        revise(warning, order)
        warning.settle()
        warning.sync(full=True)
        assert told(warning, work_order, WARNED) == before[0] + 1
        assert told(warning, work_order, GOES_ON) == before[1]
        warning.om("decline_revision", order=order)
        warning.settle()
        assert told(warning, work_order, GOES_ON) == before[1] + 1


def test_a_visit_that_has_begun_is_not_flagged(warning: Pair) -> None:
    order, work_order = visited(warning)
    warning.fsm("dispatch", work_order=work_order, technician="technician")
    warning.fsm("start", work_order=work_order)
    revise(warning, order)
    warning.settle()
    assert told(warning, work_order, WARNED) == 0


def test_nobody_is_asked_unless_it_is_configured(pair: Pair) -> None:
    order, work_order = visited(pair)
    revise(pair, order)
    pair.settle()
    assert told(pair, work_order, WARNED) == 0


def test_an_approved_change_tells_by_itself_that_it_goes_on(warning: Pair) -> None:
    order, work_order = visited(warning)
    revise(warning, order)
    warning.settle()
    warning.om("approve_revision", order=order)
    warning.settle()
    assert told(warning, work_order, GOES_ON) == 0
    row = warning.rows("fsm", "wm_order", f"number={work_order}", "description", "correlation_display")[0]
    assert "1 Gbit/s" in row["description"]
    assert "warned" not in row["correlation_display"]


def test_a_canceled_order_cancels_what_was_flagged(warning: Pair) -> None:
    order, work_order = visited(warning)
    warning.om("cancel_order", order=order)
    warning.settle()
    assert told(warning, work_order, WARNED) == 1
    warning.om("approve_cancel", order=order)
    warning.settle()
    assert warning.state("fsm", "wm_order", work_order) == "canceled"


def test_it_is_not_said_twice_after_a_lost_answer_or_a_lost_memory(warning: Pair) -> None:
    order, work_order = visited(warning)
    revise(warning, order)
    fault = {"kind": "commit_then_drop", "method": "PATCH", "path_contains": "wm_order", "count": 1}
    warning.world.fault("fsm", fault)
    warning.settle()
    warning.forget()
    warning.settle()
    assert told(warning, work_order, WARNED) == 1
    warning.om("decline_revision", order=order)
    warning.settle()
    assert told(warning, work_order, GOES_ON) == 1


def test_a_visit_that_somebody_let_go_of_is_not_written_to_any_more(warning: Pair) -> None:
    order, work_order = visited(warning)
    revise(warning, order)
    warning.world.fault("fsm", {"kind": "status", "status": 403, "method": "PATCH", "user": "connector", "count": 1})
    warning.sync()
    assert (told(warning, work_order, WARNED), warning.waiting()) == (0, {"parked": 1})
    app.ask_once(warning.loaded, lambda engine: asked_to_detach(engine, work_order, "by Mia"), warning.outside())
    warning.settle()
    assert (told(warning, work_order, "no longer belongs to"), warning.waiting()) == (1, {})
    assert told(warning, work_order, WARNED) == 0
    warning.om("decline_revision", order=order)
    warning.settle()
    assert told(warning, work_order, GOES_ON) == 0
