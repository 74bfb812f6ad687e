"""The table under analysis: its columns, its space, its outcomes, and examples that were checked."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.analysis.columns import columns_of
from connector.mapping.dmn.analysis.space import Space
from connector.mapping.dmn.conditions import same
from connector.mapping.dmn.evaluate import Evaluator, bits
from connector.mapping.dmn.table import Entry, HitPolicy

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from connector.mapping.dmn.analysis.columns import Part
    from connector.mapping.dmn.table import DecisionTable, Rule
    from connector.mapping.dmn.values import Value

_NAMED = 8


class Subject:
    """A table with everything the questions about it share, computed when first needed."""

    def __init__(self, table: DecisionTable, may_be_empty: Container[str] = ()) -> None:
        self.table = table
        self.columns = columns_of(table, may_be_empty)
        self.rules = len(table.rules)

    @property
    def is_exact(self) -> bool:
        return not any(column.inexact for column in self.columns)

    @cached_property
    def space(self) -> Space:
        """Combinations of values that are known to exist."""
        return Space([[part.mask for part in column.parts] for column in self.columns], self.rules)

    @cached_property
    def wide(self) -> Space:
        """At least all combinations there can be. The same as `space` where every column is exact."""
        if self.is_exact:
            return self.space
        return Space([masks for column in self.columns for masks in column.wide], self.rules)

    @cached_property
    def _plain(self) -> Evaluator:
        """The table with the columns' values given, not computed."""
        inputs = tuple(replace(column, expression=None) for column in self.table.inputs)
        return Evaluator(replace(self.table, inputs=inputs))

    def chosen(self, box: Sequence[int]) -> list[list[Part]]:
        """The parts of a box, column by column."""
        return [[column.parts[i] for i in bits(parts)] for column, parts in zip(self.columns, box, strict=True)]

    def example(self, box: Sequence[int]) -> dict[str, Value]:
        """Values in a box: the first part of each column."""
        chosen = (column.parts[next(bits(parts))] for column, parts in zip(self.columns, box, strict=True))
        return {column.name: part.example for column, part in zip(self.columns, chosen, strict=True)}

    def matching(self, example: dict[str, Value]) -> list[int]:
        """Rules that really match an example."""
        return self._plain.matching(example)

    @cached_property
    def says(self) -> list[int]:
        """For each rule a number; rules that say the same in every output have the same."""
        numbers: dict[Any, int] = {}
        return [numbers.setdefault(_key(rule.entries), len(numbers)) for rule in self.table.rules]

    @cached_property
    def says_by_default(self) -> int | None:
        """The number of what counts when no rule matches, if some rule says the same."""
        default = _key([output.default or Entry() for output in self.table.outputs])
        same_as = (
            number for rule, number in zip(self.table.rules, self.says, strict=True) if _key(rule.entries) == default
        )
        return next(same_as, None) if any(output.default for output in self.table.outputs) else None

    @cached_property
    def rank(self) -> list[tuple[int, ...] | None]:
        """For each rule, where its outputs stand in the lists of output values; None where only its inputs can tell."""
        return [self._rank(rule) for rule in self.table.rules]

    def _rank(self, rule: Rule) -> tuple[int, ...] | None:
        places = []
        for output, entry in zip(self.table.outputs, rule.entries, strict=True):
            if not output.values:
                continue
            if entry.expression is not None:
                return None
            listed = (i for i, value in enumerate(output.values) if same(value, entry.constant))
            places.append(next(listed, len(output.values)))
        return tuple(places)

    @cached_property
    def better(self) -> list[int]:
        """For each rule, the rules that win over it where both match; only for FIRST and PRIORITY."""
        if self.table.hit_policy is HitPolicy.FIRST:
            return [(1 << position) - 1 for position in range(self.rules)]
        ranked = [(rank, position) for position, rank in enumerate(self.rank) if rank is not None]
        found = [0] * self.rules
        before = 0
        for _, position in sorted(ranked):
            found[position] = before
            before |= 1 << position
        return found

    def row(self, position: int) -> str:
        """A rule as people find it: its row as spreadsheets count, its id."""
        return f"row {self._named(position)}"

    def rows(self, positions: Sequence[int]) -> str:
        """Several rules; of many, the first few and how many more."""
        names = [self._named(position) for position in positions]
        more = len(names) - _NAMED
        shown = names if more <= 1 else [*names[:_NAMED], f"and {more} more"]
        return ("row " if len(names) == 1 else "rows ") + ", ".join(shown)

    def _named(self, position: int) -> str:
        rule = self.table.rules[position]
        if rule.row and rule.id:
            return f"{rule.row} ({rule.id})"
        return rule.id or str(rule.row or position + 1)


def _key(entries: Sequence[Entry]) -> Any:
    return tuple(map(_entry_key, entries))


def _entry_key(entry: Entry) -> Any:
    if entry.expression is not None:
        return "expression", entry.expression.text
    constant = entry.constant
    return constant.__class__, repr(constant) if isinstance(constant, (list, dict)) else constant
