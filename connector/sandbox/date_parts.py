"""Dates as parts and distances: what `SAMEAS`, `DATEPART`, `MORETHAN` and `LESSTHAN` of an encoded query say.

SAMEAS     opened_atSAMEASwork_start@day    in the same day, week... of the reader's zone
DATEPART   opened_atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')     in the reader's zone
MORETHAN   expected_startMORETHANopened_at@hour@after@3    more than three hours after that column; `before` likewise
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from connector.sandbox.clock import STAMP

CALL = re.compile(r"javascript:gs\.datePart\('(?P<part>\w+)',\s*'(?P<value>\w+)',\s*'(?P<operator>\w+)'\)")
OPERATORS = {"EE": "=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTS = ("dayofweek", "day", "week", "month", "quarter", "year", "hour")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


@dataclass(frozen=True)
class Part:
    name: str
    operator: str  # of SQL
    value: int


@dataclass(frozen=True)
class Distance:
    other: str  # column
    before: bool
    seconds: float


def read_part(literal: str) -> Part:
    """Raises ValueError when the literal makes no sense."""
    call = CALL.search(literal)
    if call is None or call["part"] not in PARTS or call["operator"] not in OPERATORS:
        raise ValueError(literal)
    value = call["value"].lower()
    if call["part"] == "dayofweek" and value in DAYS:
        number = DAYS.index(value) + 1
    elif call["part"] == "month" and value[:3] in MONTHS:
        number = MONTHS.index(value[:3]) + 1
    else:
        number = int(value)
    return Part(call["part"], OPERATORS[call["operator"]], number)


def read_distance(literal: str) -> Distance:
    """Raises ValueError when the literal makes no sense."""
    other, unit, side, amount = literal.split("@")
    if side not in ("before", "after") or unit not in SECONDS:
        raise ValueError(literal)
    return Distance(other, side == "before", SECONDS[unit] * float(amount))


def date_part(stamp: str | None, part: str, zone: str) -> int | None:
    """A part of a UTC stamp on that zone's calendar; the week is the ISO week, Monday is 1."""
    if not stamp:
        return None
    try:
        local = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(_zone(zone))
    except ValueError:
        return None
    match part:
        case "dayofweek":
            return local.isoweekday()
        case "week":
            return local.isocalendar().week
        case "quarter":
            return (local.month + 2) // 3
        case _:
            return int(getattr(local, part))


PERIODS = {
    "minute": "%Y-%m-%d %H:%M", "hour": "%Y-%m-%d %H", "day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m", "quarter": "",
    "year": "%Y",
}  # fmt: skip


def date_period(stamp: str | None, unit: str, zone: str) -> str | None:
    """The minute, hour, day, ISO week, month, quarter or year a UTC stamp is in on that zone's calendar."""
    if not stamp:
        return None
    try:
        local = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(_zone(zone))
    except ValueError:
        return None
    return f"{local.year} {(local.month + 2) // 3}" if unit == "quarter" else local.strftime(PERIODS[unit])


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
