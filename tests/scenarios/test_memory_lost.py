"""README promise: the local database may be deleted. Truth lives in ServiceNow, and the marks on the records restore it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from connector.model import Origin
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH

if TYPE_CHECKING:
    from tests.conftest import Pair


def busy(pair: Pair) -> str:
    """An order in full swing: progress, a cancellation in the field, an update, a late edit, a reopened domain order."""
    order = pair.approved(HAMBURG, MUNICH)
    pair.sync()
    installs = pair.work_orders(order, "Install CPE")
    lines = [row["number"] for row in pair.rows("om", LINE, f"order.number={order}^ORDERBYnumber", "number")]
    pair.fsm("dispatch", work_order=installs[0], technician="technician")
    pair.sync()
    pair.fsm("cancel_work_order", work_order=pair.work_orders(order, "Site Survey")[0], reason="done before")
    pair.om("revise", order=order)
    pair.om("edit_line", line=lines[1], characteristics={"Bandwidth": "500 Mbit/s"})
    pair.om("approve_revision", order=order)
    pair.settle()
    pair.om("close_domain_order", domain_order=pair.resource_order(order))
    pair.sync()
    pair.om("set_ponr", line=lines[0])
    pair.om("edit_line", line=lines[0], characteristics={"Bandwidth": "1000 Mbit/s"})
    pair.settle()
    return order


def everything(pair: Pair) -> tuple[Counter[str], Counter[str]]:
    """All work orders by key, all work notes on the OM side."""
    keys = Counter(row["correlation_id"] for row in pair.rows("fsm", "wm_order", "", "correlation_id"))
    notes = Counter(row["value"] for row in pair.rows("om", "sys_journal_field", "element=work_notes", "value"))
    return keys, notes


@pytest.mark.parametrize("full", [False, True], ids=["sync", "rebuild"])
def test_after_memory_was_deleted_nothing_is_written_twice(pair: Pair, full: bool) -> None:
    busy(pair)
    before = everything(pair)
    pair.forget()
    pair.sync(full=full)
    pair.settle()
    assert everything(pair) == before


def test_after_memory_was_deleted_the_work_goes_on_where_it_was(pair: Pair) -> None:
    order = busy(pair)
    pair.forget()
    work_order = pair.install(order)
    number = pair.resource_order(order)
    pair.fsm("accept", work_order=work_order)
    pair.settle()
    assert pair.noted(number, f"{work_order} Install CPE: Assigned -> Accepted")
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
    assert sum("was reopened" in note for note in pair.notes(number)) == 2
    pair.assert_nothing_doubled()


def test_a_change_made_while_memory_was_lost_is_carried(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.forget()
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"committed_due_date": "2026-05-01 12:00:00"})
    pair.om("approve_revision", order=order)
    pair.settle()
    found = pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "requested_due_by")[0]
    assert found["requested_due_by"] == "2026-05-01 12:00:00"
    assert pair.noted(pair.resource_order(order), "2026-04-01 12:00 UTC -> 2026-05-01 12:00 UTC")


def test_closed_work_orders_are_recognised_too(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    work_order = pair.install(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=work_order)
    pair.settle()
    before = everything(pair)
    pair.forget()
    pair.settle()
    assert everything(pair) == before


def test_memory_says_of_what_it_found_that_it_was_adopted(pair: Pair) -> None:
    from connector import memory
    from connector.engine.history import explain

    order = pair.approved(HAMBURG)
    pair.settle()
    pair.forget()
    pair.settle()
    database = memory.reading(pair.loaded)
    assert database is not None
    assert {link.origin for link in explain(database, order).links} == {Origin.ADOPTED}


VALUES = "sn_ind_tmt_orm_order_characteristic_value"


@pytest.mark.parametrize("changed", [False, True], ids=["as it was", "and the line was revised"])
@pytest.mark.parametrize("hidden", [True, False])
def test_characteristics_that_are_not_shown_after_memory_was_lost_are_not_erased_in_the_field(
    pair: Pair, hidden: bool, changed: bool
) -> None:
    """The customer gave the connector a new user with fewer rights, and a new machine."""
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order, number = pair.install(order), pair.resource_order(order)
    [before] = pair.rows("fsm", "wm_order", f"number={work_order}", "description", "requested_due_by")
    assert before["description"].endswith("Bandwidth: 100 Mbit/s")
    pair.forget()
    if hidden:
        pair.world.fault("om", {"kind": "no_rows", "path_contains": VALUES, "user": "connector", "count": None})
    if changed:
        line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
        pair.om("revise", order=order)
        pair.om("edit_line", line=line, fields={"committed_due_date": "2026-05-01 12:00:00", "quantity": "2"})
        pair.om("approve_revision", order=order)
    pair.settle()
    pair.sync(full=True)
    [after] = pair.rows("fsm", "wm_order", f"number={work_order}", "description", "requested_due_by")
    assert ("characteristics-missing" in pair.finding_codes()) is hidden
    assert (after == before) is (hidden or not changed)
    assert "Bandwidth: 100 Mbit/s" in after["description"]
    assert pair.noted(number, work_order, "was updated after a change of the order") is (changed and not hidden)


def test_a_line_that_never_had_characteristics_is_kept_up_to_date_after_memory_was_lost(pair: Pair) -> None:
    order = pair.place(HAMBURG)
    om = pair.world.instance("om")
    for row in pair.rows("om", VALUES, "", "sys_id"):
        om.records.delete(VALUES, row["sys_id"], om.users["order_agent"])
    pair.om("approve", order=order)
    pair.settle()
    work_order = pair.install(order)
    [line] = pair.rows("om", LINE, f"order.number={order}", "number")
    pair.forget()
    pair.om("revise", order=order)
    pair.om("edit_line", line=line["number"], fields={"quantity": "2"})
    pair.om("approve_revision", order=order)
    pair.settle()
    [after] = pair.rows("fsm", "wm_order", f"number={work_order}", "description")
    assert after["description"].endswith("Quantity: 2")
    assert pair.finding_codes() == []
