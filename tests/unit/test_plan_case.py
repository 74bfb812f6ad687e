"""Each row of the table atop decide/case.py, and its twin where something else is true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.decide.case import decide_case
from connector.decide.rules import CaseRules, Completion, Rejection
from connector.mapping.fields import DEFAULT_CASE_FIELDS, FieldMap
from connector.mapping.marks import Carried, WorkOrderKey, digest_of, signed, status_key, sys_id_of, token_of
from connector.mapping.policy_file import parse_policy
from connector.mapping.states import CASE_LABELS, StateMap
from connector.mapping.vocabulary import Initiates, vocabulary_of
from connector.model import (
    CancelWorkOrder,
    Case,
    CasePhase,
    CaseSnapshot,
    CreateWorkOrder,
    Intent,
    IntentState,
    JournalEntry,
    Link,
    OrderMemory,
    Origin,
    Plan,
    ResolveCase,
    UpdateWorkOrder,
    WorkOrder,
    WriteNote,
)
from tests.unit.orders import RULES as ORDER_RULES
from tests.unit.orders import WORK_ORDER_STATES, codes, kinds, only

CASE_ID = "ca5e" * 8
STATES = StateMap("case", {}, CASE_LABELS, CasePhase.UNKNOWN)
POLICY = parse_policy(
    "cases",
    ".csv",
    b"""hit policy,RULE ORDER
id,product,priority,work order template
swap,CPE,-,Swap CPE
survey,CPE,1,Site Survey
none,not(CPE),-,NO FIELD WORK
""",
    vocabulary_of(Initiates.CASE),
)
CASES = CaseRules(POLICY, FieldMap(DEFAULT_CASE_FIELDS))
RULES = replace(ORDER_RULES, cases=CASES)
SAID = {"case": "CS1", "short description": "no signal", "product": "CPE", "location": "Hamburg", "priority": "2"}


def case(state: str = "Open", mod_count: int = 5, **said: Any) -> Case:
    return Case(CASE_ID, "CS1", STATES.read(state), mod_count, {**SAID, **said})


def work_order(state: str = "10", row: str = "swap", version: int = 1, **changes: Any) -> WorkOrder:
    key = str(WorkOrderKey("om", CASE_ID, row, 1, version))
    template = {"swap": "Swap CPE", "survey": "Site Survey"}[row]
    given: dict[str, Any] = {"names": key, "template": template, "mark": str(Carried(version, digest_of(SAID)))}
    given |= {"mod_count": 3, **changes}
    sys_id = sys_id_of(given["names"])
    return WorkOrder(sys_id, f"WO-{row}-{version}", WORK_ORDER_STATES.read(state), **given)


def link(of: WorkOrder, noted: str = "", **changes: Any) -> Link:
    told = WORK_ORDER_STATES.read(noted or of.state.value)
    by_hand = not of.names.startswith("om-fsm:")
    given: dict[str, Any] = {"carried": SAID, "noted": told, "notes": 1, "key": "" if by_hand else of.names, **changes}
    origin = Origin.BY_HAND if by_hand else Origin.CREATED
    return Link(of.sys_id, of.number, CASE_ID, CASE_ID, CASE_ID, origin, template=of.template, **given)


def verdict(version: int = 1, **said: Any) -> Any:
    return POLICY.decide(case(**said), {**SAID, **said}, version=version)


def plan(of: Case, *work: WorkOrder, links: tuple[Link, ...] | None = None, **known: Any) -> Plan:
    """What is decided about a case with these work orders, which memory knows as they are unless said otherwise."""
    rules = known.pop("rules", RULES)
    seen = CaseSnapshot(of, work, known.pop("tokens", {}), known.pop("journals", {}))
    intents = {token_of(one.key): one for one in known.pop("intents", ())}
    verdicts = known.pop("verdicts", tuple(verdict(n) for n in (1, 2)))
    assert not known
    return decide_case(
        seen, OrderMemory(links if links is not None else tuple(map(link, work)), verdicts, intents), rules
    )


def done(action: Any, state: IntentState = IntentState.DONE, error: str = "") -> Intent:
    return Intent(action.key, state, action, error)


# --- creating ---------------------------------------------------------------------------------------------------


def test_an_open_case_that_a_row_matches_gets_its_work_order() -> None:
    create = only(plan(case(), verdicts=()), CreateWorkOrder)
    assert (create.initiator_number, create.template, create.domain_order_id) == ("CS1", "Swap CPE", CASE_ID)
    assert create.fields["short_description"] == "no signal (CS1)"
    assert create.key == str(WorkOrderKey("om", CASE_ID, "swap", 1, 1))


@pytest.mark.parametrize("state", ["Resolved", "Closed", "Canceled", "Escalated to nobody"])
def test_a_case_that_is_not_open_gets_none(state: str) -> None:
    assert kinds(plan(case(state), verdicts=())) == []


def test_a_case_nobody_needs_to_visit_gets_none() -> None:
    decided = plan(case(product="bill"), verdicts=())
    assert (kinds(decided), len(decided.verdicts)) == ([], 1)


def test_a_policy_that_contradicts_itself_is_a_finding() -> None:
    unique = parse_policy(
        "cases",
        ".csv",
        b"hit policy,UNIQUE\nid,product,work order template\na,CPE,A\nb,CPE,B\n",
        vocabulary_of(Initiates.CASE),
    )
    rules = replace(RULES, cases=replace(CASES, policy=unique))
    decided = plan(case(), verdicts=(), rules=rules)
    assert (kinds(decided), codes(decided)) == ([], ["undecided"])


def test_of_several_work_orders_the_next_waits_for_the_one_before() -> None:
    urgent = {"verdicts": (verdict(priority="1"),)}
    first = plan(case(priority="1"), **urgent)
    assert only(first, CreateWorkOrder).template == "Swap CPE"
    open_one = work_order()
    facts = {**SAID, "priority": "1"}
    assert kinds(plan(case(priority="1"), open_one, links=(link(open_one, carried=facts),), **urgent)) == []
    over = work_order("3")
    after = plan(case(priority="1"), over, links=(link(over, carried=facts),), **urgent)
    assert only(after, CreateWorkOrder).template == "Site Survey"


def test_several_may_be_open_at_once_where_that_is_wanted() -> None:
    rules = replace(RULES, cases=replace(CASES, one_open_work_order=False))
    decided = plan(case(priority="1"), verdicts=(verdict(priority="1"),), rules=rules)
    assert kinds(decided) == ["CreateWorkOrder", "CreateWorkOrder"]


@pytest.mark.parametrize(("state", "expected"), [("10", []), ("3", ["CreateWorkOrder"])])
def test_a_work_order_made_by_hand_comes_first(state: str, expected: list[str]) -> None:
    assert kinds(plan(case(), work_order(state, names="CS1", mark=""))) == expected


def test_an_intended_creation_is_given_up_when_the_case_is_closed_meanwhile() -> None:
    create = only(plan(case(), verdicts=()), CreateWorkOrder)
    waits = done(create, IntentState.PENDING)
    assert plan(case(), intents=(waits,)).withdraw == ()
    assert plan(case("Closed"), intents=(waits,)).withdraw == (token_of(create.key),)


# --- changing ---------------------------------------------------------------------------------------------------


def test_an_edited_case_reaches_its_open_work_order() -> None:
    update = only(plan(case(location="Munich"), work_order()), UpdateWorkOrder)
    assert (update.fields, update.line_id) == ({"location": "Munich"}, "")
    assert kinds(plan(case(location="Munich"), work_order("3"))) == ["ResolveCase"]


def test_a_resolved_case_changes_nothing_and_says_so() -> None:
    decided = plan(case("Resolved", location="Munich"), work_order())
    assert (kinds(decided), codes(decided)) == ([], ["frozen"])
    assert codes(plan(case("Resolved"), work_order("3"))) == []


def test_progress_is_told_on_the_case_while_it_is_open_or_resolved() -> None:
    moved = work_order("16")
    for state in ("Open", "Resolved"):
        note = only(plan(case(state), moved, links=(link(moved, "10"),)), WriteNote)
        assert (note.is_on_case, note.domain_order_number) == (True, "CS1")
        assert "Ready for Dispatch -> Assigned" in note.text


# --- the end ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Closed", "Canceled"])
def test_a_case_that_is_over_cancels_what_is_open_and_tells_nobody(state: str) -> None:
    decided = plan(case(state), work_order("16"), links=(link(work_order(), "10"),))
    assert only(decided, CancelWorkOrder).reason == f"Canceled by om-fsm: CS1 is {state}"
    assert kinds(decided) == ["CancelWorkOrder"]
    assert [one.noted.label for one in decided.links if one.noted] == ["Assigned"]


def test_a_refused_cancellation_is_a_finding_and_no_note() -> None:
    cancel = only(plan(case("Closed"), work_order()), CancelWorkOrder)
    decided = plan(case("Closed"), work_order(), intents=(done(cancel, IntentState.PARKED, "parts are shipped"),))
    assert (kinds(decided), codes(decided)) == ([], ["not-canceled"])


def test_notes_that_waited_are_not_sent_to_a_case_that_is_over() -> None:
    note = WriteNote("status/1", CASE_ID, "CS1", "x", is_on_case=True)
    for state in (IntentState.PENDING, IntentState.PARKED):
        assert plan(case("Closed"), intents=(done(note, state),)).withdraw == (token_of(note.key),)
    assert plan(case(product="bill"), intents=(done(note, IntentState.PENDING),)).withdraw == ()


def test_the_last_complete_work_order_resolves_the_case() -> None:
    resolve = only(plan(case(), work_order("3")), ResolveCase)
    assert (resolve.case_number, resolve.mod_count) == ("CS1", 5)
    assert resolve.close_notes == "Its work order is closed (1 closed complete)."
    assert kinds(plan(case(), work_order("18"))) == []


def test_a_person_resolves_it_where_that_is_wanted() -> None:
    rules = replace(RULES, cases=replace(CASES, completion=Completion.NOTE))
    assert "CS1 can be resolved" in only(plan(case(), work_order("3"), rules=rules), WriteNote).text


def test_a_work_order_that_field_service_does_not_show_resolves_nothing() -> None:
    decided = plan(case(), links=(link(work_order("10")),))
    assert (kinds(decided), codes(decided)) == ([], ["work-order-missing"])


@pytest.mark.parametrize(("end", "code"), [("4", "closed-incomplete"), ("7", "canceled-in-field")])
def test_a_visit_that_came_to_nothing_asks(end: str, code: str) -> None:
    failed = work_order(end)
    decided = plan(case(), failed, links=(link(failed, "10"),))
    assert "visit again WO-swap-1" in only(decided, WriteNote).text
    assert codes(plan(case(), failed)) == [code]


def _asked(about: WorkOrder, text: str) -> dict[str, tuple[JournalEntry, ...]]:
    told = signed("it ended", status_key(about.sys_id, 1, about.state.value))
    return {CASE_ID: (JournalEntry(0, "om-fsm", told), JournalEntry(1, "Olivia Brooks", text))}


@pytest.mark.parametrize(("text", "again"), [("Visit again, on Monday", True), ("we visit again", False)])
def test_a_note_of_an_agent_sends_somebody_again(text: str, *, again: bool) -> None:
    failed = work_order("7")
    decided = plan(case(), failed, journals=_asked(failed, text))
    if again:
        assert only(decided, CreateWorkOrder).key == str(WorkOrderKey("om", CASE_ID, "swap", 1, 2))
    assert codes(decided) == ([] if again else ["canceled-in-field"])


def test_the_other_visit_is_not_asked_for_again_once_it_exists_and_resolves_the_case() -> None:
    failed, second = work_order("7"), work_order(version=2)
    assert kinds(plan(case(), failed, second, journals=_asked(failed, "visit again"))) == []
    over = work_order("3", version=2)
    assert kinds(plan(case(), failed, over, journals=_asked(failed, "visit again"))) == ["ResolveCase"]


URGENT = {"verdicts": tuple(verdict(n, priority="1") for n in (1, 2))}
AT_ONCE = replace(RULES, cases=replace(CASES, one_open_work_order=False))


def _numbered(number: str, state: str, row: str = "swap", **changes: Any) -> WorkOrder:
    return replace(work_order(state, row, **changes), number=number)


def _named(text: str, *others: WorkOrder, survey: str = "4", swap: str = "3", **known: Any) -> Plan:
    """WO1 swapped the equipment, WO2 surveyed the site, both were told, and then somebody wrote this."""
    first, second = _numbered("WO1", swap), _numbered("WO2", survey, "survey")
    told = signed("both ended", status_key(first.sys_id, 1, swap)), signed("", status_key(second.sys_id, 1, survey))
    entries = [JournalEntry(rank, "om-fsm", one) for rank, one in enumerate(told)]
    facts: dict[str, Any] = {"carried": {**SAID, "priority": "1"}}
    work = (first, second, *others)
    links = tuple(link(one, **facts) for one in work)
    journals = {CASE_ID: (*entries, JournalEntry(2, "Olivia Brooks", text))}
    known = {"links": links, "journals": journals, **URGENT, **known}
    return plan(case(priority="1"), *work, **known)


NEXT_SURVEY = str(WorkOrderKey("om", CASE_ID, "survey", 1, 1).after(1))
NEXT_SWAP = str(WorkOrderKey("om", CASE_ID, "swap", 1, 1).after(1))


@pytest.mark.parametrize("rules", [RULES, AT_ONCE], ids=["one after the other", "several at once"])
def test_of_several_visits_the_one_that_an_agent_names_is_repeated_and_no_other(rules: Any) -> None:
    decided = _named("visit again WO2: she is at home on Friday", rules=rules)
    create = only(decided, CreateWorkOrder)
    assert (create.key, create.template, kinds(decided)) == (NEXT_SURVEY, "Site Survey", ["CreateWorkOrder"])
    pending = _named("visit again WO2", rules=rules, intents=(done(create, IntentState.PENDING),))
    assert (kinds(pending), pending.withdraw, codes(pending)) == ([], (), [])


def test_a_visit_that_was_repeated_because_it_was_named_resolves_the_case_when_it_is_complete() -> None:
    text = "visit again WO2"
    assert kinds(_named(text, _numbered("WO3", "10", "survey", names=NEXT_SURVEY))) == []
    assert kinds(_named(text, _numbered("WO3", "3", "survey", names=NEXT_SURVEY))) == ["ResolveCase"]
    assert codes(_named(text, _numbered("WO3", "4", "survey", names=NEXT_SURVEY))) == ["closed-incomplete"]


def test_a_visit_that_was_repeated_does_not_stand_for_one_that_was_never_made() -> None:
    first, again = _numbered("WO1", "4"), _numbered("WO2", "3", names=NEXT_SWAP)
    facts: dict[str, Any] = {"carried": {**SAID, "priority": "1"}}
    seen: dict[str, Any] = {
        "links": tuple(link(one, **facts) for one in (first, again)),
        "journals": _asked(first, "visit again WO1"),
    }
    decided = plan(case(priority="1"), first, again, **seen, **URGENT)
    assert only(decided, CreateWorkOrder).template == "Site Survey"
    nameless = replace(case(priority="1"), unshown=("location",))
    assert "ResolveCase" not in kinds(plan(nameless, first, again, **seen, **URGENT))


def test_a_visit_that_is_asked_for_while_another_is_open_waits_for_it_unless_several_may_be() -> None:
    named = _named("visit again WO2", swap="16")
    assert (kinds(named), codes(named)) == ([], ["visit-waits"])
    assert only(_named("visit again WO2", swap="16", rules=AT_ONCE), CreateWorkOrder).key == NEXT_SURVEY
    for rules in (RULES, AT_ONCE):
        round_of_visits = _named("visit again", swap="16", rules=rules)
        assert (kinds(round_of_visits), codes(round_of_visits)) == ([], ["visit-waits"])


def test_two_visits_that_are_named_are_repeated_one_after_the_other() -> None:
    decided = _named("visit again WO1, WO2")
    assert (only(decided, CreateWorkOrder).key, codes(decided)) == (NEXT_SWAP, ["visit-waits"])
    over = _named("visit again WO1, WO2", _numbered("WO3", "3", names=NEXT_SWAP))
    assert only(over, CreateWorkOrder).key == NEXT_SURVEY


def test_a_visit_named_after_the_solution_was_rejected_is_repeated_alone_also_where_somebody_is_sent_at_once() -> None:
    for rejected in Rejection:
        rules = replace(RULES, cases=replace(CASES, rejected=rejected))
        assert only(_named("visit again WO1", survey="3", rules=rules), CreateWorkOrder).key == NEXT_SWAP


def test_an_intended_resolution_is_given_up_when_the_work_is_not_over_after_all() -> None:
    resolve = only(plan(case(), work_order("3")), ResolveCase)
    waits = (done(resolve, IntentState.PENDING),)
    assert plan(case(), work_order("3"), intents=waits).withdraw == ()
    assert plan(case(), work_order("18"), intents=waits).withdraw == (token_of(resolve.key),)


def _rejected(mod_count: int = 7, **more: Any) -> Plan:
    resolve = only(plan(case(), work_order("3")), ResolveCase)
    return plan(
        case(mod_count=mod_count), work_order("3"), intents=(done(resolve, error=more.pop("error", "")),), **more
    )


def test_a_rejected_solution_is_told_and_asks() -> None:
    decided = _rejected()
    assert "was opened again" in only(decided, WriteNote).text
    assert codes(decided) == ["solution-rejected"]


def test_an_old_copy_of_the_case_and_a_resolution_given_up_by_a_person_are_no_rejection() -> None:
    assert codes(_rejected(mod_count=5)) == []
    assert codes(_rejected(error="given up by a person")) == []


def _solved_by_hand(**more: Any) -> Plan:
    """A person has resolved it, it was seen so when its visit was over, and is open again."""
    seen = plan(case("Resolved"), work_order("3"))
    remembered = tuple(Intent(token, IntentState.DONE) for token in seen.recovered)
    rules = more.pop("rules", RULES)
    snapshot = CaseSnapshot(case(mod_count=9), (work_order("3"),), {}, {})
    intents = {one.key: one for one in remembered}
    return decide_case(snapshot, OrderMemory((link(work_order("3")),), (verdict(1), verdict(2)), intents), rules)


@pytest.mark.parametrize("completion", list(Completion))
def test_a_solution_of_a_person_that_is_rejected_when_the_visits_are_over_is_told_too(completion: Completion) -> None:
    rules = replace(RULES, cases=replace(CASES, completion=completion))
    decided = _solved_by_hand(rules=rules)
    assert "was opened again after it was resolved and its work orders were closed" in only(decided, WriteNote).text
    assert (kinds(decided), codes(decided)) == (["WriteNote"], ["solution-rejected"])


def test_a_solution_of_a_person_from_before_the_end_of_the_visits_proves_nothing() -> None:
    assert plan(case("Resolved"), work_order("16")).recovered == ()
    assert kinds(plan(case(), work_order("3"))) == ["ResolveCase"]


def test_a_rejected_solution_sends_somebody_at_once_where_that_is_wanted() -> None:
    rules = replace(RULES, cases=replace(CASES, rejected=Rejection.VISIT_AGAIN))
    assert only(_rejected(rules=rules), CreateWorkOrder).version == 2
    assert kinds(_rejected(mod_count=5, rules=rules)) == []


def test_a_state_nobody_mapped_is_a_finding() -> None:
    decided = plan(case("Escalated"), work_order("16"), links=(link(work_order(), "16"),))
    assert (kinds(decided), codes(decided)) == ([], ["unknown-state"])
