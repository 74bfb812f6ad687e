"""README promise: an instance that cannot be used is held, said once, probed gently, and nothing is lost meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from connector import app, memory
from connector.engine.drain import Engine, drain_all
from connector.engine.hold import Hold, HoldReason
from connector.engine.release import release_order, release_side
from connector.engine.watch import notice
from connector.errors import ConnectorError, Held, RemoteError, Unavailable
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pair

OUTAGES = [
    ("drop", "unreachable"),
    ("no_node", "maintenance"),
    ("maintenance", "maintenance"),
    ("hibernating", "hibernating"),
    ("login_302", "unreachable"),
    ("rate_limit", "throttled"),
]


def break_down(pair: Pair, kind: str, side: str = "fsm", **more: Any) -> str:
    return pair.world.fault(side, {"kind": kind, "user": "connector", "count": None, **more})


@contextmanager
def daemon(pair: Pair) -> Iterator[Engine]:
    """An engine of a process that keeps running, whatever happens."""
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        yield engine


def step(pair: Pair, engine: Engine) -> None:
    """What the daemon does when it wakes."""
    engine.sides.visit(pair.now())
    if not engine.sides.may_look(pair.now()):
        return
    try:
        notice(engine, pair.now())
        drain_all(engine, pair.now)
    except RemoteError as error:
        engine.sides.trouble(error, pair.now())


def held(pair: Pair) -> list[tuple[str, str]]:
    with daemon(pair) as engine:
        return [(one.target, one.reason.value) for one in engine.sides.holds.all(pair.now())]


@pytest.mark.parametrize(("kind", "reason"), OUTAGES)
def test_an_instance_that_cannot_be_used_is_held_for_what_is_wrong_with_it(pair: Pair, kind: str, reason: str) -> None:
    pair.sync()
    break_down(pair, kind)
    order = pair.approved(HAMBURG)
    with pytest.raises(ConnectorError):
        pair.sync()
    assert held(pair) == [("fsm", reason)]
    pair.world.clear_faults()
    pair.settle()
    assert held(pair) == []
    assert len(pair.work_orders(order)) == 2
    pair.assert_nothing_doubled()


def test_one_answer_that_fails_while_the_instance_is_well_holds_nothing(pair: Pair) -> None:
    """The twin: a read that is cut off three times, and a probe that succeeds."""
    pair.sync()
    order = pair.approved(HAMBURG)
    pair.world.fault("fsm", {"kind": "cut_body", "path_contains": "wm_order", "user": "connector", "count": 3})
    with pytest.raises(Unavailable):
        pair.sync()
    assert held(pair) == []
    pair.settle()
    assert len(pair.work_orders(order)) == 2


def test_it_is_said_once_however_long_it_lasts_and_once_more_when_it_is_over(pair: Pair) -> None:
    said: list[tuple[str, str]] = []
    pair.sync()
    with daemon(pair) as engine:
        engine.sides.announce = lambda what, hold: said.append((what, hold.target))
        break_down(pair, "drop")
        pair.approved(HAMBURG)
        for _ in range(30):
            step(pair, engine)
            pair.world.advance(120)
        assert said == [("held", "fsm")]
        pair.world.clear_faults()
        pair.world.advance(400)
        step(pair, engine)
    assert said == [("held", "fsm"), ("released", "fsm")]


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_daemon_starts_while_an_instance_is_down_and_goes_on_when_it_is_back(pair: Pair, side: str) -> None:
    order = pair.approved(HAMBURG)
    break_down(pair, "no_node", side)
    with daemon(pair) as engine:
        step(pair, engine)
        assert not engine.sides.may_look(pair.now())
        pair.world.clear_faults()
        pair.world.advance(60)
        step(pair, engine)
        assert engine.sides.may_look(pair.now())
    pair.settle()
    assert len(pair.work_orders(order)) == 2


def test_a_long_outage_is_probed_ever_more_rarely_with_one_request_each(pair: Pair) -> None:
    pair.sync()
    with daemon(pair) as engine:
        break_down(pair, "no_node")
        pair.approved(HAMBURG)
        step(pair, engine)
        pair.world.clear_requests()
        for _ in range(180):
            pair.world.advance(60)
            step(pair, engine)
        probes = len(pair.world.requests("fsm"))
        assert 180 / 6.5 <= probes <= 180 / 4 + 5  # about every five minutes at last, with jitter
        [hold] = engine.sides.holds.all(pair.now())
        assert hold.probes == probes


def test_wakeups_are_accepted_while_a_side_is_held_and_served_afterwards(pair: Pair) -> None:
    orders = [pair.approved(HAMBURG) for _ in range(3)]
    pair.settle()
    with daemon(pair) as engine:
        break_down(pair, "maintenance")
        pair.fsm("dispatch", work_order=pair.install(orders[0]), technician="technician")
        step(pair, engine)
        assert not engine.sides.may_look(pair.now())
        engine.store.wake(["0" * 32], due=pair.now(), reason="webhook")
        drain_all(engine, pair.now)
        assert engine.store.backlog(pair.now()) >= 1
        pair.world.clear_faults()
        pair.world.advance(400)
        step(pair, engine)
        assert engine.store.backlog(pair.now()) == 0
    pair.settle()
    assert pair.noted(pair.resource_order(orders[0]), "-> Assigned")


def test_a_refused_password_costs_two_tries_and_then_none_for_an_hour(pair: Pair) -> None:
    pair.sync()
    pair.approved(HAMBURG)
    break_down(pair, "unauthorized")
    pair.world.clear_requests()
    with pytest.raises(Held):
        pair.sync()
    assert len(pair.world.requests("fsm")) == 2
    for _ in range(20):  # somebody's cron job
        pair.world.advance(60)
        with pytest.raises(Held, match="credentials") as raised:
            pair.sync()
        assert raised.value.exit_code == 3
    assert len(pair.world.requests("fsm")) == 2
    pair.world.advance(3600 * 1.3)
    with pytest.raises(Held):
        pair.sync()
    assert len(pair.world.requests("fsm")) == 3  # the long probe: one try


def test_after_a_person_corrected_the_password_it_goes_on_at_once(pair: Pair) -> None:
    pair.sync()
    order = pair.approved(HAMBURG)
    break_down(pair, "unauthorized")
    with pytest.raises(Held):
        pair.sync()
    pair.world.clear_faults()
    with daemon(pair) as engine:
        assert release_side(engine.store, "fsm", pair.now(), "corrected", looked=False)
    pair.sync()
    assert len(pair.work_orders(order)) == 2


def test_a_daemon_that_was_refused_tries_again_as_soon_as_a_person_releases_the_side(pair: Pair) -> None:
    """The account was unlocked on the instance: the password is what it was, so nothing else tells the daemon."""
    pair.sync()
    order = pair.approved(HAMBURG)
    with daemon(pair) as engine:
        break_down(pair, "unauthorized")
        step(pair, engine)
        release_side(engine.store, "fsm", pair.now(), "looked into", looked=False)
        pair.world.clear_requests()
        step(pair, engine)
        assert len(pair.world.requests("fsm")) == 1  # not yet unlocked: one try, and held again
        step(pair, engine)
        assert len(pair.world.requests("fsm")) == 1
        pair.world.clear_faults()
        step(pair, engine)
        assert pair.work_orders(order) == []
        release_side(engine.store, "fsm", pair.now(), "unlocked", looked=False)
        step(pair, engine)
        assert len(pair.work_orders(order)) == 2


def test_what_an_instance_denied_is_asked_for_again_after_a_while(pair: Pair) -> None:
    """A right that is given later, or a refusal in passing, needs no restart of the daemon."""
    order = pair.approved(HAMBURG)
    with daemon(pair) as engine:
        break_down(pair, "table_forbidden", "om", path_contains="sys_choice")
        step(pair, engine)
        resource_order = pair.resource_order(order)
        pair.om("close_domain_order", domain_order=resource_order)
        pair.world.advance(60)
        step(pair, engine)
        assert pair.finding_codes() != []
        pair.world.clear_faults()
        pair.world.advance(1000)
        step(pair, engine)
        assert engine.store.release_parked(pair.parked(), pair.now(), drop=False)
        step(pair, engine)
        assert pair.state("om", "sn_ind_tmt_orm_domain_order", resource_order) == "in progress"


def test_what_waited_for_a_side_is_tried_when_it_is_back_and_not_only_when_its_patience_is_over(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    break_down(pair, "rate_limit", method="POST", seconds=600)
    pair.sync()
    assert pair.waiting() == {"pending": 2}
    assert held(pair) == [("fsm", "throttled")]
    with pytest.raises(Held) as raised:
        pair.sync()  # not before the time it asked for
    assert raised.value.exit_code == 6
    pair.world.clear_faults()
    pair.world.advance(750)
    pair.sync()
    assert len(pair.work_orders(order)) == 2


@pytest.mark.parametrize("asked", ["31536000", "9" * 400])
def test_a_daemon_that_was_asked_by_mistake_to_wait_for_a_year_is_back_after_a_day(pair: Pair, asked: str) -> None:
    with daemon(pair) as engine:
        order = pair.approved(HAMBURG)
        pair.world.fault("fsm", {"kind": "status", "status": 429, "headers": {"Retry-After": asked}, "method": "POST"})
        step(pair, engine)
        pair.world.advance(3600)
        step(pair, engine)
        assert pair.work_orders(order) == []
        pair.world.advance(30 * 3600)
        step(pair, engine)
        assert len(pair.work_orders(order)) == 2


@pytest.mark.parametrize("released", [True, False], ids=["released", "left alone"])
@pytest.mark.parametrize("anew", [True, False], ids=["started anew", "running"])
def test_a_daemon_asks_an_instance_again_that_a_person_released_before_its_time(
    pair: Pair, released: bool, anew: bool
) -> None:
    """Six hours are asked for; after ten minutes somebody has lifted the limit and says so with another process."""
    order = pair.approved(HAMBURG)
    break_down(pair, "rate_limit", method="POST", seconds=21_600)
    with daemon(pair) as engine:
        step(pair, engine)
        assert [one.reason for one in engine.sides.stopped(pair.now())] == [HoldReason.THROTTLED]
        if not anew:
            go_on_after_release(pair, engine, released=released)
    if anew:
        pair.world.clear_faults()
        break_down(pair, "rate_limit", method="GET", seconds=21_600)
        pair.world.advance(30_000)
        with daemon(pair) as engine:
            step(pair, engine)  # it probes, and hears the same again
            go_on_after_release(pair, engine, released=released)
    assert len(pair.work_orders(order)) == (2 if released else 0)


def go_on_after_release(pair: Pair, engine: Engine, *, released: bool) -> None:
    pair.world.clear_faults()
    pair.world.advance(600)
    if released:
        with memory.repairing(pair.loaded) as store:
            assert release_side(store, "fsm", pair.now(), "by hand", looked=False)
    step(pair, engine)


def test_an_instance_that_is_back_is_asked_one_thing_at_a_time_at_first(pair: Pair) -> None:
    pair.sync()
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        engine.sides.visit(pair.now())
        break_down(pair, "no_node")
        pair.approved(HAMBURG)
        step(pair, engine)
        assert not engine.sides.may_look(pair.now())
        pair.world.clear_faults()
        pair.world.advance(60)
        engine.sides.visit(pair.now())
        assert (systems.fsm_api.pace.limit, systems.om_api.pace.limit > 1) == (1, True)
        for _ in range(4):
            step(pair, engine)
            pair.world.advance(60)
        assert systems.fsm_api.pace.limit > 1


def test_a_side_a_person_holds_is_neither_asked_nor_written_to_until_it_is_released(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    with daemon(pair) as engine:
        hold = Hold("fsm", HoldReason.BY_HAND, "upgrade tonight", pair.now(), by="frank")
        assert engine.sides.holds.place(hold)
    pair.world.clear_requests()
    with pytest.raises(Held, match="upgrade tonight") as raised:
        pair.sync()
    assert raised.value.exit_code == 5
    assert pair.world.requests("fsm") == []
    with daemon(pair) as engine:
        release_side(engine.store, "fsm", pair.now(), "done", looked=False)
    pair.sync()
    assert len(pair.work_orders(order)) == 2


def test_a_hold_with_an_end_ends_by_itself(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    until = pair.now().replace(hour=12)
    with daemon(pair) as engine:
        engine.sides.holds.place(Hold("fsm", HoldReason.BY_HAND, "until noon", pair.now(), until=until))
    with pytest.raises(Held):
        pair.sync()
    pair.world.advance((until - pair.now()).total_seconds() + 1)
    pair.sync()
    assert len(pair.work_orders(order)) == 2


def test_an_order_a_person_holds_waits_and_no_other(pair: Pair) -> None:
    waits, goes = pair.approved(HAMBURG), pair.approved(HAMBURG)
    with daemon(pair) as engine:
        engine.sides.holds.place(Hold(waits, HoldReason.BY_HAND, "dispute", pair.now()))
    for _ in range(3):
        pair.sync(full=True)
    assert (len(pair.work_orders(waits)), len(pair.work_orders(goes))) == (0, 2)
    with daemon(pair) as engine:
        assert release_order(engine.store, waits, pair.now(), "settled")
    pair.sync()
    assert len(pair.work_orders(waits)) == 2
