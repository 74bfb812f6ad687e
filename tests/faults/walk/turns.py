"""Several orders served side by side, yet the same way every time: real threads, of which one runs at a time.

A worker gives up its turn before each request; who goes on is drawn from the seed.
"""

from __future__ import annotations

import sys
import threading
from random import Random
from typing import TYPE_CHECKING

from connector.engine.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Turns(Crew):
    """A crew of which nobody is ever late."""

    def __init__(self, seed: int, workers: int = 1) -> None:
        super().__init__(workers)
        self._chance = Random(seed)  # noqa: S311
        self._back = threading.Semaphore(0)
        self._workers: dict[int, threading.Semaphore] = {}

    def serve(self, order_ids: Iterable[str], work: Callable[[str], bool]) -> list[str]:
        """All are done when it returns. The first exception is raised when all are done."""
        waiting = list(order_ids)
        if self.workers == 1 or len(waiting) <= 1:
            return [order_id for order_id in waiting if work(order_id)]
        every = tuple(waiting)
        changed: set[str] = set()
        failures: list[BaseException] = []

        def go(turn: threading.Semaphore) -> None:
            turn.acquire()
            try:
                while waiting:
                    order_id = waiting.pop(0)
                    if work(order_id):
                        changed.add(order_id)
            except BaseException as failure:
                failures.append(failure)
            finally:
                del self._workers[threading.get_ident()]
                self._back.release()

        for _ in range(min(self.workers, len(waiting))):
            turn = threading.Semaphore(0)
            thread = threading.Thread(target=go, args=(turn,), daemon=True)
            thread.start()
            assert thread.ident is not None
            self._workers[thread.ident] = turn
        while self._workers:
            turns = list(self._workers.values())
            turns[self._chance.randrange(len(turns))].release()
            self._back.acquire()
        if failures:
            raise failures[0]
        return [order_id for order_id in every if order_id in changed]

    def pause(self) -> None:
        """Somebody else may go on first."""
        turn = self._workers.get(threading.get_ident())
        if turn is not None and not _holds_a_lock():
            self._back.release()
            turn.acquire()


class Yielding(threading.Condition):
    """Where a worker waits for another: it gives up its turn meanwhile, for the other would never have one."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def wait(self, timeout: float | None = None) -> bool:
        self.release()
        self._turns.pause()
        self.acquire()
        return True


_LOCKED = frozenset({"Sides.trouble", "SignIn._again", "StateChoices.read", "StateChoices.learn", "References._make"})
"""What sends requests with a lock held. Whoever gave up its turn there would be waited for by who has it, for ever."""


def _holds_a_lock() -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_qualname in _LOCKED:
            return True
    return False
