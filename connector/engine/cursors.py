"""Change detection: which orders to look at. It carries no data; a wrong or doubled wakeup is harmless, a lost one is not.

A feed is read from its watermark minus an overlap, on the instance's own clock; rows of the overlap that were read before
are recognised by their `sys_mod_count`. The overlap is what catches rows that were stamped early and committed late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from connector.engine.ports import FieldService, OrderManagement, Watched
    from connector.engine.store import Store
    from connector.exchange import Changed

OVERLAP = timedelta(seconds=60)


def poll(store: Store, om: OrderManagement, fsm: FieldService, now: datetime) -> int:
    """Read every feed once and wake the orders behind what changed. Returns how many rows were new."""
    return _poll(store, om, om, now) + _poll(store, fsm, om, now)


def sweep(store: Store, om: OrderManagement, fsm: FieldService, now: datetime, *, everything: bool = False) -> int:
    """Wake every open order, and every order behind an active work order of ours. Returns how many.

    Catches what no feed shows: deletions, silent writes, lost webhooks. Cursors are set first, so that nothing
    falls between a first sweep and the first poll. The first sweep of a memory, or one of `everything`, asks for closed work
    orders too: what happened to them may not have been told when an earlier memory was lost.
    """
    closed_too = everything or "sweep" not in store.last_passes()
    _start_cursors(store, om, now)
    _start_cursors(store, fsm, now)
    marked = list(fsm.marked(closed_too=closed_too))
    orders = {*om.open_orders(), *_orders_behind(store, om, marked)}
    store.wake(sorted(orders), due=now, reason="sweep")
    store.note_pass("sweep", now, f"orders: {len(orders)}")
    return len(orders)


def sweep_is_due(store: Store, systems: Collection[Watched], now: datetime, every: timedelta) -> bool:
    """Whether nothing was swept for so long, or a feed has no cursor (first contact, or its question has changed)."""
    last, _ = store.last_passes().get("sweep", (None, ""))
    if last is None or now - last >= every:
        return True
    return any(store.watermark(system.name, feed) is None for system in systems for feed in system.feeds)


def _poll(store: Store, system: Watched, om: OrderManagement, now: datetime) -> int:
    new_rows = 0
    for feed in system.feeds:
        watermark = store.watermark(system.name, feed)
        if watermark is None:
            continue  # never swept, or the question changed: the sweep starts it
        seen = store.seen(system.name, feed)
        until: datetime | None = None
        rows: list[Changed] = []
        for row in system.changed(feed, watermark - OVERLAP):
            until = until or system.server_time  # when the first page was read: everything later comes next time
            if seen.get(row.sys_id) != row.mod_count:
                rows.append(row)
        until = max(until or system.server_time, watermark)
        store.advance(
            system.name,
            feed,
            watermark=until,
            rows=rows,
            overlap_from=(until - OVERLAP).strftime("%Y-%m-%d %H:%M:%S"),
            wake=sorted(_orders_behind(store, om, rows) if system is not om else {r.points_to for r in rows} - {""}),
            now=now,
        )
        new_rows += len(rows)
    return new_rows


def _start_cursors(store: Store, system: Watched, now: datetime) -> None:
    for feed in system.feeds:
        if store.watermark(system.name, feed) is None:
            store.advance(system.name, feed, watermark=system.server_time, rows=(), overlap_from="", wake=(), now=now)


def _orders_behind(store: Store, om: OrderManagement, rows: Collection[Changed]) -> set[str]:
    """The orders of these work orders: by link, by the mark, or by the number a person gave them."""
    linked = store.orders_of_work_orders([row.sys_id for row in rows])
    orders = set(linked.values())
    named: set[str] = set()
    for row in rows:
        key = WorkOrderKey.parse(row.points_to)
        if row.sys_id not in linked and (key is None or key.om == om.name):
            named.add(key.initiator_id if key else row.points_to)
    decided = store.orders_of_initiators(named)
    orders |= set(decided.values())
    unknown = named - set(decided)
    return orders | set(om.orders_of(unknown).values()) if unknown else orders
