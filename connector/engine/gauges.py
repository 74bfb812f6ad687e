"""The state of memory in numbers, for whoever watches the connector: a few counts, cheap enough to be asked every few seconds.

No number or name of an order, customer or person is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.codec import KINDS_OF_SIDE, OPEN, WAITING
from connector.engine.hold import HoldReason, Side
from connector.engine.holds import Holds
from connector.engine.tables import archive, finding, last, link, outbox, verdict, wakeup
from connector.engine.wakeups import held_orders
from connector.model import FindingCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ORDER = "order"
TARGETS = (*(side.value for side in Side), ORDER)
GATES = {
    "closed over open work": (FindingCode.CLOSED_WITH_OPEN_WORK,),
    "decision wanted": (FindingCode.CANCELED_IN_FIELD, FindingCode.CLOSED_INCOMPLETE),
    "reopening refused": (FindingCode.REOPEN_REFUSED,),
}


@dataclass(frozen=True, slots=True)
class Gauges:
    """Counts, and ages in seconds. Every key that can occur is present."""

    backlog: int  # orders whose look is due
    later: int  # orders to be looked at later
    oldest_wakeup: float  # since the look that waits longest was due; orders a person holds do not count
    outbox: Mapping[str, int]  # state -> writes that are not settled, or parked
    oldest_write: Mapping[Side, float]  # the same for writes, by the side they go to; parked ones do not count
    orders: int
    archived: int
    open_work_orders: int
    closed_work_orders: int
    gates: Mapping[str, int]  # situation -> domain orders; one may be in several
    findings: Mapping[str, int]  # code -> how many
    holds: Mapping[tuple[str, HoldReason], int]  # om, fsm or "order", and why
    last: Mapping[str, datetime]  # what was done last, and when


def gauges(database: sa.Engine, now: datetime) -> Gauges:
    """The state of memory now. Raises MemoryFailed."""
    holds = _holds(database, now)
    with database.connect() as connection:

        def count(query: sa.Select[Any]) -> int:
            return int(connection.execute(query).scalar_one())

        def counted(by: sa.Column[str], *conditions: sa.ColumnElement[bool]) -> dict[str, int]:
            query = sa.select(by, sa.func.count()).where(*conditions).group_by(by)
            return {row[0]: row[1] for row in connection.execute(query)}

        def age(moment: sa.Column[datetime], *conditions: sa.ColumnElement[bool]) -> float:
            since = connection.execute(sa.select(sa.func.min(moment)).where(*conditions)).scalar()
            return max((now - since).total_seconds(), 0.0) if since else 0.0

        wakeups = count(sa.select(sa.func.count()).select_from(wakeup))
        due = count(sa.select(sa.func.count()).select_from(wakeup).where(wakeup.c.due <= now))
        is_free = outbox.c.order_id.not_in(held_orders(now)) & outbox.c.state.in_(OPEN)
        by_state = counted(outbox.c.state, outbox.c.state.in_(WAITING))
        links = {True: 0, False: 0}
        for row in connection.execute(sa.select(link.c.is_open, sa.func.count()).group_by(link.c.is_open)):
            links[bool(row[0])] = row[1]
        return Gauges(
            backlog=due,
            later=wakeups - due,
            oldest_wakeup=age(wakeup.c.due, wakeup.c.order_id.not_in(held_orders(now))),
            outbox={state: by_state.get(state, 0) for state in WAITING},
            oldest_write={
                side: age(outbox.c.created_at, is_free, outbox.c.kind.in_(kinds))
                for side, kinds in KINDS_OF_SIDE.items()
            },
            orders=count(sa.select(sa.func.count(verdict.c.order_id.distinct()))),
            archived=count(sa.select(sa.func.count()).select_from(archive)),
            open_work_orders=links[True],
            closed_work_orders=links[False],
            gates=_gates(connection),
            findings={code.value: 0 for code in FindingCode} | counted(finding.c.code),
            holds=holds,
            last={row.what: row.at for row in connection.execute(sa.select(last.c.what, last.c.at))},
        )


def _gates(connection: sa.Connection) -> dict[str, int]:
    shut = sa.select(sa.func.count(link.c.domain_order_id.distinct()))
    found = {"work open": connection.execute(shut.where(link.c.is_open, link.c.domain_order_id != "")).scalar_one()}
    for situation, codes in GATES.items():
        query = sa.select(sa.func.count(finding.c.subject.distinct()))
        wanted = finding.c.code.in_([code.value for code in codes])
        found[situation] = connection.execute(query.where(wanted)).scalar_one()
    return found


def _holds(database: sa.Engine, now: datetime) -> dict[tuple[str, HoldReason], int]:
    found = {(target, reason): 0 for target in TARGETS[:-1] for reason in HoldReason} | {(ORDER, HoldReason.BY_HAND): 0}
    for one in Holds(database).all(now):
        target = one.target if one.target in TARGETS else ORDER
        found[target, one.reason] = found.get((target, one.reason), 0) + 1
    return found
