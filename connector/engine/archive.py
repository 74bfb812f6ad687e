"""The archive: what is remembered of orders that are over, out of the way of those that are not.

An order that is completed or canceled and has nothing left to do or to tell is put away whole: verdicts, links, settled
writes and history become one compressed document, found by the sys_ids and numbers in it. Whatever happens to the order
later takes it out again before anything is decided, so the archive loses nothing. After the time it is kept for, a document is
forgotten; should the order come back even then, the marks and the journals say what was done, as after a loss of memory.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.tables import (
    Utc,
    archive,
    archived_name,
    attempt,
    event,
    in_lists,
    link,
    looked,
    metadata,
    outbox,
    verdict,
)
from connector.engine.wakeups import upserting
from connector.model import IntentState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_KEPT = (verdict, link, outbox, event, looked)
"""What is put away. A column that is added to one of them needs a default, for the documents that lack it."""

_NUMBERED = ("id",)  # a row that comes back gets a new number
_SETTLED = (IntentState.DONE.value, IntentState.WITHDRAWN.value)
_NAMES = (
    (verdict, ("order_number", "line_number", "initiator_number", "initiator_id")),
    (link, ("work_order_number", "work_order_id", "domain_order_id", "initiator_id")),
    (outbox, ("order_number",)),
)


class Archive:
    """The archive of one memory."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put_away(self, order_ids: Iterable[str], now: datetime) -> list[str]:
        """Archive those of these orders that have no open work order and no unsettled write. All of it or nothing."""
        with self._engine.begin() as connection:
            return [order_id for order_id in order_ids if _put_away(connection, order_id, now)]

    def take_out(self, order_ids: Collection[str]) -> None:
        """Remember those of these orders that are archived as if they had never been. Raises ValueError when one is not
        to be understood."""
        if not order_ids:
            return
        with self._engine.connect() as connection:
            found = list(_among(connection, archive.c.order_id, order_ids))
        if found:
            with self._engine.begin() as connection:
                for order_id in found:
                    _take_out(connection, order_id)

    def orders_named(self, names: Collection[str]) -> dict[str, str]:
        """sys_id or number -> the archived order it belongs to."""
        if not names:
            return {}
        spelled = {name.upper(): name for name in names}
        with self._engine.connect() as connection:
            rows = [
                row
                for chunk in in_lists(spelled)
                for row in connection.execute(sa.select(archived_name).where(archived_name.c.name.in_(chunk)))
            ]
        return {spelled[row.name]: row.order_id for row in rows}

    def memory_of(self, order_id: str) -> tuple[sa.Engine, datetime]:
        """A memory of its own with nothing but this archived order, and since when it is archived."""
        from connector.engine.sqlite import connect

        with self._engine.connect() as connection:
            row = connection.execute(sa.select(archive).where(archive.c.order_id == order_id)).one()
        alone = connect("sqlite://", "archived order", in_memory=True)
        metadata.create_all(alone)
        with alone.begin() as connection:
            _unpack(connection, row.document)
        return alone, row.archived_at

    def documents(self) -> Iterator[dict[str, list[dict[str, Any]]]]:
        """Every archived order: rows by table."""
        with self._engine.connect() as connection:
            for row in connection.execute(sa.select(archive.c.document).order_by(archive.c.order_id)):
                yield _opened(row.document)

    def forget(self, before: datetime) -> int:
        """Forget what was archived before, and older traces of orders of which nothing else is known. Returns how many
        orders were forgotten."""
        old = sa.select(archive.c.order_id).where(archive.c.archived_at < before)
        known = sa.union(*(sa.select(table.c.order_id) for table in (verdict, link, outbox)))
        with self._engine.begin() as connection:
            connection.execute(archived_name.delete().where(archived_name.c.order_id.in_(old)))
            for table in (looked, event):
                connection.execute(table.delete().where(table.c.at < before, table.c.order_id.not_in(known)))
            return connection.execute(archive.delete().where(archive.c.archived_at < before)).rowcount


def _put_away(connection: sa.Connection, order_id: str, now: datetime) -> bool:
    open_link = sa.select(link.c.work_order_id).where(link.c.order_id == order_id, link.c.is_open)
    unsettled = sa.select(outbox.c.id).where(outbox.c.order_id == order_id, outbox.c.state.not_in(_SETTLED))
    if connection.execute(open_link.limit(1)).first() or connection.execute(unsettled.limit(1)).first():
        return False
    document = {table.name: list(_rows(connection, table, order_id)) for table in _KEPT}
    if document[verdict.name] or document[link.name] or document[outbox.name]:
        packed = zlib.compress(json.dumps(document).encode())
        connection.execute(archive.insert().values(order_id=order_id, archived_at=now, document=packed))
        names = {
            order_id,
            *(row[column] for table, columns in _NAMES for row in document[table.name] for column in columns),
        }
        rows = [{"name": name.upper(), "order_id": order_id} for name in names if name]
        connection.execute(archived_name.insert(), rows)
    tried = sa.select(outbox.c.id).where(outbox.c.order_id == order_id)
    connection.execute(attempt.delete().where(attempt.c.outbox_id.in_(tried)))
    for table in _KEPT:
        connection.execute(table.delete().where(table.c.order_id == order_id))
    return True


def _rows(connection: sa.Connection, table: sa.Table, order_id: str) -> Iterator[dict[str, Any]]:
    query = sa.select(table).where(table.c.order_id == order_id)
    if "id" in table.c:
        query = query.order_by(table.c.id)
    if table is outbox:
        query = query.where(outbox.c.state != IntentState.WITHDRAWN.value)
    for row in connection.execute(query).mappings():
        yield {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
            if name not in _NUMBERED
        }


def _take_out(connection: sa.Connection, order_id: str) -> None:
    document = connection.execute(sa.select(archive.c.document).where(archive.c.order_id == order_id)).scalar_one()
    _unpack(connection, document)
    for table in (archive, archived_name):
        connection.execute(table.delete().where(table.c.order_id == order_id))


def _unpack(connection: sa.Connection, document: bytes) -> None:
    """What was remembered since counts more."""
    opened = _opened(document)
    for table in _KEPT:
        moments = {column.name for column in table.c if isinstance(column.type, Utc)}
        for row in opened.get(table.name, []):
            values = {
                name: datetime.fromisoformat(value) if value and name in moments else value
                for name, value in row.items()
            }
            connection.execute(upserting(connection, table).values(**values).on_conflict_do_nothing())


def _opened(document: bytes) -> dict[str, list[dict[str, Any]]]:
    try:
        opened: dict[str, list[dict[str, Any]]] = json.loads(zlib.decompress(document))
    except zlib.error as error:
        raise ValueError(f"an archived order cannot be unpacked: {error}") from error
    return opened


def _among(connection: sa.Connection, column: sa.Column[Any], values: Collection[str]) -> Iterator[str]:
    for chunk in in_lists(values):
        yield from connection.execute(sa.select(column).where(column.in_(chunk))).scalars()
