"""When an order is over for the connector too: nothing is left to do, to tell or to look at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model import OrderPhase

if TYPE_CHECKING:
    from connector.model import Plan, Snapshot

_OVER = (OrderPhase.COMPLETED, OrderPhase.CANCELED)


def is_over(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether an order may be archived, as far as both systems and the plan say. What memory still holds says the rest."""
    return (
        snapshot.order.state.phase in _OVER
        and not (plan.actions or plan.findings or plan.withdraw)
        and not any(work_order.state.phase.is_open for work_order in snapshot.work_orders)
    )
