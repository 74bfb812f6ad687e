"""How much one evaluation may do: so many steps, whatever the expression says. Evaluations inside it share its budget."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = 200_000  # about a fifth of a second
DEEPEST_CALL = 60
LONGEST_TEXT = 100_000


class Exhausted(Exception):
    """An evaluation took too many steps, or called too deep."""


class _Budget:
    def __init__(self) -> None:
        self.steps = STEPS
        self.depth = 0


_current: ContextVar[_Budget | None] = ContextVar("budget", default=None)


def is_running() -> bool:
    """Whether an evaluation is under way, so that another one is part of it."""
    return _current.get() is not None


@contextmanager
def budgeted() -> Iterator[None]:
    """Evaluate within a fresh budget."""
    token = _current.set(_Budget())
    try:
        yield
    finally:
        _current.reset(token)


def spend(steps: int = 1) -> None:
    """Raises Exhausted when there is nothing left to spend."""
    budget = _current.get()
    if budget is not None:
        budget.steps -= steps
        if budget.steps < 0:
            raise Exhausted


@contextmanager
def deeper() -> Iterator[None]:
    """One call inside another. Raises Exhausted when they go too deep."""
    budget = _current.get()
    if budget is None:
        yield
        return
    budget.depth += 1
    if budget.depth > DEEPEST_CALL:
        raise Exhausted
    try:
        yield
    finally:
        budget.depth -= 1
