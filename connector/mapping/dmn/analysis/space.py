"""All combinations of parts of the columns, as bit sets. Knows no values: a part is a mask of the rules that accept it.

A *box* is a set of parts for each column (as bits); a rule is a box, too. Two rules can both match where their boxes meet.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from connector.mapping.dmn.evaluate import bits

if TYPE_CHECKING:
    from collections.abc import Sequence


class Space:
    """Rules as boxes. `masks` has, for each column, the rule mask of each of its parts."""

    def __init__(self, masks: Sequence[Sequence[int]], rules: int) -> None:
        self.masks = [list(column) for column in masks]
        self.rules = rules
        self.everything = (1 << rules) - 1

    @cached_property
    def accepts(self) -> list[list[int]]:
        """For each column, the parts each rule accepts."""
        return [transposed(column, self.rules) for column in self.masks]

    @cached_property
    def whole(self) -> tuple[int, ...]:
        """The box of everything."""
        return tuple((1 << len(column)) - 1 for column in self.masks)

    def box(self, rule: int) -> tuple[int, ...]:
        """What a rule accepts."""
        return tuple(column[rule] for column in self.accepts)

    @cached_property
    def meeting(self) -> list[int]:
        """For each rule, the rules (itself included) that can match together with it."""
        found = [self.everything] * self.rules
        cheapest = sorted(range(len(self.masks)), key=lambda j: sum(mask.bit_count() for mask in self.masks[j]))
        for j in cheapest:
            self._narrow(found, j)
        return found

    def _narrow(self, found: list[int], column: int) -> None:
        """Keep the rules that share a part of this column: asked part by part or rule by rule, as is less work."""
        masks, accepts = self.masks[column], self.accepts[column]
        known: dict[int, int] = {}
        for rule in range(self.rules):
            if not found[rule]:
                continue
            mine = accepts[rule]
            if mine not in known:
                if mine.bit_count() <= found[rule].bit_count():
                    shared = 0
                    for part in bits(mine):
                        shared |= masks[part]
                    known[mine] = shared
                else:
                    found[rule] = sum(1 << other for other in bits(found[rule]) if mine & accepts[other])
                    continue
            found[rule] &= known[mine]

    @cached_property
    def holding(self) -> list[int]:
        """For each rule, the rules (itself included) that match wherever it does."""
        found = list(self.meeting)
        for accepts in self.accepts:
            unsettled = sum(1 << rule for rule, others in enumerate(found) if others & (others - 1))
            alike: dict[int, int] = {}
            for rule, mine in enumerate(accepts):
                alike[mine] = alike.get(mine, 0) | 1 << rule
            for mine, rules in alike.items():
                candidates = 0
                for rule in bits(rules & unsettled):
                    candidates |= found[rule]
                if candidates & ~rules:
                    wider = self._wider(accepts, alike, mine, candidates)
                    for rule in bits(rules & unsettled):
                        found[rule] &= wider
        return found

    @staticmethod
    def _wider(accepts: list[int], alike: dict[int, int], mine: int, candidates: int) -> int:
        """Those of the candidates that accept all these parts of a column."""
        if candidates.bit_count() < len(alike):
            return sum(1 << other for other in bits(candidates) if not mine & ~accepts[other])
        return sum(rules for parts, rules in alike.items() if rules & candidates and not mine & ~parts)

    def touching(self, column: int, parts: int) -> int:
        """The rules that accept any of these parts."""
        found = 0
        masks = self.masks[column]
        for part in bits(parts):
            found |= masks[part]
        return found


def transposed(masks: Sequence[int], width: int) -> list[int]:
    """A matrix of bits with rows and columns exchanged.

    >>> transposed([0b01, 0b11, 0b10], 2)
    [3, 6]
    """
    if not masks:
        return [0] * width
    rows = [f"{mask:0{width}b}" for mask in reversed(masks)]
    return [int("".join(column), 2) for column in reversed(list(zip(*rows, strict=True)))]
