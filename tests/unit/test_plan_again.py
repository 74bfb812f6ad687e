"""Rows of the decision table: another visit in the place of one that came to nothing, because somebody asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.decide.again import is_replaced, key_of_next
from connector.decide.rules import Consequence
from connector.mapping.marks import WorkOrderKey, signed, status_key, sys_id_of, token_of
from connector.model import (
    CancelWorkOrder,
    CreateWorkOrder,
    IntentState,
    JournalEntry,
    Origin,
    Plan,
    ReopenDomainOrder,
    UpdateWorkOrder,
    WorkOrder,
    WriteNote,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    INSTALL,
    KEY,
    RULES,
    codes,
    domain_order,
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

AGAIN = replace(RULES, closed_incomplete=Consequence.RESCHEDULE, canceled_in_field=Consequence.RESCHEDULE)
FAILED = work_order("4")
NEXT_KEY = key_of_next(link(noted="4", notes=2))
NEXT = work_order("10", "WO2", names=NEXT_KEY)
TOLD = JournalEntry(1, "connector", signed("WO1: ... -> Closed Incomplete", status_key(FAILED.sys_id, 2, "4")))
CLOSED = domain_order("Closed complete", mod_count=7)


def says(text: str, rank: int = 2) -> JournalEntry:
    return JournalEntry(rank, "frank", text)


def decided(
    *entries: JournalEntry,
    failed: WorkOrder = FAILED,
    others: tuple[WorkOrder, ...] = (),
    rules: object = AGAIN,
    noted: str = "4",
    intents: object = (),
    **seen: object,
) -> Plan:
    """What follows when WO1 was told to be over and the journal goes on with this."""
    now = snapshot(failed, *others, **seen)  # type: ignore[arg-type]
    told = [link(noted=noted, work=failed, notes=2), *(link(noted=w.state.value, work=w) for w in others)]
    verdicts = (verdict(now.order.version),)
    remembered = memory(*told, intents=intents, verdicts=verdicts)  # type: ignore[arg-type]
    return plan(replace(now, journals={DOMAIN_ORDER_ID: (TOLD, *entries)}), remembered, rules)  # type: ignore[arg-type]


def test_the_note_of_the_end_names_both_answers() -> None:
    first = plan(snapshot(FAILED), memory(link(), verdicts=(verdict(),)), AGAIN)
    text = only(first, WriteNote).text
    assert text.endswith("release gate WO1 (nobody goes again) or with: visit again WO1 (somebody goes again)")
    assert "'visit again' asks for another visit" in first.findings[0].text
    assert "visit again" not in only(plan(snapshot(FAILED), memory(link(), verdicts=(verdict(),))), WriteNote).text


@pytest.mark.parametrize("text", ["visit again", "Visit  again WO1: she is at home on Friday", "visit again WO9, wo1"])
def test_somebody_who_is_sent_again_gets_a_work_order_of_the_same_template(text: str) -> None:
    made = only(decided(says(text)), CreateWorkOrder)
    assert (made.template, made.key, made.ordinal) == (INSTALL, NEXT_KEY, 1)
    assert codes(decided(says(text))) == []


@pytest.mark.parametrize(
    "entries",
    [(), (says("visit again", 0),), (says("visit again WO2"),), (says("visit against"),), (says("release gate"),)],
    ids=["nobody", "before", "another", "another word", "release"],
)
def test_what_does_not_send_anybody_creates_nothing(entries: tuple[JournalEntry, ...]) -> None:
    assert "CreateWorkOrder" not in kinds(decided(*entries))


@pytest.mark.parametrize("then", [Consequence.NOTE, Consequence.ASK, Consequence.FALLOUT])
def test_without_that_consequence_the_words_mean_nothing(then: Consequence) -> None:
    rules = replace(AGAIN, closed_incomplete=then)
    assert "CreateWorkOrder" not in kinds(decided(says("visit again"), rules=rules))
    assert "CreateWorkOrder" in kinds(decided(says("visit again"), rules=replace(AGAIN, canceled_in_field=then)))


def test_one_answer_makes_one_visit_and_the_one_that_failed_is_left_alone() -> None:
    after = decided(says("visit again"), others=(NEXT,))
    assert (kinds(after), codes(after)) == ([], [])
    pending = intent(only(decided(says("visit again")), CreateWorkOrder))
    assert kinds(decided(says("visit again"), intents=(pending,))) == []


def test_the_gate_waits_for_the_visit_that_was_asked_for() -> None:
    asked = decided(says("visit again"), with_domain_order=CLOSED)
    assert "WO1 (Closed Incomplete, another visit is asked for)" in only(asked, ReopenDomainOrder).text
    there = decided(says("visit again"), others=(NEXT,), with_domain_order=CLOSED)
    assert "WO2 (Ready for Dispatch)" in only(there, ReopenDomainOrder).text
    assert "WO1" not in only(there, ReopenDomainOrder).text
    done = decided(says("visit again"), others=(replace(NEXT, state=work_order("3").state),), with_domain_order=CLOSED)
    assert kinds(done) == []


def test_the_note_that_all_is_done_names_nobody_who_only_sent_somebody_again() -> None:
    done = decided(says("visit again"), others=(replace(NEXT, state=work_order("3").state),))
    assert only(done, WriteNote).text.endswith("RO1 is ready to be closed.")


def test_a_decision_that_is_taken_back_withdraws_the_visit_and_the_latest_counts() -> None:
    pending = intent(only(decided(says("visit again")), CreateWorkOrder))
    back = decided(says("visit again"), says("release gate", 3), intents=(pending,))
    assert (kinds(back), back.withdraw) == (["WriteNote"], (token_of(NEXT_KEY),))
    sent = replace(pending, state=IntentState.UNKNOWN)
    assert decided(says("visit again"), says("release gate", 3), intents=(sent,)).withdraw == ()
    forth = decided(says("release gate"), says("visit again", 3))
    assert only(forth, CreateWorkOrder).key == NEXT_KEY


def test_a_field_that_goes_on_by_itself_withdraws_the_visit() -> None:
    pending = intent(only(decided(says("visit again")), CreateWorkOrder))
    assert decided(says("visit again"), failed=work_order("16"), intents=(pending,)).withdraw == (token_of(NEXT_KEY),)


def test_a_second_end_of_the_same_visit_may_be_answered_anew() -> None:
    failed = link(noted="4", notes=4)
    second = JournalEntry(5, "connector", signed("WO1: -> Closed Incomplete", status_key(FAILED.sys_id, 4, "4")))
    seen = replace(
        snapshot(FAILED, replace(NEXT, state=work_order("3").state)),
        journals={DOMAIN_ORDER_ID: (TOLD, says("visit again"), second)},
    )
    remembered = memory(failed, link(noted="3", work=NEXT), verdicts=(verdict(),))
    assert codes(plan(seen, remembered, AGAIN)) == ["closed-incomplete"]
    answered = replace(seen, journals={DOMAIN_ORDER_ID: (*seen.journals[DOMAIN_ORDER_ID], says("visit again", 6))})
    third = only(plan(answered, remembered, AGAIN), CreateWorkOrder)
    assert third.key == key_of_next(failed) != NEXT_KEY
    made = work_order("10", "WO3", names=third.key)
    there = replace(answered, work_orders=(*answered.work_orders, made))
    after = plan(there, memory(failed, link(noted="3", work=NEXT), link(work=made), verdicts=(verdict(),)), AGAIN)
    assert (kinds(after), codes(after)) == ([], [])


def test_a_visit_that_the_order_gave_up_is_created_by_the_policy_when_it_is_wanted_again() -> None:
    gone = link(noted="7", work=NEXT, withdrawn=True)
    seen = snapshot(FAILED, replace(NEXT, state=work_order("7").state), of=order(version=3))
    seen = replace(seen, journals={DOMAIN_ORDER_ID: (TOLD, says("visit again"))})
    made = only(plan(seen, memory(link(noted="4", notes=2), gone), AGAIN), CreateWorkOrder)
    assert made.key == str(WorkOrderKey("om", DOMAIN_ORDER_ID, "install", 1, 3))


def test_who_lets_go_of_the_visit_that_failed_keeps_the_one_in_its_place_and_the_other_way_round() -> None:
    seen = replace(snapshot(FAILED, NEXT), journals={DOMAIN_ORDER_ID: (TOLD, says("visit again"))})
    first, second = link(noted="4", notes=2), link(work=NEXT)
    for links in (
        (replace(first, detached="by Mia", bound_at=9), second),
        (first, replace(second, detached="by Mia", bound_at=9)),
    ):
        after = plan(seen, memory(*links, verdicts=(verdict(),)), AGAIN)
        assert {"CreateWorkOrder", "CancelWorkOrder"}.isdisjoint(kinds(after))


def test_a_visit_in_the_place_of_another_is_changed_and_canceled_with_its_order() -> None:
    later = line(due="2027-03-15 12:00:00")
    changed = decided(says("visit again"), others=(NEXT,), with_line=later, of=order(version=2))
    assert only(changed, UpdateWorkOrder).work_order_id == NEXT.sys_id
    gone = decided(says("visit again"), others=(NEXT,), of=order("Canceled"))
    assert only(gone, CancelWorkOrder).work_order_number == "WO2"
    revised = {"with_domain_order": domain_order(action="disconnect"), "of": order(version=2)}
    seen = snapshot(FAILED, NEXT, **revised)  # type: ignore[arg-type]
    told = memory(link(noted="4", notes=2), link(work=NEXT))
    assert only(plan(seen, told, AGAIN), CancelWorkOrder).work_order_number == "WO2"


def test_a_visit_that_the_order_does_not_allow_waits_and_is_a_finding() -> None:
    held = decided(says("visit again"), with_domain_order=domain_order("On hold"))
    assert (kinds(held), codes(held)) == ([], ["frozen", "visit-waits"])
    assert codes(decided(says("visit again"), says("release gate", 3), with_domain_order=domain_order("On hold"))) == [
        "frozen"
    ]


def test_a_visit_that_the_journal_tells_of_is_not_created_again() -> None:
    seen = snapshot(FAILED, tokens=frozenset({token_of(status_key(sys_id_of(NEXT_KEY), 1, "10"))}))
    seen = replace(seen, journals={DOMAIN_ORDER_ID: (TOLD, says("visit again"))})
    lost = plan(seen, memory(link(noted="4", notes=2), verdicts=(verdict(),)), AGAIN)
    assert "CreateWorkOrder" not in kinds(lost)


def test_what_somebody_made_by_hand_is_nobodys_to_repeat() -> None:
    by_hand = work_order("4", "WO9", names="RO1", mark="", sys_id="9" * 32)
    told = JournalEntry(1, "connector", signed("WO9: ...", status_key("9" * 32, 2, "4")))
    seen = replace(snapshot(work_order("3"), by_hand), journals={DOMAIN_ORDER_ID: (told, says("visit again"))})
    links = link("3"), link("4", by_hand, origin=Origin.BY_HAND, key="", notes=2)
    assert codes(plan(seen, memory(*links, verdicts=(verdict(),)), AGAIN)) == ["closed-incomplete"]
    assert kinds(plan(seen, memory(*links, verdicts=(verdict(),)), AGAIN)) == []


def test_what_was_asked_for_by_hand_may_be_visited_again_too() -> None:
    key = str(WorkOrderKey.asked_for("om", DOMAIN_ORDER_ID, "Swap CPE", 1))
    swap = work_order("4", "WO5", names=key, template="Swap CPE")
    told = JournalEntry(1, "connector", signed("WO5: ...", status_key(swap.sys_id, 2, "4")))
    seen = replace(snapshot(work_order(), swap), journals={DOMAIN_ORDER_ID: (told, says("visit again"))})
    links = link(), link("4", swap, notes=2)
    made = only(plan(seen, memory(*links, verdicts=(verdict(),)), AGAIN), CreateWorkOrder)
    assert (made.template, made.key) == ("Swap CPE", key_of_next(links[1]))


def test_a_chain_of_visits_is_known_by_its_keys() -> None:
    first, second = link(noted="4", notes=2), link(noted="4", work=NEXT, notes=3)
    third = link(work=work_order(names=key_of_next(second)))
    assert [is_replaced(one, (first, second, third)) for one in (first, second, third)] == [True, True, False]
    assert not is_replaced(first, (first,))
    assert WorkOrderKey.parse(third.key) is not None
    assert KEY != NEXT_KEY
