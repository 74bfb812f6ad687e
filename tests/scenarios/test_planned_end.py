"""README promise: where that is wanted, order tasks say when their visits end, so that the platform's own jeopardy sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.engine.consider import consider
from connector.engine.drain import EVERY_SHARD
from connector.engine.watch import notice
from connector.errors import SchemaMismatch
from connector.mapping.moments import STAMP
from connector.model import WritePlannedEnd
from tests.conftest import HAMBURG, LINE, OVERLAP

if TYPE_CHECKING:
    from tests.conftest import Pair

TASK, RESOURCE = "sn_ind_tmt_orm_order_task", "sn_ind_tmt_orm_resource_order"
COLUMN = "planned_end_date"
DUE = "2026-04-01 12:00:00"
FIRST, SECOND, PERSONS = "2026-03-20 12:00:00", "2026-03-25 16:30:00", "2026-03-28 09:00:00"


def wanted(pair: Pair, column: str = COLUMN, *, may: bool = True) -> None:
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[jeopardy]\nwrite_end_to = "{column}"\n', encoding="utf-8")
    pair.loaded = load(path)
    pair.world.switch("om", writer_plans_order_tasks=may)


@pytest.fixture
def order(pair: Pair) -> str:
    """An order whose order tasks say when its visits end."""
    wanted(pair)
    order = pair.approved(HAMBURG)
    pair.settle()
    return order


def planned(pair: Pair, order: str, end: str, column: str = "expected_end") -> None:
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={column: end})
    pair.settle()


def tasks(pair: Pair, order: str) -> list[str]:
    """The order tasks of the domain order whose CPE is installed, by number."""
    query = f"parent.number={pair.resource_order(order)}^ORDERBYnumber"
    return [row["number"] for row in pair.rows("om", TASK, query, "number")]


def says(pair: Pair, order: str) -> str:
    """What the first of them says."""
    return pair.rows("om", TASK, f"number={tasks(pair, order)[0]}", COLUMN)[0][COLUMN]


def asked(pair: Pair, method: str) -> int:
    """How many requests there were for what order tasks say, since the last were forgotten."""
    mine = [r for r in pair.world.requests("om") if r.method == method and f"/table/{TASK}" in r.path]
    return sum(method == "PATCH" or COLUMN in r.query for r in mine)


def test_an_order_task_says_when_its_visit_ends_and_follows_every_change(pair: Pair, order: str) -> None:
    assert says(pair, order) == DUE
    planned(pair, order, FIRST)
    assert says(pair, order) == FIRST
    planned(pair, order, SECOND)
    assert says(pair, order) == SECOND
    planned(pair, order, FIRST)
    assert says(pair, order) == FIRST


def test_by_default_nobody_touches_it(pair: Pair) -> None:
    pair.world.switch("om", writer_plans_order_tasks=True)
    order = pair.approved(HAMBURG)
    pair.settle()
    planned(pair, order, FIRST)
    assert says(pair, order) == DUE


def test_it_is_written_once_and_wakes_nothing_more(pair: Pair, order: str) -> None:
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={"expected_end": FIRST})
    pair.world.advance(400)
    pair.world.clear_requests()
    pair.sync()
    assert (asked(pair, "GET"), asked(pair, "PATCH")) == (2, 1)  # one look, and one more just before it is written
    assert says(pair, order) == FIRST
    pair.world.clear_requests()
    pair.world.advance(400)
    pair.sync()
    assert asked(pair, "GET") == 1  # its own change is looked at
    pair.world.advance(OVERLAP)
    pair.settle()
    assert asked(pair, "PATCH") == 0


def test_a_persons_date_stands_until_the_visit_ends_at_another_moment(pair: Pair, order: str) -> None:
    planned(pair, order, FIRST)
    pair.om("write", table=TASK, record=tasks(pair, order)[0], fields={COLUMN: PERSONS})
    pair.settle()
    assert says(pair, order) == PERSONS
    planned(pair, order, SECOND)
    assert says(pair, order) == SECOND


def test_while_the_order_is_revised_nothing_is_written_and_afterwards_it_is(pair: Pair, order: str) -> None:
    planned(pair, order, FIRST)
    pair.om("revise", order=order)
    planned(pair, order, SECOND)
    assert says(pair, order) == FIRST
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "500 Mbit/s"})
    pair.om("approve_revision", order=order)
    pair.settle()
    assert says(pair, order) == SECOND


def test_a_task_that_is_closed_is_not_written(pair: Pair, order: str) -> None:
    planned(pair, order, FIRST)
    for task in tasks(pair, order):
        pair.om("close_order_task", task=task)
    pair.settle()
    before = says(pair, order)
    planned(pair, order, SECOND)
    assert says(pair, order) == before


@pytest.mark.parametrize("closed", [True, False])
def test_a_domain_order_that_is_closed_before_the_end_arrives_takes_none(
    pair: Pair, order: str, *, closed: bool
) -> None:
    """The connector has decided, and somebody is quicker than its write. Its twin: nobody is."""
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={"expected_end": FIRST})
    pair.world.advance(400)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        notice(engine, pair.now())
        orders = [wakeup.order_id for wakeup in engine.store.due(EVERY_SHARD, pair.now(), limit=10)]
        [plan] = consider(engine, orders, pair.now())
        assert any(isinstance(action, WritePlannedEnd) for action in plan.actions)
        if closed:
            pair.om("close_domain_order", domain_order=pair.resource_order(order))
        for order_id in orders:
            engine.outbox.serve(order_id, pair.now)
    assert says(pair, order) == (DUE if closed else FIRST)
    pair.settle()
    assert says(pair, order) == FIRST  # the gate has reopened it


def test_what_the_platform_does_not_take_is_told_until_it_does(pair: Pair) -> None:
    wanted(pair, may=False)
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={"expected_end": FIRST})
    pair.settle_but_parked()
    assert says(pair, order) == DUE
    assert "write-parked" in pair.finding_codes()
    pair.world.switch("om", writer_plans_order_tasks=True)
    planned(pair, order, SECOND)
    assert says(pair, order) == SECOND
    assert pair.finding_codes() == []


def test_an_answer_that_is_lost_is_found_out_by_reading(pair: Pair, order: str) -> None:
    pair.world.fault("om", {"kind": "commit_then_drop", "method": "PATCH", "path_contains": f"/table/{TASK}"})
    pair.world.clear_requests()
    planned(pair, order, FIRST)
    assert says(pair, order) == FIRST
    assert asked(pair, "PATCH") == 1


def test_after_a_loss_of_memory_what_is_there_is_not_written_again(pair: Pair, order: str) -> None:
    planned(pair, order, FIRST)
    pair.world.clear_requests()
    pair.forget()
    pair.settle()
    assert (says(pair, order), asked(pair, "PATCH")) == (FIRST, 0)


def test_a_column_that_does_not_exist_is_said_before_anything_is_written(pair: Pair) -> None:
    wanted(pair, "no_such_column")
    pair.approved(HAMBURG)
    with pytest.raises(SchemaMismatch, match="no_such_column"):
        pair.sync()


@pytest.mark.parametrize(("column", "level"), [(COLUMN, "high"), ("", "none")], ids=["written", "not-written"])
def test_the_platforms_own_jeopardy_follows_the_end_that_field_service_plans(
    pair: Pair, column: str, level: str
) -> None:
    pair.world.switch("om", jeopardy=["Business SD-WAN"])
    wanted(pair, column)
    order = pair.approved(HAMBURG)
    pair.settle()
    planned(pair, order, (pair.now() + timedelta(hours=10)).strftime(STAMP))
    pair.world.advance(8 * 3600)
    [task] = pair.rows("om", TASK, f"number={tasks(pair, order)[0]}", "jeopardy_level")
    [resource_order] = pair.rows("om", RESOURCE, f"number={pair.resource_order(order)}", "jeopardy_level")
    assert (task["jeopardy_level"], resource_order["jeopardy_level"]) == (level, level)
