"""Change detection: which orders to look at. It carries no data; a wrong or doubled wakeup is harmless, a lost one is not.

A feed is read from its watermark minus an overlap up to the instance's own clock; no other clock is asked. Rows of the
overlap that were read before are recognised by their `sys_mod_count`. The overlap is what catches rows that were stamped
early and committed late, or by a node whose clock is behind.

The watermark follows the newest row seen, not the clock alone: a replica that lags shows an old truth under a new time. But
it stays at most `TRAIL` behind the clock, so that a quiet table is not read from its last change for ever.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector.engine.behind import orders_behind, orders_named
from connector.engine.known import KnownRecords
from connector.exchange import UNCOUNTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from connector.engine.ports import FieldService, OrderManagement, Watched
    from connector.engine.store import Store
    from connector.exchange import Changed, FeedId

OVERLAP = timedelta(seconds=120)  # the platform's quota for a request, and as much again for clocks and commits
TRAIL = timedelta(minutes=10)
_MANY = 1000  # rows: an overlap that holds more is not read again for the sake of a replica
_WORTH_WRITING = timedelta(minutes=1)  # a watermark that only moved with time is not written at every pass
_FORMAT = "%Y-%m-%d %H:%M:%S"


def poll(store: Store, om: OrderManagement, fsm: FieldService, now: datetime, *, overlap: timedelta = OVERLAP) -> int:
    """Read every feed once and wake the orders behind what changed. Returns how many rows were new."""
    return sum(poll_one(store, system, om, now, overlap=overlap) for system in (om, fsm))


def poll_one(store: Store, system: Watched, om: OrderManagement, now: datetime, *, overlap: timedelta) -> int:
    """The same for one system alone."""
    watermarks, seen = store.watermarks(system.name, system.feeds), store.seen(system.name)
    return sum(
        _poll(store, system, om, feed, watermarks[feed.name], seen.get(feed.name, {}), now, overlap)
        for feed in system.feeds
        if feed.name in watermarks
        and _is_due(store, feed, now)  # looking at everything starts those that have no cursor
    )


def wake_everything(
    store: Store, om: OrderManagement, fsm: FieldService, now: datetime, *, everything: bool = False
) -> int:
    """Wake every open order, and every order behind a work order of ours that is active, or was as far as memory knows. Returns
    how many.

    For first contact, or when memory must not be believed. Cursors are set first, so that nothing falls between this and the
    first poll. The first one of a memory, or one of `everything`, asks for closed work orders too: what happened to them may
    not have been told when an earlier memory was lost.
    """
    closed_too = everything or FULL not in store.last_passes()
    _start_cursors(store, om, now)
    _start_cursors(store, fsm, now)
    KnownRecords(store.engine).forget(now)
    marked = {row.sys_id: row.points_to for row in fsm.marked(closed_too=closed_too)}
    orders = {*om.open_orders(), *orders_named(store, om, marked).values(), *store.orders_with_open_links()}
    store.wake(sorted(orders), due=now, reason="everything is looked at")
    store.note_pass(FULL, now, f"orders: {len(orders)}")
    return len(orders)


FULL = "look at everything"


def is_first_contact(store: Store, systems: Collection[Watched]) -> bool:
    """Whether memory is new, or a feed has no cursor because its question has changed."""
    return FULL not in store.last_passes() or any(
        len(store.watermarks(system.name, system.feeds)) < len(system.feeds) for system in systems
    )


def _poll(
    store: Store,
    system: Watched,
    om: OrderManagement,
    feed: FeedId,
    watermark: datetime,
    seen: Mapping[str, int],
    now: datetime,
    overlap: timedelta,
) -> int:
    clock: datetime | None = None
    rows: list[Changed] = []
    newest, read = "", 0
    for row in system.changed(feed, watermark - overlap):
        clock = clock or system.server_time  # when the first page was read: everything later comes next time
        newest, read = max(newest, row.updated_on), read + 1
        if row.mod_count == UNCOUNTED or seen.get(row.sys_id) != row.mod_count:
            rows.append(row)
    until = reached(watermark, clock or system.server_time, newest, overlap, many=read > _MANY)
    if rows or abs(until - watermark) >= _WORTH_WRITING:
        store.advance(
            system.name,
            feed,
            watermark=until,
            rows=rows,
            overlap_from=(until - overlap).strftime(_FORMAT),
            wake=_orders_behind(store, om, rows, of_om=system is om),
            now=now,
        )
    return len(rows)


def _is_due(store: Store, feed: FeedId, now: datetime) -> bool:
    """Whether a feed that is not read at every poll is read now."""
    if not feed.every:
        return True
    at, _ = store.last_passes().get(f"feed {feed.name}", (None, ""))
    if at is not None and timedelta(0) <= now - at < timedelta(seconds=feed.every):
        return False
    store.note_pass(f"feed {feed.name}", now)
    return True


def reached(watermark: datetime, clock: datetime, newest: str, overlap: timedelta, *, many: bool = False) -> datetime:
    """How far a feed was read: to its newest row, at most `TRAIL` behind the instance's clock and never after it.

    `newest` is the stored stamp of the newest row, empty when there was none; `many` lets the clock alone count. A watermark
    in the future of the clock is taken back: the clock was put right, and what is stamped from now on lies before it.
    """
    if watermark - clock > overlap:
        return clock - TRAIL
    row = datetime.strptime(newest, _FORMAT).replace(tzinfo=UTC) if newest else clock - TRAIL
    return max(watermark, clock if many else min(clock, max(row, clock - TRAIL)))


def _start_cursors(store: Store, system: Watched, now: datetime) -> None:
    known = store.watermarks(system.name, system.feeds)
    for feed in system.feeds:
        if feed.name not in known:
            start = system.server_time - TRAIL
            store.advance(system.name, feed, watermark=start, rows=(), overlap_from="", wake=(), now=now)


def _orders_behind(store: Store, om: OrderManagement, rows: Iterable[Changed], *, of_om: bool) -> list[str]:
    points_to = {row.sys_id: row.points_to for row in rows}
    orders = set(points_to.values()) if of_om else orders_behind(store, om, points_to)
    return sorted(orders - {""})
