"""What people write crosses once, to whom it concerns: the rows about it in the tables atop decide/plan.py and decide/case.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from connector.decide.case import decide_case
from connector.decide.rules import NoteRules
from connector.mapping.marks import born_key, signed, status_key, token_of
from connector.model import CaseSnapshot, JournalEntry, OrderMemory, Plan, WorkOrder, WriteFieldNote, WriteNote
from tests.unit.test_plan_case import CASE_ID, RULES, case, link, verdict, work_order

if TYPE_CHECKING:
    from connector.decide.rules import Rules

VISIT = work_order(updated_on="2026-03-02 08:00:00")
BORN = signed("WO-swap-1 was created", status_key(VISIT.sys_id, 1, "10"), (token_of(born_key(VISIT.sys_id)),))


READ_AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)  # by the clocks of both instances
NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # by the connector's own


def written(*texts: str, by: str = "Tom", **more: Any) -> tuple[JournalEntry, ...]:
    """These notes, one each minute from nine o'clock on."""
    return tuple(JournalEntry(n, by, text, f"2026-03-02 09:{n:02}:00", **more) for n, text in enumerate(texts))


def plan(*, there: tuple[JournalEntry, ...] = (), here: tuple[JournalEntry, ...] = (), **given: Any) -> Plan:
    """What is decided about a case with one visit; `there` stands on the case, `here` on the visit."""
    visit: WorkOrder = given.get("visit", VISIT)
    state, rules = given.get("state", "Open"), given.get("rules", RULES)
    born = JournalEntry(-1, "connector", BORN, "2026-03-02 08:30:00", is_ours=True)
    journals, field_journals = {CASE_ID: (born, *there)}, {visit.sys_id: here}
    seen = CaseSnapshot(case(state), (visit,), journals=journals, field_journals=field_journals)
    seen = replace(seen, there_at=READ_AT, here_at=READ_AT)
    remembered = OrderMemory((link(visit, **given.get("known", {})),), (verdict(),))
    return decide_case(seen, remembered, rules, NOW)


def told(decided: Plan) -> list[str]:
    """The notes it wants on the case and on the visit."""
    return [a.text for a in decided.actions if isinstance(a, WriteNote | WriteFieldNote)]


def with_notes(**said: Any) -> Rules:
    return replace(RULES, notes=NoteRules(**said))


def test_a_note_on_the_visit_goes_to_its_case_and_one_on_the_case_to_the_visit() -> None:
    [on_case] = plan(here=written("nobody home")).actions
    assert isinstance(on_case, WriteNote)
    assert (on_case.domain_order_id, on_case.is_on_case) == (CASE_ID, True)
    assert on_case.text == "WO-swap-1 Swap CPE, Tom, 2026-03-02 09:00 UTC: nobody home"
    [on_visit] = plan(there=written("ring twice", by="Olivia")).actions
    assert isinstance(on_visit, WriteFieldNote)
    assert on_visit.work_order_id == VISIT.sys_id
    assert on_visit.text == "CS1 in Customer Service, Olivia, 2026-03-02 09:00 UTC: ring twice"


def test_several_become_one_note_each_way() -> None:
    [on_case, on_visit] = told(plan(here=written("one", "two"), there=written("three", "four", by="Olivia")))
    assert on_case.startswith("2 new notes in Field Service:\n")
    assert on_visit.startswith("2 new notes in Customer Service:\n")


@pytest.mark.parametrize(
    ("there", "crosses"),
    [
        (written("ring twice"), True),
        (written("ring twice", is_comment=True), True),
        (written("ring twice", by="System"), False),  # a flow, no person
        (written("ring twice", is_ours=True), False),
        (written(signed("WO-swap-1: Draft -> Assigned", "any")), False),  # a copy of ours
        (written("Visit again on Monday"), False),  # meant for the connector
        ((JournalEntry(-2, "Tom", "tried a restart", "2026-03-02 08:00:00"),), False),  # before there was a visit
        (written(" \n"), False),
    ],
)
def test_what_stands_on_the_case_is_told_in_the_field(there: tuple[JournalEntry, ...], *, crosses: bool) -> None:
    assert bool(told(plan(there=there))) == crosses


@pytest.mark.parametrize(
    ("said", "there", "here"),
    [({}, 1, 1), ({"from_field": False}, 1, 0), ({"to_field": False}, 0, 1)],
)
def test_each_way_can_be_closed(said: dict[str, bool], there: int, here: int) -> None:
    rules = with_notes(**said)
    assert len(told(plan(there=written("ring twice"), rules=rules))) == there
    assert len(told(plan(here=written("nobody home"), rules=rules))) == here


def test_what_was_copied_to_both_by_the_platform_crosses_neither_way() -> None:
    assert told(plan(there=written("same words"), here=written("same words"))) == []
    assert len(told(plan(there=written("some words"), here=written("other words")))) == 2


@pytest.mark.parametrize(("state", "tells"), [("Open", 1), ("Resolved", 1), ("Closed", 0), ("Canceled", 0)])
def test_a_case_that_is_over_is_told_nothing(state: str, tells: int) -> None:
    assert len(told(plan(here=written("nobody home"), state=state))) == tells


@pytest.mark.parametrize(("state", "tells"), [("10", 1), ("18", 1), ("3", 0), ("7", 0)])
def test_a_visit_that_is_over_is_told_nothing(state: str, tells: int) -> None:
    visit = replace(VISIT, state=work_order(state).state)
    decided = plan(there=written("ring twice"), visit=visit)
    assert sum(isinstance(action, WriteFieldNote) for action in decided.actions) == tells


def test_how_far_the_journals_were_read_is_remembered_for_the_case_too() -> None:
    [known] = plan(here=written("nobody home")).links
    assert known.heard == {CASE_ID: 5, VISIT.sys_id: 3}


WINDOWS = [
    (0, 0, None),  # written five minutes ago
    (300, 0, None),
    (301, 0, 1),  # seconds that are left
    (600, 0, 300),
    (600, 4, 300),  # company does not make it longer
]


@pytest.mark.parametrize("way", ["here", "there"])
@pytest.mark.parametrize(("window", "more", "left"), WINDOWS)
def test_the_first_of_a_burst_waits_for_the_others_as_long_as_was_said(
    way: str, window: int, more: int, left: int | None
) -> None:
    notes = written("one", *["more"] * more)
    rules = with_notes(digest=timedelta(seconds=window))
    decided = plan(rules=rules, here=notes) if way == "here" else plan(rules=rules, there=notes)
    assert len(told(decided)) == (left is None)
    assert decided.look_at == (None if left is None else NOW + timedelta(seconds=left))


def test_what_waits_is_not_taken_for_heard() -> None:
    rules = with_notes(digest=timedelta(seconds=600))
    [known] = plan(rules=rules, here=written("one")).links
    assert known.heard == {CASE_ID: 5}
    [known] = plan(rules=rules, there=written("one")).links
    assert known.heard == {VISIT.sys_id: 3}


@pytest.mark.parametrize(
    ("at", "waits"), [("2026-03-02 09:06:00", True), ("2026-03-02 12:00:00", False), ("2.3. 9 Uhr", False)]
)
def test_a_moment_far_ahead_or_not_understood_is_not_waited_for(at: str, *, waits: bool) -> None:
    here = (JournalEntry(0, "Tom", "nobody home", at),)
    assert len(told(plan(rules=with_notes(digest=timedelta(seconds=600)), here=here))) == (not waits)


@pytest.mark.parametrize(("state", "waits"), [("18", True), ("3", False)])
def test_what_stands_on_a_visit_that_is_over_does_not_wait(state: str, *, waits: bool) -> None:
    visit = replace(VISIT, state=work_order(state).state)
    decided = plan(rules=with_notes(digest=timedelta(seconds=600)), here=written("nobody home"), visit=visit)
    assert any("nobody home" in text for text in told(decided)) != waits
