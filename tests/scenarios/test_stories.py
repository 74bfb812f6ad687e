"""README promise: every story of `om-fsm demo --list` is true, and none can be told of a connector that does nothing."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from connector.cli import cli
from connector.demo.setup import write_config
from connector.demo.stage import Stage, StageError
from connector.demo.stories import TALES
from connector.demo.stories.tale import perform
from connector.demo.timeline import Timeline
from connector.errors import ConnectorError
from connector.sandbox import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.demo.stage import Run


def typed(arguments: list[str]) -> tuple[int, str, str]:
    """`om-fsm ...` in this process, over HTTPS like any other."""
    done = CliRunner().invoke(cli, arguments)
    if isinstance(done.exception, ConnectorError):
        return done.exception.exit_code, done.stdout, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def idle(arguments: list[str]) -> tuple[int, str, str]:
    """A connector that makes no pass."""
    return (0, "{}", "") if "sync" in arguments else typed(arguments)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Timeline]:
    logging.getLogger("urllib3").setLevel(logging.ERROR)

    def told(name: str, run: Run, start: str | None = None) -> Timeline:
        timeline = Timeline()
        world = World.create(clock="manual", seed=1, start=start)
        with world.serve(tmp_path) as served:
            write_config(tmp_path, served.info)
            perform(TALES[name], Stage(tmp_path, served.info, run), timeline)
        world.close()
        return timeline

    return told


@pytest.mark.parametrize("name", list(TALES))
def test_a_story_is_true_in_every_check(play: Callable[..., Timeline], name: str) -> None:
    timeline = play(name, typed)
    checks = [check for step in timeline.steps for check in step.checks]
    assert [f"{check.claim}: {check.seen}" for check in checks if not check.holds] == []
    assert len(checks) >= 3
    entries = [entry for step in timeline.steps for entry in step.entries]
    assert {entry.who for entry in entries} >= {"om-fsm", "agent sees", "dispatcher sees"}


@pytest.mark.parametrize("name", ["inflight", "late"])
def test_a_story_with_due_dates_is_true_in_any_year(play: Callable[..., Timeline], name: str) -> None:
    timeline = play(name, typed, start="2031-12-30T23:58:00Z")
    checks = [check for step in timeline.steps for check in step.checks]
    assert [f"{check.claim}: {check.seen}" for check in checks if not check.holds] == []


@pytest.mark.parametrize("name", list(TALES))
def test_a_story_cannot_be_told_of_a_connector_that_does_nothing(play: Callable[..., Timeline], name: str) -> None:
    try:
        timeline = play(name, idle)
    except (StageError, ValueError, IndexError):
        return  # what the next scene begins with does not exist
    assert not timeline.holds


def test_the_stories_are_listed_with_a_sentence_each() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["demo", "--list", "--output", "json"]).output)
    assert listed == {name: tale.title for name, tale in TALES.items()}
    assert "move " in CliRunner().invoke(cli, ["demo", "--list", "--output", "table"]).output
    assert isinstance(CliRunner().invoke(cli, ["demo", "nothing"]).exception, ConnectorError)
