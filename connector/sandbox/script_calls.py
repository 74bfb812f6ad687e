"""What the known gs.* calls answer, from the reader's own zone, groups and record and from the instance's clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.clock import STAMP
from connector.sandbox.periods import period, period_ago
from connector.sandbox.scripts import Call, Reader, UnknownScript, read_script, to_utc

if TYPE_CHECKING:
    from collections.abc import Callable

EDGE = re.compile(r"gs\.(?P<edge>beginningOf|endOf)(?P<period>\w+)")
AGO = re.compile(r"gs\.(?P<unit>minute|hour|day|month|quarter|year)sAgo(?P<edge>Start|End|)")
SPANS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
EDGES = {"start": "00:00:00", "end": "23:59:59"}
Answer = str | list[str]


def evaluate(script: str, reader: Reader) -> Answer:
    """The value of a `javascript:` literal (given without that prefix): a UTC stamp, a day, a plain string, or several.

    Raises UnknownScript, and ValueError or IndexError when a known call has arguments it cannot use.
    """
    return _answer(read_script(script), reader)


def _answer(call: Call, reader: Reader) -> Answer:
    arguments = [_text(_answer(each, reader)) if isinstance(each, Call) else each for each in call.arguments]
    if (edge := EDGE.fullmatch(call.name)) is not None:
        return _edge(reader, edge["period"], end=edge["edge"] == "endOf")
    if (ago := AGO.fullmatch(call.name)) is not None:
        return _ago(reader, ago["unit"], ago["edge"], float(arguments[0]))
    if call.name not in FUNCTIONS:
        raise UnknownScript(call.name)
    return FUNCTIONS[call.name](reader, arguments)


def _text(value: Answer) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _generate(reader: Reader, arguments: list[str]) -> str:
    clock = arguments[1] if len(arguments) > 1 else EDGES["start"]
    return to_utc(f"{arguments[0][:10]} {EDGES.get(clock, clock)}", reader.zone)


def _today(reader: Reader) -> date:
    return reader.now.astimezone(reader.zone).date()


def _edge(reader: Reader, name: str, *, end: bool) -> str:
    """The beginning or the end of a period on the reader's calendar, as a UTC stamp."""
    try:
        first, last = period(name, _today(reader))
    except KeyError:
        raise UnknownScript(name) from None
    return _moment(reader, last if end else first, end=end)


def _ago(reader: Reader, unit: str, edge: str, amount: float) -> str:
    """So many units before now (after, when negative): that moment, or the start or end of that unit."""
    if unit in SPANS:
        local = (reader.now - SPANS[unit] * amount).astimezone(reader.zone)
        if not edge:
            return local.astimezone(UTC).strftime(STAMP)
        if unit == "day":
            return _moment(reader, local.date(), end=edge == "End")
        start = local.replace(second=0, microsecond=0, minute=0 if unit == "hour" else local.minute)
        moment = start if edge == "Start" else start + SPANS[unit] - timedelta(seconds=1)
        return moment.astimezone(UTC).strftime(STAMP)
    first, last = period_ago(unit.title(), _today(reader), int(amount))
    if edge:
        return _moment(reader, last if edge == "End" else first, end=edge == "End")
    local = reader.now.astimezone(reader.zone)
    day = min(first + timedelta(days=(_today(reader) - period_ago(unit.title(), _today(reader), 0)[0]).days), last)
    return datetime.combine(day, local.time(), reader.zone).astimezone(UTC).strftime(STAMP)


def _moment(reader: Reader, day: date, *, end: bool) -> str:
    edge = time(23, 59, 59) if end else time(0)
    return datetime.combine(day, edge, reader.zone).astimezone(UTC).strftime(STAMP)


def _of_user(key: str) -> Callable[[Reader, list[str]], Answer]:
    return lambda reader, _: reader.home.user_value(reader.sys_id, key)


def _property(reader: Reader, arguments: list[str]) -> str:
    return reader.home.property_of(arguments[0]) or (arguments[1] if len(arguments) > 1 else "")


def _groups(reader: Reader, _: list[str]) -> Answer:
    return reader.home.groups_of(reader.sys_id)


FUNCTIONS: dict[str, Callable[[Reader, list[str]], Answer]] = {
    "gs.dateGenerate": _generate,
    "gs.now": lambda reader, _: _today(reader).isoformat(),
    "gs.yesterday": lambda reader, _: (_today(reader) - timedelta(days=1)).isoformat(),
    "gs.nowDateTime": lambda reader, _: reader.now.strftime(STAMP),
    "gs.nowNoTZ": lambda reader, _: reader.now.strftime(STAMP),
    "gs.getUserID": lambda reader, _: reader.sys_id,
    "gs.getUserName": lambda reader, _: reader.login,
    "gs.getUserDisplayName": _of_user("name"),
    "gs.getUser.getID": lambda reader, _: reader.sys_id,
    "gs.getUser.getName": lambda reader, _: reader.login,
    "gs.getUser.getDisplayName": _of_user("name"),
    "gs.getUser.getFullName": _of_user("name"),
    "gs.getUser.getEmail": _of_user("email"),
    "gs.getUser.getCompanyID": _of_user("company"),
    "gs.getUser.getLocation": _of_user("location"),
    "gs.getUser.getRecord.getValue": lambda reader, arguments: reader.home.user_value(reader.sys_id, arguments[0]),
    "gs.getUser.getMyGroups": _groups,
    "getMyGroups": _groups,
    "gs.getProperty": _property,
}
