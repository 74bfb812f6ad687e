"""README promise: an instance whose backup was restored is noticed by its records, which are older than they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import Held
from tests.backup import backup, restore
from tests.conftest import HAMBURG, LINE, ORDER, OVERLAP
from tests.scenarios.test_brakes import braked, why, writes

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


def test_one_record_that_a_script_put_back_is_no_brake(pair: Pair) -> None:
    order, _other = served(pair)
    kept = taken(pair, "om")
    revised(pair, order)
    pair.settle()
    pair.world.advance(LATER)
    pair.sync()
    om = pair.world.instance("om")
    [row] = pair.rows("om", ORDER, f"number={order}", "sys_id")
    om.store.update(
        om.schema.table(ORDER), row["sys_id"], {"sys_mod_count": kept[ORDER][row["sys_id"]]["sys_mod_count"]}
    )
    for full in (False, True):
        pair.world.advance(LATER)
        pair.sync(full=full)
    assert braked(pair) == {}
