"""What the pages tell a developer to type begins to run: `make` knows the target, the program has the options.

Most of it measures for minutes or hours. Here `make` is only asked what it would do, and a program for its help.
"""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.told import ROOT, Terminal, Told, named, pages, says, told
from tests.dmn_tck.test_kit import CASES, MODEL
from tests.unit.test_docs_commands import mistake

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = ".venv/bin/python -m "
PYTEST = ".venv/bin/pytest "
EXAMPLE = "docs/examples/policy-tests"
_SETTINGS = re.compile(r"^(?:[A-Z_]+=\S+ )*")


def without_settings(command: str) -> str:
    """A command without the environment that stands before it. Pure."""
    return _SETTINGS.sub("", command, count=1)


def of_developers(one: Told) -> bool:
    return without_settings(one.command).startswith(("make ", PYTHON, PYTEST, "pytest "))


TYPED = [one for page in pages() for one in told(page) if of_developers(one)]
MAKES = sorted({one.command for one in TYPED if without_settings(one.command).startswith("make ")})
PROGRAMS = sorted({one.command for one in TYPED if one.command.startswith(PYTHON)})
NAMED_MAKES = [one for one in named() if one.startswith("make ")]
NAMED_PROGRAMS = [one for one in named() if one.startswith("python -m ")]
MAN_PAGE = [one for one in named() if one.startswith("install ") and "man1" in one]
NAMED = [*NAMED_MAKES, *NAMED_PROGRAMS, *MAN_PAGE]
KITS = [one for one in TYPED if PYTEST in one.command]
EXAMPLES = [one.command for one in TYPED if one.command.startswith("pytest ")]


def in_its_help(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The options that a program does not have. It ends here where it cannot understand the rest."""
    module, *words = shlex.split(line)
    if importlib.util.find_spec(f"{module}.__main__" if is_package(module) else module) is None:
        return [module]
    program = importlib.import_module(f"{module}.__main__" if is_package(module) else module)
    monkeypatch.setattr(sys, "argv", [module, *words, "--help"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    return [word for word in words if word.startswith("-") and not re.search(rf"{word}\b", told.out)]


def is_package(module: str) -> bool:
    return (ROOT / module.replace(".", "/")).is_dir()


@pytest.mark.parametrize("command", MAKES)
def test_make_knows_what_it_is_asked_for_and_what_it_would_run_can_be_run(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, seen = Terminal(ROOT).type(f"{command} --dry-run")
    assert code == 0, seen
    run = [line for line in seen.splitlines() if line.startswith((".venv/bin/om-fsm", ".venv/bin/python -m", PYTEST))]
    ours = [line for line in run if " -m pip " not in line]
    assert ours, seen
    for line in ours:
        if line.startswith(".venv/bin/om-fsm"):
            assert mistake(line) == ""
        elif line.startswith(PYTHON):
            assert in_its_help(line.removeprefix(PYTHON), monkeypatch, capsys) == []


@pytest.mark.parametrize("command", NAMED_MAKES)
def test_make_knows_what_the_pages_name(command: str) -> None:
    code, seen = Terminal(ROOT).type(f"{command} --dry-run")
    assert code == 0, seen


def test_the_man_page_is_put_where_the_page_says(tmp_path: Path) -> None:
    [command] = MAN_PAGE
    assert Terminal(ROOT).type(command.replace("/usr/local", str(tmp_path / "local"))) == (0, "")
    assert (tmp_path / "local/share/man/man1/om-fsm.1").read_bytes() == (ROOT / "docs/om-fsm.1").read_bytes()


@pytest.mark.parametrize("command", [*PROGRAMS, *NAMED_PROGRAMS])
def test_a_program_has_the_options_it_is_typed_with(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_its_help(command.partition("python -m ")[2], monkeypatch, capsys) == []


def test_an_option_that_no_program_has_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_its_help("tests.faults.walk 0 9 --lane-count 8", monkeypatch, capsys) == ["--lane-count"]
    assert in_its_help("tests.faults.stroll 0 9", monkeypatch, capsys) == ["tests.faults.stroll"]
    with pytest.raises(AssertionError, match="invalid int"):
        in_its_help("tests.faults.walk first last", monkeypatch, capsys)


def test_what_is_set_before_a_command_is_looked_at_by_the_tests() -> None:
    names = {name for one in TYPED for name in re.findall(r"([A-Z_]+)=", _SETTINGS.findall(one.command)[0])}
    assert names == {"OM_FSM_KILLS", "OM_FSM_FAULTS", "DMN_TCK"}
    read = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path.name != "told.py"
    )
    assert [name for name in names if f'environ.get("{name}")' not in read and f'SETTING = "{name}"' not in read] == []


def test_a_conformance_kit_in_the_folder_that_is_named_is_played_and_counted(tmp_path: Path) -> None:
    [kit] = KITS
    folder = tmp_path / "tck" / "TestCases" / "ours"
    folder.mkdir(parents=True)
    (folder / "ours.dmn").write_text(MODEL, encoding="utf-8")
    case = CASES.format(speed=40, asked="Class", expected="slow", error="false")
    (folder / "ours-test-01.xml").write_text(case, encoding="utf-8")
    typed = kit.command.replace("../tck", str(tmp_path / "tck")).replace(
        PYTEST, f"{sys.executable} -m pytest -p no:cacheprovider "
    )
    code, seen = Terminal(ROOT).type(typed)
    assert (code, says(("1 of 1 cases passed, 0 failed, 0 not carried",), seen)) == (0, []), seen
    assert re.fullmatch(r"\d+ of \d+ cases passed, 0 failed, \d+ not carried", kit.answer[-1])


def test_the_example_project_is_tested_from_the_checkout_as_its_page_says(tmp_path: Path) -> None:
    [step] = EXAMPLES
    shutil.copytree(ROOT / EXAMPLE, tmp_path / EXAMPLE, ignore=shutil.ignore_patterns("__pycache__"))
    code, seen = Terminal(tmp_path).type(f"{step} --collect-only -q")  # tests/sandbox/test_example.py runs them
    assert (code, "tests collected" in seen) == (0, True), seen
