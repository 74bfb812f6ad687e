"""Typed values of decision tables: FEEL's simple kinds as Python values.

string is str, number is Decimal, boolean is bool, date is date, "date and time" is an aware or naive datetime, time is
time, "days and time duration" is timedelta, "years and months duration" is Months. Nothing known is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DAYS = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_MONTHS = re.compile(r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?")
_LONGEST_NUMBER = 400  # digits before or after the point; what is longer is a mistake, and slow
_LONGEST_PART = 9  # digits of one part of a duration


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A duration of years and months, counted in months."""

    count: int


Value: TypeAlias = str | Decimal | bool | date | datetime | time | timedelta | Months | None


class Kind(Enum):
    """What a column holds. The values are FEEL's names; `choice` is a string of a closed list."""

    STRING = "string"
    CHOICE = "choice"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date and time"
    TIME = "time"
    DURATION = "duration"  # of days and time
    MONTHS = "years and months duration"
    ANY = "any"

    @property
    def is_text(self) -> bool:
        return self in (Kind.STRING, Kind.CHOICE)


def kind_of(value: Value) -> Kind | None:
    """The kind of one value; None for nothing. A string is never recognized as a choice."""
    for types, kind in _BY_TYPE:
        if isinstance(value, types):
            return kind
    return None


# bool before Decimal and datetime before date: each is, or is compared as, a case of the other.
_BY_TYPE: tuple[tuple[type, Kind], ...] = (
    (bool, Kind.BOOLEAN),
    (str, Kind.STRING),
    (Decimal, Kind.NUMBER),
    (datetime, Kind.DATE_TIME),
    (date, Kind.DATE),
    (time, Kind.TIME),
    (timedelta, Kind.DURATION),
    (Months, Kind.MONTHS),
)


def read(kind: Kind, text: str) -> Value:
    """The value a text stands for in a column of this kind. Raises ValueError saying what would be right.

    >>> read(Kind.NUMBER, "2.50")
    Decimal('2.50')
    >>> read(Kind.DURATION, "P1DT6H")
    datetime.timedelta(days=1, seconds=21600)
    """
    return _READERS[kind](text.strip())


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number; write digits with '.' before the decimals, like 12.5")
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number; write digits with '.' before the decimals, like 12.5") from None
    if len(text) > _LONGEST_NUMBER or not -_LONGEST_NUMBER < found.adjusted() < _LONGEST_NUMBER:
        raise ValueError(f"a number of more than {_LONGEST_NUMBER} digits; correct it")
    return found


def _boolean(text: str) -> bool:
    match text.casefold():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise ValueError("neither true nor false")


def _date(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("not a date; write it as 2026-03-31")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"no such day: {error}") from None


def _date_time(text: str) -> datetime:
    """A time without a zone is UTC, because that is how ServiceNow stores it."""
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("not a date and time; write it as 2026-03-31T08:30:00 (UTC)")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not a date and time; write it as 2026-03-31T08:30:00 (UTC): {error}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError("not a time; write it as 08:30:00") from None


def _duration(text: str) -> timedelta:
    found = _DAYS.fullmatch(text)
    if not found or text.endswith(("P", "T")):
        raise ValueError("not a duration; write days and time like P2D or PT4H30M")
    sign, days, hours, minutes, seconds = found.groups()
    _no_part_is_too_long(days, hours, minutes, seconds)
    try:
        length = timedelta(int(days or 0), float(seconds or 0), 0, 0, int(minutes or 0), int(hours or 0))
        return -length if sign else length
    except OverflowError:
        raise ValueError("a duration of more than two million years; correct it") from None


def _no_part_is_too_long(*parts: str | None) -> None:
    if any(len((part or "").partition(".")[0].lstrip("0")) > _LONGEST_PART for part in parts):
        raise ValueError(f"a duration with a number of more than {_LONGEST_PART} digits; correct it")


def _months(text: str) -> Months:
    found = _MONTHS.fullmatch(text)
    if not found or text.endswith("P"):
        raise ValueError("not a duration of years and months; write it like P1Y6M")
    sign, years, months = found.groups()
    _no_part_is_too_long(years, months)
    count = 12 * int(years or 0) + int(months or 0)
    return Months(-count if sign else count)


def _string(text: str) -> str:
    return text


_READERS: dict[Kind, Callable[[str], Value]] = {
    Kind.STRING: _string,
    Kind.CHOICE: _string,
    Kind.ANY: _string,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATE_TIME: _date_time,
    Kind.TIME: _time,
    Kind.DURATION: _duration,
    Kind.MONTHS: _months,
}


def show(value: Value) -> str:
    """A value as text that `read` understands; nothing is "".

    >>> show(timedelta(days=1, hours=6)), show(Decimal("2.50")), show(True)
    ('P1DT6H', '2.50', 'true')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return _show_duration(value)
        case Months():
            return _show_months(value)


def _show_duration(value: timedelta) -> str:
    length = abs(value)
    hours, rest = divmod(length.seconds, 3600)
    minutes, whole = divmod(rest, 60)
    seconds = f"{whole}.{length.microseconds:06}".rstrip("0") if length.microseconds else str(whole)
    clock = (
        (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds != "0" else "")
    )
    days = f"{length.days}D" if length.days or not clock else ""
    return ("-" if value < timedelta(0) else "") + "P" + days + (f"T{clock}" if clock else "")


def _show_months(value: Months) -> str:
    years, months = divmod(abs(value.count), 12)
    return (
        ("-" if value.count < 0 else "")
        + "P"
        + (f"{years}Y" if years else "")
        + (f"{months}M" if months or not years else "")
    )
