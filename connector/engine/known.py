"""What memory knows of each open record: how it was when it was last looked at. And how far the sweep has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connector.engine.tables import finding, in_lists, known, sweep_round
from connector.engine.wakeups import upserting, wake
from connector.exchange import UNCOUNTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from connector.exchange import Record, Sketch

NOBODY = ""
"""The order of a record that belongs to none."""


@dataclass(frozen=True, slots=True)
class Known:
    """One record as memory knows it."""

    mod_count: int
    state: str
    order_id: str

    def is_as(self, sketch: Sketch) -> bool:
        """Whether it is still what it was. Without a count nobody can tell."""
        return sketch.mod_count != UNCOUNTED and (self.mod_count, self.state) == (sketch.mod_count, sketch.state)


@dataclass(frozen=True, slots=True)
class Round:
    """One way through all open records. `done` and `expected` count slices."""

    began: datetime
    part: str
    after: str = ""
    done: int = 0
    expected: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it."""
        return not self.part

    def at(self, part: str, after: str) -> Round:
        """The same round, one slice later."""
        return replace(self, part=part, after=after, done=self.done + 1)


@dataclass(frozen=True, slots=True)
class Slice:
    """What a sweep found in one page: records that differ with the order each belongs to, and those that are not there."""

    part: str
    changed: Mapping[Sketch, str]
    vanished: Mapping[str, str]  # sys_id -> order
    next: Round

    @property
    def orders(self) -> list[str]:
        """The orders to be looked at."""
        return sorted({*self.changed.values(), *self.vanished.values()} - {NOBODY})


class KnownRecords:
    """The tables `known` and `round` of one memory."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def looked_at(self, records: Iterable[Record]) -> None:
        """A look has read these: remember the open ones as they are, forget the others. Writes only what differs."""
        by_part: dict[str, list[Record]] = {}
        for record in records:
            by_part.setdefault(record.part, []).append(record)
        with self._engine.begin() as connection:
            for part, of_part in by_part.items():
                before = _among(connection, part, [r.sketch.sys_id for r in of_part])
                remember = {
                    r.sketch: r.order_id for r in of_part if r.is_open and not _same(before.get(_folded(r.sketch)), r)
                }
                forget = [_folded(r.sketch) for r in of_part if not r.is_open and _folded(r.sketch) in before]
                _remember(connection, part, remember)
                _forget(connection, part, forget)

    def between(self, part: str, after: str, until: str | None) -> dict[str, Known]:
        """What is known of a part from one sys_id (exclusive) to another (inclusive; to the end when None), by sys_id."""
        query = sa.select(known).where(known.c.part == part, known.c.sys_id > after.casefold())
        if until is not None:
            query = query.where(known.c.sys_id <= until.casefold())
        with self._engine.connect() as connection:
            return {r.sys_id: Known(r.mod_count, r.state, r.order_id) for r in connection.execute(query)}

    def round(self) -> Round | None:
        """The present round, or the last one; None when there was none."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(sweep_round)).one_or_none()
        return None if row is None else Round(row.began, row.part, row.after, row.done, row.expected)

    def begin(self, first: Round, most: int) -> int:
        """Start a round. Orders that a person should look at are looked at again with it: what was wrong with them may have
        been put right without a change of any record. Returns how many, `most` at most."""
        query = (
            sa.select(finding.c.order_id)
            .where(finding.c.order_id != "")
            .distinct()
            .order_by(finding.c.order_id)
            .limit(most)
        )
        with self._engine.begin() as connection:
            _stand(connection, first)
            orders = connection.execute(query).scalars().all()
            wake(connection, orders, first.began, "sweep: findings")
        return len(orders)

    def swept(self, found: Slice, now: datetime) -> None:
        """Wake the orders of a slice, believe what was found, and go on, all or nothing."""
        with self._engine.begin() as connection:
            wake(connection, found.orders, now, f"sweep: {found.part}")
            _remember(connection, found.part, found.changed)
            _forget(connection, found.part, found.vanished)
            _stand(connection, found.next)

    def forget(self, now: datetime) -> None:
        """Everything is looked at anew, which is worth a round: the next one begins when its period is over."""
        with self._engine.begin() as connection:
            connection.execute(known.delete())
            expected = connection.execute(sa.select(sweep_round.c.expected)).scalar() or 0
            _stand(connection, Round(now, "", done=expected, expected=expected))


def _folded(sketch: Sketch) -> str:
    return sketch.sys_id.casefold()


def _same(before: Known | None, record: Record) -> bool:
    return before is not None and before.is_as(record.sketch) and before.order_id == record.order_id


def _among(connection: sa.Connection, part: str, sys_ids: Collection[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for chunk in in_lists({sys_id.casefold() for sys_id in sys_ids}):
        query = sa.select(known).where(known.c.part == part, known.c.sys_id.in_(chunk))
        found.update({r.sys_id: Known(r.mod_count, r.state, r.order_id) for r in connection.execute(query)})
    return found


def _remember(connection: sa.Connection, part: str, records: Mapping[Sketch, str]) -> None:
    rows = [
        {
            "part": part,
            "sys_id": _folded(sketch),
            "mod_count": sketch.mod_count,
            "state": sketch.state,
            "order_id": order_id,
        }
        for sketch, order_id in records.items()
    ]
    if rows:
        statement = upserting(connection, known)
        values = {name: statement.excluded[name] for name in ("mod_count", "state", "order_id")}
        keys = [known.c.part, known.c.sys_id]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), rows)


def _forget(connection: sa.Connection, part: str, sys_ids: Iterable[str]) -> None:
    rows = [{"one": sys_id} for sys_id in sys_ids]
    if rows:
        connection.execute(known.delete().where(known.c.part == part, known.c.sys_id == sa.bindparam("one")), rows)


def _stand(connection: sa.Connection, at: Round) -> None:
    connection.execute(sweep_round.delete())
    connection.execute(
        sweep_round.insert().values(began=at.began, part=at.part, after=at.after, done=at.done, expected=at.expected)
    )
