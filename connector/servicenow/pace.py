"""How fast an instance may be asked, for all threads together: it pushes back, and everybody slows down.

A push-back (429) halves the number of requests under way and keeps everybody away for as long as the instance asks, or for a
growing while where it does not say. Success gives the number back, one at a time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.exchange import LONGEST_ASKED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 16  # requests under way; the engine has no more threads than that
LONGEST_WAIT = 5.0  # seconds a request may wait for its turn; longer is somebody else's decision
_GROW_AFTER = 10  # successes in a row per further request under way
_FIRST_PAUSE = 1.0  # seconds after a push-back that names none; doubled by each further one
_LONGEST_PAUSE = 60.0


class Pace:
    """The pace of one instance. `clock` in seconds, of any epoch."""

    def __init__(self, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Condition()
        self._under_way = 0
        self._successes = 0
        self._push_backs = 0  # in a row
        self._pause = (0.0, 0.0)  # from, until
        self.limit = MOST

    @property
    def pause(self) -> float:
        """Seconds until the instance may be asked again; 0 when it may now."""
        since, until = self._pause
        now = self._clock()
        return max(until - now, 0.0) if now >= since else 0.0  # a clock that was set back must not stop us for long

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait for one's turn, and for the end of a short pause.

        Gives the seconds of a longer pause, during which nothing may be asked; 0.0 where one may ask now. Whoever had its turn
        before may just have been told of that pause.
        """
        with self._turn:
            self._turn.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
        try:
            if 0.0 < (pause := self.pause) <= LONGEST_WAIT:
                self._sleep(pause)
                pause = 0.0
            yield pause
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    def push_back(self, asked: float | None) -> None:
        """The instance has too many requests, and may have said for how many seconds it wants to be left alone."""
        with self._turn:
            pause = min(asked or 0.0, LONGEST_ASKED) or min(_FIRST_PAUSE * 2.0**self._push_backs, _LONGEST_PAUSE)
            self._push_backs += 1
            self._successes = 0
            self.limit = max(self.limit // 2, 1)
            now = self._clock()
            self._pause = (now, now + max(pause, self.pause))

    def success(self) -> None:
        """A request was served."""
        with self._turn:
            self._push_backs = 0
            self._successes += 1
            if self._successes >= _GROW_AFTER and self.limit < MOST:
                self._successes = 0
                self.limit += 1
                self._turn.notify_all()

    def begin_gently(self) -> None:
        """The instance is back: one request at a time at first."""
        with self._turn:
            self.limit = 1
            self._successes = self._push_backs = 0
            self._pause = (0.0, 0.0)
