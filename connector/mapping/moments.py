"""Moments as ServiceNow stores them: UTC, "YYYY-MM-DD HH:MM:SS"; durations as the moment so long after 1970 began. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

STAMP = "%Y-%m-%d %H:%M:%S"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> datetime | None:
    """A stored date-time; None where there is none, or none that can be understood."""
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def duration_of(text: str) -> timedelta:
    """A stored duration; nothing where there is none, or none that can be understood."""
    moment = moment_of(text)
    return timedelta() if moment is None else max(timedelta(), moment - _EPOCH)
