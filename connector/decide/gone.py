"""Visits whose domain order, order task or order line is not shown any more. Pure.

It may have been deleted, or a right may be missing: nothing is canceled, and a person is told on every look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model import FindingCode

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import Link


def tell_gone(draft: Draft) -> None:
    """A finding for each visit that is not over, and for which nobody can be told or asked."""
    shown = {initiator.sys_id for initiator in draft.initiators}
    for work in draft.work():
        if work.is_open and work.link.initiator_id not in shown:
            number = work.link.work_order_number
            text = (
                f"{_what(draft, work.link)} is not shown in Order Management any more: deleted, or no right to see it. "
                f"{number} is not closed, and nothing is canceled by itself: cancel it in Field Service, or let go of it: "
                f"om-fsm work-order detach {number}"
            )
            draft.find(FindingCode.INITIATOR_MISSING, number, text)


def _what(draft: Draft, link: Link) -> str:
    """What is missing, as people know it."""
    snapshot = draft.snapshot
    numbers = {one.sys_id: one.number for one in snapshot.domain_orders}
    numbers |= {one.sys_id: one.number for one in snapshot.order_tasks}
    if link.initiator_id in numbers:
        return f"the order line or domain order of {numbers[link.initiator_id]}"
    verdicts = (one for one in draft.memory.verdicts if one.initiator_id == link.initiator_id)
    return next((one.initiator_number for one in verdicts), f"what {link.work_order_number} was made for")
