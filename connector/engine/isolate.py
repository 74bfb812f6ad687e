"""Isolation: what is wrong with one order stops that order and nothing else.

A look at many orders that fails is repeated in halves until the order that spoils it stands alone. What concerns everything
(nobody answers, the user is refused) is not searched for: it would be asked again and again. Nor is what spoils every order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from connector.engine.archive import Archive
from connector.engine.look import Look, look
from connector.errors import (
    AbsurdAnswer,
    Denied,
    MemoryFailed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Unavailable,
    unexpected,
)
from connector.exchange import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connector.decide.rules import Rules
    from connector.engine.ports import FieldService, OrderManagement
    from connector.engine.store import Store
    from connector.model import OrderMemory

_ENOUGH = 3  # orders that each failed alone, while none could be read: then it is not about these orders
OF_ONE_RECORD = (Denied, AbsurdAnswer, Rejected)
"""Failures of a request that may be the fault of one record it asked about."""


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
    for half in _halves(order_ids):
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
    search = _Search(lambda ids: look(ids, {o: memory[o] for o in ids}, om, fsm, rules, orders_of), concerns_all)
    search.among([order_id for order_id in memory if order_id not in suspects])
    for order_id in memory:
        if order_id in suspects:
            search.among([order_id])
    return Look(
        tuple(s for one in search.looks for s in one.snapshots),
        tuple(u for one in search.looks for u in one.unreadable),
        tuple(r for one in search.looks for r in one.records),
    )


class _Search:
    """One look, cut in halves where it fails."""

    def __init__(
        self,
        look_at: Callable[[list[str]], Look],
        concerns_all: Callable[[RemoteError], bool],
    ) -> None:
        self.looks: list[Look] = []
        self._look_at = look_at
        self._concerns_all = concerns_all
        self._alone = 0  # orders that failed alone
        self._fine = False

    def among(self, order_ids: list[str]) -> None:
        if not order_ids:
            return
        try:
            seen = self._look_at(order_ids)
        except Exception as error:
            if not self._is_of_one_record(error):
                raise
            if len(order_ids) > 1:
                for half in _halves(order_ids):
                    self.among(half)
                return
            self._alone += 1
            if self._alone >= _ENOUGH and not self._fine:
                raise
            seen = Look((), (unreadable(order_ids[0], "", error),))
        else:
            self._fine = True
        self.looks.append(seen)

    def _is_of_one_record(self, error: Exception) -> bool:
        if isinstance(error, Unavailable | OutcomeUnknown):
            return not self._concerns_all(error)
        return is_of_one_record(error)


def is_of_one_record(error: Exception) -> bool:
    """Whether an error may be the fault of one record, and says nothing about an instance or memory as a whole."""
    if isinstance(error, RemoteError):
        return isinstance(error, OF_ONE_RECORD)
    if isinstance(error, MemoryFailed):
        return False
    if isinstance(error, sa.exc.SQLAlchemyError):
        return isinstance(error, sa.exc.IntegrityError)
    return not isinstance(error, OSError)


def unreadable(order_id: str, number: str, error: Exception) -> Unreadable:
    """An order with what is wrong with it."""
    if isinstance(error, RemoteError):
        return Unreadable(order_id, number, f"{error} {error.hint}".strip())
    return Unreadable(order_id, number, defect(error), is_defect=True)


def defect(error: Exception) -> str:
    """An error nobody expected, in words that help to find it."""
    return f"a defect of the connector ({unexpected(error)}); please report it. The order is left alone."


def _halves(order_ids: Collection[str]) -> tuple[list[str], list[str]]:
    ordered = list(order_ids)
    middle = len(ordered) // 2
    return ordered[:middle], ordered[middle:]
