"""Observe, decide, record the intentions: orders are read together, and each is decided and remembered alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.plan import decide
from connector.engine.isolate import is_of_one_record, look_apart, recall, unreadable
from connector.engine.known import KnownRecords
from connector.model import Finding, FindingCode

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from connector.engine.drain import Engine
    from connector.exchange import Unreadable
    from connector.model import OrderMemory, Plan, Snapshot


def consider(engine: Engine, order_ids: Collection[str], now: datetime) -> tuple[Plan, ...]:
    """The plans of those of these orders that could be read and decided, already on disk.

    An order that could not is left alone, with a finding that says why. Raises a RemoteError that concerns all of them.
    """
    memory, strange = recall(engine.store, order_ids)
    suspects = engine.store.left_alone(order_ids)
    seen = look_apart(
        memory, suspects, engine.om, engine.fsm, concerns_all=lambda error: engine.sides.trouble(error, now)
    )
    held = engine.sides.held_orders(now)
    plans: list[Plan] = []
    failed: list[Unreadable] = [*strange, *seen.unreadable]
    for snapshot in seen.snapshots:
        if snapshot.order.number.upper() in held:
            _wait_for_release(engine, snapshot, now)
            continue
        try:
            plans.append(_decided(engine, snapshot, memory[snapshot.order.sys_id], now))
        except Exception as error:
            if not is_of_one_record(error):
                raise
            failed.append(unreadable(snapshot.order.sys_id, snapshot.order.number, error))
    decided = {plan.order_id for plan in plans}
    KnownRecords(engine.store.engine).looked_at(record for record in seen.records if record.order_id in decided)
    for bad in failed:
        _leave_alone(engine, bad, now)
    return tuple(plans)


def _wait_for_release(engine: Engine, snapshot: Snapshot, now: datetime) -> None:
    """Somebody held an order before the connector had heard of it; now it is known, and waits."""
    engine.store.bind_hold(snapshot.order.sys_id, snapshot.order.number.upper())
    engine.store.wake([snapshot.order.sys_id], due=now, reason="held")


def _decided(engine: Engine, snapshot: Snapshot, memory: OrderMemory, now: datetime) -> Plan:
    plan = decide(snapshot, memory, engine.rules)
    engine.store.intend(plan, now)
    return plan


def _leave_alone(engine: Engine, bad: Unreadable, now: datetime) -> None:
    number = bad.number or engine.store.number_of(bad.order_id)
    code = FindingCode.DEFECT if bad.is_defect else FindingCode.UNREADABLE
    engine.store.find(bad.order_id, number, [Finding(code, number, bad.why)], now)
