"""README promise: the doctor asks about every column that is written, and about no other: its list is what is really sent."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from requests.adapters import BaseAdapter

from connector import memory
from connector.doctor.written import written
from connector.engine.tables import outbox
from connector.model import Action
from connector.policies import load_policies
from tests.conftest import DOMAIN_ORDER, HAMBURG, MUNICH, with_cases
from tests.scenarios.test_by_hand import adopt, made_by_hand
from tests.scenarios.test_cases import CASE, POLICY, carry_out, opened, visits
from tests.scenarios.test_doctor import edit
from tests.scenarios.test_fallouts import configured, refuse
from tests.scenarios.test_notes_both_ways import write as note
from tests.scenarios.test_order_roads import line_of
from tests.scenarios.test_policies import NOBODY
from tests.scenarios.test_policies import write as write_policy
from tests.scenarios.test_shared_data import LOCATION, knowing, made, may_write_customer_data

if TYPE_CHECKING:
    import requests

    from tests.conftest import Pair

BREMEN = "Acme Bremen Hub"
ROWS = """id,specification,work order template,priority,dispatch group,skills,planned window
cpe,SD-WAN CPE,Install CPE,2,Field Crew North,fiber and ladder,P2D
other,-,NO FIELD WORK,,,,
"""
EVERYTHING = """
[ponr]
mode = "set"
[jeopardy]
write_end_to = "planned_end_date"
[fallout]
kinds = ["write-parked"]
type = "Provisioning Failure"
"""
PLACE = 'table = "cmn_location", missing = "create", record = { city = "{location.city}" }'


ON_HOLD = (
    "id,kind of change,work order state,compensation\nhold,on hold,-,flag the dispatcher\nother,-,-,patch and note\n"
)

Columns = dict[str, set[str]]  # by table


@dataclass
class Line(BaseAdapter):
    """The line to one instance; what is written over it stays known, of what is created and of what is changed."""

    inner: BaseAdapter
    created: Columns = field(default_factory=dict)
    changed: Columns = field(default_factory=dict)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path = str(request.path_url).partition("?")[0]
        if request.method in ("POST", "PATCH") and "/table/" in path:
            kept = self.created if request.method == "POST" else self.changed
            kept.setdefault(path.partition("/table/")[2].partition("/")[0], set()).update(
                json.loads(request.body or b"")
            )
        return self.inner.send(request, *args, **kwargs)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def lines(pair: Pair) -> dict[str, Line]:
    """Both lines, with an ear on them."""
    lines = {side: Line(pair.world.adapter(side)) for side in ("om", "fsm")}
    pair.lines.update(lines)
    return lines


def listed(pair: Pair, side: str, *, changed_only: bool = False) -> Columns:
    """What the doctor's list says is written to one instance."""
    said: Columns = {}
    for write in written(pair.loaded.settings, load_policies(pair.loaded)):
        if write.side == side and not (changed_only and write.creates):
            said.setdefault(write.table, set()).update(write.columns)
    return said


def sent(line: Line) -> Columns:
    """What was written, but for the sys_id of what was created."""
    tables = line.created.keys() | line.changed.keys()
    return {t: (line.created.get(t, set()) - {"sys_id"}) | line.changed.get(t, set()) for t in tables}


def holds(pair: Pair, lines: dict[str, Line]) -> None:
    """Everything that was written is on the list."""
    for side, line in lines.items():
        every, changed = listed(pair, side), listed(pair, side, changed_only=True)
        assert {t: cs - every.get(t, set()) for t, cs in sent(line).items() if cs - every.get(t, set())} == {}
        assert {t: cs - changed.get(t, set()) for t, cs in line.changed.items() if cs - changed.get(t, set())} == {}


def carried_out(pair: Pair) -> set[str]:
    """The kinds of writes that were done."""
    database = memory.reading(pair.loaded)
    assert database is not None
    with database.connect() as connection:
        done = sa.select(outbox.c.kind).where(outbox.c.state == "done", outbox.c.kind.is_not(None))
        return set(connection.execute(done).scalars())


def visited(pair: Pair) -> None:
    """An order whose domain order is closed too early while its visit is under way, and a visit that a person adopts."""
    order = pair.approved(BREMEN)
    pair.settle()
    visit, number = pair.install(order), pair.resource_order(order)
    note(pair, "om", number, "please call before", "fulfillment_manager")
    adopt(pair, made_by_hand(pair), number)
    pair.settle()
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    pair.fsm("dispatch", work_order=visit, technician="technician")
    pair.fsm("start", work_order=visit)
    pair.settle()


def revised(pair: Pair) -> None:
    """An order one of whose visits is refused at first, another moved, and a third canceled with its line."""
    order = pair.approved(HAMBURG, MUNICH)
    refuse(pair, "fsm", "POST", "wm_order")
    pair.settle_but_parked()
    pair.retry()
    pair.settle()
    pair.om("revise", order=order)
    pair.om("remove_line", line=line_of(pair, order, MUNICH))
    pair.om("edit_line", line=line_of(pair, order), fields={"committed_due_date": "2026-04-15 12:00:00"})
    pair.settle()
    pair.om("approve_revision", order=order)
    pair.settle()


def test_everything_that_is_written_is_on_the_list_and_everything_on_the_list_is_written(
    pair: Pair, lines: dict[str, Line]
) -> None:
    knowing(pair, location=PLACE)
    may_write_customer_data(pair)
    made(pair, "om", LOCATION, name=BREMEN, city="Bremen")
    pair.world.switch("om", writer_sets_ponr=True, writer_plans_order_tasks=True)
    pair.loaded.path.with_name("compensation.csv").write_text(ON_HOLD, encoding="utf-8")
    edit(pair, "[policy]", '[policy]\ncompensation = "compensation.csv"')
    with_cases(configured(pair, EVERYTHING), POLICY)
    write_policy(pair, ROWS)
    write_policy(pair, NOBODY, "order_task_policy.csv")
    visited(pair)
    revised(pair)
    case = opened(pair)
    pair.settle()
    carry_out(pair, visits(pair, case)[0])
    assert {kind.__name__ for kind in typing.get_args(Action)} - carried_out(pair) == set()
    holds(pair, lines)
    assert {side: sent(line) for side, line in lines.items()} == {side: listed(pair, side) for side in lines}


def test_where_nothing_more_is_wanted_nothing_more_is_written_or_on_the_list(
    pair: Pair, lines: dict[str, Line]
) -> None:
    edit(pair, "[policy]", '[gate]\nmode = "note"\n\n[policy]')
    with_cases(pair, POLICY, completion='"note"')
    case, order = opened(pair), pair.approved(HAMBURG)
    pair.settle()
    pair.om("close_domain_order", domain_order=pair.resource_order(order))
    pair.settle()
    carry_out(pair, visits(pair, case)[0])
    for visit in pair.work_orders(order):
        carry_out(pair, visit)
    holds(pair, lines)
    assert sent(lines["om"]) == listed(pair, "om") == {DOMAIN_ORDER: {"work_notes"}, CASE: {"work_notes"}}
