"""What a person may end: a hold of a side or an order, and a brake after having looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.codec import KINDS_OF_SIDE
from connector.engine.guard import forget_identity, looked_at
from connector.engine.hold import HoldReason, Side
from connector.engine.holds import Holds
from connector.engine.known import forgive
from connector.engine.store import CANCELLATIONS_RELEASED
from connector.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from connector.engine.hold import Hold
    from connector.engine.store import Store

_ABOUT_RECORDS = (HoldReason.IDENTITY, HoldReason.VANISHED, HoldReason.RESTORED)


def release_side(store: Store, target: str, now: datetime, text: str, *, looked: bool) -> tuple[Hold, ...]:
    """End every hold on a side. Raises Refused, with why it was braked, when nobody has looked.

    What waited for the side is decided again before it is sent: whatever was mended meanwhile is seen first. Records that went
    back are taken as they are: where nothing is held, those that are findings.
    """
    holds = Holds(store.engine)
    brakes = [one for one in holds.of(target, now) if one.reason.is_brake]
    if brakes and not looked:
        raise Refused(
            "; ".join(f"{one.target} is braked ({one.reason.value}): {one.text}" for one in brakes),
            hint=brakes[0].way_out,
        )
    ended = holds.lift(target, list(HoldReason), now, text)
    is_about_records = any(one.reason in _ABOUT_RECORDS for one in ended)
    if is_about_records:
        with store.engine.begin() as connection:
            forget_identity(connection, Side(target))
        store.note_pass(looked_at(Side(target)), now)
    if is_about_records or (looked and not ended):
        with store.engine.begin() as connection:
            forgive(connection, Side(target))
        store.wake(store.orders_with_open_links(), due=now, reason="a person has looked")
    if any(one.reason is HoldReason.CANCELLATIONS for one in ended):
        store.note_pass(CANCELLATIONS_RELEASED, now)
    if ended:
        store.hasten(KINDS_OF_SIDE[Side(target)], now)
    return ended


def release_order(store: Store, number: str, now: datetime, text: str) -> tuple[Hold, ...]:
    """End the hold on an order; it is looked at now."""
    ended = Holds(store.engine).lift(number, [HoldReason.BY_HAND], now, text)
    store.wake([one.order_id for one in ended if one.order_id], due=now, reason="released")
    return ended
