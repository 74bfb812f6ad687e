"""The decision table of connector/decide/fallout.py, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.decide.rules import Consequence, GateMode, Rules
from connector.mapping.fallouts import FALLOUT_KINDS, description, summary
from connector.mapping.marks import fallout_mark, fallout_of
from connector.model import (
    CreateWorkOrder,
    Fallout,
    FindingCode,
    IntentState,
    RaiseFallout,
    ReopenDomainOrder,
    SettleFallout,
    Snapshot,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    LINE_ID,
    RULES,
    TASK_ID,
    domain_order,
    intent,
    kinds,
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

PARKED = FindingCode.WRITE_PARKED
RAISING = replace(RULES, fallouts=frozenset({PARKED}))
TASK = order_task(request_type="Configure")
SEEN = snapshot(with_task=TASK)
CREATE = only(plan(SEEN), CreateWorkOrder)
REFUSED = replace(intent(CREATE, IntentState.PARKED), error="not today")
RAISE = only(plan(SEEN, memory(intents=(REFUSED,), verdicts=(verdict(),)), RAISING), RaiseFallout)
SETTLE = SettleFallout(f"settle/{RAISE.key}", RAISE.mark, "TASK1", "")
AT_WORK = snapshot(work_order(), with_task=TASK)


def decided(
    *intents: object, seen: object = SEEN, links: tuple[object, ...] = (), rules: object = RAISING
) -> list[str]:
    known = memory(*links, intents=intents, verdicts=(verdict(),))  # type: ignore[arg-type]
    names = kinds(plan(seen, known, rules))  # type: ignore[arg-type]
    return [name for name in names if "Fallout" in name]


def done(action: object, state: IntentState = IntentState.DONE) -> object:
    return intent(action, state)  # type: ignore[arg-type]


def test_what_cannot_be_carried_out_is_raised_on_an_open_task_of_its_domain_order() -> None:
    assert (RAISE.order_task_id, RAISE.order_task_number) == (TASK_ID, "TASK1")
    assert RAISE.summary == "RO1: a write was refused"
    assert RAISE.text.startswith("Cause: ")
    assert "not today. Fix: Mend what is named" in RAISE.text
    assert decided(REFUSED, rules=RULES) == []


def test_where_no_task_is_open_there_is_nothing_to_hold() -> None:
    assert decided(REFUSED, seen=snapshot()) == []
    assert decided(REFUSED, seen=snapshot(with_task=order_task("Closed Complete", "Configure"))) == []
    assert decided(REFUSED) == ["RaiseFallout"]


@pytest.mark.parametrize("state", list(IntentState)[:-1])
def test_it_is_raised_once_whatever_became_of_that(state: IntentState) -> None:
    assert decided(REFUSED, done(RAISE, state)) == []


def test_what_is_back_after_it_was_settled_is_raised_anew() -> None:
    assert decided(REFUSED, done(RAISE), done(SETTLE)) == ["RaiseFallout"]
    pending = done(SETTLE, IntentState.PENDING)
    again = plan(SEEN, memory(intents=(REFUSED, done(RAISE), pending), verdicts=(verdict(),)), RAISING)  # type: ignore[arg-type]
    assert len(again.withdraw) == 1


def test_what_no_longer_holds_is_settled_once() -> None:
    made = intent(CREATE, IntentState.DONE)
    assert decided(made, done(RAISE), seen=AT_WORK, links=(link(),)) == ["SettleFallout"]
    assert decided(made, done(RAISE), done(SETTLE), seen=AT_WORK, links=(link(),)) == []


def test_while_its_write_is_tried_again_nothing_is_settled() -> None:
    assert decided(intent(CREATE, IntentState.UNKNOWN), done(RAISE)) == []
    assert decided(done(RAISE)) == []  # it is just now decided anew


@pytest.mark.parametrize("state", [IntentState.PENDING, IntentState.PARKED])
def test_what_was_not_raised_yet_and_no_longer_holds_is_withdrawn(state: IntentState) -> None:
    known = memory(link(), intents=(intent(CREATE, IntentState.DONE), intent(RAISE, state)), verdicts=(verdict(),))
    assert len(plan(AT_WORK, known, RAISING).withdraw) == 1


def test_while_its_domain_order_is_on_hold_only_what_surely_no_longer_holds_is_settled() -> None:
    held = snapshot(work_order(), with_task=TASK, with_domain_order=domain_order("On hold"))
    about_another = replace(RAISE, occasion="not decided while it is held")
    made = intent(CREATE, IntentState.DONE)
    assert decided(made, done(about_another), seen=held, links=(link(),)) == []
    assert decided(made, done(RAISE), seen=held, links=(link(),)) == ["SettleFallout"]
    given_up = replace(made, error="given up by a person")
    assert decided(given_up, done(RAISE), seen=held) == ["SettleFallout"]


def test_a_visit_that_came_to_nothing_is_a_fallout_where_that_is_said() -> None:
    kind = FindingCode.CLOSED_INCOMPLETE
    seen = snapshot(work_order("4"), with_task=TASK)
    told = link(noted="4", notes=2)
    raising = replace(RULES, closed_incomplete=Consequence.FALLOUT, fallouts=frozenset({kind}))
    assert decided(seen=seen, links=(told,), rules=raising) == ["RaiseFallout"]
    assert decided(seen=seen, links=(told,), rules=replace(RULES, closed_incomplete=Consequence.ASK)) == []


def test_a_fallout_that_memory_does_not_know_is_remembered() -> None:
    names = f"{fallout_mark('something', 'fsm')}:1"
    there = Fallout("f" * 32, "FO1", TASK_ID, is_open=True, names=names)
    for one, expected in (
        (there, ["RaiseFallout"]),
        (replace(there, is_open=False), []),
        (replace(there, names=""), []),
    ):
        assert decided(seen=replace(AT_WORK, fallouts=(one,)), links=(link(),)) == expected
    found = RaiseFallout(names, fallout_mark("something", "fsm"), "", "", TASK_ID, "TASK1", "", "FO1", "")
    assert decided(done(found), seen=replace(AT_WORK, fallouts=(there,)), links=(link(),)) == ["SettleFallout"]
    assert decided(done(found), seen=replace(SEEN, fallouts=(there,))) == []  # a creation is intended: not at rest


def test_a_task_that_only_our_fallout_holds_is_not_held_for_us() -> None:
    ours = Fallout("f" * 32, "FO1", TASK_ID, is_open=True, names=f"{fallout_mark('x', 'fsm')}:1")
    theirs = replace(ours, sys_id="e" * 32, names="")
    survey = replace(order_task(), state=order_task("On hold").state)
    seen = replace(snapshot(with_task=survey), work_orders=())
    for fallouts, created in (((), 1), ((ours,), 2), ((ours, theirs), 1)):
        made = plan(replace(seen, fallouts=fallouts), memory(), RAISING).actions
        assert sum(isinstance(a, CreateWorkOrder) for a in made) == created, fallouts


def test_a_mark_names_its_occasion_and_nothing_else_is_ours() -> None:
    mark, other = fallout_mark("a", "fsm"), fallout_mark("b", "fsm")
    assert fallout_of(f"{mark}:12") == fallout_of(f"{mark}:12", "fsm") == mark != other
    assert [fallout_of(text) for text in ("", "PROJECT-7", mark)] == ["", "", ""]
    assert fallout_of(f"{mark}:12", "another field service") == ""


@pytest.mark.parametrize("code", FALLOUT_KINDS)
def test_every_kind_says_cause_and_fix_in_words(code: FindingCode) -> None:
    assert summary("WO1", code).startswith("WO1: ")
    assert description("It went wrong.", code).startswith("Cause: It went wrong. Fix: ")


CLOSED = snapshot(work_order(), with_domain_order=domain_order("Closed Complete"), with_task=order_task())
TWICE = f"gate/{DOMAIN_ORDER_ID}/2"
GATED = replace(RULES, fallouts=frozenset({FindingCode.REOPEN_REFUSED}))


@pytest.mark.parametrize(
    ("seen", "rules", "settled"),
    [
        (CLOSED, GATED, False),
        (CLOSED, replace(GATED, max_reopens=1), False),
        (CLOSED, replace(GATED, gate=GateMode.NOTE), False),
        (CLOSED, replace(GATED, gate=GateMode.ALARM), False),
        (replace(CLOSED, domain_orders=(domain_order("A state nobody mapped"),)), GATED, False),
        (replace(CLOSED, domain_orders=()), GATED, False),
        (replace(CLOSED, lines=()), GATED, False),
        (replace(CLOSED, work_orders=()), GATED, False),
        (replace(CLOSED, order=order("Completed")), GATED, False),
        (replace(CLOSED, domain_orders=(domain_order(),)), GATED, True),
        (replace(CLOSED, domain_orders=(domain_order(),), order=order("Completed")), GATED, True),
        (replace(CLOSED, domain_orders=(domain_order("Canceled"),)), GATED, True),
        (replace(CLOSED, work_orders=(work_order("Closed Complete"),)), GATED, True),
    ],
)
def test_a_refused_reopening_holds_for_as_long_as_its_domain_order_is_closed_too_early(
    seen: Snapshot, rules: Rules, settled: bool
) -> None:
    first = ReopenDomainOrder(f"gate/{DOMAIN_ORDER_ID}/1", DOMAIN_ORDER_ID, "RO1", 1, "")
    mark = fallout_mark(TWICE, rules.fsm)
    raised = RaiseFallout(f"{mark}:1", mark, TWICE, DOMAIN_ORDER_ID, TASK_ID, "TASK1", LINE_ID, "", "")
    known = memory(
        link(),
        intents=(intent(first, IntentState.DONE), intent(replace(first, key=TWICE), IntentState.PARKED), done(raised)),  # type: ignore[arg-type]
        verdicts=(verdict(),),
    )
    assert ("SettleFallout" in kinds(plan(seen, known, rules))) == settled
