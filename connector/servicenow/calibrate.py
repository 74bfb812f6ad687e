"""What an instance makes of a cursor's question, measured and never assumed.

Two things could make a cursor miss records without a sign: a date literal that is read in the user's own time zone instead of
UTC (releases and recordings disagree), and a term the instance does not understand, which it drops and answers the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector.errors import AbsurdAnswer, ConfigError, Denied
from connector.servicenow.lean import page
from connector.servicenow.query import Op, Query
from connector.servicenow.table import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.servicenow.feed import Feed
    from connector.servicenow.table import TableApi

_NEVER = datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)
_TRIES = 3  # a record may be changed between two questions about it
_STEP = timedelta(minutes=15)  # zones of the world differ by multiples of it
_FARTHEST = 14 * 4  # steps from UTC


def calibrate(api: TableApi, feeds: Sequence[Feed]) -> bool:
    """Ask each feed's own question with a bound nothing can pass, then measure where a date literal lies.

    False when no table has a record to measure with. Raises AbsurdAnswer where the bound is ignored, ConfigError where
    literals are not UTC, Denied where a record is shown without what it is measured by, other RemoteErrors as they come.
    """
    for feed in feeds:
        _bounded(api, feed)
    for feed in feeds:
        if (example := _newest(api, feed)) is not None:
            _literal_is_utc(api, feed, example)
            return True
    return False


def _bounded(api: TableApi, feed: Feed) -> None:
    query = f"{feed.since(_NEVER)}^ORDERBYsys_updated_on^ORDERBYsys_id"
    rows, total = page(api, feed.table, query, ["sys_id"], 1)
    if rows or total:
        raise AbsurdAnswer(
            f"{api.endpoint.name}: {feed.table} has {max(total, len(rows))} records that were updated after the year 2999: "
            "the instance ignores the bound of the query.",
            hint="Check that the table has sys_updated_on and that the user may use it in queries. Nothing was concluded.",
        )


@dataclass(frozen=True, slots=True)
class _Example:
    sys_id: str
    updated_on: datetime


def _newest(api: TableApi, feed: Feed) -> _Example | None:
    """The record updated last: how literals are read may differ between summer and winter, and the present counts."""
    query = f"{feed.only}^ORDERBYDESCsys_updated_on" if feed.only.groups else "ORDERBYDESCsys_updated_on"
    columns = ("sys_id", "sys_updated_on")
    rows, _ = page(api, feed.table, query, columns, 1)
    if not rows:
        return None
    if missing := [column for column in columns if not rows[0].get(column)]:
        raise Denied(
            f"{api.endpoint.name}: the column {missing[0]!r} of {feed.table} cannot be read.",
            hint="Without it nobody can tell what has changed.",
        )
    moment = datetime.strptime(rows[0]["sys_updated_on"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return _Example(rows[0]["sys_id"], moment)


def _literal_is_utc(api: TableApi, feed: Feed, example: _Example) -> None:
    """`sys_id=X^sys_updated_on=<value just read>` must find X."""
    for _ in range(_TRIES):
        query = Query().where("sys_id", Op.IS, example.sys_id)
        rows, _total = page(
            api, feed.table, str(query.where("sys_updated_on", Op.IS, stamp(example.updated_on))), ["sys_id"], 2
        )
        if [row.get("sys_id") for row in rows] == [example.sys_id]:
            return
        again = _newest(api, feed)
        if again is None or again == example:
            break
        example = again
    raise ConfigError(
        f"{api.endpoint.name} does not read date literals as UTC for this user: {_measured(api, feed, example)}.",
        hint="Set the time zone of the connector's user on that instance to GMT (sys_user.time_zone), then start again.",
    )


def _measured(api: TableApi, feed: Feed, example: _Example) -> str:
    """How far off they are, found by halving: the smallest literal that is not before the record."""
    low, high = -_FARTHEST - 1, _FARTHEST + 1
    while high - low > 1:
        middle = (low + high) // 2
        query = Query().where("sys_id", Op.IS, example.sys_id)
        query = query.where("sys_updated_on", Op.UNTIL, stamp(example.updated_on + middle * _STEP))
        rows, _ = page(api, feed.table, str(query), ["sys_id"], 2)
        low, high = (low, middle) if rows else (middle, high)
    if high > _FARTHEST:
        return f"{stamp(example.updated_on)}, just read, is not found by any literal"
    return f"they lie {int(high * _STEP / timedelta(minutes=1)):+d} minutes from it"
