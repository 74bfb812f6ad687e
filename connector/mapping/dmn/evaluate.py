"""Which rules of a table match, and what its hit policy makes of them.

`Evaluator` compiles a table once: each column becomes a `Partition` that answers a value with a bit mask of rules, and a
decision is the AND of the columns' masks. What fails by one condition only (a near miss) comes from the same masks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import Between, Compare, Formula, Like, Not, OneOf, compared, same, truth
from connector.mapping.dmn.feel.expression import FeelExpression
from connector.mapping.dmn.feel.ignoring_case import ignoring_case
from connector.mapping.dmn.partition import Partition
from connector.mapping.dmn.table import Aggregation, HitPolicy, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.mapping.dmn.conditions import Condition, Scope
    from connector.mapping.dmn.table import DecisionTable, Input, Rule
    from connector.mapping.dmn.values import Value


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table decided: rules that matched and those of them that won, in the order that counts.

    `violated` says in words why nothing may be concluded (two rows of a UNIQUE table match, for instance); then nobody won.
    """

    matched: tuple[Rule, ...]
    won: tuple[Rule, ...]
    violated: str = ""


class Evaluator:
    """One table, ready to decide."""

    def __init__(self, table: DecisionTable) -> None:
        self.table = table
        self.partitions = tuple(
            Partition(column.kind, [_comparable(rule.conditions[index], column) for rule in table.rules])
            for index, column in enumerate(table.inputs)
        )
        self._everything = (1 << len(table.rules)) - 1
        self._columns = tuple(zip(table.inputs, self.partitions, strict=True))
        self._selective = sorted(self._columns, key=lambda column: column[1].breadth)

    def masks(self, values: Mapping[str, Value]) -> list[int]:
        """For each column, the rules whose condition accepts its value."""
        return [_accepting(column, partition, values) for column, partition in self._columns]

    def matching(self, values: Mapping[str, Value]) -> list[int]:
        """Positions of the rules that match, in table order."""
        mask = self._everything
        for column, partition in self._selective:
            mask &= _accepting(column, partition, values)
            if not mask:
                return []
        return list(bits(mask))

    def decide(self, values: Mapping[str, Value]) -> Decision:
        """What the table decides on these values (by input name)."""
        return settle(self.table, [self.table.rules[i] for i in self.matching(values)], values)

    def near_misses(self, values: Mapping[str, Value], limit: int) -> list[tuple[Rule, int]]:
        """Rules that fail by exactly one condition, with the position of that input; the first `limit` in table order."""
        return self.near_misses_of(self.masks(values), limit)

    def matched_by(self, masks: Sequence[int]) -> int:
        """The rules that every column accepts, as a bit mask."""
        mask = self._everything
        for rules in masks:
            mask &= rules
        return mask

    def near_misses_of(self, masks: Sequence[int], limit: int, *, among: int = -1) -> list[tuple[Rule, int]]:
        """The near misses in these columns' answers, among the rules of a bit mask (all of them unless said)."""
        after = [self._everything & among]
        for rules in reversed(masks[1:]):
            after.append(after[-1] & rules)
        before = self._everything & among
        alone, missed = [], 0
        for index, rules in enumerate(masks):
            alone.append(before & after[-1 - index] & ~rules)
            missed |= alone[-1]
            before &= rules
        found: list[tuple[Rule, int]] = []
        while missed and len(found) < limit:
            lowest = missed & -missed
            for index, rules in enumerate(alone):
                if rules & lowest:
                    found.append((self.table.rules[lowest.bit_length() - 1], index))
                    break
            missed ^= lowest
        return found


def _accepting(column: Input, partition: Partition, values: Mapping[str, Value]) -> int:
    value = values.get(column.name) if column.expression is None else column.expression.value(values)
    if column.ignore_case and value.__class__ is str:
        value = fold(value)
    return partition.rules(value, values)


def bits(mask: int) -> Iterator[int]:
    """Positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def matching_naively(table: DecisionTable, values: Mapping[str, Value]) -> list[int]:
    """The same as `Evaluator.matching`, row by row and cell by cell: slow and plain, to check the fast one against."""
    found = []
    for position, rule in enumerate(table.rules):
        for column, condition in zip(table.inputs, rule.conditions, strict=True):
            value = values.get(column.name) if column.expression is None else column.expression.value(values)
            if column.ignore_case and isinstance(value, str):
                value = fold(value)
            if truth(_comparable(condition, column), value, values) is not True:
                break
        else:
            found.append(position)
    return found


def _comparable(condition: Condition, column: Input) -> Condition:
    return folded(condition) if column.ignore_case else condition


def folded(condition: Condition) -> Condition:
    """A condition on folded strings."""
    match condition:
        case Compare(symbol, str() as text):
            return Compare(symbol, fold(text))
        case Between(str() as low, str() as high, low_closed, high_closed):
            return Between(fold(low), fold(high), low_closed, high_closed)
        case Like("matches", pattern, flags):
            return Like("matches", pattern, flags if "i" in flags else f"{flags}i")
        case Formula(FeelExpression() as expression):
            return Formula(ignoring_case(expression))
        case Like(how, text):
            return Like(how, re.sub(r"\s+", " ", text.casefold()))
        case OneOf(conditions):
            return OneOf(tuple(folded(one) for one in conditions))
        case Not(negated):
            return Not(folded(negated))
        case _:
            return condition


def settle(table: DecisionTable, matched: Sequence[Rule], values: Scope) -> Decision:
    """Apply the hit policy to the rules that matched (in table order)."""
    rules = tuple(matched)
    match table.hit_policy:
        case HitPolicy.UNIQUE if len(rules) > 1:
            return Decision(rules, (), f"the table is UNIQUE but rows {_named(rules)} all match")
        case HitPolicy.ANY if len(rules) > 1:
            said = [[entry.value(values) for entry in rule.entries] for rule in rules]
            if any(one != said[0] for one in said):
                return Decision(
                    rules, (), f"the hit policy is ANY but rows {_named(rules)} match and say different things"
                )
            return Decision(rules, rules[:1])
        case HitPolicy.UNIQUE | HitPolicy.ANY | HitPolicy.FIRST:
            return Decision(rules, rules[:1])
        case HitPolicy.PRIORITY:
            return Decision(rules, tuple(_by_priority(table, rules, values))[:1])
        case HitPolicy.OUTPUT_ORDER:
            return Decision(rules, tuple(_by_priority(table, rules, values)))
        case HitPolicy.RULE_ORDER | HitPolicy.COLLECT:
            return Decision(rules, rules)


def _named(rules: tuple[Rule, ...]) -> str:
    return ", ".join(rule.id for rule in rules)


def _by_priority(table: DecisionTable, rules: tuple[Rule, ...], values: Scope) -> list[Rule]:
    """In the order of the lists of output values, the first output column counting most. An unlisted value comes last."""

    def rank(rule: Rule) -> list[int]:
        return [
            next((i for i, listed in enumerate(output.values) if same(listed, entry.value(values))), len(output.values))
            for output, entry in zip(table.outputs, rule.entries, strict=True)
            if output.values
        ]

    return sorted(rules, key=rank)


def result(table: DecisionTable, decision: Decision, values: Scope) -> Any:
    """The result as DMN defines it: a value or a context (by output name), or a list of these; None for nothing.

    Only decision models need it; a policy reads the winning rules.
    """
    rows = [_row(table, [entry.value(values) for entry in rule.entries]) for rule in decision.won]
    if decision.violated:
        return None
    if not rows and any(output.default for output in table.outputs):
        default = _row(table, [output.default.value(values) if output.default else None for output in table.outputs])
        return default if table.hit_policy.is_single or table.aggregation else [default]
    if table.aggregation is not None:
        return aggregated(table.aggregation, rows)
    if table.hit_policy.is_single:
        return rows[0] if rows else None
    return rows


def _row(table: DecisionTable, said: list[Any]) -> Any:
    return said[0] if len(said) == 1 else {o.name: v for o, v in zip(table.outputs, said, strict=True)}


def aggregated(how: Aggregation, values: list[Any]) -> Any:
    """Sum, number, least or greatest; None of nothing, except that its number is 0."""
    match how:
        case Aggregation.COUNT:
            return Decimal(len(values))
        case Aggregation.SUM:
            return sum(values[1:], values[0]) if values else None
        case Aggregation.MIN | Aggregation.MAX:
            symbol = "<" if how is Aggregation.MIN else ">"
            best = values[0] if values else None
            for value in values[1:]:
                if compared(symbol, value, best):
                    best = value
            return best
