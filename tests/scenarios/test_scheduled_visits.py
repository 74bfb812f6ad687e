"""README promise: a visit that is scheduled after the due date is told of, though nobody has said when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.config import load
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair

TASK_FEED = 61  # seconds until changes of tasks are looked for again


@pytest.fixture
def order(pair: Pair) -> str:
    """An order whose visits are made and not scheduled yet; their tasks do not say how long they take."""
    order = pair.approved(HAMBURG)
    pair.settle()
    tasks(pair, order, estimated_work_duration="")
    return order


def tasks(pair: Pair, order: str, **fields: str) -> None:
    """A dispatcher edits the tasks of the installation; the next passes see it."""
    for row in pair.rows("fsm", "wm_task", f"parent.number={pair.install(order)}", "number"):
        pair.fsm("write", table="wm_task", record=row["number"], fields=fields)
    later(pair)


def scheduled(pair: Pair, order: str, start: str) -> None:
    """A dispatcher gives the tasks of the installation a start."""
    pair.fsm("schedule", work_order=pair.install(order), start=start)
    later(pair)


def later(pair: Pair) -> None:
    pair.world.advance(TASK_FEED)
    pair.settle()


def told(pair: Pair, order: str) -> list[str]:
    """What the domain order's readers were told of jeopardy, from the work order's name on."""
    install = f"{pair.install(order)} Install CPE "
    notes = [note.partition(" [")[0] for note in pair.notes(pair.resource_order(order)) if "Jeopardy: " in note]
    return [note.removeprefix(install).replace("\n", " ") for note in notes]


def levels(pair: Pair, order: str) -> list[str]:
    return [note.partition("Jeopardy: ")[2].partition(".")[0] for note in told(pair, order)]


def test_a_start_after_the_due_date_is_told_though_no_end_is_known(pair: Pair, order: str) -> None:
    scheduled(pair, order, "2026-06-01 08:00:00")
    [note] = told(pair, order)
    assert note.startswith("is scheduled to start 2026-06-01 08:00 UTC, 60 days 20 hours after the due date of ")
    assert note.partition("(")[2].startswith(
        "2026-04-01 12:00 UTC). Jeopardy: None -> Critical. 1 of 1 work order open."
    )
    later(pair)
    pair.forget()
    later(pair)
    assert levels(pair, order) == ["None -> Critical"]


def test_a_start_in_time_is_nothing_to_tell(pair: Pair, order: str) -> None:
    scheduled(pair, order, "2026-03-20 08:00:00")
    assert levels(pair, order) == []


def test_the_scheduled_start_of_the_work_order_itself_counts_too(pair: Pair, order: str) -> None:
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={"expected_start": "2026-04-01 10:00:00"})
    pair.settle()
    assert [note.partition(",")[0] for note in told(pair, order)] == ["is scheduled to start 2026-04-01 10:00 UTC"]
    assert levels(pair, order) == ["None -> Medium"]


def test_a_visit_takes_as_long_as_its_task_says(pair: Pair, order: str) -> None:
    scheduled(pair, order, "2026-04-01 11:00:00")
    assert levels(pair, order) == ["None -> Medium"]
    tasks(pair, order, estimated_work_duration="1970-01-01 02:30:00")
    assert levels(pair, order) == ["None -> Medium", "Medium -> High"]
    assert told(pair, order)[-1].startswith("is expected to end 2026-04-01 13:30 UTC, 1:30 hours after the due date")


def test_a_start_that_is_moved_forward_lowers_the_level_with_one_note(pair: Pair, order: str) -> None:
    scheduled(pair, order, "2026-06-01 08:00:00")
    scheduled(pair, order, "2026-03-20 08:00:00")
    assert levels(pair, order) == ["None -> Critical", "Critical -> None"]
    assert told(pair, order)[-1].startswith("is scheduled to start 2026-03-20 08:00 UTC, 12 days 4 hours before")
    later(pair)
    assert len(told(pair, order)) == 2


def test_a_service_window_that_ends_too_late_is_told_until_somebody_schedules_the_visit(pair: Pair, order: str) -> None:
    tasks(pair, order, window_start="2026-03-30 08:00:00", window_end="2026-04-02 10:00:00")
    [note] = told(pair, order)
    assert note.startswith("is not scheduled yet, and its service window ends 2026-04-02 10:00 UTC, 22:00 hours after")
    assert levels(pair, order) == ["None -> High"]
    scheduled(pair, order, "2026-03-30 09:00:00")
    assert levels(pair, order) == ["None -> High", "High -> None"]


def test_a_service_window_before_the_due_date_is_nothing_to_tell(pair: Pair, order: str) -> None:
    tasks(pair, order, window_start="2026-03-20 08:00:00", window_end="2026-03-20 12:00:00")
    assert levels(pair, order) == []


def test_an_instance_without_these_columns_is_done_without(pair: Pair, order: str) -> None:
    for column in ("expected_start", "window_end", "estimated_work_duration"):
        pair.world.fault("fsm", {"kind": "hide_field", "field": column, "user": "connector", "count": None})
    tasks(pair, order, window_end="2026-06-01 12:00:00")
    scheduled(pair, order, "2026-06-01 08:00:00")
    assert levels(pair, order) == []
    pair.fsm("write", table="wm_order", record=pair.install(order), fields={"expected_end": "2026-04-01 11:00:00"})
    pair.settle()
    assert levels(pair, order) == ["None -> Medium"]


def test_a_column_that_is_used_for_something_else_can_be_left_out(pair: Pair, order: str) -> None:
    path = pair.loaded.path
    left_out = '[fsm.columns.work_order_task]\nwindow_end = ""\n'
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{left_out}", encoding="utf-8")
    pair.loaded = load(path)
    tasks(pair, order, window_end="2026-06-01 12:00:00")
    assert levels(pair, order) == []
    scheduled(pair, order, "2026-04-01 08:30:00")
    assert levels(pair, order) == ["None -> Medium"]
