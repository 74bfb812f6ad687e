"""Work orders made by hand belong to whom their correlation id names, for as long as it does. Pure.

A person may correct the number, or take it away: the work order counts where it says, and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey, is_detached, number_in

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator, Link, WorkOrder

NAMES_NOBODY = "by hand, in its correlation id"
"""Who let go of a work order, when its correlation id does not name the initiator any more."""


def follow_name(draft: Draft, work_order: WorkOrder, link: Link) -> Link:
    """The link as the correlation id has it now, unless that is older than what we know, or holds a mark."""
    if work_order.mod_count < link.bound_at or WorkOrderKey.parse(work_order.names) is not None:
        return link
    number = number_in(work_order.names)
    named = next((one for one in draft.initiators if one.number.casefold() == number), None)
    if named is not None:
        link = _moved(draft, link, named) if named.sys_id != link.initiator_id else link
        is_back = link.detached == NAMES_NOBODY and is_detached(work_order.mark) is not True
        return replace(link, detached="", noted=None) if is_back else link
    if link.detached or draft.initiator(link.initiator_id) is None:  # whose number is not shown cannot be compared
        return link
    return replace(link, detached=NAMES_NOBODY)


def _moved(draft: Draft, link: Link, to: AnyInitiator) -> Link:
    """It belongs to another initiator of the same order: readers there are told of it anew, those here that it is gone."""
    moved = replace(link, domain_order_id=to.noted_on.sys_id, initiator_id=to.sys_id, carried={})
    if moved.domain_order_id == link.domain_order_id:
        return moved
    if not link.detached and link.notes:
        draft.moved[link.work_order_id] = link
    return replace(moved, noted=None)
