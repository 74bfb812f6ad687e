"""docs/first-hour.md is true: every command is typed as it stands there, and answers what stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.cli.first_hour import INSTALL, LINKED, PAGE, first_hour
from tests.cli.told import ROOT, Terminal, says, told

if TYPE_CHECKING:
    from pathlib import Path

TYPED = told(PAGE)


def test_the_first_hour_is_as_it_is_told(tmp_path: Path) -> None:
    for one in first_hour(Terminal(tmp_path)):
        assert (one.command, one.code, one.missing) == (one.command, one.wanted, []), one.seen


def test_it_says_how_many_commands_a_person_types_to_the_first_linked_work_order_and_in_all() -> None:
    said = r"The (\d+) commands of this page .* the (\d+) commands of the installation and the first (\d+) of these"
    counted = re.search(said, (ROOT / PAGE).read_text(encoding="utf-8"), re.DOTALL)
    assert counted, "`make first-hour` counts and measures them"
    to_the_link = [one.command for one in TYPED].index(LINKED) + 1
    assert tuple(map(int, counted.groups())) == (len(TYPED), len(told(INSTALL)), to_the_link)


def test_an_answer_that_is_not_given_is_noticed() -> None:
    assert says(("RO0010001: yes", "  work order ...: Draft"), "RO0010001: no\n  work order WO1: Draft\n") == [
        "RO0010001: yes"
    ]


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_page_names_only_verbs_that_exist(page: str) -> None:
    from connector.cli import cli

    named = set(
        re.findall(
            r"om-fsm(?: --config \S+)? ([a-z][a-z-]+)\b",
            "\n".join(re.findall(r"`om-fsm [^`]+`", (ROOT / "docs" / page).read_text())),
        )
    )
    assert named <= set(cli.commands), named - set(cli.commands)
