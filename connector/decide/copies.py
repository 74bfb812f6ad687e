"""Which work orders are copies: a person copied one of ours, and the platform copied its mark with it. Pure.

The original is the one whose sys_id was chosen for its key. Where an instance gives its own sys_ids, it is the one memory
knows although it is not shown, or else the oldest.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey, sys_id_of

if TYPE_CHECKING:
    from connector.decide.draft import Draft
    from connector.model import WorkOrder


def copies_among(draft: Draft) -> dict[str, str]:
    """Work orders whose key belongs to another one: sys_id of the copy -> number of the original."""
    by_key: dict[str, list[WorkOrder]] = defaultdict(list)
    for work_order in draft.seen.work_orders:
        key = WorkOrderKey.parse(work_order.names)
        if key is not None and key.om == draft.rules.om:
            by_key[work_order.names].append(work_order)
    copies: dict[str, str] = {}
    for text, alike in by_key.items():
        sys_id, number = _original(draft, text, alike)
        copies |= {work_order.sys_id: number for work_order in alike if work_order.sys_id != sys_id}
    return copies


def _original(draft: Draft, key: str, alike: list[WorkOrder]) -> tuple[str, str]:
    shown = {work_order.sys_id: work_order for work_order in alike}
    if (chosen := shown.get(sys_id_of(key))) is not None:
        return chosen.sys_id, chosen.number
    for link in draft.links.values():
        if link.key == key and link.is_ours and link.work_order_id not in shown:
            return link.work_order_id, link.work_order_number
    oldest = min(alike, key=lambda one: (one.created_on, one.number))
    return oldest.sys_id, oldest.number
