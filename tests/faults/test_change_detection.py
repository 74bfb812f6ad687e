"""README promise: nothing that happens in either system goes unnoticed. Every way in which a cursor could miss a change."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from connector import app
from connector.engine.drain import drain_all
from connector.engine.release import release_side
from connector.engine.watch import notice
from connector.errors import ConfigError, Denied, Held, Unavailable
from tests.conftest import HAMBURG, ORDER, Pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from connector.engine.drain import Engine

SWEEP = 900  # seconds, as configured
PARTS = 5  # passes a round of sweeping takes at least


@dataclass
class Watching:
    """The connector, started once, and the two systems it watches."""

    pair: Pair
    engine: Engine
    systems: app.Systems
    number: str = ""  # a domain order
    work_order: str = ""  # its installation

    def sync(self, *, full: bool = False, seconds: float = 5) -> app.Pass:
        """One pass, and some time."""
        done = app.sync_once(self.engine, self.systems, self.pair.now, full=full)
        self.pair.world.advance(seconds)
        return done

    def settle(self, *sites: str) -> None:
        """An order whose work orders exist, are announced and are known."""
        order = self.pair.approved(*(sites or (HAMBURG,)))
        for _ in range(2):
            self.sync()
        self.number, self.work_order = self.pair.resource_order(order), self.pair.install(order)

    def dispatch(self, **how: object) -> None:
        self.pair.fsm("dispatch", work_order=self.work_order, technician="technician", **how)

    @property
    def told(self) -> bool:
        """Whether the domain order's readers know of the dispatch."""
        return self.pair.noted(self.number, "-> Assigned")

    def a_round(self) -> int:
        """The time of one round of sweeping passes. Returns how many orders were woken by it."""
        self.pair.world.advance(SWEEP)
        return sum(self.sync().swept for _ in range(PARTS))


@pytest.fixture
def watching(pair: Pair) -> Iterator[Watching]:
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        yield Watching(pair, engine, systems)


# --- the cursor ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 30, 100])
def test_what_is_stamped_early_and_visible_late_is_read_with_the_overlap(watching: Watching, lag: int) -> None:
    watching.settle()
    watching.dispatch(commit_lag=lag)
    done = watching.sync(seconds=lag)
    if lag:
        assert not watching.told
        done = watching.sync()
    assert (done.changes > 0, done.swept, watching.told) == (True, 0, True)


@pytest.mark.parametrize("busy", [False, True], ids=["quiet table", "busy table"])
def test_what_becomes_visible_after_the_overlap_is_found_by_the_sweep(watching: Watching, busy: bool) -> None:
    watching.settle()
    watching.dispatch(commit_lag=1000)
    swept = 0
    for _ in range(10):
        if busy:
            watching.pair.fsm("create_work_order", short_description="another", correlation_id="somebody else's")
        swept += watching.sync(seconds=240).swept
    assert watching.told
    assert swept > 0


@pytest.mark.parametrize("skew", [-600, 600])
@pytest.mark.parametrize("side", ["om", "fsm"])
def test_an_instance_whose_clock_is_minutes_off_is_read_by_its_own_clock(
    watching: Watching, side: str, skew: int
) -> None:
    watching.pair.world.skew(side, skew)
    watching.settle()
    for _ in range(2):
        watching.sync(seconds=300)
    watching.dispatch()
    done = watching.sync()
    assert (done.changes > 0, done.swept, watching.told) == (True, 0, True)


def test_a_clock_that_is_put_right_takes_the_cursor_back_with_it(watching: Watching) -> None:
    watching.pair.world.skew("fsm", 7200)
    watching.settle()
    watching.pair.world.skew("fsm", 0)
    watching.sync()
    watching.dispatch()
    done = watching.sync()
    assert (done.changes > 0, done.swept, watching.told) == (True, 0, True)


def test_a_replica_that_lags_hides_nothing_for_longer_than_it_lags(watching: Watching) -> None:
    watching.settle()
    lag = {"kind": "replica_lag", "seconds": 400, "count": None, "path_contains": "/table/wm_order"}
    watching.pair.world.fault("fsm", lag)
    watching.sync(seconds=60)
    watching.dispatch()
    changes = sum(watching.sync(seconds=90).changes for _ in range(6))
    assert changes > 0
    assert watching.told
    watching.pair.assert_nothing_doubled()


def test_a_cursor_reads_no_row_twice_without_need(watching: Watching) -> None:
    watching.settle()
    watching.sync()
    assert [watching.sync().changes for _ in range(3)] == [0, 0, 0]


# --- calibration --------------------------------------------------------------------------------------------------


def live_in(pair: Pair, side: str, zone: str, literals: str) -> None:
    """The connector's user lives in this zone, on an instance that reads date literals in this way."""
    users = pair.world.instance(side).users
    users["connector"] = replace(users["connector"], zone=ZoneInfo(zone))
    pair.world.switch(side, literal_zone=literals)


@pytest.mark.parametrize("side", ["om", "fsm"])
@pytest.mark.parametrize(("zone", "literals"), [("America/Los_Angeles", "utc"), ("Europe/London", "user")])
def test_a_user_in_another_zone_is_served_where_literals_are_utc(
    watching: Watching, side: str, zone: str, literals: str
) -> None:
    live_in(watching.pair, side, zone, literals)
    watching.settle()
    watching.dispatch()
    watching.sync()
    assert watching.told


@pytest.mark.parametrize("side", ["om", "fsm"])
@pytest.mark.parametrize(
    ("zone", "minutes"), [("Asia/Tokyo", "+540"), ("America/Los_Angeles", "-480"), ("Asia/Kathmandu", "+345")]
)
def test_literals_in_the_users_zone_are_measured_and_refused(
    watching: Watching, side: str, zone: str, minutes: str
) -> None:
    watching.pair.approved(HAMBURG)
    watching.pair.fsm("create_work_order", short_description="by hand", correlation_id="something")
    live_in(watching.pair, side, zone, "user")
    with pytest.raises(ConfigError, match=re.escape(f"{minutes} minutes")) as error:
        watching.sync()
    assert f"{side} does not read date literals as UTC" in str(error.value)
    assert "time_zone" in error.value.hint
    assert watching.pair.rows("fsm", "wm_order", "correlation_id!=something", "number") == []


def test_a_zone_that_changes_later_is_noticed_within_the_hour(watching: Watching) -> None:
    watching.settle()
    live_in(watching.pair, "fsm", "Asia/Tokyo", "user")
    watching.pair.world.advance(3600)
    with pytest.raises(ConfigError, match="does not read date literals as UTC"):
        watching.sync()


@pytest.mark.parametrize("column", ["sys_id", "sys_updated_on"])
def test_an_instance_that_hides_what_is_measured_is_told_and_asked_again(watching: Watching, column: str) -> None:
    watching.settle()
    watching.pair.world.advance(3600)
    hiding = {"kind": "hide_field", "field": column, "path_contains": "ORDERBYDESCsys_updated_on", "user": "connector"}
    watching.pair.world.fault("fsm", {**hiding, "count": 1})
    with pytest.raises(Denied, match=f"the column '{column}' of wm_order cannot be read"):
        watching.sync()
    watching.dispatch()
    watching.sync()
    assert watching.told


# --- the sweep ----------------------------------------------------------------------------------------------------


def test_a_round_in_which_nothing_differs_looks_at_nothing(watching: Watching) -> None:
    watching.settle()
    assert [watching.a_round(), watching.a_round()] == [0, 0]


def silently(pair: Pair, side: str) -> AbstractContextManager[None]:
    """What is written meanwhile moves no stamp and no count, as from a script with autoSysFields(false)."""
    return pair.world.instance(side).records.background(auto_sys_fields=False, workflow=True)


def test_a_change_that_moved_no_stamp_is_found_by_the_sweep(watching: Watching) -> None:
    watching.settle()
    watching.a_round()  # its journals are read once more after a while
    fsm = watching.pair.world.instance("fsm")
    [row] = fsm.store.find("wm_order", number=watching.work_order)
    with silently(watching.pair, "fsm"):  # the work order alone: its tasks have a feed of their own
        fsm.records.update("wm_order", row["sys_id"], {"state": "16"}, fsm.system)
    watching.sync()
    assert not watching.told
    assert watching.a_round() + watching.a_round() == 1  # a round is spread evenly over its time
    assert watching.told
    assert watching.a_round() == 0


def test_a_domain_order_closed_without_a_stamp_is_reopened_by_the_sweep(watching: Watching) -> None:
    watching.settle()
    with silently(watching.pair, "om"):
        watching.pair.om("close_domain_order", domain_order=watching.number)
    watching.sync()
    assert not watching.pair.noted(watching.number, "was reopened")
    watching.a_round()
    assert watching.pair.noted(watching.number, "was reopened")


def delete(pair: Pair, work_order: str) -> None:
    records = pair.world.fsm.records
    [row] = records.find("wm_order", number=work_order)
    records.delete("wm_order", row["sys_id"], pair.world.users("fsm")["admin"])


def test_a_deleted_work_order_is_missed_within_a_round_and_keeps_the_gate_shut(watching: Watching) -> None:
    watching.settle()
    delete(watching.pair, watching.work_order)
    watching.sync()
    assert watching.pair.finding_codes() == []
    watching.a_round()
    assert watching.pair.finding_codes() == ["work-order-missing"]
    watching.pair.om("close_domain_order", domain_order=watching.number)
    watching.sync()
    assert watching.pair.noted(watching.number, "was reopened", watching.work_order)


@pytest.mark.parametrize(
    ("side", "table", "finding"),
    [("fsm", "wm_order", "work-order-missing"), ("om", "sn_ind_tmt_orm_domain_order", "initiator-missing")],
)
def test_what_was_not_shown_in_passing_is_asked_for_again_by_itself_and_ever_later(
    watching: Watching, side: str, table: str, finding: str
) -> None:
    pair = watching.pair
    order = pair.approved(HAMBURG)
    for _ in range(2):
        watching.sync()
    [row] = pair.rows("om", ORDER, f"number={order}", "sys_id")
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    nothing = {"kind": "no_rows", "method": "GET", "user": "connector", "count": None, "path_contains": f"{table}?"}
    fault = pair.world.fault(side, nothing)
    watching.sync(seconds=70)
    assert set(pair.finding_codes()) == {finding}
    looks = []
    for _ in range(6):
        pair.world.clear_requests()
        watching.sync(seconds=70)
        looks.append(any(row["sys_id"] in request.query for request in pair.world.requests("om")))
    assert looks == [True, True, True, False, True, False]
    pair.world.clear_faults(fault)
    pair.world.advance(200)
    assert watching.sync().swept == 0
    assert pair.finding_codes() == []
    assert {pair.state("fsm", "wm_order", one) for one in pair.work_orders(order)} == {"canceled"}


def test_what_a_person_should_look_at_is_looked_at_again_with_each_round(watching: Watching) -> None:
    watching.settle()
    hidden = {"kind": "hide_field", "field": "ponr", "method": "GET", "count": None, "path_contains": "order_line_item"}
    fault = watching.pair.world.fault("om", hidden)
    watching.sync(full=True)
    assert watching.pair.finding_codes() == ["unreadable"]
    watching.pair.world.clear_faults(fault)
    watching.a_round()
    assert watching.pair.finding_codes() == []


def test_when_most_open_records_are_suddenly_not_shown_nothing_is_concluded(watching: Watching) -> None:
    watching.settle(*[HAMBURG] * 12)
    assert len(watching.pair.rows("fsm", "wm_order", "active=true", "number")) == 24
    store, schema = watching.pair.world.fsm.store, watching.pair.world.fsm.schema
    for row in store.find("wm_order", active="1"):
        store.delete(schema.table(row["sys_class_name"]), row["sys_id"])
    with pytest.raises(Held, match="24 of 24 linked records"):
        watching.a_round()
    assert watching.pair.finding_codes() == []
    release_side(watching.engine.store, "fsm", watching.pair.now(), "they are really gone", looked=True)
    watching.sync(full=True)
    assert set(watching.pair.finding_codes()) == {"work-order-missing"}
    assert watching.a_round() == 1  # the order with the findings


def test_a_sweep_that_is_interrupted_goes_on_where_it_was(watching: Watching) -> None:
    watching.settle()
    with silently(watching.pair, "fsm"):
        watching.dispatch()
    watching.pair.world.advance(SWEEP)
    watching.pair.world.fault("fsm", {"kind": "no_node", "method": "GET", "count": 3, "path_contains": "active%3Dtrue"})
    failures = 0
    for _ in range(PARTS + 1):
        try:
            watching.sync()
        except Unavailable:
            failures += 1
    assert (failures, watching.told) == (1, True)


def test_changed_settings_make_every_open_order_worth_a_look(watching: Watching) -> None:
    watching.settle()
    assert watching.sync().swept == 0
    watching.engine = replace(watching.engine, settings="others")
    assert watching.sync().swept == 1
    assert watching.sync().swept == 0


def test_what_an_order_came_to_before_everything_was_looked_at_is_still_told(watching: Watching) -> None:
    """Nothing of it is open any more on either side, and the cursors begin anew."""
    pair = watching.pair
    order = pair.approved(HAMBURG)
    watching.sync()
    watching.sync()
    for work_order in pair.work_orders(order):
        pair.fsm("dispatch", work_order=work_order, technician="technician")
        pair.fsm("complete", work_order=work_order)
    for number in pair.domain_orders(order):
        pair.om("close_domain_order", domain_order=number)
    pair.world.advance(1000)
    assert pair.state("om", ORDER, order) == "completed"
    watching.sync(full=True)
    assert pair.noted(pair.resource_order(order), f"{pair.install(order)} Install CPE", "Closed Complete")


def test_what_an_instance_denied_with_something_else_is_asked_for_again_at_the_next_visit(pair: Pair) -> None:
    def asked(started: Watching) -> bool:
        pair.world.clear_requests()
        started.sync()
        return any("table/sys_choice" in request.path for request in pair.world.requests("fsm"))

    pair.world.fault("fsm", {"kind": "table_forbidden", "count": None, "path_contains": "table/sys_choice"})
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        started = Watching(pair, engine, systems)
        started.settle()
        assert not asked(started)  # where it alone was denied: every quarter of an hour
        pair.world.fault("fsm", {"kind": "table_forbidden", "count": None, "path_contains": "table/wm_task"})
        started.dispatch()
        started.sync()
        pair.world.clear_faults()
        assert [asked(started), asked(started)] == [True, False]


# --- what it costs when nothing happens ---------------------------------------------------------------------------


def test_a_quarter_of_an_hour_in_which_nothing_happens_writes_little(watching: Watching) -> None:
    watching.settle()
    engine, now = watching.engine, watching.pair.now

    def written() -> int:
        with engine.store.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            return int(raw.total_changes)

    before = written()
    for _ in range(45):
        watching.pair.world.advance(20)
        notice(engine, now())
        assert drain_all(engine, now) == ()
    # two a minute for each of six feeds after the trail, three a minute for that of tasks, a round; not thirteen a pass
    assert 0 < written() - before <= 140
