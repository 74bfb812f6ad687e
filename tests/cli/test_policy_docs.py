"""docs/policies.md is true: its tables load, its casebook passes, its commands answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from connector.cli import cli
from connector.errors import ConfigError
from connector.mapping.dmn.cells import parse_cell
from connector.mapping.dmn.values import Kind
from tests.cli.told import ROOT, fenced

if TYPE_CHECKING:
    from pathlib import Path

DOC = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
FIRST, OF_CASES, PRIORITY, CASES = re.findall(r"```csv\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the documented files and no configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.csv").write_text(FIRST, encoding="utf-8")
    (tmp_path / "priority.csv").write_text(PRIORITY, encoding="utf-8")
    (tmp_path / "first.cases.csv").write_text(CASES, encoding="utf-8")
    return tmp_path


def om_fsm(*arguments: str) -> tuple[int, str]:
    """Exit code and standard output."""
    done = CliRunner().invoke(cli, ["policy", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("here")
def test_the_documented_tables_can_be_used() -> None:
    code, out = om_fsm("check", "--offline", "first.csv", "priority.csv", "-o", "json")
    assert code == 0
    assert [table["rows"] for table in json.loads(out)] == [4, 3]
    assert {r["severity"] for table in json.loads(out) for r in table["remarks"]} <= {"info", "warning"}


def test_the_table_of_the_readme_can_be_used(here: Path) -> None:
    blocks = fenced((ROOT / "README.md").read_text(encoding="utf-8"))
    [table] = [block for language, block in blocks if language == "csv"]
    (here / "readme.csv").write_text(table, encoding="utf-8")
    said = ("--input", "specification=SD-WAN CPE", "--input", "domain order action=add", "-o", "table")
    assert om_fsm("explain", "--policy", "readme.csv", *said)[1].startswith("Install CPE\n")
    assert om_fsm("check", "--offline", "readme.csv", "-o", "json")[0] == 0


@pytest.mark.usefixtures("here")
def test_the_documented_casebook_passes_and_names_the_row_it_does_not_reach() -> None:
    code, out = om_fsm("test", "--policy", "first.csv", "-o", "table")
    assert (code, "3 of 3 cases pass." in out, "No case is decided by row many-phones." in out) == (0, True, True)
    assert om_fsm("test", "--policy", "first.csv", "--cover")[0] == 1


@pytest.mark.usefixtures("here")
def test_the_documented_question_is_answered() -> None:
    said = ("--input", "specification=SD-WAN CPE", "--input", "domain order action=add")
    code, out = om_fsm("explain", "--policy", "first.csv", *said, "-o", "table")
    assert code == 0
    assert out.startswith("Install CPE (priority: 3)\n")
    assert "near miss: row remove wants domain order action delete, disconnect, found add" in out


def test_the_documented_policy_for_cases_can_be_used(here: Path) -> None:
    (here / "case_policy.csv").write_text(OF_CASES, encoding="utf-8")
    said = ("--for", "case", "--input", "product=SD-WAN CPE 500", "--input", "priority=1", "-o", "table")
    assert om_fsm("explain", "--policy", "case_policy.csv", *said)[1].startswith("Site Survey\n")
    assert om_fsm("check", "--offline", "case_policy.csv", "--for", "case", "-o", "json")[0] == 0


def test_a_policy_for_cases_speaks_of_what_cases_have(here: Path) -> None:
    table = (
        "id,product,location,opened,work order template\nfix,Router,-,>= 2026-01-01,Repair\nother,-,-,-,NO FIELD WORK\n"
    )
    (here / "cases.csv").write_text(table, encoding="utf-8")
    asked = (
        "explain",
        "--policy",
        "cases.csv",
        "--input",
        "product=router",
        "--input",
        "opened=2026-02-01 08:00:00",
        "-o",
        "table",
    )
    assert om_fsm(*asked, "--for", "case")[1].startswith("Repair\n")
    with pytest.raises(ConfigError):
        om_fsm(*asked, "--for", "domain-order")


def test_a_table_changes_its_format_and_comes_back_as_it_was(here: Path) -> None:
    steps = ("first.csv a.xlsx", "a.xlsx b.csv", "priority.csv c.dmn", "c.dmn d.csv", "first.csv e.dmn", "e.dmn f.xlsx")
    for step in steps:
        before, after = step.split()
        assert om_fsm("convert", before, after)[0] == 0
    for before, after in (("first.csv", "b.csv"), ("priority.csv", "d.csv"), ("first.csv", "f.xlsx")):
        assert json.loads(om_fsm("diff", before, after, "--offline", "-o", "json")[1])["rows"] == []
    written = (here / "b.csv").read_bytes()
    code, _ = om_fsm("convert", "a.xlsx", "b.csv", "--force")
    assert (code, (here / "b.csv").read_bytes()) == (0, written)


@pytest.mark.parametrize(
    "cell", re.findall(r"^\| `([^|]+)` \|", DOC.split("## Cells")[1].split("## Outputs")[0], re.MULTILINE)
)
def test_every_documented_cell_can_be_written(cell: str) -> None:
    from connector.mapping.policy_file import formula_of
    from connector.mapping.vocabulary import Initiates, vocabulary_of

    formula = formula_of(vocabulary_of(Initiates.DOMAIN_ORDER))
    for one in re.split(r"`, `|` or `", cell):
        kinds = [kind for kind in Kind if kind is not Kind.ANY and _readable(one, kind, formula)]
        assert kinds, one


def _readable(cell: str, kind: Kind, formula: object) -> bool:
    try:
        parse_cell(cell.strip("`"), kind, formula)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True
