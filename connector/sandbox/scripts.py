"""The few server-side scripts an encoded query may contain (`javascript:gs.dateGenerate(...)` and its kin).

They are answered from the reader's own zone and the instance's clock. No JavaScript runs here; an unknown script raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.clock import STAMP
from connector.sandbox.periods import period

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

CALL = re.compile(r"^gs\.(?P<name>\w+)\((?P<arguments>[^()]*)\)\s*;?$")
EDGE = re.compile(r"(?P<edge>beginningOf|endOf)(?P<period>\w+)")


class UnknownScript(ValueError):
    """A script the sandbox does not imitate."""


@dataclass(frozen=True)
class Reader:
    """Who asks, in what zone, at what time."""

    sys_id: str
    login: str
    zone: ZoneInfo
    now: datetime


def evaluate(script: str, reader: Reader) -> str:
    """The value of a `javascript:` literal (given without that prefix): a UTC stamp or a plain string."""
    match = CALL.match(script.strip())
    if match is None:
        raise UnknownScript(script)
    edge = EDGE.fullmatch(match["name"])
    if edge is not None:
        return _edge(reader, edge["period"], end=edge["edge"] == "endOf")
    if match["name"] not in FUNCTIONS:
        raise UnknownScript(script)
    arguments = [part.strip().strip("'\"") for part in match["arguments"].split(",") if part.strip()]
    return FUNCTIONS[match["name"]](reader, arguments)


def to_utc(local: str, zone: ZoneInfo) -> str:
    """A `yyyy-MM-dd HH:mm:ss` text of that zone as a UTC stamp; raises ValueError for anything else."""
    return datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC).strftime(STAMP)


def to_zone(stamp: str, zone: ZoneInfo) -> str:
    """A UTC stamp as that zone's wall clock shows it; what is no stamp is returned unchanged."""
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(zone).strftime(STAMP)
    except ValueError:
        return stamp


def _generate(reader: Reader, arguments: list[str]) -> str:
    day, clock = arguments[0], arguments[1] if len(arguments) > 1 else "00:00:00"
    edges = {"start": "00:00:00", "end": "23:59:59"}
    return to_utc(f"{day} {edges.get(clock, clock)}", reader.zone)


def _edge(reader: Reader, name: str, *, end: bool) -> str:
    """The beginning or the end of a period on the reader's calendar, as a UTC stamp."""
    try:
        first, last = period(name, reader.now.astimezone(reader.zone).date())
    except KeyError:
        raise UnknownScript(name) from None
    return _moment(reader, last if end else first, end=end)


def _day(reader: Reader, days_ago: int, *, end: bool) -> str:
    return _moment(reader, reader.now.astimezone(reader.zone).date() - timedelta(days=days_ago), end=end)


def _moment(reader: Reader, day: date, *, end: bool) -> str:
    edge = time(23, 59, 59) if end else time(0)
    return datetime.combine(day, edge, reader.zone).astimezone(UTC).strftime(STAMP)


def _ago(unit: str) -> Callable[[Reader, list[str]], str]:
    return lambda reader, arguments: (reader.now - timedelta(**{unit: float(arguments[0])})).strftime(STAMP)


def _number(arguments: list[str]) -> int:
    return int(arguments[0]) if arguments else 0


# Dynamic filters by their sys_id, which is the same on every instance, and the script each stands for.
DYNAMIC_FILTERS = {"90d1921e5f510100a9ad2572f2b477fe": "gs.getUserID()"}  # "Me"

FUNCTIONS: dict[str, Callable[[Reader, list[str]], str]] = {
    "dateGenerate": _generate,
    "getUserID": lambda reader, _: reader.sys_id,
    "getUserName": lambda reader, _: reader.login,
    "nowDateTime": lambda reader, _: reader.now.strftime(STAMP),
    "now": lambda reader, _: reader.now.strftime(STAMP),
    "minutesAgo": _ago("minutes"),
    "hoursAgo": _ago("hours"),
    "daysAgo": _ago("days"),
    "minutesAgoStart": _ago("minutes"),
    "hoursAgoStart": _ago("hours"),
    "daysAgoStart": lambda reader, arguments: _day(reader, _number(arguments), end=False),
    "daysAgoEnd": lambda reader, arguments: _day(reader, _number(arguments), end=True),
}
