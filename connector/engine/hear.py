"""Observe what people wrote: the journals of the records of an order or case on both sides, read where somebody may have written.

A note counts as an update of its record, so nothing is read while the counts of updates are those up to which the journals
were read. Of a record that was changed just before, the journal is read once more at the next look: rows may come to light
later than the count that tells of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey, number_in
from connector.mapping.moments import moment_of
from connector.model import (
    Case,
    CasePhase,
    CaseSnapshot,
    DomainOrder,
    OrderTask,
    WorkOrder,
    WorkOrderPhase,
    WorkOrderTask,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from connector.decide.rules import NoteRules
    from connector.engine.ports import FieldService, OrderManagement
    from connector.model import Observed, OrderMemory

SETTLED = timedelta(minutes=2)  # after a change its note is surely in the journal: a request's quota, and as much again
_Record = DomainOrder | Case | OrderTask | WorkOrder | WorkOrderTask


@dataclass(frozen=True, slots=True)
class _Ears:
    """The records of one order or case on which people write what the other side should read."""

    seen: Observed
    noted: tuple[DomainOrder | Case, ...]
    order_tasks: tuple[OrderTask, ...]

    @property
    def work_orders(self) -> tuple[WorkOrder, ...]:
        return self.seen.work_orders

    @property
    def tasks(self) -> Iterator[WorkOrderTask]:
        return (task for work_order in self.work_orders for task in work_order.tasks)

    @property
    def there(self) -> tuple[_Record, ...]:
        return (*self.noted, *self.order_tasks)

    @property
    def here(self) -> tuple[_Record, ...]:
        return (*self.work_orders, *self.tasks)

    def is_unheard(self, remembered: OrderMemory) -> bool:
        """Whether a record has moved on since its journal was read to the end."""
        heard = {sys_id: count for link in remembered.links for sys_id, count in link.heard.items()}
        return any(heard.get(record.sys_id) != record.mod_count for record in (*self.there, *self.here))


def hear(
    snapshots: Collection[Observed],
    memory: Mapping[str, OrderMemory],
    om: OrderManagement,
    fsm: FieldService,
    notes: NoteRules,
) -> tuple[Observed, ...]:
    """The same with the journals of orders where they may say something new. One set of requests for all of them."""
    unsure = {s.sys_id for s in snapshots if any(_may_ask(w, s) for w in s.work_orders)}
    ears = [_ears(s, memory[s.sys_id]) for s in snapshots if notes.carry_any and s.work_orders]
    open_ears = {e.seen.sys_id: e for e in ears if e.is_unheard(memory[e.seen.sys_id])}
    if not open_ears and not unsure:
        return tuple(snapshots)
    heard = list(open_ears.values())
    there = om.journals(
        [
            *(record.sys_id for one in heard for record in one.noted),
            *(sys_id for s in snapshots if s.sys_id in unsure for sys_id in s.noted_ids),
        ],
        [task.sys_id for one in heard for task in one.order_tasks],
        comments=notes.comments,
    )
    here = fsm.journals(
        [work_order.sys_id for one in heard for work_order in one.work_orders],
        [task.sys_id for one in heard for task in one.tasks],
        comments=notes.comments,
    )
    now_there, now_here = om.server_time, fsm.server_time
    told: list[Observed] = []
    for s in snapshots:
        wanted = [*s.noted_ids] if s.sys_id in unsure else []
        if (one := open_ears.get(s.sys_id)) is not None:
            fresh = {*_fresh(one.there, now_there), *_fresh(one.here, now_here)}
            here_ids = [record.sys_id for record in one.here]
            wanted += [record.sys_id for record in one.there]
            s = replace(s, field_journals={i: here.get(i, ()) for i in here_ids}, fresh=frozenset(fresh))
            s = replace(s, there_at=now_there, here_at=now_here)
        told.append(replace(s, journals={i: there.get(i, ()) for i in wanted}))
    return tuple(told)


def _ears(snapshot: Observed, remembered: OrderMemory) -> _Ears:
    named = {link.initiator_id for link in remembered.links}
    for work_order in snapshot.work_orders:
        key = WorkOrderKey.parse(work_order.names)
        named.add(key.initiator_id if key else number_in(work_order.names))
    tasks = tuple(t for t in snapshot.order_tasks if {t.sys_id, t.number.casefold()} & named)
    owners = named | {task.domain_order_id for task in tasks}
    noted = tuple(one for one in snapshot.noted if {one.sys_id, one.number.casefold()} & owners)
    return _Ears(snapshot, noted, tasks)


def _fresh(records: Iterable[_Record], now: datetime) -> Iterator[str]:
    """Records that were changed so shortly before they were read that a journal may lag behind."""
    for record in records:
        changed = moment_of(record.updated_on)
        if changed is not None and now - changed < SETTLED:
            yield record.sys_id


def _may_ask(work_order: WorkOrder, seen: Observed) -> bool:
    """A work order that is over and did not settle things: a person may have decided what follows."""
    if isinstance(seen, CaseSnapshot):
        return seen.case.state.phase is CasePhase.OPEN and not work_order.state.phase.is_open
    return work_order.state.phase in (WorkOrderPhase.CANCELED, WorkOrderPhase.INCOMPLETE)
