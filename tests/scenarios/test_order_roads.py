"""README promise: work orders follow the approval and the decomposition, however the order came to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER

if TYPE_CHECKING:
    from tests.conftest import Pair

ORDER_TASK = "sn_ind_tmt_orm_order_task"
WEEKS = 3 * 7 * 86_400


def policy(pair: Pair, row: str, name: str = "domain_order_policy.csv") -> None:
    """One row more, before the last."""
    path = pair.loaded.path.parent / name
    path.write_text(path.read_text(encoding="utf-8").replace("other,", f"{row}\nother,"), encoding="utf-8")


def line_of(pair: Pair, order: str, site: str = HAMBURG) -> str:
    return pair.rows("om", LINE, f"order.number={order}^location.name={site}", "number")[0]["number"]


# --- before the approval ---------------------------------------------------------------------------------------


def test_an_order_that_is_enriched_first_brings_nobody_before_its_approval(pair: Pair) -> None:
    pair.world.switch("om", enrichment=True)
    order = pair.place(HAMBURG)
    assert pair.state("om", ORDER, order) == "enrichment in progress"
    pair.om("hold_enrichment", order=order)
    pair.settle()
    pair.om("resume_enrichment", order=order)
    pair.om("finish_enrichment", order=order)
    pair.settle()
    assert pair.work_orders(order) == []
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    assert len(pair.work_orders(order)) == 2


def test_a_rejected_order_brings_nobody_until_it_comes_back_and_is_approved(pair: Pair) -> None:
    order = pair.place(HAMBURG)
    pair.om("reject", order=order, reason="the price is wrong")
    pair.settle()
    assert pair.work_orders(order) == []
    pair.om("place", order=order)
    pair.settle()
    assert pair.work_orders(order) == []
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    assert len(pair.work_orders(order)) == 2


def test_a_rejected_line_brings_nobody_while_the_others_of_its_order_go_on(pair: Pair) -> None:
    order = pair.place(HAMBURG, MUNICH)
    pair.om("reject_line", line=line_of(pair, order, MUNICH))
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    places = {pair.labels("fsm", "wm_order", f"number={one}", "location")[0] for one in pair.work_orders(order)}
    assert places == {HAMBURG}


def test_a_deleted_draft_leaves_nothing_anywhere(pair: Pair) -> None:
    order = pair.place(HAMBURG)
    pair.settle()
    pair.om("delete_order", order=order)
    pair.settle()
    assert (pair.rows("fsm", "wm_order", "", "number"), pair.finding_codes(), pair.waiting()) == ([], [], {})


def test_a_draft_that_is_deleted_was_never_anybodys_concern(pair: Pair) -> None:
    other = pair.approved(HAMBURG)
    pair.settle()
    line = {"offering": "Business SD-WAN", "location": MUNICH, "committed_due_date": "2026-04-01 12:00:00"}
    draft = pair.om("create_order", account="Acme Logistics", contact="Anna Weber", lines=[line])["order"]["number"]
    assert pair.state("om", ORDER, draft) == "draft"
    pair.settle()
    pair.om("delete_order", order=draft)
    pair.settle()
    assert pair.rows("om", ORDER, f"number={draft}", "number") == []
    assert (pair.work_orders(draft), pair.finding_codes(), pair.waiting()) == ([], [], {})
    assert len(pair.work_orders(other)) == 2


def test_header_tasks_that_block_the_approval_block_the_visits_too(pair: Pair) -> None:
    blocking = "sn_ind_tmt_orm.block_order_appro_complet_until_tasks_complete"
    [row] = pair.rows("om", "sys_properties", f"name={blocking}", "sys_id")
    pair.om("write", table="sys_properties", record=row["sys_id"], fields={"value": "true"})
    pair.world.switch("om", header_tasks=["Check credit"])
    order = pair.place(HAMBURG)
    [task] = pair.rows("om", ORDER_TASK, "task_type=header", "number")
    with pytest.raises(Exception, match="has open order tasks"):
        pair.om("approve", order=order)
    pair.settle()
    assert pair.work_orders(order) == []
    pair.om("close_order_task", task=task["number"])
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    assert len(pair.work_orders(order)) == 2


# --- decomposition ---------------------------------------------------------------------------------------------


def test_a_domain_order_that_comes_weeks_after_the_approval_brings_its_visit_then(pair: Pair) -> None:
    policy(pair, "terminal,Optical Terminal,resource,add,Install CPE,")
    order = pair.approved(HAMBURG, offering="Fiber Access")
    pair.settle()
    assert pair.work_orders(order) == []
    for _ in range(3):
        pair.world.advance(WEEKS / 3)
        pair.settle()
    pair.om("set_characteristic", line=line_of(pair, order), name="Terminal model", value="ONT-7")
    pair.world.advance(10)
    pair.settle()
    [work_order] = pair.work_orders(order)
    assert pair.noted(pair.resource_order(order), work_order, "was created")
    pair.om("set_characteristic", line=line_of(pair, order), name="Terminal model", value="ONT-8")
    pair.world.advance(10)
    pair.settle()
    assert pair.work_orders(order) == [work_order]


def test_a_line_added_in_a_revision_gets_its_visits_and_a_removed_one_loses_them(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    before = pair.work_orders(order)
    pair.om("revise", order=order)
    pair.om("remove_line", line=line_of(pair, order))
    pair.om("add_line", order=order, offering="Business SD-WAN", location=MUNICH)
    pair.settle()
    assert pair.work_orders(order) == before
    pair.om("approve_revision", order=order)
    pair.world.advance(10)
    pair.settle()
    assert {pair.state("fsm", "wm_order", one) for one in before} == {"canceled"}
    anew = [one for one in pair.work_orders(order) if one not in before]
    assert {pair.labels("fsm", "wm_order", f"number={one}", "location")[0] for one in anew} == {MUNICH}
    assert len(anew) == 2
    pair.assert_nothing_doubled()


def test_every_unit_of_a_quantity_has_a_domain_order_and_a_visit_of_its_own_and_more_units_bring_more(
    pair: Pair,
) -> None:
    policy(pair, "phone,Desk Phone,product,add,Install CPE,")
    order = pair.approved(HAMBURG, offering="Desk Phones", quantity="2")
    pair.settle()
    assert len(pair.work_orders(order)) == 2
    pair.om("revise", order=order)
    pair.om("edit_line", line=line_of(pair, order), fields={"quantity": "4"})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)
    pair.settle()
    assert len(pair.work_orders(order)) == 4
    each = [
        sum(pair.noted(number, one, "was created") for one in pair.work_orders(order))
        for number in pair.domain_orders(order)
    ]
    assert each == [1] * 4


# --- several work orders, and work orders of order tasks -------------------------------------------------------


def test_a_domain_order_and_its_order_task_may_each_have_their_work_orders_and_all_keep_it_open(pair: Pair) -> None:
    policy(pair, "configure,-,add,Configure CPE,Site Survey,", "order_task_policy.csv")
    order = pair.approved(HAMBURG)
    pair.settle()
    number = pair.resource_order(order)
    mine = [one for one in pair.work_orders(order) if pair.noted(number, one, "was created")]
    assert len(mine) == 2
    assert pair.noted(number, "2 of 2 work orders open")
    for work_order in mine:
        pair.om("close_domain_order", domain_order=number)
        pair.settle()
        assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
        pair.fsm("dispatch", work_order=work_order, technician="technician")
        pair.fsm("complete", work_order=work_order)
        pair.settle()
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "closed complete"


def test_an_order_task_that_is_canceled_cancels_its_visit_and_no_other(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    [survey] = pair.work_orders(order, "Site Survey")
    [task] = pair.rows("om", ORDER_TASK, "request_type.name=Site survey", "number")
    pair.om("cancel_order_task", task=task["number"], reason="photographs will do")
    pair.settle()
    assert pair.state("fsm", "wm_order", survey) == "canceled"
    assert pair.state("fsm", "wm_order", pair.install(order)) == "ready for dispatch"


@pytest.mark.parametrize("wait", ["hold_order", "await_information"])
def test_an_order_that_waits_gets_nothing_new_and_its_visits_go_on(pair: Pair, wait: str) -> None:
    policy(pair, "terminal,Optical Terminal,resource,add,Install CPE,")
    order = pair.approved(HAMBURG, offering="Fiber Access")
    pair.om(wait, order=order)
    pair.settle()
    pair.om("resume_order", order=order)
    pair.om("set_characteristic", line=line_of(pair, order), name="Terminal model", value="ONT-7")
    pair.om(wait, order=order)
    pair.world.advance(10)
    pair.settle()
    assert pair.work_orders(order) == []
    pair.om("resume_order", order=order)
    pair.world.advance(10)
    pair.settle()
    [work_order] = pair.work_orders(order)
    pair.om(wait, order=order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.settle()
    assert pair.noted(pair.resource_order(order), work_order, "-> Assigned")
