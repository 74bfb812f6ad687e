"""Whether a table came through a change of format as it was: everything that decides, and the comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.cells import show_cell
from connector.mapping.dmn.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.table import DecisionTable, Entry, Output, Rule


def losses(before: DecisionTable, after: DecisionTable) -> list[Problem]:
    """What differs, by row and column; empty when nothing was lost."""
    found = list(_of_the_table(before, after))
    if not found:
        for one, other in zip(before.rules, after.rules, strict=True):
            found += _of_a_rule(before, one, other)
    return found


def _of_the_table(before: DecisionTable, after: DecisionTable) -> Iterator[Problem]:
    if (before.hit_policy, before.aggregation) != (after.hit_policy, after.aggregation):
        yield Problem(f"the hit policy {before.hit_policy.value} cannot be carried")
    if len(before.rules) != len(after.rules):
        yield Problem(f"of {len(before.rules)} rows only {len(after.rules)} come through")
    for one in before.inputs:
        same = [other for other in after.inputs if other.name == one.name and other.kind is one.kind]
        if not same or (same[0].choices, same[0].ignore_case) != (one.choices, one.ignore_case):
            yield Problem(f"the input of kind {one.kind.value} cannot be carried as it is", 0, one.name)
    for output in before.outputs:
        if _output(output) not in [_output(other) for other in after.outputs]:
            yield Problem("the output, its values or its default cannot be carried as they are", 0, output.name)


def _output(output: Output) -> Any:
    default = _entry(output.default) if output.default else None
    return (output.name, output.kind, output.values, default)


def _of_a_rule(table: DecisionTable, one: Rule, other: Rule) -> Iterator[Problem]:
    if one.id != other.id:
        yield Problem(f"the id comes back as {other.id!r}", one.row, "id", one.id)
    if one.comment != other.comment:
        yield Problem("the comment cannot be carried as it is", one.row, "comment", one.comment)
    for column, condition, again in zip(table.inputs, one.conditions, other.conditions, strict=True):
        if condition != again:
            yield Problem(f"it would come back as {show_cell(again)!r}", one.row, column.name, show_cell(condition))
    for output, entry, back in zip(table.outputs, one.entries, other.entries, strict=True):
        if _entry(entry) != _entry(back):
            yield Problem("the result cannot be carried as it is", one.row, output.name, entry.written)


def _entry(entry: Entry) -> Any:
    return entry.expression.text if entry.expression else entry.constant
