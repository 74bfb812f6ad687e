"""Answers from memory: why an order, line, domain order, task or work order is as it is, and how the connector is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connector.engine import history
from connector.engine.database import open_database
from connector.engine.store import Settlement, Store
from connector.errors import NotFound
from connector.exchange import FeedId
from connector.model import (
    Action,
    CreateWorkOrder,
    Finding,
    FindingCode,
    Initiator,
    IntentState,
    Link,
    Origin,
    Plan,
    State,
    Verdict,
    WorkOrderPhase,
    WriteNote,
)
from tests.unit.orders import RULES, domain_order, facts, line, order, order_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.engine.history import Explanation

NOW = datetime(2027, 2, 1, 10, 15, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
RO1 = Initiator(order(), line(), domain_order())
TASK1 = replace(RO1, task=order_task())
RO2 = replace(
    RO1,
    line=replace(line(), sys_id="e" * 32, number="ORDL2"),
    domain_order=replace(domain_order(), sys_id="f" * 32, number="RO2"),
)
ORD2 = Initiator(
    replace(order(), sys_id="9" * 32, number="ORD2"),
    replace(line(), sys_id="7" * 32, number="ORDL9"),
    replace(domain_order(), sys_id="8" * 32, number="RO9"),
)
OPEN = State("10", "Ready for Dispatch", WorkOrderPhase.OPEN)
CLOSED = State("3", "Closed Complete", WorkOrderPhase.COMPLETE)


def verdict(of: Initiator) -> Verdict:
    policy = RULES.order_task_policy if of.task else RULES.domain_order_policy
    return policy.decide(of, facts() | {"request type": of.task.request_type if of.task else ""}, version=1)


def link(of: Initiator, number: str, noted: State[WorkOrderPhase] = OPEN) -> Link:
    return Link(
        work_order_id=number.rjust(32, "0"),
        work_order_number=number,
        order_id=of.order.sys_id,
        domain_order_id=of.domain_order.sys_id,
        initiator_id=of.sys_id,
        origin=Origin.CREATED,
        noted=noted,
    )


def creation(of: Initiator, key: str) -> CreateWorkOrder:
    return CreateWorkOrder(key, of.sys_id, of.number, of.domain_order.sys_id, "Install CPE", 1, 1, {}, {})


def note(of: Initiator, key: str) -> WriteNote:
    return WriteNote(key, of.domain_order.sys_id, of.domain_order.number, f"{of.number} was told.")


class Memory:
    """A store in a file, told what happened."""

    def __init__(self, path: Path) -> None:
        database = open_database(path, create=True)
        assert database is not None
        self.database = database
        self.store = Store(database)

    def learn(
        self,
        *of: Initiator,
        links: tuple[Link, ...] = (),
        actions: tuple[Action, ...] = (),
        findings: tuple[Finding, ...] = (),
    ) -> None:
        plan = Plan(of[0].order.sys_id, of[0].order.number, tuple(map(verdict, of)), actions, findings, links)
        self.store.intend(plan, NOW)

    def carry_out(self, of: Initiator, text: str, state: IntentState = IntentState.DONE) -> None:
        entry = self.store.start_next(of.order.sys_id, NOW, look_again_at=LATER)
        assert entry is not None
        error = "" if state is IntentState.DONE else text
        settlement = Settlement(state, text, error=error, retry_at=LATER if state.is_open else None)
        self.store.settle(entry, settlement, NOW)

    def explain(self, number: str) -> Explanation:
        return history.explain(self.database, number)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """ORD1 with RO1 (WO1), its task TASK1 (WO2) and RO2 (WO3), each work order created; and another order beside it."""
    made = Memory(tmp_path / "memory.db")
    initiators = (RO1, TASK1, RO2)
    made.learn(
        *initiators,
        links=(link(RO1, "WO1"), link(TASK1, "WO2"), link(RO2, "WO3", CLOSED)),
        actions=tuple(creation(one, f"create {one.number}") for one in initiators),
        findings=(Finding(FindingCode.NOT_APPLIED, "WO1", "Field Service did not take: account"),),
    )
    for one in initiators:
        made.carry_out(one, "created in Field Service")
    made.learn(ORD2, links=(link(ORD2, "WO9"),))
    yield made
    made.database.dispose()


def seen(found: Explanation) -> tuple[list[str], list[str], list[str]]:
    """Whose verdicts, which work orders, whose events."""
    return (
        sorted(judged.verdict.initiator_number for judged in found.verdicts),
        [kept.work_order_number for kept in found.links],
        [happened.subject for happened in found.events],
    )


@pytest.mark.parametrize(
    ("number", "initiators", "work_orders"),
    [
        ("ORD1", ["RO1", "RO2", "TASK1"], ["WO1", "WO2", "WO3"]),
        ("ord1", ["RO1", "RO2", "TASK1"], ["WO1", "WO2", "WO3"]),
        (" ORD1 ", ["RO1", "RO2", "TASK1"], ["WO1", "WO2", "WO3"]),
        ("ORDL1", ["RO1", "TASK1"], ["WO1", "WO2"]),
        ("ORDL2", ["RO2"], ["WO3"]),
        ("RO1", ["RO1"], ["WO1", "WO2"]),
        ("ro2", ["RO2"], ["WO3"]),
        ("TASK1", ["TASK1"], ["WO2"]),
        ("WO1", ["RO1"], ["WO1"]),
        ("wo2", ["TASK1"], ["WO2"]),
        ("ORD2", ["RO9"], ["WO9"]),
    ],
)
def test_every_number_people_know_leads_to_its_verdicts_and_work_orders(
    memory: Memory, number: str, initiators: list[str], work_orders: list[str]
) -> None:
    assert seen(memory.explain(number))[:2] == (initiators, work_orders)


@pytest.mark.parametrize(
    ("number", "subjects"),
    [
        ("ORD1", ["RO1", "TASK1", "RO2"]),
        ("ORDL1", ["RO1", "TASK1"]),
        ("RO2", ["RO2"]),
        ("TASK1", ["TASK1"]),
        ("WO3", ["RO2"]),
        ("ORD2", []),
    ],
)
def test_the_history_of_a_part_holds_what_happened_to_it_and_of_an_order_everything(
    memory: Memory, number: str, subjects: list[str]
) -> None:
    assert seen(memory.explain(number))[2] == subjects


@pytest.mark.parametrize("number", ["ORD1", "ORDL2", "RO1", "TASK1", "WO3"])
def test_an_explanation_says_of_which_order_it_speaks(memory: Memory, number: str) -> None:
    assert memory.explain(number).order_number == "ORD1"


@pytest.mark.parametrize("number", ["ORD3", "", "ORD", "%", "WO", "a" * 32])
def test_a_number_memory_does_not_know_is_said_to_be_unknown_with_what_to_do(memory: Memory, number: str) -> None:
    with pytest.raises(NotFound, match="Memory knows nothing by the number") as refused:
        memory.explain(number)
    assert refused.value.hint
    assert refused.value.exit_code == 4


def test_an_explanation_tells_when_and_why_it_was_decided_so(memory: Memory) -> None:
    [judged] = memory.explain("RO1").verdicts
    assert (judged.at, judged.verdict) == (NOW, verdict(RO1))


def test_an_event_tells_when_what_and_how_it_ended(memory: Memory) -> None:
    [happened] = memory.explain("RO2").events
    assert (happened.at, happened.kind, happened.text) == (NOW, "create done", "created in Field Service")


def test_what_waits_is_told_with_its_error_and_next_try_until_it_is_settled(memory: Memory) -> None:
    memory.store.intend(Plan(RO1.order.sys_id, "ORD1", actions=(note(RO1, "n1"), note(RO1, "n2"))), NOW)
    memory.carry_out(RO1, "not reached", IntentState.UNKNOWN)
    first, second = memory.explain("ORD1").waiting
    assert (first.intent.state, first.intent.error, first.attempts, first.not_before) == (
        IntentState.UNKNOWN, "not reached", 1, LATER,
    )  # fmt: skip
    assert (second.intent.state, second.intent.action, second.attempts) == (IntentState.PENDING, note(RO1, "n2"), 0)
    assert memory.explain("ORD2").waiting == ()


@pytest.mark.parametrize(
    ("state", "waits"), [(IntentState.PARKED, True), (IntentState.DONE, False), (IntentState.WITHDRAWN, False)]
)
def test_a_parked_write_waits_for_a_person_and_a_settled_one_for_nobody(
    memory: Memory, state: IntentState, waits: bool
) -> None:
    memory.store.intend(Plan(RO1.order.sys_id, "ORD1", actions=(note(RO1, "n1"),)), NOW)
    memory.carry_out(RO1, "denied", state)
    assert bool(memory.explain("ORD1").waiting) is waits


def test_a_finding_is_told_with_the_moment_it_was_first_seen(memory: Memory) -> None:
    same = Finding(FindingCode.NOT_APPLIED, "WO1", "Field Service did not take: account, contact")
    memory.store.find(RO1.order.sys_id, "ORD1", [same], LATER)
    [found] = memory.explain("WO1").findings
    assert (found.since, found.code, found.subject, found.text) == (NOW, same.code, "WO1", same.text)
    memory.store.find(RO1.order.sys_id, "ORD1", [], LATER)
    assert memory.explain("WO1").findings == ()


def test_an_order_is_not_explained_with_the_findings_of_another(memory: Memory) -> None:
    assert memory.explain("ORD1").findings
    assert memory.explain("ORD2").findings == ()


def test_what_was_said_elsewhere_about_a_work_order_is_told_of_it_by_its_number(memory: Memory) -> None:
    memory.store.intend(Plan(RO1.order.sys_id, "ORD1", actions=(note(RO2, "n1"),)), NOW)
    memory.carry_out(RO2, "waits for WO2 (Draft)")
    assert [happened.subject for happened in memory.explain("WO2").events] == ["TASK1", "RO2"]
    assert [happened.subject for happened in memory.explain("WO1").events] == ["RO1"]


def test_the_explanation_of_one_work_order_holds_no_finding_about_another(memory: Memory) -> None:
    assert memory.explain("WO1").findings
    assert memory.explain("WO3").findings == ()


def test_what_happened_to_a_work_order_with_a_longer_number_is_not_told_of_the_shorter(memory: Memory) -> None:
    memory.store.intend(Plan(RO1.order.sys_id, "ORD1", actions=(note(RO2, "n1"),)), NOW)
    memory.carry_out(RO2, "WO10 was created in Field Service")
    assert "WO10" not in " ".join(happened.text for happened in memory.explain("WO1").events)


def test_a_domain_order_is_explained_with_the_work_orders_of_its_tasks_which_keep_it_open(memory: Memory) -> None:
    assert [kept.work_order_number for kept in memory.explain("RO1").links] == ["WO1", "WO2"]


def test_a_work_order_made_by_hand_is_found_before_anything_was_decided(memory: Memory) -> None:
    by_hand = replace(link(ORD2, "WO77"), order_id="6" * 32, initiator_id="6" * 32, origin=Origin.BY_HAND)
    memory.store.intend(Plan("6" * 32, "ORD7", links=(by_hand,)), NOW)
    found = memory.explain("WO77")
    assert (found.verdicts, found.links) == ((), (by_hand,))


def test_the_overview_counts_what_is_tracked_and_what_waits(memory: Memory) -> None:
    memory.store.intend(Plan(RO1.order.sys_id, "ORD1", actions=(note(RO1, "n1"), note(RO1, "n2"))), NOW)
    memory.carry_out(RO1, "denied", IntentState.PARKED)
    memory.store.wake(["a" * 32, "b" * 32], due=LATER, reason="changed")
    memory.store.wake(["b" * 32], due=NOW, reason="webhook")
    memory.store.note_pass("sweep", NOW, "2 orders")
    memory.store.advance("om", FeedId("orders", "f" * 12), watermark=LATER, rows=(), overlap_from="", wake=(), now=NOW)
    glance = history.overview(memory.database)
    assert (glance.orders, glance.work_orders, glance.open_work_orders) == (2, 4, 3)
    assert glance.outbox == {"done": 3, "parked": 1, "pending": 1}
    assert [(w.order_number, w.intent.key, w.kind) for w in glance.waiting] == [
        ("ORD1", "n1", "WriteNote"),
        ("ORD1", "n2", "WriteNote"),
    ]
    assert (glance.wakeups, glance.next_wakeup) == (2, NOW)
    assert glance.read_until == {"om orders": LATER}
    assert glance.last == {"sweep": (NOW, "2 orders")}


def test_the_overview_names_the_findings_of_all_orders_oldest_first(memory: Memory) -> None:
    memory.store.find("9" * 32, "ORD2", [Finding(FindingCode.FROZEN, "RO9", "on hold")], NOW - timedelta(days=1))
    assert [(found.order_number, found.subject) for found in history.overview(memory.database).findings] == [
        ("ORD2", "RO9"),
        ("ORD1", "WO1"),
    ]


def test_the_overview_of_an_empty_memory_is_empty(tmp_path: Path) -> None:
    empty = Memory(tmp_path / "memory.db")
    glance = history.overview(empty.database)
    assert (glance.orders, glance.work_orders, glance.wakeups, glance.next_wakeup) == (0, 0, 0, None)
    assert (glance.outbox, glance.waiting, glance.findings, glance.read_until, glance.last) == ({}, (), (), {}, {})
    empty.database.dispose()
