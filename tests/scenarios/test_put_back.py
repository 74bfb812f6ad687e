"""README promise: a domain order or order task that was canceled by mistake and is put back gets its visit again, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from tests.conftest import DOMAIN_ORDER, HAMBURG
from tests.scenarios.test_by_hand import SWAP, create, in_the_field

if TYPE_CHECKING:
    from tests.conftest import Pair

TASK = "sn_ind_tmt_orm_order_task"
INSTALL, SURVEY = "Install CPE", "Site Survey"


def put(pair: Pair, table: str, number: str, label: str) -> None:
    choices = pair.world.instance("om").schema.table(table).columns["state"].choices
    state = next(one.value for one in choices if one.label.casefold() == label)
    pair.om("write", table=table, record=number, fields={"state": state})


def flip(pair: Pair, number: str) -> None:
    """Canceled by mistake, which the field hears of, and put back."""
    before = pair.state("om", DOMAIN_ORDER, number)
    put(pair, DOMAIN_ORDER, number, "canceled")
    pair.settle()
    put(pair, DOMAIN_ORDER, number, before)
    pair.settle()


def ends(pair: Pair, order: str, template: str = INSTALL) -> list[str]:
    return [pair.state("fsm", "wm_order", one) for one in pair.work_orders(order, template)]


def test_a_domain_order_that_is_put_back_gets_its_visit_again_and_is_not_closed_over_nothing(pair: Pair) -> None:
    order, number, first = in_the_field(pair)
    flip(pair, number)
    [_, second] = pair.work_orders(order, INSTALL)
    assert ends(pair, order) == ["canceled", "ready for dispatch"]
    assert pair.noted(number, second, "was created in Field Service", "1 of 2 work orders open")
    assert not pair.noted(number, "is ready to be closed")
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.noted(number, "was reopened", second)
    for do in ("dispatch", "complete"):
        pair.fsm(do, work_order=second, **({"technician": "technician"} if do == "dispatch" else {}))
    pair.settle()
    assert pair.noted(number, f"{number} is ready to be closed")
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "closed complete"
    assert pair.work_orders(order, INSTALL) == [first, second]
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_a_daemon_that_never_ends_gives_the_visit_back_too(pair: Pair) -> None:
    order = pair.approved(HAMBURG)

    def passes() -> None:
        for _ in range(3):
            pair.world.advance(400)
            app.sync_once(engine, systems, pair.now)

    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        passes()
        number = pair.resource_order(order)
        before = pair.state("om", DOMAIN_ORDER, number)
        put(pair, DOMAIN_ORDER, number, "canceled")
        passes()
        assert ends(pair, order) == ["canceled"]
        put(pair, DOMAIN_ORDER, number, before)
        passes()
    assert ends(pair, order) == ["canceled", "ready for dispatch"]
    pair.settle()
    assert ends(pair, order) == ["canceled", "ready for dispatch"]
    pair.assert_nothing_doubled()


def test_an_order_task_that_is_put_back_gets_its_visit_again(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    [task] = [r["number"] for r in pair.rows("om", TASK, "request_type.name=Site survey", "number")]
    before = pair.state("om", TASK, task)
    put(pair, TASK, task, "canceled")
    pair.settle()
    assert ends(pair, order, SURVEY) == ["canceled"]
    put(pair, TASK, task, before)
    pair.settle()
    assert ends(pair, order, SURVEY) == ["canceled", "ready for dispatch"]
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("forgetful", [False, True], ids=["remembered", "memory lost"])
def test_who_flips_it_several_times_has_one_open_visit_whatever_memory_knows(pair: Pair, *, forgetful: bool) -> None:
    order, number, _ = in_the_field(pair)
    for times in (1, 2):
        flip(pair, number)
        if forgetful:
            pair.forget()
            pair.settle()
        assert ends(pair, order) == ["canceled"] * times + ["ready for dispatch"]
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_memory_that_is_lost_while_it_is_canceled_gives_the_visit_back(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    before = pair.state("om", DOMAIN_ORDER, number)
    put(pair, DOMAIN_ORDER, number, "canceled")
    pair.settle()
    pair.forget()
    put(pair, DOMAIN_ORDER, number, before)
    pair.settle()
    assert ends(pair, order) == ["canceled", "ready for dispatch"]
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
def test_the_visit_that_comes_back_is_not_made_twice_when_its_creation_had_an_unclear_outcome(
    pair: Pair, kind: str
) -> None:
    order, number, _ = in_the_field(pair)
    before = pair.state("om", DOMAIN_ORDER, number)
    put(pair, DOMAIN_ORDER, number, "canceled")
    pair.settle()
    put(pair, DOMAIN_ORDER, number, before)
    pair.world.fault("fsm", {"kind": kind, "method": "POST", "user": "connector", "count": 1})
    pair.sync()
    pair.settle()
    assert ends(pair, order) == ["canceled", "ready for dispatch"]
    pair.assert_nothing_doubled()


def test_what_a_person_had_asked_for_comes_back_too(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    create(pair, number)
    pair.settle()
    flip(pair, number)
    assert ends(pair, order, SWAP) == ["canceled", "ready for dispatch"]
    pair.assert_nothing_doubled()


def test_who_gave_a_cancellation_up_is_obeyed_until_the_domain_order_is_put_back_and_canceled_anew(pair: Pair) -> None:
    order, number, visit = in_the_field(pair)
    before = pair.state("om", DOMAIN_ORDER, number)
    refusal = pair.world.fault("fsm", {"kind": "status", "status": 403, "method": "PATCH", "path_contains": "wm_order"})
    put(pair, DOMAIN_ORDER, number, "canceled")
    pair.settle_but_parked()
    pair.world.clear_faults(refusal)
    with memory.repairing(pair.loaded) as store:
        assert store.release_parked(pair.parked(), pair.now(), drop=True)
    pair.settle()
    assert ends(pair, order) != ["canceled"]
    put(pair, DOMAIN_ORDER, number, before)
    pair.settle()
    put(pair, DOMAIN_ORDER, number, "canceled")
    pair.settle()
    assert pair.work_orders(order, INSTALL) == [visit]
    assert ends(pair, order) == ["canceled"]
    pair.assert_nothing_doubled()
