"""Heed a hold: who only asks, such as `plan`, leaves alone a side that must be left in peace. It is said why, nothing is sent.

Where an outage ends by itself (unreachable, hibernating, maintenance) whoever asks finds out whether it is over, which costs
nothing; and a side that was not as it is configured (schema) is judged by the configuration of today. Everything else is heeded:
a refused password that is sent again may lock the account, and an instance that asked for time, or a person who said `hold`,
meant it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.hold import HoldReason, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.engine.hold import Hold

_MAY_BE_OVER = (HoldReason.UNREACHABLE, HoldReason.HIBERNATING, HoldReason.MAINTENANCE, HoldReason.SCHEMA)


def heed(holds: Iterable[Hold], now: datetime) -> None:
    """Raise Held where one of these holds forbids to ask."""
    stops = [one for one in holds if one.is_of_a_side and one.reason.stops_looks and not _may_be_asked(one, now)]
    if stops:
        raise refusal(stops)


def _may_be_asked(one: Hold, now: datetime) -> bool:
    if one.reason is HoldReason.THROTTLED:  # the time it asked for is over
        return one.probe_at is None or one.probe_at <= now
    return one.reason in _MAY_BE_OVER
