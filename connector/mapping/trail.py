"""The way of a work order from the state its readers know to the present one, as its audit trail tells it. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model import Transition


def way(trail: Sequence[Transition], known: str, known_at: int, now: str) -> tuple[Transition, ...]:
    """The transitions from the state `known` (stored value) to `now`; empty where the trail does not lead there.

    `known_at` is the count of updates when that state was read, 0 where memory was lost: then the shortest way is taken.
    """
    later = [step for step in trail if known_at and step.mod_count > known_at]
    tails = [trail[i:] for i in range(len(trail) - 1, -1, -1)]
    return next((tuple(steps) for steps in (later, *tails) if _leads(steps, known, now)), ())


def _leads(steps: Sequence[Transition], known: str, now: str) -> bool:
    if not steps or steps[0].before != known or steps[-1].after != now:
        return False
    return all(one.after == following.before for one, following in pairwise(steps))
