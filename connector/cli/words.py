"""Actions in words, for people who read a terminal."""

from __future__ import annotations

from connector.model import (
    Action,
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


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things, in English."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def sentence(action: Action) -> str:
    """What an action does, beginning with a verb."""
    match action:
        case CreateWorkOrder():
            return f"create a work order {action.template} for {action.initiator_number}"
        case UpdateWorkOrder():
            said = "; ".join(f"{c.what}: {c.before or '(empty)'} -> {c.after or '(empty)'}" for c in action.changes)
            return f"update {action.work_order_number}: {said}"
        case CancelWorkOrder():
            return f"cancel {action.work_order_number}: {action.reason}"
        case BindWorkOrder():
            how = "detach {} from {}" if action.detaches else "let {} belong to {}"
            return f"{how.format(action.work_order_number, action.initiator_number)}, {action.why}"
        case RaiseFallout():
            return f"raise a fallout on {action.order_task_number}: {action.summary}. {action.text}"
        case SettleFallout():
            return f"settle the fallout on {action.subject}"
        case _:
            return _told(action)


def _told(
    action: WriteNote | WriteFieldNote | WarnDispatcher | ReopenDomainOrder | ResolveCase | SetPonr | WritePlannedEnd,
) -> str:
    match action:
        case WriteNote():
            return f"note on {action.domain_order_number}: {action.text}"
        case WriteFieldNote() | WarnDispatcher():
            return f"note on {action.work_order_number}: {action.text}"
        case ReopenDomainOrder():
            return f"reopen {action.domain_order_number}: {action.text}"
        case ResolveCase():
            return f"resolve {action.case_number} ({action.code}): {action.text}"
        case SetPonr():
            return f"put {action.line_number} past its point of no return: {action.work_order_number} has begun"
        case WritePlannedEnd():
            return (
                f"let {action.order_task_number} say that it ends {action.end} UTC, as {action.work_order_number} does"
            )
