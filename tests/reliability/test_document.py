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
from tests.reliability.outage import outage

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
    if UNMEASURED not in document.part(TEXT, "mutants"):
        assert set(rows("mutants")) <= {mutant.name for mutant in mutants()}


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


def test_after_an_outage_everything_is_caught_up_with(pair: Pair) -> None:
    result = outage(pair, changes=8)
    assert (result.changes, result.left) == (8, 0)
    assert result.requests > result.changes
