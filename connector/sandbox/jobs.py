"""Work the platform does later (decomposition, completion): a queue ordered by due time, run when somebody looks."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Jobs:
    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._sequence = count()

    def add(self, due: datetime, work: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (due, next(self._sequence), work))

    def next_due(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> Callable[[], None] | None:
        """The earliest job that is due, if any."""
        return heapq.heappop(self._heap)[2] if self._heap and self._heap[0][0] <= now else None

    def clear(self) -> None:
        self._heap.clear()
