"""docs/reliability.md says what the commands it names generate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.faults.crash.story import STEPS
from tests.faults.mutants import mutants
from tests.faults.walk.story import KINDS
from tests.reliability import document
from tests.reliability.__main__ import PARTS
from tests.reliability.outage import CaughtUp, outage, table

if TYPE_CHECKING:
    from tests.conftest import Pair

TEXT = document.DOCUMENT.read_text(encoding="utf-8")
UNMEASURED = "Not measured yet"


def rows(name: str) -> list[str]:
    """The first cell of each row of a part's table, the head apart."""
    found = re.findall(r"^\| (.*?) \|", document.part(TEXT, name), re.M)
    return found[1:]


def test_every_part_has_its_place() -> None:
    assert re.findall(r"<!-- generated: (\w+) -->", TEXT) == ["crash", "grid", "walk", "faults", "mutants", "outage"]
    assert set(PARTS) == {"crash", "grid", "walk", "faults", "mutants", "outage"}


def test_the_planted_bugs_of_the_document_are_those_of_the_list() -> None:
    assert rows("mutants") == [mutant.name for mutant in mutants()]
    for row in document.part(TEXT, "mutants").splitlines()[2:]:
        _, _, _, seed, wrong, _ = map(str.strip, row.split("|"))
        assert (seed.isdecimal() and wrong) or (seed, wrong) == (document.NOT_MEASURED, ""), row


def test_a_planted_bug_that_was_not_measured_is_said_to_be_so() -> None:
    first, *others = mutants()
    table = document.planted([{"name": first.name, "why": first.why, "seed": "18", "wrong": "AssertionError: two"}])
    assert f"| {first.name} | {first.why} | 18 | two |" in table
    for mutant in others:
        assert f"| {mutant.name} | {mutant.why} | {document.NOT_MEASURED} |  |" in table


@pytest.mark.parametrize(
    ("why", "kinds"),
    [
        ("Traceback\nAssertionError: there are 2 work orders om-fsm:om:x:survey:1", {document.DOUBLE}),
        ("AssertionError: there are 2 notes a58; RO1 stays closed while WO1 is open", {document.DOUBLE, document.GATE}),
        ("AssertionError: RO1 has no work order Install CPE", {document.LOSS}),
        ("AssertionError: WO1: 'sent' was written 2 times and told 1 times", {document.LOSS}),
        ("AssertionError: WO1: 'sent' was written 1 times and told 2 times", {document.DOUBLE}),
        ("AssertionError: WO1 is told 2 times what was written 1 times: 'sent'", {document.DOUBLE}),
        ("AssertionError: WO1 was canceled past the point of no return", {document.DOUBLE}),
        ("AssertionError: RO1 should not be closed", {document.GATE}),
        ("AssertionError: the next plan is not empty: ['heard/1']", {document.LEFT}),
        ("tests.faults.walk.player.Restless: the connector does not come to rest: {'pending': 2}", {document.LEFT}),
        ("did not come to an end", {document.LEFT}),
    ],
)
def test_a_failure_of_a_walk_is_a_double_a_loss_a_wrong_gate_or_something_left(why: str, kinds: set[str]) -> None:
    assert document.kinds_of(why) == kinds


def test_each_kind_of_failure_has_a_figure_of_its_own() -> None:
    failed = {
        "1": "AssertionError: there are 2 notes a",
        "2": "AssertionError: RO1 has no work order x; RO2 should not be closed",
    }
    table = document.walked([{"failed": failed, "counts": {"walks": 9}}])
    for kind, many in ((document.DOUBLE, 1), (document.LOSS, 1), (document.GATE, 1), (document.LEFT, 0)):
        assert f"| walks with {kind} | {many} |" in table
        assert f"| walks with {kind} | 0 |" in document.part(TEXT, "walk")


def test_the_steps_of_the_crash_matrix_are_those_of_the_story() -> None:
    if UNMEASURED not in document.part(TEXT, "crash"):
        assert rows("crash") == [step for step in STEPS for _ in ("sync", "run")]


def test_the_faults_and_moves_of_the_document_are_those_that_are_played() -> None:
    assert document.part(TEXT, "faults") == document.faults()


def test_the_faults_of_the_grid_are_those_of_the_walk() -> None:
    if UNMEASURED not in document.part(TEXT, "grid"):
        assert {row.strip("`") for row in rows("grid")} == {*KINDS, "requests of the pass"}


def test_no_figure_is_of_a_failure() -> None:
    assert "another outcome**" not in TEXT
    assert "| not found |" not in TEXT
    for part in ("crash", "grid"):
        if UNMEASURED not in document.part(TEXT, part):
            assert " 0 with another outcome" in document.part(TEXT, part)


def test_a_part_is_replaced_and_nothing_else() -> None:
    text = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n"
    assert document.fill(text, "x", "new\n") == "a\n<!-- generated: x -->\nnew\n<!-- end -->\nb\n"
    with pytest.raises(ValueError, match="no part"):
        document.fill(text, "y", "new")


def test_of_several_runs_the_worst_is_told_and_how_many_they_were() -> None:
    text = table([CaughtUp(8, 40, 60.0, 0), CaughtUp(8, 30, 90.0, 1)])
    for row in (
        "worst of 2 runs | |",
        "| requests until everything was carried | 40 |",
        "| 1.5 |",
        "| writes left | 1 |",
    ):
        assert row in text
    assert re.search(r"^\| worst of \d+ runs? \|", document.part(TEXT, "outage"))


def test_after_an_outage_everything_is_caught_up_with(pair: Pair) -> None:
    result = outage(pair, changes=8)
    assert (result.changes, result.left) == (8, 0)
    assert result.requests > result.changes
