"""What the life of an order or a case allows for one initiator now. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from connector.model import Case, CasePhase, DomainOrderPhase, OrderPhase

if TYPE_CHECKING:
    from connector.model import AnyInitiator


class Stance(Enum):
    """What the order's life allows for one initiator now."""

    WAIT = "wait"  # not approved, or not understood
    FREEZE = "freeze"
    CANCEL = "cancel"
    FULFIL = "fulfil"
    OVER = "over"  # closed: nothing new, nothing changed


_CASE_STANCES = {
    CasePhase.OPEN: Stance.FULFIL,
    CasePhase.RESOLVED: Stance.FREEZE,
    CasePhase.CLOSED: Stance.CANCEL,
    CasePhase.CANCELED: Stance.CANCEL,
    CasePhase.UNKNOWN: Stance.WAIT,
}


def stance_of(initiator: AnyInitiator) -> Stance:
    """The first row that fits, from the strictest to the most permissive."""
    if isinstance(initiator, Case):
        return _CASE_STANCES[initiator.state.phase]
    order_phases = {initiator.order.state.phase, initiator.line.state.phase}
    own_phases = {initiator.phase, initiator.domain_order.state.phase}
    if OrderPhase.CANCELED in order_phases or DomainOrderPhase.CANCELED in own_phases:
        return Stance.CANCEL
    if OrderPhase.FROZEN in order_phases:
        return Stance.FREEZE
    if not order_phases <= {OrderPhase.APPROVED, OrderPhase.PAUSED, OrderPhase.COMPLETED}:
        return Stance.WAIT
    if OrderPhase.PAUSED in order_phases or DomainOrderPhase.HELD in own_phases:
        return Stance.FREEZE
    if initiator.domain_order.needs_attention:
        return Stance.FREEZE
    if own_phases != {DomainOrderPhase.OPEN} or OrderPhase.COMPLETED in order_phases:
        return Stance.OVER
    return Stance.FULFIL


def is_in_question(initiator: AnyInitiator) -> bool:
    """A revision or a cancellation of its order is being assessed. What was canceled in itself is canceled all the same."""
    if isinstance(initiator, Case):
        return False
    return OrderPhase.FROZEN in (initiator.order.state.phase, initiator.line.state.phase)
