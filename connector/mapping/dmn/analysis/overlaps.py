"""Rules that can both match, where the hit policy lets only one, or only rules that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.findings import Finding, FindingKind, Severity
from connector.mapping.dmn.analysis.regions import shown
from connector.mapping.dmn.evaluate import bits
from connector.mapping.dmn.table import HitPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.analysis.subject import Subject


def overlaps(subject: Subject, limit: int) -> tuple[list[Finding], int]:
    """The first `limit` pairs of rules that overlap against the hit policy, and how many pairs there are."""
    policy = subject.table.hit_policy
    if policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return [], 0
    found: list[Finding] = []
    for one, other in pairs(subject):
        if len(found) == limit:
            break
        finding = _finding(subject, one, other)
        if finding is not None:
            found.append(finding)
    return found, sum(mask.bit_count() for mask in _later(subject))


def pairs(subject: Subject) -> Iterator[tuple[int, int]]:
    """Every such pair, in table order."""
    for one, others in enumerate(_later(subject)):
        for other in bits(others):
            yield one, other


def _later(subject: Subject) -> list[int]:
    """For each rule, the rules after it that it overlaps with against the hit policy."""
    meeting = subject.space.meeting
    found = [rules >> (one + 1) << (one + 1) for one, rules in enumerate(meeting)]
    if subject.table.hit_policy is HitPolicy.ANY:
        alike: dict[int, int] = {}
        for rule, said in enumerate(subject.says):
            alike[said] = alike.get(said, 0) | 1 << rule
        found = [rules & ~alike[subject.says[one]] for one, rules in enumerate(found)]
    return found


def _finding(subject: Subject, one: int, other: int) -> Finding | None:
    space = subject.space
    both = [mine & theirs for mine, theirs in zip(space.box(one), space.box(other), strict=True)]
    example = subject.example(both)
    matching = subject.matching(example)
    if one not in matching or other not in matching:
        return None  # a formula about other columns
    says = "both match" if subject.table.hit_policy is HitPolicy.UNIQUE else "both match and say different things"
    return Finding(
        FindingKind.OVERLAP,
        Severity.ERROR,
        f"{subject.rows([one, other])} {says}, for instance for {shown(example)}",
        (one, other),
        example=example,
    )
