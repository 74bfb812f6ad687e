"""How far a sweep goes at a pass, how far a cursor goes after a read: the arithmetic, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.engine.cursors import TRAIL, reached
from connector.engine.known import Round
from connector.engine.sweep import MOST, slices_due

BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EVERY = timedelta(minutes=15)
OVERLAP = timedelta(minutes=2)


@pytest.mark.parametrize(
    ("minutes", "done", "expected", "due"),
    [
        (0, 0, 0, 1),  # a first round: nobody knows how long it is
        (15, 7, 0, 1),
        (0, 0, 15, 1),
        (0, 1, 15, 0),
        (1, 1, 15, 1),
        (5, 1, 15, 5),  # late: catches up
        (14, 14, 15, 1),
        (14, 15, 15, 1),  # more than the round before: one at a time
        (60, 3, 15, 13),  # never more than what is left, and one to see the end
        (60, 0, 500, MOST),  # never more than a pass may pay for
        (-5, 1, 15, 0),  # a clock that was put back
    ],
)
def test_a_round_is_spread_evenly_over_its_period(minutes: int, done: int, expected: int, due: int) -> None:
    present = Round(BEGAN, "order", done=done, expected=expected)
    assert slices_due(present, BEGAN + timedelta(minutes=minutes), EVERY) == due


def test_nothing_is_due_of_a_round_that_is_over() -> None:
    assert slices_due(Round(BEGAN, "", done=5, expected=9), BEGAN + EVERY, EVERY) == 0


@pytest.mark.parametrize("slices", [1, 5, 85, 400])
def test_a_round_of_any_length_ends_within_its_period_when_polls_are_frequent(slices: int) -> None:
    done, now = 0, BEGAN
    while done < slices:
        assert now - BEGAN <= EVERY
        due = slices_due(Round(BEGAN, "order", done=done, expected=slices), now, EVERY)
        assert due <= -(-slices // 90) + 1  # at polls every ten seconds
        done += due
        now += timedelta(seconds=10)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def stamp(minutes: float) -> str:
    return at(minutes).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("watermark", "clock", "newest", "many", "until"),
    [
        (0, 1, "", False, 0),  # nothing new: a lagging replica looks like this
        (0, 30, "", False, 20),  # but not for ever
        (0, 5, stamp(3), False, 3),  # to the newest row
        (0, 5, stamp(3), True, 5),  # where reading again is dear, to the clock
        (0, 5, stamp(7), False, 5),  # never after the clock: a node may be ahead
        (0, 30, stamp(3), False, 20),
        (6, 5, "", False, 6),  # two nodes disagree a little
        (60, 5, "", False, 5 - TRAIL / timedelta(minutes=1)),  # the clock was put right
    ],
)
def test_a_cursor_stands_where_nothing_before_it_can_still_appear(
    watermark: int, clock: int, newest: str, many: bool, until: float
) -> None:
    assert reached(at(watermark), at(clock), newest, OVERLAP, many=many) == at(until)
