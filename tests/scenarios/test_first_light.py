"""README promise: an approved order becomes work orders, and the order's people see what happens in the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH

if TYPE_CHECKING:
    from tests.conftest import Pair


def line_of(pair: Pair, order: str, site: str) -> str:
    return pair.rows("om", LINE, f"order.number={order}^location.name={site}", "number")[0]["number"]


def test_nothing_happens_before_the_approval_and_everything_after_it(pair: Pair) -> None:
    order = pair.place(HAMBURG, MUNICH)
    pair.sync()
    assert pair.work_orders(order) == []
    pair.om("approve", order=order)
    pair.sync()  # approved, but not decomposed yet
    assert pair.work_orders(order) == []
    pair.world.advance(10)
    pair.sync()
    assert len(pair.work_orders(order, "Install CPE")) == 2
    assert len(pair.work_orders(order, "Site Survey")) == 2
    assert len(pair.work_orders(order)) == 4


def test_the_work_order_carries_the_customer_and_the_place_as_the_field_knows_them(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    install = pair.rows(
        "fsm", "wm_order", f"number={pair.install(order)}", "account", "contact", "location", "requested_due_by"
    )[0]
    for table, column, name in (
        ("customer_account", "account", "Acme Logistics"),
        ("customer_contact", "contact", "Anna Weber"),
        ("cmn_location", "location", HAMBURG),
    ):
        there = pair.rows("om", table, f"name={name}", "sys_id")[0]["sys_id"]
        here = pair.rows("fsm", table, f"name={name}", "sys_id")[0]["sys_id"]
        assert install[column] == here != there
    assert install["requested_due_by"] == "2026-04-01 12:00:00"


def test_the_template_brings_its_tasks_and_the_connector_adds_none(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    assert len(pair.rows("fsm", "wm_task", f"parent.number={pair.install(order)}", "number")) == 2


def test_an_offering_the_policy_sends_nobody_for_gets_no_work_order(pair: Pair) -> None:
    order = pair.approved(HAMBURG, offering="Mobile Backup")
    pair.settle()
    assert pair.domain_orders(order) != []
    assert pair.rows("fsm", "wm_order", "", "number") == []


def test_each_step_of_a_technician_is_told_on_the_right_domain_order(pair: Pair) -> None:
    order = pair.approved(HAMBURG, MUNICH)
    pair.sync()
    work_order = pair.install(order)
    hamburg, munich = pair.domain_orders(order, "resource_order")
    for do, words in (
        ("dispatch", "Ready for Dispatch -> Assigned by Diana Torres"),
        ("accept", "Assigned -> Accepted by Tom Becker"),
        ("start", "Accepted -> Work in Progress by Tom Becker"),
        ("complete", "Work in Progress -> Closed Complete by Tom Becker"),
    ):
        pair.fsm(do, work_order=work_order, **({"technician": "technician"} if do == "dispatch" else {}))
        pair.sync()
        assert pair.noted(hamburg, work_order, words)
    assert not pair.noted(munich, work_order)
    pair.assert_nothing_doubled()


def test_a_work_order_canceled_in_the_field_is_told_and_not_created_again(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.fsm("cancel_work_order", work_order=pair.install(order), reason="nobody at home")
    pair.settle()
    assert pair.noted(
        pair.resource_order(order), "was canceled in Field Service", "Diana Torres", "Last note there: nobody at home."
    )
    assert len(pair.work_orders(order, "Install CPE")) == 1


def test_a_revision_waits_for_its_approval_and_then_reaches_the_field_with_a_note(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    line, work_order, number = line_of(pair, order, HAMBURG), pair.install(order), pair.resource_order(order)
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"committed_due_date": "2026-04-15 12:00:00"})
    pair.settle()
    due = f"number={work_order}"
    assert pair.rows("fsm", "wm_order", due, "requested_due_by")[0]["requested_due_by"] == "2026-04-01 12:00:00"
    pair.om("approve_revision", order=order)
    pair.settle()
    assert pair.rows("fsm", "wm_order", due, "requested_due_by")[0]["requested_due_by"] == "2026-04-15 12:00:00"
    assert pair.noted(number, "due date: 2026-04-01 12:00 UTC -> 2026-04-15 12:00 UTC")
    assert len(pair.work_orders(order, "Install CPE")) == 1


def test_a_declined_revision_whose_edit_was_taken_back_changes_nothing(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    line, work_order = line_of(pair, order, HAMBURG), pair.install(order)
    pair.settle()
    before = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count")
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"committed_due_date": "2026-04-15 12:00:00"})
    pair.om("edit_line", line=line, fields={"committed_due_date": "2026-04-01 12:00:00"})
    pair.om("decline_revision", order=order)
    pair.settle()
    assert pair.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count") == before


@pytest.mark.parametrize("restored", [True, False])
def test_after_a_declined_revision_what_stands_on_the_line_is_what_the_work_order_says(
    pair: Pair, *, restored: bool
) -> None:
    pair.world.switch("om", decline_restores_values=restored)
    order = pair.approved(HAMBURG)
    pair.sync()
    number, work_order, line = pair.resource_order(order), pair.install(order), line_of(pair, order, HAMBURG)
    pair.settle()
    old, new = "2026-04-01 12:00:00", "2026-04-15 12:00:00"
    before = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count", "requested_due_by")
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"committed_due_date": new})
    pair.settle()
    assert pair.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count", "requested_due_by") == before
    pair.om("decline_revision", order=order)
    pair.settle()
    stands = pair.rows("om", LINE, f"number={line}", "committed_due_date")[0]["committed_due_date"]
    assert stands == (old if restored else new)
    [after] = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count", "requested_due_by")
    assert after["requested_due_by"] == stands
    assert ([after] == before) is restored
    assert pair.noted(number, "was updated", f"due date: {old[:16]} UTC -> {new[:16]} UTC") is not restored
    assert pair.work_orders(order, "Install CPE") == [work_order]


def test_a_canceled_order_cancels_its_open_work_orders_with_a_reason(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.om("cancel_order", order=order)
    pair.settle()
    assert {pair.state("fsm", "wm_order", number) for number in pair.work_orders(order)} == {"ready for dispatch"}
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert {pair.state("fsm", "wm_order", number) for number in pair.work_orders(order)} == {"canceled"}
    assert pair.noted(pair.resource_order(order), "canceled because the order no longer asks for it")
    notes = pair.rows(
        "fsm", "sys_journal_field", "element=work_notes^valueLIKEwas canceled in Order Management", "value"
    )
    assert len(notes) == 2


def test_past_the_point_of_no_return_a_later_edit_stays_at_home_and_a_note_says_why(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    line, work_order, number = line_of(pair, order, HAMBURG), pair.install(order), pair.resource_order(order)
    before = pair.rows("fsm", "wm_order", f"number={work_order}", "description")
    pair.om("set_ponr", line=line)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "1000 Mbit/s"})
    pair.settle()
    assert pair.noted(number, "past its point of no return", "bandwidth: 100 Mbit/s -> 1000 Mbit/s")
    assert pair.rows("fsm", "wm_order", f"number={work_order}", "description") == before


def test_a_domain_order_stays_open_while_a_work_order_is_open_and_closed_afterwards(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    work_order, number = pair.install(order), pair.resource_order(order)
    pair.om("close_domain_order", domain_order=number)
    pair.sync()
    assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
    assert pair.noted(number, "was reopened", f"{work_order} (Ready for Dispatch)")
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=work_order)
    pair.sync()
    assert pair.noted(number, "is ready to be closed")
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "closed complete"
    pair.assert_nothing_doubled()


def test_a_work_order_made_by_hand_that_names_the_domain_order_keeps_it_open_too(pair: Pair) -> None:
    order = pair.approved(HAMBURG, offering="Mobile Backup")
    pair.sync()
    number = pair.domain_orders(order)[0]
    by_hand = pair.fsm("create_work_order", short_description="look at the antenna", correlation_id=number)
    pair.sync()
    made = pair.rows("fsm", "wm_order", f"correlation_id={number}", "number", "short_description")
    assert pair.noted(number, made[0]["number"], "was made by hand"), by_hand
    pair.om("close_domain_order", domain_order=number)
    pair.sync()
    assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
    assert pair.rows("fsm", "wm_order", f"correlation_id={number}", "number", "short_description") == made


def test_an_open_pair_comes_to_rest_and_the_next_plan_is_empty(pair: Pair) -> None:
    pair.approved(HAMBURG, MUNICH)
    pair.settle()
    assert [plan.actions for plan in pair.plan()] == []
