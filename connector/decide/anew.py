"""A visit that was canceled because it is made otherwise, not because nobody wants it any more. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping.fields import changes_between
from connector.mapping.marks import WorkOrderKey
from connector.model import Change, CreateWorkOrder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import Link


def made_anew(draft: Draft, work: Work) -> tuple[tuple[Change, ...], str] | None:
    """What is different in the new visit, as far as it is known what the old one said, and its number where it has one.

    None where there is no new one; or it says just the same, because the order did not want the visit and wants it again.
    """
    link = work.link
    key = WorkOrderKey.parse(link.key)
    if not (link.withdrawn or work.again) or key is None:
        return None
    for facts, successor, number in _successors(draft, link):
        is_later = successor.version > key.version or bool(successor.again)
        if is_later and facts != link.carried:
            return (changes_between(link.carried, facts) if link.carried else ()), number
    return None


def _successors(draft: Draft, link: Link) -> Iterator[tuple[Mapping[str, str], WorkOrderKey, str]]:
    """The visits for the same wish, with the key of each: the last one first, be it still to be made."""
    wish = (link.initiator_id, link.template, link.ordinal)
    for action in draft.intended():
        key = WorkOrderKey.parse(action.key) if isinstance(action, CreateWorkOrder) else None
        if (
            isinstance(action, CreateWorkOrder)
            and key
            and (action.initiator_id, action.template, action.ordinal) == wish
        ):
            yield action.facts, replace(key, version=action.version), ""
    for one in draft.links.values():
        key = WorkOrderKey.parse(one.key)
        if key is not None and not one.withdrawn and (one.initiator_id, one.template, one.ordinal) == wish:
            yield one.carried, key, one.work_order_number
