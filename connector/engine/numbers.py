"""The numbers people know by which a write and its order are found again: for logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from connector.engine.tables import link, verdict
from connector.mapping.writes import subject_of
from connector.model import (
    BindWorkOrder,
    CreateWorkOrder,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    WriteNote,
    WritePlannedEnd,
)

if TYPE_CHECKING:
    from connector.engine.store import OutboxEntry, Settlement, Store
    from connector.model import Action


def numbers(store: Store, entry: OutboxEntry, settlement: Settlement) -> dict[str, str]:
    """Order, line, domain order (or task, or case) and work order of a write, as far as they are known."""
    action = entry.action
    found = {"order": entry.order_number, **_said(action)}
    if settlement.link is not None:
        found["work_order"] = settlement.link.work_order_number
    if "line" not in found and (line := _line(store.engine, action)):
        found["line"] = line
    return {name: number for name, number in found.items() if number}


def _said(action: Action) -> dict[str, str]:
    match action:
        case CreateWorkOrder():
            return {"initiator": action.initiator_number}
        case BindWorkOrder():
            return {"initiator": action.initiator_number, "work_order": action.work_order_number}
        case WriteNote() | ReopenDomainOrder():
            on_case = isinstance(action, WriteNote) and action.is_on_case
            return {"case" if on_case else "domain_order": action.domain_order_number}
        case ResolveCase():
            return {"case": action.case_number}
        case SetPonr():
            return {"line": action.line_number, "work_order": action.work_order_number}
        case WritePlannedEnd():
            return {"order_task": action.order_task_number, "work_order": action.work_order_number}
        case RaiseFallout():
            return {"order_task": action.order_task_number}
        case SettleFallout():
            return {"order_task": action.subject}
        case _:
            return {"work_order": action.work_order_number}


def _line(database: sa.Engine, action: Action) -> str:
    """The line of what an action writes, or writes for; empty where memory does not know it."""
    subject = subject_of(action)
    behind = sa.select(link.c.initiator_id).where(
        sa.or_(link.c.work_order_number == subject, link.c.domain_order_id == getattr(action, "domain_order_id", ""))
    )
    mine = sa.or_(verdict.c.initiator_number == subject, verdict.c.initiator_id.in_(behind))
    query = sa.select(verdict.c.line_number).where(mine, verdict.c.line_number != "").limit(1)
    with database.connect() as connection:
        return connection.execute(query).scalar() or ""
