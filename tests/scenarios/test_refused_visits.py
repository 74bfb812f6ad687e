"""README promise: a visit that was refused is still owed: the gate waits for it, the readers hear of it, and it is withdrawn only
when nobody asks for it any more."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from connector import memory
from connector.config import load
from connector.engine.history import overview
from connector.errors import Held
from connector.sandbox import Refused as SandboxRefused
from tests.conftest import HAMBURG, LINE, MUNICH
from tests.scenarios.test_compensation import compensating, revise  # noqa: F401 - a fixture
from tests.scenarios.test_fallouts import raising, refuse, states  # noqa: F401 - a fixture
from tests.scenarios.test_gate import ask, is_closed
from tests.scenarios.test_order_roads import policy

if TYPE_CHECKING:
    from tests.conftest import Pair

INSTALL = "Install CPE"


def refused(pair: Pair) -> tuple[str, str]:
    """An order whose installation Field Service did not take; its resource order."""
    order = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm",
        {
            "kind": "status",
            "status": 403,
            "message": "not today",
            "method": "POST",
            "path_contains": "wm_order",
            "count": 1,
        },
    )
    pair.settle_but_parked()
    assert pair.work_orders(order, INSTALL) == []
    return order, pair.resource_order(order)


def close(pair: Pair, number: str) -> bool:
    """Somebody closes it; whether it stays closed."""
    pair.om("close_domain_order", domain_order=number)
    pair.settle_but_parked()
    return is_closed(pair, number)


def try_again(pair: Pair) -> None:
    """Somebody has everything tried again that was refused."""
    with memory.repairing(pair.loaded) as store:
        for entry in overview(store.engine).waiting:
            assert store.release_parked(entry.id, pair.now(), drop=False)
    pair.settle()


def test_a_domain_order_does_not_stay_closed_while_its_visit_is_refused(pair: Pair) -> None:
    order, number = refused(pair)
    answer = ask(pair, number)
    assert not answer.may_close
    assert [(one.template, one.state) for one in answer.work] == [
        (INSTALL, "not created yet: Field Service refused it")
    ]
    assert not close(pair, number)
    assert pair.noted(number, "was reopened", f"{INSTALL} (not created yet: Field Service refused it)")
    assert not pair.noted(number, "ready to be closed")
    try_again(pair)
    assert len(pair.work_orders(order, INSTALL)) == 1
    pair.assert_nothing_doubled()


def test_the_readers_of_the_domain_order_hear_once_that_its_visit_is_not_arranged(pair: Pair) -> None:
    _, number = refused(pair)
    told = f"{INSTALL} for {number} is not arranged yet: Field Service did not create the work order"
    assert pair.noted(number, told, "Whoever looks after the connector must see to it. 1 of 1 work order open.")
    for _ in range(2):
        refuse(pair, "fsm", "POST", "wm_order")
        pair.retry()
        pair.settle_but_parked()
    assert sum(told in note for note in pair.notes(number)) == 1
    try_again(pair)
    assert pair.noted(number, "was created in Field Service")


def test_a_refused_visit_that_a_person_gives_up_keeps_nothing_open(pair: Pair) -> None:
    _, number = refused(pair)
    with memory.repairing(pair.loaded) as store:
        assert store.release_parked(pair.parked(), pair.now(), drop=True)
    pair.settle()
    assert ask(pair, number).work == ()
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert is_closed(pair, number)


def test_a_visit_that_waits_for_field_service_to_come_back_is_not_lost_when_somebody_closes_its_domain_order(
    pair: Pair,
) -> None:
    order = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm", {"kind": "status", "status": 503, "method": "POST", "path_contains": "wm_order", "count": 1}
    )
    pair.sync()
    number = pair.resource_order(order)
    assert pair.work_orders(order, INSTALL) == []
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert not is_closed(pair, number)
    assert len(pair.work_orders(order, INSTALL)) == 1


def test_where_the_visit_at_the_new_place_is_refused_the_gate_stays_shut(compensating: Pair) -> None:  # noqa: F811
    order = compensating.approved(HAMBURG)
    compensating.settle()
    number = compensating.resource_order(order)
    refuse(compensating, "fsm", "POST", "wm_order", count=None)
    line = compensating.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    compensating.om("revise", order=order)
    compensating.om("edit_line", line=line, fields={"location": place})
    compensating.om("approve_revision", order=order)
    compensating.settle_but_parked()
    assert not ask(compensating, number).may_close
    assert not close(compensating, number)
    assert not compensating.noted(number, "ready to be closed")
    compensating.world.clear_faults()
    try_again(compensating)
    there = compensating.labels("fsm", "wm_order", f"template.name={INSTALL}^state!=7", "location")
    assert MUNICH in there
    compensating.assert_nothing_doubled()


def test_what_the_policy_cannot_decide_keeps_the_gate_from_saying_yes(pair: Pair) -> None:
    policy(pair, "twice,-,add,SD-WAN CPE,Swap CPE,")
    path = pair.loaded.path.parent / "domain_order_policy.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("other,", "never,"), encoding="utf-8")
    order = pair.approved(HAMBURG)
    pair.sync()
    undecided = [n for n in pair.domain_orders(order) if not ask(pair, n).may_close]
    assert undecided


# --- what nobody asks for any more -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["canceled", "revised"])
def test_a_refused_visit_that_nobody_asks_for_any_more_is_withdrawn_and_its_fallout_settled(
    raising: Pair,  # noqa: F811
    how: str,
) -> None:
    order, number = refused(raising)
    assert states(raising) == ["open"]
    if how == "canceled":
        raising.om("set_domain_order_state", domain_order=number, state="canceled")
    else:
        revise(raising, order, committed_due_date="2026-05-15 12:00:00")
    raising.settle()
    assert raising.finding_codes() == []
    assert states(raising) == ["resolved"]
    assert len(raising.work_orders(order, INSTALL)) == (0 if how == "canceled" else 1)
    raising.assert_nothing_doubled()


def test_a_refused_change_that_is_taken_back_is_withdrawn_and_its_fallout_settled(raising: Pair) -> None:  # noqa: F811
    order = raising.approved(HAMBURG)
    raising.settle()
    due = raising.rows("om", LINE, f"order.number={order}", "committed_due_date")[0]["committed_due_date"]
    refuse(raising, "fsm", "PATCH", "wm_order", count=None)
    line = raising.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    raising.om("revise", order=order)
    raising.om("edit_line", line=line, fields={"committed_due_date": "2026-05-15 12:00:00"})
    raising.om("approve_revision", order=order)
    raising.settle_but_parked()
    assert "open" in states(raising)
    raising.world.clear_faults()
    revise(raising, order, committed_due_date=due)
    assert raising.finding_codes() == []
    assert set(states(raising)) == {"resolved"}


# --- what was decided before somebody closed everything ----------------------------------------------------------


def close_everything(pair: Pair, order: str) -> None:
    for task in pair.rows("om", "sn_ind_tmt_orm_order_task", f"parent.order_line_item.order.number={order}", "number"):
        with suppress(SandboxRefused):
            pair.om("close_order_task", task=task["number"])
    for number in reversed(pair.domain_orders(order)):
        with suppress(SandboxRefused):
            pair.om("close_domain_order", domain_order=number)


def test_a_visit_that_got_no_answer_is_made_although_somebody_closed_everything_meanwhile(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm", {"kind": "status", "status": 503, "method": "POST", "path_contains": "wm_order", "count": 1}
    )
    pair.sync()
    close_everything(pair, order)
    pair.settle()
    number = pair.resource_order(order)
    assert len(pair.work_orders(order, INSTALL)) == 1
    assert not is_closed(pair, number)
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("mode", ["reopen", "note", "alarm"])
def test_a_refused_visit_is_made_when_it_is_tried_again_after_its_domain_order_was_closed(
    pair: Pair, mode: str
) -> None:
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[gate]\nmode = "{mode}"\n', encoding="utf-8")
    pair.loaded = load(path)
    order, number = refused(pair)
    pair.om("close_domain_order", domain_order=number)
    pair.settle_but_parked()
    assert is_closed(pair, number) == (mode != "reopen")
    try_again(pair)
    assert len(pair.work_orders(order, INSTALL)) == 1
    assert is_closed(pair, number) == (mode != "reopen")
    assert not pair.noted(number, "ready to be closed")
    pair.assert_nothing_doubled()


def test_a_visit_that_waited_is_not_lost_when_its_domain_order_is_closed_while_the_line_is_on_hold(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.world.fault(
        "fsm", {"kind": "status", "status": 503, "method": "POST", "path_contains": "wm_order", "count": 1}
    )
    pair.sync()
    number = pair.resource_order(order)
    pair.om("hold_order", order=order)
    pair.settle()
    pair.om("set_domain_order_state", domain_order=number, state="closed_complete")
    pair.settle()
    pair.om("resume_order", order=order)
    pair.settle()
    assert len(pair.work_orders(order, INSTALL)) == 1
    assert not is_closed(pair, number)
    pair.assert_nothing_doubled()


def test_a_visit_that_was_called_off_before_its_domain_order_was_closed_is_not_made(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number = pair.resource_order(order)
    pair.om("set_domain_order_state", domain_order=number, state="canceled")
    pair.settle()
    pair.om("set_domain_order_state", domain_order=number, state="closed_complete")
    pair.settle()
    assert len(pair.work_orders(order, INSTALL)) == 1
    assert is_closed(pair, number)


def test_that_a_visit_is_not_arranged_is_not_said_any_more_when_nobody_asks_for_it(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    number = pair.resource_order(order)
    refuse(pair, "fsm", "POST", "wm_order", count=None)
    busy = {
        "kind": "rate_limit",
        "seconds": 60,
        "method": "PATCH",
        "path_contains": "domain_order",
        "user": "connector",
    }
    pair.world.fault("om", {**busy, "count": None})
    with suppress(Held):
        pair.sync()
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.world.clear_faults()
    pair.settle()
    assert not pair.noted(number, "not arranged yet")
    assert pair.finding_codes() == []
