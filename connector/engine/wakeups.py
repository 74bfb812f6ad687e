"""Waking orders, as a part of somebody's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connector.engine.tables import hold, shard_of, wakeup

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def wake(connection: sa.Connection, order_ids: Iterable[str], due: datetime, reason: str) -> None:
    """Look at these orders when `due`. Never postpones an earlier wakeup, and is a new reason for one that is being served."""
    rows = [
        {"order_id": order_id, "shard": shard_of(order_id), "due": due, "reason": reason, "generation": 1}
        for order_id in dict.fromkeys(order_ids)
    ]
    if not rows:
        return
    statement = upserting(connection, wakeup)
    new = statement.excluded
    earlier = sa.case((wakeup.c.due < new.due, wakeup.c.due), else_=new.due)
    values = {"due": earlier, "reason": new.reason, "generation": wakeup.c.generation + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=[wakeup.c.order_id], set_=values), rows)


def held_orders(now: datetime) -> sa.Select[tuple[str]]:
    """The orders a person holds, as a subquery: nothing is done about them."""
    return sa.select(hold.c.order_id).where(hold.c.order_id != "", sa.or_(hold.c.until.is_(None), hold.c.until > now))


def upserting(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert that can say what happens to a row that exists already: each database has a dialect of its own for it."""
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    return insert(table)
