"""What the pages name in their sentences and tables can be typed, too: where a word stands for something, with that."""

from __future__ import annotations

import logging
import re
import shlex
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from connector.cli import cli
from connector.config import load
from connector.demo.setup import write_config
from connector.errors import ConnectorError
from connector.sandbox import World
from tests.cli.test_docs_typed import CASEBOOK
from tests.cli.told import named, pages, told
from tests.conftest import HAMBURG, Pair

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ELSEWHERE = {
    "om-fsm init": "asks for addresses: test_first_hour and test_docs_typed type it with options",
    "om-fsm demo STORY": "tests/scenarios/test_stories.py plays every one of them",
}
STANDS_FOR = {
    "SIDE": "fsm",
    "NUMBER": "RO0010001",
    "SHELL": "zsh",
    "MOVE NAME=VALUE ...": "dispatch work_order=WO0010001 technician=technician",
    "--reason ...": '--reason "an upgrade"',
    "--until ...": "--until 2030-03-02T18:00",
}
NOT_FINE = {
    "om-fsm gate NUMBER": 5,  # it has a visit, which is open
    "om-fsm release": 2,  # the name of a verb, which wants to be told what
}
TURNS = (
    "completion", "config", "demo", "sandbox", "discover", "doctor", "policy", "sync", "rebuild", "plan", "status",
    "explain", "gate", "hold", "release", "work-order create", "outbox ls", "outbox show", "outbox retry", "outbox drop",
    "work-order adopt", "work-order detach", "--version",
)  # fmt: skip


def is_name(command: str) -> bool:
    """Whether it only names a verb, which wants to be told more. Pure."""
    here: click.Command = cli
    for word in shlex.split(command)[1:]:
        if not isinstance(here, click.Group) or word not in here.commands:
            return False
        here = here.commands[word]
    return isinstance(here, click.Group) or any(one.required for one in here.params)


def turn(command: str) -> tuple[int, str]:
    """The place of a command in the story. Pure."""
    return next(n for n, verb in enumerate(TURNS) if command.startswith(f"om-fsm {verb}")), command


IN_BLOCKS = {one.command for page in pages() for one in told(page)}  # others type these, as the census sees to
NAMES = {one for one in named() if one.startswith("om-fsm ") and is_name(one)}
TYPED = sorted({one for one in named() if one.startswith("om-fsm ")} - IN_BLOCKS - NAMES - set(ELSEWHERE), key=turn)


def typed(command: str) -> tuple[int, str]:
    """The exit code and what is said, in this process, over HTTPS like any other."""
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    if isinstance(done.exception, ConnectorError):
        return done.exception.exit_code, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def before(command: str, pair: Pair) -> dict[str, str]:
    """What people do first where a command would have nothing to do; and what its words stand for then."""
    if command.startswith("om-fsm release "):
        assert typed("om-fsm release --order ORD0010001")[0] == 0
        assert [typed(f"om-fsm hold {side} --reason upgrade")[0] for side in ("om", "fsm")] == [0, 0]
    if command.startswith("om-fsm work-order create"):
        assert [typed(f"om-fsm release {side}")[0] for side in ("om", "fsm")] == [0, 0]
    if command.startswith("om-fsm outbox show"):
        pair.world.fault(
            "fsm", {"kind": "status", "status": 403, "method": "POST", "path_contains": "wm_order", "count": None}
        )
        assert typed("om-fsm sync")[0] == 7  # what was asked for by hand is refused
    if command.startswith("om-fsm outbox ") and command.endswith(" ID"):
        return {"ID": str(pair.parked())}
    if command.startswith("om-fsm work-order adopt"):
        pair.world.clear_faults()
        pair.fsm("create_work_order", short_description="By hand")
    if command.startswith(("om-fsm work-order adopt", "om-fsm work-order detach")):
        typed("om-fsm sync")
        [row] = pair.rows("fsm", "wm_order", "short_description=By hand", "number")
        return {"WO0010007": row["number"]}
    return {}


def test_every_command_that_is_named_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    there = tmp_path / "somewhere"
    there.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OM_FSM_CONFIG", "somewhere/config.toml")
    world = World.create(clock="manual", seed=1)
    wrong = []
    with world.serve(there) as served:
        pair = Pair(world, load(write_config(there, served.info)))
        (there / "domain_order_policy.cases.csv").write_text(CASEBOOK, encoding="utf-8")
        pair.approved(HAMBURG)
        assert typed("om-fsm sync")[0] == 0
        for command in TYPED:
            meant = command
            for word, real in {**STANDS_FOR, **before(command, pair)}.items():
                meant = re.sub(rf"(?<!\S){re.escape(word)}(?!\S)", real, meant)
            code, seen = typed(meant)
            if code != NOT_FINE.get(command, 0):
                wrong.append((meant, code, seen[-300:]))
    world.close()
    assert wrong == []


def test_nothing_is_said_of_a_command_that_no_page_names() -> None:
    assert [one for one in (*ELSEWHERE, *NOT_FINE) if one not in named()] == []
    used = " ".join(TYPED)
    assert [word for word in STANDS_FOR if word not in used] == []
    assert len(TYPED) > 15
