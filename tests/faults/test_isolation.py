"""README promise: what is wrong with one order parks that order with a finding, and nothing else stops or waits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import pytest

from connector import app
from connector.engine import history
from connector.engine.crew import Crew
from connector.engine.drain import drain_all, drain_to_the_end
from connector.engine.history import overview
from connector.engine.letters import letter
from connector.engine.release import release_side
from connector.engine.store import Store
from connector.engine.tables import finding, hold, outbox, verdict
from connector.engine.watch import notice
from connector.errors import Denied, Held
from connector.mapping.fields import FieldMap
from connector.memory import reading
from tests import PATIENCE
from tests.altered import Altered, Rows, value_of
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa

    from connector.engine.drain import Engine
    from connector.engine.ports import FieldService
    from connector.exchange import Written
    from connector.model import CreateWorkOrder
    from tests.conftest import Pair

OTHERS = 3


def sys_id(pair: Pair, order: str) -> str:
    return pair.rows("om", ORDER, f"number={order}", "sys_id")[0]["sys_id"]


def spoil(pair: Pair, order: str, kind: str, **more: Any) -> None:
    """Everything that is asked about this order meets a fault, until the faults are cleared."""
    fault = {"kind": kind, "path_contains": sys_id(pair, order), "user": "connector", "count": None, **more}
    pair.world.fault("om", fault)


def memory_of(pair: Pair) -> sa.Engine:
    database = reading(pair.loaded)
    assert database is not None
    return database


def findings(pair: Pair) -> dict[str, str]:
    """Order -> code of what was found with it."""
    return {found.order_number: found.code.value for found in history.overview(memory_of(pair)).findings}


def others(pair: Pair) -> list[str]:
    return [pair.approved(HAMBURG) for _ in range(OTHERS)]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("table_forbidden", {}),
        ("status", {"status": 400}),
        ("stray_row", {}),
        ("hide_field", {"field": "sys_id"}),
    ],
    ids=["denied", "refused", "absurd", "worthless"],
)
def test_an_order_that_cannot_be_asked_about_does_not_stop_those_read_with_it(
    pair: Pair, kind: str, more: dict[str, Any]
) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)
    spoil(pair, bad, kind, **more)
    pair.sync()
    assert [len(pair.work_orders(order)) for order in good] == [2] * OTHERS
    assert pair.work_orders(bad) == []
    assert list(findings(pair).values()) == ["unreadable"]


@pytest.mark.parametrize(
    ("record", "kind", "more"),
    [
        ("order", "table_forbidden", {}),
        ("order", "status", {"status": 500}),
        ("order", "stray_row", {}),
        ("work order", "status", {"status": 500}),
        ("work order", "table_forbidden", {}),
    ],
)
def test_an_order_that_was_served_for_long_and_cannot_be_asked_about_any_more_stops_no_other(
    pair: Pair, record: str, kind: str, more: dict[str, Any]
) -> None:
    """The newest linked records are asked for before anything else, at every start; it is among them."""
    bad, good = pair.approved(HAMBURG), pair.approved(HAMBURG)
    pair.settle()
    spoil_known(pair, record, bad, kind, **more)
    new = pair.approved(HAMBURG)
    for order in (bad, good):
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    for full in (False, True):
        pair.world.advance(600)
        pair.sync(full=full)
    assert pair.noted(pair.resource_order(good), "-> Assigned")
    assert len(pair.work_orders(new)) == 2
    assert findings(pair) == {bad: "unreadable"}
    pair.world.clear_faults()
    pair.world.advance(4000)
    pair.settle()
    assert pair.noted(pair.resource_order(bad), "-> Assigned")
    assert findings(pair) == {}


def test_a_quiet_order_that_cannot_be_asked_about_any_more_is_looked_at_and_found(pair: Pair) -> None:
    bad, _good = pair.approved(HAMBURG), pair.approved(HAMBURG)
    pair.settle()
    spoil(pair, bad, "table_forbidden")
    pair.world.advance(10)
    pair.sync()
    assert findings(pair) == {bad: "unreadable"}
    pair.world.clear_requests()
    pair.world.advance(10)
    pair.sync()
    assert not any(sys_id(pair, bad) in r.query for r in pair.world.requests("om"))  # it is known by now


def test_a_brake_that_is_due_comes_although_one_record_cannot_be_asked_about(pair: Pair) -> None:
    bad = pair.approved(HAMBURG)
    pair.settle()
    good = others(pair)
    pair.settle()
    spoil_known(pair, "work order", bad, "status", status=500)
    fsm = pair.world.instance("fsm")
    for order in good:
        for row in pair.rows("fsm", "wm_order", f"descriptionLIKE{order}", "sys_id"):
            fsm.records.delete("wm_order", row["sys_id"], fsm.system)
    pair.world.advance(1000)
    pair.world.clear_requests()
    with pytest.raises(Held, match="6 of 7 linked records"):
        pair.sync()
    assert [r for side in ("om", "fsm") for r in pair.world.requests(side) if r.method != "GET"] == []


def spoil_known(pair: Pair, record: str, order: str, kind: str, **more: Any) -> None:
    """The same for an order, or for the visit that was made for it."""
    if record == "order":
        spoil(pair, order, kind, **more)
        return
    row = pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "sys_id")[0]
    fault = {"kind": kind, "path_contains": row["sys_id"], "user": "connector", "count": None, **more}
    pair.world.fault("fsm", fault)


def test_it_is_served_like_any_other_once_it_can_be_read_and_the_finding_is_gone(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)
    spoil(pair, bad, "table_forbidden")
    pair.sync()
    pair.world.clear_faults()
    pair.sync(full=True)
    assert [len(pair.work_orders(order)) for order in [bad, *good]] == [2] * (OTHERS + 1)
    assert findings(pair) == {}


def test_what_was_denied_in_passing_is_looked_at_again_by_itself_and_ever_later(pair: Pair) -> None:
    bad, *_ = pair.approved(HAMBURG), others(pair)
    spoil(pair, bad, "table_forbidden")
    pair.sync()
    looks = []
    for _ in range(6):
        pair.world.clear_requests()
        pair.world.advance(70)
        pair.sync()
        looks.append(any(sys_id(pair, bad) in r.query for r in pair.world.requests("om")))
    assert looks == [True, True, True, False, True, False]
    pair.world.clear_faults()
    pair.world.advance(400)
    assert pair.sync().swept == 0
    assert len(pair.work_orders(bad)) == 2


def test_it_is_looked_at_alone_the_next_time_so_that_it_costs_the_others_nothing(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)
    spoil(pair, bad, "table_forbidden")
    pair.sync()
    pair.settle()
    for order in good:
        pair.om("close_domain_order", domain_order=pair.resource_order(order))
    pair.world.clear_requests()
    pair.sync(full=True)
    named = [r for r in pair.world.requests("om") if sys_id(pair, bad) in r.query and r.method == "GET"]
    assert len(named) == 1  # one question, about this order alone, that was denied
    assert not any(sys_id(pair, order) in named[0].query for order in good)


def test_what_spoils_every_order_is_not_searched_for_in_each_of_them(pair: Pair) -> None:
    others(pair)
    pair.sync()
    pair.settle()
    pair.world.fault(
        "fsm", {"kind": "table_forbidden", "path_contains": "sys_idIN", "user": "connector", "count": None}
    )
    pair.world.clear_requests()
    with pytest.raises(Denied):
        pair.sync(full=True)
    assert len(pair.world.requests("fsm")) < 20


def test_a_record_that_makes_no_sense_leaves_the_other_orders_alone(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)
    domain_order = pair.rows("om", DOMAIN_ORDER, f"order_line_item.order.number={bad}", "sys_id")[0]["sys_id"]
    om = pair.world.instance("om")
    om.records.update(DOMAIN_ORDER, domain_order, {"number": ""}, om.system)
    pair.sync()
    assert [len(pair.work_orders(order)) for order in good] == [2] * OTHERS
    assert findings(pair) == {bad: "unreadable"}


COUNTED = {
    "work order": ("fsm", "wm_order", "correlation_idISNOTEMPTY^descriptionLIKE{order}"),
    "task": ("fsm", "wm_task", "parent.descriptionLIKE{order}"),
    "order": ("om", ORDER, "number={order}"),
    "line": ("om", LINE, "order.number={order}"),
    "domain order": ("om", DOMAIN_ORDER, "order_line_item.order.number={order}"),
}


@pytest.mark.parametrize(
    ("record", "count"),
    [
        ("work order", "1,204"),
        ("task", "-"),
        ("order", "99999999999999999999"),
        ("line", "1,204"),
        ("domain order", "²"),
    ],
)
def test_a_count_of_updates_that_is_no_number_stops_nothing(pair: Pair, record: str, count: str) -> None:
    bad, good = pair.approved(HAMBURG), pair.approved(HAMBURG)
    pair.sync()
    pair.sync()
    side, table, query = COUNTED[record]
    strange = pair.rows(side, table, query.format(order=bad), "sys_id")[0]["sys_id"]

    def miscounted(rows: Rows) -> Rows:
        for row in rows:
            if value_of(row, "sys_id") == strange and "sys_mod_count" in row:
                row["sys_mod_count"] = (
                    {"value": count, "display_value": count} if isinstance(row["sys_id"], dict) else count
                )
        return rows

    line = Altered(pair, side, f"/table/{table}", miscounted)
    for order in (bad, good):
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    for full in (False, True):
        pair.sync(full=full)
        pair.world.advance(1000)  # for a round of the sweep too
    assert line.altered
    assert pair.noted(pair.resource_order(good), "-> Assigned")
    line.is_on = False
    pair.world.advance(1000)
    pair.sync()
    pair.settle()
    assert pair.noted(pair.resource_order(bad), "-> Assigned")
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_a_record_whose_count_cannot_be_read_counts_as_changed_at_every_poll_and_sweep(pair: Pair) -> None:
    """Its order is looked at more often than needed, rather than never again."""
    pair.approved(HAMBURG)
    Altered(pair, "om", f"/table/{LINE}", lambda rows: [{**row, "sys_mod_count": "1,204"} for row in rows])
    pair.sync()
    pair.sync()
    assert [pair.sync().changes for _ in range(2)] == [1, 1]
    pair.settle()
    swept = 0
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        for _ in range(12):
            pair.world.advance(400)
            swept += app.sync_once(engine, systems, pair.now).swept
    assert swept >= 3  # once in each round


@dataclass(frozen=True, slots=True)
class Stumbling(FieldMap):
    """A field map with a defect that shows with one order only."""

    over: str = ""

    def desired(self, facts: Mapping[str, str]) -> dict[str, str]:
        if facts["order"] == self.over:
            raise KeyError("a defect")
        return FieldMap.desired(self, facts)


def sync_with(pair: Pair, change: Callable[[Engine], Engine]) -> None:
    """One pass of an engine in which something is different."""
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        app.sync_once(change(engine), systems, pair.now)
    pair.world.advance(5)


def test_a_decision_that_fails_concerns_its_order_alone_and_says_where_it_failed(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)

    def stumbling(engine: Engine) -> Engine:
        fields = Stumbling(engine.rules.fields.templates, over=bad)
        return replace(engine, rules=replace(engine.rules, fields=fields))

    sync_with(pair, stumbling)
    assert [len(pair.work_orders(order)) for order in good] == [2] * OTHERS
    assert findings(pair) == {bad: "defect"}
    [found] = history.overview(memory_of(pair)).findings
    assert "KeyError at test_isolation.py:" in found.text
    assert "a defect" not in found.text.removeprefix("a defect of the connector")  # no value of a record
    pair.sync(full=True)  # the next release has no defect
    assert len(pair.work_orders(bad)) == 2
    assert findings(pair) == {}


def test_memory_that_cannot_be_understood_concerns_its_order_alone(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)
    pair.sync()
    pair.settle()
    database = memory_of(pair)
    with database.begin() as connection:
        connection.execute(verdict.update().where(verdict.c.order_number == bad).values(document={"half": "a row"}))
    for order in [bad, *good]:
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    assert [pair.noted(pair.resource_order(order), "-> Assigned") for order in good] == [True] * OTHERS
    assert not pair.noted(pair.resource_order(bad), "-> Assigned")
    assert findings(pair) == {bad: "defect"}


@pytest.mark.parametrize(
    "values", [{"kind": "FromTheFuture"}, {"document": {"half": "a row"}}], ids=["kind", "document"]
)
def test_a_write_of_a_newer_version_concerns_its_order_alone_and_can_be_looked_at(
    pair: Pair, values: dict[str, Any]
) -> None:
    bad = pair.approved(HAMBURG)
    pair.sync()
    pair.settle()
    with memory_of(pair).begin() as connection:
        connection.execute(outbox.update().where(outbox.c.id == 1).values(state="parked", **values))
    good = others(pair)
    pair.settle_but_parked()
    pair.sync(full=True)
    assert all(pair.install(order) for order in good)
    assert findings(pair) == {bad: "defect"}
    [parked] = overview(memory_of(pair)).waiting
    assert (parked.intent.action, parked.subject) == (None, bad)
    assert "does not understand this write" in parked.intent.error
    assert letter(memory_of(pair), 1, pair.now()).error == parked.intent.error


def test_a_hold_of_a_newer_version_stops_its_side_until_somebody_has_looked(pair: Pair) -> None:
    pair.sync()
    with memory_of(pair).begin() as connection:
        since = {"since": pair.now(), "by": "", "probes": 0, "order_id": ""}
        connection.execute(hold.insert().values(target="fsm", reason="from the future", text="?", **since))
    with pytest.raises(Held, match="strange") as raised:
        pair.sync()
    assert "--i-have-looked" in raised.value.hint
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        assert release_side(engine.store, "fsm", pair.now(), "looked", looked=True)
    pair.settle()


def test_a_finding_of_a_newer_version_is_shown_by_its_words(pair: Pair) -> None:
    pair.sync()
    values = {"order_id": "x", "order_number": "ORD9", "subject": "s", "text": "something new", "since": pair.now()}
    with memory_of(pair).begin() as connection:
        connection.execute(finding.insert().values(code="from-the-future", **values))
    assert [one.text for one in overview(memory_of(pair)).findings] == ["something new"]


class Clumsy:
    """Field Service through a port with a defect that shows with one order only."""

    def __init__(self, port: FieldService, over: str) -> None:
        self._port = port
        self._over = over

    def create(self, action: CreateWorkOrder) -> Written:
        if action.facts["order"] == self._over:
            raise ZeroDivisionError
        return self._port.create(action)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


def test_a_write_that_fails_as_nothing_should_is_parked_and_the_other_orders_are_served(pair: Pair) -> None:
    bad, good = pair.approved(HAMBURG), others(pair)

    def clumsy(engine: Engine) -> Engine:
        port = cast("FieldService", Clumsy(engine.fsm, bad))
        return replace(engine, fsm=port, outbox=replace(engine.outbox, fsm=port))

    sync_with(pair, clumsy)
    assert [len(pair.work_orders(order)) for order in good] == [2] * OTHERS
    assert pair.waiting() == {"parked": 2}
    assert set(findings(pair).values()) == {"write-parked"}


class Hanging(Clumsy):
    """Field Service that takes its time with one order only, until it is let go."""

    def __init__(self, port: FieldService, over: str) -> None:
        super().__init__(port, over)
        self.let_go = threading.Event()

    def create(self, action: CreateWorkOrder) -> Written:
        assert action.facts["order"] != self._over or self.let_go.wait(PATIENCE)
        return self._port.create(action)


def test_while_a_write_of_one_order_hangs_the_others_are_served_and_heard(pair: Pair) -> None:
    pair.sync()
    stuck, good = pair.approved(HAMBURG), others(pair)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        field = Hanging(engine.fsm, stuck)
        port = cast("FieldService", field)
        engine = replace(engine, fsm=port, outbox=replace(engine.outbox, fsm=port), crew=Crew(2, 0.05))

        def look_until(done: Callable[[], bool]) -> None:
            for _ in range(100):
                pair.world.advance(5)
                notice(engine, pair.now())
                drain_all(engine, pair.now)
                assert sys_id(pair, stuck) in engine.crew.busy
                if done():
                    return
            raise AssertionError("the others wait")

        look_until(lambda: all(len(pair.work_orders(order)) == 2 for order in good))
        assert pair.work_orders(stuck) == []
        for order in good:
            pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
        look_until(lambda: all(pair.noted(pair.resource_order(order), "-> Assigned") for order in good))
        field.let_go.set()
        drain_to_the_end(engine, pair.now)
        assert len(pair.work_orders(stuck)) == 2
    pair.settle()
    pair.assert_nothing_doubled()


def test_a_stuck_order_is_asked_about_less_and_less_often(pair: Pair) -> None:
    """A write waits and the order cannot be read: looked at after a minute first, later and later then."""
    stuck = pair.approved(HAMBURG)
    pair.world.fault("fsm", {"kind": "drop", "method": "POST", "user": "connector", "count": 1})
    pair.sync()
    assert pair.waiting() == {"unknown": 1, "pending": 1}
    spoil(pair, stuck, "table_forbidden")
    looks: list[float] = []
    for _ in range(10):
        pair.world.clear_requests()
        pair.sync()
        if any(r.status == 403 for r in pair.world.requests("om")):
            looks.append(pair.now().timestamp())
        pair.world.advance(max(next_look(pair), 0.0))
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert gaps[0] <= 130
    assert gaps[-1] > 4 * gaps[0]


def next_look(pair: Pair) -> float:
    """Seconds until somebody is looked at again."""
    due = Store(memory_of(pair)).next_due(pair.now())
    assert due is not None
    return (due - pair.now()).total_seconds()
