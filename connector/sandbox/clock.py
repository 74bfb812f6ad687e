"""What time an instance believes it is.

One `TimeSource` per world (real wall time plus an offset, or virtual time moved by hand), one `Clock` per instance on top of it
with its own skew. Nothing else in the sandbox may ask the machine for the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

STAMP: Final = "%Y-%m-%d %H:%M:%S"


class TimeSource:
    """Wall time plus an offset (`manual=False`), or a virtual time that only `advance` moves."""

    def __init__(self, *, manual: bool, start: datetime | None = None) -> None:
        self.manual = manual
        wall = datetime.now(UTC)
        self._virtual = start or wall
        self._offset = timedelta(0) if manual or start is None else start - wall

    def now(self) -> datetime:
        return self._virtual if self.manual else datetime.now(UTC) + self._offset

    def move_to(self, moment: datetime) -> None:
        """Go forward to `moment`; time never goes backwards."""
        if self.manual:
            self._virtual = max(self._virtual, moment)
        else:
            self._offset += max(timedelta(0), moment - self.now())


class Clock:
    """The clock of one instance: the world's time plus this instance's skew."""

    def __init__(self, source: TimeSource, skew: timedelta = timedelta(0)) -> None:
        self._source = source
        self.skew = skew

    def now(self) -> datetime:
        return self._source.now() + self.skew

    def stamp(self) -> str:
        """The present second as the platform stores it: UTC, `yyyy-MM-dd HH:mm:ss`."""
        return self.now().strftime(STAMP)


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
