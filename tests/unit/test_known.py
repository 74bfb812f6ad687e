"""When is a record older than it was? The rules of that comparison, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.engine.database import scratch_copy
from connector.engine.hold import Side
from connector.engine.known import LAG, KnownRecords, Round, Slice, forgive
from connector.exchange import UNCOUNTED, WORK_ORDER, Record, Sketch

BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ONE = "a" * 32


def remembered(*counts: tuple[int, timedelta], part: str = WORK_ORDER) -> KnownRecords:
    """Memory of a record that looks have read with these counts of updates, so long after the beginning."""
    records = KnownRecords(scratch_copy(None))
    for count, after in counts:
        read(records, count, after, part)
    return records


def read(records: KnownRecords, count: int, after: timedelta, part: str = WORK_ORDER) -> None:
    records.looked_at([Record(part, Sketch(ONE, count, "open"), "order", is_open=True)], lambda _part: BEGAN + after)


def minutes(some: float) -> timedelta:
    return timedelta(minutes=some)


@pytest.mark.parametrize(
    ("before", "count", "after", "older"),
    [
        (7, 7, minutes(60), False),
        (7, 8, minutes(60), False),
        (3, 7, minutes(60), False),  # an old copy of memory: it is memory that is older
        (7, 3, minutes(60), True),
        (7, 0, LAG, True),
        (7, 3, minutes(14), False),  # a replica may lag so much
        (7, 3, minutes(-60), False),  # the clock was put back: nobody can tell
        (7, UNCOUNTED, minutes(60), False),
        (UNCOUNTED, 3, minutes(60), False),
    ],
)
def test_a_record_is_older_when_it_has_fewer_updates_than_long_ago(
    before: int, count: int, after: timedelta, older: bool
) -> None:
    records = remembered((before, minutes(0)))
    assert bool(records.compared({ONE.upper(): count}, BEGAN + after).older) is older


def test_how_long_a_count_is_known_begins_anew_with_each_count_and_not_with_each_look() -> None:
    records = remembered((3, minutes(0)), (7, minutes(60)), (7, minutes(74)))
    assert not records.compared({ONE: 5}, BEGAN + minutes(74)).older
    assert records.compared({ONE: 5}, BEGAN + minutes(75)).older


def test_what_a_lagging_replica_shows_is_not_remembered() -> None:
    records = remembered((7, minutes(0)), (3, minutes(5)))
    assert records.compared({ONE: 3}, BEGAN + minutes(15)).older == {ONE}


@pytest.mark.parametrize("swept", [False, True])
def test_looking_at_everything_anew_does_not_forget_how_far_a_record_was(swept: bool) -> None:
    records = remembered((7, minutes(0)))
    records.forget(BEGAN)
    assert not records.between(WORK_ORDER, "", None)[ONE].is_as(Sketch(ONE, 7, "open"))  # so it is looked at
    if swept:
        found = Slice(WORK_ORDER, {Sketch(ONE, 3, "open"): "order"}, {}, Round(BEGAN, ""))
        records.swept(found, BEGAN, BEGAN + minutes(60))
    assert records.compared({ONE: 3}, BEGAN + minutes(60)).older


@pytest.mark.parametrize(("part", "is_taken"), [(WORK_ORDER, True), ("order", False)])
def test_once_a_person_has_looked_at_a_side_its_records_are_taken_as_they_are(part: str, is_taken: bool) -> None:
    records = remembered((7, minutes(0)), part=part)
    with records._engine.begin() as connection:
        forgive(connection, Side.FSM)
    now = Record(part, Sketch(ONE, 3, "open"), "order", is_open=True)
    assert records.forgiven([now]) == ({"order"} if is_taken else set())
    assert bool(records.compared({ONE: 3}, BEGAN + minutes(60)).older) is not is_taken
    found = Slice(part, {now.sketch: "order"}, {}, Round(BEGAN, ""))
    records.swept(found, BEGAN, BEGAN + minutes(60))  # it sees that first, and must not hide it from the look
    assert records.forgiven([now]) == ({"order"} if is_taken else set())
    read(records, 3, minutes(61), part)
    assert records.forgiven([now]) == set()
    assert records.between(part, "", None)[ONE].mod_count == (3 if is_taken else 7)
