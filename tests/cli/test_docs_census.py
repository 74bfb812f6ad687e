"""Every command that README, docs/ and the pages beside the code tell somebody to type is typed by a test, or said to be not."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.cli import test_docs_developers, test_docs_named, test_docs_typed, test_first_hour, test_install
from tests.cli.told import ROOT, fenced, named, named_in, pages, told, told_in, unfenced
from tests.sandbox import test_example

TYPED = [
    *test_first_hour.TYPED,
    *test_install.TYPED,
    *test_docs_typed.TYPED,
    *test_docs_developers.TYPED,
    *test_example.TYPED,
]
NOT_TYPED = {
    "git clone https://github.com/dmn-tck/tck ../tck": "fetches what others made; the next line is typed with a kit of one case",
    "pip install '.[sandbox]' pytest": "into the reader's own environment; the line of docs/install.md is typed",
}
NAMED = {*test_docs_named.TYPED, *test_docs_named.ELSEWHERE, *test_docs_developers.NAMED}
_SYSTEMD = "wants systemd as the first process, and root: tests/deploy/test_units.py judges the unit"
_INDEX = "asks an index of packages; docs/install.md is typed, with the extra it names"
NAMED_NOT_TYPED = {
    "git log": "wants a checkout with its history",
    "pip install 'om-fsm-connector[jwt]'": _INDEX,
    "pip install 'om-fsm-connector[webhook]'": _INDEX,
    "pip install 'om-fsm-connector[xlsx]'": _INDEX,
    "pip install -c constraints.txt ...": _INDEX,
    "pytest -p connector.sandbox.pytest_plugin": "tests/sandbox/test_example.py runs it",
    "systemctl reload om-fsm": _SYSTEMD,
    "systemctl restart": _SYSTEMD,
    "systemctl status om-fsm": _SYSTEMD,
}
LANGUAGES = {
    "console": "commands, each after a `$`, and what they answer",
    "csv": "a decision table: tests/cli/test_policy_docs.py loads them",
    "python": "tests/cli/test_docs_typed.py runs them",
    "text": "a picture, nothing to type",
    "yaml": "steps of a pipeline: `- run:` is a command",
}
PROGRAMS = "om-fsm|make|pip|pytest|python3?|git|curl|kill|podman|docker|systemctl|install|export|cp|sleep|sudo"
COMMAND = re.compile(rf"^ *(?:\$ |(?:[A-Z_]+=\S+ )*(?:[\w./-]*/)?(?:{PROGRAMS}) +[\w./'-])")


def strays(text: str) -> list[str]:
    """What looks like a command and stands where no test finds it. Pure."""
    elsewhere = [line for language, block in fenced(text) if language != "console" for line in block.splitlines()]
    indented = [line for line in unfenced(text).splitlines() if line.startswith("    ")]
    return [line.strip() for line in [*elsewhere, *indented] if COMMAND.match(line)]


def test_every_command_of_every_page_is_typed_by_a_test_or_is_said_to_be_not() -> None:
    everything = [one for page in pages() for one in told(page)]
    assert len(everything) > 80
    untyped = [one for one in everything if one not in TYPED and one.command not in NOT_TYPED]
    assert untyped == []


def test_nothing_is_excused_that_no_page_says_or_that_is_typed() -> None:
    everything = {one.command for page in pages() for one in told(page)}
    assert [command for command in NOT_TYPED if command not in everything] == []
    assert [one for one in TYPED if one.command in NOT_TYPED] == []


def test_every_command_that_is_named_in_a_sentence_is_typed_too_or_is_said_to_be_not() -> None:
    in_blocks = {one.command for one in TYPED}
    assert set(named()) - test_docs_named.NAMES - NAMED - in_blocks == set(NAMED_NOT_TYPED)


def test_extras_that_are_named_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {one for command in NAMED_NOT_TYPED for one in re.findall(r"om-fsm-connector\[(\w+)\]", command)}
    assert extras <= set(project["optional-dependencies"])


@pytest.mark.parametrize("page", pages())
def test_a_command_stands_in_a_block_for_commands(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert {language for language, _ in fenced(text)} <= set(LANGUAGES), "```console, ```text, ... says what a block is"
    assert strays(text) == []
    silent = [block for language, block in fenced(text) if language == "console" and not block.startswith("$ ")]
    assert silent == []
    assert text.count("```") == 2 * len(fenced(text))


def test_a_command_in_a_wrong_place_is_noticed() -> None:
    text = "So:\n\n    .venv/bin/python -m tests.faults.crash\n    OM_FSM_KILLS=all make test\n\n```text\n$ om-fsm sync\n```\n"
    assert strays(text) == ["$ om-fsm sync", ".venv/bin/python -m tests.faults.crash", "OM_FSM_KILLS=all make test"]
    assert (
        strays("So:\n\n    WO0010001 Install CPE, Tom Becker\n    make: a word\n\n```console\n$ om-fsm sync\n```\n")
        == []
    )


def test_a_command_in_a_sentence_is_found_also_where_its_line_ends() -> None:
    text = "Say `om-fsm\nsync --full`, `make it`, `install base item`, `om-fsm`.\n\n```console\n$ om-fsm `x`\n```\n"
    assert named_in(text) == ["make it", "om-fsm sync --full"]


def test_commands_are_found_without_what_is_said_of_them() -> None:
    text = "1. So:\n\n   ```console\n   $ a b \\\n       c   # why\n   $ d     # or\n   it answers\n   ```\n"
    text += "```yaml\n- run: e\n```\n"
    assert [(one.command, one.answer) for one in told_in(text)] == [("a b c", ()), ("d", ("it answers",)), ("e", ())]
