"""docs/install.md is true: what it tells somebody to type installs the connector, and the sandbox, from a checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.test_first_hour import Terminal, blocks, says

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = ("connector", "pyproject.toml", "README.md", "LICENSE")


@pytest.mark.timeout(900)
def test_the_commands_of_the_page_install_it(tmp_path: Path) -> None:
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    terminal = Terminal(tmp_path)
    [commands] = blocks("install.md")
    assert [command.partition(" ")[0] for command, _ in commands][-2:] == ["venv/bin/om-fsm"] * 2
    for command, answer in commands:
        code, seen = terminal.type(command)
        if code and "NewConnectionError" in seen:
            pytest.skip("no package index can be reached")
        assert (command, code, says(answer, seen)) == (command, 0, []), seen[-2000:]
    code, seen = terminal.type("venv/bin/om-fsm sandbox --help")
    assert (code, says(["Usage: om-fsm sandbox [OPTIONS] [COMMAND] [ARGS]..."], seen)) == (0, [])
