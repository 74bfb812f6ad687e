"""Work orders read in sets: by sys_id, by number, by mark; people and places by name; what cannot be understood is strange."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import Denied
from connector.model import WorkOrderPhase
from tests.wire.answers import said
from tests.wire.instance import Table, sys_id
from tests.wire.ports import FSM_URL, fsm_port

if TYPE_CHECKING:
    import responses

PREFIX = f"om-fsm:om:{sys_id(7)}:"


def work_order(n: int, **more: str) -> dict[str, str]:
    return {
        "sys_id": sys_id(n),
        "number": f"WO{n}",
        "state": "18",
        "active": "true",
        "correlation_id": f"{PREFIX}install-cpe:1:1",
        "correlation_display": "",
        "template": sys_id(21),
        "template shown": "Install CPE",
        "short_description": "Install",
        "location": sys_id(22),
        "location shown": "Berlin",
        "sys_updated_by": "mira.engel",
        "sys_updated_on": f"2026-03-02 08:00:0{n}",
        "sys_mod_count": "4",
        **more,
    }


def task(n: int, parent: int, **more: str) -> dict[str, str]:
    return {
        "sys_id": sys_id(n),
        "number": f"WOT{n}",
        "state": "3",
        "parent": sys_id(parent),
        "short_description": "Drive",
        "assigned_to": sys_id(31),
        "assigned_to shown": "Mira Engel",
        **more,
    }


PEOPLE = [{"sys_id": sys_id(31), "user_name": "mira.engel", "name": "Mira Engel"}]


def serve(
    mocked: responses.RequestsMock, work_orders: list[dict[str, str]], tasks: list[dict[str, str]] | None = None
) -> Table:
    Table(tasks or []).serve(mocked, "wm_task", FSM_URL)
    Table(PEOPLE).serve(mocked, "sys_user", FSM_URL)
    return Table(work_orders).serve(mocked, "wm_order", FSM_URL)


def test_a_work_order_is_read_with_its_tasks_its_names_and_who_touched_it(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1)], [task(12, 1), task(11, 1, state="18")])
    [found] = fsm_port(mocked).read_work_orders(ids=[sys_id(1)], names=[], key_prefixes=[])
    assert (found.number, found.template, found.updated_by, found.mod_count) == ("WO1", "Install CPE", "Mira Engel", 4)
    assert (found.state.label, found.state.phase) == ("Work in progress", WorkOrderPhase.OPEN)
    assert found.fields == {"short_description": "Install", "location": "Berlin"}
    assert [(t.number, t.state.phase, t.assigned_to) for t in found.tasks] == [
        ("WOT11", WorkOrderPhase.OPEN, "Mira Engel"),
        ("WOT12", WorkOrderPhase.COMPLETE, "Mira Engel"),
    ]


def test_the_british_spelling_of_a_state_is_the_same_state(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1, state="7")])
    [found] = fsm_port(mocked).read_work_orders(ids=[sys_id(1)], names=[], key_prefixes=[])
    assert (found.state.label, found.state.phase) == ("Cancelled", WorkOrderPhase.CANCELED)


def test_a_state_nobody_mapped_is_open(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1, state="42")])
    [found] = fsm_port(mocked).read_work_orders(ids=[sys_id(1)], names=[], key_prefixes=[])
    assert found.state.phase is WorkOrderPhase.UNKNOWN
    assert found.state.phase.is_open


def test_one_work_order_asked_for_in_three_ways_is_one(mocked: responses.RequestsMock) -> None:
    by_hand = work_order(2, correlation_id="RO0010001")
    serve(mocked, [work_order(1), by_hand, work_order(3, correlation_id="om-fsm:other:x")])
    found = fsm_port(mocked).read_work_orders(ids=[sys_id(1)], names=["RO0010001"], key_prefixes=[PREFIX])
    assert sorted(one.number for one in found) == ["WO1", "WO2"]


def test_many_work_orders_cost_few_requests(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(n) for n in range(1, 10)], [task(20 + n, n) for n in range(1, 10)])
    found = fsm_port(mocked).read_work_orders(ids=[sys_id(n) for n in range(1, 10)], names=[], key_prefixes=[])
    assert len(found) == 9
    assert len(mocked.calls) == 3  # work orders, tasks, people


@pytest.mark.parametrize(
    ("broken", "why"), [({"number": ""}, "number"), ({"sys_mod_count": "x"}, "mod_count")], ids=["number", "count"]
)
def test_of_a_work_order_that_cannot_be_understood_only_what_it_names_is_believed_and_the_others_are_read(
    broken: dict[str, str], why: str, mocked: responses.RequestsMock
) -> None:
    serve(mocked, [work_order(1, state="3", correlation_id="RO1", **broken), work_order(2)])
    port = fsm_port(mocked)
    strange, fine = port.read_work_orders(ids=[sys_id(1), sys_id(2)], names=[], key_prefixes=[])
    assert (strange.sys_id, strange.names, strange.state.phase) == (sys_id(1), "RO1", WorkOrderPhase.UNKNOWN)
    assert why in strange.strange
    assert (fine.number, fine.strange) == ("WO2", "")
    assert port.read_work_order(sys_id(1)) is None  # nothing is written on it


def test_a_task_that_cannot_be_understood_makes_its_work_order_strange_and_the_others_are_read(
    mocked: responses.RequestsMock,
) -> None:
    serve(mocked, [work_order(1), work_order(2)], [task(11, 1, number=""), task(12, 2)])
    found = fsm_port(mocked).read_work_orders(ids=[sys_id(1), sys_id(2)], names=[], key_prefixes=[])
    assert [(one.number, "tasks: number" in one.strange) for one in found] == [("WO1", True), ("WO2", False)]


def test_a_login_that_may_not_be_looked_up_stays_a_login(mocked: responses.RequestsMock) -> None:
    Table([work_order(1)]).serve(mocked, "wm_order", FSM_URL)
    Table([]).serve(mocked, "wm_task", FSM_URL)
    denied = said("Insufficient rights to query records")
    mocked.get(f"{FSM_URL}/api/now/table/sys_user", denied, status=403, content_type="application/json")
    [found] = fsm_port(mocked).read_work_orders(ids=[sys_id(1)], names=[], key_prefixes=[])
    assert found.updated_by == "mira.engel"


def test_one_work_order_is_read_or_is_none(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1)])
    port = fsm_port(mocked)
    found = port.read_work_order(sys_id(1))
    assert found is not None
    assert found.number == "WO1"
    assert port.read_work_order(sys_id(2)) is None


def test_the_feed_tells_which_mark_changed_and_when(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1), work_order(2, correlation_id="")])
    port = fsm_port(mocked)
    [changed] = port.changed(port.feeds[0], None)
    assert (changed.sys_id, changed.mod_count, changed.updated_on) == (sys_id(1), 4, "2026-03-02 08:00:01")
    assert changed.points_to == f"{PREFIX}install-cpe:1:1"


def test_only_active_work_orders_with_a_mark_are_swept(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1), work_order(2, active="false"), work_order(3, correlation_id="")])
    assert [one.sys_id for one in fsm_port(mocked).marked(closed_too=False)] == [sys_id(1)]


def test_a_feed_that_does_not_show_when_a_row_changed_is_an_error_of_ours(mocked: responses.RequestsMock) -> None:
    serve(mocked, [work_order(1)]).denied = {"sys_updated_on"}
    port = fsm_port(mocked)
    with pytest.raises(Denied, match="sys_updated_on"):
        list(port.changed(port.feeds[0], None))
