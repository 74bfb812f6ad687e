"""Observe: everything about a set of orders from both systems, many orders per request, as immutable snapshots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.decide.draft import initiators_of
from connector.decide.fallout import settling
from connector.decide.refused import wanted_there
from connector.engine.archive import Archive
from connector.engine.hear import hear
from connector.exchange import WORK_ORDER, Pointer, Record, Sketch
from connector.mapping.facts import PRIORITY, facts_of
from connector.mapping.marks import Carried, WorkOrderKey, is_detached, number_in, prefix
from connector.mapping.quotes import own_words
from connector.model import DomainOrderPhase, IntentState, Origin, RaiseFallout, Snapshot, WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from connector.decide.rules import Rules
    from connector.engine.drain import Engine
    from connector.engine.ports import FieldService, OrderManagement
    from connector.exchange import Unreadable
    from connector.model import Intent, JournalEntry, Link, Observed, OrderMemory, Plan, State, WorkOrder


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed."""

    snapshots: tuple[Observed, ...]
    unreadable: tuple[Unreadable, ...] = ()
    records: tuple[Record, ...] = ()  # of the snapshots, for the sweep to compare with


def look(
    order_ids: Collection[str],
    memory: Mapping[str, OrderMemory],
    om: OrderManagement,
    fsm: FieldService,
    rules: Rules,
    orders_of: Callable[[Collection[str]], Mapping[str, str]],
) -> Look:
    """Read these orders whole. Costs a number of requests that grows with bytes, not with orders.

    Besides the linked work orders it asks for what memory may not know, because it may be lost or an old copy: work orders
    that carry our mark for one of their initiators, and those that a person made and gave an initiator's number. One that
    another order keeps as far as memory knows (`orders_of`) stays there.
    """
    read = om.read_orders(order_ids)
    linked: set[str] = set()
    prefixes: set[str] = set()
    belongs: dict[str, str] = {}  # initiator (sys_id, or number in lower case) -> order
    numbers: set[str] = set()
    for snapshot in read.snapshots:
        order_id = snapshot.sys_id
        linked |= {link.work_order_id for link in memory[order_id].links}
        for initiator in initiators_of(snapshot):
            belongs[initiator.sys_id] = belongs[initiator.number.casefold()] = order_id
            numbers.add(initiator.number)
            prefixes.add(prefix(om.name, initiator.sys_id))
    work_orders = fsm.read_work_orders(ids=sorted(linked), names=sorted(numbers), key_prefixes=sorted(prefixes))
    links = {link.work_order_id: order_id for order_id, m in memory.items() for link in m.links}
    links |= orders_of([w.sys_id for w in work_orders if w.sys_id not in links])
    by_hand = {one.work_order_id for m in memory.values() for one in m.links if one.origin is Origin.BY_HAND}
    # One that cannot be understood stays missing where memory knows it, and what is missing keeps the gate shut.
    unknown = [w for w in work_orders if w.strange and w.sys_id not in links and not is_detached(w.mark)]
    work_orders = _with_trails(tuple(w for w in work_orders if not w.strange), memory, fsm)

    def by_order(some: Iterable[WorkOrder]) -> dict[str, tuple[WorkOrder, ...]]:
        found: dict[str, tuple[WorkOrder, ...]] = {}
        for work_order in some:
            key = WorkOrderKey.parse(work_order.names)
            named = belongs.get(key.initiator_id if key else number_in(work_order.names), "")
            order_id = links.get(work_order.sys_id, named)
            found[order_id] = (*found.get(order_id, ()), work_order)
            if work_order.sys_id in by_hand and key is None and named not in ("", order_id):
                # A person gave it to another order: the one lets go, the other takes it.
                found[named] = (*found.get(named, ()), work_order)
        return found

    whole, unclear = by_order(work_orders), by_order(unknown)
    snapshots = tuple(
        replace(s, work_orders=whole.get(s.sys_id, ()), strange=unclear.get(s.sys_id, ())) for s in read.snapshots
    )
    strange = tuple(s for s in snapshots if any(_is_strange(w, memory[s.sys_id]) for w in s.work_orders))
    compared = {snapshot.sys_id: snapshot for snapshot in (*snapshots, *with_tokens(strange, om))}
    others = [s for s in snapshots if s.sys_id not in {one.sys_id for one in strange}]
    raised = [s for s in others if _has_raised(memory[s.sys_id]) or _has_held_tasks(s)]
    compared |= {snapshot.sys_id: snapshot for snapshot in _with_fallouts(raised, om)}
    compared = _with_priorities(compared, memory, om)
    heard = _with_answers(hear(compared.values(), memory, om, fsm, rules.notes), memory, fsm, rules)
    return Look(_with_reasons(heard, memory, fsm), read.unreadable, (*read.records, *_records(snapshots)))


def look_now(engine: Engine, order_id: str) -> tuple[OrderMemory, Look]:
    """One order for somebody who asks: what memory holds about it, be it archived, and what is read of it."""
    Archive(engine.store.engine).take_out([order_id])
    memory = engine.store.memory_of([order_id])
    seen = look([order_id], memory, engine.om, engine.fsm, engine.rules, engine.store.orders_keeping)
    return memory[order_id], seen


def _records(snapshots: tuple[Observed, ...]) -> Iterator[Record]:
    for snapshot in snapshots:
        for w in snapshot.work_orders:
            sketch = Sketch(w.sys_id, w.mod_count, w.state.value)
            yield Record(WORK_ORDER, sketch, snapshot.sys_id, w.state.phase.is_open)


def _with_trails(
    work_orders: tuple[WorkOrder, ...], memory: Mapping[str, OrderMemory], fsm: FieldService
) -> tuple[WorkOrder, ...]:
    """Read the audit trail of work orders whose state has changed since somebody was told."""
    noted = _noted(memory)
    moved = [w.sys_id for w in work_orders if (told := noted.get(w.sys_id)) is not None and told.value != w.state.value]
    if not moved:
        return work_orders
    trails = fsm.trails(moved)
    return tuple(replace(w, trail=trails.get(w.sys_id, ())) for w in work_orders)


def _with_reasons(
    snapshots: tuple[Observed, ...], memory: Mapping[str, OrderMemory], fsm: FieldService
) -> tuple[Observed, ...]:
    """Say why, where a visit came to nothing and nobody was told yet. Reads journals only where they were not read already."""
    noted = _noted(memory)
    untold = {
        w.sys_id: s.field_journals.get(w.sys_id)
        for s in snapshots
        for w in s.work_orders
        if w.state.phase in (WorkOrderPhase.CANCELED, WorkOrderPhase.INCOMPLETE) and noted.get(w.sys_id) != w.state
    }
    if not untold:
        return snapshots
    unread = [sys_id for sys_id, entries in untold.items() if entries is None]
    journals = {**untold, **(fsm.journals(unread) if unread else {})}
    return tuple(
        replace(s, work_orders=tuple(replace(w, reason=_last(journals.get(w.sys_id))) for w in s.work_orders))
        for s in snapshots
    )


def _with_answers(
    snapshots: tuple[Observed, ...], memory: Mapping[str, OrderMemory], fsm: FieldService, rules: Rules
) -> tuple[Observed, ...]:
    """Ask whether what open work orders should refer to, and do not, is known in Field Service by now."""
    pointers: dict[str, list[Pointer]] = {}
    for snapshot in snapshots:
        open_ones = {w.sys_id for w in snapshot.work_orders if w.state.phase.is_open}
        links = [one for one in memory[snapshot.sys_id].links if one.refused and one.work_order_id in open_ones]
        initiators = {one.sys_id: one for one in initiators_of(snapshot)} if links else {}
        for link in links:
            if (initiator := initiators.get(link.initiator_id)) is not None:
                wanted = wanted_there(link, rules.fields_for(initiator))
                pointers[link.work_order_id] = [Pointer(c, text, link.carried) for c, text in wanted.items() if text]
    if not pointers:
        return snapshots
    known = fsm.resolves(one for some in pointers.values() for one in some)
    told = {key: {one.column: known[one] for one in some if one in known} for key, some in pointers.items()}
    return tuple(
        replace(s, work_orders=tuple(replace(w, resolves=told.get(w.sys_id, {})) for w in s.work_orders))
        for s in snapshots
    )


def _with_priorities(
    snapshots: Mapping[str, Observed], memory: Mapping[str, OrderMemory], om: OrderManagement
) -> dict[str, Observed]:
    """Ask what people call a priority, where one is not what was carried."""
    changed = {key for key, seen in snapshots.items() if _has_other_priority(seen, memory[key].links)}
    labels = om.priorities() if changed else {}
    return {key: replace(s, priorities=labels) if key in changed else s for key, s in snapshots.items()}


def _has_other_priority(seen: Observed, links: tuple[Link, ...]) -> bool:
    carried = {one.initiator_id: one.carried[PRIORITY] for one in links if PRIORITY in one.carried}
    return bool(carried) and any(
        facts_of(one).get(PRIORITY, "") != carried[one.sys_id] for one in initiators_of(seen) if one.sys_id in carried
    )


def _last(entries: tuple[JournalEntry, ...] | None) -> str:
    """The last private note of a person."""
    said = reversed(own_words(entries or ()))
    return next((text for entry, text in said if text and not entry.is_comment and not entry.is_ours), "")


def _noted(memory: Mapping[str, OrderMemory]) -> dict[str, State[WorkOrderPhase] | None]:
    return {link.work_order_id: link.noted for m in memory.values() for link in m.links}


def _is_strange(work_order: WorkOrder, remembered: OrderMemory) -> bool:
    """Memory does not know it, was surprised that it exists, or is older than its mark: notes about it may have been written."""
    link = next((link for link in remembered.links if link.work_order_id == work_order.sys_id), None)
    if link is None or (link.origin is Origin.ADOPTED and link.noted is None):
        return True
    mark = Carried.parse(work_order.mark)
    return link.is_ours and mark is not None and mark.updates > link.updates


def with_tokens(snapshots: Collection[Observed], om: OrderManagement) -> tuple[Observed, ...]:
    """The same with what the journals of their domain orders say, so that no note is written twice. One set of requests."""
    if not snapshots:
        return ()
    tokens = om.find_tokens([sys_id for s in snapshots for sys_id in s.noted_ids])
    return tuple(
        replace(s, tokens={sys_id: tokens.get(sys_id, frozenset()) for sys_id in s.noted_ids})
        for s in _with_fallouts(snapshots, om)
    )


def with_revisers(
    snapshots: Collection[Observed], plans: Mapping[str, Plan], om: OrderManagement
) -> tuple[Observed, ...]:
    """The same with who revised what their plans would tell. One request."""
    orders = [one for one in snapshots if isinstance(one, Snapshot)]
    asked = {one for s in orders for one in plans[s.sys_id].unnamed}
    if not asked:
        return ()
    lines = {line for line, _ in asked}
    versions = {line.sys_id: line.version for s in orders for line in s.lines if line.sys_id in lines}
    revisers = om.revisers(versions, {fact for _, fact in asked})
    return tuple(replace(s, revisers=revisers) for s in orders)


def _with_fallouts(snapshots: Collection[Observed], om: OrderManagement) -> tuple[Observed, ...]:
    """The same with the fallouts of their order tasks. One set of requests; none where no fallouts are to be raised."""
    tasks = {t.sys_id: s.sys_id for s in snapshots if isinstance(s, Snapshot) for t in s.order_tasks}
    if om.fallouts is None or not tasks:
        return tuple(snapshots)
    found = om.fallouts.of_tasks(sorted(tasks))
    return tuple(
        replace(s, fallouts=tuple(one for one in found if tasks.get(one.task_id) == s.sys_id))
        if isinstance(s, Snapshot)
        else s
        for s in snapshots
    )


def _has_raised(remembered: OrderMemory) -> bool:
    """Whether a fallout of ours may be open, as far as memory knows; one of a mark may be settled, and the next be open."""
    done = {intent.key: intent.action for intent in remembered.intents.values() if _is_done(intent)}
    return any(isinstance(action, RaiseFallout) and settling(key) not in done for key, action in done.items())


def _has_held_tasks(seen: Observed) -> bool:
    """Whether an order task is on hold: a fallout of ours may hold it of which memory does not know any more."""
    return any(task.state.phase is DomainOrderPhase.HELD for task in seen.order_tasks)


def _is_done(intent: Intent) -> bool:
    return intent.state is IntentState.DONE
