"""Signs of life of the loop: when it turned, how its passes ended, when each side was last asked for changes.

A pass may take long: everything is looked at at first contact, or after an outage. So each look is a sign of life, and so is each
request: a loop that waits for an answer has a limit on that wait, and is not stuck.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from connector.engine.hold import Side

if TYPE_CHECKING:
    from collections.abc import Callable


class PassEnd(Enum):
    """How a turn of the loop ended."""

    DONE = "done"
    FAILED = "failed"
    HELD = "held"  # a side is held: nothing could be looked at


@dataclass(frozen=True, slots=True)
class Passes:
    """What the passes so far came to. `at` in the ticks of the pulse."""

    count: int
    at: float | None


class Pulse:
    """Beaten by the loop, felt by others. `ticks` in seconds, never set back; `requests` counts what was sent so far."""

    def __init__(self, *, ticks: Callable[[], float] = time.monotonic, requests: Callable[[], int] = lambda: 0) -> None:
        self._ticks = ticks
        self._requests = requests
        self._lock = threading.Lock()
        self.began = self._beaten = ticks()
        self._sent = requests()
        self._polled = dict.fromkeys(Side, self.began)
        self._passes = dict.fromkeys(PassEnd, Passes(0, None))
        self.last_duration = 0.0  # seconds

    def beat(self) -> float:
        """The loop is here. Returns the present."""
        with self._lock:
            self._beaten = self._ticks()
            return self._beaten

    def polled(self, *sides: Side) -> None:
        """These sides were asked for their changes, all of which are in memory."""
        self._polled |= dict.fromkeys(sides, self._ticks())

    def passed(self, end: PassEnd, began: float) -> None:
        """A turn that `began` then has ended now."""
        now = self.beat()
        self._passes[end] = Passes(self._passes[end].count + 1, now)
        self.last_duration = now - began

    # --- asked by others -----------------------------------------------------------------------------------

    @property
    def silent(self) -> float:
        """Seconds since the last sign of life."""
        with self._lock:
            sent = self._requests()
            if sent != self._sent:
                self._sent, self._beaten = sent, self._ticks()
            return self._ticks() - self._beaten

    def passes(self, end: PassEnd) -> Passes:
        """What the turns that ended so came to."""
        return self._passes[end]

    def age(self, at: float) -> float:
        """Seconds since a moment in ticks."""
        return self._ticks() - at

    def unasked(self, side: Side) -> float:
        """Seconds since a side was last asked for its changes, or since the start."""
        return self.age(self._polled[side])
