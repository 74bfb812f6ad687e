"""What people ask for by hand: the rows of the decision table, and the answers before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connector.decide.byhand import ask_adopt, ask_create, ask_detach, merged
from connector.decide.plan import draft_of
from connector.mapping.marks import Carried, WorkOrderKey, bound, digest_of, is_detached, token_of
from connector.model import Asked, CreateWorkOrder, IntentState, Origin, UpdateWorkOrder, Verdict
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    INSTALL,
    RULES,
    codes,
    domain_order,
    facts,
    intent,
    kinds,
    line,
    link,
    memory,
    only,
    order,
    plan,
    snapshot,
    verdict,
    work_order,
)

if TYPE_CHECKING:
    from connector.model import OrderMemory, Snapshot

WHY = "by Mia: the customer called"
SWAP = "Swap CPE"
KEY = str(WorkOrderKey.asked_for("om", DOMAIN_ORDER_ID, SWAP, 1))
ASKED = work_order(number="WO2", names=KEY, template=SWAP)
ASKED_LINK = link(work=ASKED)
LATER = line(due="2027-03-15 12:00:00")
CANCELED = order("Canceled")


def create(seen: Snapshot, remembered: OrderMemory, template: str = SWAP, ordinal: int = 1) -> Asked:
    draft = draft_of(seen, remembered, RULES)
    return ask_create(draft, draft.initiators[0], template, ordinal, WHY)


def wish(template: str = SWAP, ordinal: int = 1) -> Verdict:
    said = create(snapshot(work_order()), memory(link(), verdicts=(verdict(),)), template, ordinal).verdict
    assert said is not None
    return said


def remembered(*links: object, wishes: tuple[Verdict, ...] = ()) -> OrderMemory:
    return memory(*links, verdicts=(verdict(), *wishes))  # type: ignore[arg-type]


# --- a person asks for a work order that no row asks for -------------------------------------------------------


def test_what_a_person_asked_for_is_created_beside_what_the_policy_wants() -> None:
    made = only(plan(snapshot(work_order()), remembered(link(), wishes=(wish(),))), CreateWorkOrder)
    assert (made.template, made.key) == (SWAP, KEY)
    assert kinds(plan(snapshot(work_order()), remembered(link()))) == []


def test_it_is_not_created_again_whatever_became_of_it() -> None:
    for state in ("10", "3", "4", "7"):
        seen = snapshot(work_order(), replace(ASKED, state=RULES.work_order_states.read(state)))
        told = link(work=ASKED, noted=state)
        assert kinds(plan(seen, remembered(link(), told, wishes=(wish(),)))) == [], state


def test_the_same_template_twice_is_two_wishes() -> None:
    both = merged(wish(), wish(ordinal=2))
    made = plan(snapshot(work_order()), remembered(link(), wishes=(both,))).actions
    assert len({action.key for action in made}) == 2
    assert merged(wish(), wish()) == wish()


def test_it_is_created_at_any_version_under_the_same_key() -> None:
    of = order(version=4)
    seen = snapshot(work_order(), of=of)
    judged = replace(verdict(), version=4)
    made = only(plan(seen, memory(link(), verdicts=(judged, wish()))), CreateWorkOrder)
    assert (made.key, made.version) == (KEY, 4)


def test_a_change_of_the_order_reaches_it() -> None:
    seen = snapshot(ASKED, work_order(), with_line=LATER)
    updates = [a for a in plan(seen, remembered(link(), ASKED_LINK)).actions if isinstance(a, UpdateWorkOrder)]
    assert {update.work_order_number for update in updates} == {"WO1", "WO2"}


def test_no_row_asks_for_it_and_it_is_not_canceled_for_that() -> None:
    assert kinds(plan(snapshot(work_order(), ASKED), remembered(link(), ASKED_LINK))) == []
    stranger = work_order(number="WO3", names=str(WorkOrderKey("om", DOMAIN_ORDER_ID, "swap", 1, 1)), template=SWAP)
    assert kinds(plan(snapshot(work_order(), stranger), remembered(link(), link(work=stranger)))) == ["CancelWorkOrder"]


def test_it_is_canceled_with_its_order() -> None:
    seen = snapshot(work_order(), ASKED, of=CANCELED)
    assert kinds(plan(seen, remembered(link(), ASKED_LINK))) == ["CancelWorkOrder"] * 2


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (snapshot(of=order("New")), "not approved"),
        (snapshot(with_domain_order=domain_order("On hold")), "on hold"),
        (snapshot(of=CANCELED), "canceled"),
        (snapshot(with_domain_order=domain_order("Closed Complete")), "closed"),
    ],
)
def test_what_the_life_of_the_order_forbids_is_refused_at_once(seen: Snapshot, why: str) -> None:
    asked = create(seen, memory())
    assert why in asked.refused
    assert asked.action is None


def test_a_second_one_like_the_policys_must_be_asked_for_as_a_second_one() -> None:
    seen, known = snapshot(work_order()), remembered(link())
    assert "WO1" in create(seen, known, INSTALL.upper()).refused
    assert create(seen, known, INSTALL, 2).action is not None
    over = snapshot(work_order("4"))
    assert create(over, remembered(link(noted="4")), INSTALL).action is not None


def test_asking_again_says_how_it_stands() -> None:
    seen = snapshot(work_order())
    assert "next pass" in create(seen, remembered(link(), wishes=(wish(),))).already
    action = create(seen, remembered(link())).action
    assert action is not None
    under_way = memory(link(), intents=(intent(action, IntentState.UNKNOWN),), verdicts=(verdict(), wish()))
    assert "unknown" in create(seen, under_way).already
    made = create(snapshot(work_order(), ASKED), remembered(link(), ASKED_LINK, wishes=(wish(),)))
    assert "WO2 Swap CPE: Ready for Dispatch" in made.already
    assert "--ordinal 2" in made.already


# --- a person lets go of a work order --------------------------------------------------------------------------

GONE = link(detached=WHY)
ITS_MARK = f"{work_order().mark} detached"


def test_nothing_is_changed_or_canceled_or_found_about_a_work_order_that_was_let_go_of() -> None:
    let_go = work_order("16", mark=ITS_MARK)
    for seen in (snapshot(let_go, with_line=LATER), snapshot(let_go, of=CANCELED)):
        told = plan(seen, remembered(GONE))
        assert kinds(told) == ["WriteNote"]
        assert "no longer belongs here: detached by Mia: the customer called" in only(told, type(told.actions[0])).text
        assert codes(told) == []


def test_no_other_work_order_takes_its_place() -> None:
    at_two = snapshot(work_order(mark=ITS_MARK), of=order(version=2))
    judged = (replace(verdict(), version=2),)
    assert "CreateWorkOrder" not in kinds(plan(at_two, memory(GONE, verdicts=judged)))
    assert "CreateWorkOrder" in kinds(plan(at_two, memory(link(withdrawn=True), verdicts=judged)))


def test_it_keeps_no_domain_order_open() -> None:
    closed = domain_order("Closed Complete")
    gone = snapshot(work_order("16", mark=ITS_MARK), with_domain_order=closed)
    assert "ReopenDomainOrder" not in kinds(plan(gone, remembered(GONE)))
    assert "ReopenDomainOrder" in kinds(plan(snapshot(work_order("16"), with_domain_order=closed), remembered(link())))


def test_what_was_intended_for_it_is_withdrawn() -> None:
    seen = snapshot(work_order(), with_line=LATER)
    update = only(plan(seen, remembered(link())), UpdateWorkOrder)
    intents = (intent(update, IntentState.PARKED),)
    gone = snapshot(work_order(mark=ITS_MARK), with_line=LATER)
    assert plan(gone, memory(GONE, intents=intents, verdicts=(verdict(),))).withdraw != ()
    assert plan(seen, memory(link(), intents=intents, verdicts=(verdict(),))).withdraw == ()


def test_its_mark_is_believed_when_memory_is_lost_or_old() -> None:
    mark = str(Carried(1, digest_of(facts()), detached=True))
    seen = snapshot(work_order(mark=mark))
    for known in (memory(), remembered(link())):  # lost, and old
        decided = plan(seen, known)
        assert [kept.detached for kept in decided.links] == ["by hand"]
        assert "CreateWorkOrder" not in kinds(decided)


def test_who_let_go_is_known_from_the_wish_when_a_process_died_before_it_could_record_more() -> None:
    action = ask_detach(draft_of(snapshot(work_order()), remembered(link()), RULES), work_order(), WHY).action
    assert action is not None
    known = memory(link(), intents=(intent(action, IntentState.SENDING),), verdicts=(verdict(),))
    assert [kept.detached for kept in plan(snapshot(work_order(mark=ITS_MARK)), known).links] == [WHY]


def test_what_was_taken_back_is_told_anew() -> None:
    decided = plan(snapshot(work_order()), remembered(GONE))
    assert [(kept.detached, kept.notes) for kept in decided.links] == [("", 2)]
    assert (
        "WO1 Install CPE belongs here again: Ready for Dispatch. 1 of 1" in only(decided, type(decided.actions[0])).text
    )


def test_a_mark_that_cannot_be_read_or_was_read_too_early_takes_nothing_back() -> None:
    assert plan(snapshot(work_order(mark="")), remembered(GONE)).links == ()
    assert plan(snapshot(work_order(mod_count=3)), remembered(replace(GONE, bound_at=4))).links == ()
    assert plan(snapshot(work_order(mod_count=4)), remembered(replace(GONE, bound_at=4))).links != ()


def test_a_mark_says_who_it_belongs_to_and_nothing_else_is_overwritten() -> None:
    ours = str(Carried(3, "a" * 12, withdrawn=True, updates=2))
    assert bound(ours, detached=True) == f"{ours} detached"
    assert bound(f"{ours} detached", detached=False) == ours
    assert [is_detached(text) for text in (ours, f"{ours} detached", "", "PROJECT-7")] == [False, True, None, None]
    assert is_detached(str(bound("", detached=True))) is True
    assert is_detached(str(bound("om-fsm detached", detached=False))) is False
    assert bound("PROJECT-7", detached=True) is None


# --- adopt and detach, asked for -------------------------------------------------------------------------------


def test_only_a_work_order_that_belongs_to_nobody_can_be_adopted() -> None:
    free = work_order(number="WO9", names="", mark="", sys_id="9" * 32)
    draft = draft_of(snapshot(work_order()), remembered(link()), RULES)
    [initiator] = draft.initiators
    asked = ask_adopt(draft, free, initiator, WHY)
    assert asked.action is not None
    assert asked.action.key == f"adopt/{'9' * 32}/1"
    for taken in ("PROJECT-7", str(WorkOrderKey("om", "f" * 32, "install", 1, 1))):
        assert ask_adopt(draft, replace(free, names=taken), initiator, WHY).refused
    assert "WO1" in ask_adopt(draft, work_order(), initiator, WHY).already


def test_a_closed_or_canceled_domain_order_adopts_nothing() -> None:
    free = work_order(number="WO9", names="", mark="", sys_id="9" * 32)
    for seen in (snapshot(of=CANCELED), snapshot(with_domain_order=domain_order("Closed Complete"))):
        draft = draft_of(seen, memory(), RULES)
        assert ask_adopt(draft, free, draft.initiators[0], WHY).refused


def test_detaching_is_asked_for_once_and_again_after_it_was_taken_back() -> None:
    draft = draft_of(snapshot(work_order()), remembered(link()), RULES)
    action = ask_detach(draft, work_order(), WHY).action
    assert action is not None
    for state, again in ((IntentState.PENDING, ""), (IntentState.PARKED, ""), (IntentState.DONE, "detach/{}/2")):
        known = memory(link(), intents=(intent(action, state),), verdicts=(verdict(),))
        asked = ask_detach(draft_of(snapshot(work_order()), known, RULES), work_order(), WHY)
        assert (asked.action.key if asked.action else "") == again.format(work_order().sys_id), state
        assert bool(asked.already) == (not again)
    gone = draft_of(snapshot(work_order(mark=ITS_MARK)), remembered(GONE), RULES)
    assert ask_detach(gone, work_order(), WHY).already


@pytest.mark.parametrize(
    ("state", "asks", "replaces"),
    [
        (IntentState.PENDING, True, True),
        (IntentState.PARKED, True, True),
        (IntentState.SENDING, True, True),  # the store lets what has left alone, and the later wish follows it
        (IntentState.DONE, False, False),
    ],
)
def test_the_later_wish_replaces_the_one_that_waits(state: IntentState, asks: bool, replaces: bool) -> None:
    seen, known = snapshot(work_order()), remembered(link())
    let_go = ask_detach(draft_of(seen, known, RULES), work_order(), WHY).action
    assert let_go is not None
    draft = draft_of(seen, replace(known, intents=memory(intents=(intent(let_go, state),)).intents), RULES)
    asked = ask_adopt(draft, work_order(), draft.initiators[0], WHY)
    assert (asked.action is not None, bool(asked.already)) == (asks, not asks)
    assert asked.withdraw == (token_of(let_go.key) if replaces else "")


def test_of_several_wishes_that_wait_the_last_counts() -> None:
    seen, known = snapshot(work_order()), remembered(link())
    wishes = [ask_detach(draft_of(seen, known, RULES), work_order(), WHY).action]
    for _ in range(3):
        assert all(wishes)
        sent = memory(intents=tuple(intent(one, IntentState.SENDING) for one in wishes if one))
        draft = draft_of(seen, replace(known, intents=sent.intents), RULES)
        last = wishes[-1]
        assert last is not None
        answers = (ask_detach(draft, work_order(), WHY), ask_adopt(draft, work_order(), draft.initiators[0], WHY))
        assert [bool(one.already) for one in answers] == [last.key.startswith("detach"), last.key.startswith("adopt")]
        wishes += [one.action for one in answers if one.action is not None]
    assert [one.key.replace(work_order().sys_id, "WO1") for one in wishes if one] == [
        "detach/WO1/1", "adopt/WO1/1", "detach/WO1/2", "adopt/WO1/2",
    ]  # fmt: skip


def test_one_that_waits_to_be_taken_back_can_be_let_go_of_again() -> None:
    seen, known = snapshot(work_order(mark=ITS_MARK)), remembered(GONE)
    draft = draft_of(seen, known, RULES)
    back = ask_adopt(draft, work_order(mark=ITS_MARK), draft.initiators[0], WHY).action
    assert back is not None
    waits = replace(known, intents=memory(intents=(intent(back),)).intents)
    asked = ask_detach(draft_of(seen, waits, RULES), work_order(mark=ITS_MARK), WHY)
    assert (asked.withdraw, asked.already) == (token_of(back.key), "")


def test_a_work_order_of_nobody_cannot_be_let_go_of() -> None:
    by_hand = work_order(number="WO9", names="RO1", mark="PROJECT-7", sys_id="9" * 32)
    draft = draft_of(snapshot(by_hand), memory(link(work=by_hand, origin=Origin.BY_HAND, key="")), RULES)
    assert "PROJECT-7" in ask_detach(draft, by_hand, WHY).refused
    assert ask_detach(draft, work_order(), WHY).refused
