"""README promise: an instance whose backup was restored is noticed by its records, which are older than they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.engine.release import release_side
from connector.errors import Held
from tests.backup import backup, restore
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, OVERLAP
from tests.scenarios.test_brakes import braked, look, why, writes

if TYPE_CHECKING:
    from tests.backup import Backup
    from tests.conftest import Pair

LATER = 1000  # seconds: longer than any replica lags
DUE = "2026-05-01 12:00:00"


def served(pair: Pair, orders: int = 2) -> list[str]:
    """Orders whose work orders exist and were announced, long ago."""
    some = [pair.approved(HAMBURG) for _ in range(orders)]
    pair.settle()
    pair.world.advance(LATER)
    pair.sync()
    return some


def revised(pair: Pair, order: str) -> None:
    """The customer wants more, and later; that was carried to Field Service and told."""
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    wanted = {"fields": {"committed_due_date": DUE}, "characteristics": {"Bandwidth": "500 Mbit/s"}}
    pair.om("edit_line", line=line, **wanted)
    pair.om("approve_revision", order=order)


def taken(pair: Pair, side: str) -> Backup:
    return backup(pair.world.instance(side))


def put_back(pair: Pair, side: str, kept: Backup) -> None:
    restore(pair.world.instance(side), kept)


def passes(pair: Pair, *, full: bool) -> None:
    """A round of the sweep, and more."""
    for _ in range(4):
        pair.world.advance(400)
        pair.sync(full=full)


@pytest.mark.parametrize(("side", "numbers"), [("om", "2 of 2"), ("fsm", "4 of 4")])
def test_a_restored_backup_that_lacks_no_record_is_a_brake_with_the_numbers(
    pair: Pair, side: str, numbers: str
) -> None:
    orders = served(pair)
    kept = taken(pair, side)
    for order in orders:
        revised(pair, order)
    pair.settle()
    put_back(pair, side, kept)
    pair.world.advance(LATER)
    pair.world.clear_requests()
    said = why(pair)
    assert f"{numbers} records of {side} that were compared are older than when they were last read" in said
    assert "Was a backup restored?" in said
    assert braked(pair) == {side: "restored"}
    pair.world.advance(4000)
    why(pair)  # it does not go on by itself
    assert writes(pair) == []


@pytest.mark.parametrize("full", [False, True], ids=["sweep", "everything"])
def test_a_backup_that_lacks_only_what_was_told_is_noticed_by_the_records_it_was_told_on(
    pair: Pair, full: bool
) -> None:
    """The orders themselves are what they were; only their domain orders know less."""
    orders = served(pair)
    kept = taken(pair, "om")
    for order in orders:
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    assert all(pair.noted(pair.resource_order(order), "-> Assigned") for order in orders)
    put_back(pair, "om", kept)
    pair.world.advance(LATER)
    pair.world.clear_requests()
    with pytest.raises(Held, match=r"2 of \d+ records of om"):
        passes(pair, full=full)
    assert writes(pair) == []


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_replica_that_lags_is_no_restored_backup(pair: Pair, side: str) -> None:
    """It shows for minutes how everything was before."""
    orders = served(pair)
    for order in orders:
        revised(pair, order)
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.sync()
    pair.world.fault(side, {"kind": "replica_lag", "seconds": 400, "count": None, "path_contains": "/table/"})
    for full in (False, True, False):
        pair.sync(full=full)
        pair.world.advance(OVERLAP)
        assert braked(pair) == {}
    pair.world.clear_faults()
    pair.settle()
    assert braked(pair) == {}
    for order in orders:
        assert pair.noted(pair.resource_order(order), "-> Assigned")
    assert {row["requested_due_by"] for row in pair.rows("fsm", "wm_order", "", "requested_due_by")} == {DUE}
    pair.assert_nothing_doubled()


def test_after_a_person_has_looked_at_a_restored_field_service_what_it_lacks_is_carried_again(pair: Pair) -> None:
    orders = served(pair)
    kept = taken(pair, "fsm")
    for order in orders:
        revised(pair, order)
    pair.settle()
    told = {order: pair.notes(pair.resource_order(order)) for order in orders}
    put_back(pair, "fsm", kept)
    assert {(due, bandwidth) for due, bandwidth in carried(pair)} == {("2026-04-01 12:00:00", "100 Mbit/s")}
    pair.world.advance(LATER)
    why(pair)
    look(pair, "fsm")
    pair.settle()
    assert carried(pair) == {(DUE, "500 Mbit/s")}
    assert (braked(pair), pair.finding_codes()) == ({}, [])
    pair.assert_nothing_doubled()
    for order in orders:
        assert set(told[order]) <= set(pair.notes(pair.resource_order(order)))
    pair.world.advance(LATER)
    pair.world.clear_requests()
    passes(pair, full=True)
    assert (braked(pair), writes(pair)) == ({}, [])  # it is known as it is now


def carried(pair: Pair) -> set[tuple[str, str]]:
    """What the work orders say: due date and bandwidth."""
    rows = pair.rows("fsm", "wm_order", "", "requested_due_by", "description")
    return {(row["requested_due_by"], row["description"].rpartition("Bandwidth: ")[2]) for row in rows}


def test_after_a_person_has_looked_at_a_restored_order_management_what_it_lacks_is_told_again(pair: Pair) -> None:
    orders = served(pair)
    kept = taken(pair, "om")
    for order in orders:
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    put_back(pair, "om", kept)
    assert not any(pair.noted(pair.resource_order(order), "-> Assigned") for order in orders)
    with pytest.raises(Held):
        passes(pair, full=True)
    look(pair, "om")
    pair.settle()
    for order in orders:
        assert len([note for note in pair.notes(pair.resource_order(order)) if "-> Assigned" in note]) == 1
    assert (braked(pair), pair.finding_codes()) == ({}, [])
    pair.assert_nothing_doubled()
    assert [len(pair.work_orders(order)) for order in orders] == [2, 2]
    pair.world.advance(LATER)
    pair.world.clear_requests()
    passes(pair, full=True)
    assert (braked(pair), writes(pair)) == ({}, [])


def test_after_a_restore_of_order_management_the_orders_are_carried_as_they_are_there_now(pair: Pair) -> None:
    """It says what is wanted, also where it has forgotten that somebody wanted more."""
    orders = served(pair)
    kept = taken(pair, "om")
    for order in orders:
        revised(pair, order)
    pair.settle()
    put_back(pair, "om", kept)
    pair.world.advance(LATER)
    why(pair)
    assert carried(pair) == {(DUE, "500 Mbit/s")}
    look(pair, "om")
    pair.settle()
    assert carried(pair) == {("2026-04-01 12:00:00", "100 Mbit/s")}
    revised(pair, orders[0])  # they say it again
    pair.settle()
    assert carried(pair) == {("2026-04-01 12:00:00", "100 Mbit/s"), (DUE, "500 Mbit/s")}
    assert (braked(pair), pair.finding_codes()) == ({}, [])
    pair.assert_nothing_doubled()


def test_one_record_that_went_back_is_a_finding_until_a_person_has_looked(pair: Pair) -> None:
    order, other = served(pair)
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    kept = taken(pair, "om")
    pair.settle()
    pair.world.advance(LATER)
    domain_order = pair.resource_order(order)
    [row] = pair.rows("om", DOMAIN_ORDER, f"number={domain_order}", "sys_id")
    om = pair.world.instance("om")
    before = kept[DOMAIN_ORDER][row["sys_id"]]["sys_mod_count"]
    om.store.update(om.schema.table(DOMAIN_ORDER), row["sys_id"], {"sys_mod_count": before})
    for full in (False, True):
        passes(pair, full=full)
        assert (braked(pair), pair.finding_codes()) == ({}, ["went-back"])
    pair.fsm("dispatch", work_order=pair.install(other), technician="technician")
    pair.settle()
    assert pair.noted(pair.resource_order(other), "-> Assigned")
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        assert release_side(engine.store, "om", pair.now(), "looked", looked=True) == ()
    pair.settle()
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()
