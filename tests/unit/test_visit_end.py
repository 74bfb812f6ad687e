"""When a visit ends, as far as Field Service says: the rows of the table atop decide/visit_end.py."""

from __future__ import annotations

from typing import Any

import pytest

from connector.decide.closure import Work
from connector.decide.visit_end import planned_end, predicted_end
from connector.mapping.moments import STAMP, moment_of
from connector.model import WorkOrder, WorkOrderTask
from tests.unit.orders import WORK_ORDER_STATES, link, work_order

NOW = moment_of("2027-02-01 12:00:00")
EARLY, LATE, LATEST = "2027-03-01 08:00:00", "2027-03-05 08:00:00", "2027-03-09 08:00:00"


def task(state: str = "10", **said: str) -> WorkOrderTask:
    return WorkOrderTask("t" * 32, "WOT1", "w" * 32, WORK_ORDER_STATES.read(state), **said)  # type: ignore[arg-type]


def visit(*tasks: WorkOrderTask, state: str = "10", number: str = "WO1", **said: Any) -> Work:
    found: WorkOrder = work_order(state, number, tasks=tasks, **said)
    return Work(link(work=found), found)


def predicted(*work: Work) -> str:
    last = predicted_end(work, NOW)
    return f"{last.how.name} {last.at.strftime(STAMP)}" if last else ""


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (visit(planned_end=LATE), f"END {LATE}"),
        (visit(task(estimated_end=LATE), estimated_end=EARLY), f"END {LATE}"),
        (visit(scheduled_start=LATE), f"START {LATE}"),
        (visit(task(scheduled_start=LATE)), f"START {LATE}"),
        (visit(task(scheduled_start=LATE, work_duration="1970-01-02 01:30:00")), "END 2027-03-06 09:30:00"),
        (visit(task(scheduled_start=LATE, work_duration="soon")), f"START {LATE}"),
        (visit(task(scheduled_start=LATE, work_duration="1969-12-31 23:00:00")), f"START {LATE}"),
        (visit(task(scheduled_start=LATE, estimated_end=EARLY)), f"START {LATE}"),  # it does not end before it starts
        (visit(task(scheduled_start=EARLY), planned_end=LATE), f"END {LATE}"),
        (visit(task(window_end=LATE)), f"WINDOW {LATE}"),
        (visit(task(window_end=LATEST, scheduled_start=EARLY)), f"START {EARLY}"),  # the plan is surer than its limit
        (visit(task(window_end=LATEST), planned_end=EARLY), f"END {EARLY}"),
        (visit(task("3", scheduled_start=LATEST, window_end=LATEST), task(scheduled_start=EARLY)), f"START {EARLY}"),
        (visit(task(work_duration="1970-01-01 01:30:00")), "NOW 2027-02-01 12:00:00"),
        (visit(task(scheduled_start="2027-01-01 08:00:00")), "NOW 2027-02-01 12:00:00"),
        (visit(task(window_end="2027-01-01 08:00:00")), "NOW 2027-02-01 12:00:00"),
        (visit(task(scheduled_start=LATE), state="3"), ""),
    ],
)
def test_the_latest_of_what_is_known_counts(work: Work, said: str) -> None:
    assert predicted(work) == said


def test_the_work_order_that_ends_last_is_the_one_that_is_told() -> None:
    last = predicted_end([visit(task(scheduled_start=LATEST)), visit(number="WO2", planned_end=LATE)], NOW)
    assert last is not None
    assert last.work_order.number == "WO1"


def test_only_ends_are_planned_ends() -> None:
    started = task(scheduled_start=LATEST, work_duration="1970-01-01 01:30:00", window_end=LATEST)
    assert planned_end([visit(started)]) is None
    last = planned_end([visit(started, planned_end=EARLY)])
    assert last is not None
    assert last.at == moment_of(EARLY)
