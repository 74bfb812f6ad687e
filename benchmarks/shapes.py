"""Tables of three shapes, from one seed, and inputs for them: as plain data that every engine can be given.

A cell is None (anything), a string (equal to it), or a pair of numbers (from and to, both included). Rows are in order: the
first that matches decides.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TypeAlias

Cell: TypeAlias = str | tuple[int, int] | None
Values: TypeAlias = dict[str, str | int]
COLUMNS = 8
NUMBERS = 100_000


@dataclass(frozen=True)
class Shape:
    """A table and what it is asked; `numbers` are the positions of numeric columns."""

    name: str
    columns: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[Cell, ...], ...]
    inputs: list[Values]

    def matched(self) -> float:
        """The share of a sample of the inputs that some row matches."""
        sample = self.inputs[:200]
        return sum(any(self._matches(row, values) for row in self.rows) for values in sample) / len(sample)

    def _matches(self, row: tuple[Cell, ...], values: Values) -> bool:
        return all(accepts(cell, values[name]) for name, cell in zip(self.columns, row, strict=True))


def accepts(cell: Cell, value: str | int) -> bool:
    if cell is None:
        return True
    if isinstance(cell, tuple):
        return isinstance(value, int) and cell[0] <= value <= cell[1]
    return cell == value


def shapes(rows: int, decisions: int) -> list[Shape]:
    """Strings compared for equality; numbers in ranges; and both with many cells left open."""
    return [
        _shape("equality-heavy", frozenset(), rows, decisions, open_cells=0.1),
        _shape("ranges-heavy", frozenset(range(6)), rows, decisions, open_cells=0.2),
        _shape("mixed", frozenset({1, 4, 6}), rows, decisions, open_cells=0.5),
    ]


def _shape(name: str, numbers: frozenset[int], rows: int, decisions: int, *, open_cells: float) -> Shape:
    chance = random.Random(f"{name} {rows}")  # noqa: S311
    columns = tuple(f"c{index}" for index in range(COLUMNS))

    def cell(index: int) -> Cell:
        if chance.random() < open_cells:
            return None
        if index not in numbers:
            return f"value {chance.randrange(40)}"
        start = chance.randrange(NUMBERS)
        return start, start + chance.randrange(NUMBERS // 2)

    table = tuple(tuple(cell(index) for index in range(COLUMNS)) for _ in range(rows))

    def value(cell: Cell, index: int) -> str | int:
        """One that matches the cell; where it is open, any."""
        if isinstance(cell, tuple):
            return chance.randint(*cell)
        if cell is not None:
            return cell
        return chance.randrange(NUMBERS) if index in numbers else f"value {chance.randrange(50)}"

    def values() -> Values:
        """Half of them made to match some row, the others not."""
        row = chance.choice(table) if chance.random() < 0.5 else (None,) * COLUMNS
        return {column: value(row[index], index) for index, column in enumerate(columns)}

    return Shape(name, columns, numbers, table, [values() for _ in range(decisions)])
