"""What the analysis says about a table: findings as data, each with a sentence for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.mapping.dmn.values import Value


class FindingKind(Enum):
    """What may be wrong. The values are for machines to read."""

    OVERLAP = "overlap"  # two rules can both match where only one may
    GAP = "gap"  # inputs that no rule matches
    IMPOSSIBLE = "impossible"  # a condition that no value satisfies
    SHADOWED = "shadowed"  # a rule that other rules always win over
    DUPLICATE = "duplicate"  # two rules that match the same inputs
    IDLE = "idle"  # a column that never changes the result
    NOT_ALLOWED = "not_allowed"  # a cell that names a value its column does not allow
    NOT_MENTIONED = "not_mentioned"  # an allowed value that no rule names
    UNDECIDED = "undecided"  # a question that was given up, or could not be treated exactly


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `rules` are positions in the table, the one at fault first; `example` is by input name."""

    kind: FindingKind
    severity: Severity
    message: str
    rules: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    example: Mapping[str, Value] | None = None
    region: str = ""
    """For a gap: all inputs it stands for, in words."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All findings. Of each kind the first few are listed; `counts` has how many there are (of gaps: at least).

    `has_gaps` is None where that could not be decided.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[FindingKind, int]
    has_gaps: bool | None
    inexact: Mapping[str, str] = field(default_factory=dict)
    """Columns that could not be treated exactly, and why."""

    def of(self, kind: FindingKind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind is kind]


def counted(findings: list[Finding], more: Mapping[FindingKind, int]) -> dict[FindingKind, int]:
    """How many of each kind there are; `more` where not all are listed."""
    listed = Counter(finding.kind for finding in findings)
    return {**listed, **{kind: count for kind, count in more.items() if count}}
