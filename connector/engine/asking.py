"""What a person asks for by hand: both systems are looked at now, so that a no is said at once and the dry form is true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.decide.byhand import ask_adopt, ask_create, ask_detach
from connector.decide.case import draft_of_case
from connector.decide.plan import draft_of
from connector.engine.behind import orders_named
from connector.engine.look import look_now
from connector.errors import NotFound, Refused
from connector.model import Asked, CaseSnapshot

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.engine.drain import Engine
    from connector.model import AnyInitiator, Link, WorkOrder

_OM_HINT = (
    "Is it the number of a domain order or an order task (a case, where a policy speaks of them) our user may read?"
)
_FSM_HINT = "Is it the number of a work order, and may the connector's user read it?"


def asked_to_create(engine: Engine, number: str, template: str, ordinal: int, why: str) -> Asked:
    """A work order more for an initiator. Raises NotFound, Refused, RemoteError; writes nothing."""
    draft, initiator = _initiator(engine, number)
    if not engine.fsm.has_template(template):
        raise NotFound(
            f"{engine.fsm.name} has no (or more than one) work order template named {template!r}.",
            hint="Names are compared as they are written in Field Service.",
        )
    return _unless_refused(ask_create(draft, initiator, template, ordinal, why))


def asked_to_adopt(engine: Engine, number: str, initiator_number: str, why: str) -> Asked:
    """A work order that was made by hand shall belong to an initiator. Raises NotFound, Refused, RemoteError."""
    work_order = _work_order(engine, number)
    draft, initiator = _initiator(engine, initiator_number)
    return _unless_refused(ask_adopt(draft, work_order, initiator, why))


def asked_to_detach(engine: Engine, number: str, why: str) -> Asked:
    """A work order shall belong to nobody any more, though Field Service may have deleted it. Raises NotFound, Refused,
    RemoteError.
    """
    known = engine.store.link_numbered(number.strip().upper())
    if known is not None and engine.fsm.numbered(known.work_order_number) is None:
        return _let_go_of_nothing(engine, known, why)
    work_order = _work_order(engine, number)
    found = orders_named(engine.store, engine.om, {work_order.sys_id: work_order.names})
    order_id = found.get(work_order.sys_id)
    if order_id is None:
        raise Refused(f"{number} belongs to no order that the connector knows: there is nothing to detach.")
    return _unless_refused(ask_detach(_draft(engine, order_id), work_order, why))


def _let_go_of_nothing(engine: Engine, link: Link, why: str) -> Asked:
    """There is no mark to write: memory alone forgets it, and asks again should memory be lost."""
    number = link.work_order_number
    text = f"{number}, which Field Service does not show, shall be detached, asked for {why}"
    asked = Asked(link.order_id, engine.store.number_of(link.order_id), number, text)
    if link.detached:
        return replace(asked, already=f"{number} is detached already, {link.detached}")
    return replace(asked, link=replace(link, detached=why))


def _initiator(engine: Engine, number: str) -> tuple[Draft, AnyInitiator]:
    wanted = number.strip().upper()
    order_id = engine.om.orders_of([wanted]).get(wanted)
    if order_id is None:
        raise NotFound(f"Order Management shows no domain order, order task or case {number}.", hint=_OM_HINT)
    draft = _draft(engine, order_id)
    for initiator in draft.initiators:
        if initiator.number.upper() == wanted:
            return draft, initiator
    raise NotFound(f"{number} belongs to no order line that can be read.", hint=_OM_HINT)


def _draft(engine: Engine, order_id: str) -> Draft:
    memory, seen = look_now(engine, order_id)
    if not seen.snapshots:
        why = seen.unreadable[0].why if seen.unreadable else "its order is not shown"
        raise NotFound(f"The order cannot be read: {why}.", hint=_OM_HINT)
    snapshot = seen.snapshots[0]
    if isinstance(snapshot, CaseSnapshot):
        return draft_of_case(snapshot, memory, engine.rules)
    return draft_of(snapshot, memory, engine.rules)


def _work_order(engine: Engine, number: str) -> WorkOrder:
    found = engine.fsm.numbered(number.strip().upper())
    if found is None:
        raise NotFound(f"Field Service shows no work order {number}.", hint=_FSM_HINT)
    return found


def _unless_refused(asked: Asked) -> Asked:
    if asked.refused:
        raise Refused(f"{asked.subject}: {asked.refused}.", hint="Nothing was changed.")
    return asked
