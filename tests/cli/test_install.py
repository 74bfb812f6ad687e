"""docs/install.md is true: what it tells somebody to type installs the connector, and the sandbox, from a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.first_hour import INSTALL, installed
from tests.cli.told import Terminal, says, told

if TYPE_CHECKING:
    from pathlib import Path

TYPED = told(INSTALL)


@pytest.mark.timeout(900)
def test_the_commands_of_the_page_install_it(tmp_path: Path) -> None:
    assert [one.command.partition(" ")[0] for one in TYPED][-2:] == ["venv/bin/om-fsm"] * 2
    for one in installed(tmp_path):
        if one.code and "NewConnectionError" in one.seen:
            pytest.skip("no package index can be reached")
        assert (one.command, one.code, one.missing) == (one.command, 0, []), one.seen[-2000:]
    code, seen = Terminal(tmp_path).type("venv/bin/om-fsm sandbox --help")
    assert (code, says(("Usage: om-fsm sandbox [OPTIONS] [COMMAND] [ARGS]...",), seen)) == (0, [])
