"""+ - * / ** and the sign, on numbers, strings, dates, times and durations. What has no meaning is None."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import LONGEST_TEXT, Exhausted
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from collections.abc import Callable

DECIMAL128 = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""FEEL's numbers: IEEE 754 decimal128. Nothing traps; what is no number is turned into None by `finite`."""


def finite(number: Decimal) -> Decimal | None:
    return number if number.is_finite() else None


def calculate(sign: str, one: Any, other: Any) -> Any:
    """`one sign other`; None where that means nothing or is out of range."""
    try:
        return _BY_SIGN[sign](one, other)
    except (ArithmeticError, ValueError):
        return None


def negative(value: Any) -> Any:
    if isinstance(value, Decimal):
        return DECIMAL128.minus(value)
    if isinstance(value, timedelta):
        return -value
    return Months(-value.count) if isinstance(value, Months) else None


def _add(one: Any, other: Any) -> Any:
    match one, other:
        case Decimal(), Decimal():
            return finite(DECIMAL128.add(one, other))
        case str(), str():
            if len(one) + len(other) > LONGEST_TEXT:
                raise Exhausted
            return one + other
        case Months(), Months():
            return Months(one.count + other.count)
        case timedelta(), timedelta():
            return one + other
        case ((timedelta() | Months()), (date() | time())):
            return _later(other, one)
        case ((date() | time()), (timedelta() | Months())):
            return _later(one, other)
        case _:
            return None


def _subtract(one: Any, other: Any) -> Any:
    match one, other:
        case Decimal(), Decimal():
            return finite(DECIMAL128.subtract(one, other))
        case Months(), Months():
            return Months(one.count - other.count)
        case timedelta(), timedelta():
            return one - other
        case ((date() | time()), (timedelta() | Months())):
            return _later(one, negative(other))
        case date(), date():
            return _between(one, other)
        case time(), time():
            return _since_midnight(one) - _since_midnight(other)
        case _:
            return None


def _later(moment: date | time, length: timedelta | Months) -> Any:
    if isinstance(moment, time):
        return _later_time(moment, length) if isinstance(length, timedelta) else None
    if isinstance(length, Months):
        return add_months(moment, length.count)
    if isinstance(moment, datetime):
        return moment + length
    return (datetime.combine(moment, time()) + length).date()


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month. Raises ValueError out of the calendar."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    if not 1 <= year <= 9999:
        raise ValueError("no such year")
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def _later_time(moment: time, length: timedelta) -> time:
    day = datetime.combine(date(2000, 1, 1), moment.replace(tzinfo=None))
    return (day + timedelta(seconds=length.total_seconds() % 86400)).timetz().replace(tzinfo=moment.tzinfo)


def _between(one: date, other: date) -> timedelta | None:
    """A date alone is its midnight in UTC; both have a zone or neither."""
    left, right = (
        moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC) for moment in (one, other)
    )
    if (left.tzinfo is None) != (right.tzinfo is None):
        return None
    if left.tzinfo is not None and right.tzinfo is not None:
        return left.astimezone(UTC) - right.astimezone(UTC)
    return left - right


def _since_midnight(moment: time) -> timedelta:
    length = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    return length - (moment.utcoffset() or timedelta(0))


def _multiply(one: Any, other: Any) -> Any:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return finite(DECIMAL128.multiply(one, other))
    if isinstance(one, Decimal):
        one, other = other, one
    if isinstance(other, Decimal):
        return _scaled(one, other)
    return None


def _scaled(length: Any, by: Decimal) -> Any:
    if isinstance(length, timedelta):
        return _days(_micro(length) * by)
    return Months(int(length.count * by)) if isinstance(length, Months) else None


def _divide(one: Any, other: Any) -> Any:
    match one, other:
        case Decimal(), Decimal():
            return finite(DECIMAL128.divide(one, other)) if other else None
        case timedelta(), Decimal() if other:
            return _days(DECIMAL128.divide(_micro(one), other))
        case Months(), Decimal() if other:
            return Months(int(Decimal(one.count) / other))
        case timedelta(), timedelta() if other:
            return DECIMAL128.divide(_micro(one), _micro(other))
        case Months(), Months() if other.count:
            return DECIMAL128.divide(Decimal(one.count), Decimal(other.count))
    return None


def _micro(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1))


def _days(micro: Decimal) -> timedelta:
    return timedelta(microseconds=int(micro))


def _power(one: Any, other: Any) -> Any:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return finite(DECIMAL128.power(one, other))
    return None


_BY_SIGN: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "**": _power,
}
