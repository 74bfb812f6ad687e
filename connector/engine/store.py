"""Memory: what the loop needs to remember, one transaction per thing that must not be half true.

Truth lives in ServiceNow; these rows only save looking everything up again, and hold intentions before they are sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.decide.byhand import merged
from connector.engine import codec, wakeups
from connector.engine.archive import Archive
from connector.engine.tables import (
    attempt,
    cursor,
    event,
    finding,
    hold,
    in_lists,
    last,
    link,
    looked,
    outbox,
    seen,
    verdict,
    wakeup,
)
from connector.engine.wakeups import held_orders, upserting
from connector.mapping.marks import token_of
from connector.mapping.writes import subject_of
from connector.model import (
    BY_HAND,
    CancelWorkOrder,
    Finding,
    FindingCode,
    Intent,
    IntentState,
    Link,
    OrderMemory,
    Origin,
    Plan,
    Verdict,
    Wakeup,
    WriteFieldNote,
    WriteNote,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from connector.exchange import Changed, FeedId, Sent
    from connector.model import Action, Asked

CANCELLATIONS_RELEASED = "cancellations released"
"""The name under which memory keeps when a person last let many cancellations go on."""
_FIRST_DOUBT, _LONGEST_DOUBT = timedelta(seconds=5), timedelta(minutes=5)
_SETTLED = (IntentState.DONE, IntentState.PARKED, IntentState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One intended write, as it stands in the outbox."""

    id: int
    order_id: str
    order_number: str
    action: Action
    state: IntentState
    attempts: int
    said: str = ""  # the error of the last try
    begun: int = 0  # the number of the line that says that this try was begun
    inherited: bool = False  # from another process: memory may be an old backup, and say of what was sent that it waits

    @property
    def must_look(self) -> bool:
        """It may have been carried out already: look before anything is resent."""
        return self.inherited or self.state is not IntentState.PENDING


@dataclass(frozen=True, slots=True)
class Settlement:
    """How carrying out one entry ended. `retry_at` is set exactly when it is to be tried again."""

    state: IntentState
    text: str
    error: str = ""
    retry_at: datetime | None = None
    link: Link | None = None
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Orders to be looked at once more, when, and why."""

    order_ids: Collection[str]
    due: datetime
    reason: str


class Store:
    """The one writer of memory in this process. Safe to use from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._archive = Archive(engine)

    # --- wakeups -------------------------------------------------------------------------------------------

    def wake(self, order_ids: Collection[str], *, due: datetime, reason: str) -> None:
        """Look at these orders when `due`. Never postpones an earlier wakeup, never loses this one."""
        if not order_ids:
            return
        with self.engine.begin() as connection:
            wakeups.wake(connection, order_ids, due, reason)

    def due(self, shards: Collection[int], now: datetime, *, limit: int) -> list[Wakeup]:
        """The wakeups of these shards that are due, longest overdue first."""
        query = (
            sa.select(wakeup)
            .where(wakeup.c.due <= now, wakeup.c.shard.in_(list(shards)), wakeup.c.order_id.not_in(held_orders(now)))
            .order_by(wakeup.c.due, wakeup.c.order_id)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [Wakeup(r.order_id, r.due, r.reason, r.generation) for r in connection.execute(query)]

    def next_due(self, now: datetime) -> datetime | None:
        """When the next wakeup of an order that is not held is due."""
        query = sa.select(sa.func.min(wakeup.c.due)).where(wakeup.c.order_id.not_in(held_orders(now)))
        with self.engine.connect() as connection:
            moment: datetime | None = connection.execute(query).scalar()
        return moment

    def backlog(self, now: datetime) -> int:
        """How many orders wait for a look that is due."""
        query = sa.select(sa.func.count()).select_from(wakeup).where(wakeup.c.due <= now)
        with self.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def hasten(self, kinds: Collection[str], now: datetime) -> None:
        """What waits for a side that is back is tried at once; what is in doubt keeps its time to be looked up."""
        waits = outbox.c.state.in_(codec.OPEN) & outbox.c.kind.in_(list(kinds))
        with self.engine.begin() as connection:
            orders = connection.execute(sa.select(outbox.c.order_id).where(waits).distinct()).scalars().all()
            pending = waits & (outbox.c.state == IntentState.PENDING.value) & (outbox.c.not_before > now)
            connection.execute(outbox.update().where(pending).values(not_before=now))
            wakeups.wake(connection, orders, now, "its side is back")

    def bind_hold(self, order_id: str, number: str) -> None:
        """An order that is held by its number is this one."""
        with self.engine.begin() as connection:
            connection.execute(hold.update().where(hold.c.target == number).values(order_id=order_id))

    def rest(self, served: Iterable[Wakeup], again: Iterable[Again] = ()) -> None:
        """These looks are done; some orders are to be looked at `again`. A wakeup that was renewed meanwhile stays.

        In one transaction: what waits for another look is in nothing else that tells of it, should the process die.
        """
        with self.engine.begin() as connection:
            for one in served:
                connection.execute(
                    wakeup.delete().where(wakeup.c.order_id == one.order_id, wakeup.c.generation == one.generation)
                )
            for look in again:
                wakeups.wake(connection, look.order_ids, look.due, look.reason)

    # --- cursors -------------------------------------------------------------------------------------------

    def watermarks(self, system: str, feeds: Iterable[FeedId]) -> dict[str, datetime]:
        """How far these feeds of a system were read, by name, by the instance's clock; without those that never were, or whose
        question has changed."""
        query = sa.select(cursor.c.feed, cursor.c.fingerprint, cursor.c.watermark).where(cursor.c.system == system)
        with self.engine.connect() as connection:
            known = {(row.feed, row.fingerprint): row.watermark for row in connection.execute(query)}
        return {feed.name: known[key] for feed in feeds if (key := (feed.name, feed.fingerprint)) in known}

    def seen(self, system: str) -> dict[str, dict[str, int]]:
        """Rows of the overlaps of a system's feeds that were read already: name of the feed -> sys_id -> sys_mod_count."""
        query = sa.select(seen.c.feed, seen.c.sys_id, seen.c.mod_count).where(seen.c.system == system)
        found: dict[str, dict[str, int]] = {}
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                found.setdefault(row.feed, {})[row.sys_id] = row.mod_count
        return found

    def advance(
        self,
        system: str,
        feed: FeedId,
        *,
        watermark: datetime,
        rows: Iterable[Changed],
        overlap_from: str,
        wake: Iterable[str],
        now: datetime,
    ) -> None:
        """A feed was read up to `watermark`: wake the orders and move the cursor in one transaction, or neither.

        `overlap_from` is the stored date-time before which the next read will not look.
        """
        mine = (seen.c.system == system) & (seen.c.feed == feed.name)
        with self.engine.begin() as connection:
            wakeups.wake(connection, wake, now, f"changed: {feed.name}")
            connection.execute(seen.delete().where(mine, seen.c.updated_on < overlap_from))
            for row in rows:
                connection.execute(seen.delete().where(mine, seen.c.sys_id == row.sys_id))
                connection.execute(
                    seen.insert().values(
                        system=system,
                        feed=feed.name,
                        sys_id=row.sys_id,
                        mod_count=row.mod_count,
                        updated_on=row.updated_on,
                    )
                )
            connection.execute(cursor.delete().where(cursor.c.system == system, cursor.c.feed == feed.name))
            connection.execute(
                cursor.insert().values(system=system, feed=feed.name, fingerprint=feed.fingerprint, watermark=watermark)
            )

    def forget_cursors(self) -> None:
        """The next pass looks at everything again."""
        with self.engine.begin() as connection:
            connection.execute(cursor.delete())
            connection.execute(seen.delete())

    # --- memory of orders ----------------------------------------------------------------------------------

    def memory_of(self, order_ids: Collection[str]) -> dict[str, OrderMemory]:
        """Everything remembered about these orders, every one of them present."""
        links: dict[str, list[Link]] = {}
        verdicts: dict[str, list[Verdict]] = {}
        intents: dict[str, dict[str, Intent]] = {}
        with self.engine.connect() as connection:
            for chunk in in_lists(order_ids):
                for row in connection.execute(sa.select(link).where(link.c.order_id.in_(chunk))):
                    links.setdefault(row.order_id, []).append(codec.load_link(row.document))
                for row in connection.execute(sa.select(verdict).where(verdict.c.order_id.in_(chunk))):
                    verdicts.setdefault(row.order_id, []).append(codec.load_verdict(row.document))
                wanted = outbox.c.order_id.in_(chunk) & (outbox.c.state != IntentState.WITHDRAWN.value)
                for row in connection.execute(sa.select(outbox).where(wanted).order_by(outbox.c.id)):
                    intents.setdefault(row.order_id, {})[row.token] = _intent(row)
        return {
            order_id: OrderMemory(
                tuple(links.get(order_id, ())), tuple(verdicts.get(order_id, ())), intents.get(order_id, {})
            )
            for order_id in order_ids
        }

    def orders_of_work_orders(self, work_order_ids: Collection[str]) -> dict[str, str]:
        """Linked work order -> sys_id of its order, be it archived."""
        found = self._lookup(link.c.work_order_id, link.c.order_id, work_order_ids)
        return self._archive.orders_named(set(work_order_ids) - set(found)) | found

    def orders_keeping(self, work_order_ids: Collection[str]) -> dict[str, str]:
        """The same, without those that people made: whom they name may take them."""
        found: dict[str, str] = {}
        free: set[str] = set()
        if not work_order_ids:
            return found
        with self.engine.connect() as connection:
            for chunk in in_lists(work_order_ids):
                for row in connection.execute(sa.select(link).where(link.c.work_order_id.in_(chunk))):
                    if codec.load_link(row.document).origin is Origin.BY_HAND:
                        free.add(row.work_order_id)
                    else:
                        found[row.work_order_id] = row.order_id
        return self._archive.orders_named(set(work_order_ids) - set(found) - free) | found

    def orders_of_initiators(self, initiator_ids: Collection[str]) -> dict[str, str]:
        """Initiator that was ever decided -> sys_id of its order, be it archived."""
        found = self._lookup(verdict.c.initiator_id, verdict.c.order_id, initiator_ids)
        return self._archive.orders_named(set(initiator_ids) - set(found)) | found

    def orders_of_record(self, sys_id: str) -> set[str]:
        """The orders a record is known to belong to: an order, initiator, domain order or work order."""
        paths = (
            (verdict.c.order_id, verdict.c.order_id),
            (verdict.c.initiator_id, verdict.c.order_id),
            (link.c.domain_order_id, link.c.order_id),
            (link.c.work_order_id, link.c.order_id),
        )
        found = set(self._archive.orders_named([sys_id]).values())
        with self.engine.connect() as connection:
            for key, value in paths:
                found.update(connection.execute(sa.select(value).where(key == sys_id).distinct()).scalars())
        return found

    def _lookup(self, key: sa.Column[Any], value: sa.Column[Any], wanted: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        if not wanted:
            return found
        with self.engine.connect() as connection:
            for chunk in in_lists(wanted):
                for row in connection.execute(sa.select(key, value).where(key.in_(chunk))):
                    found[row[0]] = row[1]
        return found

    # --- plans ---------------------------------------------------------------------------------------------

    def ever_intended(self, keys: Collection[str]) -> set[str]:
        """Those of these keys that were intended before, whatever became of it."""
        found: set[str] = set()
        if not keys:
            return found
        with self.engine.connect() as connection:
            for chunk in in_lists(keys):
                found |= set(connection.execute(sa.select(outbox.c.key).where(outbox.c.key.in_(chunk))).scalars())
        return found

    def cancellations(self, *, since: datetime) -> int:
        """How many work orders are to be canceled, or were, that were not before this moment or before the last release."""
        begun, _ = self.last_passes().get(CANCELLATIONS_RELEASED, (since, ""))
        first = sa.func.min(outbox.c.created_at, type_=outbox.c.created_at.type)
        keys = sa.select(outbox.c.key).where(outbox.c.kind == CancelWorkOrder.__name__).group_by(outbox.c.key)
        with self.engine.connect() as connection:
            recent = keys.having(first > max(since, begun)).subquery()
            return int(connection.execute(sa.select(sa.func.count()).select_from(recent)).scalar_one())

    def intend(self, plan: Plan, now: datetime) -> None:
        """Put a plan on disk before any of it leaves: verdicts, links, intentions, findings, all or nothing."""
        order = {"order_id": plan.order_id, "order_number": plan.order_number}
        with self.engine.begin() as connection:
            for token in plan.recovered:
                _recover(connection, token, order, now)
            _withdraw(connection, plan.order_id, plan.withdraw, now)
            for judged in plan.verdicts:
                _remember_verdict(connection, judged, order, now)
            for kept in plan.links:
                _remember_link(connection, kept)
            for action in plan.actions:
                _intend(connection, action, order, now)
            _replace_findings(connection, plan.order_id, plan.order_number, plan.findings, now)

    def ask(self, asked: Asked, now: datetime) -> None:
        """Put on disk what a person asked for, with a line of history, and look at the order soon. Beside a daemon or without.

        The same twice at the same time is kept once.
        """
        order = {"order_id": asked.order_id, "order_number": asked.order_number}
        self._archive.take_out([asked.order_id])
        with self.engine.begin() as connection:
            _withdraw(connection, asked.order_id, [asked.withdraw] if asked.withdraw else [], now)
            if asked.verdict is not None:
                before = _asked_before(connection, asked.verdict.initiator_id)
                _remember_verdict(connection, merged(before, asked.verdict), order, now)
            elif asked.link is not None:
                _remember_link(connection, asked.link)
            elif asked.action is not None and not _is_intended(connection, asked.action, asked.order_id):
                _intend(connection, asked.action, order, now)
            happened = {"at": now, **order, "subject": asked.subject, "kind": "asked", "text": asked.text}
            connection.execute(event.insert().values(**happened))
            wakeups.wake(connection, [asked.order_id], now, "a person asked for something")

    def looked_at(self, order_ids: Iterable[str], now: datetime) -> None:
        """These orders were read and decided now."""
        rows = [{"order_id": order_id, "at": now} for order_id in order_ids]
        if not rows:
            return
        with self.engine.begin() as connection:
            statement = upserting(connection, looked)
            connection.execute(
                statement.on_conflict_do_update(index_elements=[looked.c.order_id], set_={"at": statement.excluded.at}),
                rows,
            )

    def find(self, order_id: str, order_number: str, findings: Iterable[Finding], now: datetime) -> None:
        """What a person should look at about one order, replacing what was there."""
        with self.engine.begin() as connection:
            _replace_findings(connection, order_id, order_number, findings, now)

    def has_findings(self, order_id: str) -> bool:
        """Whether a person should look at something about an order."""
        query = sa.select(finding.c.code).where(finding.c.order_id == order_id).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() is not None

    def left_alone(self, order_ids: Collection[str]) -> dict[str, datetime]:
        """Those of these orders that could not be read or decided, and since when."""
        return self._found_since(order_ids, FindingCode.UNREADABLE, FindingCode.DEFECT)

    def not_shown(self, order_ids: Collection[str]) -> dict[str, datetime]:
        """Those of these orders of which a visit, or what it was made for, was not shown, and since when."""
        return self._found_since(order_ids, FindingCode.WORK_ORDER_MISSING, FindingCode.INITIATOR_MISSING)

    def _found_since(self, order_ids: Collection[str], *codes: FindingCode) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        if not order_ids:
            return found
        with self.engine.connect() as connection:
            for chunk in in_lists(order_ids):
                query = sa.select(finding.c.order_id, sa.func.min(finding.c.since).label("since"))
                query = query.where(finding.c.order_id.in_(chunk), finding.c.code.in_([code.value for code in codes]))
                found.update(
                    {row.order_id: row.since for row in connection.execute(query.group_by(finding.c.order_id))}
                )
        return found

    def number_of(self, order_id: str) -> str:
        """What people call an order; its sys_id where nobody ever decided about it."""
        query = sa.select(verdict.c.order_number).where(verdict.c.order_id == order_id).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() or order_id

    # --- outbox --------------------------------------------------------------------------------------------

    def orders_to_act_on(self, order_ids: Collection[str]) -> list[str]:
        """Those of these orders that have open intentions."""
        found: set[str] = set()
        with self.engine.connect() as connection:
            for chunk in in_lists(order_ids):
                query = sa.select(outbox.c.order_id).where(outbox.c.order_id.in_(chunk), outbox.c.state.in_(codec.OPEN))
                found.update(connection.execute(query.distinct()).scalars())
        return sorted(found)

    def newest_entry(self) -> int:
        """The number of the last entry of the outbox, 0 when it is empty."""
        with self.engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.max(outbox.c.id))).scalar() or 0)

    def start_next(
        self, order_id: str, now: datetime, *, look_again_at: datetime, stopped: Collection[str] = ()
    ) -> OutboxEntry | None:
        """Take the oldest open entry of an order, if it may be tried now, and mark it as under way. Not of a stopped kind.

        The mark is on disk before the request leaves. Should the process die meanwhile, the entry is not touched before
        `look_again_at`, when the platform has surely finished or given up; and that a try was begun stays, for a person.
        """
        query = (
            sa.select(outbox)
            .where(outbox.c.order_id == order_id, outbox.c.state.in_(codec.OPEN))
            .order_by(outbox.c.id)
            .limit(1)
        )
        with self.engine.begin() as connection:
            row = connection.execute(query).one_or_none()
            if row is None or row.not_before > now or row.kind in stopped:
                return None
            connection.execute(
                outbox.update()
                .where(outbox.c.id == row.id)
                .values(state=IntentState.SENDING.value, attempts=row.attempts + 1, not_before=look_again_at)
            )
            begun = {"outbox_id": row.id, "at": now, "outcome": IntentState.SENDING.value, "text": "", "requests": []}
            line = connection.execute(attempt.insert().values(**begun)).inserted_primary_key
        return OutboxEntry(
            id=row.id,
            order_id=row.order_id,
            order_number=row.order_number,
            action=codec.load_action(row.kind, row.document),
            state=IntentState(row.state),
            attempts=row.attempts,
            said=row.error,
            begun=line[0] if line else 0,
        )

    def settle(self, entry: OutboxEntry, settlement: Settlement, now: datetime, sent: Collection[Sent] = ()) -> None:
        """Record how an entry ended: its state, the link it made or changed, and a line of history, in one transaction.

        What did not succeed at once keeps what was `sent`, for a person.
        """
        values: dict[str, Any] = {
            "state": settlement.state.value,
            "error": settlement.error,
            "transaction_id": settlement.transaction,
        }
        if settlement.state in _SETTLED:
            values["settled_at"] = now
        if settlement.retry_at is not None:
            values["not_before"] = settlement.retry_at
        if entry.inherited and entry.state is IntentState.PENDING and settlement.state is IntentState.WITHDRAWN:
            values["attempts"] = 0  # it was only looked for
        with self.engine.begin() as connection:
            connection.execute(outbox.update().where(outbox.c.id == entry.id).values(**values))
            if settlement.link is not None:
                _remember_link(connection, settlement.link)
            connection.execute(attempt.delete().where(attempt.c.id == entry.begun))  # now it is known how it ended
            if settlement.state is not IntentState.DONE or entry.attempts > 0:
                _remember_attempt(connection, entry, settlement, now, sent)
            connection.execute(
                event.insert().values(
                    at=now,
                    order_id=entry.order_id,
                    order_number=entry.order_number,
                    subject=subject_of(entry.action),
                    kind=f"{codec.verb_of(entry.action)} {settlement.state.value}",
                    text=settlement.text,
                )
            )

    def waiting(self) -> dict[str, int]:
        """How many writes are not settled, or parked, by state; empty when none."""
        waits = outbox.c.state.in_(codec.WAITING)
        query = sa.select(outbox.c.state, sa.func.count()).where(waits).group_by(outbox.c.state)
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def release_parked(self, entry_id: int, now: datetime, *, drop: bool) -> bool:
        """Try a parked write again (looking first), or give it up for good. False when there is no such parked write."""
        parked = (outbox.c.id == entry_id) & (outbox.c.state == IntentState.PARKED.value)
        with self.engine.begin() as connection:
            order_id = connection.execute(sa.select(outbox.c.order_id).where(parked)).scalar()
            if order_id is None:
                return False
            # Given up is done, not withdrawn: what was withdrawn would be intended again.
            values: dict[str, Any] = (
                {"state": IntentState.DONE.value, "error": "given up by a person"}
                if drop
                else {"state": IntentState.UNKNOWN.value, "attempts": 0, "not_before": now, "settled_at": None}
            )
            connection.execute(outbox.update().where(parked).values(**values))
            wakeups.wake(connection, [order_id], now, "a parked write was released")
        return True

    def next_try(self, order_id: str) -> tuple[datetime, str] | None:
        """When the first open entry of an order may be tried, and its kind."""
        query = (
            sa.select(outbox.c.not_before, outbox.c.kind)
            .where(outbox.c.order_id == order_id, outbox.c.state.in_(codec.OPEN))
            .order_by(outbox.c.id)
            .limit(1)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.not_before, row.kind)

    def orders_with_open_links(self) -> list[str]:
        """The orders of all work orders that are open as far as memory knows."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(link.c.order_id).where(link.c.is_open).distinct()).scalars())

    def link_of(self, work_order_id: str) -> Link | None:
        """The link of one work order."""
        query = sa.select(link.c.document).where(link.c.work_order_id == work_order_id)
        with self.engine.connect() as connection:
            document = connection.execute(query).scalar()
        return None if document is None else codec.load_link(document)

    def has_links(self) -> bool:
        """Whether memory knows of any work order, but for those of orders of which a person was told that some are missing."""
        missing = sa.select(finding.c.order_id).where(finding.c.code == FindingCode.WORK_ORDER_MISSING.value)
        query = sa.select(link.c.work_order_id).where(link.c.order_id.not_in(missing)).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def link_numbered(self, number: str) -> Link | None:
        """The link of the work order people call so; `number` in upper case."""
        query = sa.select(link.c.document).where(sa.func.upper(link.c.work_order_number) == number).limit(1)
        with self.engine.connect() as connection:
            document = connection.execute(query).scalar()
        return None if document is None else codec.load_link(document)

    # --- what happened -------------------------------------------------------------------------------------

    def note_pass(self, what: str, now: datetime, text: str = "") -> None:
        """Remember when something was last done."""
        with self.engine.begin() as connection:
            connection.execute(last.delete().where(last.c.what == what))
            connection.execute(last.insert().values(what=what, at=now, text=text))

    def note_speed(self, orders: int, seconds: float, now: datetime) -> None:
        """So many orders were served in so long; status tells from it how long a backlog will take."""
        if orders == 0 or seconds <= 0:
            return
        _, before = self.last_passes().get("speed", (None, ""))
        measured = orders / seconds
        self.note_pass("speed", now, f"{(float(before) + measured) / 2 if before else measured:.4f}")

    def last_passes(self) -> dict[str, tuple[datetime, str]]:
        """What was last done when."""
        with self.engine.connect() as connection:
            return {row.what: (row.at, row.text) for row in connection.execute(sa.select(last))}


# --- the pieces transactions are made of --------------------------------------------------------------------


def _remember_attempt(
    connection: sa.Connection, entry: OutboxEntry, settlement: Settlement, now: datetime, sent: Collection[Sent]
) -> None:
    requests = [asdict(one) for one in sent]
    values = {"outbox_id": entry.id, "at": now, "outcome": settlement.state.value, "text": settlement.text}
    connection.execute(attempt.insert().values(**values, requests=requests))


def _intent(row: Any) -> Intent:
    action = None if row.kind is None else codec.load_action(row.kind, row.document)
    return Intent(row.key, IntentState(row.state), action, row.error, row.settled_at or row.created_at)


def _intend(connection: sa.Connection, action: Action, order: Mapping[str, str], now: datetime) -> None:
    """At once; later each time where it was tried before and overtaken by what it found at the write: a reading replica may be
    behind, and nothing is gained by asking as fast as the instance answers. A note that was tried before and withdrawn is looked
    for first: it may have arrived, whatever was thought of it then.

    What another process intended and left waiting is looked for and decided again. That is no such time: the one that now
    decides writes at once, or one-off commands, each of which ends before the wait is over, would never write it.
    """
    withdrawn = (outbox.c.order_id == order["order_id"]) & (outbox.c.token == token_of(action.key))
    withdrawn &= outbox.c.state == IntentState.WITHDRAWN.value
    latest_first = sa.select(outbox.c.attempts).where(withdrawn).order_by(outbox.c.id.desc())
    attempts = connection.execute(latest_first).scalars().all()
    times = sum(1 for _ in takewhile(bool, attempts))  # since it was last only looked for
    wait = min(_FIRST_DOUBT * 2 ** (times - 2), _LONGEST_DOUBT) if times > 1 else timedelta(0)
    in_doubt = any(attempts) and isinstance(action, WriteNote | WriteFieldNote)
    connection.execute(
        outbox.insert().values(
            token=token_of(action.key),
            key=action.key,
            **order,
            kind=codec.kind_of(action),
            document=codec.dump_action(action),
            state=(IntentState.UNKNOWN if in_doubt else IntentState.PENDING).value,
            attempts=0,
            not_before=now + wait,
            error="",
            created_at=now,
            transaction_id="",
        )
    )


def _is_intended(connection: sa.Connection, action: Action, order_id: str) -> bool:
    alive = outbox.c.state != IntentState.WITHDRAWN.value
    mine = (outbox.c.order_id == order_id) & (outbox.c.token == token_of(action.key)) & alive
    return connection.execute(sa.select(outbox.c.id).where(mine)).first() is not None


def _asked_before(connection: sa.Connection, initiator_id: str) -> Verdict | None:
    by_hand = (verdict.c.initiator_id == initiator_id) & (verdict.c.policy == BY_HAND)
    document = connection.execute(sa.select(verdict.c.document).where(by_hand)).scalar()
    return None if document is None else codec.load_verdict(document)


def _recover(connection: sa.Connection, token: str, order: Mapping[str, str], now: datetime) -> None:
    """A note that is in the journal was written, whatever memory thinks."""
    done = {"state": IntentState.DONE.value, "error": "", "settled_at": now}
    here = outbox.c.order_id == order["order_id"], outbox.c.token == token
    alive = outbox.c.state != IntentState.WITHDRAWN.value
    if connection.execute(outbox.update().where(*here, alive).values(**done)).rowcount:
        return
    values = {**order, **done, "attempts": 0, "not_before": now, "created_at": now, "transaction_id": ""}
    connection.execute(outbox.insert().values(token=token, key=f"recovered/{token}", **values))


def _withdraw(connection: sa.Connection, order_id: str, tokens: Iterable[str], now: datetime) -> None:
    not_sent = outbox.c.state.in_([IntentState.PENDING.value, IntentState.PARKED.value])
    given_up = (outbox.c.state == IntentState.DONE.value) & (outbox.c.error != "")
    for token in tokens:
        connection.execute(
            outbox.update()
            .where(
                outbox.c.order_id == order_id,
                outbox.c.token == token,
                not_sent | given_up,
            )
            .values(state=IntentState.WITHDRAWN.value, settled_at=now)
        )


def _remember_verdict(connection: sa.Connection, judged: Verdict, order: Mapping[str, str], now: datetime) -> None:
    same = (
        (verdict.c.initiator_id == judged.initiator_id)
        & (verdict.c.version == judged.version)
        & (verdict.c.policy == judged.policy)
    )
    connection.execute(verdict.delete().where(same))
    connection.execute(
        verdict.insert().values(
            initiator_id=judged.initiator_id,
            version=judged.version,
            policy=judged.policy,
            initiator_number=judged.initiator_number,
            line_number=judged.line_number,
            **order,
            decided_at=now,
            document=codec.dump_verdict(judged),
        )
    )


def _remember_link(connection: sa.Connection, kept: Link) -> None:
    """Who lets go of a work order does not take it from the order that has it meanwhile."""
    others = (link.c.work_order_id == kept.work_order_id) & (link.c.order_id != kept.order_id)
    if kept.detached and connection.execute(sa.select(link.c.order_id).where(others)).first() is not None:
        return
    connection.execute(link.delete().where(link.c.work_order_id == kept.work_order_id))
    connection.execute(
        link.insert().values(
            work_order_id=kept.work_order_id,
            work_order_number=kept.work_order_number,
            order_id=kept.order_id,
            domain_order_id=kept.domain_order_id,
            initiator_id=kept.initiator_id,
            is_open=not kept.detached and (kept.noted is None or kept.noted.phase.is_open),
            document=codec.dump_link(kept),
        )
    )


def _replace_findings(
    connection: sa.Connection, order_id: str, order_number: str, findings: Iterable[Finding], now: datetime
) -> None:
    mine = finding.c.order_id == order_id
    before = {(r.code, r.subject): r.since for r in connection.execute(sa.select(finding).where(mine))}
    connection.execute(finding.delete().where(mine))
    for one in {(f.code, f.subject): f for f in findings}.values():
        connection.execute(
            finding.insert().values(
                order_id=order_id,
                code=one.code.value,
                subject=one.subject,
                order_number=order_number,
                text=one.text,
                since=before.get((one.code.value, one.subject), now),
            )
        )
