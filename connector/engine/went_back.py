"""Orders whose records went back, as after the restore of a backup.

One record that went back is a finding, several are a brake (sides.restored). Once a person has looked, memory is not believed
any more in what it says was carried and told: it is forgotten as if memory were lost, and the marks and journals say what is
still there. So what the backup lacks is carried and told again, and nothing else. Kept is what stands nowhere else: what the
policy said, what people gave up, linked by hand or let go of, work orders that are not there any more, and what waits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connector.engine.known import NOBODY, KnownRecords
from connector.engine.tables import event, link, outbox
from connector.mapping.marks import WorkOrderKey
from connector.model import BindWorkOrder, CreateWorkOrder, Finding, FindingCode, IntentState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from connector.engine.drain import Engine
    from connector.engine.look import Look
    from connector.exchange import Record
    from connector.model import Observed, OrderMemory, Plan

_LASTING = tuple(kind.__name__ for kind in (CreateWorkOrder, BindWorkOrder))


def brake_or_find(engine: Engine, records: Collection[Record], now: datetime) -> dict[str, Finding]:
    """Brake where several of these records went back; a single one is a finding of its order. Raises Held."""
    found: dict[str, Finding] = {}
    for system in (engine.om, engine.fsm):
        read = [record for record in records if (record.part in engine.fsm.parts) == (system is engine.fsm)]
        older = engine.sides.restored(system, {one.sketch.sys_id: one.sketch.mod_count for one in read}, now)
        for one in read:
            if one.sketch.sys_id.casefold() in older:
                what = one.part.replace("_", " ")
                text = (
                    f"the {what} {one.sketch.sys_id} in {system.name} has fewer updates than when it was last read: a script, an "
                    "import or a backup put it back. Once it is as it should be: om-fsm release "
                    f"{'fsm' if system is engine.fsm else 'om'} --i-have-looked"
                )
                found[one.order_id] = Finding(FindingCode.WENT_BACK, what, text)
    return found


def with_findings(plans: Mapping[str, Plan], found: Mapping[str, Finding]) -> dict[str, Plan]:
    """The same plans, with what was found with their orders."""
    return {
        order_id: replace(plan, findings=(*plan.findings, found[order_id])) if order_id in found else plan
        for order_id, plan in plans.items()
    }


def start_anew(engine: Engine, seen: Look, memory: Mapping[str, OrderMemory], now: datetime) -> frozenset[str]:
    """Forget what was carried and told for those of these orders whose records went back, as a person knows. They are to be
    looked at once more, now: that look reads their journals. Returns which they are."""
    records = KnownRecords(engine.store.engine)
    behind = records.forgiven([record for record in seen.records if record.order_id != NOBODY])
    again = [snapshot for snapshot in seen.snapshots if snapshot.sys_id in behind and snapshot.sys_id in memory]
    for snapshot in again:
        _forget(engine.store.engine, snapshot, memory[snapshot.sys_id], now)
    orders = frozenset(snapshot.sys_id for snapshot in again)
    if orders:
        engine.compared.difference_update(orders)
        engine.store.wake(orders, due=now, reason="it went back")
        records.looked_at(
            (record for record in seen.records if record.order_id in orders),
            lambda part: (engine.fsm if part in engine.fsm.parts else engine.om).server_time,
        )
    return orders


def _forget(engine: sa.Engine, seen: Observed, remembered: OrderMemory, now: datetime) -> None:
    marked = {one.sys_id for one in seen.work_orders if WorkOrderKey.parse(one.names)}
    links = [one for one in remembered.links if one.work_order_id in marked and one.is_ours and not one.detached]
    with engine.begin() as connection:
        _forget_links(connection, [one.work_order_id for one in links], seen.sys_id)
        done = (outbox.c.order_id == seen.sys_id) & (outbox.c.state == IntentState.DONE.value) & (outbox.c.error == "")
        kind = sa.func.coalesce(outbox.c.kind, "")
        connection.execute(outbox.update().where(done, kind.not_in(_LASTING)).values(state=IntentState.WITHDRAWN.value))
        text = "records of this order went back; what they lack is carried and told again"
        order = {"order_id": seen.sys_id, "order_number": seen.number, "subject": seen.number}
        connection.execute(event.insert().values(at=now, **order, kind="went back", text=text))


def _forget_links(connection: sa.Connection, work_order_ids: Collection[str], order_id: str) -> None:
    for work_order_id in work_order_ids:
        connection.execute(link.delete().where(link.c.work_order_id == work_order_id, link.c.order_id == order_id))
