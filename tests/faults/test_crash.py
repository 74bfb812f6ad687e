"""README promise: killed at any moment, the outcome is the same.

A real `om-fsm sync` over HTTPS is killed (SIGKILL) at its effects, one after the other, and started again on the same file.
`OM_FSM_KILLS=all make test` takes every point; otherwise every `SHARE`-th is taken.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.faults.crash.launcher import Point, has_effect
from tests.faults.crash.matrix import kills
from tests.faults.crash.story import STEPS

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


def test_the_story_does_everything_once_that_can_be_written() -> None:
    told = [people.__name__ for people in STEPS.values()]
    of_orders = ["approve", "revise", "write", "close_too_early", "ask", "let_go", "cancel", "hold"]
    of_orders += ["go_elsewhere", "begin", "come_to_nothing", "decide"]
    assert told == [*of_orders, "open_case", "edit_case", "complete_visit", "reject_solution", "close_case"]
