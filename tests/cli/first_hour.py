"""Types docs/first-hour.md on this machine, as it stands there, and says how long the machine takes for it.

python -m tests.cli.first_hour              # with the connector that is installed here
python -m tests.cli.first_hour --install    # docs/install.md first, from this checkout; asks the package index
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.told import ROOT, Terminal, Told, another_terminal, says, told

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "docs/first-hour.md"
INSTALL = "docs/install.md"
_CHECKOUT = ("connector", "pyproject.toml", "README.md", "LICENSE")
LINKED = "om-fsm sync"  # the pass that makes the first linked work order
_NOT_FINE = {"om-fsm gate RO0010001": [5, 0], "om-fsm explain RO0099999": [4]}  # exit codes, in turn


@dataclass(frozen=True)
class Typed:
    """What came of a command."""

    command: str
    wanted: int
    code: int
    missing: list[str]
    seen: str
    seconds: float

    @property
    def is_as_told(self) -> bool:
        return self.code == self.wanted and not self.missing


def installed(directory: Path) -> Iterator[Typed]:
    """The commands of docs/install.md, in a copy of this checkout."""
    for name in _CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, directory / name)
    terminal = Terminal(directory)
    for one in told(INSTALL):
        yield _type(terminal, one, one.command, 0)


def first_hour(terminal: Terminal) -> Iterator[Typed]:
    """The commands of docs/first-hour.md, in an empty directory. The first runs until the end of it."""
    start, *rest = told(PAGE)
    codes = {command: iter(turns) for command, turns in _NOT_FINE.items()}
    began = time.monotonic()
    [ready] = start.answer
    with another_terminal(start.command, ready, terminal):
        yield Typed(start.command, 0, 0, [], ready, time.monotonic() - began)
        theirs, ca_file = _their_own_two(terminal.directory)
        for one in rest:
            typed = one.command
            for example, real in theirs.items():
                typed = re.sub(rf"(?<![A-Z_]){re.escape(example)}", real, typed)
            if " init " in typed:  # their secrets, and an authority of their own
                os.symlink(terminal.directory / "pair" / "secrets", terminal.directory / "secrets")
                typed += f" --ca-file {ca_file}"
            yield _type(terminal, one, typed, next(codes.get(one.command, iter([0]))))


def _their_own_two(directory: Path) -> tuple[dict[str, str], str]:
    """What people put in the place of the examples: here it is the sandbox, too."""
    info = json.loads((directory / "pair" / "sandbox.json").read_text(encoding="utf-8"))
    return {
        "https://acme-om.service-now.com": info["om"]["url"],
        "https://acme-fsm.service-now.com": info["fsm"]["url"],
        "OM_CLIENT_ID": info["om"]["oauth"]["client_id"],
        "FSM_CLIENT_ID": info["fsm"]["oauth"]["client_id"],
    }, info["ca_file"]


def _type(terminal: Terminal, one: Told, typed: str, wanted: int) -> Typed:
    began = time.monotonic()
    code, seen = terminal.type(typed)
    return Typed(one.command, wanted, code, says(one.answer, seen), seen, time.monotonic() - began)


def main() -> int:
    """Exit status 1 when a command did not do what the page says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--install", action="store_true", help="type docs/install.md before, in a copy of this checkout"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        there, terminal = Path(place, "checkout"), Terminal(Path(place))
        parts = [(PAGE, first_hour(terminal))]
        if given.install:
            there.mkdir()
            terminal = Terminal(Path(place), there / "venv" / "bin")
            parts = [(INSTALL, installed(there)), (PAGE, first_hour(terminal))]
        return 0 if _tell(parts) else 1


def _tell(parts: list[tuple[str, Iterator[Typed]]]) -> bool:
    """Print what is typed, and how much it was; False where a page says otherwise."""
    commands, began, linked = 0, time.monotonic(), ""
    for page, part in parts:
        for one in part:
            commands += 1
            _say(f"{one.seconds:6.1f} s  $ {one.command}")
            if not one.is_as_told:
                _say(f"{one.seen}\n{page} says otherwise: exit code {one.wanted}, {one.missing}")
                return False
            if one.command == LINKED and not linked:
                linked = f"The first linked work order: {commands} commands, {time.monotonic() - began:.0f} s of this machine."
                _say(linked)
        _say(f"{page}: all as told; {commands} commands, {time.monotonic() - began:.0f} s of this machine until here.")
    return True


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
