"""THE MAIN FLOW: take due wakeups, look, decide, act, record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.decide.patience import later
from connector.engine.consider import consider
from connector.engine.hear import SETTLED
from connector.engine.store import Again
from connector.engine.tables import SHARDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from connector.decide.rules import Rules
    from connector.engine.crew import Crew
    from connector.engine.outbox import Outbox
    from connector.engine.ports import FieldService, OrderManagement
    from connector.engine.sides import Sides
    from connector.engine.store import Store
    from connector.model import Plan

EVERY_SHARD = range(SHARDS)
_ORDERS_PER_LOOK = 200
_STOPPED = timedelta(
    minutes=15
)  # until an order whose write is stopped is looked at again, unless it is released before
_AT_WORK = timedelta(seconds=1)  # until it is asked again whether somebody is done with an order
_TIME = "time goes by"
_MAX_LOOKS = 1000  # at one order set in one pass; a plan that never comes to rest is a defect, not a reason to hang


def _as_they_are(_now: datetime) -> None:
    """Rules that never change."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How changes are looked for."""

    sweep_every: timedelta
    overlap: timedelta  # how far back a feed is read again


@dataclass(slots=True)
class Engine:
    """What a drain needs, all of it handed in: nothing here reads a clock or makes a client.

    `refresh` may replace `rules` between two looks, and raises ConnectorError when the new ones cannot be used.
    """

    store: Store
    om: OrderManagement
    fsm: FieldService
    rules: Rules
    outbox: Outbox
    sides: Sides
    watch: Watch
    crew: Crew  # a simulation brings its own, whose turns are reproducible
    settings: str = ""  # a fingerprint of what was configured: changed settings make every order worth a look
    compared: set[str] = field(default_factory=set)  # orders whose journals this process has read
    keep: timedelta = timedelta(days=365)  # for so long the memory of an order that is over
    refresh: Callable[[datetime], None] = _as_they_are


def drain(engine: Engine, shards: Collection[int], clock: Callable[[], datetime]) -> tuple[Plan, ...]:
    """Look once at the orders of these shards that are due. A shard must be drained by one worker at a time.

    Nothing while a side is held: an order is decided on what both sides say now.
    """
    store = engine.store
    now = clock()
    if not engine.sides.may_look(now):
        return ()
    wakeups = store.due(shards, now, limit=_ORDERS_PER_LOOK)
    if not wakeups:
        return ()
    busy = engine.crew.busy  # a write that hangs: the others go on
    order_ids = [wakeup.order_id for wakeup in wakeups]

    # Observe, decide, record the intentions
    plans = consider(engine, [order_id for order_id in order_ids if order_id not in busy], now)

    # Act on what could be read and decided, record the outcomes
    decided = {plan.order_id for plan in plans}
    engine.fsm.prepare(action for plan in plans for action in plan.actions)
    changed = engine.crew.serve(store.orders_to_act_on(decided), lambda order_id: engine.outbox.serve(order_id, clock))

    # Look again where something changed, or when something waits
    alone = store.left_alone([order_id for order_id in order_ids if order_id not in decided])
    in_time = (alone | store.not_shown(decided)).items()
    again = [Again([order_id], later(since, now), _TIME) for order_id, since in in_time]
    again += [Again([plan.order_id], plan.look_at, _TIME) for plan in plans if plan.look_at]
    again.append(Again(changed, now, "look at what was written"))
    unsettled = [plan.order_id for plan in plans if plan.listen_again]
    again.append(Again(unsettled, now + SETTLED, "journals are read once more"))
    stopped = engine.sides.stopped_kinds(now)
    hanging = engine.crew.busy
    again.append(Again(hanging, now + _AT_WORK, "a write is under way"))
    for order_id in store.orders_to_act_on([order_id for order_id in order_ids if order_id not in hanging]):
        due, kind = store.next_try(order_id) or (now, "")
        if kind in stopped:
            due = max(due, now + _STOPPED)
        if order_id not in decided and order_id not in busy:
            due = max(due, later(alone.get(order_id, now), now))
        again.append(Again([order_id], due, "a write waits"))
    store.rest(wakeups, again)
    store.note_speed(len(order_ids), (clock() - now).total_seconds(), now)
    return plans


def plan_all(engine: Engine, now: datetime) -> tuple[Plan, ...]:
    """What draining would intend, once for each order that is due, without acting. For an engine on scratch memory."""
    plans: list[Plan] = []
    while wakeups := engine.store.due(EVERY_SHARD, now, limit=_ORDERS_PER_LOOK):
        plans += consider(engine, [wakeup.order_id for wakeup in wakeups], now)
        engine.store.rest(wakeups)
    return tuple(plans)


def drain_all(
    engine: Engine, clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False
) -> tuple[Plan, ...]:
    """Look until no wakeup is due, or until told to stop. Returns the plans that intended something, in order."""
    done: list[Plan] = []
    for _ in range(_MAX_LOOKS):
        if stopping() or not engine.sides.may_look(clock()):
            break
        plans = drain(engine, EVERY_SHARD, clock)
        done += [plan for plan in plans if plan.actions]
        if not plans and not engine.store.due(EVERY_SHARD, clock(), limit=1):
            break
    return tuple(done)


def drain_to_the_end(engine: Engine, clock: Callable[[], datetime]) -> tuple[Plan, ...]:
    """As `drain_all`, and wait for the writes that hang: nobody looks again afterwards."""
    done = drain_all(engine, clock)
    while engine.crew.busy:
        late = engine.crew.busy
        engine.store.wake({*late, *engine.crew.finish()}, due=clock(), reason="look at what was written")
        done += drain_all(engine, clock)
    return done
