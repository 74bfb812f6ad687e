"""docs/first-hour.md is true: every command is typed as it stands there, and answers what stands there."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOT_FINE = {"om-fsm gate RO0010001": [5, 0], "om-fsm explain RO0099999": [4]}  # exit codes, in turn
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SANDBOX = "om-fsm sandbox --dir pair"


def blocks(page: str) -> list[list[tuple[str, list[str]]]]:
    """The commands of each block with the lines they answer."""
    told = []
    for block in re.findall(r"```console\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL):
        commands = [part.splitlines() for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
        told.append([(command, answer) for command, *answer in commands])
    return told


class Terminal:
    """A shell in a directory that keeps its environment from one command to the next."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        self.environment.pop("OM_FSM_CONFIG", None)

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
            assert process.stdout.readline().strip() == answer
            yield process
        finally:
            process.terminate()


def says(answer: list[str], seen: str) -> list[str]:
    """The lines of an answer that are not to be seen, in which `...` stands for anything."""
    patterns = {line: ".*".join(map(re.escape, line.split("..."))) for line in answer}
    return [line for line, pattern in patterns.items() if not re.search(f"^{pattern}", seen, re.MULTILINE)]


def test_the_first_hour_is_as_it_is_told(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    [(start, [ready])], *rest = blocks("first-hour.md")
    assert start == _SANDBOX
    codes = {command: iter(turns) for command, turns in NOT_FINE.items()}
    with another_terminal(start, ready, terminal):
        info = json.loads((tmp_path / "pair" / "sandbox.json").read_text(encoding="utf-8"))
        theirs = {
            "https://acme-om.service-now.com": info["om"]["url"],
            "https://acme-fsm.service-now.com": info["fsm"]["url"],
            "OM_CLIENT_ID": info["om"]["oauth"]["client_id"],
            "FSM_CLIENT_ID": info["fsm"]["oauth"]["client_id"],
        }
        for command, answer in (one for block in rest for one in block):
            typed = command
            for example, real in theirs.items():
                typed = re.sub(rf"(?<![A-Z_]){re.escape(example)}", real, typed)
            if " init " in typed:  # their secrets, and an authority of their own
                os.symlink(tmp_path / "pair" / "secrets", tmp_path / "secrets")
                typed += f" --ca-file {info['ca_file']}"
            code, seen = terminal.type(typed)
            wanted = next(codes.get(command, iter([0])))
            assert (command, code, says(answer, seen)) == (command, wanted, []), seen


def test_an_answer_that_is_not_given_is_noticed() -> None:
    assert says(["RO0010001: yes", "  work order ...: Draft"], "RO0010001: no\n  work order WO1: Draft\n") == [
        "RO0010001: yes"
    ]


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_every_page_names_only_verbs_that_exist(page: str) -> None:
    from connector.cli import cli

    named = set(
        re.findall(
            r"om-fsm(?: --config \S+)? ([a-z][a-z-]+)\b",
            "\n".join(re.findall(r"`om-fsm [^`]+`", (DOCS / page).read_text())),
        )
    )
    assert named <= set(cli.commands), named - set(cli.commands)
