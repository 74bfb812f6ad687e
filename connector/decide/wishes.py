"""Which visit answers which wish of a policy. Pure.

A wish is answered by the visit for its location, or by the one with its number. Where fewer are wanted than there are, as when a
quantity was lowered, the numbers say nothing about who should stay: what was done or begun stays before what has not begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.rules import WorkOrderEnd
from connector.mapping.dmn.table import fold
from connector.mapping.marks import WorkOrderKey
from connector.model import WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.decide.closure import Work
    from connector.model import Link, WantedWorkOrder, WorkOrder


def answers(
    wanted: Sequence[WantedWorkOrder], work: Collection[Work], version: int, begun_at: frozenset[str]
) -> list[Work | None]:
    """For each wish the visit that answers it; None where there is none yet. `begun_at` are states, folded."""
    left = [one for one in work if one not in _surplus(wanted, work, begun_at)]
    found: list[Work | None] = [None] * len(wanted)
    numbers = {(wish.template, wish.ordinal) for wish in wanted}
    for answers_it in (  # whoever is there stays there, before anybody is taken for a wish by number
        _is_there,
        lambda link, wish: _has_number(link, wish, version),
        lambda link, wish: _may_stand_in(link, wish, numbers),
    ):
        for at, wish in enumerate(wanted):
            one = next((one for one in left if found[at] is None and answers_it(one.link, wish)), None)
            if one is not None:
                left.remove(one)
                found[at] = one
    return found


def answer(work: Collection[Work], wanted: WantedWorkOrder, version: int) -> Work | None:
    """The visit that surely answers a wish: the one for its very location before the one with its number."""
    there = next((w for w in work if _is_there(w.link, wanted)), None)
    return there or next((w for w in work if _has_number(w.link, wanted, version)), None)


def _is_there(link: Link, wanted: WantedWorkOrder) -> bool:
    is_same_place = bool(wanted.location) and link.carried.get("location") == wanted.location
    return is_same_place and link.template == wanted.template


def has_begun(work_order: WorkOrder, states: frozenset[str]) -> bool:
    """It is in one of these states, or was: what was completed between two looks has begun."""
    return fold(work_order.state.label) in states or work_order.state.phase is WorkOrderPhase.COMPLETE


def _has_number(link: Link, wanted: WantedWorkOrder, version: int) -> bool:
    """Whether it is the one a row asks for: the same template, or made by that very row at this version.

    The mark is ours and cannot be hidden or renamed; what FSM shows as template can.
    """
    key = WorkOrderKey.parse(link.key)
    by_row = key is not None and key.row == wanted.row and (key.version == version or not link.template)
    return link.ordinal == wanted.ordinal and (link.template == wanted.template or by_row)


def _may_stand_in(link: Link, wanted: WantedWorkOrder, numbers: Collection[tuple[str, int]]) -> bool:
    """Whether it stayed when fewer were wanted: no wish has its number any more."""
    return not wanted.location and link.template == wanted.template and (link.template, link.ordinal) not in numbers


def _surplus(wanted: Sequence[WantedWorkOrder], work: Collection[Work], begun_at: frozenset[str]) -> list[Work]:
    """Those that answer nothing because fewer are wanted than there are."""
    surplus: list[Work] = []
    for template in {wish.template for wish in wanted}:
        wishes = [wish for wish in wanted if wish.template == template]
        there = [one for one in work if one.link.template == template]
        if any(wish.location for wish in wishes):
            continue
        numbers = sorted(
            {one.link.ordinal for one in there},
            key=lambda number: (min(_rank(one, begun_at) for one in there if one.link.ordinal == number), number),
        )
        surplus += [one for one in there if one.link.ordinal in numbers[len(wishes) :]]
    return surplus


def _rank(work: Work, begun_at: frozenset[str]) -> int:
    """Who stays first: what was done or begun, then what has not begun, then what came to nothing."""
    if work.end is WorkOrderEnd.COMPLETE or (work.found is not None and has_begun(work.found, begun_at)):
        return 0
    return 1 if work.is_open else 2
