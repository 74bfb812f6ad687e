"""README promise: whatever road a visit takes in Field Service, the order hears of each step, and the gate opens at its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from connector import memory
from connector.config import load
from connector.engine.history import overview
from tests.conftest import HAMBURG
from tests.scenarios.test_gate import ask, close, decide, in_the_field, with_gate

if TYPE_CHECKING:
    from tests.conftest import Pair


def visit_of(pair: Pair) -> tuple[str, str]:
    """A new order that the connector knows: its resource order and its work order."""
    order = pair.approved(HAMBURG)
    pair.settle()
    return pair.resource_order(order), pair.install(order)


def carry_out(pair: Pair, number: str, work_order: str) -> None:
    """The visit is dispatched and made, and what it was made for may be closed."""
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    assert pair.noted(number, work_order, "-> Closed Complete")
    assert ask(pair, number).work[0].blocks is False


# --- before and around the dispatch ----------------------------------------------------------------------------


def test_a_technician_who_rejects_a_visit_is_told_and_another_one_makes_it(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    for task in pair.rows("fsm", "wm_task", f"parent.number={work_order}", "number"):
        pair.fsm("reject_task", task=task["number"], reason="no ladder")
    pair.settle()
    assert pair.state("fsm", "wm_order", work_order) == "ready for dispatch"
    assert pair.noted(number, work_order, "Assigned -> Ready for Dispatch", "1 of 1 work order open")
    assert not close(pair, number)
    carry_out(pair, number, work_order)
    assert close(pair, number)
    pair.assert_nothing_doubled()


def test_a_visit_that_waits_for_its_qualification_is_open_until_it_was_made(pair: Pair) -> None:
    pair.world.switch("fsm", qualification=True)
    number, work_order = visit_of(pair)
    assert pair.noted(number, work_order, "created in Field Service: Awaiting Qualification")
    assert not close(pair, number)
    assert pair.noted(number, "was reopened", f"{work_order} (Awaiting Qualification)")
    pair.fsm("qualify", work_order=work_order)
    pair.settle()
    assert pair.noted(number, work_order, "Awaiting Qualification -> Ready for Dispatch")
    carry_out(pair, number, work_order)
    assert close(pair, number)


def test_a_visit_that_needs_an_approval_goes_on_when_it_is_approved(pair: Pair) -> None:
    pair.world.switch("fsm", work_order_approval=True)
    number, work_order = visit_of(pair)
    assert pair.noted(number, work_order, "created in Field Service: Waiting for Approval")
    assert not close(pair, number)
    pair.fsm("approve_work_order", work_order=work_order)
    pair.settle()
    assert pair.noted(number, work_order, "Waiting for Approval -> Ready for Dispatch")
    carry_out(pair, number, work_order)
    assert close(pair, number)


def test_a_visit_whose_approval_is_rejected_came_to_nothing_and_asks(pair: Pair) -> None:
    pair.world.switch("fsm", work_order_approval=True)
    number, work_order = visit_of(pair)
    pair.fsm("reject_work_order", work_order=work_order, reason="too expensive")
    pair.settle()
    assert pair.noted(number, work_order, "was Waiting for Approval", "cannot be closed until somebody decides")
    assert pair.finding_codes() == ["canceled-in-field"]
    assert not close(pair, number)
    decide(pair, number, f"release gate {work_order}: done by remote hands")
    pair.settle()
    assert close(pair, number)
    assert pair.finding_codes() == []


# --- a cancellation that Field Service does not carry out ------------------------------------------------------


def retry(pair: Pair) -> None:
    """Whoever looks after the connector says `om-fsm outbox retry` for everything that was refused."""
    database = memory.reading(pair.loaded)
    assert database is not None
    with memory.repairing(pair.loaded) as store:
        for one in overview(database).waiting:
            assert store.release_parked(one.id, pair.now(), drop=False)
    pair.settle()


def call_off(pair: Pair) -> None:
    order = pair.rows("om", "sn_ind_tmt_orm_order", "", "number")[0]["number"]
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)


def test_a_questionnaire_to_be_answered_first_blocks_a_cancellation_which_is_told_and_made_good_later(
    pair: Pair,
) -> None:
    number, work_order = in_the_field(pair)
    asked = pair.fsm("attach_questionnaire", record=work_order, name="Safety", blocks="canceled")
    call_off(pair)
    pair.settle_but_parked()
    assert pair.state("fsm", "wm_order", work_order) == "assigned"
    assert pair.noted(number, work_order, "is no longer asked for, but Field Service did not cancel it", "a rule there")
    assert "not-canceled" in pair.finding_codes()
    pair.fsm("answer_questionnaire", questionnaire=asked["questionnaire"]["number"])
    retry(pair)
    assert pair.state("fsm", "wm_order", work_order) == "canceled"
    assert pair.noted(number, work_order, "was canceled")
    assert (pair.finding_codes(), pair.waiting()) == ([], {})
    pair.assert_nothing_doubled()


def test_a_cancellation_without_permission_is_told_and_made_good_when_the_right_is_given(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    denied = {"kind": "table_forbidden", "method": "PATCH", "path_contains": "wm_order", "user": "connector"}
    fault = pair.world.fault("fsm", {**denied, "count": None})
    call_off(pair)
    pair.settle_but_parked()
    assert pair.state("fsm", "wm_order", work_order) == "assigned"
    assert pair.noted(number, work_order, "is no longer asked for", "no permission")
    assert set(pair.finding_codes()) == {"not-canceled"}
    pair.world.clear_faults(fault)
    retry(pair)
    assert pair.state("fsm", "wm_order", work_order) == "canceled"
    assert pair.noted(number, work_order, "was canceled")
    assert (pair.finding_codes(), pair.waiting()) == ([], {})
    pair.assert_nothing_doubled()


def test_a_visit_that_was_closed_before_its_cancellation_arrived_is_told_as_made(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.world.fault("fsm", {"kind": "status", "status": 503, "method": "PATCH", "user": "connector", "count": 1})
    call_off(pair)
    pair.sync()
    assert pair.waiting() != {}
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    assert pair.state("fsm", "wm_order", work_order) == "closed complete"
    assert pair.noted(number, work_order, "-> Closed Complete")
    assert pair.noted(number, work_order, "before it could be canceled")
    assert (pair.finding_codes(), pair.waiting()) == (["not-canceled"], {})
    decide(pair, number, f"release gate {work_order}: the device stays there")
    pair.settle()
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


# --- what follows an end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["close_incomplete", "cancel_work_order"])
def test_where_only_a_note_is_wanted_nobody_has_to_look_but_the_gate_still_asks(pair: Pair, do: str) -> None:
    with_gate(pair, canceled_in_field="note", closed_incomplete="note")
    number, work_order = in_the_field(pair)
    pair.fsm(do, work_order=work_order, reason="no access")
    pair.settle()
    assert pair.noted(number, work_order, "0 of 1 work order open")
    assert pair.noted(number, work_order, "no access")
    assert pair.finding_codes() == []
    assert not close(pair, number)
    decide(pair, number, f"release gate {work_order}")
    pair.settle()
    assert close(pair, number)


@pytest.mark.parametrize(
    ("releases", "do", "closes"),
    [
        (("closed incomplete",), "close_incomplete", True),
        (("closed incomplete",), "cancel_work_order", False),
        (("canceled in field",), "cancel_work_order", True),
        (("canceled in field",), "close_incomplete", False),
    ],
)
def test_which_ends_count_as_done_is_the_administrators(
    pair: Pair, releases: tuple[str, ...], do: str, *, closes: bool
) -> None:
    path = pair.loaded.path
    said = json.dumps(["closed complete", *releases])
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[gate]\nreleases = {said}\n", encoding="utf-8")
    pair.loaded = load(path)
    number, work_order = in_the_field(pair)
    pair.fsm(do, work_order=work_order, reason="no access")
    pair.settle()
    assert pair.noted(number, f"{number} is ready to be closed") is closes
    assert close(pair, number) is closes
