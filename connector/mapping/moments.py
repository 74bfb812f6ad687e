"""Moments as ServiceNow stores them: UTC, "YYYY-MM-DD HH:MM:SS". Pure."""

from __future__ import annotations

from datetime import UTC, datetime

STAMP = "%Y-%m-%d %H:%M:%S"


def moment_of(text: str) -> datetime | None:
    """A stored date-time; None where there is none, or none that can be understood."""
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
