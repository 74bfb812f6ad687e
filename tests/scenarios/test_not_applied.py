"""README promise: what Field Service did not take is a finding for as long as it is missing: until a person has put it right, or
it could be written after all, or nobody waits for the visit any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox.people import ANYONE, Grant
from tests.conftest import HAMBURG, ORDER, make_pair
from tests.scenarios.test_completion import remembered
from tests.scenarios.test_fallouts import configured, states
from tests.scenarios.test_requests import idle_requests
from tests.scenarios.test_shared_data import CONTACT, changed, known, made

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair

HOURS = 3600
ANNA = "Anna Weber"


@pytest.fixture
def raising(pair: Pair) -> Pair:
    return configured(pair, '[fallout]\nkinds = ["not-applied"]\n')


def locked(pair: Pair, column: str, *labels: str) -> None:
    """Field Service lets the connector write a column of work orders in these states alone, and drops it silently otherwise."""
    pair.lock("fsm", "wm_order", column)
    access = pair.world.fsm.access
    choices = pair.world.fsm.schema.table("wm_order").columns["state"].choices
    where = "stateIN" + ",".join(choice.value for choice in choices if choice.label in labels)
    tables, fields = frozenset({"wm_order"}), frozenset({column})
    if labels:
        access.grants.append(Grant(tables, frozenset({"write"}), frozenset({ANYONE}), fields=fields, where=where))
    access.rights.cache_clear()


def without_anna(pair: Pair) -> tuple[str, str, str]:
    """An order for a contact that Field Service does not know: with its resource order and its work order."""
    changed(pair, "fsm", CONTACT, known(pair, "fsm", CONTACT, ANNA), name="Anna Schmidt", email="")
    return dispatched(pair)


def dispatched(pair: Pair) -> tuple[str, str, str]:
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order = pair.install(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.settle()
    return order, pair.resource_order(order), work_order


def shows(pair: Pair, work_order: str, column: str) -> str:
    return pair.labels("fsm", "wm_order", f"number={work_order}", column)[0]


def updates(pair: Pair) -> list[str]:
    """How often each work order was written."""
    return [row["sys_mod_count"] for row in pair.rows("fsm", "wm_order", "ORDERBYnumber", "sys_mod_count")]


def everything_taken(pair: Pair, number: str) -> None:
    assert pair.finding_codes() == []
    assert set(states(pair)) <= {"resolved"}
    assert pair.noted(number, "now says what was missing")
    pair.assert_nothing_doubled()


# --- the note about an update says what was taken, and nothing else --------------------------------------------


def urgent(pair: Pair, number: str, order: str, **more: str) -> None:
    pair.om("write", table="sn_ind_tmt_orm_domain_order", record=number, fields={"priority": "1", **more})
    pair.om("revise", order=order)
    pair.om("approve_revision", order=order)
    pair.settle()


def last_said(pair: Pair, number: str, work_order: str) -> str:
    """The last note about a work order, without its token."""
    return [note for note in pair.notes(number) if note.startswith(work_order)][-1].partition("\n[om-fsm")[0]


REFUSED = (
    "{} Install CPE does not follow a change of the order: priority: 4 - Low -> 1 - Critical. Current status: Assigned."
    " 1 of 1 work order open. Field Service did not take: priority."
)
TAKEN = (
    "{} Install CPE was updated after a change of the order: priority: 4 - Low -> 1 - Critical. Current status: Assigned."
    " 1 of 1 work order open."
)
LOST_ANSWER = {"kind": "commit_then_drop", "method": "PATCH", "path_contains": "/table/wm_order", "count": 1}


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
@pytest.mark.parametrize(("is_locked", "note"), [(True, REFUSED), (False, TAKEN)], ids=["refused", "taken"])
def test_a_change_that_field_service_drops_is_not_told_as_carried(
    raising: Pair, note: str, *, is_locked: bool, is_lost: bool
) -> None:
    order, number, work_order = dispatched(raising)
    if is_locked:
        locked(raising, "priority")
    if is_lost:
        raising.world.fault("fsm", LOST_ANSWER)
    urgent(raising, number, order)
    assert last_said(raising, number, work_order) == note.format(work_order)
    assert raising.finding_codes() == (["not-applied"] if is_locked else [])
    raising.assert_nothing_doubled()


# --- a person puts it right ------------------------------------------------------------------------------------


def test_what_a_dispatcher_fills_in_by_hand_is_missing_no_more(raising: Pair) -> None:
    order, number, _ = without_anna(raising)
    assert states(raising) == ["open"] * len(states(raising)) != []
    anna = known(raising, "fsm", CONTACT, "Anna Schmidt")
    for work_order in raising.work_orders(order):
        raising.fsm("write", table="wm_order", record=work_order, fields={"contact": anna})
    changed(raising, "fsm", CONTACT, anna, name=ANNA)
    raising.settle()
    everything_taken(raising, number)


def test_another_contact_than_the_one_that_was_wanted_puts_nothing_right(raising: Pair) -> None:
    order, _, _ = without_anna(raising)
    anna = known(raising, "fsm", CONTACT, "Anna Schmidt")
    for work_order in raising.work_orders(order):
        raising.fsm("write", table="wm_order", record=work_order, fields={"contact": anna})
    raising.settle()
    assert set(raising.finding_codes()) == {"not-applied"}
    assert set(states(raising)) == {"open"}


# --- it can be written after all -------------------------------------------------------------------------------


def test_a_record_that_is_created_in_field_service_later_is_filled_in_without_anybody_asking(raising: Pair) -> None:
    _, number, work_order = without_anna(raising)
    anna = made(raising, "fsm", CONTACT, name=ANNA, user_name="anna", email="anna.weber@acme.example")
    raising.world.advance(5 * HOURS)
    raising.settle()
    assert raising.rows("fsm", "wm_order", f"number={work_order}", "contact")[0]["contact"] == anna
    everything_taken(raising, number)
    assert raising.noted(number, work_order, f"contact: (empty) -> {ANNA}")


def test_while_it_is_missing_nothing_is_written_and_the_one_fallout_stays(raising: Pair) -> None:
    without_anna(raising)
    before, raised = updates(raising), states(raising)
    for _ in range(4):
        raising.world.advance(5 * HOURS)
        raising.sync()
    assert updates(raising) == before
    assert set(raising.finding_codes()) == {"not-applied"}
    assert states(raising) == raised
    assert set(raised) == {"open"}


def test_a_record_that_field_service_will_not_take_although_it_is_there_is_tried_once(raising: Pair) -> None:
    without_anna(raising)
    before = updates(raising)
    made(raising, "fsm", CONTACT, name=ANNA, user_name="anna", email="anna.weber@acme.example")
    locked(raising, "contact")
    raising.world.advance(5 * HOURS)
    raising.settle()
    tried, raised = updates(raising), states(raising)
    assert tried != before
    for _ in range(3):
        raising.world.advance(5 * HOURS)
        raising.settle()
    assert updates(raising) == tried
    assert set(raising.finding_codes()) == {"not-applied"}
    assert states(raising) == raised
    assert set(raised) == {"open"}


def test_a_column_that_may_be_written_in_some_states_alone_is_written_when_the_visit_gets_there(raising: Pair) -> None:
    locked(raising, "priority", "Work in Progress")
    order, number, work_order = dispatched(raising)
    wanted = "1 - Critical"
    raising.om("write", table="sn_ind_tmt_orm_domain_order", record=number, fields={"priority": "1"})
    raising.om("revise", order=order)
    raising.om("approve_revision", order=order)
    raising.settle()
    assert shows(raising, work_order, "priority") != wanted
    assert raising.finding_codes() == ["not-applied"]
    raising.fsm("accept", work_order=work_order)
    raising.settle()
    assert shows(raising, work_order, "priority") != wanted
    assert states(raising) == ["open"]
    raising.fsm("start", work_order=work_order)
    raising.settle()
    assert shows(raising, work_order, "priority") == wanted
    everything_taken(raising, number)


def test_what_is_missing_makes_no_pass_dearer_in_which_nothing_is_due(pair: Pair, tmp_path: Path) -> None:
    without_anna(pair)
    beside = tmp_path / "whole"
    beside.mkdir()
    whole = make_pair(beside)
    dispatched(whole)
    assert len(idle_requests(pair)) == len(idle_requests(whole))


# --- memory is lost --------------------------------------------------------------------------------------------


def test_it_is_missing_still_when_memory_is_lost_and_its_fallout_stays_open(raising: Pair) -> None:
    _, number, work_order = without_anna(raising)
    before = updates(raising)
    raising.forget()
    raising.settle()
    assert set(raising.finding_codes()) == {"not-applied"}
    assert set(states(raising)) == {"open"}
    assert updates(raising) == before
    anna = made(raising, "fsm", CONTACT, name=ANNA, user_name="anna", email="anna.weber@acme.example")
    raising.world.advance(5 * HOURS)
    raising.settle()
    assert raising.rows("fsm", "wm_order", f"number={work_order}", "contact")[0]["contact"] == anna
    everything_taken(raising, number)


# --- nobody waits for it any more ------------------------------------------------------------------------------


def test_an_order_whose_visits_are_over_is_put_away_although_something_was_never_taken(raising: Pair) -> None:
    order, _, _ = without_anna(raising)
    for work_order in raising.work_orders(order):
        raising.fsm("dispatch", work_order=work_order, technician="technician")
        for do in ("accept", "start", "complete"):
            raising.fsm(do, work_order=work_order)
    raising.settle()
    assert raising.finding_codes() == []
    assert set(states(raising)) == {"resolved"}
    for number in raising.domain_orders(order):
        raising.om("close_domain_order", domain_order=number)
    raising.settle()
    assert raising.state("om", ORDER, order) == "completed"
    assert remembered(raising) == {}


# --- the answer that would have told is lost -------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["commit_then_drop", "commit_then_500"])
def test_what_was_not_taken_is_known_although_the_answer_to_the_creation_is_lost(raising: Pair, lost: str) -> None:
    raising.world.fault("fsm", {"kind": lost, "method": "POST", "path_contains": "/table/wm_order", "count": None})
    order, number, work_order = without_anna(raising)
    assert shows(raising, work_order, "contact") == ""
    assert set(raising.finding_codes()) == {"not-applied"}
    assert states(raising) == ["open"] * len(states(raising)) != []
    assert len(raising.work_orders(order)) == 2
    assert raising.noted(number, work_order, "was created", "Field Service has no contact Anna Weber")


def test_what_was_taken_although_the_answer_is_lost_is_no_finding(raising: Pair) -> None:
    raising.world.fault(
        "fsm", {"kind": "commit_then_drop", "method": "POST", "path_contains": "/table/wm_order", "count": None}
    )
    dispatched(raising)
    assert raising.finding_codes() == []
