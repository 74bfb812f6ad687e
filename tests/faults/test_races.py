"""What happens between a decision and its arrival: the point of no return, a hidden column, a lost memory."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.engine.consider import consider
from connector.engine.drain import EVERY_SHARD
from connector.engine.watch import notice
from connector.errors import ConnectorError
from connector.exchange import LineNow
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, ORDER

if TYPE_CHECKING:
    from connector.engine.drain import Engine
    from tests.conftest import Pair

REVISED = "500 Mbit/s"


def revise(pair: Pair, order: str) -> str:
    """The bandwidth is raised and approved. Returns the line."""
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": REVISED})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)
    return line


def carried(pair: Pair, order: str) -> bool:
    return REVISED in pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "description")[0]["description"]


@pytest.mark.parametrize("kind", ["rate_limit", "drop", "no_node"])
@pytest.mark.parametrize("too_late", [False, True], ids=["in time", "past the point of no return"])
def test_an_update_that_had_to_wait_is_not_carried_past_the_point_of_no_return(
    pair: Pair, kind: str, too_late: bool
) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.world.fault(
        "fsm", {"kind": kind, "method": "PATCH", "count": 2, "path_contains": "/table/", "user": "connector"}
    )
    line = revise(pair, order)
    pair.sync()
    assert not carried(pair, order)
    if too_late:
        pair.om("set_ponr", line=line)
    pair.world.clear_faults()
    pair.settle()
    notes = pair.notes(pair.resource_order(order))
    assert carried(pair, order) is not too_late
    assert any("was not changed" in note for note in notes) is too_late
    assert any("was updated" in note for note in notes) is not too_late


def test_an_update_that_took_effect_before_the_point_of_no_return_is_told_as_what_it_is(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    fault = {"kind": "commit_then_500", "method": "PATCH", "count": 2, "path_contains": "/table/", "user": "connector"}
    pair.world.fault("fsm", fault)
    line = revise(pair, order)
    pair.sync()
    pair.om("set_ponr", line=line)
    pair.settle()
    notes = pair.notes(pair.resource_order(order))
    assert carried(pair, order)
    assert sum("was updated" in note for note in notes) == 1
    assert not any("was not changed" in note for note in notes)


def lose_the_race(pair: Pair, engine: Engine, line: str) -> None:
    """The point of no return is set after the connector has decided and before it writes."""
    notice(engine, pair.now())
    orders = [wakeup.order_id for wakeup in engine.store.due(EVERY_SHARD, pair.now(), limit=10)]
    consider(engine, orders, pair.now())
    pair.om("set_ponr", line=line)
    for order_id in orders:
        engine.outbox.serve(order_id, pair.now)


def test_an_update_that_lost_the_race_against_the_point_of_no_return_is_caught_just_before_it_is_sent(
    pair: Pair,
) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    line = revise(pair, order)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        lose_the_race(pair, engine, line)
    assert not carried(pair, order)
    pair.settle()
    assert not carried(pair, order)
    assert pair.noted(pair.resource_order(order), "was not changed", "past its point of no return")
    assert "past-ponr" in pair.finding_codes()


def test_a_cancellation_that_lost_the_race_is_caught_just_before_it_is_sent(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    number, work_order = pair.resource_order(order), pair.install(order)
    pair.om("set_domain_order_state", domain_order=number, state="canceled")
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        lose_the_race(pair, engine, line)
    pair.settle()
    assert pair.state("fsm", "wm_order", work_order) == "ready for dispatch"
    assert pair.noted(number, "is no longer asked for but was not canceled")


def test_a_change_asks_for_the_point_of_no_return_with_one_request(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    revise(pair, order)
    pair.sync()
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        line = pair.rows("om", LINE, f"order.number={order}", "sys_id")[0]["sys_id"]
        engine.om.reach()
        before = systems.requests
        now = engine.om.read_line_now(line)
        assert (systems.requests - before, now) == (1, LineNow(ponr=False, version=2, in_question=False))
        assert now is not None
        assert (now.still_allows(2), now.still_allows(1)) == (True, False)


def test_a_reopening_that_had_to_wait_is_not_done_once_the_work_is_finished(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, work_order = pair.resource_order(order), pair.install(order)
    pair.world.fault(
        "om", {"kind": "drop", "method": "PATCH", "count": 1, "path_contains": "/table/", "user": "connector"}
    )
    pair.om("close_domain_order", domain_order=number)
    pair.sync()
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=work_order)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "closed complete"
    assert not pair.noted(number, "was reopened")


def test_a_note_that_the_instance_shows_only_later_is_neither_parked_nor_written_twice(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.world.fault("om", {"kind": "late_commit", "seconds": 40, "method": "PATCH", "count": 1, "user": "connector"})
    pair.sync()
    pair.settle()
    assert sum("-> Assigned" in note for note in pair.notes(pair.resource_order(order))) == 1
    assert pair.waiting() == {}


def hide(pair: Pair, side: str, table: str, field: str) -> None:
    """An access rule takes a column away from the connector."""
    fault = {"kind": "hide_field", "field": field, "method": "GET", "count": None, "user": "connector"}
    pair.world.fault(side, {**fault, "path_contains": f"/table/{table}"})


def test_a_write_of_an_order_that_cannot_be_read_waits_until_it_can(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.world.fault("fsm", {"kind": "rate_limit", "method": "PATCH", "count": 1, "path_contains": "/table/"})
    revise(pair, order)
    pair.sync()
    assert pair.waiting() == {"pending": 2}
    hide(pair, "om", LINE, "ponr")
    for _ in range(3):
        pair.world.advance(400)
        pair.sync()
    assert not carried(pair, order)
    pair.world.clear_faults()
    pair.settle()
    assert carried(pair, order)


def pass_by(pair: Pair, *, full: bool = False) -> None:
    for _ in range(3):
        pair.world.advance(1000)
        with suppress(ConnectorError):
            pair.sync(full=full)


@pytest.mark.parametrize("field", ["template", "state", "correlation_display", "number"])
def test_a_column_field_service_hides_after_memory_was_lost_cancels_and_doubles_nothing(pair: Pair, field: str) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    before = pair.rows("fsm", "wm_order", "", "sys_id", "state", "description")
    pair.forget()
    hide(pair, "fsm", "wm_order", field)
    pass_by(pair)
    assert pair.rows("fsm", "wm_order", "", "sys_id", "state", "description") == before
    pair.world.clear_faults()
    pair.settle()
    assert len(pair.work_orders(order)) == 2
    pair.assert_nothing_doubled()


@pytest.mark.parametrize(
    ("table", "field"),
    [
        (DOMAIN_ORDER, "location"),
        (DOMAIN_ORDER, "specification"),
        (DOMAIN_ORDER, "action"),
        (LINE, "committed_due_date"),
        (LINE, "ponr"),
        (ORDER, "account"),
        ("sn_ind_tmt_orm_order_characteristic_value", "characteristic_option_value"),
    ],
)
def test_a_column_order_management_hides_is_not_taken_for_an_empty_one(pair: Pair, table: str, field: str) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    before = pair.rows("fsm", "wm_order", "", "sys_id", "state", "sys_mod_count")
    notes = pair.notes(pair.resource_order(order))
    hide(pair, "om", table, field)
    pass_by(pair, full=True)
    assert pair.rows("fsm", "wm_order", "", "sys_id", "state", "sys_mod_count") == before
    assert pair.notes(pair.resource_order(order)) == notes
    assert "unreadable" in pair.finding_codes()
    pair.world.clear_faults()
    pass_by(pair)
    assert pair.finding_codes() == []
