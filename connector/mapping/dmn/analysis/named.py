"""The values a table names: those its columns do not allow, and allowed ones that no row names."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.analysis.candidates import simple_conditions
from connector.mapping.dmn.analysis.findings import Finding, FindingKind, Severity
from connector.mapping.dmn.conditions import Anything, Between, Compare, holds, same
from connector.mapping.dmn.evaluate import folded
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.analysis.subject import Subject
    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.table import Input
    from connector.mapping.dmn.values import Value


def not_allowed(subject: Subject) -> list[Finding]:
    """Cells that name a value which their column does not list."""
    return [*_inputs_not_allowed(subject), *_outputs_not_allowed(subject)]


def _inputs_not_allowed(subject: Subject) -> Iterator[Finding]:
    for index, column in enumerate(subject.table.inputs):
        for position, rule in enumerate(subject.table.rules):
            for value in _named(rule.conditions[index]):
                if not _allows(column, value):
                    listed = [show(one) for one in _listed(column)]
                    text = f"{subject.row(position)} names {_quoted(value)}, which {column.name} does not allow"
                    yield _finding(text + _close(value, listed), position, column.name)


def _outputs_not_allowed(subject: Subject) -> Iterator[Finding]:
    for index, output in enumerate(subject.table.outputs):
        for position, rule in enumerate(subject.table.rules):
            entry = rule.entries[index]
            value = entry.constant
            if not output.values or entry.expression is not None or value is None:
                continue
            if not any(same(value, listed) for listed in output.values):
                text = f"{subject.row(position)} says {_quoted(value)}, which is no value of {output.name}"
                listed = [show(one) for one in output.values if isinstance(one, str)]
                yield _finding(text + _close(value, listed), position, output.name)


def not_mentioned(subject: Subject) -> list[Finding]:
    """Values that a column lists but no row names; they fall under what is said of any value, or under nothing."""
    found = []
    for index, column in enumerate(subject.table.inputs):
        cells = {rule.conditions[index] for rule in subject.table.rules}
        if all(isinstance(cell, Anything) for cell in cells):
            continue
        named = {_key(column, value) for cell in cells for value in _named(cell)}
        unnamed = [value for value in _listed(column) if _key(column, value) not in named]
        if unnamed:
            text = f"no row names {', '.join(_quoted(value) for value in unnamed)} of column {column.name}"
            found.append(Finding(FindingKind.NOT_MENTIONED, Severity.INFO, text, columns=(column.name,)))
    return found


def _finding(text: str, position: int, name: str) -> Finding:
    return Finding(FindingKind.NOT_ALLOWED, Severity.ERROR, text, (position,), (name,))


def _named(cell: Condition) -> list[Value]:
    """The values a cell names one by one: not the ends of ranges."""
    return [
        one.value
        for one in simple_conditions(cell)
        if isinstance(one, Compare) and one.operator in ("=", "!=") and one.value is not None
    ]


def _listed(column: Input) -> list[Value]:
    """The values of a column that are listed one by one, if it lists them."""
    if column.choices:
        return [*column.choices]
    parts = list(simple_conditions(column.allowed))
    if any(isinstance(part, (Anything, Between)) for part in parts):
        return []
    return _named(column.allowed)


def _allows(column: Input, value: Value) -> bool:
    listed = column.choices
    if listed and _key(column, value) not in {_key(column, one) for one in listed}:
        return False
    if column.ignore_case and isinstance(value, str):
        return holds(folded(column.allowed), fold(value))
    return holds(column.allowed, value)


def _key(column: Input, value: Value) -> tuple[type, Any]:
    return type(value), fold(value) if column.ignore_case and isinstance(value, str) else value


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else show(value)


def _close(value: Any, listed: list[str]) -> str:
    close = get_close_matches(str(value), listed, 1) if isinstance(value, str) else []
    return f'; did you mean "{close[0]}"?' if close else ""
