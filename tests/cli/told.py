"""What the pages tell somebody to type, and a terminal to type it in."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^( *)```([\w-]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^- run: (.+)$", re.MULTILINE)
_PROGRAMS = "om-fsm|make|pip|pytest|python3?|git|curl|kill|podman|docker|systemctl|install -"
_NAMED = re.compile(rf"`((?:{_PROGRAMS})(?:(?<=-)|\s)(?:[^`\n]|\n(?!\n))+)`")
_OURS = ("OM_FSM_", "PYTEST", "MAKE")  # of a run of the tests; no person has them
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Told:
    """One command of a page, without what is said of it, and the lines that it answers."""

    page: str
    command: str
    answer: tuple[str, ...] = ()


def pages() -> list[str]:
    """Every page somebody may read, from the root of the project."""
    found = [ROOT / "README.md", *(ROOT / "benchmarks").glob("*.md"), *(ROOT / "connector").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in [*found, *(ROOT / "docs").rglob("*.md")])


def fenced(text: str) -> list[tuple[str, str]]:
    """The language and the text of each fenced block. Pure."""
    return [(language, textwrap.dedent(block)) for _, language, block in _BLOCK.findall(text)]


def unfenced(text: str) -> str:
    """What stands outside fenced blocks. Pure."""
    return _BLOCK.sub("", text)


def told_in(text: str, page: str = "") -> list[Told]:
    """The commands of a page, in turn: what stands after a `$`, and the steps of a pipeline. Pure."""
    found = []
    for language, block in fenced(text):
        if language == "yaml":
            found += [Told(page, step) for step in _STEP.findall(block)]
        elif language == "console":
            whole = re.sub(r" *\\\n *", " ", block)  # commands that go on in the next line
            parts = [part.splitlines() for part in re.split(r"^\$ ", whole, flags=re.MULTILINE) if part.strip()]
            found += [Told(page, command.partition(" #")[0].strip(), tuple(answer)) for command, *answer in parts]
    return found


def told(page: str) -> list[Told]:
    """The commands of a page, in turn."""
    return told_in((ROOT / page).read_text(encoding="utf-8"), page)


def named_in(text: str) -> list[str]:
    """The commands that a text names in its sentences and tables, each once. Pure."""
    return sorted({re.sub(r"\s+", " ", one) for one in _NAMED.findall(unfenced(text))})


def named() -> dict[str, list[str]]:
    """The commands that pages name in their sentences and tables -> the pages."""
    found: dict[str, list[str]] = {}
    for page in pages():
        for command in named_in((ROOT / page).read_text(encoding="utf-8")):
            found.setdefault(command, []).append(page)
    return found


def says(answer: tuple[str, ...], seen: str) -> list[str]:
    """The lines of an answer that are not to be seen, in which `...` stands for anything. Pure."""
    patterns = {line: ".*".join(map(re.escape, line.split("..."))) for line in answer}
    return [line for line, pattern in patterns.items() if not re.search(f"^{pattern}", seen, re.MULTILINE)]


class Terminal:
    """A shell in a directory that keeps its environment from one command to the next."""

    def __init__(self, directory: Path, programs: Path = Path(sys.executable).parent) -> None:
        self.directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "PATH": f"{programs}:{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        self.ready = ""  # what the program in the other terminal has said when it began to run

    def type(self, command: str) -> tuple[int, str]:
        """The exit code, and what a person sees."""
        verb, *words = shlex.split(command)
        if verb in ("export", "unset"):
            name, _, value = words[0].partition("=")
            self.environment.pop(name, None) if verb == "unset" else self.environment.update({name: value})
            return 0, ""
        ours, theirs = pty.openpty()
        with open(ours, "rb", buffering=0, closefd=True) as screen:
            process = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.directory,
                env=self.environment,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
            os.close(theirs)
            seen = b"".join(_until_closed(screen.fileno()))
            return process.wait(), _ANSI.sub("", seen.decode()).replace("\r\n", "\n")


def _until_closed(screen: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(screen, 65536)
        except OSError:  # so ends a terminal on Linux
            return
        if not piece:
            return
        yield piece


@contextmanager
def another_terminal(command: str, answer: str, terminal: Terminal) -> Iterator[subprocess.Popen[str]]:
    """The command runs there, once it has answered, until the end; then its exit code is known."""
    with subprocess.Popen(
        shlex.split(command), cwd=terminal.directory, env=terminal.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            terminal.ready = process.stdout.readline().strip()
            assert says((answer,), terminal.ready) == [], terminal.ready
            yield process
        finally:
            process.terminate()
            process.communicate()  # what else it said is read, so that the watch over secrets hears it
