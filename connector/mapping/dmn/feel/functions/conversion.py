"""Functions from one kind of value to another."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.arithmetic import DECIMAL128, finite
from connector.mapping.dmn.feel.calendar import read_date, read_date_time, read_duration, read_time, show_any
from connector.mapping.dmn.feel.functions.signature import built_in

if TYPE_CHECKING:
    from decimal import Decimal

    from connector.mapping.dmn.feel.functions.signature import Signature
    from connector.mapping.dmn.values import Months

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def to_date(value: str | date | datetime) -> date | None:
    if isinstance(value, str):
        return read_date(value)
    return value.date() if isinstance(value, datetime) else value


def date_of(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    return date(_whole(year), _whole(month), _whole(day))


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value() or abs(number) > 10**9:
        raise ValueError("not whole")
    return int(number)


def to_time(value: str | time | datetime | date) -> time | None:
    if isinstance(value, str):
        return read_time(value)
    if isinstance(value, datetime):
        return value.timetz()
    return time(tzinfo=UTC) if isinstance(value, date) else value


def time_of(hour: Decimal, minute: Decimal, second: Decimal, offset: timedelta | None) -> time | None:
    whole = int(second)
    micro = int((second - whole) * 1_000_000)
    zone = None if offset is None else timezone(offset) if offset else UTC
    return time(_whole(hour), _whole(minute), whole, micro, zone)


def to_date_time(value: str | datetime | date) -> datetime | None:
    if isinstance(value, str):
        return read_date_time(value)
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def date_time_of(day: date, at: time) -> datetime:
    return datetime(day.year, day.month, day.day, at.hour, at.minute, at.second, at.microsecond, at.tzinfo)


def to_duration(value: str | timedelta | Months) -> timedelta | Months | None:
    return read_duration(value) if isinstance(value, str) else value


def to_number(text: str, grouping: str | None, point: str | None) -> Decimal | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        return None
    if grouping:
        text = text.replace(grouping, "")
    if point:
        text = text.replace(point, ".")
    return finite(DECIMAL128.create_decimal(text)) if _NUMBER.fullmatch(text) else None


def to_string(value: Any) -> str | None:
    return None if value is None else show_any(value)


CONVERSIONS: tuple[Signature, ...] = (
    built_in("date(from: string|date|datetime)", to_date),
    built_in("date(year: number, month: number, day: number)", date_of),
    built_in("time(from: string|time|datetime|date)", to_time),
    built_in("time(hour: number, minute: number, second: number, offset: days?!)", time_of),
    built_in("date and time(from: string|date|datetime)", to_date_time),
    built_in("date and time(date: date|datetime, time: time)", date_time_of),
    built_in("duration(from: string|days|months)", to_duration),
    built_in("number(from: string, grouping separator: string?!, decimal separator: string?!)", to_number),
    built_in("number(from: number)", lambda number: number),
    built_in("string(from: any)", to_string),
)
