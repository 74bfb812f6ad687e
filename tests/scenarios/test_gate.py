"""README promise: a domain order cannot stay closed while a work order is open, or ended in a way nobody has decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.config import load
from connector.errors import NotFound
from tests.conftest import DOMAIN_ORDER, HAMBURG

ORDER_TASK = "sn_ind_tmt_orm_order_task"

if TYPE_CHECKING:
    from connector.model import GateAnswer
    from tests.conftest import Pair


def ask(pair: Pair, number: str) -> GateAnswer:
    return app.gate_once(pair.loaded, number, pair.outside())


def in_the_field(pair: Pair) -> tuple[str, str]:
    """An order whose CPE is being installed: its resource order and its work order."""
    order = pair.approved(HAMBURG)
    pair.sync()
    work_order = pair.install(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.sync()
    return pair.resource_order(order), work_order


def decide(pair: Pair, number: str, text: str) -> None:
    """The fulfillment manager writes a work note."""
    pair.om("add_note", domain_order=number, text=text, **{"as": "fulfillment_manager"})


def is_closed(pair: Pair, number: str) -> bool:
    return pair.state("om", DOMAIN_ORDER, number) == "closed complete"


def close(pair: Pair, number: str) -> bool:
    """Somebody closes it; whether it stays closed."""
    pair.om("close_domain_order", domain_order=number)
    pair.sync()
    return is_closed(pair, number)


@pytest.mark.parametrize("do", ["close_incomplete", "cancel_work_order"])
def test_a_visit_that_came_to_nothing_keeps_the_gate_shut_until_a_person_decides_in_a_work_note(
    pair: Pair, do: str
) -> None:
    number, work_order = in_the_field(pair)
    decide(pair, number, "release gate")  # too early: nobody knew then how it would end
    pair.fsm(do, work_order=work_order, reason="no access")
    pair.sync()
    assert pair.noted(number, "cannot be closed until somebody decides", f"release gate {work_order}")
    assert not close(pair, number)
    [reopened] = [note for note in pair.notes(number) if "was reopened" in note]
    assert "while work is open" not in reopened
    assert reopened.startswith(f"{number} was reopened: it cannot be closed yet: {work_order} (")
    assert f"nobody decided what follows). Somebody must decide about {work_order}: the field completes a" in reopened
    assert f"a work note here begins with: release gate {work_order}. 0 of 1 work order open." in reopened
    assert len(pair.finding_codes()) == 1
    decide(pair, number, f"release gate {work_order}: the customer takes it as it is")
    pair.sync()
    assert pair.noted(number, "ready to be closed, as decided by")
    assert pair.finding_codes() == []
    assert close(pair, number)
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("answer", [503, 429, 403])
@pytest.mark.parametrize("reopened", [False, True])
def test_what_could_not_be_said_in_time_is_said_only_if_it_is_still_true(
    pair: Pair, answer: int, *, reopened: bool
) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("close_incomplete", work_order=work_order, reason="no access")
    pair.sync()
    decide(pair, number, "release gate")
    away = {"kind": "status", "status": answer, "method": "PATCH", "user": "connector", "count": None}
    pair.world.fault("om", away)
    pair.sync()
    assert pair.waiting()
    if reopened:
        for task in pair.rows("fsm", "wm_task", f"parent.number={work_order}", "number"):
            pair.fsm("reopen_task", task=task["number"])
    pair.world.clear_faults()
    if answer == 403 and not reopened:  # it waits for a person
        pair.settle_but_parked()
        pair.retry()
    pair.settle()
    assert pair.noted(number, "ready to be closed") is not reopened
    assert pair.noted(number, f"{work_order} Install CPE: Closed Incomplete -> ") is reopened
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_a_decision_may_quote_the_note_that_asked_for_it(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("close_incomplete", work_order=work_order, reason="no access")
    pair.settle()
    asked = pair.notes(number)[-1]
    decide(pair, number, asked)
    assert not close(pair, number)
    decide(pair, number, f"release gate {work_order}: the customer is fine\n\n{asked}")
    pair.sync()
    assert close(pair, number)
    assert pair.finding_codes() == []


def test_where_the_note_of_the_end_was_refused_and_dropped_somebody_can_still_decide(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    decide(pair, number, "release gate")  # before anybody could know
    pair.fsm("cancel_work_order", work_order=work_order, reason="nobody home")
    fault = {"kind": "status", "status": 403, "message": "record is locked", "method": "PATCH", "user": "connector"}
    pair.world.fault("om", {**fault, "count": 1})
    pair.settle_but_parked()
    drop(pair)
    pair.settle()
    assert not close(pair, number)
    assert pair.finding_codes() == ["canceled-in-field"]
    decide(pair, number, f"release gate {work_order}: fine")
    pair.sync()
    assert close(pair, number)
    assert pair.finding_codes() == []


def test_a_decision_is_read_from_the_form_where_the_journal_table_is_closed(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("close_incomplete", work_order=work_order, reason="no access")
    pair.sync()
    pair.world.fault(
        "om", {"kind": "no_rows", "path_contains": "sys_journal_field", "user": "connector", "count": None}
    )
    decide(pair, number, "release gate")
    pair.sync()
    assert close(pair, number)


def test_a_follow_on_opens_the_work_order_and_the_gate_again_and_its_completion_releases(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    tasks = [row["number"] for row in pair.rows("fsm", "wm_task", f"parent.number={work_order}", "number")]
    pair.fsm("close_incomplete", work_order=work_order, reason="no access")
    pair.sync()
    decide(pair, number, "release gate")
    pair.sync()
    assert close(pair, number)
    for task in tasks:
        pair.fsm("reopen_task", task=task)
    pair.sync()
    assert not is_closed(pair, number)
    told = [note.partition(" (")[0] for note in pair.notes(number)]
    assert told[-2].startswith(f"{work_order} Install CPE: Closed Incomplete -> ")
    assert told[-1] == f"{number} was reopened: it cannot be closed yet: {work_order}"
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("complete", work_order=work_order)
    pair.sync()
    assert close(pair, number)


def test_a_refused_reopening_is_shown_until_it_is_settled(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.om("close_domain_order", domain_order=number)
    fault = {"kind": "status", "status": 403, "message": "closed is closed", "method": "PATCH", "count": 1}
    pair.world.fault("om", fault)
    pair.sync()
    assert sorted(pair.finding_codes()) == ["closed-with-open-work", "reopen-refused"]
    assert is_closed(pair, number)
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    assert (pair.finding_codes(), pair.waiting()) == ([], {})
    assert is_closed(pair, number)


def drop(pair: Pair) -> None:
    """A person gives the refused write up."""
    with memory.repairing(pair.loaded) as store:
        assert store.release_parked(pair.parked(), pair.now(), drop=True)


def test_a_reopening_that_a_person_drops_is_not_tried_again_until_somebody_updates_the_domain_order(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    before = pair.rows("om", DOMAIN_ORDER, f"number={number}", "state")[0]["state"]
    fault = {"kind": "status", "status": 403, "message": "closed is closed", "method": "PATCH", "user": "connector"}
    pair.world.fault("om", {**fault, "count": 1})
    pair.om("close_domain_order", domain_order=number)
    pair.sync()
    drop(pair)
    pair.fsm("accept", work_order=work_order)  # our own note about it is no reason to try again
    pair.settle()
    assert pair.noted(number, "Assigned -> Accepted")
    assert (is_closed(pair, number), pair.finding_codes(), pair.waiting()) == (True, ["closed-with-open-work"], {})
    pair.om("write", table=DOMAIN_ORDER, record=number, fields={"state": before})
    assert not close(pair, number)


def test_where_a_note_is_enough_each_premature_closing_is_told_once_also_when_memory_is_lost(pair: Pair) -> None:
    pair.loaded.path.write_text(pair.loaded.path.read_text() + '\n[gate]\nmode = "note"\n')
    pair.loaded = load(pair.loaded.path)
    number, _ = in_the_field(pair)
    before = pair.rows("om", DOMAIN_ORDER, f"number={number}", "state")[0]["state"]

    def told() -> int:
        return sum("should not be closed" in n and "). 1 of 1 work order open." in n for n in pair.notes(number))

    for closing in (1, 2, 3):
        pair.om("write", table=DOMAIN_ORDER, record=number, fields={"state": before})
        pair.sync()
        assert close(pair, number)
        assert told() == closing
        pair.settle()
        pair.forget()
        pair.settle()
        assert told() == closing


def test_a_reopening_whose_note_seems_missing_is_not_given_up_and_its_note_is_written_once(pair: Pair) -> None:
    number, _ = in_the_field(pair)
    pair.om("close_domain_order", domain_order=number)
    faults = [
        pair.world.fault("om", {"kind": "hide_field", "field": "work_notes", "user": "connector", "count": None}),
        pair.world.fault("om", {"kind": "no_rows", "path_contains": "sys_journal_field", "count": None}),
    ]
    pair.sync()
    assert pair.waiting() == {"unknown": 1}
    for fault in faults:
        pair.world.clear_faults(fault)
    pair.settle()
    assert not is_closed(pair, number)
    assert sum("was reopened" in note for note in pair.notes(number)) == 1


def test_a_domain_order_that_is_closed_again_before_an_unclear_reopening_was_looked_up_is_reopened_twice(
    pair: Pair,
) -> None:
    number, _ = in_the_field(pair)
    pair.om("close_domain_order", domain_order=number)
    pair.world.fault(
        "om", {"kind": "cut_body", "method": "PATCH", "path_contains": "domain_order", "user": "connector"}
    )
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        app.sync_once(engine, systems, pair.now)
        assert engine.store.waiting() == {"unknown": 1}
        assert not is_closed(pair, number)
        pair.om("close_domain_order", domain_order=number)
        pair.world.advance(70)
        app.sync_once(engine, systems, pair.now)
    assert not is_closed(pair, number)
    assert sum("was reopened" in note for note in pair.notes(number)) == 2
    pair.assert_nothing_doubled()


def test_the_gate_answers_with_state_owner_planned_end_and_how_old_that_is(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("write", table="wm_order", record=work_order, fields={"expected_end": "2026-03-03 12:00:00"})
    found = ask(pair, number.lower())
    [one] = found.work
    assert (found.may_close, found.known_at, one.blocks) == (False, pair.now(), True)
    assert (one.number, one.state, one.owner, one.planned_end) == (
        work_order,
        "Assigned",
        "Tom Becker",
        "2026-03-03 12:00:00",
    )
    pair.fsm("complete", work_order=work_order)
    tasks = [row["number"] for row in pair.rows("om", ORDER_TASK, f"parent.number={number}", "number")]
    found = ask(pair, number)
    assert (found.may_close, len(found.open_tasks)) == (not tasks, len(tasks))
    for task in tasks:
        pair.om("close_order_task", task=task)
    assert ask(pair, number).may_close


def test_what_cannot_be_asked_now_never_opens_the_gate(pair: Pair) -> None:
    number, work_order = in_the_field(pair)
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    looked_at = ask(pair, number).known_at
    pair.world.advance(3600)
    pair.world.fault("fsm", {"kind": "maintenance", "count": None})
    found = ask(pair, number)
    assert not found.may_close
    assert [(one.number, one.state) for one in found.work] == [(work_order, "Closed Complete")]
    assert looked_at is not None
    assert found.known_at is not None
    assert found.known_at <= looked_at < pair.now()
    assert "maintenance" in found.problem.casefold() or "503" in found.problem


def with_gate(pair: Pair, **settings: str) -> None:
    path = pair.loaded.path
    said = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[gate]\n{said}", encoding="utf-8")
    pair.loaded = load(path)


@pytest.mark.parametrize("rule", ["show", "answer", "enforce"])
def test_an_open_order_task_is_named_or_a_no_or_reopens_as_configured(pair: Pair, rule: str) -> None:
    with_gate(pair, order_tasks=rule)
    number, work_order = in_the_field(pair)
    [task] = [row["number"] for row in pair.rows("om", ORDER_TASK, f"parent.number={number}", "number")]
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    assert pair.noted(number, "is ready to be closed") is (rule != "enforce")
    assert pair.noted(number, f"ready to be closed; open order task: {task} Configure CPE (Open)") is (rule == "answer")
    found = ask(pair, number)
    assert (found.may_close, found.open_tasks) == (rule == "show", (f"{task} Configure CPE (Open)",))
    assert close(pair, number) is (rule != "enforce")
    pair.om("close_order_task", task=task)
    pair.settle()
    assert pair.noted(number, "is ready to be closed")
    assert is_closed(pair, number) or close(pair, number)


@pytest.mark.parametrize("rule", ["show", "answer", "enforce"])
def test_an_open_task_of_the_customer_order_is_named_or_a_no_or_reopens_as_configured(pair: Pair, rule: str) -> None:
    with_gate(pair, header_tasks=rule, order_tasks="show")
    number, work_order = in_the_field(pair)
    order = pair.rows("om", "sn_ind_tmt_orm_order", "", "number")[0]["number"]
    task = pair.om("create_header_task", order=order, name="Check credit")["task"]["number"]
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    found = ask(pair, number)
    assert (found.may_close, found.header_tasks) == (rule == "show", (f"{task} (Open)",))
    assert close(pair, number) is (rule != "enforce")
    assert pair.noted(number, "was reopened", f"{task} (Open)") is (rule == "enforce")
    pair.om("close_order_task", task=task)
    pair.settle()
    assert ask(pair, number).may_close


def test_a_number_that_is_no_domain_order_is_not_found(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    with pytest.raises(NotFound):
        ask(pair, order)
