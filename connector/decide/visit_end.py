"""When the open visits of an initiator end, as far as Field Service says. Pure.

what is known of an open work order, or of one of its open tasks | what it says about the end
-----------------------------------------------------------------+------------------------------------------------
a planned or estimated end                                       | then
a scheduled start, and how long the work of the task takes       | then, and as long after it
a scheduled start alone                                          | not before
none of these, but the service window of the task                | perhaps not before the window is over

The latest of all counts. The end of a window is a limit (the platform takes it from an appointment, or from when an SLA is
breached), so it speaks only while nobody has scheduled anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.moments import duration_of, moment_of
from connector.mapping.notes import Forecast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from connector.decide.closure import Work
    from connector.model import WorkOrder

_Said = tuple["datetime", Forecast]


@dataclass(frozen=True, slots=True)
class VisitEnd:
    """The work order that ends last, when, and how that is known."""

    work_order: WorkOrder
    at: datetime
    how: Forecast


def planned_end(work: Iterable[Work]) -> VisitEnd | None:
    """The latest end that somebody planned or estimated."""
    return _last((one, list(_ends(one))) for one in _open(work))


def predicted_end(work: Iterable[Work], now: datetime | None) -> VisitEnd | None:
    """The same, from all that is known: what is open does not end before now, where that is known."""
    today = [] if now is None else [(now, Forecast.NOW)]
    return _last((one, [*today, *(_scheduled(one) or _windows(one))]) for one in _open(work))


def _open(work: Iterable[Work]) -> Iterator[WorkOrder]:
    return (one.found for one in work if one.found is not None and one.is_open)


def _last(said: Iterable[tuple[WorkOrder, list[_Said]]]) -> VisitEnd | None:
    latest = [(one, *max(known, key=lambda pair: pair[0])) for one, known in said if known]
    return max((VisitEnd(*each) for each in latest), key=lambda end: (end.at, end.work_order.number), default=None)


def _scheduled(work_order: WorkOrder) -> list[_Said]:
    starts = [(work_order.scheduled_start, "")]
    starts += [(task.scheduled_start, task.work_duration) for task in work_order.tasks if task.state.phase.is_open]
    said = list(_ends(work_order))
    for start, duration in starts:
        begins, takes = moment_of(start), duration_of(duration)
        if begins is not None:
            said.append((begins + takes, Forecast.END) if takes else (begins, Forecast.START))
    return said


def _ends(work_order: WorkOrder) -> Iterator[_Said]:
    of_tasks = (task.estimated_end for task in work_order.tasks if task.state.phase.is_open)
    for text in (work_order.planned_end, work_order.estimated_end, *of_tasks):
        if (end := moment_of(text)) is not None:
            yield end, Forecast.END


def _windows(work_order: WorkOrder) -> list[_Said]:
    texts = (task.window_end for task in work_order.tasks if task.state.phase.is_open)
    return [(end, Forecast.WINDOW) for text in texts if (end := moment_of(text)) is not None]
