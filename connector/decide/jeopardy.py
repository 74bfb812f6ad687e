"""Predicted lateness: the ends that Field Service plans, held against what the line's customer was promised. Pure.

The latest end of the open work orders of a domain order counts, as far as anything is known of it (visit_end.py). The hours that
are left until the committed due date say the level, by four bounds. It rises at once and falls only when it would fall even with
an hour less, so that a plan which wavers about a bound is told once.

A visit that is open does not end before now, whatever was planned: so the level rises with time alone, at moments that are known
beforehand. Now is what the connector's own clock says: bounds are hours apart, the clocks of two machines minutes. Without a due
date nothing is predicted.

Who was told of a level takes the last note for what holds. So when every visit is over and settled, or the due date was removed,
a last note says None; not while somebody must decide about a visit, or another one is arranged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from connector.decide.visit_end import predicted_end
from connector.mapping import notes
from connector.mapping.moments import STAMP, moment_of
from connector.model import DomainOrderPhase, IntentState, OrderPhase

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import DomainOrder, Intent

_WAVER = 1.0  # hours
_MOMENT = timedelta(seconds=1)


class Level(Enum):
    """ServiceNow's own words for jeopardy, from calm to worst."""

    NONE = "None"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"


_WORSE = tuple(Level)


@dataclass(frozen=True, slots=True)
class JeopardyRules:
    """Hours left from the predicted end to the due date; with fewer than `low` the level is Low, and so on down."""

    low: float = 24.0
    medium: float = 8.0
    high: float = 0.0
    critical: float = -24.0

    def level(self, left: float) -> Level:
        """The level when so many hours are left."""
        bounds = ((self.critical, Level.CRITICAL), (self.high, Level.HIGH), (self.medium, Level.MEDIUM))
        return next((level for bound, level in (*bounds, (self.low, Level.LOW)) if left < bound), Level.NONE)

    def next_rise(self, level: Level, due: datetime) -> datetime | None:
        """The moment from which a visit that does not end makes this level worse; None when there is no worse one."""
        bounds = {Level.NONE: self.low, Level.LOW: self.medium, Level.MEDIUM: self.high, Level.HIGH: self.critical}
        return due - timedelta(hours=bounds[level]) + _MOMENT if level in bounds else None

    def after(self, before: Level, left: float) -> Level:
        """The level when it was `before` so far."""
        now, almost = self.level(left), self.level(left - _WAVER)
        if _WORSE.index(now) >= _WORSE.index(before):
            return now
        return before if _WORSE.index(almost) >= _WORSE.index(before) else now


def warn(draft: Draft, domain_order: DomainOrder) -> None:
    """Tell the readers of a domain order when the predicted lateness of its visits has another level."""
    rules, work = draft.rules.jeopardy, draft.work_of(domain_order)
    line = next((one for one in draft.snapshot.lines if one.sys_id == domain_order.line_id), None)
    if rules is None or line is None or not _is_promised(draft, domain_order):
        return
    last = predicted_end(work, draft.now)
    due = moment_of(line.due)
    told = _told(draft, domain_order)
    waits = told.pop() if told and told[-1][1].state is IntentState.PENDING else None
    before = told[-1][0] if told else Level.NONE
    counts = {"still_open": sum(w.is_open for w in work), "total": len(work)}
    if last is not None and due is not None:
        left = (due - last.at).total_seconds() / 3600
        now = rules.after(before, left)
        draft.look_again(rules.next_rise(now, due))
        promise = notes.Promise(last.at.strftime(STAMP), line.number, line.due, left, last.how, draft.rules.notes.zone)
        text = notes.jeopardy(last.work_order, promise, (before.value, now.value), **counts)
    elif work and (not line.due or _is_settled(draft, domain_order)):
        now = Level.NONE
        text = notes.no_jeopardy(line.number, before.value, has_due_date=bool(line.due), **counts)
    else:
        return
    if waits is not None and waits[0] is now:
        return
    if waits is not None:
        draft.withdraw(waits[1])
    if now is not before:
        draft.note(_key(domain_order, len(told) + 1, now), domain_order, text)


def _is_settled(draft: Draft, domain_order: DomainOrder) -> bool:
    """Whether every visit is over, nobody must decide about one, and none is being arranged."""
    if draft.coming(domain_order) or draft.strange_of(domain_order):
        return False
    return not any(w.keeps_open(draft.rules.releases) or w.found is None for w in draft.work_of(domain_order))


def _is_promised(draft: Draft, domain_order: DomainOrder) -> bool:
    """Levels stand still while an order is revised, paused or over."""
    return draft.snapshot.order.state.phase is OrderPhase.APPROVED and domain_order.state.phase is DomainOrderPhase.OPEN


def _told(draft: Draft, domain_order: DomainOrder) -> list[tuple[Level, Intent]]:
    """The levels that notes spoke of, in their order; the last one may still wait to be written."""
    told: list[tuple[Level, Intent]] = []
    while found := [
        (level, intent) for level in Level if (intent := draft.intent(_key(domain_order, len(told) + 1, level)))
    ]:
        told.append(found[0])
    return told


def _key(domain_order: DomainOrder, number: int, level: Level) -> str:
    return f"jeopardy/{domain_order.sys_id}/{number}/{level.value}"
