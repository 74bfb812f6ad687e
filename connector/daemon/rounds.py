"""The doctor's rounds: at the start and on a schedule, beside the worker, so that no order waits for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_log = structlog.get_logger("om-fsm")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has seen: in short, and each complaint as a line."""

    summary: str
    complaints: tuple[str, ...]


class Rounds:
    """Runs one round at a time. `examine` asks the instances and changes nothing; `note` keeps the summary for `status`."""

    def __init__(self, examine: Callable[[], Round], note: Callable[[str], None]) -> None:
        self._examine = examine
        self._note = note
        self._said: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None
        self.wanted = threading.Event()

    def begin(self) -> None:
        """Begin a round if one is wanted and none is under way. It ends with the process."""
        if self.wanted.is_set() and (self._thread is None or not self._thread.is_alive()):
            self.wanted.clear()
            self._thread = threading.Thread(target=self._go, name="doctor", daemon=True)
            self._thread.start()

    def _go(self) -> None:
        try:
            seen = self._examine()
            self._note(seen.summary)
        except Exception as error:
            _log.warning("the doctor could not make its round", error=str(error))
            return
        for line in seen.complaints:
            if line not in self._said:  # each is said once
                _log.warning("doctor", complaint=line)
        self._said = frozenset(seen.complaints)
