"""Holds in memory: placed once, said once, lifted once, each with a line of history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.hold import Hold, HoldReason
from connector.engine.tables import event, hold, outbox, verdict

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


class Holds:
    """The holds of one memory. Safe to use from several threads, and beside a running daemon."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self, now: datetime) -> tuple[Hold, ...]:
        """Every hold that is in force, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(hold).order_by(hold.c.since)).all()
        found = map(_read, rows)
        return tuple(one for one in found if one.is_in_force(now))

    def of(self, target: str, now: datetime) -> tuple[Hold, ...]:
        """The holds on one target."""
        return tuple(one for one in self.all(now) if one.target == target)

    def place(self, new: Hold) -> bool:
        """Hold it. False when it was held for this reason already; then only what is known about it changes."""
        mine = (hold.c.target == new.target) & (hold.c.reason == new.reason.value)
        values = {
            "text": new.text,
            "by": new.by,
            "until": new.until,
            "probe_at": new.probe_at,
            "probes": new.probes,
            "order_id": new.order_id,
        }
        with self._engine.begin() as connection:
            if connection.execute(hold.update().where(mine).values(**values)).rowcount:
                return False
            connection.execute(
                hold.insert().values(target=new.target, reason=new.reason.value, since=new.since, **values)
            )
            _record(connection, new, "held", f"{new.reason.value}: {new.text}", new.since)
        return True

    def lift(self, target: str, reasons: Collection[HoldReason], now: datetime, text: str) -> tuple[Hold, ...]:
        """End these holds on a target. Returns those there were."""
        ended: list[Hold] = []
        with self._engine.begin() as connection:
            for row in connection.execute(sa.select(hold).where(hold.c.target == target)).all():
                one = _read(row)
                if one.reason in reasons and one.is_in_force(now):
                    connection.execute(hold.delete().where(hold.c.target == target, hold.c.reason == row.reason))
                    _record(connection, one, "released", f"{one.reason.value}: {text}", now)
                    ended.append(one)
        return tuple(ended)

    def expire(self, now: datetime) -> None:
        """Forget the holds whose time is over, and say so in the history."""
        over = hold.c.until <= now
        with self._engine.begin() as connection:
            for row in connection.execute(sa.select(hold).where(over)).all():
                one = _read(row)
                _record(connection, one, "released", f"{one.reason.value}: its time is over", now)
            connection.execute(hold.delete().where(over))

    def order_id_of(self, number: str) -> str:
        """The sys_id of an order by its number; empty where memory does not know it yet."""
        with self._engine.connect() as connection:
            for table in (verdict, outbox, event):
                query = sa.select(table.c.order_id).where(sa.func.upper(table.c.order_number) == number.upper())
                if found := connection.execute(query.limit(1)).scalar():
                    return str(found)
        return ""


def _read(row: Any) -> Hold:
    return Hold(**{**row._mapping, "reason": HoldReason(row.reason)})


def _record(connection: sa.Connection, one: Hold, kind: str, text: str, now: datetime) -> None:
    number = one.target if one.order_id else ""
    connection.execute(
        event.insert().values(
            at=now, order_id=one.order_id, order_number=number, subject=one.target, kind=kind, text=text
        )
    )
