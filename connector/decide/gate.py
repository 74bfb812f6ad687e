"""The gate at work: a domain order that was closed while something keeps it open. Pure."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from connector.decide.closure import blockers, enforced_tasks
from connector.decide.rules import GateMode
from connector.mapping import notes
from connector.mapping.marks import fallout_mark, status_key
from connector.model import DomainOrderPhase, FindingCode, IntentState, ReopenDomainOrder, WriteNote

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import DomainOrder, Intent


def guard_closure(draft: Draft, domain_order: DomainOrder) -> None:
    """Reopen it, or say so, or raise the alarm, as the rules want."""
    tasks = enforced_tasks(draft.snapshot, domain_order, draft.rules)
    work, strange = draft.work_of(domain_order), draft.strange_of(domain_order)
    reasons = blockers(work, draft.coming(domain_order), tasks, draft.rules.releases, strange)
    if domain_order.state.phase is not DomainOrderPhase.CLOSED or not reasons:
        _settle(draft, domain_order)
        return
    text = f"{domain_order.number} is closed too early: {'; '.join(reasons)}"
    draft.find(FindingCode.CLOSED_WITH_OPEN_WORK, domain_order.number, text)
    match draft.rules.gate:
        case GateMode.REOPEN:
            _reopen(draft, domain_order, reasons)
        case GateMode.NOTE:
            _tell(draft, domain_order, reasons)
        case GateMode.ALARM:
            pass


def reopening_of(draft: Draft, occasion: str, mark: str) -> tuple[DomainOrder | None, str]:
    """The domain order whose reopening a fallout is about, by its occasion or, where memory does not know that, by its mark; and
    the key of that reopening. None and an empty key where it is about something else, or the domain order is not shown."""
    for domain_order in draft.snapshot.domain_orders:
        if occasion and occasion.rpartition("/")[0] == _of(domain_order):
            return domain_order, occasion
        keys = (_key(domain_order, number) for number in range(1, draft.rules.max_reopens + 1) if not occasion)
        if key := next((key for key in keys if fallout_mark(key, draft.rules.fsm) == mark), ""):
            return domain_order, key
    return None, ""


def is_closed_too_early(draft: Draft, domain_order: DomainOrder) -> bool:
    """Whether something keeps it open, as was found in this plan."""
    return draft.is_found(FindingCode.CLOSED_WITH_OPEN_WORK, domain_order.number)


def _of(domain_order: DomainOrder) -> str:
    """How the keys of what the gate does about it begin."""
    return f"gate/{domain_order.sys_id}"


def _key(domain_order: DomainOrder, number: int) -> str:
    return f"{_of(domain_order)}/{number}"


def _settle(draft: Draft, domain_order: DomainOrder) -> None:
    """It is open, or may be closed: what was not sent yet, or was refused, is no longer wanted; closing it again is a new
    occasion."""
    for intent in list(draft.memory.intents.values()):
        match intent.action:
            case ReopenDomainOrder(domain_order_id=sys_id) if sys_id == domain_order.sys_id:
                is_of_gate = True
            case WriteNote(key=key):
                is_of_gate = key.startswith(f"{_of(domain_order)}/note/")
            case _:
                is_of_gate = False
        if is_of_gate and intent.state.may_be_withdrawn:
            draft.withdraw(intent)
    number, last = _told(draft, domain_order)
    is_open = domain_order.state.phase in (DomainOrderPhase.OPEN, DomainOrderPhase.HELD)
    if is_open and last is not None and last.state is IntentState.DONE:
        draft.remember_over(_over_key(domain_order, number))


def _reopen(draft: Draft, domain_order: DomainOrder, reasons: tuple[str, ...]) -> None:
    """The n-th reopening, once the one before is settled. A refused one or too many: only findings remain."""
    for number in range(1, draft.rules.max_reopens + 1):
        key = _key(domain_order, number)
        intent = draft.intent(key)
        if intent is None:
            if _cause_is_told_now(draft, domain_order):
                draft.look_again(draft.now)
                return
            text = notes.still_open(domain_order.number, reasons, _asks(draft, domain_order), reopened=True)
            text = draft.counted(text, domain_order)
            draft.do(ReopenDomainOrder(key, domain_order.sys_id, domain_order.number, domain_order.mod_count, text))
            return
        if intent.state is IntentState.PARKED:
            text = f"{domain_order.number} could not be reopened: {intent.error}"
            on = draft.initiator(domain_order.sys_id)
            draft.find(FindingCode.REOPEN_REFUSED, domain_order.number, text, on=on, occasion=key)
            draft.remember_over(_seen_key(draft, domain_order, intent))
        if intent.state is not IntentState.DONE or _stands(draft, domain_order, intent):
            return


def _cause_is_told_now(draft: Draft, domain_order: DomainOrder) -> bool:
    """Whether this plan tells that a work order is open again which readers knew to be over. That comes first: the note counts as
    an update of the domain order, on which the reopening is decided."""
    before = {one.work_order_id: one.noted for one in draft.memory.links}
    return any(
        (noted := before.get(one.link.work_order_id)) is not None and not noted.phase.is_open
        for one in draft.work_of(domain_order)
        if one.is_open and draft.is_planned(status_key(one.link.work_order_id, one.link.notes, _told_state(one)))
    )


def _told_state(work: Work) -> str:
    return work.link.noted.value if work.link.noted is not None else ""


def _asks(draft: Draft, domain_order: DomainOrder) -> list[str]:
    """How it is decided about each of its visits that came to nothing."""
    return [
        notes.undecided(one.found, draft.decisive_words, draft.words_for_next(one))
        for one in draft.work_of(domain_order)
        if one.found is not None and one.asks(draft.rules.releases)
    ]


def _stands(draft: Draft, domain_order: DomainOrder, intent: Intent) -> bool:
    """Whether a person gave this reopening up and nothing has happened to the domain order since, notes of ours apart.

    What had happened before they did so is what was seen while it was refused.
    """
    if not intent.is_given_up or not isinstance(intent.action, ReopenDomainOrder):
        return False
    is_as_meant = _without_ours(draft, domain_order, intent) <= intent.action.mod_count
    return is_as_meant or draft.intent(_seen_key(draft, domain_order, intent)) is not None


def _seen_key(draft: Draft, domain_order: DomainOrder, intent: Intent) -> str:
    """What memory holds of a domain order that was looked at while this reopening was refused."""
    return f"{intent.key}/seen/{_without_ours(draft, domain_order, intent)}"


def _without_ours(draft: Draft, domain_order: DomainOrder, intent: Intent) -> int:
    """How often the domain order was changed, our notes since the refusal apart."""
    told = sum(
        isinstance(one.action, WriteNote)
        and one.action.domain_order_id == domain_order.sys_id
        and one.state is IntentState.DONE
        and not one.is_given_up
        and one.at is not None
        and intent.at is not None
        and one.at >= intent.at
        for one in draft.memory.intents.values()
    )
    return domain_order.mod_count - told


def _tell(draft: Draft, domain_order: DomainOrder, reasons: tuple[str, ...]) -> None:
    """The n-th note, on each occasion and for other reasons; how many are open is none. What memory does not know to be another
    occasion is the same."""
    number, last = _told(draft, domain_order)
    text = notes.still_open(domain_order.number, reasons, _asks(draft, domain_order), reopened=False)
    if last is not None:
        same = not isinstance(last.action, WriteNote) or notes.says(last.action.text, text)
        is_over = draft.intent(_over_key(domain_order, number)) is not None
        if last.state is IntentState.PENDING:
            number -= 1  # it says what is so when it leaves
        elif last.state is not IntentState.DONE or (same and not is_over):
            return
    draft.note(_told_key(domain_order, number + 1), domain_order, draft.counted(text, domain_order), fleeting=True)


def _told(draft: Draft, domain_order: DomainOrder) -> tuple[int, Intent | None]:
    """How many notes of the gate were intended, and the last of them."""
    last: Intent | None = None
    for number in count(1):
        intent = draft.intent(_told_key(domain_order, number))
        if intent is None:
            return number - 1, last
        last = intent
    raise AssertionError("unreachable")


def _told_key(domain_order: DomainOrder, number: int) -> str:
    return f"{_of(domain_order)}/note/{number}"


def _over_key(domain_order: DomainOrder, number: int) -> str:
    """What memory holds when the domain order was seen open after its n-th note."""
    return f"{_told_key(domain_order, number)}/over"
