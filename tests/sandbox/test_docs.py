"""docs/sandbox.md promises nothing that no test shows: every test, switch and file it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from connector.sandbox.misdeeds import KINDS
from connector.sandbox.profile import load

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
PROMISES = TEXT.partition("## Every documented behavior")[2]


def names_in(directory: Path) -> set[str]:
    """The names of all test functions below a directory."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in directory.rglob("test_*.py")]
    functions = (node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def rows(text: str) -> list[tuple[str, str]]:
    """Behavior and answer of every line of the tables."""
    cells = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(behavior, answer) for behavior, answer in cells if behavior != "Behavior"]


def gaps(text: str, tests: set[str], switches: set[str]) -> list[str]:
    """What the tables promise although it does not exist, and lines that answer nothing. Pure."""
    found = [f"no test {name}" for name in re.findall(r"`(test_\w+)`", text) if name not in tests]
    found += [f"no switch {name}" for name in re.findall(r"switch `(\w+)`", text) if name not in switches]
    answers = re.compile(r"`test_\w+`|switch `\w+`|not imitated")
    return found + [f"no answer: {behavior}" for behavior, answer in rows(text) if not answers.search(answer)]


def all_switches() -> set[str]:
    profile = load("default")
    return {*profile.om.switches, *profile.fsm.switches}


def untold(text: str, switches: set[str]) -> set[str]:
    """Switches that no line of the tables names. Pure."""
    return switches - set(re.findall(r"switch `(\w+)`", text))


def test_every_switch_has_a_line_that_says_what_it_changes() -> None:
    assert len(all_switches()) > 50
    assert untold(PROMISES, all_switches()) == set()


def test_a_switch_without_a_line_is_noticed() -> None:
    assert untold("| x | switch `gzip` |", {"gzip", "slots"}) == {"slots"}


def test_every_behavior_has_a_test_that_exists_a_switch_that_exists_or_is_not_imitated() -> None:
    assert len(rows(PROMISES)) > 100
    assert gaps(PROMISES, names_in(ROOT / "tests" / "sandbox"), all_switches()) == []


@pytest.mark.parametrize(
    ("line", "gap"),
    [
        ("| x | `test_nothing_of_the_kind` |", "no test test_nothing_of_the_kind"),
        ("| x | switch `no_such_switch` |", "no switch no_such_switch"),
        ("| x | of course |", "no answer: x"),
    ],
)
def test_a_promise_that_nothing_shows_is_noticed(line: str, gap: str) -> None:
    assert gaps(line, {"test_it"}, {"gzip"}) == [gap]
    assert gaps("| x | `test_it`, switch `gzip` |\n| y | not imitated |", {"test_it"}, {"gzip"}) == []


def test_every_kind_of_fault_is_told_where_the_reader_is_sent() -> None:
    told = (ROOT / "connector" / "sandbox" / "misdeeds.py").read_text(encoding="utf-8").partition('"""\n\n')[0]
    assert [kind for kind in sorted(KINDS) if kind not in told] == []


def test_every_file_and_every_profile_it_names_exists() -> None:
    named = re.findall(r"`((?:docs|benchmarks|connector|tests)/[\w/.-]+)`", TEXT)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    for profile in re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Every")[0], re.MULTILINE):
        assert load(profile).name == profile
