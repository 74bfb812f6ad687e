"""README promise: what is canceled in Order Management is canceled in the field, and where it cannot be, somebody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair


def test_a_visit_whose_parts_are_on_their_way_is_not_canceled_and_everybody_hears_why(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order, number = pair.install(order), pair.resource_order(order)
    task = pair.rows("fsm", "wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]
    part = pair.fsm("require_part", task=task, part="SD-WAN CPE")
    pair.fsm("ship_part", transfer_order=part["transfer_order"]["number"])
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle_but_parked()
    assert pair.state("fsm", "wm_order", work_order) != "canceled"
    assert pair.noted(
        number, work_order, "is no longer asked for, but Field Service did not cancel it: a rule there forbids it"
    )
    assert not pair.noted(number, "Operation against file")
    assert "not-canceled" in pair.finding_codes()
    pair.fsm("receive_part", transfer_order=part["transfer_order"]["number"])
    pair.fsm("cancel_work_order", work_order=work_order, reason="the order was canceled")
    pair.settle()
    assert "not-canceled" not in pair.finding_codes()
    pair.assert_nothing_doubled()


def test_a_declined_cancellation_leaves_every_visit_as_it_was(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    before = pair.rows("fsm", "wm_order", "ORDERBYnumber", "number", "sys_mod_count")
    pair.om("cancel_order", order=order)
    pair.settle()
    assert "frozen" in pair.finding_codes()
    pair.om("decline_cancel", order=order)
    pair.settle()
    assert pair.rows("fsm", "wm_order", "ORDERBYnumber", "number", "sys_mod_count") == before
    assert pair.finding_codes() == []


def test_what_must_be_undone_first_keeps_no_visit_alive_and_brings_none(pair: Pair) -> None:
    policy = pair.loaded.path.parent / "order_task_policy.csv"
    rows = policy.read_text(encoding="utf-8").replace("other,", "splice,-,add,-,Install CPE,\nother,")
    policy.write_text(rows, encoding="utf-8")
    order = pair.approved(HAMBURG, offering="Fiber Access")
    pair.settle()
    visits = pair.work_orders(order)
    [splice] = pair.rows("om", "sn_ind_tmt_orm_order_task", "request_type.name=Splice fiber", "number")
    pair.om("close_order_task", task=splice["number"])
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert pair.state("om", "sn_ind_tmt_orm_order", order) == "cancellation in progress"
    assert {pair.state("fsm", "wm_order", one) for one in visits} == {"canceled"}
    assert pair.work_orders(order) == visits


def test_a_visit_of_a_domain_order_that_is_canceled_in_a_revision_is_canceled_at_once(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, visit = pair.resource_order(order), pair.install(order)
    pair.om("revise", order=order)
    pair.om("set_domain_order_state", domain_order=number, state="canceled")
    pair.settle()
    assert pair.state("fsm", "wm_order", visit) == "canceled"
    assert pair.noted(number, visit, "was canceled")
    pair.assert_nothing_doubled()


def test_a_visit_that_was_made_before_its_order_was_canceled_may_have_to_be_undone_and_that_is_told_once(
    pair: Pair,
) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order, number = pair.install(order), pair.resource_order(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    pair.sync(full=True)
    told = f"is Closed Complete, and {number} is canceled: what was done in the field may have to be undone"
    assert sum(told in note for note in pair.notes(number)) == 1
    pair.assert_nothing_doubled()
