"""What customers and technicians typed reaches the terminal of an operator as text, never as commands to it."""

from __future__ import annotations

import ast
import re
import sqlite3
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from connector.cli import cli
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair

HOSTILE = "\x1b[2J\x1b]0;pwned\x07\x9b31m\u202e\u200b\rError: sudo rm\n\u2028Outbox: empty."
OURS = re.compile(r"\x1b\[\d+m")  # bold and red
CLI = Path(__file__).parents[2] / "connector" / "cli"
COLUMNS = (("event", "text"), ("finding", "text"), ("hold", "text"), ("outbox", "error"), ("attempt", "text"))


@pytest.fixture
def order(pair: Pair) -> str:
    """An order of which everything that is told is hostile."""
    number = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm", {"kind": "status", "status": 403, "path_contains": "wm_order", "method": "POST", "count": 1}
    )
    pair.sync()
    arguments = ["--config", str(pair.loaded.path), "hold", "om", "--reason", "because"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    with sqlite3.connect(pair.memory) as memory:
        changed = [memory.execute(f"UPDATE {table} SET {column} = ?", [HOSTILE]).rowcount for table, column in COLUMNS]  # noqa: S608
    memory.close()
    assert changed[0] > 0
    assert changed[2] > 0
    assert changed[3] > 0
    return number


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("command", [["status"], ["explain", "ORDER"], ["outbox", "ls"], ["outbox", "show", "1"]])
def test_no_control_character_of_a_record_reaches_the_terminal(
    command: list[str], output: str, pair: Pair, order: str
) -> None:
    words = [order if word == "ORDER" else word for word in command]
    arguments = ["--config", str(pair.loaded.path), *words, "--output", output]
    done = CliRunner().invoke(cli, arguments, color=True)
    assert done.exit_code == 0, done.output
    said = OURS.sub("", done.output)
    assert "sudo rm" in said
    assert {c for c in said if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}} <= {"\n"}
    assert not [line for line in said.splitlines() if line.startswith(("Error: sudo", "Error (", "Outbox: empty."))]


def test_every_command_prints_through_the_one_place_that_sees_to_it() -> None:
    calls = {
        path.name
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "stdout") and path.name != "output.py"
        if not (isinstance(node.value, ast.Name) and node.value.id == "sys")
    }
    assert calls == set()


def test_no_secret_can_be_given_as_an_argument() -> None:
    def options(command: click.Command) -> list[str]:
        own = [name for parameter in command.params for name in (parameter.name or "", *parameter.opts)]
        below = command.commands.values() if isinstance(command, click.Group) else ()
        return own + [name for one in below for name in options(one)]

    names = options(cli)
    assert "--config" in names
    assert [name for name in names if re.search(r"secret|password|token|key", name)] == []
