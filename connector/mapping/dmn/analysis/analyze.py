"""All questions about a table, asked in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.findings import Analysis, Finding, FindingKind, Severity, counted
from connector.mapping.dmn.analysis.gaps import Gaps, gaps
from connector.mapping.dmn.analysis.idle import idle_columns
from connector.mapping.dmn.analysis.named import not_allowed, not_mentioned
from connector.mapping.dmn.analysis.overlaps import overlaps
from connector.mapping.dmn.analysis.subject import Subject
from connector.mapping.dmn.analysis.unreachable import duplicates, impossible, shadowed

if TYPE_CHECKING:
    from collections.abc import Container

    from connector.mapping.dmn.table import DecisionTable

STEPS = 4_000_000
"""Steps allowed for each question; a step is a fraction of a microsecond."""


def analyze(
    table: DecisionTable, *, may_be_empty: Container[str] = (), limit: int = 20, steps: int = STEPS
) -> Analysis:
    """What is wrong with a table. Lists at most `limit` overlaps and gaps.

    `may_be_empty` names the inputs that may have no value (None); the others are taken to have one. Values are taken to be of
    their column's kind.
    """
    if not table.rules or not table.inputs:
        return Analysis((), {}, not table.rules)
    subject = Subject(table, may_be_empty)
    overlapping, pairs = overlaps(subject, limit)
    open_ = gaps(subject, limit, steps)
    lost, unsettled = shadowed(subject, steps)
    idle, unknown = idle_columns(subject, steps // 4)
    findings = [
        *not_allowed(subject),
        *impossible(subject),
        *duplicates(subject),
        *lost,
        *overlapping,
        *open_.findings,
        *idle,
        *not_mentioned(subject),
        *_undecided(subject, open_, unsettled, unknown),
    ]
    counts = counted(findings, {FindingKind.OVERLAP: pairs})
    return Analysis(tuple(findings), counts, open_.exist, {c.name: c.inexact for c in subject.columns if c.inexact})


def _undecided(subject: Subject, open_: Gaps, rules: list[int], columns: list[str]) -> list[Finding]:
    """What could not be answered, said openly."""
    found = [
        _note(f"column {column.name} could not be treated exactly: {column.inexact}", columns=(column.name,))
        for column in subject.columns
        if column.inexact
    ]
    if open_.why:
        found.append(_note(f"gaps: {open_.why}"))
    elif open_.more:
        found.append(_note("gaps: there are more than are listed"))
    if rules:
        found.append(_note(f"whether {subject.rows(rules[:5])} can win was not decided", tuple(rules)))
    found += [_note(f"whether column {name} matters was not decided", columns=(name,)) for name in columns]
    return found


def _note(text: str, rules: tuple[int, ...] = (), columns: tuple[str, ...] = ()) -> Finding:
    return Finding(FindingKind.UNDECIDED, Severity.INFO, text, rules, columns)
