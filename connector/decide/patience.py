"""How long to wait before what does not tell of itself is looked at again. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SHORTEST, _LONGEST = timedelta(seconds=60), timedelta(hours=1)


def later(since: datetime, now: datetime) -> datetime:
    """When to look again at what could not be decided, or was not shown whole, since then: the longer it lasts, the later."""
    return now + min(max((now - since) / 2, _SHORTEST), _LONGEST)
