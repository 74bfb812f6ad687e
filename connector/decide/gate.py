"""The gate at work: a domain order that was closed while one of its work orders is open. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.closure import blockers
from connector.decide.rules import GateMode
from connector.mapping import notes
from connector.mapping.marks import digest_of
from connector.model import DomainOrderPhase, FindingCode, IntentState, ReopenDomainOrder, WriteNote

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import DomainOrder


def guard_closure(draft: Draft, domain_order: DomainOrder) -> None:
    """Reopen it, or say so, or raise the alarm, as the rules want."""
    if domain_order.state.phase is not DomainOrderPhase.CLOSED:
        return
    reasons = blockers(draft.work_of(domain_order), draft.creating(domain_order))
    if not reasons:
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


def _reopen(draft: Draft, domain_order: DomainOrder, reasons: tuple[str, ...]) -> None:
    """The n-th reopening, once the one before is settled. A parked one or too many: only the finding remains."""
    for number in range(1, draft.rules.max_reopens + 1):
        key = f"gate/{domain_order.sys_id}/{number}"
        intent = draft.intent(key)
        if intent is None:
            text = notes.still_open(domain_order.number, reasons, reopened=True)
            draft.do(ReopenDomainOrder(key, domain_order.sys_id, domain_order.number, domain_order.mod_count, text))
            return
        if intent.state is not IntentState.DONE:
            return
