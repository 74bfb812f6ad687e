"""README promise: a visit whose domain order or order line was deleted is left alone, and told of until it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import memory
from connector.engine.history import overview
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH
from tests.scenarios.test_by_hand import detach, made_by_hand

if TYPE_CHECKING:
    from tests.conftest import Pair


def delete(pair: Pair, table: str, query: str) -> None:
    om = pair.world.instance("om")
    for row in pair.rows("om", table, query, "sys_id"):
        om.records.delete(table, row["sys_id"], om.system)


def told(pair: Pair) -> dict[str, str]:
    database = memory.reading(pair.loaded)
    assert database is not None
    return {one.subject: one.text for one in overview(database).findings if one.code.value == "initiator-missing"}


def in_two_places(pair: Pair) -> tuple[str, str]:
    order = pair.approved(HAMBURG, MUNICH)
    pair.settle()
    return pair.resource_order(order), pair.install(order)


@pytest.mark.parametrize("what", ["domain order", "line"])
def test_what_is_deleted_under_an_open_visit_is_told_until_the_visit_is_over(pair: Pair, what: str) -> None:
    number, work_order = in_two_places(pair)
    line = pair.rows("om", DOMAIN_ORDER, f"number={number}", "order_line_item")[0]["order_line_item"]
    assert told(pair) == {}
    delete(pair, *((DOMAIN_ORDER, f"number={number}") if what == "domain order" else (LINE, f"sys_id={line}")))
    pair.settle()
    pair.sync(full=True)
    pair.settle()
    assert number in told(pair)[work_order]
    assert pair.state("fsm", "wm_order", work_order) == "ready for dispatch"
    pair.fsm("cancel_work_order", work_order=work_order, reason="nobody wants it")
    pair.settle()
    assert work_order not in told(pair)


def test_it_is_told_no_more_when_somebody_lets_go_of_the_visit(pair: Pair) -> None:
    number, work_order = in_two_places(pair)
    by_hand = made_by_hand(pair, correlation_id=number)
    pair.settle()
    delete(pair, DOMAIN_ORDER, f"number={number}")
    pair.sync(full=True)
    pair.settle()
    assert {work_order, by_hand} <= set(told(pair))
    detach(pair, work_order)
    pair.settle()
    assert work_order not in told(pair)
    assert by_hand in told(pair)
