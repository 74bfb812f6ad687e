"""The gate's answer about one domain order: yes or no, with everything it rests on and how old that is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.closure import called, named, open_header_tasks, open_order_tasks
from connector.decide.plan import draft_of
from connector.decide.rules import OpenTasks
from connector.model import GateAnswer, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from connector.decide.closure import Work
    from connector.decide.rules import Rules
    from connector.model import DomainOrder, OrderMemory, Snapshot


def answer(snapshot: Snapshot, memory: OrderMemory, rules: Rules, one: DomainOrder, asked_at: datetime) -> GateAnswer:
    """The answer from what was just read. Work orders that are decided but do not exist yet count as open."""
    draft = draft_of(snapshot, memory, rules)
    work = [
        *(_standing(w, rules) for w in draft.work_of(one)),
        *(Standing("", c.template, c.how, "", "", blocks=True, why=c.refused) for c in sorted(draft.coming(one))),
        *(Standing(called(w), "", w.state.label, "", "", blocks=True, why=w.strange) for w in draft.strange_of(one)),
        *(_let_go(w) for w in draft.detached_from(one)),
    ]
    tasks = tuple(named(task) for task in open_order_tasks(snapshot, one))
    header = tuple(named(task) for task in open_header_tasks(snapshot))
    blocking = [
        *(tasks if rules.order_tasks is not OpenTasks.SHOW else ()),
        *(header if rules.header_tasks is not OpenTasks.SHOW else ()),
    ]
    problem = draft.waiting.get(one.sys_id, "")
    may_close = not problem and not blocking and not any(w.blocks for w in work)
    return GateAnswer(one.number, may_close, asked_at, tuple(work), tasks, header, problem)


def _let_go(work: Work) -> Standing:
    link, found = work.link, work.found
    state = found.state.label if found else ""
    why = f"detached {link.detached}; it counts for nothing"
    return Standing(link.work_order_number, link.template, state, "", "", blocks=False, why=why)


def _standing(work: Work, rules: Rules) -> Standing:
    link, found = work.link, work.found
    if found is None:
        state = link.noted.label if link.noted else ""
        why = "Field Service does not show it; this is what was last told"
        return Standing(link.work_order_number, link.template, state, "", "", blocks=True, why=why)
    why = ""
    if work.asks(rules.releases):
        words = " or ".join(repr(word) for word in rules.decisive_words)
        why = f"needs a decision: a work note that begins with {words}"
    elif work.again and work.decision is not None:
        why = f"another visit was asked for by {work.decision.by}"
    elif work.again:
        why = "the order was changed, and another visit takes its place"
    elif work.decision is not None:
        why = f"released by {work.decision.by}"
    return Standing(
        number=found.number,
        template=found.template or link.template,
        state=found.state.label,
        owner=found.owner,
        planned_end=found.planned_end,
        blocks=work.keeps_open(rules.releases),
        why=why,
    )
