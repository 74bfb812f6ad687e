"""When an order or a case is over for the connector too: nothing is left to do, to tell or to look at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model import CaseSnapshot, OrderPhase

if TYPE_CHECKING:
    from connector.model import Observed, Plan

_OVER = (OrderPhase.COMPLETED, OrderPhase.CANCELED)


def is_over(seen: Observed, plan: Plan) -> bool:
    """Whether it may be archived, as far as both systems and the plan say. What memory still holds says the rest."""
    over = seen.case.state.phase.is_over if isinstance(seen, CaseSnapshot) else seen.order.state.phase in _OVER
    return (
        over
        and not (plan.actions or plan.findings or plan.withdraw)
        and not any(work_order.state.phase.is_open for work_order in seen.work_orders)
    )
