"""The smallest part of a story that still fails: delta debugging over its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.walk.story import Step


def shrink(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], *, tries: int = 300) -> list[Step]:
    """Leave out ever smaller parts as long as the rest still fails. Gives up after so many tries with the best so far."""
    best, size = list(steps), len(steps) // 2
    while size >= 1:
        start = 0
        while start < len(best):
            shorter = best[:start] + best[start + size :]
            if tries <= 0:
                return best
            tries -= 1
            if fails(shorter):
                best = shorter
            else:
                start += size
        size //= 2
    return best
