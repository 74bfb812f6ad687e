"""README promise: while an order is on hold nothing moves in Field Service, and the dispatcher may be asked to wait."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.engine.asking import asked_to_detach
from tests.conftest import HAMBURG, LINE, MUNICH

if TYPE_CHECKING:
    from collections.abc import Callable

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


# --- the order was changed while the dispatcher waited ------------------------------------------------------------------


def heard(pair: Pair, work_order: str) -> list[str]:
    """What the dispatcher was told on the work order, oldest first."""
    sys_id = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_id")[0]["sys_id"]
    query = f"element_id={sys_id}^element=work_notes^ORDERBYsys_created_on"
    return [row["value"].split("\n")[0] for row in pair.rows("fsm", "sys_journal_field", query, "value")]


def with_row(pair: Pair, row: str, instead: str = "other,-,-,patch and note") -> None:
    path = pair.loaded.path.parent / "compensation.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(instead, row), encoding="utf-8")
    pair.loaded = load(pair.loaded.path)


def line_of(pair: Pair, order: str) -> str:
    return pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]


def moved(pair: Pair, order: str) -> None:
    """In a revision that nobody has approved yet."""
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line_of(pair, order), fields={"location": place})


RATES, PLACES = "bandwidth: 100 Mbit/s -> 1 Gbit/s", f"location: {HAMBURG} -> {MUNICH}"
FOLLOWS = f"goes on in Order Management: this visit is wanted, with a change: {RATES}."
STAYS = "This work order stays as it is"


@pytest.mark.parametrize("how", ["patch and note", "patch", "flag the dispatcher"])
def test_who_was_asked_to_wait_hears_once_that_the_visit_goes_on_and_what_changed(warning: Pair, how: str) -> None:
    with_row(warning, f"other,-,-,{how}")
    order, work_order = visited(warning)
    revise(warning, order)
    warning.settle()
    warning.om("approve_revision", order=order)
    warning.settle()
    warning.sync(full=True)
    first, last = heard(warning, work_order)
    assert WARNED in first
    assert FOLLOWS in last
    assert ("Please check the visit" in last) is (how == "flag the dispatcher")
    row = warning.rows("fsm", "wm_order", f"number={work_order}", "description", "correlation_display")[0]
    assert "1 Gbit/s" in row["description"]
    assert "warned" not in row["correlation_display"]
    assert warning.noted(warning.resource_order(order), work_order, RATES) is (how != "patch")


@pytest.mark.parametrize("forgotten", [False, True], ids=["the answer is lost", "memory is lost too"])
def test_it_goes_on_with_a_change_once_whatever_is_lost(warning: Pair, forgotten: bool) -> None:
    order, work_order = visited(warning)
    revise(warning, order)
    warning.settle()
    warning.om("approve_revision", order=order)
    fault = {"kind": "commit_then_drop", "method": "PATCH", "path_contains": "wm_order", "count": 1}
    warning.world.fault("fsm", fault)
    warning.sync()
    if forgotten:
        warning.forget()
    warning.settle()
    warning.sync(full=True)
    assert [FOLLOWS in text for text in heard(warning, work_order)] == [False, True]


def test_a_domain_order_that_was_held_alone_goes_on_with_its_change(warning: Pair) -> None:
    order, work_order = visited(warning)
    number = warning.resource_order(order)
    warning.om("set_domain_order_state", domain_order=number, state="on_hold")
    warning.settle()
    warning.om("set_characteristic", line=line_of(warning, order), name="Bandwidth", value="1 Gbit/s")
    warning.settle()
    warning.om("set_domain_order_state", domain_order=number, state="in_progress")
    warning.settle()
    warned, last = heard(warning, work_order)
    assert WARNED in warned
    assert f"{number} {FOLLOWS}" in last


def test_a_change_that_waits_for_a_decision_is_told_to_who_was_asked_to_wait(warning: Pair) -> None:
    order, work_order = visited(warning)
    warning.fsm("dispatch", work_order=work_order, technician="technician")
    moved(warning, order)
    warning.settle()
    warning.fsm("start", work_order=work_order)
    warning.settle()
    warning.om("approve_revision", order=order)
    warning.settle()
    warning.forget()
    warning.settle()
    warned, last = heard(warning, work_order)
    assert WARNED in warned
    assert f"goes on in Order Management, but was changed: {PLACES}. {STAYS}: somebody must agree" in last
    assert "change-waits" in warning.finding_codes()


def test_a_change_past_the_point_of_no_return_is_told_to_who_was_asked_to_wait(warning: Pair) -> None:
    order, work_order = visited(warning)
    number, line = warning.resource_order(order), line_of(warning, order)
    warning.om("set_domain_order_state", domain_order=number, state="on_hold")
    warning.settle()
    warning.om("set_characteristic", line=line, name="Bandwidth", value="1 Gbit/s")
    warning.om("set_ponr", line=line)
    warning.om("set_domain_order_state", domain_order=number, state="in_progress")
    warning.settle()
    warned, last = heard(warning, work_order)
    assert WARNED in warned
    assert f"but was changed: {RATES}. {STAYS}: {line} is past its point of no return." in last


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (revise, f"{RATES}. {STAYS}: Field Service did not take the change."),
        (moved, f"{PLACES}. {STAYS}: Field Service did not cancel it."),
    ],
    ids=["another rate", "another place"],
)
def test_what_field_service_refuses_is_told_to_who_was_asked_to_wait(
    warning: Pair, change: Callable[[Pair, str], None], words: str
) -> None:
    order, work_order = visited(warning)
    change(warning, order)
    warning.settle()
    warning.om("approve_revision", order=order)
    warning.world.fault("fsm", {"kind": "status", "status": 403, "method": "PATCH", "user": "connector", "count": 1})
    warning.settle_but_parked()
    warned, last = heard(warning, work_order)
    assert WARNED in warned
    assert f"but was changed: {words}" in last


def test_what_was_not_said_yet_is_not_said_when_it_is_not_true_any_more(warning: Pair) -> None:
    order, work_order = visited(warning)
    warning.om("hold_order", order=order)
    warning.settle()
    warning.om("resume_order", order=order)
    warning.world.fault("fsm", {"kind": "status", "status": 503, "method": "PATCH", "user": "connector", "count": None})
    warning.sync()
    warning.om("set_characteristic", line=line_of(warning, order), name="Bandwidth", value="1 Gbit/s")
    warning.sync()
    warning.world.clear_faults()
    warning.settle()
    assert [FOLLOWS in text for text in heard(warning, work_order)] == [False, True]


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
