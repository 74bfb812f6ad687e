"""The decision table of connector/decide/plan.py, row by row. A "nothing happens" stands beside a twin where something does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.decide.plan import decide
from connector.decide.rules import Consequence, PonrMode, WorkOrderEnd
from connector.mapping.marks import Carried, digest_of, signed, status_key, sys_id_of, token_of
from connector.model import (
    CancelWorkOrder,
    CreateWorkOrder,
    DomainOrderClass,
    Intent,
    IntentState,
    JournalEntry,
    Link,
    Origin,
    Plan,
    Ref,
    ReopenDomainOrder,
    SetPonr,
    Snapshot,
    UpdateWorkOrder,
    WriteNote,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    GATE_ALARMS,
    GATE_NOTES,
    INSTALL,
    KEY,
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
    order_task,
    plan,
    snapshot,
    verdict,
    work_order,
)

LATER = line(due="2027-03-15 12:00:00")


# --- order not approved yet, or approved but not decomposed ----------------------------------------------------


@pytest.mark.parametrize(
    "state", ["Draft", "New", "Submitted", "Enrichment in progress", "Rejected", "A state nobody mapped"]
)
def test_nothing_is_created_before_the_order_is_approved(state: str) -> None:
    assert kinds(plan(snapshot(of=order(state)))) == []


@pytest.mark.parametrize("state", ["Acknowledged", "Scheduled", "In progress"])
def test_an_approved_order_gets_its_work_order(state: str) -> None:
    assert kinds(plan(snapshot(of=order(state)))) == ["CreateWorkOrder"]


def test_a_line_that_was_rejected_by_itself_gets_nothing() -> None:
    assert kinds(plan(snapshot(with_line=line("Rejected")))) == []


def test_an_approved_order_that_is_not_decomposed_waits() -> None:
    assert kinds(plan(replace(snapshot(), domain_orders=()))) == []


def test_a_domain_order_of_somebody_elses_line_is_left_alone() -> None:
    assert kinds(plan(snapshot(with_domain_order=domain_order(line_id="f" * 32)))) == []


# --- approved, rows match --------------------------------------------------------------------------------------


def test_an_approved_domain_order_gets_the_work_order_its_row_asks_for() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    assert (create.template, create.key, create.domain_order_id) == (INSTALL, KEY, DOMAIN_ORDER_ID)
    assert create.fields["location"] == "Berlin"
    assert create.fields["requested_due_by"] == "2027-03-01 12:00:00"


def test_an_order_task_gets_its_own_work_order_which_counts_for_its_domain_order() -> None:
    decided = plan(snapshot(with_task=order_task()))
    creates = [a for a in decided.actions if isinstance(a, CreateWorkOrder)]
    assert {(c.template, c.domain_order_id) for c in creates} == {
        (INSTALL, DOMAIN_ORDER_ID),
        ("Site Survey", DOMAIN_ORDER_ID),
    }


def test_the_verdict_is_stored_with_what_it_read_and_what_nearly_won() -> None:
    judged = plan(snapshot()).verdicts[0]
    assert judged.rows == ("install",)
    assert judged.inputs == facts()
    assert judged.columns == ("specification", "domain order action")
    assert judged.conditions == {"install": "specification = CPE, domain order action = add"}
    assert [(m.row, m.column, m.wants, m.found) for m in judged.misses] == [
        ("swap", "domain order action", "change", "add")
    ]


def test_a_creation_that_is_intended_is_not_intended_twice() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    for state in (IntentState.PENDING, IntentState.SENDING, IntentState.UNKNOWN, IntentState.PARKED):
        remembered = memory(intents=(intent(create, state),), verdicts=(verdict(),))
        assert "CreateWorkOrder" not in kinds(plan(snapshot(), remembered)), state


def test_a_work_order_that_exists_is_not_created_again() -> None:
    assert kinds(plan(snapshot(work_order()), memory(link(), verdicts=(verdict(),)))) == []


def test_deciding_twice_with_the_plan_carried_out_changes_nothing() -> None:
    first = plan(snapshot())
    remembered = memory(intents=tuple(intent(a, IntentState.SENDING) for a in first.actions), verdicts=first.verdicts)
    again = plan(snapshot(), remembered)
    assert (again.actions, again.verdicts, again.links, again.withdraw) == ((), (), (), ())


# --- only the catch-all matches --------------------------------------------------------------------------------


def test_an_initiator_that_only_the_catch_all_matches_gets_no_field_work() -> None:
    decided = plan(snapshot(with_domain_order=domain_order(action="suspend")))
    assert (kinds(decided), decided.verdicts[0].rows, decided.verdicts[0].wanted) == ([], ("other",), ())


# --- policy edits are not events -------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["location", "contact", "characteristics"])
def test_what_a_record_without_a_name_might_change_is_left_alone(missing: str) -> None:
    """Deleted, or a right was lost. The twin, a record that says nothing there any more, is an ordinary change."""
    known = memory(link(carried=facts(snapshot())), verdicts=(verdict(),))
    gone = plan(snapshot(work_order(), with_line=line(location=Ref("0" * 32), unshown=(missing,))), known)
    assert (kinds(gone), codes(gone)) == ([], ["name-missing"])
    assert missing in gone.findings[0].text
    nowhere = plan(snapshot(work_order(), with_line=line(location=Ref())), known)
    assert (kinds(nowhere), codes(nowhere)) == (["UpdateWorkOrder"], [])


def test_an_initiator_that_points_to_a_record_without_a_name_is_not_judged() -> None:
    nameless = domain_order(specification=Ref("1" * 32), unshown=("specification",))
    decided = plan(snapshot(with_domain_order=nameless))
    assert (kinds(decided), decided.verdicts, codes(decided)) == ([], (), ["name-missing"])


def test_a_lost_name_is_nobodys_concern_when_every_visit_is_over() -> None:
    known = memory(link("3", carried=facts(snapshot())), verdicts=(verdict(),))
    done = plan(snapshot(work_order("3"), with_line=line(location=Ref("0" * 32), unshown=("location",))), known)
    assert codes(done) == []
    assert any("ready to be closed" in a.text for a in done.actions if isinstance(a, WriteNote))


def test_a_work_order_of_ours_that_cannot_be_understood_is_not_made_again() -> None:
    decided = plan(replace(snapshot(), strange=(work_order(number="", strange="number: too short"),)))
    assert (kinds(decided), codes(decided)) == ([], ["work-order-strange"])
    assert kinds(plan(snapshot())) == ["CreateWorkOrder"]


def test_a_work_order_by_hand_that_cannot_be_understood_counts_as_open() -> None:
    known = memory(link("3", carried=facts(snapshot())), verdicts=(verdict(),))
    closed = snapshot(work_order("3"), with_domain_order=domain_order("Closed Complete"))
    assert kinds(plan(closed, known)) == []
    strange = work_order("3", number="WO9", sys_id="9" * 32, names="ro1", strange="one of its tasks: number")
    decided = plan(replace(closed, strange=(strange,)), known)
    assert kinds(decided) == ["ReopenDomainOrder"]
    assert "WO9" in only(decided, ReopenDomainOrder).text


def test_a_line_that_shows_no_characteristics_any_more_changes_nothing() -> None:
    """A missing right looks like a removed characteristic. One of several that is gone is an ordinary change."""
    rich, poor = {"rate": "1 Gbit/s", "vlan": "7"}, {"vlan": "7"}
    known = memory(link(carried=facts(snapshot(with_line=line(characteristics=rich)))), verdicts=(verdict(),))
    gone = plan(snapshot(work_order(), with_line=line(characteristics={})), known)
    assert kinds(gone) == []
    assert codes(gone) == ["characteristics-missing"]
    fewer = plan(snapshot(work_order(), with_line=line(characteristics=poor)), known)
    assert (codes(fewer), kinds(fewer)) == ([], ["UpdateWorkOrder"])
    never = memory(link(carried=facts(snapshot())), verdicts=(verdict(),))
    assert codes(plan(snapshot(work_order()), never)) == []


def test_a_changed_policy_does_not_touch_an_order_version_that_was_decided() -> None:
    table = RULES.domain_order_policy.table
    last_row_only = replace(RULES.domain_order_policy, table=replace(table, rules=table.rules[-1:]))
    nothing = replace(RULES, domain_order_policy=last_row_only)
    remembered = memory(link(), verdicts=(verdict(),))
    assert kinds(plan(snapshot(work_order()), remembered, nothing)) == []
    revised = snapshot(work_order(), of=order(version=2))
    assert kinds(plan(revised, remembered, nothing)) == ["CancelWorkOrder"]


# --- creation pending, order canceled or revised meanwhile -----------------------------------------------------


@pytest.mark.parametrize(
    "of",
    [
        order("Canceled"),
        order("Revision in progress", version=2),
        order("Assessing cancellation", version=2),
        order(version=2),
    ],
    ids=["canceled", "in revision", "cancellation assessed", "revised and approved"],
)
def test_a_creation_overtaken_by_the_order_is_withdrawn_before_it_is_sent(of: object) -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    seen = replace(snapshot(), order=of)  # type: ignore[arg-type]
    decided = plan(seen, memory(intents=(intent(create),), verdicts=(verdict(),)))
    assert decided.withdraw == (token_of(create.key),)


def test_a_refused_creation_that_a_revision_replaces_or_a_cancellation_ends_is_withdrawn() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    remembered = memory(intents=(replace(intent(create, IntentState.PARKED), error="no"),), verdicts=(verdict(),))
    for of in (order("Canceled"), order(version=2)):
        assert plan(snapshot(of=of), remembered).withdraw == (token_of(create.key),)
    for of in (order(), order("Revision in progress", version=2)):
        assert plan(snapshot(of=of), remembered).withdraw == ()


@pytest.mark.parametrize("state", [IntentState.PENDING, IntentState.PARKED])
def test_a_visit_that_is_still_owed_keeps_the_gate_shut_until_a_person_gives_it_up(state: IntentState) -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    known = replace(intent(create, state), error="no" if state is IntentState.PARKED else "")
    closed = snapshot(with_domain_order=domain_order("Closed complete"))
    decided = plan(closed, memory(intents=(known,), verdicts=(verdict(),)))
    assert only(decided, ReopenDomainOrder).text.startswith("RO1 was reopened")
    given_up = replace(known, state=IntentState.DONE, error="given up")
    assert kinds(plan(closed, memory(intents=(given_up,), verdicts=(verdict(),)))) == []


def test_the_readers_hear_once_that_a_visit_was_refused() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    remembered = memory(intents=(replace(intent(create, IntentState.PARKED), error="no"),), verdicts=(verdict(),))
    decided = plan(snapshot(), remembered)
    assert "is not arranged yet" in only(decided, WriteNote).text
    assert codes(decided) == ["write-parked"]


def test_a_creation_that_may_have_been_sent_is_never_withdrawn() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    for state in (IntentState.SENDING, IntentState.UNKNOWN):
        decided = plan(snapshot(of=order("Canceled")), memory(intents=(intent(create, state),), verdicts=(verdict(),)))
        assert decided.withdraw == ()


# --- freeze ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Revision in progress", "Assessing cancellation", "On hold", "Awaiting information"])
def test_nothing_is_created_or_changed_while_the_order_is_frozen(state: str) -> None:
    seen = snapshot(work_order(), of=order(state), with_line=LATER)
    decided = plan(seen, memory(link(), verdicts=(verdict(),)))
    assert (kinds(decided), codes(decided)) == ([], ["frozen"])
    assert kinds(plan(snapshot(of=order(state)))) == []


def test_a_domain_order_held_alone_holds_no_other_of_its_order() -> None:
    held = replace(domain_order("On hold"), sys_id="e" * 32, number="RO2")
    decided = plan(replace(snapshot(), domain_orders=(domain_order(), held)))
    assert only(decided, CreateWorkOrder).initiator_id == DOMAIN_ORDER_ID


def test_a_declined_revision_leaves_everything_as_it_is() -> None:
    seen = snapshot(work_order(), of=order(version=2))
    remembered = memory(link(), verdicts=(verdict(),))
    assert (kinds(plan(seen, remembered)), codes(plan(seen, remembered))) == ([], [])


@pytest.mark.parametrize(
    "over", [{"with_domain_order": domain_order("Closed complete")}, {"of": order("Completed"), "with_line": LATER}]
)
def test_what_is_closed_gets_nothing_new_and_no_change(over: dict[str, Any]) -> None:
    assert kinds(plan(snapshot(**over))) == []
    known = memory(link(), verdicts=(verdict(),))
    seen = snapshot(work_order(), **{"with_line": LATER, **over})
    assert not {"CreateWorkOrder", "UpdateWorkOrder", "CancelWorkOrder"} & set(kinds(plan(seen, known)))


def test_nothing_is_changed_while_the_domain_order_is_on_hold() -> None:
    seen = snapshot(work_order(), with_line=LATER, with_domain_order=domain_order("On hold"))
    assert kinds(plan(seen, memory(link(), verdicts=(verdict(),)))) == []


def test_nothing_is_changed_until_a_manager_has_chosen_which_units_go() -> None:
    waits = snapshot(work_order(), with_line=LATER, with_domain_order=domain_order(needs_attention=True))
    decided = plan(waits, memory(link(), verdicts=(verdict(),)))
    assert (kinds(decided), codes(decided)) == ([], ["frozen"])
    assert "waits for a manager's choice" in decided.findings[0].text
    assert kinds(plan(snapshot(with_domain_order=domain_order(needs_attention=True)))) == []
    chosen = snapshot(work_order(), with_line=LATER)
    assert kinds(plan(chosen, memory(link(), verdicts=(verdict(),)))) == ["UpdateWorkOrder"]


def test_status_notes_go_on_while_the_order_is_frozen() -> None:
    seen = snapshot(work_order("16"), of=order("Revision in progress"))
    assert "Ready for Dispatch -> Assigned" in only(plan(seen, memory(link(), verdicts=(verdict(),))), WriteNote).text


# --- updates ---------------------------------------------------------------------------------------------------


def test_a_changed_date_is_carried_to_the_open_work_order() -> None:
    update = only(plan(snapshot(work_order(), with_line=LATER), memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    assert update.fields == {"requested_due_by": "2027-03-15 12:00:00"}
    assert [(c.what, c.before, c.after) for c in update.changes] == [
        ("due date", "2027-03-01 12:00:00", "2027-03-15 12:00:00")
    ]
    assert update.mod_count == 3


def test_a_change_that_no_mapped_field_shows_is_remembered_and_not_sent() -> None:
    seen = snapshot(work_order(), with_line=line(action="change"))
    decided = plan(seen, memory(link(), verdicts=(verdict(),)))
    assert kinds(decided) == []
    assert decided.links[0].carried["line action"] == "change"


def test_a_closed_work_order_is_not_updated() -> None:
    seen = snapshot(work_order("3"), with_line=LATER)
    assert "UpdateWorkOrder" not in kinds(plan(seen, memory(link(noted="3"), verdicts=(verdict(),))))


def test_the_carried_change_is_told_with_before_and_after() -> None:
    later = facts(snapshot(with_line=LATER))
    update = only(plan(snapshot(work_order(), with_line=LATER), memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    carried = link(carried=later, untold=update.changes, updates=1)
    decided = plan(snapshot(work_order(), with_line=LATER), memory(carried, verdicts=(verdict(),)))
    assert "due date: 2027-03-01 12:00 UTC -> 2027-03-15 12:00 UTC" in only(decided, WriteNote).text
    assert decided.links[0].untold == ()


def test_the_note_says_what_field_service_did_not_take() -> None:
    update = only(plan(snapshot(work_order(), with_line=LATER), memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    carried = link(carried=update.facts, untold=update.changes, updates=1, refused=("requested_due_by",))
    decided = plan(snapshot(work_order(), with_line=LATER), memory(carried, verdicts=(verdict(),)))
    assert "Field Service did not take: requested due by" in only(decided, WriteNote).text
    assert codes(decided) == ["not-applied"]


def test_an_update_under_way_is_not_sent_again() -> None:
    seen = snapshot(work_order(), with_line=LATER)
    update = only(plan(seen, memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    for state in (IntentState.PENDING, IntentState.SENDING, IntentState.UNKNOWN, IntentState.PARKED):
        remembered = memory(link(), intents=(intent(update, state),), verdicts=(verdict(),))
        assert kinds(plan(seen, remembered)) == [], state


def test_a_parked_update_is_followed_by_another_when_the_order_moves_on() -> None:
    update = only(plan(snapshot(work_order(), with_line=LATER), memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    remembered = memory(link(), intents=(intent(update, IntentState.PARKED),), verdicts=(verdict(),))
    seen = snapshot(work_order(), with_line=line(due="2027-04-01 12:00:00"))
    assert only(plan(seen, remembered), UpdateWorkOrder).key != update.key


def test_an_update_overtaken_by_another_edit_is_withdrawn_and_decided_again() -> None:
    update = only(plan(snapshot(work_order(), with_line=LATER), memory(link(), verdicts=(verdict(),))), UpdateWorkOrder)
    seen = snapshot(work_order(), with_line=line(due="2027-04-01 12:00:00"))
    decided = plan(seen, memory(link(), intents=(intent(update),), verdicts=(verdict(),)))
    assert decided.withdraw == (token_of(update.key),)
    assert only(decided, UpdateWorkOrder).fields == {"requested_due_by": "2027-04-01 12:00:00"}


# --- cancellation in OM ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seen",
    [
        snapshot(work_order(), of=order("Canceled")),
        snapshot(work_order(), of=order("Cancellation in progress")),
        snapshot(work_order(), with_line=line("Canceled")),
        snapshot(work_order(), with_domain_order=domain_order("Canceled")),
    ],
    ids=["order", "approved cancellation", "line", "domain order"],
)
def test_what_order_management_cancels_is_canceled_in_the_field(seen: object) -> None:
    cancel = only(plan(seen, memory(link(), verdicts=(verdict(),))), CancelWorkOrder)  # type: ignore[arg-type]
    assert "RO1 was canceled in Order Management" in cancel.reason


def test_a_revised_order_that_no_longer_asks_for_the_visit_cancels_it_and_creates_the_other() -> None:
    seen = snapshot(work_order(), of=order(version=2), with_domain_order=domain_order(action="change"))
    decided = plan(seen, memory(link(), verdicts=(verdict(),)))
    assert only(decided, CancelWorkOrder).work_order_number == "WO1"
    assert only(decided, CreateWorkOrder).template == "Swap CPE"


def test_a_closed_work_order_is_not_canceled() -> None:
    seen = snapshot(work_order("3"), of=order("Canceled"))
    assert "CancelWorkOrder" not in kinds(plan(seen, memory(link(noted="3"), verdicts=(verdict(),))))


def test_our_own_cancellation_is_told_as_ours() -> None:
    seen = snapshot(work_order("7"), of=order("Canceled"))
    decided = plan(seen, memory(link(withdrawn=True), verdicts=(verdict(),)))
    assert "the order no longer asks for it" in only(decided, WriteNote).text
    assert codes(decided) == []


def test_our_own_cancellation_is_recognised_by_its_mark_when_its_outcome_never_arrived() -> None:
    mark = str(Carried(1, digest_of(facts()), withdrawn=True))
    decided = plan(snapshot(work_order("7", mark=mark), of=order("Canceled")), memory(link(), verdicts=(verdict(),)))
    assert "the order no longer asks for it" in only(decided, WriteNote).text
    assert decided.links[0].withdrawn


CANCELED = snapshot(work_order(), of=order("Canceled"))


def cancellation(state: IntentState, error: str = "") -> Intent:
    """What was intended when the order was canceled."""
    action = only(plan(CANCELED, memory(link(), verdicts=(verdict(),))), CancelWorkOrder)
    return replace(intent(action, state), error=error)


def test_a_cancellation_that_field_service_refuses_is_told_once_and_is_a_finding() -> None:
    refused = cancellation(IntentState.PARKED, "fsm refused it with status 400: Parts are shipped.")
    decided = plan(CANCELED, memory(link(), intents=(refused,), verdicts=(verdict(),)))
    note = only(decided, WriteNote)
    assert note.text == (
        "WO1 Install CPE is no longer asked for, but Field Service did not cancel it: it says 'Parts are shipped'. It is still"
        " Ready for Dispatch, and the connector does not try again by itself: please cancel it in Field Service, or let it be"
        " carried out. 1 of 1 work order open."
    )
    assert "status 400" in decided.findings[0].text
    assert (kinds(decided), codes(decided)) == (["WriteNote"], ["not-canceled"])
    told = memory(link(), intents=(refused, intent(note, IntentState.DONE)), verdicts=(verdict(),))
    again = plan(CANCELED, told)
    assert (kinds(again), codes(again)) == ([], ["not-canceled"])


def test_a_refused_cancellation_is_settled_when_somebody_cancels_the_work_order_by_hand() -> None:
    refused = cancellation(IntentState.PARKED, "parts are shipped.")
    seen = snapshot(work_order("7"), of=order("Canceled"))
    decided = plan(seen, memory(link("7"), intents=(refused,), verdicts=(verdict(),)))
    assert decided.withdraw == (token_of(refused.key),)
    assert "not-canceled" not in codes(decided)


@pytest.mark.parametrize(("state", "late"), [("3", True), ("4", True), ("7", False)])
def test_a_visit_that_was_over_before_it_could_be_canceled_is_told(state: str, late: bool) -> None:
    overtaken = cancellation(IntentState.DONE)
    seen = snapshot(work_order(state), of=order("Canceled"))
    decided = plan(seen, memory(link(state), intents=(overtaken,), verdicts=(verdict(),)))
    assert ("may have to be undone" in str(decided.actions)) is late
    assert ("not-canceled" in codes(decided)) is late
    ours = plan(seen, memory(link("7", withdrawn=True), intents=(overtaken,), verdicts=(verdict(),)))
    assert late or codes(ours) == []


@pytest.mark.parametrize(
    ("state", "withdrawn"), [(IntentState.PENDING, True), (IntentState.PARKED, True), (IntentState.UNKNOWN, False)]
)
def test_a_cancellation_is_withdrawn_when_a_later_revision_wants_the_work_order_again(
    state: IntentState, withdrawn: bool
) -> None:
    pending = cancellation(state)
    decided = plan(snapshot(work_order()), memory(link(), intents=(pending,), verdicts=(verdict(),)))
    assert decided.withdraw == ((token_of(pending.key),) if withdrawn else ())
    assert kinds(decided) == []


# --- point of no return ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "with_line"),
    [(order(ponr=True), LATER), (order(), replace(LATER, ponr=True))],
    ids=["order", "line"],
)
def test_past_the_point_of_no_return_nothing_is_carried_and_a_note_says_why(of: object, with_line: object) -> None:
    seen = replace(snapshot(work_order()), order=of, lines=(with_line,))  # type: ignore[arg-type]
    decided = plan(seen, memory(link(), verdicts=(verdict(),)))
    assert kinds(decided) == ["WriteNote"]
    assert "past its point of no return" in only(decided, WriteNote).text
    assert codes(decided) == ["past-ponr"]


def test_the_same_late_edit_is_told_once_and_another_one_again() -> None:
    late = replace(LATER, ponr=True)
    first = only(plan(snapshot(work_order(), with_line=late), memory(link(), verdicts=(verdict(),))), WriteNote)
    told = memory(link(), intents=(intent(first, IntentState.DONE),), verdicts=(verdict(),))
    assert kinds(plan(snapshot(work_order(), with_line=late), told)) == []
    later_still = replace(late, due="2027-05-01 12:00:00")
    assert kinds(plan(snapshot(work_order(), with_line=later_still), told)) == ["WriteNote"]


def test_past_the_point_of_no_return_status_notes_go_on() -> None:
    seen = snapshot(work_order("16"), of=order(ponr=True))
    assert "Assigned" in only(plan(seen, memory(link(), verdicts=(verdict(),))), WriteNote).text


def test_first_fulfilment_is_not_a_change_even_past_the_point_of_no_return() -> None:
    assert kinds(plan(snapshot(of=order(ponr=True)))) == ["CreateWorkOrder"]


# --- progress --------------------------------------------------------------------------------------------------


def test_a_new_work_order_is_announced() -> None:
    decided = plan(snapshot(work_order()), memory(link(noted=None), verdicts=(verdict(),)))
    assert only(decided, WriteNote).text == (
        "WO1 Install CPE was created in Field Service: Ready for Dispatch. 1 of 1 work order open."
    )


def test_a_changed_state_is_told_with_from_to_who_and_when() -> None:
    decided = plan(snapshot(work_order("18")), memory(link(noted="16"), verdicts=(verdict(),)))
    assert only(decided, WriteNote).text == (
        "WO1 Install CPE: Assigned -> Work in Progress by Tom Becker, 2027-02-01 10:15 UTC. 1 of 1 work order open."
    )
    assert decided.links[0].noted == work_order("18").state


def test_an_unchanged_state_is_not_told() -> None:
    assert kinds(plan(snapshot(work_order("16")), memory(link(noted="16"), verdicts=(verdict(),)))) == []


def test_a_state_that_comes_back_is_told_again() -> None:
    back = plan(snapshot(work_order("10")), memory(link(noted="16", notes=2), verdicts=(verdict(),)))
    assert "Assigned -> Ready for Dispatch" in only(back, WriteNote).text


@pytest.mark.parametrize(("state", "code"), [("7", "canceled-in-field"), ("4", "closed-incomplete")])
def test_a_visit_that_failed_in_the_field_is_told_and_never_silently_created_again(state: str, code: str) -> None:
    decided = plan(snapshot(work_order(state)), memory(link(), verdicts=(verdict(),)))
    assert "CreateWorkOrder" not in kinds(decided)
    assert codes(decided) == [code]


# --- work orders memory does not know --------------------------------------------------------------------------


def test_a_work_order_made_by_hand_is_told_and_counted_but_never_edited() -> None:
    by_hand = work_order("16", number="WO9", names="ro1", mark="", sys_id="9" * 32)
    seen = snapshot(work_order(), by_hand, with_line=LATER)
    decided = plan(seen, memory(link(carried=facts(seen)), verdicts=(verdict(),)))
    assert kinds(decided) == ["WriteNote"]
    assert (
        "WO9 Install CPE was made by hand in Field Service: Assigned. 2 of 2 work orders open."
        in only(decided, WriteNote).text
    )
    assert decided.links[0].origin is Origin.BY_HAND


def test_a_work_order_for_somebody_else_is_none_of_our_business() -> None:
    stranger = work_order("16", number="WO9", names="RO2", mark="", sys_id="9" * 32)
    assert kinds(plan(snapshot(work_order(), stranger), memory(link(), verdicts=(verdict(),)))) == []


def test_a_work_order_with_our_mark_is_adopted_instead_of_created_again() -> None:
    decided = plan(snapshot(work_order()))
    assert kinds(decided) == ["WriteNote"]
    assert (decided.links[0].origin, decided.links[0].key) == (Origin.ADOPTED, KEY)


@pytest.mark.parametrize("state", [IntentState.PENDING, IntentState.PARKED])
def test_a_creation_that_an_old_memory_believes_unsent_is_withdrawn_where_the_work_order_exists(
    state: IntentState,
) -> None:
    creation = intent(only(plan(snapshot()), CreateWorkOrder), state)
    decided = plan(snapshot(work_order()), memory(intents=(creation,), verdicts=(verdict(),)))
    assert (decided.withdraw, decided.links[0].origin) == ((token_of(creation.key),), Origin.ADOPTED)


@pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.UNKNOWN])
def test_a_creation_that_may_be_under_way_is_not_adopted_before_the_outbox_has_looked(state: IntentState) -> None:
    creation = intent(only(plan(snapshot()), CreateWorkOrder), state)
    decided = plan(snapshot(work_order()), memory(intents=(creation,), verdicts=(verdict(),)))
    assert (decided.withdraw, decided.links, kinds(decided)) == ((), (), [])


COPY = work_order("16", number="WO2", sys_id="8" * 32, created_on="2027-02-02 08:00:00")


@pytest.mark.parametrize(
    "known", [(), (link(),), (link(), link(noted=None, work=COPY))], ids=["lost", "kept", "mistaken"]
)
def test_a_copy_of_a_work_order_of_ours_is_found_and_waited_for_and_never_changed(known: tuple[Link, ...]) -> None:
    seen = snapshot(work_order("3"), COPY, with_line=LATER, with_domain_order=domain_order("Closed Complete"))
    decided = plan(seen, memory(*known, verdicts=(verdict(),)))
    assert {"duplicate-mark", "closed-with-open-work"} <= set(codes(decided))
    assert not {"UpdateWorkOrder", "CancelWorkOrder"} & set(kinds(decided))
    [copy] = [one for one in decided.links if one.work_order_id == COPY.sys_id]
    assert (copy.origin, copy.key) == (Origin.COPY, "")
    canceled = replace(COPY, state=work_order("7").state)
    over = plan(replace(seen, work_orders=(work_order("3"), canceled)), memory(*known, verdicts=(verdict(),)))
    assert not {"duplicate-mark", "closed-with-open-work", "canceled-in-field"} & set(codes(over))


def test_what_was_intended_for_a_copy_before_it_was_known_as_one_is_withdrawn() -> None:
    action = CancelWorkOrder("cancel/8/1", COPY.sys_id, "WO2", 1, 3, "no longer wanted", {})
    decided = plan(snapshot(work_order(), COPY), memory(link(), link(work=COPY), intents=(intent(action),)))
    assert decided.withdraw == (token_of(action.key),)


def test_where_the_instance_gives_its_own_sys_ids_the_older_one_is_the_original() -> None:
    first = replace(COPY, sys_id="9" * 32, number="WO7", created_on="2027-02-01 08:00:00")
    decided = plan(snapshot(COPY, first))
    assert {one.work_order_number: one.origin for one in decided.links} == {"WO2": Origin.COPY, "WO7": Origin.ADOPTED}


def test_a_copy_of_an_original_that_field_service_does_not_show_is_a_copy_as_long_as_memory_knows_it() -> None:
    decided = plan(snapshot(COPY), memory(link(), verdicts=(verdict(),)))
    assert {one.work_order_number: one.origin for one in decided.links} == {"WO2": Origin.COPY}
    assert set(codes(decided)) == {"duplicate-mark", "work-order-missing"}


def test_a_mark_of_another_order_management_instance_is_not_ours() -> None:
    other = work_order(names=KEY.replace(":om:", ":om2:"))
    assert kinds(plan(snapshot(other))) == ["CreateWorkOrder"]


def test_after_memory_was_lost_no_note_is_repeated() -> None:
    sys_id = work_order().sys_id
    written = frozenset(token_of(f"status/{sys_id}/{n}/{state}") for n, state in ((1, "10"), (2, "16")))
    decided = plan(snapshot(work_order("16"), tokens=written))
    assert (kinds(decided), decided.links[0].notes, set(decided.recovered)) == ([], 2, set(written))
    moved = plan(snapshot(work_order("18"), tokens=written))
    assert "Assigned -> Work in Progress" in only(moved, WriteNote).text


def test_after_memory_was_lost_a_note_is_recognised_where_the_instance_does_not_show_its_list_of_states() -> None:
    blind = replace(RULES, work_order_states=replace(RULES.work_order_states, labels={}))
    written = frozenset({token_of(f"status/{work_order().sys_id}/1/10")})
    decided = plan(snapshot(work_order("18"), tokens=written), rules=blind)
    assert [action.key for action in decided.actions if isinstance(action, WriteNote)] == [
        f"status/{work_order().sys_id}/2/18"
    ]


def test_after_memory_was_lost_a_work_order_that_only_the_journal_tells_of_is_missing_and_not_created_again() -> None:
    told = frozenset(token_of(f"status/{sys_id_of(KEY)}/{n}/{state}") for n, state in ((1, "10"), (2, "16")))
    decided = plan(snapshot(tokens=told))
    assert (kinds(decided), codes(decided)) == ([], ["work-order-missing"])
    [known] = decided.links
    assert (known.key, known.notes, known.noted and known.noted.label) == (KEY, 2, "Assigned")
    again = plan(snapshot(), memory(known, verdicts=(verdict(),)))  # the journal is not read at every look
    assert (kinds(again), codes(again)) == ([], ["work-order-missing"])
    assert kinds(plan(snapshot(tokens=frozenset({"0123456789"})))) == ["CreateWorkOrder"]


def test_after_memory_was_lost_an_edit_that_was_never_carried_is_carried() -> None:
    behind = work_order(
        fields={"requested_due_by": "2027-02-01 12:00:00"}, mark=str(Carried(1, digest_of({"old": ""})))
    )
    update = only(plan(snapshot(behind)), UpdateWorkOrder)
    assert update.fields["requested_due_by"] == "2027-03-01 12:00:00"


UPDATED_ONCE = str(Carried(1, digest_of(facts()), updates=1))


@pytest.mark.parametrize("told", [False, True], ids=["untold", "told"])
def test_after_memory_was_lost_an_update_that_nobody_was_told_of_is_told(told: bool) -> None:
    sys_id = work_order().sys_id
    notes = (f"status/{sys_id}/1/10", *([f"updated/{sys_id}/1"] if told else []))
    updated = work_order(mark=UPDATED_ONCE, fields={"description": "Bandwidth: 500 Mbit/s"})
    decided = plan(snapshot(updated, tokens=frozenset(map(token_of, notes))))
    texts = [action.text for action in decided.actions if isinstance(action, WriteNote)]
    assert ["description: now Bandwidth: 500 Mbit/s" in text for text in texts] == ([] if told else [True])
    assert decided.links[0].updates == 1


def test_an_old_copy_of_memory_catches_up_with_the_journal_and_the_mark() -> None:
    """Somebody put back a copy from before an update and two notes."""
    sys_id = work_order().sys_id
    written = [f"status/{sys_id}/1/10", f"status/{sys_id}/2/16", f"updated/{sys_id}/1"]
    old = memory(link(carried={"old": ""}), verdicts=(verdict(),))
    seen = snapshot(work_order("16", mark=UPDATED_ONCE), tokens=frozenset(map(token_of, written)))
    decided = plan(seen, old)
    assert "WriteNote" not in kinds(decided)
    assert (decided.links[0].notes, decided.links[0].updates) == (2, 1)


def test_a_note_that_is_in_the_journal_is_not_written_though_memory_still_intends_it() -> None:
    sys_id = work_order().sys_id
    pending = WriteNote(f"status/{sys_id}/2/16", "d", "RO1", "WO1: Ready for Dispatch -> Assigned")
    intents = {token_of(pending.key): Intent(pending.key, IntentState.PENDING, pending)}
    old = replace(memory(link(), verdicts=(verdict(),)), intents=intents)
    tokens = frozenset(token_of(f"status/{sys_id}/{n}/{state}") for n, state in ((1, "10"), (2, "16")))
    assert token_of(pending.key) in plan(snapshot(work_order("16"), tokens=tokens), old).recovered
    assert token_of(pending.key) not in plan(snapshot(work_order("16")), old).recovered


def test_after_memory_was_lost_a_work_order_we_canceled_stays_canceled_by_us() -> None:
    mark = str(Carried(1, digest_of(facts()), withdrawn=True))
    decided = plan(snapshot(work_order("7", mark=mark), of=order("Canceled")))
    assert decided.links[0].withdrawn
    assert codes(decided) == []


# --- the gate --------------------------------------------------------------------------------------------------

CLOSED = domain_order("Closed complete", mod_count=7)


def test_a_domain_order_closed_while_a_work_order_is_open_is_reopened_naming_it() -> None:
    decided = plan(snapshot(work_order(), with_domain_order=CLOSED), memory(link(), verdicts=(verdict(),)))
    reopen = only(decided, ReopenDomainOrder)
    assert "WO1 (Ready for Dispatch)" in reopen.text
    assert reopen.mod_count == 7
    assert codes(decided) == ["closed-with-open-work"]


def test_a_work_order_that_was_reopened_is_told_before_the_domain_order_is_reopened_for_it() -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    seen = snapshot(work_order("16"), with_domain_order=CLOSED)
    first = decide(seen, memory(link(noted="3"), verdicts=(verdict(),)), RULES, now)
    assert (kinds(first), first.look_at, codes(first)) == (["WriteNote"], now, ["closed-with-open-work"])
    assert kinds(plan(seen, memory(*first.links, verdicts=(verdict(),)))) == ["ReopenDomainOrder"]


ENDS = [
    ("3", False, True),  # closed complete
    ("4", False, False),  # closed incomplete
    ("7", True, True),  # canceled because the order no longer asks for it
    ("7", False, False),  # canceled in the field
]


@pytest.mark.parametrize(("state", "withdrawn", "released"), ENDS)
def test_a_domain_order_stays_closed_after_the_ends_of_work_orders_that_release_it(
    state: str, withdrawn: bool, released: bool
) -> None:
    remembered = memory(link(noted=state, withdrawn=withdrawn), verdicts=(verdict(),))
    decided = plan(snapshot(work_order(state), with_domain_order=CLOSED), remembered)
    assert kinds(decided) == ([] if released else ["ReopenDomainOrder"])
    assert ("nobody decided what follows" in str(decided.actions)) is not released
    every = plan(
        snapshot(work_order(state), with_domain_order=CLOSED), remembered, replace(RULES, releases=tuple(WorkOrderEnd))
    )
    assert kinds(every) == []


INCOMPLETE = work_order("4")
TOLD = JournalEntry(1, "om.connector", signed("WO1: ... -> Closed Incomplete", status_key(INCOMPLETE.sys_id, 1, "4")))


def decided_by(*entries: JournalEntry, state: str = "Closed complete") -> Plan:
    """What follows when the journal of RO1 says this and its work order was closed incomplete."""
    seen = snapshot(INCOMPLETE, with_domain_order=domain_order(state, mod_count=7))
    seen = replace(seen, journals={DOMAIN_ORDER_ID: entries})
    return plan(seen, memory(link(noted="4"), verdicts=(verdict(),)))


@pytest.mark.parametrize(
    "text",
    [
        "release gate",
        "Release  Gate: they take it as it is",
        "release gate WO7, wo1 and WO9",
        "release gate: see INC42",
    ],
)
def test_a_decision_written_below_the_note_of_the_end_releases_the_gate(text: str) -> None:
    entries = (TOLD, JournalEntry(2, "frank", text))
    assert (kinds(decided_by(*entries)), codes(decided_by(*entries))) == ([], [])
    assert "ready to be closed, as decided by frank" in only(decided_by(*entries, state="In progress"), WriteNote).text


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (TOLD,),
        (JournalEntry(0, "frank", "release gate"), TOLD),
        (TOLD, JournalEntry(1, "frank", "release gate")),
        (JournalEntry(2, "frank", "release gate"),),
        (TOLD, JournalEntry(2, "frank", "release gate WO2")),
        (TOLD, JournalEntry(2, "frank", "release gates")),
        (TOLD, JournalEntry(2, "frank", "do not release gate")),
        (TOLD, JournalEntry(2, "om.connector", signed("release gate", "a note of ours"))),
    ],
    ids=["nobody", "told only", "before", "same second", "never told", "another", "word", "beginning", "ours"],
)
def test_what_is_no_decision_about_this_end_releases_nothing(entries: tuple[JournalEntry, ...]) -> None:
    assert kinds(decided_by(*entries)) == ["ReopenDomainOrder"]
    assert codes(decided_by(*entries)) == ["closed-incomplete", "closed-with-open-work"]


NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "error", "at", "counts"),
    [
        (IntentState.PARKED, "record is locked", "2027-03-01 12:00:01", True),
        (IntentState.DONE, "given up by a person", "2027-03-01 12:00:01", True),
        (IntentState.DONE, "given up by a person", "2027-03-01 12:00:00", False),
        (IntentState.DONE, "given up by a person", "01.03.2027 12:00:01", False),
        (IntentState.DONE, "", "2027-03-01 12:00:01", False),
        (IntentState.PENDING, "", "2027-03-01 12:00:01", False),
    ],
    ids=["refused", "given up", "before that", "moment unknown", "told, but not shown", "still to be told"],
)
def test_where_the_note_of_the_end_was_refused_a_decision_after_that_counts(
    state: IntentState, error: str, at: str, counts: bool
) -> None:
    told = WriteNote(status_key(INCOMPLETE.sys_id, 1, "4"), DOMAIN_ORDER_ID, "RO1", "WO1: ... -> Closed Incomplete")
    refused = replace(intent(told, state), error=error, at=NOON)
    seen = snapshot(INCOMPLETE, with_domain_order=CLOSED)
    seen = replace(seen, journals={DOMAIN_ORDER_ID: (JournalEntry(0, "frank", "release gate WO1", at),)})
    decided = plan(seen, memory(link(noted="4"), intents=(refused,), verdicts=(verdict(),)))
    assert ("ReopenDomainOrder" not in kinds(decided)) == counts
    again = replace(seen, journals={DOMAIN_ORDER_ID: (TOLD, JournalEntry(0, "frank", "release gate WO1", at))})
    decided = plan(again, memory(link(noted="4"), intents=(refused,), verdicts=(verdict(),)))
    assert "ReopenDomainOrder" in kinds(decided)  # where the note is shown after all, it says what came before it


def test_an_end_that_only_asks_for_a_note_is_no_finding() -> None:
    rules = replace(RULES, closed_incomplete=Consequence.NOTE)
    remembered = memory(link(noted="4"), verdicts=(verdict(),))
    assert codes(plan(snapshot(INCOMPLETE), remembered, rules)) == []
    assert codes(plan(snapshot(INCOMPLETE), remembered)) == ["closed-incomplete"]


def test_a_follow_on_that_reopens_the_work_order_reopens_the_gate() -> None:
    seen = snapshot(work_order("10"), with_domain_order=CLOSED)
    seen = replace(seen, journals={DOMAIN_ORDER_ID: (TOLD, JournalEntry(2, "frank", "release gate"))})
    told = plan(seen, memory(link(noted="4"), verdicts=(verdict(),)))
    assert "ReopenDomainOrder" in kinds(plan(seen, memory(*told.links, verdicts=(verdict(),))))


def test_a_refused_reopening_is_a_finding_until_it_is_settled() -> None:
    seen = snapshot(work_order(), with_domain_order=CLOSED)
    first = only(plan(seen, memory(link(), verdicts=(verdict(),))), ReopenDomainOrder)
    parked = replace(intent(first, IntentState.PARKED), error="closed is closed")
    remembered = memory(link(), intents=(parked,), verdicts=(verdict(),))
    decided = plan(seen, remembered)
    assert (kinds(decided), codes(decided)) == ([], ["closed-with-open-work", "reopen-refused"])
    done = plan(
        snapshot(work_order("3"), with_domain_order=CLOSED), memory(link("3"), intents=(parked,), verdicts=(verdict(),))
    )
    assert (codes(done), done.withdraw) == ([], (token_of(first.key),))


@pytest.mark.parametrize(("mod_count", "reopens"), [(7, False), (8, False), (9, True)])
def test_a_reopening_that_a_person_gave_up_stands_until_somebody_else_updates_the_domain_order(
    mod_count: int, reopens: bool
) -> None:
    """It was given up at its seventh update; a note of ours, and none of before, has made it the eighth."""
    closed = snapshot(work_order(), with_domain_order=CLOSED)
    first = only(plan(closed, memory(link(), verdicts=(verdict(),))), ReopenDomainOrder)
    given_up = replace(intent(first, IntentState.DONE), error="given up by a person", at=NOON)
    earlier, later = (
        replace(
            intent(WriteNote(key, DOMAIN_ORDER_ID, "RO1", "text"), IntentState.DONE), at=NOON + timedelta(hours=hours)
        )
        for key, hours in (("a", -1), ("b", 1))
    )
    remembered = memory(link(), intents=(given_up, earlier, later), verdicts=(verdict(),))
    decided = plan(replace(closed, domain_orders=(replace(CLOSED, mod_count=mod_count),)), remembered)
    assert (kinds(decided), codes(decided)) == (["ReopenDomainOrder"] * reopens, ["closed-with-open-work"])


@pytest.mark.parametrize(("looked_at", "given_up_at", "reopens"), [(9, 9, False), (9, 10, True), (None, 9, True)])
def test_what_was_seen_before_a_person_gave_a_reopening_up_is_no_new_occasion(
    looked_at: int | None, given_up_at: int, reopens: bool
) -> None:
    """Somebody wrote on the domain order while the reopening was refused, and only then it was given up."""
    closed = snapshot(work_order(), with_domain_order=CLOSED)
    first = only(plan(closed, memory(link(), verdicts=(verdict(),))), ReopenDomainOrder)
    parked = replace(intent(first, IntentState.PARKED), error="closed is closed", at=NOON)
    seen: tuple[str, ...] = ()
    if looked_at is not None:
        between = replace(closed, domain_orders=(replace(CLOSED, mod_count=looked_at),))
        seen = plan(between, memory(link(), intents=(parked,), verdicts=(verdict(),))).recovered
        assert len(seen) == 1
    given_up = replace(parked, state=IntentState.DONE, error="given up by a person")
    known = memory(link(), intents=(given_up,), verdicts=(verdict(),))
    known = replace(
        known, intents={**known.intents, **{one: Intent(f"recovered/{one}", IntentState.DONE) for one in seen}}
    )
    now = replace(closed, domain_orders=(replace(CLOSED, mod_count=given_up_at),))
    assert kinds(plan(now, known)) == ["ReopenDomainOrder"] * reopens


def test_where_a_note_is_enough_each_premature_closing_is_told_once() -> None:
    closed, opened = snapshot(work_order(), with_domain_order=CLOSED), snapshot(work_order())
    done: list[Intent] = []

    def decided(seen: Snapshot) -> Plan:
        return plan(seen, memory(link(), intents=tuple(done), verdicts=(verdict(),)), GATE_NOTES)

    first = only(decided(closed), WriteNote)
    done.append(intent(first, IntentState.PENDING))
    assert kinds(decided(closed)) == []
    assert decided(opened).withdraw == (token_of(first.key),)
    done[:] = [intent(first, IntentState.DONE)]
    assert kinds(decided(closed)) == []
    assert decided(snapshot(work_order("3"), with_domain_order=CLOSED)).recovered == ()
    more = (work_order(), work_order("3", sys_id="2" * 32, number="WO2"))
    counted = replace(closed, work_orders=more)
    assert not any("should not be closed" in str(action) for action in decided(counted).actions)
    [over] = decided(opened).recovered
    known = memory(link(), intents=tuple(done), verdicts=(verdict(),))
    known = replace(known, intents={**known.intents, over: Intent(f"recovered/{over}", IntentState.DONE)})
    assert plan(opened, known, GATE_NOTES).recovered == ()
    second = only(plan(closed, known, GATE_NOTES), WriteNote)
    assert (second.text, second.key == first.key) == (first.text, False)
    lost = replace(closed, tokens={DOMAIN_ORDER_ID: frozenset(map(token_of, (first.key, second.key)))})
    assert "should not be closed" not in str(plan(lost, rules=GATE_NOTES).actions)
    assert "should not be closed" in str(plan(closed, rules=GATE_NOTES).actions)
    other = replace(work_order("16"), mod_count=9)
    reasons = plan(snapshot(other, with_domain_order=CLOSED), memory(link(noted="16"), intents=tuple(done)), GATE_NOTES)
    assert "WO1 (Assigned)" in str(reasons.actions)


@pytest.mark.parametrize("state", [IntentState.PENDING, IntentState.PARKED])
def test_a_reopening_is_withdrawn_when_somebody_else_reopened(state: IntentState) -> None:
    first = only(
        plan(snapshot(work_order(), with_domain_order=CLOSED), memory(link(), verdicts=(verdict(),))), ReopenDomainOrder
    )
    remembered = memory(link(), intents=(intent(first, state),), verdicts=(verdict(),))
    assert plan(snapshot(work_order()), remembered).withdraw == (token_of(first.key),)
    sent = memory(link(), intents=(intent(first, IntentState.UNKNOWN),), verdicts=(verdict(),))
    assert plan(snapshot(work_order()), sent).withdraw == ()


def test_a_work_order_in_a_state_nobody_mapped_keeps_the_gate_shut() -> None:
    decided = plan(
        snapshot(work_order("99"), with_domain_order=CLOSED), memory(link(noted="99"), verdicts=(verdict(),))
    )
    assert kinds(decided) == ["ReopenDomainOrder"]
    assert "unknown-state" in codes(decided)


def test_a_work_order_that_field_service_does_not_show_keeps_the_gate_shut() -> None:
    decided = plan(snapshot(with_domain_order=CLOSED), memory(link(), verdicts=(verdict(),)))
    assert "Field Service does not show it" in only(decided, ReopenDomainOrder).text
    assert "work-order-missing" in codes(decided)


def test_a_vanished_work_order_that_was_known_to_be_closed_does_not_reopen_anything() -> None:
    assert kinds(plan(snapshot(with_domain_order=CLOSED), memory(link(noted="3"), verdicts=(verdict(),)))) == []


def test_a_work_order_that_is_being_created_keeps_the_gate_shut() -> None:
    create = only(plan(snapshot()), CreateWorkOrder)
    remembered = memory(intents=(intent(create, IntentState.UNKNOWN),), verdicts=(verdict(),))
    assert (
        "Install CPE (being created)"
        in only(plan(snapshot(with_domain_order=CLOSED), remembered), ReopenDomainOrder).text
    )


def test_a_work_order_of_an_order_task_keeps_its_domain_order_open() -> None:
    survey = link(initiator_id="d" * 32)
    seen = snapshot(work_order(), with_domain_order=CLOSED, with_task=order_task())
    assert kinds(plan(seen, memory(survey, verdicts=(verdict(),)))) == ["ReopenDomainOrder"]


def test_a_second_premature_close_is_reopened_again_but_one_under_way_is_not_repeated() -> None:
    seen = snapshot(work_order(), with_domain_order=CLOSED)
    first = only(plan(seen, memory(link(), verdicts=(verdict(),))), ReopenDomainOrder)
    for state in (IntentState.PENDING, IntentState.SENDING, IntentState.UNKNOWN, IntentState.PARKED):
        remembered = memory(link(), intents=(intent(first, state),), verdicts=(verdict(),))
        assert "ReopenDomainOrder" not in kinds(plan(seen, remembered)), state
    done = memory(link(), intents=(intent(first, IntentState.DONE),), verdicts=(verdict(),))
    assert only(plan(seen, done), ReopenDomainOrder).key != first.key


def test_somebody_who_closes_it_again_and_again_is_not_fought_for_ever() -> None:
    seen = snapshot(work_order(), with_domain_order=CLOSED)
    rules = replace(RULES, max_reopens=1)
    first = only(plan(seen, memory(link(), verdicts=(verdict(),)), rules), ReopenDomainOrder)
    done = memory(link(), intents=(intent(first, IntentState.DONE),), verdicts=(verdict(),))
    decided = plan(seen, done, rules)
    assert (kinds(decided), codes(decided)) == ([], ["closed-with-open-work"])


def test_the_gate_may_be_told_to_write_a_note_only_or_to_raise_an_alarm_only() -> None:
    seen = snapshot(work_order(), with_domain_order=CLOSED)
    remembered = memory(link(), verdicts=(verdict(),))
    assert kinds(plan(seen, remembered, GATE_NOTES)) == ["WriteNote"]
    alarmed = plan(seen, remembered, GATE_ALARMS)
    assert (kinds(alarmed), codes(alarmed)) == ([], ["closed-with-open-work"])


# --- ready to close --------------------------------------------------------------------------------------------


def test_when_all_work_orders_are_closed_the_domain_order_is_said_once_to_be_ready() -> None:
    seen = snapshot(work_order("3"))
    decided = plan(seen, memory(link(noted="3"), verdicts=(verdict(),)))
    ready = only(decided, WriteNote)
    assert ready.text == "Its work order is closed (1 closed complete): RO1 is ready to be closed."
    told = memory(link(noted="3"), intents=(intent(ready, IntentState.DONE),), verdicts=(verdict(),))
    assert kinds(plan(seen, told)) == []


def test_a_work_order_that_was_reopened_and_closed_again_is_ready_again() -> None:
    ready = only(plan(snapshot(work_order("3")), memory(link(noted="3"), verdicts=(verdict(),))), WriteNote)
    again = link(noted="3", notes=3)
    told = memory(again, intents=(intent(ready, IntentState.DONE),), verdicts=(verdict(),))
    assert "ready to be closed" in only(plan(snapshot(work_order("3")), told), WriteNote).text


@pytest.mark.parametrize(("state", "withdrawn"), [("18", True), ("3", False)], ids=["open again", "still closed"])
def test_that_it_is_ready_is_not_said_once_a_work_order_is_open_again(state: str, withdrawn: bool) -> None:
    ready = only(plan(snapshot(work_order("3")), memory(link(noted="3"), verdicts=(verdict(),))), WriteNote)
    waiting = memory(link(noted="3"), intents=(intent(ready),), verdicts=(verdict(),))
    assert (token_of(ready.key) in plan(snapshot(work_order(state)), waiting).withdraw) is withdrawn


def test_one_open_work_order_of_two_is_not_ready() -> None:
    other = work_order("16", number="WO2", names=KEY.replace("install:1", "install:2"))
    links = (link(noted="3"), link(noted="16", work=other, ordinal=2))
    assert kinds(plan(snapshot(work_order("3"), other), memory(*links, verdicts=(verdict(),)))) == ["CancelWorkOrder"]


def test_a_closed_domain_order_is_not_said_to_be_ready() -> None:
    decided = plan(snapshot(work_order("3"), with_domain_order=CLOSED), memory(link(noted="3"), verdicts=(verdict(),)))
    assert kinds(decided) == []


def test_a_domain_order_without_work_orders_is_never_said_to_be_ready() -> None:
    assert kinds(plan(snapshot(with_domain_order=domain_order(action="suspend")))) == []


# --- the order of writes ---------------------------------------------------------------------------------------


def test_the_gate_comes_first_and_new_visits_last() -> None:
    seen = snapshot(work_order("18"), with_domain_order=CLOSED, with_task=order_task())
    service = replace(domain_order(), sys_id="e" * 32, number="SO1", kind=DomainOrderClass.SERVICE)
    seen = replace(seen, domain_orders=(*seen.domain_orders, service))
    decided = plan(seen, memory(link(noted="16"), verdicts=(verdict(),)))
    assert kinds(decided) == ["ReopenDomainOrder", "WriteNote", "CreateWorkOrder"]


# --- the point of no return follows the field ------------------------------------------------------------------

FOLLOWED = replace(RULES, ponr=PonrMode.SET, ponr_at=frozenset({"work in progress"}))
BEGUN = snapshot(work_order("18"))
BEGUN_MEMORY = memory(link(noted="18"), verdicts=(verdict(),))


@pytest.mark.parametrize(
    ("mode", "state", "expected"),
    [
        (PonrMode.OFF, "18", []),
        (PonrMode.SET, "18", ["SetPonr"]),
        (PonrMode.SET, "16", []),
        (PonrMode.PROPOSE, "18", ["WriteNote"]),
        (PonrMode.PROPOSE, "16", []),
    ],
)
def test_what_follows_when_a_work_order_has_begun_is_as_configured(
    mode: PonrMode, state: str, expected: list[str]
) -> None:
    remembered = memory(link(noted=state), verdicts=(verdict(),))
    assert kinds(plan(snapshot(work_order(state)), remembered, replace(FOLLOWED, ponr=mode))) == expected


def test_that_a_visit_was_completed_between_two_looks_counts_as_begun() -> None:
    decided = plan(snapshot(work_order("3")), memory(link(noted="3"), verdicts=(verdict(),)), FOLLOWED)
    assert "SetPonr" in kinds(decided)


def test_a_line_that_is_past_it_already_is_not_set_again_and_nobody_is_told() -> None:
    assert kinds(plan(snapshot(work_order("18"), with_line=line(ponr=True)), BEGUN_MEMORY, FOLLOWED)) == []


def test_what_was_set_is_told_once_and_only_when_it_shows() -> None:
    done = intent(only(plan(BEGUN, BEGUN_MEMORY, FOLLOWED), SetPonr), IntentState.DONE)
    remembered = replace(BEGUN_MEMORY, intents={token_of(done.key): done})
    assert kinds(plan(BEGUN, remembered, FOLLOWED)) == []
    note = only(plan(snapshot(work_order("18"), with_line=line(ponr=True)), remembered, FOLLOWED), WriteNote)
    assert "it can no longer be revised or canceled" in note.text


def test_setting_it_is_given_up_while_the_order_is_in_question() -> None:
    waiting = intent(only(plan(BEGUN, BEGUN_MEMORY, FOLLOWED), SetPonr))
    remembered = replace(BEGUN_MEMORY, intents={token_of(waiting.key): waiting})
    frozen = snapshot(work_order("18"), of=order("Revision in progress"))
    assert plan(frozen, remembered, FOLLOWED).withdraw == (token_of(waiting.key),)
    assert plan(BEGUN, remembered, FOLLOWED).withdraw == ()


def test_a_finished_domain_order_of_the_same_line_takes_nothing_of_it_back() -> None:
    waiting = intent(only(plan(BEGUN, BEGUN_MEMORY, FOLLOWED), SetPonr), IntentState.PARKED)
    remembered = replace(BEGUN_MEMORY, intents={token_of(waiting.key): waiting})
    closed = replace(domain_order("Closed complete"), sys_id="9" * 32, number="SO1")
    beside = replace(BEGUN, domain_orders=(*BEGUN.domain_orders, closed))
    assert plan(beside, remembered, FOLLOWED).withdraw == ()


def test_one_line_past_its_point_of_no_return_puts_its_whole_order_there() -> None:
    other = replace(line(ponr=True), sys_id="9" * 32, number="ORDL2")
    revised = replace(snapshot(work_order(), with_line=LATER), lines=(LATER, other))
    assert codes(plan(revised, memory(link(), verdicts=(verdict(),)))) == ["past-ponr"]
    alone = snapshot(work_order(), with_line=LATER)
    assert kinds(plan(alone, memory(link(), verdicts=(verdict(),)))) == ["UpdateWorkOrder"]


# --- revision approved, desired facts differ, the visit was made -----------------------------------------------


def revised(state: str) -> Plan:
    """WO1 as it ended, with the order at its second version and the line due later."""
    seen = snapshot(work_order(state), of=order(version=2), with_line=LATER)
    return plan(seen, memory(link(noted=state), verdicts=(verdict(2),), intents=(Intent(READY, IntentState.DONE),)))


READY = only(plan(snapshot(work_order("3")), memory(link(noted="3"), verdicts=(verdict(),))), WriteNote).key


@pytest.mark.parametrize(("state", "told"), [("3", True), ("4", True), ("7", False)])
def test_a_revision_that_came_after_the_visit_is_told_and_sends_nobody(state: str, told: bool) -> None:
    decided = revised(state)
    texts = [action.text for action in decided.actions if isinstance(action, WriteNote)]
    assert any("before a change of the order could reach it: due date" in text for text in texts) is told
    assert "CreateWorkOrder" not in kinds(decided)
    assert "UpdateWorkOrder" not in kinds(decided)


def test_what_was_learned_outside_a_revision_after_the_visit_is_told_to_nobody() -> None:
    seen = snapshot(work_order("3"), with_line=LATER)
    remembered = memory(link(noted="3"), verdicts=(verdict(),), intents=(Intent(READY, IntentState.DONE),))
    assert kinds(plan(seen, remembered)) == []


@pytest.mark.parametrize("origin", [Origin.CREATED, Origin.BY_HAND])
def test_an_open_visit_whose_domain_order_or_line_is_not_shown_is_a_finding_and_is_left_alone(origin: Origin) -> None:
    remembered = memory(link(origin=origin), verdicts=(verdict(),))
    for seen in (replace(snapshot(work_order()), domain_orders=()), replace(snapshot(work_order()), lines=())):
        decided = plan(seen, remembered)
        assert (kinds(decided), codes(decided)) == ([], ["initiator-missing"])
        assert "RO1" in decided.findings[0].text
        over = replace(seen, work_orders=(work_order("3"),))
        assert codes(plan(over, memory(link("3", origin=origin)))) == []
        assert codes(plan(seen, memory(link(origin=origin, detached="by Mia", bound_at=9)))) == []
    assert codes(plan(snapshot(work_order()), remembered)) == []
