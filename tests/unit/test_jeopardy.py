"""Jeopardy: how many hours a planned end leaves until the due date says the level, and a plan that wavers is told once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.decide.jeopardy import JeopardyRules, Level

RULES = JeopardyRules()


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (100.0, Level.NONE),
        (24.0, Level.NONE),
        (23.9, Level.LOW),
        (8.0, Level.LOW),
        (7.9, Level.MEDIUM),
        (0.0, Level.MEDIUM),
        (-0.1, Level.HIGH),
        (-24.0, Level.HIGH),
        (-24.1, Level.CRITICAL),
    ],
)
def test_the_hours_that_are_left_say_the_level(left: float, level: Level) -> None:
    assert RULES.level(left) is level
    assert RULES.after(Level.NONE, left) is level


@pytest.mark.parametrize(
    ("before", "left", "level"),
    [
        (Level.MEDIUM, 8.5, Level.MEDIUM),  # it would be Medium again an hour later
        (Level.MEDIUM, 9.0, Level.LOW),
        (Level.LOW, 24.9, Level.LOW),
        (Level.LOW, 25.0, Level.NONE),
        (Level.CRITICAL, -23.5, Level.CRITICAL),
        (Level.CRITICAL, 30.0, Level.NONE),
        (Level.LOW, 7.9, Level.MEDIUM),  # upwards at once
    ],
)
def test_a_level_rises_at_once_and_falls_with_an_hour_to_spare(before: Level, left: float, level: Level) -> None:
    assert RULES.after(before, left) is level


def test_an_administrator_may_set_other_bounds() -> None:
    assert JeopardyRules(low=72.0, medium=48.0, high=24.0, critical=0.0).level(-1.0) is Level.CRITICAL


@pytest.mark.parametrize("level", list(Level))
def test_the_moment_of_the_next_rise_is_when_the_hours_left_say_so(level: Level) -> None:
    due = datetime(2027, 3, 1, 12, tzinfo=UTC)
    at = RULES.next_rise(level, due)
    if level is Level.CRITICAL:
        assert at is None
        return
    assert at is not None
    worse = list(Level)[list(Level).index(level) + 1]
    assert RULES.level((due - at).total_seconds() / 3600) is worse
    assert RULES.level((due - at).total_seconds() / 3600 + 1 / 3600) is level
