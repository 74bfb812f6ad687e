"""Another visit in the place of one that is over: because a person asked for it in a work note, or because the connector had
canceled it and the order wants it after all. Pure.

Its key is made of the key of that visit and of the note that told how it ended, so that one answer makes one visit, whatever
memory knows; a visit that is reopened and comes to nothing once more may be answered anew. One that we canceled ourselves is
over for good, which its mark tells: one cancellation is followed by one visit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from connector.model import Link

_CANCELED_BY_US = 0  # in the place of the number of a status note: those begin with 1


def key_of_next(link: Link, end: int | None = None) -> str:
    """The key of the visit in the place of this one, after the end that its so many-th status note told, which is its last one
    where nothing else is said; empty where it is not the connector's."""
    return _key_after(link, link.notes if end is None else end)


def key_after_cancellation(link: Link) -> str:
    """The key of the visit in the place of this one, when we had canceled it ourselves; empty where it is not ours."""
    return _key_after(link, _CANCELED_BY_US)


def _key_after(link: Link, end: int) -> str:
    key = WorkOrderKey.parse(link.key)
    return str(key.after(end)) if key is not None and link.is_ours else ""


def key_of_return(first: WorkOrderKey, links: Collection[Link]) -> WorkOrderKey:
    """The key of the visit that a wish is due: the first one, or the one after the last that we canceled."""
    canceled = [one for one in links if one.withdrawn and first_of(one) == str(first) and not is_replaced(one, links)]
    last = WorkOrderKey.parse(min((one.key for one in canceled), default=""))
    return first if last is None else last.after(_CANCELED_BY_US)


def first_of(link: Link) -> str:
    """The key of the visit that was wanted first: what was made in its place, however often, answers the same wish."""
    key = WorkOrderKey.parse(link.key)
    return str(replace(key, again="")) if key is not None else link.key


def is_one_wish(one: Link, other: Link) -> bool:
    """Whether one visit was made in the place of the other, or both in the place of a third."""
    return one.key != other.key and first_of(one) == first_of(other)


def is_replaced(link: Link, links: Iterable[Link]) -> bool:
    """Whether there is a visit in the place of this one, after any of its ends, or after our cancellation."""
    made = {one.key for one in links if (known := WorkOrderKey.parse(one.key)) is not None and known.again}
    key = WorkOrderKey.parse(link.key) if made else None
    return key is not None and any(str(key.after(number)) in made for number in range(link.notes + 1))
