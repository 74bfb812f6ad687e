"""The columns of a table as the analysis sees them: each cut into parts that all rules treat alike.

A part has a mask of the rules that accept it and an example. Where every cell is an interval the parts are all there are, and
what follows from them is exact. Where a cell is a pattern or a formula, parts are those of values that were tried: examples
made of them are real, but there may be more. For proofs that nothing exists, `wide` then takes each such cell as a column of
its own, either satisfied or not: at least everything that can happen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import time
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.analysis.candidates import candidates, simple_conditions
from connector.mapping.dmn.analysis.witness import witness
from connector.mapping.dmn.conditions import ANYTHING, Between, Compare, Formula, Like
from connector.mapping.dmn.evaluate import folded
from connector.mapping.dmn.partition import Partition
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind, Months, kind_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.partition import Interval
    from connector.mapping.dmn.table import DecisionTable, Input
    from connector.mapping.dmn.values import Value

_WORK = 400_000  # comparisons of a value with a pattern that one column may take
_PATTERN = 40  # comparisons that one with a regular expression counts for
_FEWEST = 40


@dataclass(frozen=True, slots=True)
class Part:
    """Values of a column that the same rules accept. `spans` says where they lie, or `values` which they are."""

    mask: int
    example: Value
    spans: tuple[Interval, ...] = ()
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One input of a table, cut into parts. `inexact` says why the parts may not be all there are, or is empty."""

    name: str
    parts: tuple[Part, ...]
    wide: tuple[tuple[int, ...], ...]
    """Masks of the parts of one or more columns that together allow at least everything this one does."""
    inexact: str = ""
    written: tuple[tuple[str, str], ...] = ()
    """How strings that are compared regardless of case were written."""


def columns_of(table: DecisionTable, may_be_empty: Container[str] = ()) -> tuple[Column, ...]:
    """The columns, inputs that are asked twice taken together."""
    same: dict[str, list[int]] = defaultdict(list)
    for index, column in enumerate(table.inputs):
        same[column.name].append(index)
    return tuple(_Cutter(table, indexes, name in may_be_empty).column() for name, indexes in same.items())


class _Cutter:
    """Cuts one input. The cells of several columns about it stand one below the other, then what is allowed."""

    def __init__(self, table: DecisionTable, indexes: Sequence[int], may_be_empty: bool) -> None:
        self.input: Input = table.inputs[indexes[0]]
        self.rules = len(table.rules)
        self.times = len(indexes)
        self.may_be_empty = may_be_empty
        as_written = [rule.conditions[i] for i in indexes for rule in table.rules]
        as_written += [table.inputs[i].allowed for i in indexes]
        texts = [*reversed(_texts(as_written)), *self.input.choices] if self.input.ignore_case else []
        self.literals = {fold(text): " ".join(text.split()) for text in texts}
        self.cells = [folded(cell) for cell in as_written] if self.input.ignore_case else as_written
        self.kind = _kind(self.input.kind, self.cells)
        self.partition = Partition(self.kind, self.cells)

    def column(self) -> Column:
        listed = self._listed()
        if listed is not None:
            found = self._asked(listed)
        elif self.partition.is_exact:
            found = self._pieces()
        else:
            between = [part.example for part in self._pieces()]
            found = self._asked(_taken_in_turn(between, self._tried())[: self._affordable()])
        parts = _merged(found)
        parts = [replace(part, example=self._as_written(part.example)) for part in parts]
        if self.may_be_empty:
            parts += self._asked([None], always=True)
        return Column(self.input.name, tuple(parts), self._wide(parts), self._inexact(), tuple(self.literals.items()))

    def _as_written(self, example: Value) -> Value:
        return self.literals.get(example, example) if isinstance(example, str) else example

    def _listed(self) -> list[Value] | None:
        """All values there are, where they can be listed."""
        if self.kind is Kind.BOOLEAN:
            return [False, True]
        if self.input.choices:
            return [fold(choice) for choice in self.input.choices] if self.input.ignore_case else [*self.input.choices]
        return None

    def _pieces(self) -> list[Part]:
        found = []
        for piece in self.partition.pieces():
            mask, allowed = self._combined(piece.mask)
            example = witness(piece.low, piece.high, self.kind, folded=self.input.ignore_case)
            if example is not None and allowed:
                found.append(Part(mask, example, ((piece.low, piece.high),)))
        return found

    def _affordable(self) -> int:
        """How many values may be tried: each is held against every pattern, and regular expressions are slow."""
        cost = sum(_PATTERN if isinstance(cell, Like) and cell.how == "matches" else 1 for cell in self.partition.loose)
        return max(_FEWEST, _WORK // cost)

    def _tried(self) -> list[Value]:
        tried = candidates(self.cells)
        if self.input.ignore_case:
            tried = [fold(value) if isinstance(value, str) else value for value in tried]
        return tried if self.input.kind is Kind.ANY else [v for v in tried if isinstance(v, str) == self.kind.is_text]

    def _asked(self, values: Iterable[Value], *, always: bool = False) -> list[Part]:
        found = []
        for value in values:
            mask, allowed = self._combined(self.partition.rules(value, {}))
            if allowed or always:
                found.append(Part(mask, value, values=(value,)))
        return found

    def _combined(self, mask: int) -> tuple[int, bool]:
        """From the cells below each other: the rules that accept in each column, and whether all allow the value."""
        every = (1 << self.rules) - 1
        rules = every
        for time_ in range(self.times):
            rules &= mask >> (self.rules * time_)
        allowed = (mask | self._loose_rows) >> (self.rules * self.times)
        return rules & every, allowed == (1 << self.times) - 1

    @cached_property
    def _loose_rows(self) -> int:
        loose = set(self.partition.loose) if not self.partition.is_exact else ()
        return sum(1 << row for row in range(self.rules * self.times, len(self.cells)) if self.cells[row] in loose)

    def _inexact(self) -> str:
        if self.input.expression is not None:
            return (
                f"its values are computed ({self.input.expression.text}) and taken as independent of the other columns"
            )
        if self.input.kind is Kind.ANY:
            return "the kind of its values is not declared"
        if not self.partition.is_exact and self._listed() is None:
            shown = next(iter(self.partition.loose))
            return f"it holds patterns or formulas ({_shown(shown)}), for which only examples can be tried"
        if not self.partition.is_exact and self._needs_others():
            return "it holds formulas about other columns"
        if self.kind is Kind.TIME and any(isinstance(v, time) and v.utcoffset() for v in _constants(self.cells)):
            return "it compares times of different zones"
        return ""

    def _needs_others(self) -> bool:
        return any(
            isinstance(one, Formula) and one.expression.names - {"?"}
            for cell in self.partition.loose
            for one in simple_conditions(cell)
        )

    def _wide(self, parts: Sequence[Part]) -> tuple[tuple[int, ...], ...]:
        if not self._inexact():
            return (tuple(part.mask for part in parts),)
        every = (1 << self.rules) - 1
        loose: dict[Condition, int] = defaultdict(int)
        for row, cell in enumerate(self.cells[: self.rules * self.times]):
            if cell in set(self.partition.loose):
                loose[cell] |= 1 << (row % self.rules)
        rows = sum_of(loose.values())
        masks = {part.mask | rows for part in self._pieces()}
        masks |= {part.mask | rows for part in parts}
        if self.input.kind is Kind.ANY:
            masks.add(self._combined(self.partition.rules(_of_no_kind(self.kind), {}))[0] | rows)
        return (tuple(sorted(masks)), *((every, every & ~rows) for rows in loose.values()))


def _taken_in_turn(one: Sequence[Value], other: Sequence[Value]) -> list[Value]:
    """Both lists, item by item."""
    return [value for pair in zip_longest(one, other, fillvalue=None) for value in pair if value is not None]


def sum_of(masks: Iterable[int]) -> int:
    """The rules of any of them."""
    total = 0
    for mask in masks:
        total |= mask
    return total


def _merged(parts: Iterable[Part]) -> list[Part]:
    """Parts with the same mask are one; the plainest example is kept."""
    merged: dict[int, Part] = {}
    for part in parts:
        before = merged.get(part.mask)
        if before is None:
            merged[part.mask] = part
            continue
        merged[part.mask] = replace(
            before,
            example=min(before.example, part.example, key=_plainness),
            spans=before.spans + part.spans,
            values=before.values + part.values,
        )
    return list(merged.values())


def _plainness(value: Any) -> tuple[bool, int]:
    """Less is plainer: readable, and short unless it says "other"."""
    if not isinstance(value, str):
        return False, 0
    return not value.isprintable() or not value, 0 if value == "other" else len(value)


def _kind(declared: Kind, cells: Sequence[Condition]) -> Kind:
    """The kind of a column; where none is declared, that of its cells if they agree."""
    if declared is not Kind.ANY:
        return declared
    found = {kind for value in _constants(cells) if (kind := kind_of(value))}
    return found.pop() if len(found) == 1 else Kind.ANY if found else Kind.STRING


def _constants(cells: Sequence[Condition]) -> list[Any]:
    found: list[Any] = []
    for cell in dict.fromkeys(cells):
        for one in simple_conditions(cell):
            match one:
                case Compare(_, value):
                    found.append(value)
                case Between(low, high):
                    found += [low, high]
                case _:
                    pass
    return found


def _texts(cells: Iterable[Condition]) -> list[str]:
    return [value for value in _constants(list(cells)) if isinstance(value, str)]


def _of_no_kind(kind: Kind) -> Value:
    """A value that is not of this kind."""
    return Months(7) if kind is not Kind.MONTHS else "other"


def _shown(cell: Condition) -> str:
    for one in simple_conditions(cell):
        match one:
            case Like(how, text):
                return f'{how} "{text}"'
            case Formula(expression):
                return expression.text
            case _:
                pass
    return "-" if cell == ANYTHING else str(cell)
