"""The rows of the table atop decide/planned_end.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.mapping.marks import WorkOrderKey, token_of
from connector.model import Intent, IntentState, Link, OrderMemory, OrderTask, Snapshot, WorkOrder, WritePlannedEnd
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    RULES,
    TASK_ID,
    domain_order,
    intent,
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

WRITES = replace(RULES, writes_planned_end=True)
FIRST, SECOND = "2027-02-20 12:00:00", "2027-02-25 16:30:00"
SURVEY = str(WorkOrderKey("om", TASK_ID, "survey", 1, 1))


def seen(end: str, task: OrderTask | None = None, *more: WorkOrder, **changes: object) -> Snapshot:
    """RO1 with its task, and its visit that ends then."""
    return snapshot(work_order("16", planned_end=end), *more, with_task=task or order_task(), **changes)  # type: ignore[arg-type]


def remembering(*intents: Intent, links: tuple[Link, ...] = ()) -> OrderMemory:
    known = memory(link(noted="16"), *links, verdicts=(verdict(),))
    return replace(known, intents={token_of(one.key): one for one in intents})


def ends(of: Snapshot, known: OrderMemory) -> list[tuple[str, str]]:
    """What is to be written: task and end."""
    actions = plan(of, known, WRITES).actions
    return [(a.order_task_number, a.end) for a in actions if isinstance(a, WritePlannedEnd)]


def wrote(end: str, state: IntentState = IntentState.DONE) -> Intent:
    return intent(only(plan(seen(end), remembering(), WRITES), WritePlannedEnd), state)


def test_the_end_of_a_visit_of_the_domain_order_is_written_to_its_first_open_task() -> None:
    assert ends(seen(FIRST), remembering()) == [("TASK1", FIRST)]
    done = replace(order_task("Closed complete"), sys_id="8" * 32, number="TASK0")
    both = replace(seen(FIRST), order_tasks=(done, order_task()))
    assert ends(both, remembering()) == [("TASK1", FIRST)]


def test_nothing_is_written_unless_it_is_wanted_or_where_no_end_is_planned() -> None:
    assert not any(isinstance(a, WritePlannedEnd) for a in plan(seen(FIRST), remembering(), RULES).actions)
    assert ends(seen(""), remembering()) == []


def test_the_latest_end_of_its_visits_counts() -> None:
    survey = work_order("16", "WO2", names=SURVEY, template="Site Survey", estimated_end=SECOND)
    of_task = link("16", survey, initiator_id=TASK_ID)
    assert ends(seen(FIRST, None, survey), remembering(links=(of_task,))) == [("TASK1", SECOND)]
    sooner = replace(survey, estimated_end=FIRST)
    assert ends(seen(SECOND, None, sooner), remembering(links=(of_task,))) == [("TASK1", SECOND)]


def test_the_same_end_is_written_once_whatever_the_task_says_by_now() -> None:
    persons = replace(order_task(), planned_end="2027-02-22 09:00:00", mod_count=7)
    assert ends(seen(FIRST, persons), remembering(wrote(FIRST))) == []
    assert ends(seen(SECOND, persons), remembering(wrote(FIRST))) == [("TASK1", SECOND)]


def test_an_end_that_comes_back_is_written_again() -> None:
    first = wrote(FIRST)
    second = intent(only(plan(seen(SECOND), remembering(first), WRITES), WritePlannedEnd), IntentState.DONE)
    assert ends(seen(FIRST), remembering(first, second)) == [("TASK1", FIRST)]


def test_after_a_revision_it_is_written_again() -> None:
    later = {"of": order(version=2), "with_line": line(version=2)}
    assert ends(seen(FIRST, None, **later), remembering(wrote(FIRST))) == [("TASK1", FIRST)]


@pytest.mark.parametrize("state", [IntentState.PENDING, IntentState.PARKED])
def test_what_was_not_written_gives_way_to_what_is_planned_now(state: IntentState) -> None:
    waiting = wrote(FIRST, state)
    assert plan(seen(FIRST), remembering(waiting), WRITES).withdraw == ()
    decided = plan(seen(SECOND), remembering(waiting), WRITES)
    assert decided.withdraw == (token_of(waiting.key),)
    assert only(decided, WritePlannedEnd).end == SECOND


def test_what_is_under_way_is_waited_for() -> None:
    under_way = wrote(FIRST, IntentState.SENDING)
    assert ends(seen(SECOND), remembering(under_way)) == []
    assert plan(seen(SECOND), remembering(under_way), WRITES).withdraw == ()


FROZEN = {
    "order on hold": seen(FIRST, of=order("On hold")),
    "order revised": seen(FIRST, of=order("Revision in progress")),
    "order over": seen(FIRST, of=order("Completed")),
    "domain order closed": seen(FIRST, with_domain_order=domain_order("Closed complete")),
    "task on hold": seen(FIRST, order_task("On hold")),
    "task closed": seen(FIRST, order_task("Closed complete")),
}


@pytest.mark.parametrize("of", FROZEN.values(), ids=FROZEN)
def test_on_hold_or_over_nothing_is_written_and_what_waits_is_withdrawn(of: Snapshot) -> None:
    waiting = wrote(FIRST, IntentState.PENDING)
    assert ends(of, remembering()) == []
    assert token_of(waiting.key) in plan(of, remembering(waiting), WRITES).withdraw


def test_a_refused_write_is_a_finding() -> None:
    refused = replace(wrote(FIRST, IntentState.PARKED), error="Order Management did not take planned_end.")
    assert [f.code.value for f in plan(seen(FIRST), remembering(refused), WRITES).findings] == ["write-parked"]


def test_the_key_depends_on_nothing_but_what_was_read_and_remembered() -> None:
    assert wrote(FIRST).key == wrote(FIRST).key
    assert DOMAIN_ORDER_ID not in wrote(FIRST).key
