"""README promise: a deleted record, or a lost right to read one, changes no visit: the order's reference has no name then."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector import app
from connector.engine.closing import ask_gate
from tests.conftest import HAMBURG, LINE, MUNICH
from tests.scenarios.test_compensation import compensating  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pair

SPECIFICATION = "sn_prd_pm_resource_specification"
SAYS = ("short_description", "description", "location", "account", "contact")


@contextmanager
def nameless(pair: Pair, table: str, name: str) -> Iterator[None]:
    """For a while nobody can read what this record of Order Management is called."""
    om = pair.world.instance("om")
    [record] = pair.rows("om", table, f"name={name}", "sys_id")
    om.records.update(table, record["sys_id"], {"name": ""}, om.system)
    yield
    om.records.update(table, record["sys_id"], {"name": name}, om.system)


def delete(pair: Pair, table: str, name: str) -> None:
    om = pair.world.instance("om")
    [record] = pair.rows("om", table, f"name={name}", "sys_id")
    om.records.delete(table, record["sys_id"], om.system)


def look_at_everything(pair: Pair) -> None:
    for _ in range(3):
        pair.world.advance(400)
        pair.sync(full=True)


def revise(pair: Pair, order: str, **changes: dict[str, str]) -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, **changes)
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def installed_at(pair: Pair) -> tuple[str, str, str]:
    """An order whose visit is open: its number, its resource order and its work order."""
    order = pair.approved(HAMBURG)
    pair.settle()
    return order, pair.resource_order(order), pair.install(order)


def test_a_deleted_location_leaves_the_visit_as_it_was_told_and_says_what_to_do(pair: Pair) -> None:
    _, number, work_order = installed_at(pair)
    before = pair.rows("fsm", "wm_order", f"number={work_order}", *SAYS)
    told = pair.notes(number)
    delete(pair, "cmn_location", HAMBURG)
    look_at_everything(pair)
    assert pair.rows("fsm", "wm_order", f"number={work_order}", *SAYS) == before
    assert pair.notes(number) == told
    assert set(pair.finding_codes()) == {"name-missing"}


def test_an_order_that_names_another_location_then_is_carried_on(pair: Pair) -> None:
    order, _, work_order = installed_at(pair)
    delete(pair, "cmn_location", HAMBURG)
    look_at_everything(pair)
    revise(pair, order, fields={"location": MUNICH})
    pair.settle()
    assert pair.labels("fsm", "wm_order", f"number={work_order}", "location") == [MUNICH]
    assert pair.finding_codes() == []


def test_progress_is_told_and_the_gate_opens_although_the_location_is_gone(pair: Pair) -> None:
    order, number, work_order = installed_at(pair)
    delete(pair, "cmn_location", HAMBURG)
    look_at_everything(pair)
    for visit in pair.work_orders(order):
        pair.fsm("dispatch", work_order=visit, technician="technician")
    pair.settle()
    assert pair.noted(number, work_order, "Assigned")
    assert not pair.noted(number, "ready to be closed")
    for visit in pair.work_orders(order):
        pair.fsm("complete", work_order=visit)
    pair.settle()
    assert pair.noted(number, "ready to be closed")
    assert pair.finding_codes() == []


def test_an_order_that_is_canceled_is_canceled_in_the_field_although_the_location_is_gone(pair: Pair) -> None:
    order, _, work_order = installed_at(pair)
    delete(pair, "cmn_location", HAMBURG)
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert pair.state("fsm", "wm_order", work_order) == "canceled"


def test_visits_of_a_revised_order_are_not_made_anew_because_its_location_is_gone(compensating: Pair) -> None:  # noqa: F811
    pair = compensating
    order, _, work_order = installed_at(pair)
    revise(pair, order, characteristics={"Bandwidth": "1 Gbit/s"})
    pair.settle()
    visits = pair.work_orders(order)
    delete(pair, "cmn_location", HAMBURG)
    look_at_everything(pair)
    assert pair.work_orders(order) == visits
    assert pair.state("fsm", "wm_order", work_order) != "canceled"


def test_a_new_order_gets_its_visit_once_the_name_of_its_specification_can_be_read(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    with nameless(pair, SPECIFICATION, "SD-WAN CPE"):
        pair.sync()
        pair.sync()
        assert pair.work_orders(order, "Install CPE") == []
        assert "name-missing" in pair.finding_codes()
    pair.sync(full=True)
    pair.settle()
    assert len(pair.work_orders(order, "Install CPE")) == 1
    assert pair.finding_codes() == []


def test_a_revised_order_keeps_its_visit_while_the_name_of_its_specification_cannot_be_read(pair: Pair) -> None:
    order, number, work_order = installed_at(pair)
    revise(pair, order, characteristics={"Bandwidth": "1 Gbit/s"})
    with nameless(pair, SPECIFICATION, "SD-WAN CPE"):
        pair.sync()
        with app.writing(pair.loaded, pair.outside()) as (engine, _):
            asked = ask_gate(engine, number, pair.now())
        assert (asked.may_close, "no name" in asked.problem) == (False, True)
    pair.sync(full=True)
    pair.settle()
    assert pair.install(order) == work_order
    assert pair.state("fsm", "wm_order", work_order) != "canceled"
    assert pair.noted(number, work_order, "100 Mbit/s -> 1 Gbit/s")
