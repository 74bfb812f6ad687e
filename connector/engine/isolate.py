"""Isolation: what is wrong with one order stops that order and nothing else.

A look at many orders that fails is repeated in halves until the order that spoils it stands alone. What concerns everything
(nobody answers, the user is refused) is not searched for: it would be asked again and again. Nor is what spoils every order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.archive import Archive
from connector.engine.halves import Search, halves
from connector.engine.look import Look, look
from connector.errors import RemoteError, unexpected
from connector.exchange import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connector.decide.rules import Rules
    from connector.engine.ports import FieldService, OrderManagement
    from connector.engine.store import Store
    from connector.model import OrderMemory


def recall(store: Store, order_ids: Collection[str]) -> tuple[dict[str, OrderMemory], tuple[Unreadable, ...]]:
    """What is remembered of these orders, those in the archive too, and the orders whose memory cannot be understood."""
    try:
        Archive(store.engine).take_out(order_ids)
        return store.memory_of(order_ids), ()
    except ValueError as error:  # pydantic's; what the database itself says concerns everything
        if len(order_ids) == 1:
            [order_id] = order_ids
            return {}, (unreadable(order_id, "", error),)
    found: dict[str, OrderMemory] = {}
    bad: tuple[Unreadable, ...] = ()
    for half in halves(list(order_ids)):
        remembered, strange = recall(store, half)
        found |= remembered
        bad += strange
    return found, bad


def look_apart(
    memory: Mapping[str, OrderMemory],
    suspects: Collection[str],
    om: OrderManagement,
    fsm: FieldService,
    rules: Rules,
    orders_of: Callable[[Collection[str]], Mapping[str, str]],
    *,
    concerns_all: Callable[[RemoteError], bool],
) -> Look:
    """Look at the orders of this memory; one that cannot be read does not spoil the others.

    `suspects` could not be read last time; each is looked at alone, after the others. Raises a RemoteError that concerns
    all of them (`concerns_all` says whether), and what the last order said when no order at all can be read.
    """
    search = Search(lambda ids: look(ids, {o: memory[o] for o in ids}, om, fsm, rules, orders_of), concerns_all)
    search.among([order_id for order_id in memory if order_id not in suspects])
    for order_id in memory:
        if order_id in suspects:
            search.among([order_id])
    alone = (unreadable(order_id, "", error) for order_id, error in search.failed.items())
    return Look(
        tuple(s for one in search.answers for s in one.snapshots),
        (*(u for one in search.answers for u in one.unreadable), *alone),
        tuple(r for one in search.answers for r in one.records),
    )


def unreadable(order_id: str, number: str, error: Exception) -> Unreadable:
    """An order with what is wrong with it."""
    if isinstance(error, RemoteError):
        return Unreadable(order_id, number, f"{error} {error.hint}".strip())
    return Unreadable(order_id, number, defect(error), is_defect=True)


def defect(error: Exception) -> str:
    """An error nobody expected, in words that help to find it."""
    return f"a defect of the connector ({unexpected(error)}); please report it. The order is left alone."
