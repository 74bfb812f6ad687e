"""The values of one column, cut into pieces that all its cells treat alike.

Every kind of value is ordered, so a constant condition is a union of intervals; where they begin and end are *cuts*. A cut is
(value, 0) just before a value or (value, 1) just after it. Between two neighbouring cuts nothing changes: one bit mask, with a
bit for each rule that accepts, holds for the whole piece. A string that starts with "CPE" is an interval too: from "CPE" up to
but not including "CPF".

What is no interval (a pattern, an end of a string, a formula) is *loose*: asked one by one, and remembered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from connector.mapping.dmn.conditions import (
    Anything,
    Between,
    Compare,
    Formula,
    Like,
    Not,
    OneOf,
    asked_by,
    holds,
    moment,
    truth,
)
from connector.mapping.dmn.values import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.mapping.dmn.conditions import Condition, Scope
    from connector.mapping.dmn.values import Value

Cut: TypeAlias = tuple[Any, int] | None
"""A place between values; None is the far end on its side."""
Interval: TypeAlias = tuple[Cut, Cut]
_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Values from `low` up to `high`, and the rules that accept them."""

    low: Cut
    high: Cut
    mask: int


class Partition:
    """One column of a table: which rules accept a value. Built once, asked often; equal values are answered from memory."""

    def __init__(self, kind: Kind, cells: Sequence[Condition]) -> None:
        self.kind = kind
        self._rows: dict[Condition, int] = defaultdict(int)
        for row, cell in enumerate(cells):
            self._rows[cell] |= 1 << row
        self._loose: list[tuple[Condition, int]] = []
        self._bound: list[tuple[Condition, int]] = []  # ask for more than the value: never remembered
        intervals: list[tuple[list[Interval], int]] = []
        for cell, rows in self._rows.items():
            found = intervals_of(cell, kind)
            if found is not None:
                intervals.append((found, rows))
            elif asked_by(cell):
                self._bound.append((cell, rows))
            else:
                self._loose.append((cell, rows))
        self._cuts, self._masks = _sweep(intervals)
        self._values, self._at, self._before = _by_value(self._cuts, self._masks)
        self._usual = _USUAL.get(kind)
        self._remembered: dict[Any, int] = {}

    @property
    def is_exact(self) -> bool:
        """Whether the pieces alone decide: no patterns and no formulas."""
        return not self._loose and not self._bound

    @property
    def loose(self) -> tuple[Condition, ...]:
        """Conditions that are no intervals."""
        return tuple(cell for cell, _ in (*self._loose, *self._bound))

    def rules(self, value: Value, scope: Scope) -> int:
        """The rules whose cell in this column accepts the value, as a bit mask."""
        try:
            found = self._remembered.get((value.__class__, value))
        except TypeError:  # a list or a context: only decision models have those
            return self._ask_all(value, scope)
        if found is None:
            found = self._constant(value)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[value.__class__, value] = found
        for cell, rows in self._bound:
            if truth(cell, value, scope):
                found |= rows
        return found

    @property
    def breadth(self) -> float:
        """How many rules accept a value, on average over the pieces: the least of all columns is the one to ask first."""
        return sum(mask.bit_count() for mask in self._masks) / len(self._masks) + 2 * sum(
            rows.bit_count() for _, rows in (*self._loose, *self._bound)
        )

    def _constant(self, value: Any) -> int:
        if value.__class__ is not self._usual:
            if value is None or not belongs(value, self.kind):
                return self._ask(value, ((c, r) for c, r in self._rows.items() if not asked_by(c)))
            value = _plain(value)
        place = bisect_left(self._values, value)
        mask = self._at[place] if place < len(self._values) and self._values[place] == value else self._before[place]
        return mask | self._ask(value, self._loose) if self._loose else mask

    def _ask(self, value: Any, cells: Any) -> int:
        mask = 0
        for cell, rows in cells:
            if holds(cell, value):
                mask |= rows
        return mask

    def _ask_all(self, value: Any, scope: Scope) -> int:
        return sum(rows for cell, rows in self._rows.items() if truth(cell, value, scope))

    def pieces(self) -> Iterator[Piece]:
        """The pieces in order; loose conditions are not in their masks."""
        ends: list[Cut] = [None, *self._cuts, None]
        for index, mask in enumerate(self._masks):
            yield Piece(ends[index], ends[index + 1], mask)


# The class that values of a kind mostly have, where nothing needs to be done to put them in order.
_USUAL = {Kind.STRING: str, Kind.CHOICE: str, Kind.NUMBER: Decimal, Kind.DATE: date}


def _by_value(cuts: list[Any], masks: list[int]) -> tuple[list[Any], list[int], list[int]]:
    """The values where something changes, the mask of each, and the mask just before each and after the last."""
    values: list[Any] = []
    for value, _ in cuts:
        if not values or values[-1] != value:
            values.append(value)
    at = [masks[bisect_right(cuts, (value, 0.5))] for value in values]
    before = [masks[bisect_left(cuts, (value, 0))] for value in values]
    return values, at, [*before, masks[-1]]


def belongs(value: Value, kind: Kind) -> bool:
    """Whether a value is of a column's kind."""
    found = kind_of(value)
    return found is kind or (found is Kind.STRING and kind.is_text)


def intervals_of(condition: Condition, kind: Kind) -> list[Interval] | None:
    """The values of a kind that satisfy a condition, as disjoint intervals in order; None if it is no such set."""
    if kind is Kind.ANY:
        return None
    match condition:
        case Anything():
            return [(None, None)]
        case Compare(symbol, value):
            return _comparison(symbol, value, kind)
        case Between(low, high, low_closed, high_closed):
            if not (_orderable(low, kind) and _orderable(high, kind)):
                return None
            return _proper((_plain(low), 0 if low_closed else 1), (_plain(high), 1 if high_closed else 0))
        case Like("starts with", text) if kind.is_text:
            return [((text, 0), _after_all_starting_with(text))]
        case OneOf(conditions):
            parts = [intervals_of(one, kind) for one in conditions]
            return None if any(part is None for part in parts) else union(i for part in parts if part for i in part)
        case Not(negated):
            inner = intervals_of(negated, kind)
            return None if inner is None else complement(inner)
        case Like() | Formula():
            return None


def _comparison(symbol: str, value: Value, kind: Kind) -> list[Interval] | None:
    if value is None and symbol in ("=", "!="):
        return [] if symbol == "=" else [(None, None)]
    ordered = symbol not in ("=", "!=")
    if not (_orderable(value, kind) if ordered else belongs(value, kind)):
        return None
    plain = _plain(value)
    before, after = (plain, 0), (plain, 1)
    regions: dict[str, list[Interval]] = {
        "=": [(before, after)],
        "!=": [(None, before), (after, None)],
        "<": [(None, before)],
        "<=": [(None, after)],
        ">": [(after, None)],
        ">=": [(before, None)],
    }
    return regions[symbol]


def _orderable(value: Value, kind: Kind) -> bool:
    return kind is not Kind.BOOLEAN and belongs(value, kind)


def _plain(value: Any) -> Any:
    """Times as they are compared, so that all values of a kind can be put in order."""
    return moment(value) if isinstance(value, (datetime, time)) else value


def _after_all_starting_with(text: str) -> Cut:
    for length in range(len(text), 0, -1):
        last = ord(text[length - 1])
        if last < 0x10FFFF:
            return (text[: length - 1] + chr(last + 1), 0)
    return None


def _proper(low: Cut, high: Cut) -> list[Interval]:
    return [(low, high)] if low is None or high is None or low < high else []


def union(intervals: Iterator[Interval]) -> list[Interval]:
    """Disjoint and in order. An interval without low end comes first."""
    merged: list[Interval] = []
    for low, high in sorted(intervals, key=lambda i: (i[0] is not None, i[0])):
        if merged and _touches(merged[-1][1], low):
            merged[-1] = (merged[-1][0], _later(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _touches(end: Cut, begin: Cut) -> bool:
    return end is None or begin is None or begin <= end


def _later(one: Cut, other: Cut) -> Cut:
    return None if one is None or other is None else max(one, other)


def complement(intervals: list[Interval]) -> list[Interval]:
    holes: list[Interval] = []
    begin: Cut = None
    for low, high in intervals:
        if low is not None:
            holes += _proper(begin, low)
        if high is None:
            return holes
        begin = high
    return [*holes, (begin, None)]


def _sweep(sets: list[tuple[list[Interval], int]]) -> tuple[list[tuple[Any, int]], list[int]]:
    """All cuts in order, and the mask of each piece between them (one more than there are cuts)."""
    first = 0
    turns: dict[Any, int] = defaultdict(int)
    for intervals, rows in sets:
        for low, high in intervals:
            if low is None:
                first ^= rows
            else:
                turns[low] ^= rows
            if high is not None:
                turns[high] ^= rows
    cuts = sorted(turns)
    masks = [first]
    for cut in cuts:
        masks.append(masks[-1] ^ turns[cut])
    return cuts, masks
