"""README promise: each intended work order exists exactly once, each note appears exactly once, whatever breaks on the wire."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import BaseAdapter

from connector import app, memory
from connector.engine.release import release_side
from connector.errors import ConnectorError, Held
from tests.altered import Altered
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.conftest import Pair

CREATE = ("fsm", "POST", "/table/wm_order")
CHANGE_WORK_ORDER = ("fsm", "PATCH", "/table/wm_order")
CHANGE_DOMAIN_ORDER = ("om", "PATCH", f"/table/{DOMAIN_ORDER}")

AFTER_THE_EFFECT = (
    "commit_then_drop",
    "commit_then_500",
    "commit_then_page",
    "commit_then_empty",
    "commit_then_redirect",
    "cancelled",
)
BEFORE_THE_EFFECT = ("drop", "status", "html_200", "hibernating")
EVERY_FAULT = (*AFTER_THE_EFFECT, *BEFORE_THE_EFFECT)


def arm(pair: Pair, where: tuple[str, str, str], kind: str, count: int = 1, **more: Any) -> None:
    side, method, path = where
    pair.world.fault(side, {"kind": kind, "method": method, "path_contains": path, "count": count, **more})


def made(pair: Pair) -> str:
    """An order whose work orders exist and were announced."""
    order = pair.approved(HAMBURG)
    pair.settle()
    return order


def revised(pair: Pair, order: str) -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "500 Mbit/s"})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def canceled(pair: Pair, order: str) -> None:
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.world.advance(10)


def closed_too_early(pair: Pair, order: str) -> None:
    pair.om("close_domain_order", domain_order=pair.resource_order(order))


def progressed(pair: Pair, order: str) -> None:
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")


@pytest.mark.parametrize("kind", EVERY_FAULT)
def test_a_work_order_is_created_exactly_once(pair: Pair, kind: str) -> None:
    order = pair.approved(HAMBURG)
    arm(pair, CREATE, kind)
    pair.sync()
    pair.settle()
    assert (len(pair.work_orders(order)), len(pair.work_orders(order, "Install CPE"))) == (2, 1)
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("kind", EVERY_FAULT)
@pytest.mark.parametrize(
    ("event", "where"),
    [
        (progressed, CHANGE_DOMAIN_ORDER),
        (revised, CHANGE_WORK_ORDER),
        (revised, CHANGE_DOMAIN_ORDER),
        (canceled, CHANGE_WORK_ORDER),
        (closed_too_early, CHANGE_DOMAIN_ORDER),
    ],
    ids=["status note", "update", "update note", "cancel", "reopen"],
)
def test_every_write_takes_effect_exactly_once(
    pair: Pair, event: Callable[[Pair, str], None], where: tuple[str, str, str], kind: str
) -> None:
    order = made(pair)
    event(pair, order)
    arm(pair, where, kind)
    pair.sync()
    pair.settle()
    pair.assert_nothing_doubled()
    number = pair.resource_order(order)
    if event is progressed:
        assert sum("-> Assigned" in note for note in pair.notes(number)) == 1
    if event is revised:
        assert (
            "500 Mbit/s"
            in pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "description")[0]["description"]
        )
        assert sum("100 Mbit/s -> 500 Mbit/s" in note for note in pair.notes(number)) == 1
    if event is canceled:
        assert {pair.state("fsm", "wm_order", n) for n in pair.work_orders(order)} == {"canceled"}
        reasons = pair.rows("fsm", "sys_journal_field", "element=work_notes^valueLIKEwas canceled in Order", "value")
        assert len(reasons) == 2
    if event is closed_too_early:
        assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
        assert sum("was reopened" in note for note in pair.notes(number)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        *({"kind": kind} for kind in AFTER_THE_EFFECT),
        {"kind": "commit_then_page", "message": "Your instance is hibernating"},
    ],
    ids=lambda fault: "-".join(fault.values()),
)
def test_a_daemon_that_goes_on_writes_a_note_once_whatever_it_is_answered(pair: Pair, fault: dict[str, Any]) -> None:
    """A process that starts anew would look first anyway."""
    order = made(pair)
    progressed(pair, order)
    arm(pair, CHANGE_DOMAIN_ORDER, **fault)
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        for _ in range(4):
            with suppress(ConnectorError):
                app.sync_once(engine, systems, pair.now)
            for side in ("om", "fsm"):
                release_side(engine.store, side, pair.now(), "a person has looked", looked=True)
            pair.world.advance(400)
    pair.assert_nothing_doubled()
    assert sum("-> Assigned" in note for note in pair.notes(pair.resource_order(order))) == 1


HIDDEN = {"kind": "no_rows", "method": "GET", "path_contains": "/table/wm_order", "user": "connector", "count": None}


@pytest.fixture(params=[True, False], ids=["chosen sys_ids", "its own sys_ids"])
def either(pair: Pair, request: pytest.FixtureRequest) -> Pair:
    """An instance that takes the sys_id the connector chose, and one that gives its own, where a repeated insert doubles."""
    pair.world.switch("fsm", client_sys_id=request.param)
    return pair


def test_a_work_order_that_is_counted_and_not_shown_is_not_made_again(either: Pair) -> None:
    """A right to single rows that is missing for a while: the total says what the rows do not."""
    order = either.approved(HAMBURG)
    line = Altered(either, "fsm", "/table/wm_order", lambda _: [])
    arm(either, CREATE, "commit_then_500")
    either.sync()
    either.world.advance(70)
    either.sync()
    assert (line.altered > 0, either.waiting()["unknown"]) == (True, 1)
    line.is_on = False
    either.settle()
    assert len(either.work_orders(order)) == 2
    either.assert_nothing_doubled()


@pytest.mark.parametrize("looks", [1, 4], ids=["the first ever", "one of many"])
def test_an_instance_that_hides_all_work_orders_for_a_while_gets_none_twice(either: Pair, looks: int) -> None:
    """Nothing is concluded from an empty answer while memory knows of work orders, and a person has to look; otherwise only when
    it comes again."""
    if looks > 1:
        made(either)
    order = either.approved(HAMBURG)
    arm(either, CREATE, "commit_then_500")
    either.sync()
    fault = either.world.fault("fsm", HIDDEN)
    for _ in range(looks):
        either.world.advance(400)
        with suppress(Held):
            either.sync()
    assert either.waiting()["unknown"] == 1
    either.world.clear_faults(fault)
    with app.writing(either.loaded, either.outside(), patient=True) as (engine, _):
        release_side(engine.store, "fsm", either.now(), "looked", looked=True)
    either.settle()
    assert len(either.work_orders(order)) == 2
    either.assert_nothing_doubled()


def test_one_empty_answer_that_hides_a_work_order_is_noticed_by_what_else_it_does_not_show(either: Pair) -> None:
    made(either)
    order = either.approved(HAMBURG)
    arm(either, CREATE, "commit_then_500")
    with app.writing(either.loaded, either.outside()) as (engine, systems):
        app.sync_once(engine, systems, either.now)
        either.world.advance(70)
        either.world.fault("fsm", {**HIDDEN, "path_contains": "wm_order?sysparm_query=correlation_id%3D"})
        app.sync_once(engine, systems, either.now)
        assert engine.store.waiting()["unknown"] == 1
    either.world.clear_faults()
    either.settle()
    assert len(either.work_orders(order)) == 2
    either.assert_nothing_doubled()


@pytest.mark.parametrize("known", [False, True], ids=["the first ever", "one of many"])
def test_a_work_order_that_was_not_made_is_made_where_the_look_shows_others_or_nothing_twice(
    either: Pair, known: bool
) -> None:
    if known:
        made(either)
    order = either.approved(HAMBURG)
    arm(either, CREATE, "drop")
    either.sync()
    either.settle()
    assert len(either.work_orders(order)) == 2
    either.assert_nothing_doubled()


class BreaksAfterTheWrite(BaseAdapter):
    """Order Management, whose journal cannot be read just after a note was taken."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self._pair, self._through, self.fault = pair, pair.world.adapter("om"), ""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = self._through.send(request, *args, **kwargs)
        if request.method == "PATCH" and not self.fault:
            fault = {"kind": "status", "status": 503, "method": "GET", "path_contains": "sys_journal_field"}
            self.fault = self._pair.world.fault("om", {**fault, "count": None})
        return answer

    def close(self) -> None:
        self._through.close()


def test_a_look_that_fails_after_a_note_was_taken_does_not_write_it_again(pair: Pair) -> None:
    order = made(pair)
    progressed(pair, order)
    pair.world.fault("om", {"kind": "hide_field", "field": "work_notes", "user": "connector", "count": None})
    om = BreaksAfterTheWrite(pair)
    outside = replace(pair.outside(), adapters={"om": om, "fsm": pair.world.adapter("fsm")})
    with app.writing(pair.loaded, outside) as (engine, systems):
        app.sync_once(engine, systems, pair.now)
        assert engine.store.waiting() == {"unknown": 1}
        pair.world.clear_faults(om.fault)
        for _ in range(3):
            pair.world.advance(400)
            app.sync_once(engine, systems, pair.now)
        assert engine.store.waiting() == {}
    assert sum("-> Assigned" in note for note in pair.notes(pair.resource_order(order))) == 1
    pair.assert_nothing_doubled()


def test_an_unclear_write_is_not_repeated_before_the_platform_has_surely_finished(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    arm(pair, CREATE, "drop")  # it never arrived, but nobody can know that
    pair.sync()
    assert pair.waiting() == {"unknown": 1, "pending": 1}
    pair.world.clear_requests()
    pair.sync()
    assert [r for r in pair.world.requests("fsm") if r.method == "POST"] == []
    pair.settle()
    assert len(pair.work_orders(order)) == 2


def test_a_work_order_that_already_has_the_chosen_sys_id_is_taken_over(pair: Pair) -> None:
    """Memory lost between two requests: the insert collides instead of doubling."""
    order = made(pair)
    pair.forget()
    pair.world.fault(
        "fsm", {"kind": "status", "status": 503, "method": "GET", "path_contains": "/table/wm_order", "count": 1}
    )
    pair.settle()
    assert len(pair.work_orders(order)) == 2
    pair.assert_nothing_doubled()


def test_one_order_that_cannot_be_written_does_not_keep_another_waiting(pair: Pair) -> None:
    stuck, free = pair.approved(HAMBURG), pair.approved(HAMBURG)
    first = sorted(pair.rows("om", DOMAIN_ORDER, f"order_line_item.order.number={stuck}", "sys_id")[0].values())
    assert first
    arm(pair, CREATE, "commit_then_500", count=1)
    pair.sync()
    assert len(pair.work_orders(free)) + len(pair.work_orders(stuck)) == 3  # one created in spite of its answer
    pair.settle()
    assert (len(pair.work_orders(stuck)), len(pair.work_orders(free))) == (2, 2)


def test_a_change_made_between_look_and_write_is_not_overwritten(pair: Pair) -> None:
    order = made(pair)
    revised(pair, order)
    work_order = pair.install(order)
    arm(pair, CHANGE_WORK_ORDER, "status")  # the update has to wait, and meanwhile
    pair.sync()
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.settle()
    found = pair.rows("fsm", "wm_order", f"number={work_order}", "description", "state")[0]
    assert "500 Mbit/s" in found["description"]
    assert pair.state("fsm", "wm_order", work_order) == "assigned"
    assert pair.noted(pair.resource_order(order), "-> Assigned")
    pair.assert_nothing_doubled()


def test_a_write_that_the_instance_refuses_is_parked_and_shown_and_nothing_else_stops(pair: Pair) -> None:
    stuck = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm", {"kind": "status", "status": 400, "method": "POST", "path_contains": "/table/wm_order", "count": 1}
    )
    pair.sync()
    assert pair.waiting() == {"parked": 1}
    assert len(pair.work_orders(stuck)) == 1
    free = pair.approved(HAMBURG)
    pair.sync()
    assert len(pair.work_orders(free)) == 2


@pytest.mark.parametrize(("drop", "made"), [(False, 2), (True, 1)], ids=["retry", "drop"])
def test_a_parked_write_waits_for_a_person_who_tries_it_again_or_gives_it_up(pair: Pair, drop: bool, made: int) -> None:
    order = pair.approved(HAMBURG)
    arm(pair, CREATE, "commit_then_500")
    pair.world.fault(
        "fsm", {"kind": "status", "status": 400, "method": "POST", "path_contains": "/table/wm_order", "skip": 1}
    )
    pair.sync()
    pair.settle_but_parked()
    assert len(pair.work_orders(order)) == 1
    with memory.repairing(pair.loaded) as store:
        assert store.release_parked(pair.parked(), pair.now(), drop=drop)
        assert not store.release_parked(10_000, pair.now(), drop=drop)
    pair.settle()
    assert len(pair.work_orders(order)) == made
    pair.assert_nothing_doubled()
