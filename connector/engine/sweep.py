"""The sweep: every open record is compared with what memory knows of it, and only orders that differ are looked at.

It catches what no feed shows: deletions, changes that moved no stamp, rows that appeared later than the overlap, a lost
wakeup. One slice is one request for up to `SLICE` records of three short columns; a round goes through all of them and is
spread evenly over its period, so that no pass pays for more than `MOST` slices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.behind import orders_named
from connector.engine.known import NOBODY, Known, KnownRecords, Round, Slice
from connector.errors import AbsurdAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from connector.engine.ports import FieldService, OrderManagement, Watched
    from connector.engine.store import Store
    from connector.exchange import Sketch, SketchPage

SLICE = 5000  # records a request: about five seconds of an instance's work, far from its quota of sixty
MOST = 30  # slices a pass
STRANGERS = 1000  # records a slice may ask the instance about, because memory has never seen them
_FEW = 20  # records that may vanish at once without an explanation
_FINDINGS = 1000


def sweep(
    store: Store,
    om: OrderManagement,
    fsm: FieldService,
    now: datetime,
    every: timedelta,
    compare: Callable[[Watched, Mapping[str, int]], object],
) -> int:
    """Carry the present round as far as it should be by now, or begin the next. Returns how many orders were woken.

    `compare` is shown the count of updates of every record, and raises where they make no sense.
    """
    records = KnownRecords(store.engine)
    places = [(part, system) for system in (om, fsm) for part in system.parts]
    present = records.round()
    woken = 0
    if present is None or (present.is_over and now - present.began >= every):
        present = Round(now, places[0][0], expected=present.done if present else 0)
        woken += records.begin(present, _FINDINGS)
    for _ in range(slices_due(present, now, every)):
        found = _slice(store, records, places, om, present, compare)
        records.swept(found, now, dict(places)[found.part].server_time)
        woken += len(found.orders)
        present = found.next
        if present.is_over:
            store.note_pass("sweep", now, f"{present.done} requests")
            break
    return woken


def slices_due(present: Round, now: datetime, every: timedelta) -> int:
    """How many slices a round is behind its even pace. One at a time where it takes longer than the round before."""
    if present.is_over:
        return 0
    if present.done >= present.expected:
        return 1
    passed = min(max((now - present.began) / every, 0.0), 1.0)
    return min(max(int(present.expected * passed) + 1 - present.done, 0), MOST)


def _slice(
    store: Store,
    records: KnownRecords,
    places: Sequence[tuple[str, Watched]],
    om: OrderManagement,
    present: Round,
    compare: Callable[[Watched, Mapping[str, int]], object],
) -> Slice:
    part = present.part if present.part in dict(places) else places[0][0]
    after = present.after if part == present.part else ""
    system = dict(places)[part]
    page = system.sketches(part, after, SLICE)
    compare(system, {row.sys_id: row.mod_count for row in page.rows})
    last = page.rows[-1].sys_id if page.rows and page.more else None
    known = records.between(part, after, last)
    vanished = _vanished(system, part, page, known)
    changed = _changed(store, om, system, part, page, known)
    return Slice(part, changed, vanished, _next(places, present, part, last))


def _next(places: Sequence[tuple[str, Watched]], present: Round, part: str, last: str | None) -> Round:
    if last is not None:
        return present.at(part, last)
    names = [name for name, _ in places]
    following = names[names.index(part) + 1 :]
    return present.at(following[0] if following else "", "")


def _vanished(system: Watched, part: str, page: SketchPage, known: Mapping[str, Known]) -> dict[str, str]:
    """Records that were open and are not among the open ones. Raises AbsurdAnswer when they are too many to be believed."""
    shown = {row.sys_id.casefold() for row in page.rows}
    gone = {sys_id: one.order_id for sys_id, one in known.items() if sys_id not in shown}
    believed = {sys_id for sys_id, one in known.items() if one.is_believed}
    if len(gone.keys() & believed) > _FEW and 2 * len(gone.keys() & believed) > len(believed):
        raise AbsurdAnswer(
            f"{system.name}: of {len(known)} open records ({part.replace('_', ' ')}s) {len(gone)} are suddenly not shown.",
            hint="A lost right looks like this. If they are really gone, `om-fsm sync --full` looks at everything once.",
        )
    return gone


def _changed(
    store: Store, om: OrderManagement, system: Watched, part: str, page: SketchPage, known: Mapping[str, Known]
) -> dict[Sketch, str]:
    """The records that are not as memory knows them, each with its order."""
    changed: dict[Sketch, str] = {}
    strangers: dict[str, Sketch] = {}
    for row in page.rows:
        one = known.get(row.sys_id.casefold())
        if one is not None and one.is_as(row):
            continue
        if one is not None and one.order_id != NOBODY:
            changed[row] = one.order_id
        elif len(strangers) < STRANGERS:
            strangers[row.sys_id] = row
    if strangers:
        points_to = system.points_to(part, strangers)
        if system is not om:
            points_to = orders_named(store, om, points_to)
        changed |= {row: points_to.get(sys_id, NOBODY) for sys_id, row in strangers.items()}
    return changed
