"""Every `om-fsm ...` that README and docs/ tell somebody to type is a command that exists, with options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from connector.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_SPAN = re.compile(r"`(om-fsm [^`\n]+)`|^ *\$ (?:[\w/.-]*/)?(om-fsm [^\n|>#]+)", re.MULTILINE)
_VAGUE = re.compile(r"\.\.\.|…|\[.*?\]")


def commands(text: str) -> list[str]:
    """What people are told to type, without what stands for something else."""
    whole = re.sub(r"\\\n\s*", " ", text)  # lines that go on
    return [_VAGUE.sub("", inline or typed).strip() for inline, typed in _SPAN.findall(whole)]


def mistake(line: str) -> str:
    """What is wrong with a command; nothing where it could be typed, its placeholders apart."""
    words = shlex.split(line)[1:]
    command: click.Command = cli
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            name, is_given, _ = word.partition("=")
            options = {text: one for one in command.params for text in (*one.opts, *one.secondary_opts)}
            if name == "--help":
                continue
            if name not in options:
                return f"{command.name} has no option {name}"
            option = options[name]
            if isinstance(option, click.Option) and not (option.is_flag or option.count or is_given) and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return "" if word.isupper() else f"{command.name} has no command {word}"
            command = command.commands[word]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_people_are_told_to_type_exists(page: Path) -> None:
    found = {line: mistake(line) for line in commands(page.read_text(encoding="utf-8"))}
    assert {line: wrong for line, wrong in found.items() if wrong} == {}


def test_what_does_not_exist_is_noticed() -> None:
    told = "`om-fsm sink NUMBER`, `om-fsm gate RO1 --loudly`\n$ om-fsm outbox eat 3\n$ bin/om-fsm outbox show 3 --output json\n"
    wrong = [mistake(line) for line in commands(told)]
    assert [bool(one) for one in wrong] == [True, True, True, False]


def test_the_pages_tell_people_to_type_something() -> None:
    assert sum(len(commands(page.read_text(encoding="utf-8"))) for page in PAGES) > 100
