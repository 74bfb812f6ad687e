"""README promise: killed at any moment, the outcome is the same.

A real `om-fsm sync` over HTTPS is killed (SIGKILL) at its effects, one after the other, and started again on the same file.
`OM_FSM_KILLS=all make test` takes every point; otherwise every `SHARE`-th is taken.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, get_args

import pytest
import sqlalchemy as sa

from connector import app
from connector.config import load
from connector.engine.asking import asked_to_adopt, asked_to_create, asked_to_detach
from connector.engine.tables import outbox
from connector.model import Action, IntentState
from tests.conftest import HAMBURG, with_cases
from tests.faults.crash.launcher import Point, has_effect
from tests.faults.crash.matrix import kills
from tests.faults.crash.story import COMMANDS, COMPENSATIONS, NEW_PLACE, SETTINGS, STEPS, permit
from tests.faults.walk.moves import CASE_POLICY
from tests.faults.walk.player import Killed

if TYPE_CHECKING:
    from tests.conftest import Pair

SHARE = 120
LANES = 4 if os.environ.get("OM_FSM_KILLS") == "all" else SHARE
TAKEN = range(LANES) if os.environ.get("OM_FSM_KILLS") == "all" else range(7, 8)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lane", TAKEN)
def test_killed_anywhere_and_started_again_the_outcome_is_that_of_the_undisturbed_run(lane: int) -> None:
    command = [sys.executable, "-m", "tests.faults.crash", str(lane), str(LANES)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == 0, killed.stdout + killed.stderr


def test_every_point_lies_between_two_kills() -> None:
    points = ["GET a", "commit", "GET b", "GET c", "POST d", "commit", "GET e"]
    assert kills(points) == [Point(2), Point(5), Point(6), Point(6, after=True)]
    assert [what for what in points if has_effect(what)] == ["commit", "POST d", "commit"]


def look_until(pair: Pair, commit: int) -> bool:
    """A pass of a process that is killed after so many commits of its memory; whether it came so far."""
    left = commit
    with suppress(Killed), app.writing(pair.loaded, pair.outside()) as (engine, systems):
        dialect = engine.store.engine.dialect
        carry_out = dialect.do_commit

        def do_commit(connection: Any) -> None:
            nonlocal left
            carry_out(connection)
            left -= 1
            if left == 0:
                raise Killed

        setattr(dialect, "do_commit", do_commit)  # noqa: B010 - of this one database
        app.sync_once(engine, systems, pair.now)
    return left <= 0


@pytest.mark.timeout(120)
def test_killed_anywhere_while_order_management_takes_nothing_what_waits_is_written_later(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, work_order = pair.resource_order(order), pair.install(order)
    away = {"kind": "status", "status": 503, "method": "PATCH", "user": "connector", "count": None}
    for commit in count(1):
        note = {"work_notes": f"part {commit} is missing"}
        pair.fsm("write", table="wm_order", record=work_order, fields=note)
        pair.world.advance(70)
        pair.world.fault("om", away)
        died = look_until(pair, commit)
        pair.world.clear_faults()
        for _ in range(4):
            pair.world.advance(70)
            pair.sync()
        assert (pair.waiting(), pair.noted(number, f"part {commit} is missing")) == ({}, True), f"after commit {commit}"
        if not died:
            break
    assert commit > 10
    pair.assert_nothing_doubled()


@pytest.fixture
def told(pair: Pair) -> Pair:
    """The pair as the story wants it."""
    permit(pair.world)
    with_cases(pair, CASE_POLICY)
    path = pair.loaded.path
    (path.parent / "compensation.csv").write_text(COMPENSATIONS, encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncompensation = "compensation.csv"')
    path.write_text(text.replace("\n[case]\n", "\n") + SETTINGS, encoding="utf-8")
    pair.loaded = load(path)
    return pair


def typed(pair: Pair, arguments: list[str]) -> None:
    """What a person types in the story, without a process."""
    match arguments:
        case ["work-order", "create", number, "--template", template]:
            app.ask_once(pair.loaded, lambda e: asked_to_create(e, number, template, 1, "by Mia"), pair.outside())
        case ["work-order", "adopt", work_order, number]:
            app.ask_once(pair.loaded, lambda e: asked_to_adopt(e, work_order, number, "by Mia"), pair.outside())
        case ["work-order", "detach", work_order, "--reason", reason]:
            app.ask_once(pair.loaded, lambda e: asked_to_detach(e, work_order, reason), pair.outside())
        case _:
            raise AssertionError(f"nobody can type {arguments}")


def written(database: sa.Engine) -> set[str]:
    """The kinds of writes that memory holds as done."""
    with database.connect() as connection:
        done = sa.select(outbox.c.kind).where(outbox.c.state == IntentState.DONE.value, outbox.c.kind.is_not(None))
        return set(connection.execute(done).scalars())


@pytest.mark.timeout(120)
def test_undisturbed_the_story_makes_every_kind_of_write_there_is(told: Pair) -> None:
    made: set[str] = set()
    with app.writing(told.loaded, told.outside()) as (engine, systems):
        for name, people in STEPS.items():
            people(told.world)
            told.world.advance(10)
            for arguments in COMMANDS[name](told.world) if name in COMMANDS else []:
                typed(told, arguments)
            while app.sync_once(engine, systems, told.now).plans:  # until one pass has nothing to decide
                made |= written(engine.store.engine)
                told.world.advance(5)
    assert made == {kind.__name__ for kind in get_args(Action)}
    assert told.rows("fsm", "cmn_location", f"name={NEW_PLACE}", "city") != []  # a write that no action stands for
