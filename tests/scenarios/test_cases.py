"""README promise: a case that needs a visit gets one, the visit follows the case, and the case follows the visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.config import load
from connector.engine.history import explain
from tests.conftest import HAMBURG, MUNICH, with_cases

if TYPE_CHECKING:
    from tests.conftest import Pair

CASE = "sn_customerservice_case"
POLICY = """id,short description,work order template
swap,contains "router",Swap CPE
both,contains "rebuild","Site Survey"
both-2,contains "rebuild",Install CPE
other,"not(contains ""router"", contains ""rebuild"")",NO FIELD WORK
"""


@pytest.fixture
def cases(pair: Pair) -> Pair:
    """The pair with a policy for cases."""
    return with_cases(pair, POLICY)


def opened(pair: Pair, text: str = "the router is dead", **more: str) -> str:
    """A case somebody works on. Returns its number."""
    given = {"account": "Acme Logistics", "contact": "Anna Weber", "location": HAMBURG, "priority": "2", **more}
    number: str = pair.om("create_case", short_description=text, **given)["case"]["number"]
    pair.om("take_case", case=number)
    return number


def visits(pair: Pair, case: str, template: str = "") -> list[str]:
    query = f"short_descriptionLIKE{case}^ORDERBYnumber" + (f"^template.name={template}" if template else "")
    return [row["number"] for row in pair.rows("fsm", "wm_order", query, "number")]


def said(pair: Pair, case: str) -> list[str]:
    """The private notes on a case, oldest first."""
    sys_id = pair.rows("om", CASE, f"number={case}", "sys_id")[0]["sys_id"]
    query = f"element_id={sys_id}^element=work_notes^ORDERBYsys_created_on"
    return [row["value"] for row in pair.rows("om", "sys_journal_field", query, "value")]


def told(pair: Pair, case: str, *words: str) -> bool:
    return any(all(word in note for word in words) for note in said(pair, case))


def carry_out(pair: Pair, work_order: str) -> None:
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=work_order)
    pair.settle()


def state(pair: Pair, case: str) -> str:
    return pair.state("om", CASE, case)


def test_a_case_that_needs_a_visit_gets_one_and_another_case_does_not(cases: Pair) -> None:
    case = opened(cases)
    by_phone = opened(cases, "how do I read my bill")
    cases.settle()
    [visit] = visits(cases, case, "Swap CPE")
    assert visits(cases, by_phone) == []
    assert told(cases, case, visit, "was created in Field Service")
    assert said(cases, by_phone) == []
    cases.assert_nothing_doubled()


def test_the_visit_knows_customer_place_and_equipment_as_field_service_knows_them(cases: Pair) -> None:
    names = {"consumer": "Nora Lind", "asset": "CPE-500 S4711", "install_base_item": "SD-WAN at Acme Hamburg HQ"}
    case = opened(cases, description="no lamp is on", product="SD-WAN CPE 500", **names)
    cases.settle()
    expected = {"account": "Acme Logistics", "contact": "Anna Weber", "location": HAMBURG, **names}
    for column, name in expected.items():
        assert cases.labels("fsm", "wm_order", f"number={visits(cases, case)[0]}", column) == [name]
    here = cases.rows("fsm", "wm_order", f"number={visits(cases, case)[0]}", "asset", "priority", "description")[0]
    assert here["asset"] == cases.rows("fsm", "alm_asset", "serial_number=S4711", "sys_id")[0]["sys_id"]
    assert here["asset"] != cases.rows("om", "alm_asset", "serial_number=S4711", "sys_id")[0]["sys_id"]
    assert here["priority"] == "2"
    assert "no lamp is on" in here["description"]
    assert "Product: SD-WAN CPE 500" in here["description"]


def test_each_step_of_the_visit_is_a_private_note_on_the_case_and_its_end_resolves_it(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    for do, words in (
        ("dispatch", "Ready for Dispatch -> Assigned by Diana Torres"),
        ("accept", "Assigned -> Accepted by Tom Becker"),
        ("start", "Accepted -> Work in Progress by Tom Becker"),
    ):
        cases.fsm(do, work_order=visit, **({"technician": "technician"} if do == "dispatch" else {}))
        cases.sync()
        assert told(cases, case, visit, words)
        assert state(cases, case) == "open"
    cases.fsm("complete", work_order=visit)
    cases.settle()
    assert told(cases, case, visit, "Closed Complete")
    assert state(cases, case) == "resolved"
    row = (
        cases.labels("om", CASE, f"number={case}", "resolution_code"),
        cases.rows("om", CASE, f"number={case}", "close_notes"),
    )
    assert row == (
        ["Solved - Fixed by closing related issue"],
        [{"close_notes": "Its work order is closed (1 closed complete)."}],
    )
    assert cases.rows("om", "sys_journal_field", "element=comments", "value") == []
    cases.om("accept_solution", case=case)
    cases.settle()
    assert state(cases, case) == "closed"
    assert cases.finding_codes() == []
    cases.assert_nothing_doubled()


def test_an_edited_case_reaches_its_open_visit_with_a_note(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    place = cases.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    cases.om("write", table=CASE, record=case, fields={"location": place})
    cases.settle()
    assert cases.labels("fsm", "wm_order", f"number={visit}", "location") == [MUNICH]
    assert told(cases, case, visit, "after a change of the case", f"location: {HAMBURG} -> {MUNICH}")
    assert visits(cases, case) == [visit]
    cases.assert_nothing_doubled()


def test_an_edit_while_the_customer_has_the_last_word_changes_nothing(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    cases.om("propose_solution", case=case, notes="restart it")
    place = cases.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    cases.om("write", table=CASE, record=case, fields={"location": place})
    cases.settle()
    assert cases.labels("fsm", "wm_order", f"number={visit}", "location") == [HAMBURG]
    assert cases.finding_codes() == ["frozen"]
    cases.om("reject_solution", case=case, reason="still dead")
    cases.settle()
    assert cases.labels("fsm", "wm_order", f"number={visit}", "location") == [MUNICH]
    assert cases.finding_codes() == []


def test_a_case_that_waits_for_the_customer_goes_on_in_the_field_until_its_visit_was_made(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    cases.om("ask_customer", case=case, text="which floor?")
    place = cases.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    cases.om("write", table=CASE, record=case, fields={"location": place})
    cases.settle()
    assert state(cases, case) == "awaiting info"
    assert cases.labels("fsm", "wm_order", f"number={visit}", "location") == [MUNICH]
    assert told(cases, case, visit, f"location: {HAMBURG} -> {MUNICH}")
    assert cases.finding_codes() == []
    carry_out(cases, visit)
    assert told(cases, case, visit, "Closed Complete")
    assert state(cases, case) == "resolved"
    assert visits(cases, case) == [visit]
    cases.assert_nothing_doubled()


@pytest.mark.parametrize(
    ("end", "more", "phase"),
    [("close_case", {"notes": "done by phone"}, "closed"), ("cancel_case", {"reason": "a mistake"}, "canceled")],
)
def test_a_case_that_is_over_cancels_its_open_visit_with_a_reason(
    cases: Pair, end: str, more: dict[str, str], phase: str
) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    cases.om(end, case=case, **more)
    cases.settle()
    assert state(cases, case).replace("ll", "l") == phase
    assert cases.state("fsm", "wm_order", visit) == "canceled"
    notes = cases.rows("fsm", "sys_journal_field", f"element=work_notes^valueLIKE{case} is C", "value")
    assert len(notes) == 1
    assert cases.waiting() == {}
    assert cases.finding_codes() == []


def test_a_case_closed_before_its_visit_was_made_gets_none(cases: Pair) -> None:
    case = opened(cases)
    cases.om("close_case", case=case, notes="done by phone")
    cases.settle()
    assert visits(cases, case) == []


def test_several_visits_come_one_after_the_other_and_the_last_resolves_the_case(cases: Pair) -> None:
    case = opened(cases, "rebuild the site")
    cases.settle()
    [survey] = visits(cases, case)
    carry_out(cases, survey)
    assert state(cases, case) == "open"
    [install] = visits(cases, case, "Install CPE")
    assert told(cases, case, install, "1 of 2 work orders open")
    carry_out(cases, install)
    assert state(cases, case) == "resolved"
    cases.assert_nothing_doubled()


def test_several_may_be_open_at_once_where_the_administrator_wants_it_and_the_case_waits_for_the_last(
    pair: Pair,
) -> None:
    cases = with_cases(pair, POLICY, one_open_work_order="false")
    case = opened(cases, "rebuild the site")
    cases.settle()
    survey, install = visits(cases, case, "Site Survey")[0], visits(cases, case, "Install CPE")[0]
    carry_out(cases, install)
    assert state(cases, case) == "open"
    carry_out(cases, survey)
    assert state(cases, case) == "resolved"
    cases.assert_nothing_doubled()


def test_a_visit_made_by_hand_for_the_case_comes_first_and_is_told(cases: Pair) -> None:
    case = cases.om("create_case", short_description="the router is dead")["case"]["number"]
    cases.fsm("create_work_order", short_description="look at it", template="Site Survey", correlation_id=case)
    cases.settle()
    [by_hand] = cases.rows("fsm", "wm_order", f"correlation_id={case}", "number")
    assert visits(cases, case) == []
    assert told(cases, case, by_hand["number"], "was made by hand")
    carry_out(cases, by_hand["number"])
    assert len(visits(cases, case, "Swap CPE")) == 1


def test_a_visit_that_came_to_nothing_asks_and_a_note_of_the_agent_sends_somebody_again(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [first] = visits(cases, case)
    cases.fsm("cancel_work_order", work_order=first, reason="nobody at home")
    cases.settle()
    assert told(cases, case, first, "was canceled in Field Service", "nobody at home", "visit again")
    assert (visits(cases, case), state(cases, case)) == ([first], "open")
    assert cases.finding_codes() == ["canceled-in-field"]
    cases.om("add_note", case=case, text="Visit again: the customer is back on Monday", **{"as": "order_agent"})
    cases.settle()
    [second] = [number for number in visits(cases, case) if number != first]
    assert cases.finding_codes() == []
    carry_out(cases, second)
    assert state(cases, case) == "resolved"
    assert visits(cases, case) == [first, second]
    cases.assert_nothing_doubled()


def test_a_rejected_solution_is_told_and_asks(cases: Pair) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    carry_out(cases, visit)
    cases.om("reject_solution", case=case, reason="still dead")
    cases.settle()
    assert told(
        cases, case, "was opened again after its work orders had resolved it. 0 of 1 work order open.", "visit again"
    )
    assert (visits(cases, case), state(cases, case), cases.finding_codes()) == ([visit], "open", ["solution-rejected"])
    cases.om("add_note", case=case, text=f"visit again {visit}", **{"as": "order_agent"})
    cases.settle()
    [_, second] = visits(cases, case)
    carry_out(cases, second)
    assert (state(cases, case), cases.finding_codes()) == ("resolved", [])
    cases.assert_nothing_doubled()


def test_a_rejected_solution_sends_somebody_at_once_where_the_administrator_wants_it(pair: Pair) -> None:
    cases = with_cases(pair, POLICY, rejected='"visit again"')
    case = opened(cases)
    cases.settle()
    for number in (1, 2):
        assert len(visits(cases, case)) == number
        carry_out(cases, visits(cases, case)[-1])
        assert state(cases, case) == "resolved"
        cases.om("reject_solution", case=case, reason="still dead")
        cases.settle()
    assert len(visits(cases, case)) == 3
    cases.assert_nothing_doubled()


def test_cases_are_resolved_by_people_where_the_administrator_wants_it(pair: Pair) -> None:
    cases = with_cases(pair, POLICY, completion='"note"')
    case = opened(cases)
    cases.settle()
    carry_out(cases, visits(cases, case)[0])
    assert state(cases, case) == "open"
    assert told(cases, case, f"{case} can be resolved")
    cases.assert_nothing_doubled()


@pytest.mark.parametrize("answer", [503, 429])
@pytest.mark.parametrize("another", [False, True])
def test_that_a_case_can_be_resolved_is_not_said_once_another_visit_is_open(
    pair: Pair, answer: int, *, another: bool
) -> None:
    cases = with_cases(pair, POLICY, completion='"note"')
    case = opened(cases)
    cases.settle()
    cases.world.fault("om", {"kind": "status", "status": answer, "method": "PATCH", "user": "connector", "count": None})
    [visit] = visits(cases, case)
    cases.fsm("dispatch", work_order=visit, technician="technician")
    cases.fsm("complete", work_order=visit)
    cases.sync()
    assert cases.waiting()
    if another:
        cases.fsm("create_work_order", short_description="by hand", correlation_id=case)
    cases.world.clear_faults()
    cases.settle()
    assert told(cases, case, f"{case} can be resolved") is not another


def test_a_resolution_the_instance_refuses_is_parked_and_shown(pair: Pair) -> None:
    cases = with_cases(pair, POLICY, resolution_code='"Solved by magic"')
    case = opened(cases)
    cases.settle()
    work_order = visits(cases, case)[0]
    cases.fsm("dispatch", work_order=work_order, technician="technician")
    for do in ("accept", "start", "complete"):
        cases.fsm(do, work_order=work_order)
    cases.settle_but_parked()
    assert (state(cases, case), cases.finding_codes()) == ("open", ["write-parked"])
    cases.om("propose_solution", case=case, notes="done")  # somebody does it by hand
    cases.settle()
    assert (cases.waiting(), cases.finding_codes()) == ({}, [])


@pytest.mark.parametrize("closed", [False, True])
def test_a_lost_memory_doubles_nothing_about_a_case(cases: Pair, *, closed: bool) -> None:
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    if closed:
        carry_out(cases, visit)
        assert state(cases, case) == "resolved"
    before = said(cases, case)
    cases.forget()
    cases.settle()
    assert (visits(cases, case), said(cases, case)) == ([visit], before)
    cases.om("reject_solution" if closed else "propose_solution", case=case, reason="no", notes="restart it")
    cases.settle()
    cases.assert_nothing_doubled()
    if closed:
        assert cases.finding_codes() == ["solution-rejected"]


def test_without_a_policy_for_cases_nothing_is_asked_about_them(pair: Pair) -> None:
    opened(pair)
    pair.settle()
    asked = [seen.path for seen in pair.world.requests("om")]
    assert asked
    assert not [path for path in asked if path.endswith(CASE)]


def test_an_instance_without_cases_is_a_finding_and_orders_go_on(pair: Pair) -> None:
    cases = with_cases(pair, POLICY)
    path = cases.loaded.path
    known = path.read_text(encoding="utf-8")
    # For the instance a table of another name is what a missing plug-in is: 400, Invalid table.
    path.write_text(f'{known}\n[om.tables]\ncase = "x_no_case"\n', encoding="utf-8")
    cases.loaded = load(path)
    order = cases.approved(HAMBURG)
    cases.settle()
    assert len(cases.work_orders(order, "Install CPE")) == 1
    assert cases.finding_codes() == ["missing-table"]
    path.write_text(known, encoding="utf-8")
    cases.loaded = load(path)
    cases.settle()
    assert cases.finding_codes() == []


def test_a_case_is_explained_held_and_planned_as_an_order_is(cases: Pair) -> None:
    case = opened(cases)
    [plan] = cases.plan()
    assert [type(action).__name__ for action in plan.actions] == ["CreateWorkOrder"]
    assert visits(cases, case) == []
    cases.settle()
    database = memory.reading(cases.loaded)
    assert database is not None
    known = explain(database, case)
    assert ([j.verdict.rows for j in known.verdicts], [one.order_id for one in known.links]) == (
        [("swap",)],
        [cases.rows("om", CASE, f"number={case}", "sys_id")[0]["sys_id"]],
    )
    assert any("was created in Field Service" in one.text for one in known.events)
    assert explain(database, visits(cases, case)[0]).order_number == case


def test_a_quiet_pass_of_a_daemon_asks_one_question_more_for_cases(cases: Pair) -> None:
    opened(cases)
    cases.settle()
    cases.world.advance(2000)
    with app.writing(cases.loaded, cases.outside()) as (engine, systems):
        for _ in range(6):  # until the sweep has made its round
            app.sync_once(engine, systems, cases.now)
        before = len(cases.world.requests("om"))
        quiet = app.sync_once(engine, systems, cases.now)
    asked = [seen.path for seen in cases.world.requests("om")[before:]]
    assert sum(path.endswith(CASE) for path in asked) == 1
    assert (len(asked), quiet.plans) == (6, ())


def test_cases_are_not_taken_for_orders_that_vanished(cases: Pair) -> None:
    """At every start the newest linked records are asked for; those of cases are cases."""
    for _ in range(6):
        opened(cases)
    cases.settle()
    cases.sync()
    assert cases.finding_codes() == []
    assert len(cases.rows("fsm", "wm_order", "active=true", "number")) == 6


def say(pair: Pair, case: str, text: str) -> None:
    """An agent writes a work note on a case."""
    pair.om("add_note", case=case, text=text, **{"as": "order_agent"})
    pair.settle()


def come_to_nothing(pair: Pair, work_order: str) -> None:
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("close_incomplete", work_order=work_order, reason="no access")
    pair.settle()


@pytest.mark.parametrize("forgetful", [False, True], ids=["remembered", "memory lost"])
@pytest.mark.parametrize("at_once", [False, True], ids=["one after the other", "several at once"])
def test_of_several_visits_only_the_one_that_the_agent_names_is_made_again(
    pair: Pair, *, at_once: bool, forgetful: bool
) -> None:
    cases = with_cases(pair, POLICY, one_open_work_order=str(not at_once).lower())
    case = opened(cases, "rebuild the site")
    cases.settle()
    carry_out(cases, visits(cases, case, "Site Survey")[0])
    [install] = visits(cases, case, "Install CPE")
    come_to_nothing(cases, install)
    say(cases, case, f"visit again {install}: on Friday")
    for _ in range(2 if forgetful else 0):
        cases.forget()
        cases.settle()
    assert len(visits(cases, case, "Site Survey")) == 1
    first, second = visits(cases, case, "Install CPE")
    assert (first, cases.finding_codes()) == (install, [])
    carry_out(cases, second)
    assert state(cases, case) == "resolved"
    assert len(visits(cases, case)) == 3
    cases.assert_nothing_doubled()


def test_a_visit_that_is_asked_for_while_another_is_open_is_shown_until_it_is_made(pair: Pair) -> None:
    cases = with_cases(pair, POLICY, one_open_work_order="false")
    case = opened(cases, "rebuild the site")
    cases.settle()
    [survey], [install] = visits(cases, case, "Site Survey"), visits(cases, case, "Install CPE")
    come_to_nothing(cases, install)
    say(cases, case, "visit again")
    assert (len(visits(cases, case)), cases.finding_codes()) == (2, ["visit-waits"])
    carry_out(cases, survey)
    assert (len(visits(cases, case)), cases.finding_codes()) == (4, [])
    cases.assert_nothing_doubled()


@pytest.mark.parametrize("completion", ["resolve", "note"])
def test_a_solution_of_an_agent_that_the_customer_rejects_after_the_visit_is_not_proposed_once_more(
    pair: Pair, completion: str
) -> None:
    cases = with_cases(pair, POLICY, completion=f'"{completion}"')
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    cases.om("propose_solution", case=case, notes="rebooted by phone")
    cases.settle()
    carry_out(cases, visit)
    cases.om("reject_solution", case=case, reason="still dead after the visit")
    cases.settle()
    assert (state(cases, case), cases.finding_codes()) == ("open", ["solution-rejected"])
    assert told(cases, case, "was opened again after it was resolved and its work orders were closed", "visit again")
    say(cases, case, f"visit again {visit}")
    [_, second] = visits(cases, case)
    carry_out(cases, second)
    assert cases.finding_codes() == []
    assert state(cases, case) == {"resolve": "resolved", "note": "open"}[completion]
    cases.assert_nothing_doubled()
