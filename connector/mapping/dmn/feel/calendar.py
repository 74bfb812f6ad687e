"""Dates, times and durations from FEEL text, and any value back as text.

A time keeps the zone it was written with: none, an offset, or a name like Europe/Paris.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.mapping.dmn.budget import LONGEST_TEXT, Exhausted, spend
from connector.mapping.dmn.feel.values import Function, Range
from connector.mapping.dmn.values import Months, show

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z0-9_+\-/]+)?", re.ASCII)
_MIDNIGHT = re.compile(r"24:00:00(?:\.0+)?(?![\d.])")
_DAYS = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?", re.ASCII)
_MONTHS = re.compile(r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?", re.ASCII)
_BEYOND = re.compile(
    r"-\d{4,9}-\d\d-\d\d(T.*)?|[1-9]\d{4,8}-\d\d-\d\d(T.*)?|.*\d\d:\d\d:\d\d\.\d*[1-9]\d*", re.ASCII | re.DOTALL
)
_WIDEST_OFFSET = timedelta(hours=18)


def is_beyond(text: str) -> bool:
    """Whether a text is a date or time that FEEL has, but not this house: before year 1, after 9999, below a microsecond."""
    if not _BEYOND.fullmatch(re.sub(r"(Z|[+-]\d\d:\d\d(:\d\d)?|@.+)$", "", text)):
        return False
    fraction = re.search(r"\.(\d+)", text)
    years = re.match(r"-?\d{4,9}-", text)
    return (fraction is not None and bool(fraction[1][6:].strip("0"))) or (
        years is not None and (text.startswith("-") or len(years[0]) > 5)
    )


def read_date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction, zone = found.groups()
    try:
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        return time(int(hour), int(minute), int(second), micro, tzinfo=_zone(zone))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return None


def read_date_time(text: str) -> datetime | None:
    """A date alone is its midnight; 24:00:00 is the midnight after it."""
    day, parted, clock = text.partition("T")
    is_next = bool(_MIDNIGHT.match(clock))
    if is_next:
        clock = "00" + clock[2:]
    on, at = read_date(day), read_time(clock) if parted else time()
    if on is None or at is None:
        return None
    try:
        return datetime.combine(on + timedelta(days=is_next), at, tzinfo=at.tzinfo)
    except OverflowError:
        return None


def read_duration(text: str) -> timedelta | Months | None:
    """`P1DT2H` or `P1Y2M`."""
    return read_days(text) if "D" in text or "T" in text else read_months(text)


def read_days(text: str) -> timedelta | None:
    found = _DAYS.fullmatch(text)
    if not found or text.endswith(("P", "T")):
        return None
    sign, days, hours, minutes, seconds = found.groups()
    try:
        micro = int(Decimal(seconds or 0) * 1_000_000)
        length = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), microseconds=micro)
        return -length if sign else length
    except OverflowError:
        return None


def read_months(text: str) -> Months | None:
    found = _MONTHS.fullmatch(text)
    if not found or text.endswith("P"):
        return None
    sign, years, months = found.groups()
    if len(years or "") > 12 or len(months or "") > 12:
        return None
    count = 12 * int(years or 0) + int(months or 0)
    return Months(-count if sign else count)


def read_at(text: str) -> date | datetime | time | timedelta | Months | None:
    """What `@"..."` stands for."""
    if text.lstrip("-").startswith("P"):
        return read_duration(text)
    return read_date(text) or (read_date_time(text) if _DATE.match(text) else read_time(text))


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "z"):
        return UTC
    if text.startswith("@"):
        return ZoneInfo(text[1:])
    parts = [int(part) for part in text[1:].split(":")]
    if parts[1] > 59 or (len(parts) > 2 and parts[2] > 59):
        raise ValueError("no such offset")
    offset = timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2] if len(parts) > 2 else 0)
    if offset > _WIDEST_OFFSET:
        raise ValueError("no such offset")
    return UTC if not offset else timezone(-offset if text[0] == "-" else offset)


def show_any(value: Any) -> str:
    """Any value as FEEL's string() shows it; strings stand in quotes only inside something else."""
    text = value if isinstance(value, str) else _shown(value)
    if len(text) > LONGEST_TEXT:
        raise Exhausted
    return text


def _shown(value: Any) -> str:
    spend()
    match value:
        case None:
            return "null"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[" + ", ".join(_shown(one) for one in value) + "]"
        case dict():
            return "{" + ", ".join(f"{_key(key)}: {_shown(one)}" for key, one in value.items()) + "}"
        case Range():
            return _shown_range(value)
        case Function():
            return f"function({', '.join(value.parameters)})"
        case _:
            return _shown_simple(value)


def _shown_simple(value: Any) -> str:
    match value:
        case Decimal():
            return show_number(value)
        case timedelta() if not value:
            return "PT0S"
        case datetime():
            return f"{value.date().isoformat()}T{_clock(value.timetz())}"
        case time():
            return _clock(value)
        case _:
            return show(value)


def show_number(value: Decimal) -> str:
    """Without trailing zeros and without an exponent.

    >>> show_number(Decimal("1.500")), show_number(Decimal("1E+3"))
    ('1.5', '1000')
    """
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _key(key: str) -> str:
    return key if re.fullmatch(r"[^\W\d][\w ]*", key) else _shown(key)


def _clock(value: time) -> str:
    text = value.replace(tzinfo=None).isoformat()
    if value.microsecond:
        text = text.rstrip("0")
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo):
        return f"{text}@{zone.key}"
    if zone is None:
        return text
    offset = value.utcoffset() or timedelta(0)
    return f"{text}Z" if not offset else f"{text}{str(timezone(offset)).removeprefix('UTC')}"


def _shown_range(value: Range) -> str:
    if value.sign:
        return f"({value.sign} {_shown(value.high if value.sign.startswith('<') else value.low)})"
    begin, end = "[" if value.low_closed else "(", "]" if value.high_closed else ")"
    return f"{begin}{_shown(value.low)}..{_shown(value.high)}{end}"
