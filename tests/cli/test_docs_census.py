"""Every command that README, docs/ and the pages beside the code tell somebody to type is typed by a test, or said to be not."""

from __future__ import annotations

import re

import pytest

from tests.cli import test_docs_developers, test_docs_typed, test_first_hour, test_install
from tests.cli.told import ROOT, fenced, pages, told, told_in, unfenced

TYPED = [
    *test_first_hour.TYPED,
    *test_install.TYPED,
    *test_docs_typed.TYPED,
    *test_docs_developers.TYPED,
]
NOT_TYPED = {
    "git clone https://github.com/dmn-tck/tck ../tck": "fetches what others made; the next line is typed with a kit of one case",
    "pip install '.[sandbox]' pytest": "into the reader's own environment; the line of docs/install.md is typed",
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


def test_commands_are_found_without_what_is_said_of_them() -> None:
    text = "1. So:\n\n   ```console\n   $ a b \\\n       c   # why\n   $ d     # or\n   it answers\n   ```\n"
    text += "```yaml\n- run: e\n```\n"
    assert [(one.command, one.answer) for one in told_in(text)] == [("a b c", ()), ("d", ("it answers",)), ("e", ())]
