"""README promise: what people write about a visit for a case is read on the other side, as for an order: once, and privately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import make_pair, with_cases
from tests.scenarios.test_cases import CASE, POLICY, opened, visits
from tests.scenarios.test_cases import said as notes_on
from tests.scenarios.test_notes_both_ways import (
    close_journals,
    field_notes,
    journals,
    later,
    task_of,
    with_notes,
    write,
)
from tests.scenarios.test_notes_both_ways import said as ours_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair


@pytest.fixture(params=["journal readable", "journal closed"])
def cases(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A pair with a policy for cases, whose journals the connector may read as a table, or only as forms show them."""
    pair = with_cases(make_pair(tmp_path), POLICY)
    if request.param == "journal closed":
        close_journals(pair)
    return pair


def visited(cases: Pair, text: str = "the router is dead") -> tuple[str, str]:
    """A case whose visit was told of, a technician sent: the numbers of both."""
    case = opened(cases, text)
    cases.settle()
    visit = visits(cases, case)[-1]
    cases.fsm("dispatch", work_order=visit, technician="technician")
    cases.settle()
    return case, visit


def tell(cases: Pair, case: str, text: str, **more: Any) -> None:
    write(cases, "om", case, text, "order_agent", **more)


def on_case(cases: Pair, case: str, words: str) -> list[str]:
    """The private notes of the connector on a case that hold these words, without their tokens."""
    return ours_with(notes_on(cases, case), words)


def on_visit(cases: Pair, visit: str, words: str) -> list[str]:
    return ours_with(field_notes(cases, visit), words)


def comments(cases: Pair, side: str) -> list[str]:
    return [row["value"] for row in cases.rows(side, "sys_journal_field", "element=comments", "value")]


# --- from the field -------------------------------------------------------------------------------------------------


def test_an_agent_reads_on_the_case_what_a_technician_wrote_under_his_name_and_privately(cases: Pair) -> None:
    case, visit = visited(cases)
    written = cases.now()
    write(cases, "fsm", visit, "The socket is burnt.", "technician")
    cases.sync()
    [note] = on_case(cases, case, "burnt")
    assert note == f"{visit} Swap CPE, Tom Becker, {written:%Y-%m-%d %H:%M} UTC: The socket is burnt."
    cases.settle()
    assert len(on_case(cases, case, "burnt")) == 1
    assert on_visit(cases, visit, "burnt") == []
    assert comments(cases, "om") == []


def test_a_burst_on_a_visit_and_its_task_becomes_one_note_on_the_case(cases: Pair) -> None:
    case, visit = visited(cases)
    before = len(notes_on(cases, case))
    write(cases, "fsm", visit, "nobody opens", "technician")
    cases.world.advance(2)
    write(cases, "fsm", task_of(cases, visit), "the neighbor has a key", "technician2")
    cases.world.advance(2)
    write(cases, "fsm", visit, "please hurry", "dispatcher")
    later(cases)
    [digest] = notes_on(cases, case)[before:]
    assert digest.startswith("3 new notes in Field Service:\n")
    assert [line.rpartition(": ")[2] for line in digest.splitlines()[1:-1]] == [
        "nobody opens", "the neighbor has a key", "please hurry",
    ]  # fmt: skip


def test_why_a_visit_for_a_case_came_to_nothing_is_told_once(cases: Pair) -> None:
    case, visit = visited(cases)
    cases.fsm("cancel_work_order", work_order=visit, reason="nobody at home")
    cases.settle()
    cases.settle()
    assert "\n".join(notes_on(cases, case)).count("nobody at home") == 1


def test_what_a_technician_writes_at_the_end_is_told_before_the_case_is_resolved(cases: Pair) -> None:
    case, visit = visited(cases)
    for do in ("accept", "start"):
        cases.fsm(do, work_order=visit)
    write(cases, "fsm", visit, "new router, all lamps green", "technician")
    cases.fsm("complete", work_order=visit)
    cases.settle()
    texts = notes_on(cases, case)
    [told] = [n for n, text in enumerate(texts) if "all lamps green" in text]
    [solved] = [n for n, text in enumerate(texts) if "Its work order is closed" in text]
    assert told < solved
    assert cases.state("om", CASE, case) == "resolved"


def test_nothing_is_written_on_a_case_that_is_over_while_a_visit_goes_on(cases: Pair) -> None:
    case, visit = visited(cases)
    cases.fsm("start", work_order=visit)
    cases.settle()
    cases.om("close_case", case=case, notes="done by phone")
    before = notes_on(cases, case)
    write(cases, "fsm", visit, "too late", "technician")
    cases.settle()
    assert [note for note in notes_on(cases, case) if "too late" in note] == []
    assert notes_on(cases, case)[: len(before)] == before
    assert cases.waiting() == {}


# --- to the field ---------------------------------------------------------------------------------------------------


def test_a_technician_reads_what_an_agent_wrote_on_the_case_and_it_does_not_come_back(cases: Pair) -> None:
    case, visit = visited(cases)
    written = cases.now()
    tell(cases, case, "The customer works nights.")
    cases.sync()
    [note] = on_visit(cases, visit, "works nights")
    assert (
        note == f"{case} in Customer Service, Olivia Brooks, {written:%Y-%m-%d %H:%M} UTC: The customer works nights."
    )
    cases.settle()
    assert len(on_visit(cases, visit, "works nights")) == 1
    assert on_case(cases, case, "works nights") == []
    assert comments(cases, "fsm") == []


def test_what_was_written_on_the_case_before_there_was_a_visit_is_history(cases: Pair) -> None:
    case = opened(cases)
    tell(cases, case, "Restarted it twice.")
    cases.world.advance(5)
    cases.settle()
    [visit] = visits(cases, case)
    tell(cases, case, "Ring twice.")
    cases.settle()
    assert (on_visit(cases, visit, "Restarted"), len(on_visit(cases, visit, "Ring twice."))) == ([], 1)


def test_of_several_visits_of_a_case_each_open_one_is_told_and_none_that_is_over(tmp_path: Path) -> None:
    cases = with_cases(make_pair(tmp_path), POLICY, one_open_work_order="false")
    case = opened(cases, "rebuild the site")
    cases.settle()
    survey, install = visits(cases, case, "Site Survey")[0], visits(cases, case, "Install CPE")[0]
    tell(cases, case, "Ring twice.")
    cases.settle()
    assert [len(on_visit(cases, one, "Ring twice.")) for one in (survey, install)] == [1, 1]
    cases.fsm("dispatch", work_order=survey, technician="technician")
    cases.fsm("complete", work_order=survey)
    cases.settle()
    tell(cases, case, "Bring a ladder.")
    cases.settle()
    assert [len(on_visit(cases, one, "a ladder")) for one in (survey, install)] == [0, 1]


def test_a_request_for_another_visit_is_meant_for_the_connector_alone(cases: Pair) -> None:
    case, first = visited(cases)
    cases.fsm("cancel_work_order", work_order=first, reason="nobody at home")
    cases.settle()
    tell(cases, case, "Visit again: the customer is back on Monday")
    cases.settle()
    [second] = [number for number in visits(cases, case) if number != first]
    tell(cases, case, "Monday after nine")
    cases.settle()
    assert on_visit(cases, second, "Visit again") == []
    assert (len(on_visit(cases, second, "after nine")), on_visit(cases, first, "after nine")) == (1, [])


@pytest.mark.parametrize("crosses", [False, True])
def test_what_the_customer_of_a_case_reads_crosses_only_where_wanted_and_then_privately(
    cases: Pair, *, crosses: bool
) -> None:
    with_notes(cases, comments=crosses)
    case, visit = visited(cases)
    tell(cases, case, "We send somebody.", customer_visible=True)
    write(cases, "fsm", visit, "I come at nine.", "technician", customer_visible=True)
    later(cases)
    assert len(on_visit(cases, visit, "Olivia Brooks to the customer")) == crosses
    assert len(on_case(cases, case, "Tom Becker to the customer")) == crosses
    assert (comments(cases, "om"), comments(cases, "fsm")) == (["We send somebody."], ["I come at nine."])


@pytest.mark.parametrize("way", ["from_field", "to_field"])
def test_each_way_can_be_closed_for_cases_too(cases: Pair, way: str) -> None:
    with_notes(cases, **{way: False})
    case, visit = visited(cases)
    write(cases, "fsm", visit, "nobody home", "technician")
    tell(cases, case, "ring twice")
    later(cases)
    assert len(on_case(cases, case, "nobody home")) == (way != "from_field")
    assert len(on_visit(cases, visit, "ring twice")) == (way != "to_field")


# --- nothing lost, nothing doubled ----------------------------------------------------------------------------------


def test_after_memory_was_deleted_nothing_about_a_case_is_told_twice_and_what_came_meanwhile_is(cases: Pair) -> None:
    case, visit = visited(cases)
    write(cases, "fsm", visit, "old news", "technician")
    tell(cases, case, "old words")
    cases.settle()
    before = journals(cases)
    cases.forget()
    cases.settle()
    assert journals(cases) == before
    cases.forget()
    write(cases, "fsm", visit, "fresh news", "technician")
    tell(cases, case, "fresh words")
    cases.settle()
    assert (len(on_case(cases, case, "fresh news")), len(on_visit(cases, visit, "fresh words"))) == (1, 1)
    assert len(journals(cases) - before) == 4


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_note_about_a_case_whose_answer_was_lost_is_not_written_again(cases: Pair, side: str) -> None:
    case, visit = visited(cases)
    write(cases, "fsm", visit, "nobody home", "technician")
    tell(cases, case, "ring twice")
    cases.world.fault(side, {"kind": "commit_then_drop", "method": "PATCH", "count": 1})
    cases.sync()
    cases.settle()
    assert (len(on_case(cases, case, "nobody home")), len(on_visit(cases, visit, "ring twice"))) == (1, 1)


def test_what_waits_for_the_visit_of_a_case_that_is_closed_meanwhile_is_given_up(cases: Pair) -> None:
    case, visit = visited(cases)
    tell(cases, case, "ring twice")
    cases.world.fault("fsm", {"kind": "status", "status": 403, "method": "PATCH", "count": 1})
    cases.sync()
    assert cases.waiting() == {"parked": 1}
    cases.om("close_case", case=case, notes="done by phone")
    cases.settle()
    assert (cases.waiting(), on_visit(cases, visit, "ring twice")) == ({}, [])


def test_a_note_on_a_case_that_comes_to_light_late_is_still_told(tmp_path: Path) -> None:
    """The case's new count of updates is read before the row of the journal can be."""
    cases = with_cases(make_pair(tmp_path), POLICY)
    case, visit = visited(cases)
    instance = cases.world.om
    tell(cases, case, "late to the party")
    [row] = [r for r in instance.store.find("sys_journal_field") if r["value"] == "late to the party"]
    table = instance.schema.table("sys_journal_field")
    instance.store.delete(table, row["sys_id"])
    cases.sync()
    assert on_visit(cases, visit, "late") == []
    instance.store.put(table, row)
    later(cases, 130)
    assert len(on_visit(cases, visit, "late")) == 1


def test_on_one_instance_a_note_that_was_copied_to_the_case_is_carried_neither_way(tmp_path: Path) -> None:
    cases = with_cases(make_pair(tmp_path, "single"), POLICY)
    case = opened(cases)
    cases.settle()
    [visit] = visits(cases, case)
    for side, record in (("fsm", visit), ("om", case)):
        write(cases, side, record, "copied by the platform", "admin")
    cases.settle()
    assert on_case(cases, case, "copied by the platform") == []
    assert on_visit(cases, visit, "copied by the platform") == []


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_journals_of_cases_are_read_together_where_one_has_changed_and_not_otherwise(tmp_path: Path) -> None:
    cases = with_cases(make_pair(tmp_path), POLICY)
    numbers = [visited(cases)[0] for _ in range(4)]
    opened(cases, "how do I read my bill")
    write(cases, "fsm", visits(cases, numbers[0])[0], "on my way", "technician")

    def read(*told: str) -> list[int]:
        """How often each side is asked for notes when somebody writes on these cases."""
        for _ in range(3):
            later(cases, 300)
        cases.world.clear_requests()
        for number in told:
            tell(cases, number, "ring twice")
        cases.sync(full=True)
        asked = {side: cases.world.requests(side) for side in ("om", "fsm")}
        return [
            sum(r.path.endswith("sys_journal_field") and "element_idIN" in r.query for r in asked[side])
            for side in asked
        ]

    few = read(numbers[0])
    assert read(*numbers) == few
    assert min(few) > 0
    assert read() == [1, 0]  # a process that has just begun compares its memory with the journals, once for all of them
