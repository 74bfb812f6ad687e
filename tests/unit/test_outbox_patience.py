"""Patience: how long the outbox waits before it tries again, whatever an instance asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.engine.outbox import Patience

NOW = datetime(2027, 2, 1, 10, 15, tzinfo=UTC)
PATIENCE = Patience(first_retry=5.0, longest_retry=300.0)
ATTEMPTS = st.integers(0, 10_000)


def waited(attempts: int, asked: float | None = None, patience: Patience = PATIENCE) -> float:
    return (patience.retry_at(NOW, attempts, asked) - NOW).total_seconds()


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, 300), (7, 300), (100, 300), (100_000, 300)]
)
def test_each_failure_doubles_the_wait_up_to_the_longest(attempts: int, seconds: float) -> None:
    assert waited(attempts) == seconds


@pytest.mark.parametrize(
    ("attempts", "asked", "seconds"),
    [
        (0, None, 5),
        (0, 0.0, 5),
        (0, 4.0, 5),  # asking for less does not make us impatient
        (0, 30.0, 30),
        (3, 30.0, 40),
        (9, 900.0, 900),  # asking for more than our longest wait is obeyed
    ],
)
def test_an_instance_that_asks_to_wait_is_obeyed_but_never_hurried(
    attempts: int, asked: float | None, seconds: float
) -> None:
    assert waited(attempts, asked) == seconds


@given(ATTEMPTS, st.one_of(st.none(), st.floats(-10, 86_400)))
def test_the_wait_never_shrinks_with_another_failure(attempts: int, asked: float | None) -> None:
    assert waited(attempts, asked) <= waited(attempts + 1, asked)


@given(
    ATTEMPTS,
    st.one_of(st.none(), st.floats(0, 86_400)),
    st.builds(Patience, first_retry=st.floats(0.1, 60), longest_retry=st.floats(0.1, 3600)),
)
def test_the_wait_is_what_was_asked_and_otherwise_between_nothing_and_the_longest(
    attempts: int, asked: float | None, patience: Patience
) -> None:
    wait = waited(attempts, asked, patience)
    assert 0 < wait <= max(patience.longest_retry, asked or 0.0) + 1e-5
    assert wait >= (asked or 0.0) - 1e-5


@given(ATTEMPTS)
def test_the_first_wait_is_the_configured_one_and_no_later_one_is_shorter(attempts: int) -> None:
    assert waited(0) == PATIENCE.first_retry
    assert waited(attempts) >= PATIENCE.first_retry


@pytest.mark.parametrize("asked", [1e12, 1e30, float("inf")])
def test_an_absurd_wish_to_wait_does_not_stop_the_outbox(asked: float) -> None:
    assert PATIENCE.retry_at(NOW, 0, asked) < NOW + timedelta(days=2)


def test_after_an_unknown_outcome_we_look_only_when_the_platform_has_surely_finished() -> None:
    assert Patience().look_after > 60  # seconds: the platform's quota for one transaction
