"""Functions on dates. `now()` and `today()` are no functions here: where a scope has them, they are names."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.mapping.dmn.feel.equality import equal
from connector.mapping.dmn.feel.functions.signature import built_in
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from datetime import date

    from connector.mapping.dmn.feel.functions.signature import Signature

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def months_between(start: date, end: date) -> Months:
    """Whole months from one date to the other, rounded toward none."""
    count = (end.year - start.year) * 12 + end.month - start.month
    if count > 0 and end.day < start.day:
        count -= 1
    elif count < 0 and end.day > start.day:
        count += 1
    return Months(count)


def is_same(one: Any, other: Any) -> bool:
    """The same value of the same kind: the zone counts, even where the moment is the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (datetime, time)):
        return bool(_zone(one) == _zone(other) and one.replace(tzinfo=None) == other.replace(tzinfo=None))
    return equal(one, other) is True


def _zone(value: datetime | time) -> Any:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else value.utcoffset()


DATES: tuple[Signature, ...] = (
    built_in("is(value1: any?, value2: any?)", is_same),
    built_in("day of year(date: date|datetime)", lambda day: Decimal(day.timetuple().tm_yday)),
    built_in("day of week(date: date|datetime)", lambda day: _DAYS[day.weekday()]),
    built_in("month of year(date: date|datetime)", lambda day: _MONTHS[day.month - 1]),
    built_in("week of year(date: date|datetime)", lambda day: Decimal(day.isocalendar().week)),
    built_in("years and months duration(from: date|datetime, to: date|datetime)", months_between),
)
