"""Ask the gate about one domain order: both systems are looked at now; what they said earlier only explains a no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.answer import answer
from connector.engine.heed import heed
from connector.engine.history import explain
from connector.engine.look import look_now
from connector.errors import Held, NotFound, RemoteError
from connector.model import GateAnswer, Snapshot, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from connector.engine.drain import Engine

_HINT = "Is it the number of a domain order, and may the connector's user read it?"


def ask_gate(engine: Engine, number: str, now: datetime) -> GateAnswer:
    """May this domain order be closed? Changes nothing but the engine's memory, which is a copy. Raises NotFound."""
    wanted = number.strip().upper()
    try:
        heed(engine.sides.holds.all(now), now)
        return _ask(engine, wanted, now)
    except (Held, RemoteError) as error:
        return _remembered(engine, wanted, f"{error} {error.hint}".strip())


def _ask(engine: Engine, number: str, now: datetime) -> GateAnswer:
    engine.om.reach()
    engine.fsm.reach()
    order_id = engine.om.orders_of([number]).get(number)
    if order_id is None:
        raise NotFound(f"Order Management shows no domain order {number}.", hint=_HINT)
    memory, seen = look_now(engine, order_id)
    for snapshot in seen.snapshots:
        if not isinstance(snapshot, Snapshot):
            continue
        for one in snapshot.domain_orders:
            if one.number.upper() == number:
                return answer(snapshot, memory, engine.rules, one, now)
    if seen.unreadable:
        return _remembered(engine, number, seen.unreadable[0].why)
    raise NotFound(f"{number} is not a domain order of an order that can be read.", hint=_HINT)


def _remembered(engine: Engine, number: str, problem: str) -> GateAnswer:
    """A no, with what was last known. Old knowledge never opens the gate."""
    known = explain(engine.store.engine, number)
    work = tuple(
        Standing(
            number=link.work_order_number,
            template=link.template,
            state=link.noted.label if link.noted else "",
            owner="",
            planned_end="",
            blocks=True,
            why="last known state",
        )
        for link in known.links
    )
    return GateAnswer(number, may_close=False, known_at=known.looked_at, work=work, problem=problem)
