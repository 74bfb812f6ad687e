"""Rows of the decision table: an order task that was finished and that a revision opens again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.decide.again import key_of_next
from connector.mapping.marks import WorkOrderKey, token_of
from connector.model import CreateWorkOrder, IntentState, Snapshot
from tests.unit.orders import TASK_ID, intent, link, memory, order, order_task, plan, snapshot, work_order

SURVEY = "Site Survey"
KEY = str(WorkOrderKey("om", TASK_ID, "survey", 1, 1))
MADE = work_order("3", "WO2", names=KEY, template=SURVEY)
TOLD = link("3", MADE, initiator_id=TASK_ID, notes=2)
NEXT = key_of_next(TOLD)


def seen(task: str = "Open", version: int = 2, state: str = "In progress") -> Snapshot:
    """TASK1 of ORD1 in this state, and the visit that was made for it at the first version."""
    return snapshot(MADE, of=order(state, version=version), with_task=order_task(task))


def finished(at: int) -> frozenset[str]:
    """What memory holds when the task was seen finished at this version."""
    return frozenset({token_of(f"finished/{NEXT}/{at}")})


def surveys(now: Snapshot, known: frozenset[str] = frozenset()) -> list[str]:
    decided = plan(replace(now, tokens={TASK_ID: known}), memory(TOLD))
    return [a.key for a in decided.actions if isinstance(a, CreateWorkOrder) and a.template == SURVEY]


def test_a_redone_task_gets_another_visit_after_the_end_of_the_first() -> None:
    assert surveys(seen(), finished(1)) == [NEXT]


@pytest.mark.parametrize(
    ("now", "known"),
    [
        (seen(), frozenset[str]()),  # it was open all the time
        (seen(version=1), finished(1)),  # closed by mistake, and corrected
        (seen(), finished(2)),  # the same, after a revision that did not touch it
        (seen("Closed complete"), finished(1)),  # still finished
        (seen("On hold"), finished(1)),  # nothing new while it is on hold
        (seen(state="Revision in progress"), finished(1)),
    ],
)
def test_nobody_is_sent_again_for_a_task_that_is_not_redone(now: Snapshot, known: frozenset[str]) -> None:
    assert surveys(now, known) == []


@pytest.mark.parametrize(
    ("state", "version", "remembered"),
    [("In progress", 1, 1), ("In progress", 2, 2), ("Revision in progress", 2, 1), ("Assessing cancellation", 3, 2)],
)
def test_that_a_task_was_finished_is_remembered_with_the_version_it_was_finished_at(
    state: str, version: int, remembered: int
) -> None:
    now = seen("Closed complete", version, state)
    assert finished(remembered) <= set(plan(now, memory(TOLD)).recovered)


def test_it_is_remembered_once() -> None:
    known = replace(seen("Closed complete", 2), tokens={TASK_ID: finished(1)})
    assert not finished(2) & set(plan(known, memory(TOLD)).recovered)


def test_the_visit_of_a_redone_task_that_is_intended_stays_intended_until_the_task_waits_again() -> None:
    known = {TASK_ID: finished(1)}
    create = next(a for a in plan(replace(seen(), tokens=known), memory(TOLD)).actions if getattr(a, "key", "") == NEXT)
    remembered = memory(TOLD, intents=(intent(create, IntentState.PENDING),))
    assert plan(replace(seen(), tokens=known), remembered).withdraw == ()
    assert plan(replace(seen("On hold"), tokens=known), remembered).withdraw == (token_of(NEXT),)
