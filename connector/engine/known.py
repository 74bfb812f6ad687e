"""What memory knows of each open record: how it was when it was last looked at. And how far the sweep has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.tables import finding, in_lists, known, sweep_round
from connector.engine.wakeups import upserting, wake
from connector.exchange import UNCOUNTED, WORK_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from connector.engine.hold import Side
    from connector.exchange import Record, Sketch

NOBODY = ""
"""The order of a record that belongs to none."""

LAG = timedelta(minutes=15)
"""What was true so long ago is in every answer, whichever replica gives it: by the instance's own clock."""

_FORGOTTEN = (
    "(forgotten)"  # the state of a record that is to be looked at anew; its count is still the highest that was read
)


@dataclass(frozen=True, slots=True)
class Known:
    """One record as memory knows it."""

    mod_count: int
    state: str
    order_id: str
    since: datetime | None  # when this count was first read, by the instance's clock; None: a person has looked since

    @property
    def is_believed(self) -> bool:
        """Whether memory says more of it than its count."""
        return self.state != _FORGOTTEN

    def is_ahead_of(self, count: int) -> bool:
        """Whether it had more updates when it was read before: it went back, or an answer is old."""
        return UNCOUNTED not in (count, self.mod_count) and count < self.mod_count

    def is_as(self, sketch: Sketch) -> bool:
        """Whether it is still what it was. Without a count nobody can tell."""
        return sketch.mod_count != UNCOUNTED and (self.mod_count, self.state) == (sketch.mod_count, sketch.state)


@dataclass(frozen=True, slots=True)
class Compared:
    """How records are, compared with how they were."""

    known: int  # how many of them were compared
    older: frozenset[str]  # sys_ids of those that have fewer updates than long ago


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

    def compared(self, counts: Mapping[str, int], clock: datetime) -> Compared:
        """Which of these records (sys_id -> count of updates, as just read) went back.

        No count ever falls by itself. A replica that lags shows what was true a while ago, so only a count that memory has
        known for longer than that is compared; `clock` is the instance's own.
        """
        counted = {sys_id.casefold() for sys_id, count in counts.items() if count != UNCOUNTED}
        if not counted:
            return Compared(0, frozenset())
        with self._engine.connect() as connection:
            before = [
                (sys_id, one)
                for chunk in in_lists(counted)
                for sys_id, one in _found(connection, known.c.sys_id.in_(chunk))
                if one.mod_count != UNCOUNTED and one.since is not None and clock - one.since >= LAG
            ]
        now = {sys_id.casefold(): count for sys_id, count in counts.items()}
        return Compared(len(before), frozenset(sys_id for sys_id, one in before if one.is_ahead_of(now[sys_id])))

    def forgiven(self, records: Collection[Record]) -> set[str]:
        """The orders of those of these records that went back, and a person has looked since."""
        by_part: dict[str, list[Record]] = {}
        for record in records:
            by_part.setdefault(record.part, []).append(record)
        found: set[str] = set()
        with self._engine.connect() as connection:
            for part, of_part in by_part.items():
                before = _among(connection, part, [r.sketch.sys_id for r in of_part])
                found |= {
                    r.order_id
                    for r in of_part
                    if (one := before.get(_folded(r.sketch))) is not None
                    and one.since is None
                    and one.is_ahead_of(r.sketch.mod_count)
                }
        return found

    def looked_at(self, records: Iterable[Record], clock: Callable[[str], datetime]) -> None:
        """A look has read these: remember the open ones as they are, forget the others. Writes only what differs.

        `clock` is that of the instance which has such a part.
        """
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
                _remember(connection, part, remember, before, clock(part), may_fall=True)
                _forget(connection, part, forget)

    def between(self, part: str, after: str, until: str | None) -> dict[str, Known]:
        """What is known of a part from one sys_id (exclusive) to another (inclusive; to the end when None), by sys_id."""
        query = sa.select(known).where(known.c.part == part, known.c.sys_id > after.casefold())
        if until is not None:
            query = query.where(known.c.sys_id <= until.casefold())
        with self._engine.connect() as connection:
            return {r.sys_id: _known(r) for r in connection.execute(query)}

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

    def swept(self, found: Slice, now: datetime, clock: datetime) -> None:
        """Wake the orders of a slice, believe what was found, and go on, all or nothing. `clock` is the instance's own."""
        with self._engine.begin() as connection:
            wake(connection, found.orders, now, f"sweep: {found.part}")
            before = _among(connection, found.part, [sketch.sys_id for sketch in found.changed])
            _remember(connection, found.part, found.changed, before, clock, may_fall=False)
            _forget(connection, found.part, found.vanished)
            _stand(connection, found.next)

    def forget(self, now: datetime) -> None:
        """Everything is looked at anew, which is worth a round: the next one begins when its period is over. Only what tells
        that a record went back is kept."""
        with self._engine.begin() as connection:
            connection.execute(known.update().values(state=_FORGOTTEN, order_id=NOBODY))
            expected = connection.execute(sa.select(sweep_round.c.expected)).scalar() or 0
            _stand(connection, Round(now, "", done=expected, expected=expected))


def forgive(connection: sa.Connection, side: Side) -> None:
    """A person has looked at a side: its records may be older than they were."""
    is_theirs = known.c.part == WORK_ORDER if side.value == "fsm" else known.c.part != WORK_ORDER
    connection.execute(known.update().where(is_theirs).values(since=None))


def _folded(sketch: Sketch) -> str:
    return sketch.sys_id.casefold()


def _same(before: Known | None, record: Record) -> bool:
    return (
        before is not None
        and before.is_as(record.sketch)
        and before.order_id == record.order_id
        and before.since is not None
    )


def _among(connection: sa.Connection, part: str, sys_ids: Collection[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for chunk in in_lists({sys_id.casefold() for sys_id in sys_ids}):
        found.update(_found(connection, (known.c.part == part) & known.c.sys_id.in_(chunk)))
    return found


def _found(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Iterable[tuple[str, Known]]:
    return [(row.sys_id, _known(row)) for row in connection.execute(sa.select(known).where(which))]


def _known(row: Any) -> Known:
    return Known(row.mod_count, row.state, row.order_id, row.since)


def _remember(
    connection: sa.Connection,
    part: str,
    records: Mapping[Sketch, str],
    before: Mapping[str, Known],
    clock: datetime,
    *,
    may_fall: bool,
) -> None:
    """An answer that is older than memory is not remembered, until a person has looked; then it `may_fall`, once its order was
    looked at."""
    rows = [
        {
            "part": part,
            "sys_id": _folded(sketch),
            "mod_count": sketch.mod_count,
            "state": sketch.state,
            "order_id": order_id,
            "since": clock,
        }
        for sketch, order_id in records.items()
        if (one := before.get(_folded(sketch))) is None
        or not one.is_ahead_of(sketch.mod_count)
        or (may_fall and one.since is None)
    ]
    if rows:
        statement = upserting(connection, known)
        new = statement.excluded
        values: dict[str, Any] = {name: new[name] for name in ("mod_count", "state", "order_id")}
        is_same = known.c.mod_count == new.mod_count
        values["since"] = sa.case((is_same, sa.func.coalesce(known.c.since, new.since)), else_=new.since)
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
