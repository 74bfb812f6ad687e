"""What a write is about, in the words of those who read findings and fallouts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model import (
    BindWorkOrder,
    CancelWorkOrder,
    CreateWorkOrder,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    UpdateWorkOrder,
    WarnDispatcher,
    WriteFieldNote,
    WriteNote,
    WritePlannedEnd,
)

if TYPE_CHECKING:
    from connector.model import Action


def subject_of(action: Action) -> str:
    """The number people know the record by that an action writes, or that it writes for."""
    match action:
        case CreateWorkOrder():
            return action.initiator_number
        case UpdateWorkOrder() | CancelWorkOrder() | BindWorkOrder() | WriteFieldNote() | WarnDispatcher():
            return action.work_order_number
        case WriteNote() | ReopenDomainOrder():
            return action.domain_order_number
        case ResolveCase():
            return action.case_number
        case SetPonr():
            return action.line_number
        case RaiseFallout() | WritePlannedEnd():
            return action.order_task_number
        case SettleFallout():
            return action.subject


def not_done(action: Action) -> str:
    """What did not happen because a write was refused: a sentence that begins with the number of its record."""
    return f"{subject_of(action)}: {_what(action)}."


def _what(action: Action) -> str:
    match action:
        case CreateWorkOrder():
            return f"its work order {action.template!r} was not created"
        case UpdateWorkOrder():
            return "a change was not written"
        case CancelWorkOrder():
            return "it was not canceled"
        case WriteNote() | WriteFieldNote():
            return "a work note was not written"
        case BindWorkOrder():
            return "it was not let go of" if action.detaches else "it was not adopted"
        case action:
            return _what_else(action)


def _what_else(
    action: ReopenDomainOrder | ResolveCase | SetPonr | WritePlannedEnd | WarnDispatcher | RaiseFallout | SettleFallout,
) -> str:
    match action:
        case ReopenDomainOrder():
            return "it was not reopened"
        case ResolveCase():
            return "it was not resolved"
        case SetPonr():
            return "its point of no return was not set"
        case WritePlannedEnd():
            return "its planned end was not written"
        case WarnDispatcher():
            return "its dispatcher was not warned"
        case RaiseFallout():
            return "a fallout was not raised on it"
        case SettleFallout():
            return "its fallout was not resolved"
