"""Another visit in the place of one that came to nothing, because a person asked for it in a work note. Pure.

Its key is made of the key of that visit and of the note that told how it ended, so that one answer makes one visit, whatever
memory knows; a visit that is reopened and comes to nothing once more may be answered anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.model import Link


def key_of_next(link: Link) -> str:
    """The key of the visit in the place of this one, after its present end; empty where it is not the connector's."""
    key = WorkOrderKey.parse(link.key)
    return str(key.after(link.notes)) if key is not None and link.is_ours else ""


def first_of(link: Link) -> str:
    """The key of the visit that was wanted first: what was made in its place, however often, answers the same wish."""
    key = WorkOrderKey.parse(link.key)
    return str(replace(key, again="")) if key is not None else link.key


def is_one_wish(one: Link, other: Link) -> bool:
    """Whether one visit was made in the place of the other, or both in the place of a third."""
    return one.key != other.key and first_of(one) == first_of(other)


def is_replaced(link: Link, links: Iterable[Link]) -> bool:
    """Whether there is a visit in the place of this one, after any of its ends."""
    made = {one.key for one in links if (known := WorkOrderKey.parse(one.key)) is not None and known.again}
    key = WorkOrderKey.parse(link.key) if made else None
    return key is not None and any(str(key.after(number)) in made for number in range(1, link.notes + 1))
