"""/metrics says how far behind either side is, what waits, what was asked and how it ended; and no number of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector import app
from connector.config import load
from connector.daemon.metrics import METRICS, Kind
from connector.daemon.pulse import PassEnd
from connector.engine.hold import Hold, HoldReason, Side
from connector.engine.holds import Holds
from tests.conftest import HAMBURG
from tests.daemon.watching import watched

if TYPE_CHECKING:
    from tests.conftest import Pair


def test_every_metric_is_served_once_something_has_happened(pair: Pair) -> None:
    pair.approved(HAMBURG)
    with watched(pair) as daemon:
        daemon.turn()
        for what in ("webhook", "doctor"):
            daemon.engine.store.note_pass(what, pair.now())
        seen = daemon.metrics()
        assert set(seen) == set(METRICS)
        _, page = daemon.get("/metrics")
        for told in METRICS.values():
            assert f"# TYPE {told.name} {told.kind.value}" in page
            assert told.name.endswith("_total") == (told.kind is Kind.COUNTER)
            assert all(len(labels) == len(told.labels) for labels in seen[told.name])


def test_daemons_of_several_pairs_are_told_apart_by_what_their_configurations_call_the_instances(pair: Pair) -> None:
    path = pair.loaded.path
    path.write_text(path.read_text(encoding="utf-8").replace('name = "om"', 'name = "east"'), encoding="utf-8")
    pair.loaded = load(path)
    with watched(pair) as daemon:
        assert daemon.metrics()["omfsm_pair_info"] == {("east", "fsm"): 1.0}


def test_no_label_holds_the_number_of_an_order_or_the_name_of_a_customer(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    with watched(pair) as daemon:
        daemon.turn()
        Holds(daemon.engine.store.engine).place(Hold(order, HoldReason.BY_HAND, "x", pair.now(), order_id="a" * 32))
        _, page = daemon.get("/metrics")
        assert daemon.metrics()["omfsm_holds"]["order", "by hand"] == 1
    numbers = [order, *pair.domain_orders(order), *pair.work_orders(order)]
    assert len(numbers) > 3
    assert [text for text in [*numbers, HAMBURG, "Acme"] if text in page] == []


def test_what_waits_and_for_how_long_is_counted_each_way(pair: Pair) -> None:
    pair.sync()
    pair.approved(HAMBURG)
    with watched(pair) as daemon:
        daemon.turn()
        assert daemon.metrics()["omfsm_lag_seconds"] == {("om_to_fsm",): 0.0, ("fsm_to_om",): 0.0}
        assert daemon.metrics()["omfsm_gates"]["work open",] == 2
        pair.world.fault(
            "fsm", {"kind": "status", "status": 503, "path_contains": "/wm_order", "count": None, "skip": 1}
        )
        pair.approved(HAMBURG)
        daemon.turn()
        pair.world.advance(100)
        seen = daemon.metrics()
        assert seen["omfsm_wakeups"]["due",] >= 1
        assert seen["omfsm_oldest_wakeup_age_seconds"][()] >= 100
        assert seen["omfsm_lag_seconds"]["om_to_fsm",] >= 100
        assert seen["omfsm_holds"]["fsm", "maintenance"] == 1
        assert seen["omfsm_brakes"]["fsm",] == 0
        assert seen["omfsm_passes_total"]["held",] == 1


def test_a_write_that_hangs_is_a_lag_of_the_side_it_goes_to_alone(pair: Pair) -> None:
    pair.sync()
    pair.approved(HAMBURG)
    pair.world.fault("fsm", {"kind": "commit_then_drop", "method": "POST", "count": 1, "path_contains": "/wm_order"})
    with watched(pair) as daemon:
        daemon.turn()
        pair.world.advance(30)
        seen = daemon.metrics()
        assert seen["omfsm_outbox_writes"]["unknown",] == 1
        assert seen["omfsm_oldest_write_age_seconds"]["fsm",] >= 30
        assert seen["omfsm_oldest_write_age_seconds"]["om",] == 0
        assert seen["omfsm_lag_seconds"]["om_to_fsm",] >= 30
        assert seen["omfsm_lag_seconds"]["fsm_to_om",] == 0


def test_a_side_that_is_not_asked_lags(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.turn()
        daemon.ticks[0] += 50
        daemon.running.service.pulse.polled(Side.OM)
        assert daemon.metrics()["omfsm_lag_seconds"] == {("om_to_fsm",): 0.0, ("fsm_to_om",): 50.0}


def test_an_order_that_a_person_holds_is_no_lag(pair: Pair) -> None:
    pair.sync()
    order = pair.approved(HAMBURG)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        order_id = pair.rows("om", "sn_ind_tmt_orm_order", f"number={order}", "sys_id")[0]["sys_id"]
        engine.store.wake([order_id], due=pair.now(), reason="test")
    pair.world.advance(100)
    with watched(pair) as daemon:
        assert daemon.metrics()["omfsm_oldest_wakeup_age_seconds"][()] == 100
        Holds(daemon.engine.store.engine).place(Hold(order, HoldReason.BY_HAND, "x", pair.now(), order_id=order_id))
        assert daemon.metrics()["omfsm_oldest_wakeup_age_seconds"][()] == 0


def test_requests_are_counted_by_side_and_how_they_ended(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.turn()
        before = daemon.metrics()["omfsm_requests_total"]
        assert before["om", "ok"] > 0
        assert before["fsm", "throttled"] == 0
        pair.world.fault("fsm", {"kind": "status", "status": 429, "path_contains": "/table/", "count": 1})
        daemon.turn()
        seen = daemon.metrics()
        assert seen["omfsm_requests_total"]["fsm", "throttled"] == 1
        assert seen["omfsm_push_backs_total"] == {("om",): 0.0, ("fsm",): 1.0}
        assert seen["omfsm_requests_allowed"]["fsm",] < seen["omfsm_requests_allowed"]["om",]
        total = sum(count for (side, _), count in seen["omfsm_requests_total"].items() if side == "fsm")
        assert total == len([r for r in pair.world.requests("fsm") if "/stats" in r.path or "/table" in r.path])


def test_the_duration_and_the_end_of_passes_are_told(pair: Pair) -> None:
    with watched(pair) as daemon:
        began = daemon.running.service.pulse.beat()
        daemon.ticks[0] += 7
        daemon.running.service.pulse.passed(PassEnd.DONE, began)
        seen = daemon.metrics()
        assert seen["omfsm_last_pass_duration_seconds"][()] == 7
        assert seen["omfsm_passes_total"] == {("done",): 1.0, ("failed",): 0.0, ("held",): 0.0}
        assert set(seen["omfsm_last_pass_timestamp_seconds"]) == {("done",)}
