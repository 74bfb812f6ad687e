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
