"""The end that Field Service plans, written to the order task that waits for it: the platform's own jeopardy sees it there. Pure.

An order task says when its own visits end. Visits of a domain order have no task of their own, and the platform sums levels up
from tasks: the first open one of the domain order says it, as it carries the fallouts. Only ends that somebody planned or
estimated count: a start is no end, and that time goes by is nothing to write.

situation of one order task                                   | plan
--------------------------------------------------------------+-----------------------------------------------
its visits end at another moment than was last written        | write it
the same moment, but the order was revised                    | write it again: the platform plans the tasks of a revision anew
the same moment, whatever the task says by now                | nothing: a person's date stands until one of the two happens
what waits, or was refused, is not what is planned any more   | withdraw it
it is on hold or over, or its order is; no end is planned     | nothing; what waits is withdrawn
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.fallout import task_of
from connector.decide.stance import Stance, stance_of
from connector.decide.visit_end import planned_end
from connector.mapping.moments import STAMP
from connector.model import DomainOrderPhase, Initiator, WritePlannedEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.decide.draft import Draft
    from connector.model import Intent


def write_ends(draft: Draft) -> None:
    """Let the order tasks of an order say when their visits end, where that is wanted."""
    planned, version = _planned(draft) if draft.rules.writes_planned_end else {}, draft.snapshot.order.version
    for task in sorted(draft.snapshot.order_tasks, key=lambda task: task.number):
        end, work_order = planned.get(task.sys_id, ("", ""))
        before = list(_written(draft, task.sys_id))
        if before and before[-1][1:] != (end, version) and before[-1][0].state.may_be_withdrawn:
            draft.withdraw(before.pop()[0])
        if not end or (before and (before[-1][1:] == (end, version) or before[-1][0].state.is_open)):
            continue
        turn = len(before) + 1
        key = f"planned-end/{task.sys_id}/{turn}/{version}/{end}"
        draft.do(WritePlannedEnd(key, task.sys_id, task.number, end, version, task.mod_count, work_order))


def _planned(draft: Draft) -> dict[str, tuple[str, str]]:
    """Order task -> the latest end of the visits it waits for, and the work order that ends then."""
    planned: dict[str, tuple[str, str]] = {}
    for initiator in draft.initiators:
        if not isinstance(initiator, Initiator) or stance_of(initiator) is not Stance.FULFIL:
            continue
        task, last = task_of(draft, initiator), planned_end(draft.work_of_initiator(initiator))
        if task is None or task.state.phase is not DomainOrderPhase.OPEN or last is None:
            continue
        said = (last.at.strftime(STAMP), last.work_order.number)
        planned[task.sys_id] = max(planned.get(task.sys_id, ("", "")), said)
    return planned


def _written(draft: Draft, task_id: str) -> Iterator[tuple[Intent, str, int]]:
    """What was intended for an order task, in its order: the end, and the version of the order."""
    for intent in draft.memory.intents.values():
        action = intent.action
        if isinstance(action, WritePlannedEnd) and action.order_task_id == task_id:
            yield intent, action.end, action.version
