"""The guard against clones and restored backups: is this still the instance that memory is about?

At first contact each instance is recorded by what it says of itself (`identity` of the port: its own properties where they
may be read, its oldest orders or work orders). At every start, after every outage and once a sweep this is compared, and the
newest linked records are asked for. A copy of another instance has none of those oldest records; a copy of this one, under
another name, other properties; a backup of this one lacks its newest records. (Another address is another pair: see
database.check_pair.) Whatever differs stops both sides until a person has looked: a cloned sub-production must never write to
production's partner. A table that is empty now, and was not, is another one too; one that may not be read, or of which no row is
shown, is not compared, and what a person was told is missing is not missed again.

A backup may lack nothing, and its records are older all the same: no count of updates ever falls by itself. That is compared
wherever records are read anyway, here, in looks and in the sweep, with what memory has known for longer than a replica lags.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connector.engine.halves import Search
from connector.engine.hold import HoldReason, Side
from connector.engine.known import Compared, KnownRecords
from connector.engine.tables import finding, identity, last, link
from connector.engine.wakeups import wake
from connector.model import FindingCode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from connector.engine.ports import Watched
    from connector.errors import RemoteError

OLDEST = "oldest "
"""What the fact begins with whose value is a list of sys_ids: one of them must still be there."""

_NEWEST = 50  # linked records asked for
_LOOKED = timedelta(minutes=15)  # for so long after a person has looked, what is missing is taken as it is


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on an answer is too absurd to act upon without a person."""

    vanished_percent: float = 20.0
    vanished_at_least: int = 5
    older_at_least: int = 2
    cancellations: int = 50  # within ten minutes

    def too_many_vanished(self, asked: int, missing: int) -> bool:
        """Whether so many of the records memory knows are too many to be missing."""
        return missing >= self.vanished_at_least and missing * 100 > asked * self.vanished_percent


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with a side, with the numbers."""

    reason: HoldReason
    text: str


class Guard:
    """What memory knows the two instances by."""

    def __init__(self, engine: sa.Engine, limits: Limits) -> None:
        self.limits = limits
        self._engine = engine

    def check(
        self, side: Side, system: Watched, now: datetime, *, concerns_all: Callable[[RemoteError], bool]
    ) -> Alarm | None:
        """Compare an instance with what is recorded, and record what was not yet.

        A record that cannot be asked about is not compared, and its order is looked at: what is wrong with it becomes a
        finding. Raises a RemoteError that concerns all of them (`concerns_all` says whether).
        """
        facts = system.identity()
        differing = self.differing(side, system, facts)
        if differing:
            return Alarm(
                HoldReason.IDENTITY,
                f"{system.name} is not the instance it was at first contact: {'; '.join(differing)}. "
                "Was it cloned, restored, or put in place of another? Nothing is written to either side.",
            )
        self._record(side, facts, now)
        self._go_with_time(side, facts)
        known = self._newest(side)
        search = Search(system.existing, concerns_all)
        search.among(list(known))
        if search.failed:
            with self._engine.begin() as connection:
                wake(connection, [known[sys_id] for sys_id in search.failed], now, "it could not be asked about")
        found = {sys_id: count for some in search.answers for sys_id, count in some.items()}
        missing = self.vanished(side, system.name, set(known) - set(search.failed), found, now)
        return missing or self.restored(system.name, self.compared(system, found))

    def _go_with_time(self, side: Side, facts: Mapping[str, str]) -> None:
        """While one of the oldest records is still there, it is the same instance: from then on it is known by those that are
        the oldest now. So what is deleted or archived little by little is never missed all at once."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(identity).where(identity.c.side == side.value)).all()
            for row in rows:
                now = facts.get(row.fact, row.value)
                if not row.fact.startswith(OLDEST) or now == row.value:
                    continue
                this = (identity.c.side == side.value) & (identity.c.fact == row.fact)
                if not now:  # nothing of ours was there: what comes next is the first
                    connection.execute(identity.delete().where(this))
                elif set(now.split(",")) & set(row.value.split(",")):
                    connection.execute(identity.update().where(this).values(value=now))

    def told(self, order_ids: Collection[str]) -> set[str]:
        """Those of these orders whose missing records are known to a person, as findings."""
        codes = [FindingCode.WORK_ORDER_MISSING.value, FindingCode.UNREADABLE.value]
        with self._engine.connect() as connection:
            query = sa.select(finding.c.order_id).where(finding.c.code.in_(codes)).distinct()
            return set(connection.execute(query).scalars()) & set(order_ids)

    def was_looked_at(self, side: Side, now: datetime) -> bool:
        """Whether a person has looked just now; then what is missing becomes findings, once."""
        with self._engine.connect() as connection:
            at = connection.execute(sa.select(last.c.at).where(last.c.what == looked_at(side))).scalar()
        return at is not None and now - at < _LOOKED

    def vanished(
        self,
        side: Side,
        name: str,
        known: Collection[str],
        found: Collection[str],
        now: datetime,
        what: str = "linked records",
    ) -> Alarm | None:
        """Whether too many of the records memory knows are missing from an answer."""
        missing = len(set(known) - set(found))
        if not self.limits.too_many_vanished(len(set(known)), missing) or self.was_looked_at(side, now):
            return None
        return Alarm(
            HoldReason.VANISHED,
            f"{missing} of {len(set(known))} {what} that were asked for are not on {name} "
            f"(more than {self.limits.vanished_percent:g} % need a person). "
            "Was a backup restored, or was a right to read them lost?",
        )

    def compared(self, system: Watched, counts: Mapping[str, int]) -> Compared:
        """These records (sys_id -> count of updates, as just read) beside what memory knows."""
        return KnownRecords(self._engine).compared(counts, system.server_time)

    def restored(self, name: str, compared: Compared) -> Alarm | None:
        """Whether several records were read with more updates before."""
        if len(compared.older) < self.limits.older_at_least:
            return None
        return Alarm(
            HoldReason.RESTORED,
            f"{len(compared.older)} of {compared.known} records of {name} that were compared are older than when they were "
            f"last read ({self.limits.older_at_least} or more need a person). Was a backup restored?",
        )

    def differing(self, side: Side, system: Watched, facts: Mapping[str, str]) -> list[str]:
        """In what an instance is not the one that is recorded."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(identity).where(identity.c.side == side.value)).all()
        found: list[str] = []
        for row in rows:
            now = facts.get(row.fact, row.value)
            if now == row.value:
                continue
            if not row.fact.startswith(OLDEST):
                found.append(f"{row.fact} was {row.value} and is now {now}")
                continue
            recorded = row.value.split(",")
            if not now and not self._has_links():
                continue  # the first draft was deleted: nothing of ours was ever there
            if not set(recorded) & set(now.split(",")) and not system.existing(recorded):
                said = row.fact.removeprefix(OLDEST)
                empty = "" if now else f", and {said} is empty"
                found.append(
                    f"none of the {len(recorded)} oldest {said} records is there any more ({recorded[0]} ...){empty}"
                )
        return found

    def _has_links(self) -> bool:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(link.c.work_order_id).limit(1)).first() is not None

    def _record(self, side: Side, facts: Mapping[str, str], now: datetime) -> None:
        with self._engine.begin() as connection:
            mine = identity.c.side == side.value
            known = set(connection.execute(sa.select(identity.c.fact).where(mine)).scalars())
            for fact, value in facts.items():
                if value and fact not in known:  # a table that is still empty is nothing to be known by
                    connection.execute(identity.insert().values(side=side.value, fact=fact, value=value, since=now))

    def _newest(self, side: Side) -> dict[str, str]:
        """The newest open links: sys_ids of their orders (OM) or work orders (FSM), each with its order."""
        column = link.c.order_id if side is Side.OM else link.c.work_order_id
        query = sa.select(column, link.c.order_id).where(link.c.is_open)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(link.c.work_order_number.desc()).limit(_NEWEST)).all()
        told = self.told([row[1] for row in rows])
        return {row[0]: row[1] for row in rows if row[1] not in told}


def looked_at(side: Side) -> str:
    """The name under which memory keeps when a person last looked at a side."""
    return f"looked at {side.value}"


def forget_identity(connection: sa.Connection, side: Side) -> None:
    """A person has looked: what the instance is now is what it is known by from the next look on."""
    connection.execute(identity.delete().where(identity.c.side == side.value))
