"""Several orders served side by side, yet the same way every time: real threads, of which one runs at a time.

A worker gives up its turn before each request; who goes on is drawn from the seed.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from random import Random
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Turns(Executor):
    """Stands where the engine wants a pool of threads."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311
        self._back = threading.Semaphore(0)
        self._workers: dict[int, threading.Semaphore] = {}
        self._many = 1

    def __call__(self, many: int) -> Self:
        self._many = many
        return self

    def map(  # type: ignore[override]  # neither timeout nor chunks
        self, work: Callable[[Any], Any], items: Iterable[Any]
    ) -> Iterator[Any]:
        """Finished when it returns. The first exception is raised when all are done."""
        waiting = list(enumerate(items))
        results: dict[int, Any] = {}
        failures: list[BaseException] = []

        def serve(turn: threading.Semaphore) -> None:
            turn.acquire()
            try:
                while waiting:
                    number, item = waiting.pop(0)
                    results[number] = work(item)
            except BaseException as failure:
                failures.append(failure)
            finally:
                del self._workers[threading.get_ident()]
                self._back.release()

        for _ in range(min(self._many, len(waiting))):
            turn = threading.Semaphore(0)
            thread = threading.Thread(target=serve, args=(turn,), daemon=True)
            thread.start()
            assert thread.ident is not None
            self._workers[thread.ident] = turn
        while self._workers:
            turns = list(self._workers.values())
            turns[self._chance.randrange(len(turns))].release()
            self._back.acquire()
        if failures:
            raise failures[0]
        return iter([results[number] for number in sorted(results)])

    def pause(self) -> None:
        """Somebody else may go on first."""
        turn = self._workers.get(threading.get_ident())
        if turn is not None:
            self._back.release()
            turn.acquire()
