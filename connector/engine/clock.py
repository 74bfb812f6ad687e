"""A machine's clock that was ahead, and was put right: what waits must not wait for as long again as the clock was wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.tables import hold, last, outbox, wakeup

if TYPE_CHECKING:
    from datetime import datetime

_WAVERS = timedelta(minutes=1)  # what waits may be late by so much

# Not among them is how long a person holds something: that is a moment a person has named.
_WAITING: tuple[sa.Column[datetime], ...] = (outbox.c.not_before, wakeup.c.due, hold.c.probe_at)
_WRITTEN: tuple[sa.Column[datetime], ...] = (last.c.at, hold.c.since)


def put_right(database: sa.Engine, now: datetime) -> timedelta:
    """By how much the clock was ahead when memory was last written, where it was; zero otherwise.

    Whatever waits for a moment waits for one as much earlier then, so that it waits as long as was meant.
    """
    with database.begin() as connection:
        written = [connection.execute(sa.select(sa.func.max(column))).scalar() for column in _WRITTEN]
        ahead = max((moment - now for moment in written if moment is not None), default=timedelta(0))
        if ahead <= _WAVERS:
            return timedelta(0)
        for column in _WAITING:
            _bring_forward(connection, column, now, ahead)
        for column in _WRITTEN:
            connection.execute(sa.update(column.table).where(column > now).values({column: now}))
    return ahead


def _bring_forward(connection: sa.Connection, column: sa.Column[datetime], now: datetime, ahead: timedelta) -> None:
    table: Any = column.table
    keys = list(table.primary_key.columns)
    for row in connection.execute(sa.select(*keys, column).where(column > now)).all():
        mine = sa.and_(*(key == value for key, value in zip(keys, row[:-1], strict=True)))
        connection.execute(table.update().where(mine).values({column: row[-1] - ahead}))
