"""The gate at work: a domain order that was closed while something keeps it open. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.closure import blockers, enforced_tasks
from connector.decide.rules import GateMode
from connector.mapping import notes
from connector.mapping.marks import digest_of
from connector.model import DomainOrderPhase, FindingCode, IntentState, ReopenDomainOrder, WriteNote

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import DomainOrder


def guard_closure(draft: Draft, domain_order: DomainOrder) -> None:
    """Reopen it, or say so, or raise the alarm, as the rules want."""
    tasks = enforced_tasks(draft.snapshot, domain_order, draft.rules)
    reasons = blockers(draft.work_of(domain_order), draft.creating(domain_order), tasks, draft.rules.releases)
    if domain_order.state.phase is not DomainOrderPhase.CLOSED or not reasons:
        _settle(draft, domain_order)
        return
    text = f"{domain_order.number} is closed while work is open: {'; '.join(reasons)}"
    draft.find(FindingCode.CLOSED_WITH_OPEN_WORK, domain_order.number, text)
    match draft.rules.gate:
        case GateMode.REOPEN:
            _reopen(draft, domain_order, reasons)
        case GateMode.NOTE:
            occasion = digest_of(dict.fromkeys(reasons, ""))
            text = notes.still_open(domain_order.number, reasons, reopened=False)
            key = f"gate/{domain_order.sys_id}/{occasion}"
            draft.do(WriteNote(key, domain_order.sys_id, domain_order.number, text))
        case GateMode.ALARM:
            pass


def _settle(draft: Draft, domain_order: DomainOrder) -> None:
    """It is open, or may be closed: a reopening that was not sent yet, or was refused, is no longer wanted."""
    for intent in list(draft.memory.intents.values()):
        if (
            isinstance(intent.action, ReopenDomainOrder)
            and intent.action.domain_order_id == domain_order.sys_id
            and intent.state in (IntentState.PENDING, IntentState.PARKED)
        ):
            draft.withdraw(intent)


def _reopen(draft: Draft, domain_order: DomainOrder, reasons: tuple[str, ...]) -> None:
    """The n-th reopening, once the one before is settled. A refused one or too many: only findings remain."""
    for number in range(1, draft.rules.max_reopens + 1):
        key = f"gate/{domain_order.sys_id}/{number}"
        intent = draft.intent(key)
        if intent is None:
            text = notes.still_open(domain_order.number, reasons, reopened=True)
            draft.do(ReopenDomainOrder(key, domain_order.sys_id, domain_order.number, domain_order.mod_count, text))
            return
        if intent.state is IntentState.PARKED:
            text = f"{domain_order.number} could not be reopened: {intent.error}"
            on = draft.initiator(domain_order.sys_id)
            draft.find(FindingCode.REOPEN_REFUSED, domain_order.number, text, on=on, occasion=key)
        if intent.state is not IntentState.DONE:
            return
