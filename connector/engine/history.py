"""Answers from memory alone: the state of the connector, and why things are as they are with one order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine import codec
from connector.engine.archive import Archive
from connector.engine.holds import Holds
from connector.engine.tables import archive, cursor, event, finding, last, link, looked, outbox, verdict, wakeup
from connector.errors import NotFound
from connector.mapping.writes import subject_of
from connector.model import FindingCode, Intent, IntentState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.engine.hold import Hold
    from connector.model import Link, Verdict

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict, and when it was given."""

    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of an order's history."""

    at: datetime
    subject: str
    kind: str
    text: str
    order_number: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One write that is not settled."""

    id: int
    subject: str  # the number of the record to be written
    order_number: str
    intent: Intent
    kind: str
    attempts: int
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Noticed:
    """One finding, and since when it holds."""

    since: datetime
    order_number: str
    code: FindingCode
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything memory can say about one order, or about one initiator or work order of it."""

    order_number: str
    verdicts: tuple[Judged, ...]
    links: tuple[Link, ...]
    events: tuple[Happened, ...]
    waiting: tuple[Waiting, ...]
    findings: tuple[Noticed, ...]
    looked_at: datetime | None = None  # when both systems were last asked about the order
    archived_at: datetime | None = None  # since when the order is over and its memory put away


@dataclass(frozen=True, slots=True)
class Overview:
    """The connector at a glance."""

    open_work_orders: int
    work_orders: int
    orders: int
    archived: int  # orders that are over
    wakeups: int
    backlog: int  # of the wakeups, those that are due
    catch_up: float | None  # seconds the backlog will take, once both sides can be asked; None when nobody knows
    holds: tuple[Hold, ...]
    next_wakeup: datetime | None
    outbox: dict[str, int]
    waiting: tuple[Waiting, ...]
    findings: tuple[Noticed, ...]
    read_until: dict[str, datetime]  # feed -> watermark, by the instance's clock
    last: dict[str, tuple[datetime, str]]


def explain(database: sa.Engine, number: str) -> Explanation:
    """Everything about an order, line, domain order, order task or work order, from the archive too. Raises NotFound."""
    wanted = number.strip()
    archived = Archive(database).orders_named([wanted])
    if not archived:
        return _explain(database, wanted)
    alone, since = Archive(database).memory_of(archived[wanted])
    try:
        return replace(_explain(alone, wanted), archived_at=since)
    finally:
        alone.dispose()


def _explain(database: sa.Engine, wanted: str) -> Explanation:
    with database.connect() as connection:
        verdicts = connection.execute(sa.select(verdict).where(_any_of(wanted))).all()
        links = connection.execute(sa.select(link).where(_same(link.c.work_order_number, wanted))).all()
        # Of an order whose memory was rebuilt there may be writes and work orders, but no decision.
        writes = connection.execute(
            sa.select(outbox.c.order_id, outbox.c.order_number).where(_same(outbox.c.order_number, wanted)).distinct()
        ).all()
        order_ids = {row.order_id for row in (*verdicts, *links, *writes)}
        if not order_ids:
            raise NotFound(
                f"Memory knows nothing by the number {wanted}.",
                hint="Orders appear after approval and decomposition; `om-fsm sync` looks for new ones.",
            )
        order_id = min(order_ids)
        whole = bool(writes) or any(row.order_number.upper() == wanted.upper() for row in verdicts)
        asked = {row.initiator_id for row in (*verdicts, *links)}
        every = connection.execute(
            sa.select(verdict).where(verdict.c.order_id == order_id).order_by(verdict.c.decided_at)
        ).all()
        linked = connection.execute(
            sa.select(link).where(link.c.order_id == order_id).order_by(link.c.work_order_number)
        ).all()
        # A domain order is explained with the work orders of its order tasks too: they keep it open.
        alone = {row.work_order_id for row in links}
        kept = [
            row
            for row in linked
            if whole or row.work_order_id in alone or (verdicts and asked & {row.initiator_id, row.domain_order_id})
        ]
        judged = [row for row in every if whole or row.initiator_id in asked]
        subjects = {row.initiator_number for row in judged} | {row.work_order_number for row in kept}

        def concerns(subject: str, text: str) -> bool:
            return whole or subject in subjects or bool(subjects & set(_WORD.findall(text)))

        return Explanation(
            order_number=next((row.order_number for row in (*every, *writes)), ""),
            verdicts=tuple(Judged(row.decided_at, codec.load_verdict(row.document)) for row in judged),
            links=tuple(codec.load_link(row.document) for row in kept),
            events=tuple(e for e in _events(connection, order_id) if concerns(e.subject, e.text)),
            waiting=tuple(w for w in _waiting(connection, outbox.c.order_id == order_id) if concerns(w.subject, "")),
            findings=tuple(
                f for f in _findings(connection, finding.c.order_id == order_id) if concerns(f.subject, f.text)
            ),
            looked_at=connection.execute(sa.select(looked.c.at).where(looked.c.order_id == order_id)).scalar(),
        )


def overview(database: sa.Engine, now: datetime | None = None) -> Overview:
    """The state of memory; what is due `now`, or at any time."""
    holds = Holds(database).all(now or datetime.min.replace(tzinfo=UTC))
    due = sa.true() if now is None else wakeup.c.due <= now
    with database.connect() as connection:

        def count(query: sa.Select[Any]) -> int:
            return int(connection.execute(query).scalar_one())

        passes = {row.what: (row.at, row.text) for row in connection.execute(sa.select(last)).all()}
        by_state = connection.execute(sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)).all()
        return Overview(
            open_work_orders=count(sa.select(sa.func.count()).select_from(link).where(link.c.is_open)),
            work_orders=count(sa.select(sa.func.count()).select_from(link)),
            orders=count(sa.select(sa.func.count(verdict.c.order_id.distinct()))),
            archived=count(sa.select(sa.func.count()).select_from(archive)),
            wakeups=count(sa.select(sa.func.count()).select_from(wakeup)),
            backlog=(backlog := count(sa.select(sa.func.count()).select_from(wakeup).where(due))),
            catch_up=_catch_up(backlog, passes.pop("speed", (None, ""))[1]),
            holds=holds,
            next_wakeup=connection.execute(sa.select(sa.func.min(wakeup.c.due))).scalar(),
            outbox={row[0]: row[1] for row in by_state},
            waiting=_waiting(connection, sa.true()),
            findings=_findings(connection, sa.true()),
            read_until={
                f"{row.system} {row.feed}": row.watermark for row in connection.execute(sa.select(cursor)).all()
            },
            last=passes,
        )


def _catch_up(backlog: int, speed: str) -> float | None:
    """Seconds for so many orders at a speed in orders a second, as it was last measured."""
    return backlog / float(speed) if speed else (None if backlog else 0.0)


def _any_of(number: str) -> sa.ColumnElement[bool]:
    columns = (verdict.c.order_number, verdict.c.line_number, verdict.c.initiator_number)
    return sa.or_(*(_same(column, number) for column in columns))


def _same(column: sa.Column[str], number: str) -> sa.ColumnElement[bool]:
    return sa.func.upper(column) == number.upper()


def _events(connection: sa.Connection, order_id: str) -> Sequence[Happened]:
    rows = connection.execute(sa.select(event).where(event.c.order_id == order_id).order_by(event.c.id)).all()
    return [Happened(row.at, row.subject, row.kind, row.text, row.order_number) for row in rows]


def _waiting(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[Waiting, ...]:
    query = sa.select(outbox).where(condition, outbox.c.state.in_(codec.WAITING)).order_by(outbox.c.id)
    return tuple(
        Waiting(
            id=row.id,
            subject=subject_of(action) if action else row.order_number,
            order_number=row.order_number,
            intent=Intent(row.key, IntentState(row.state), action, row.error or strange),
            kind=row.kind,
            attempts=row.attempts,
            not_before=row.not_before,
        )
        for row in connection.execute(query).all()
        for action, strange in (codec.try_action(row.kind, row.document),)
    )


def _findings(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[Noticed, ...]:
    query = sa.select(finding).where(condition).order_by(finding.c.since, finding.c.subject)
    return tuple(
        Noticed(row.since, row.order_number, FindingCode(row.code), row.subject, row.text)
        for row in connection.execute(query).all()
    )


def latest_verdicts(database: sa.Engine, policy: str) -> Iterator[tuple[str, Verdict]]:
    """Number of the order and latest verdict of the policy of this name, for every initiator it ever decided about.

    Orders that are over come last.
    """
    newest = (
        sa.select(verdict.c.initiator_id, sa.func.max(verdict.c.version).label("version"))
        .where(verdict.c.policy == policy)
        .group_by(verdict.c.initiator_id)
        .subquery()
    )
    wanted = (
        sa.select(verdict.c.order_number, verdict.c.document)
        .join(newest, (newest.c.initiator_id == verdict.c.initiator_id) & (newest.c.version == verdict.c.version))
        .where(verdict.c.policy == policy)
        .order_by(verdict.c.order_number, verdict.c.initiator_number)
    )
    with database.connect() as connection:
        for row in connection.execute(wanted):
            yield row.order_number, codec.load_verdict(row.document)
    for document in Archive(database).documents():
        newest_of: dict[str, tuple[str, Verdict]] = {}
        for one in sorted(document[verdict.name], key=lambda row: (row["initiator_number"], row["version"])):
            if one["policy"] == policy:
                newest_of[one["initiator_id"]] = (one["order_number"], codec.load_verdict(one["document"]))
        yield from newest_of.values()
