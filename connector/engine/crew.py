"""Orders served side by side. One that takes long is left to whoever serves it, and the others go on."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATIENCE = 2.0  # seconds without any order done, after which those at work are not waited for


class Crew:
    """So many workers, each with one order at a time; in the calling thread when there is only one."""

    def __init__(self, workers: int, patience: float = PATIENCE) -> None:
        self.workers = workers
        self._patience = patience
        self._moved = threading.Condition()
        self._at_work: set[str] = set()
        self._changed: list[str] = []
        self._failures: list[BaseException] = []

    def of(self, workers: int) -> Crew:
        """The same crew, with those who are at work, of so many from now on."""
        self.workers = workers
        return self

    @property
    def busy(self) -> frozenset[str]:
        """The orders somebody is at work on. They must not be looked at meanwhile, and not be given to `serve` again."""
        with self._moved:
            return frozenset(self._at_work)

    def serve(self, order_ids: Iterable[str], work: Callable[[str], bool]) -> list[str]:
        """Begin to serve these orders, and wait while it goes on. Returns the orders done since the last call, late ones
        included, of which `work` says that something changed. What nobody had time for is left out.

        Raises what `work` has raised.
        """
        waiting = deque(order_ids)
        mine = frozenset(waiting)
        if self.workers == 1:
            return [order_id for order_id in waiting if work(order_id)]
        for _ in range(min(self.workers, len(waiting))):
            threading.Thread(target=self._serve, args=(waiting, work), daemon=True).start()
        with self._moved:
            while waiting or self._at_work & mine:
                if not self._moved.wait(self._patience):
                    break
            waiting.clear()
            return self._done()

    def finish(self) -> list[str]:
        """Wait for those at work, however long it takes; as `serve` of nothing."""
        with self._moved:
            self._moved.wait_for(lambda: not self._at_work)
            return self._done()

    def _serve(self, waiting: deque[str], work: Callable[[str], bool]) -> None:
        while True:
            with self._moved:
                if not waiting:
                    return
                order_id = waiting.popleft()
                self._at_work.add(order_id)
            changed, failure = False, None
            try:
                changed = work(order_id)
            except BaseException as error:  # raised again where somebody listens
                failure = error
            with self._moved:
                self._at_work.discard(order_id)
                if failure is not None:
                    self._failures.append(failure)
                elif changed:
                    self._changed.append(order_id)
                self._moved.notify_all()

    def _done(self) -> list[str]:
        failures, self._failures = self._failures, []
        changed, self._changed = self._changed, []
        if failures:
            raise failures[0]
        return changed
