"""README promise: what is remembered of an order that is over is put away, found again, and never keeps memory growing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from connector import app, memory
from connector.config import load
from connector.engine.history import explain
from connector.engine.tables import metadata
from connector.errors import NotFound
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, ORDER

if TYPE_CHECKING:
    from connector.engine.history import Explanation
    from tests.conftest import Pair

DAY = 86_400
LIVE = ("verdict", "link", "outbox", "event", "looked", "attempt", "finding", "wakeup")


def remembered(pair: Pair) -> dict[str, int]:
    """Rows of each table that are about orders at work."""
    database = memory.reading(pair.loaded)
    assert database is not None
    with database.connect() as connection:
        return {
            name: count
            for name in LIVE
            if (count := connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one())
        }


def rows(pair: Pair) -> dict[str, int]:
    """Rows of every table."""
    database = memory.reading(pair.loaded)
    assert database is not None
    with database.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def explained(pair: Pair, number: str) -> Explanation:
    database = memory.reading(pair.loaded)
    assert database is not None
    return explain(database, number)


def keep(pair: Pair, days: int) -> None:
    """Another time to keep the archive for."""
    path = pair.loaded.path
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[memory]\narchive_days = {days}\n", encoding="utf-8")
    pair.loaded = load(path)


def visited(pair: Pair, *, incomplete: bool = False) -> str:
    """An order whose visits were made; the installation perhaps not wholly, which somebody took as it is."""
    order = pair.approved(HAMBURG)
    pair.sync()
    install = pair.install(order)
    for work_order in pair.work_orders(order):
        pair.fsm("dispatch", work_order=work_order, technician="technician")
        if incomplete and work_order == install:
            pair.fsm("close_incomplete", work_order=work_order, reason="a cable was missing")
        else:
            pair.fsm("complete", work_order=work_order)
    pair.sync()
    if incomplete:
        pair.om(
            "add_note", domain_order=pair.resource_order(order), text="release gate", **{"as": "fulfillment_manager"}
        )
    return order


def close(pair: Pair, order: str) -> str:
    """Its domain orders are closed, and the platform completes it."""
    for number in pair.domain_orders(order):
        pair.om("close_domain_order", domain_order=number)
    pair.world.advance(10)
    pair.settle()
    assert pair.state("om", ORDER, order) == "completed"
    return order


def test_a_completed_order_leaves_memory_and_is_explained_from_the_archive_in_the_same_words(pair: Pair) -> None:
    order = visited(pair)
    pair.settle()
    before = explained(pair, order)
    assert remembered(pair) != {}
    close(pair, order)
    assert remembered(pair) == {}
    after = explained(pair, order)
    assert after.archived_at is not None
    assert after.verdicts == before.verdicts
    assert [replace(link, heard={}) for link in after.links] == [replace(link, heard={}) for link in before.links]
    assert after.events[: len(before.events)] == before.events
    for number in (pair.install(order), pair.resource_order(order).lower()):
        assert explained(pair, number).order_number == order


def test_a_canceled_order_is_put_away_too_and_one_that_goes_on_is_not(pair: Pair) -> None:
    canceled, at_work = pair.approved(HAMBURG), pair.approved(HAMBURG)
    pair.settle()
    pair.om("cancel_order", order=canceled)
    pair.om("approve_cancel", order=canceled)
    pair.settle()
    assert explained(pair, canceled).archived_at is not None
    assert explained(pair, at_work).archived_at is None


def test_an_order_with_something_left_to_look_at_stays_in_memory(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    part = pair.rows("fsm", "wm_task", f"parent.number={pair.install(order)}^ORDERBYnumber", "number")[0]["number"]
    shipped = pair.fsm("require_part", task=part, part="SD-WAN CPE")
    pair.fsm("ship_part", transfer_order=shipped["transfer_order"]["number"])
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle_but_parked()
    assert explained(pair, order).archived_at is None
    assert "not-canceled" in pair.finding_codes()


@pytest.mark.parametrize("forgotten", [False, True], ids=["archived", "forgotten"])
def test_a_follow_on_visit_after_the_order_was_completed_reopens_the_gate_and_is_never_lost(
    pair: Pair, forgotten: bool
) -> None:
    order = close(pair, visited(pair, incomplete=True))
    number, work_order = pair.resource_order(order), pair.install(order)
    assert remembered(pair) == {}
    told = pair.notes(number)
    if forgotten:
        pair.world.advance(400 * DAY)
        pair.settle()
        with pytest.raises(NotFound):
            explained(pair, order)
    for task in pair.rows("fsm", "wm_task", f"parent.number={work_order}", "number"):
        pair.fsm("reopen_task", task=task["number"])
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
    assert pair.notes(number)[: len(told)] == told
    assert pair.noted(number, "was reopened", work_order)
    assert explained(pair, order).archived_at is None
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert remembered(pair) == {}
    pair.assert_nothing_doubled()


def test_a_work_order_by_hand_for_an_archived_order_keeps_its_domain_order_open(pair: Pair) -> None:
    order = close(pair, visited(pair))
    number = pair.resource_order(order)
    pair.fsm("create_work_order", short_description="the cable hangs loose", correlation_id=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
    assert pair.noted(number, "made by hand")


def test_what_is_only_edited_after_the_end_is_looked_at_and_put_away_again(pair: Pair) -> None:
    order = close(pair, visited(pair))
    before = pair.notes(pair.resource_order(order))
    said = {"text": "the customer is happy", "as": "fulfillment_manager"}
    pair.om("add_note", domain_order=pair.resource_order(order), **said)
    pair.world.advance(1000)
    done = pair.sync()
    assert (done.changes, done.plans) == (1, ())
    assert remembered(pair) == {}
    assert len(pair.notes(pair.resource_order(order))) == len(before) + 1


def test_the_gate_answers_about_an_archived_order_and_leaves_it_archived(pair: Pair) -> None:
    order = close(pair, visited(pair))
    found = app.gate_once(pair.loaded, pair.resource_order(order), pair.outside())
    assert [(one.number, one.blocks, one.state) for one in found.work] == [
        (pair.install(order), False, "Closed Complete")
    ]
    assert remembered(pair) == {}


def test_a_new_order_on_what_was_installed_leaves_the_old_one_in_the_archive(pair: Pair) -> None:
    old = close(pair, visited(pair))
    owned = pair.rows("om", "sn_install_base_sold_product", "", "number")[0]["number"]
    line = {"sold_product": owned, "action": "delete"}
    new = pair.om("create_order", account="Acme Logistics", lines=[line])["order"]["number"]
    pair.om("place", order=new)
    pair.om("approve", order=new)
    pair.settle()
    assert len(pair.work_orders(new, "Remove CPE")) == 1
    assert explained(pair, old).archived_at is not None
    assert explained(pair, new).archived_at is None


def test_rebuilding_finds_what_is_over_and_puts_it_away_without_a_write(pair: Pair) -> None:
    order = close(pair, visited(pair))
    told = {number: pair.notes(number) for number in pair.domain_orders(order)}
    pair.forget()
    pair.settle()
    assert remembered(pair) == {}
    assert [one.work_order_number for one in explained(pair, order).links] == pair.work_orders(order)
    assert {number: pair.notes(number) for number in pair.domain_orders(order)} == told


def test_memory_does_not_grow_with_the_orders_that_came_and_went(pair: Pair) -> None:
    """Counted when the archive holds all it ever will: as many orders come as are forgotten."""
    keep(pair, days=10)
    counted = []
    for _ in range(4):
        close(pair, visited(pair))
        pair.om("delete_order", order=pair.place(HAMBURG))
        pair.world.advance(7 * DAY)
        pair.sync()
        counted.append(rows(pair))
    assert counted[0]["archive"] == 1
    assert counted[1] == counted[2] == counted[3]


def test_a_line_that_is_edited_in_the_archive_of_an_order_is_found_by_its_number(pair: Pair) -> None:
    order = close(pair, visited(pair))
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    assert explained(pair, line).order_number == order
