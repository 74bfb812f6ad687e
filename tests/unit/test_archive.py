"""Promise: an order that is over is put away whole, and comes back from the archive as if it had never been there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from connector.decide.completion import is_over
from connector.engine.archive import Archive
from connector.engine.database import open_database
from connector.engine.isolate import recall
from connector.engine.store import Settlement, Store
from connector.engine.tables import archive, outbox
from connector.model import Finding, FindingCode, IntentState, Plan, Snapshot, State, WorkOrderPhase, WriteNote
from tests.unit.orders import DOMAIN_ORDER_ID, ORDER_ID, intent, link, order, snapshot, verdict, work_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.model import Link

NOW = datetime(2027, 2, 1, 10, 15, tzinfo=UTC)
CLOSED = State("3", "Closed Complete", WorkOrderPhase.COMPLETE)
NOTE = WriteNote("status/1", DOMAIN_ORDER_ID, "RO1", "RO1 was told.")
DONE = replace(link(), noted=CLOSED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = open_database(tmp_path / "om-fsm.db", create=True)
    assert database is not None
    yield Store(database)
    database.dispose()


def remember(store: Store, kept: Link = DONE, *, settled: bool = True) -> None:
    """ORD1 with a verdict, a link, and a note."""
    store.intend(Plan(ORDER_ID, "ORD1", verdicts=(verdict(),), links=(kept,), actions=(NOTE,)), NOW)
    store.looked_at([ORDER_ID], NOW)
    entry = store.start_next(ORDER_ID, NOW, look_again_at=NOW + timedelta(minutes=1))
    assert entry is not None
    if settled:
        store.settle(entry, Settlement(IntentState.DONE, "RO1 was told."), NOW)


def test_what_is_put_away_comes_back_as_it_was(store: Store) -> None:
    remember(store)
    before = store.memory_of([ORDER_ID])
    assert before[ORDER_ID].intents
    put_away = Archive(store.engine)
    assert put_away.put_away([ORDER_ID], NOW) == [ORDER_ID]
    assert not store.memory_of([ORDER_ID])[ORDER_ID].links
    assert recall(store, [ORDER_ID]) == (before, ())
    assert put_away.orders_named([ORDER_ID]) == {}


@pytest.mark.parametrize("name", ["ord1", "ORDL1", "RO1", "WO1", DOMAIN_ORDER_ID, ORDER_ID])
def test_an_archived_order_is_found_by_everything_people_and_records_call_it(store: Store, name: str) -> None:
    remember(store)
    assert Archive(store.engine).orders_named([name]) == {}
    Archive(store.engine).put_away([ORDER_ID], NOW)
    assert Archive(store.engine).orders_named([name]) == {name: ORDER_ID}


@pytest.mark.parametrize(
    ("kept", "settled"), [(link(), True), (DONE, False)], ids=["open work order", "unsettled write"]
)
def test_what_is_not_settled_stays_in_memory(store: Store, kept: Link, settled: bool) -> None:
    remember(store, kept, settled=settled)
    assert Archive(store.engine).put_away([ORDER_ID], NOW) == []
    assert store.memory_of([ORDER_ID])[ORDER_ID].links


def test_what_was_remembered_meanwhile_counts_more(store: Store) -> None:
    remember(store)
    Archive(store.engine).put_away([ORDER_ID], NOW)
    newer = replace(DONE, notes=7)
    store.intend(Plan(ORDER_ID, "ORD1", links=(newer,)), NOW)
    assert recall(store, [ORDER_ID])[0][ORDER_ID].links == (newer,)


def test_a_document_that_cannot_be_read_makes_its_order_unreadable_and_no_other(store: Store) -> None:
    remember(store)
    Archive(store.engine).put_away([ORDER_ID], NOW)
    with store.engine.begin() as connection:
        connection.execute(archive.update().values(document=b"torn"))
    remembered, bad = recall(store, [ORDER_ID, "9" * 32])
    assert list(remembered) == ["9" * 32]
    assert [one.order_id for one in bad] == [ORDER_ID]


def test_what_is_kept_long_enough_is_forgotten_with_its_names(store: Store) -> None:
    remember(store)
    kept = Archive(store.engine)
    kept.put_away([ORDER_ID], NOW)
    assert kept.forget(NOW) == 0
    assert kept.orders_named(["WO1"])
    assert kept.forget(NOW + timedelta(seconds=1)) == 1
    assert not kept.orders_named(["WO1"])


def test_the_number_of_a_write_is_never_used_twice(store: Store) -> None:
    """A start takes every number up to the newest for somebody else's: one that came again would be doubted for ever."""
    remember(store)
    newest = store.newest_entry()
    Archive(store.engine).put_away([ORDER_ID], NOW)
    assert store.newest_entry() < newest
    store.intend(Plan("9" * 32, "ORD2", actions=(NOTE,)), NOW)
    with store.engine.connect() as connection:
        assert list(connection.execute(sa.select(outbox.c.id)).scalars()) == [newest + 1]


# --- when an order is over ---------------------------------------------------------------------------------------


def plan(**changes: object) -> Plan:
    return replace(Plan(ORDER_ID, "ORD1"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("Completed", True), ("Canceled", True), ("In progress", False), ("On hold", False), ("Nobody mapped it", False)],
)
def test_only_an_order_that_is_over_may_be_put_away(state: str, expected: bool) -> None:
    assert is_over(snapshot(of=order(state)), plan()) is expected


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        (snapshot(work_order(), of=order("Completed")), plan()),
        (snapshot(work_order("77"), of=order("Completed")), plan()),
        (snapshot(of=order("Completed")), plan(actions=(NOTE,))),
        (snapshot(of=order("Completed")), plan(findings=(Finding(FindingCode.NOT_CANCELED, "WO1", ""),))),
        (snapshot(of=order("Completed")), plan(withdraw=(intent(NOTE).key,))),
    ],
    ids=["open work order", "unknown state", "something to do", "something to look at", "something to withdraw"],
)
def test_a_completed_order_with_something_left_is_not_over(seen: Snapshot, decided: Plan) -> None:
    assert not is_over(seen, decided)
