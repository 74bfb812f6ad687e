"""What Field Service did not take, row by row of the table in connector/decide/refused.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.decide.plan import decide
from connector.mapping.marks import token_of
from connector.model import CustomerOrder, Intent, IntentState, Link, Plan, UpdateWorkOrder, WriteNote
from tests.unit.orders import RULES, codes, intent, kinds, link, memory, only, order, snapshot, verdict, work_order

NOW = datetime(2027, 2, 1, tzinfo=UTC)
DUE, PLACE = "requested_due_by", "location"
WANTED = {DUE: "2027-03-01 12:00:00", PLACE: "Berlin"}
UNKNOWN = "Field Service has no location Berlin"
SHOWN = {**WANTED, DUE: "", PLACE: ""}


def told(state: str = "10", *, refused: tuple[str, ...] = (DUE,), **said: Any) -> Link:
    return link(noted=state, refused=refused, **said)


def decided(
    known: Link,
    state: str = "10",
    *,
    intents: tuple[Intent, ...] = (),
    of: CustomerOrder | None = None,
    shown: dict[str, str] | None = None,
    resolves: dict[str, str] | None = None,
) -> Plan:
    seen = work_order(state, fields=SHOWN if shown is None else shown, resolves=resolves or {})
    return decide(snapshot(seen, of=of), memory(known, intents=intents, verdicts=(verdict(),)), RULES, NOW)


def test_it_is_a_finding_and_no_reason_to_write_it_again() -> None:
    plan = decided(told())
    assert (codes(plan), kinds(plan)) == (["not-applied"], [])
    assert plan.links[0].tried == ("10",)


def test_a_column_that_says_by_now_what_was_wanted_is_told_and_is_a_finding_no_more() -> None:
    plan = decided(told(tried=("10",)), shown={**SHOWN, DUE: f" {WANTED[DUE]}"})
    assert (codes(plan), plan.links[0].refused) == ([], ())
    assert "now says what was missing: requested due by" in only(plan, WriteNote).text


def test_whether_it_was_a_person_or_our_own_update_is_not_concluded_while_that_is_under_way() -> None:
    known = told(tried=("10",))
    update = only(decided(known, "16"), UpdateWorkOrder)
    plan = decided(replace(known, noted=None), "16", intents=(intent(update, IntentState.SENDING),), shown=WANTED)
    assert all("now says" not in action.text for action in plan.actions if isinstance(action, WriteNote))
    assert all(one.refused for one in plan.links)


def test_of_two_columns_the_other_one_stays() -> None:
    plan = decided(told(refused=(DUE, PLACE)), shown={**SHOWN, DUE: WANTED[DUE]})
    assert (codes(plan), plan.links[-1].refused) == (["not-applied"], (PLACE,))
    assert "did not take: location" in only(plan, WriteNote).text


@pytest.mark.parametrize(("state", "found"), [("3", []), ("7", []), ("18", ["not-applied"])])
def test_nobody_waits_for_it_once_the_work_order_is_over(state: str, found: list[str]) -> None:
    known = told(state, tried=(state,), withdrawn=state == "7")
    assert codes(decided(known, state)) == found


def test_in_another_state_it_is_written_again_and_nothing_else() -> None:
    update = only(decided(told(tried=("10",)), "16"), UpdateWorkOrder)
    assert (update.fields, update.tried) == ({DUE: WANTED[DUE]}, ("16",))
    assert update.facts == link().carried


@pytest.mark.parametrize("state", [s for s in IntentState if s is not IntentState.WITHDRAWN])
def test_for_one_reason_it_is_written_once_whatever_became_of_it(state: IntentState) -> None:
    known = told(tried=("10",))
    update = only(decided(known, "16"), UpdateWorkOrder)
    if state is IntentState.DONE:  # the link says what came of it
        known = replace(known, tried=update.tried, updates=1)
    plan = decided(known, "16", intents=(intent(update, state),))
    assert "UpdateWorkOrder" not in kinds(plan)
    assert "not-applied" in codes(plan)


def test_a_record_that_is_known_now_is_written_once() -> None:
    known = told(refused=(PLACE,), tried=("10",))
    assert "UpdateWorkOrder" not in kinds(decided(known, resolves={PLACE: UNKNOWN}))
    update = only(decided(known, resolves={PLACE: ""}), UpdateWorkOrder)
    assert (update.fields, update.tried) == ({PLACE: "Berlin"}, ("10", PLACE))
    again = replace(known, tried=update.tried, updates=1)
    assert "UpdateWorkOrder" not in kinds(decided(again, resolves={PLACE: ""}))


def test_a_record_that_was_known_all_the_time_is_no_reason_to_write() -> None:
    plan = decided(told(refused=(PLACE,)), resolves={PLACE: ""})
    assert ("UpdateWorkOrder" in kinds(plan), plan.links[0].tried) == (False, ("10", PLACE))


def test_while_a_record_is_missing_it_is_looked_for_again_after_some_hours_in_every_state() -> None:
    known = told("16", refused=(PLACE,), tried=("10",))
    plan = decided(known, "16", resolves={PLACE: UNKNOWN})
    assert (plan.look_at, kinds(plan), plan.links[0].tried) == (NOW + timedelta(hours=4), [], ("16",))
    assert decided(told()).look_at is None


@pytest.mark.parametrize("column", ["template", "correlation_display", "short_description"])
def test_a_text_that_was_cut_and_what_no_mapping_fills_are_not_tried_again(column: str) -> None:
    plan = decided(told(refused=(column,), tried=("10",)), "16", shown={**SHOWN, "short_description": "CPE: add"})
    assert "UpdateWorkOrder" not in kinds(plan)
    assert codes(plan) == ["not-applied"]


@pytest.mark.parametrize("of", [order(ponr=True), order("On hold")], ids=["point of no return", "on hold"])
def test_nothing_is_written_again_while_nothing_may_be_changed(of: CustomerOrder) -> None:
    plan = decided(told(tried=("10",)), "16", of=of)
    assert "UpdateWorkOrder" not in kinds(plan)
    assert "not-applied" in codes(plan)


def test_what_was_taken_after_all_is_told_and_not_called_a_change_of_the_order() -> None:
    update = only(decided(told(tried=("10",)), "16"), UpdateWorkOrder)
    known = told("16", refused=(), updates=1, untold=update.changes, tried=update.tried)
    plan = decided(known, "16", intents=(intent(update, IntentState.DONE),), shown=WANTED)
    text = only(plan, WriteNote).text
    assert "now says what was missing: requested due by: (empty) -> 2027-03-01" in text
    assert "after a change" not in text


def test_what_somebody_entered_instead_is_not_written_over() -> None:
    first = decided(told(refused=(PLACE,)), shown={**SHOWN, PLACE: "Hamburg"}, resolves={PLACE: UNKNOWN})
    assert first.links[0].left == {PLACE: "Hamburg"}
    known = {PLACE: ""}
    assert "UpdateWorkOrder" in kinds(decided(first.links[0], shown={**SHOWN, PLACE: "Hamburg"}, resolves=known))
    for entered in ("Munich", ""):
        plan = decided(first.links[0], "16", shown={**SHOWN, PLACE: entered}, resolves=known)
        assert "UpdateWorkOrder" not in kinds(plan)
        assert "not-applied" in codes(plan)


def parked_try() -> tuple[Link, UpdateWorkOrder, Intent]:
    known = told(tried=("10",))
    update = only(decided(known, "16"), UpdateWorkOrder)
    return replace(known, noted=None), update, intent(update, IntentState.PARKED)


def test_a_try_that_was_refused_outright_stays_a_finding_while_nothing_has_changed() -> None:
    known, _, parked = parked_try()
    plan = decided(known, "16", intents=(parked,))
    assert ("write-parked" in codes(plan), plan.withdraw) == (True, ())


def test_a_try_that_was_refused_outright_gives_way_to_the_next_one() -> None:
    known, before, parked = parked_try()
    plan = decided(known, "18", intents=(parked,))
    update = only(plan, UpdateWorkOrder)
    assert (update.key, update.tried, plan.withdraw) == (before.key, ("18",), (token_of(before.key),))
    assert codes(plan) == ["not-applied"]


@pytest.mark.parametrize(("state", "shown"), [("3", SHOWN), ("7", SHOWN), ("16", WANTED)])
def test_a_try_that_was_refused_outright_is_withdrawn_when_nobody_waits_for_it(
    state: str, shown: dict[str, str]
) -> None:
    known, update, parked = parked_try()
    plan = decided(replace(known, withdrawn=state == "7"), state, intents=(parked,), shown=shown)
    assert plan.withdraw == (token_of(update.key),)
    assert {"write-parked", "not-applied"}.isdisjoint(codes(plan))


def test_a_refused_update_is_withdrawn_when_a_later_one_was_carried() -> None:
    update = replace(only(decided(told(tried=("10",)), "16"), UpdateWorkOrder), tried=())
    known = told(refused=(), updates=1)
    plan = decided(known, intents=(intent(update, IntentState.PARKED),), shown=WANTED)
    assert (plan.withdraw, codes(plan)) == ((token_of(update.key),), [])
    before = decided(replace(known, updates=0), intents=(intent(update, IntentState.PARKED),), shown=WANTED)
    assert (before.withdraw, codes(before)) == ((), ["write-parked"])
