"""Observe, decide, record the intentions: orders are read together, and each is decided and remembered alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.decide.case import decide_case
from connector.decide.completion import is_over
from connector.decide.plan import decide
from connector.engine.archive import Archive
from connector.engine.halves import is_of_one_record
from connector.engine.hold import Side
from connector.engine.isolate import look_apart, recall, unreadable
from connector.engine.known import KnownRecords
from connector.engine.look import with_revisers, with_tokens
from connector.engine.went_back import brake_or_find, start_anew, with_findings
from connector.exchange import Unreadable
from connector.model import CancelWorkOrder, CaseSnapshot, Finding, FindingCode, Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from connector.decide.rules import Rules
    from connector.engine.drain import Engine
    from connector.engine.look import Look
    from connector.model import Observed, OrderMemory, Plan


def consider(engine: Engine, order_ids: Collection[str], now: datetime) -> tuple[Plan, ...]:
    """The plans of those of these orders that could be read and decided, already on disk.

    An order that could not is left alone, with a finding that says why. Raises a RemoteError that concerns all of them.
    """
    memory, strange = recall(engine.store, order_ids)
    suspects = engine.store.left_alone(order_ids)
    seen = look_apart(
        memory,
        suspects,
        engine.om,
        engine.fsm,
        engine.rules,
        engine.store.orders_keeping,
        concerns_all=lambda error: engine.sides.trouble(error, now),
    )
    if seen.unreadable:
        engine.sides.ask_again()
    _brake_if_vanished(engine, memory, seen, now)
    behind = brake_or_find(engine, seen.records, now)
    anew = start_anew(engine, seen, memory, now)
    held = engine.sides.held_orders(now)
    for snapshot in seen.snapshots:
        if snapshot.number.upper() in held:
            _wait_for_release(engine, snapshot, now)
    snapshots = [s for s in seen.snapshots if s.number.upper() not in held and s.sys_id not in anew]
    failed: list[Unreadable] = [*strange, *seen.unreadable, *_gone(memory, seen)]
    plans = _decide_each(engine, snapshots, memory, failed, now)
    doubted = [s for s in snapshots if _is_doubted(engine, s.sys_id, plans, memory)]
    told = with_tokens(doubted, engine.om)
    plans |= _decide_each(engine, told, memory, failed, now)
    newest = {s.sys_id: s for s in (*snapshots, *told)}
    unnamed = [newest[plan.order_id] for plan in plans.values() if plan.unnamed]
    plans |= _decide_each(engine, with_revisers(unnamed, plans, engine.om), memory, failed, now)
    engine.compared.update(snapshot.sys_id for snapshot in doubted)
    plans = with_findings(plans, behind)
    canceling = _new_cancellations(engine, plans.values())
    for plan in list(plans.values()):
        with _alone(failed, plan.order_id, plan.order_number):
            engine.store.intend(plan, now)
    decided = {plan.order_id for plan in plans.values()} - {bad.order_id for bad in failed}
    KnownRecords(engine.store.engine).looked_at(
        (record for record in seen.records if record.order_id in decided),
        lambda part: (engine.fsm if part in engine.fsm.parts else engine.om).server_time,
    )
    engine.sides.count_cancellations(canceling, now)
    engine.store.looked_at(decided, now)
    _archive(engine, [s for s in snapshots if s.sys_id in decided and is_over(s, plans[s.sys_id])], now)
    for bad in failed:
        plans.pop(bad.order_id, None)
        _leave_alone(engine, bad, now)
    return tuple(plans.values())


def _archive(engine: Engine, over: Iterable[Observed], now: datetime) -> None:
    """Orders that are over leave memory for the archive; whatever happens to one takes it out again."""
    order_ids = [snapshot.sys_id for snapshot in over]
    if order_ids:
        engine.compared.difference_update(Archive(engine.store.engine).put_away(order_ids, now))


def _brake_if_vanished(engine: Engine, memory: Mapping[str, OrderMemory], seen: Look, now: datetime) -> None:
    """Absence is not proof: where many records memory knows are missing, nothing is decided. Raises Held."""
    unread = {bad.order_id for bad in seen.unreadable} | engine.sides.guard.told(memory)
    linked = {order_id for order_id, known in memory.items() if known.links} - unread
    engine.sides.vanished(Side.OM, linked, {snapshot.sys_id for snapshot in seen.snapshots}, now)
    found = {work_order.sys_id for snapshot in seen.snapshots for work_order in snapshot.work_orders}
    whole = [snapshot for snapshot in seen.snapshots if snapshot.sys_id not in unread]
    expected = {one.work_order_id for snapshot in whole for one in memory[snapshot.sys_id].links}
    engine.sides.vanished(Side.FSM, expected, found, now)
    for part, known, shown in _parts(whole, memory):
        engine.sides.vanished(Side.OM, known, shown, now, part)


def _parts(seen: Iterable[Observed], memory: Mapping[str, OrderMemory]) -> Iterator[tuple[str, set[str], set[str]]]:
    """What must be there of the parts of orders: a name, their sys_ids, and those that were shown. A work order was made for a
    domain order or order task, which stands on a line."""
    orders = [snapshot for snapshot in seen if isinstance(snapshot, Snapshot)]
    links = [link for snapshot in orders for link in memory[snapshot.sys_id].links]
    domain_orders = [one for snapshot in orders for one in snapshot.domain_orders]
    tasks = {task.sys_id for snapshot in orders for task in snapshot.order_tasks}
    linked = {link.domain_order_id for link in links}
    yield "domain orders", linked, {one.sys_id for one in domain_orders}
    yield "order tasks", {link.initiator_id for link in links} - linked, tasks
    lines = {one.line_id for one in domain_orders if one.sys_id in linked and one.line_id}
    yield "order lines", lines, {line.sys_id for snapshot in orders for line in snapshot.lines}


def _gone(memory: Mapping[str, OrderMemory], seen: Look) -> list[Unreadable]:
    """Orders that have work orders and are not in Order Management any more, or may not be seen."""
    read = {s.sys_id for s in seen.snapshots} | {bad.order_id for bad in seen.unreadable}
    why = "the order is not in Order Management any more, or the connector's user may no longer see it"
    return [Unreadable(order_id, "", why) for order_id, known in memory.items() if known.links and order_id not in read]


def _new_cancellations(engine: Engine, plans: Iterable[Plan]) -> int:
    """How many work orders are to be canceled that never were before: what a person released is decided again, not counted."""
    keys = {action.key for plan in plans for action in plan.actions if isinstance(action, CancelWorkOrder)}
    return len(keys - engine.store.ever_intended(keys))


def _wait_for_release(engine: Engine, snapshot: Observed, now: datetime) -> None:
    """Somebody held an order before the connector had heard of it; now it is known, and waits."""
    engine.store.bind_hold(snapshot.sys_id, snapshot.number.upper())
    engine.store.wake([snapshot.sys_id], due=now, reason="held")


def _decide_each(
    engine: Engine,
    snapshots: Iterable[Observed],
    memory: Mapping[str, OrderMemory],
    failed: list[Unreadable],
    now: datetime,
) -> dict[str, Plan]:
    plans: dict[str, Plan] = {}
    for snapshot in snapshots:
        with _alone(failed, snapshot.sys_id, snapshot.number):
            plans[snapshot.sys_id] = _decide(snapshot, memory[snapshot.sys_id], engine.rules, now)
    return plans


def _decide(seen: Observed, memory: OrderMemory, rules: Rules, now: datetime) -> Plan:
    return decide_case(seen, memory, rules, now) if isinstance(seen, CaseSnapshot) else decide(seen, memory, rules, now)


def _is_doubted(engine: Engine, order_id: str, plans: Mapping[str, Plan], memory: Mapping[str, OrderMemory]) -> bool:
    """A process cannot know whether its memory is the newest: somebody may have put back an old copy.

    So before the first thing it does about an order, the journals are read, and what they say counts more than memory. Where
    something was told already, they are read even if nothing is to be done: a work order may have gone back to where the old copy
    knows it, while the last note says something else.
    """
    if order_id in engine.compared or order_id not in plans:
        return False
    known = memory[order_id]
    return bool(plans[order_id].actions or known.links) or known.has_open_intents


@contextmanager
def _alone(failed: list[Unreadable], order_id: str, number: str) -> Iterator[None]:
    """What is wrong with this one order is put down here; what is wrong with everything is raised."""
    try:
        yield
    except Exception as error:
        if not is_of_one_record(error):
            raise
        failed.append(unreadable(order_id, number, error))


def _leave_alone(engine: Engine, bad: Unreadable, now: datetime) -> None:
    number = bad.number or engine.store.number_of(bad.order_id)
    code = FindingCode.DEFECT if bad.is_defect else FindingCode.UNREADABLE
    engine.store.find(bad.order_id, number, [Finding(code, number, bad.why)], now)
