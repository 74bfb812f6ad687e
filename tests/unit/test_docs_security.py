"""docs/security.md claims nothing that no test shows."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def names_of_tests() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py")]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}


def claims(text: str) -> list[tuple[str, list[str]]]:
    """Every line of a table of claims, with the tests it names."""
    found = []
    for table in re.split(r"\n\n", text):
        if table.startswith("| Claim |"):
            lines = table.splitlines()[2:]
            found += [(line, re.findall(r"`(test_\w+)`", line.rpartition(" | ")[2])) for line in lines]
    return found


def gaps(text: str, tests: set[str]) -> list[str]:
    """Claims without a test, and tests that do not exist. Pure."""
    named = claims(text)
    return [line for line, shown in named if not shown] + [
        name for _, shown in named for name in shown if name not in tests
    ]


def test_every_claim_has_tests_that_exist() -> None:
    assert len(claims(TEXT)) > 35
    assert gaps(TEXT, names_of_tests()) == []


def test_a_claim_that_nothing_shows_is_noticed() -> None:
    table = "| Claim | Shown by |\n| --- | --- |\n| a | `test_a` |\n| b | `test_b` |\n| c | of course |"
    assert gaps(table, {"test_a"}) == ["| c | of course |", "test_b"]


def test_the_linters_security_rules_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == ["S101"]
    loosened = {place: [r for r in rules if r.startswith("S")] for place, rules in lint["per-file-ignores"].items()}
    assert [place for place, rules in loosened.items() if rules and not place.startswith("tests/")] == []
