"""How long an answer takes on a busy instance: a number of slots, a queue before them, sessions served one at a time.

It only plans times; the effect of a request happens when it arrives, its answer is held back. With no latency it does nothing.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

FEW_SESSIONS = 1000


@dataclass(frozen=True)
class Wait:
    """Seconds spent waiting for a slot and for the session, and until the answer in all."""

    slot: float
    session: float
    total: float


@dataclass
class Slots:
    """Times are seconds on any clock that only goes forward."""

    _free: list[float] = field(default_factory=list)  # when each busy slot becomes free
    _starts: list[float] = field(default_factory=list)  # of requests that are planned but have not begun
    _sessions: dict[str, float] = field(default_factory=dict)  # until when each is being answered
    _tidy_at: int = FEW_SESSIONS  # so many sessions, and those that are over are forgotten

    def full(self, now: float, queue: int) -> bool:
        """Whether so many requests wait that another one is turned away."""
        while self._starts and self._starts[0] <= now:
            heapq.heappop(self._starts)
        return len(self._starts) >= queue

    def plan(self, now: float, work: float, *, slots: int, session: str = "") -> Wait:
        """Put one request of `work` seconds into the plan."""
        while self._free and self._free[0] <= now:
            heapq.heappop(self._free)
        ready = max(now, self._sessions.get(session, now)) if session else now
        start = ready if len(self._free) < slots else max(ready, heapq.heappop(self._free))
        heapq.heappush(self._free, start + work)
        if start > now:
            heapq.heappush(self._starts, start)
        if session:
            self._remember(session, now, start + work)
        return Wait(slot=start - ready, session=ready - now, total=start + work - now)

    def _remember(self, session: str, now: float, free: float) -> None:
        """A session whose answers have all gone out waits for nothing, so that only the waiting ones need to be known."""
        if len(self._sessions) >= self._tidy_at:
            self._sessions = {name: end for name, end in self._sessions.items() if end > now}
            self._tidy_at = max(FEW_SESSIONS, 2 * len(self._sessions))
        self._sessions[session] = free
