"""Rules that never win: a condition nothing satisfies, rows that others always win over, rows that say the same twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.cover import Steps, Undecided, cover
from connector.mapping.dmn.analysis.findings import Finding, FindingKind, Severity
from connector.mapping.dmn.evaluate import bits
from connector.mapping.dmn.table import HitPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.mapping.dmn.analysis.space import Space
    from connector.mapping.dmn.analysis.subject import Subject

_PROBES = 12
_SHARES = 10  # one rule may take this part of all steps


def impossible(subject: Subject) -> list[Finding]:
    """Conditions that no value satisfies. Where only examples can be tried, nothing is claimed."""
    found = []
    for column, accepts in zip(subject.columns, subject.space.accepts, strict=True):
        if column.inexact:
            continue
        for position, parts in enumerate(accepts):
            if not parts:
                text = f"{subject.row(position)} never matches: no value of {column.name} satisfies its condition"
                found.append(Finding(FindingKind.IMPOSSIBLE, Severity.ERROR, text, (position,), (column.name,)))
    return sorted(found, key=lambda finding: finding.rules)


def duplicates(subject: Subject) -> list[Finding]:
    """Rows that match the same inputs as an earlier one. In a table where only one may match, that is an error."""
    holding = subject.wide.holding
    found = []
    for position, holders in enumerate(holding):
        twin = next((i for i in bits(holders & (1 << position) - 1) if holding[i] >> position & 1), None)
        if twin is not None:
            found.append(_duplicate(subject, twin, position))
    return found


def _duplicate(subject: Subject, twin: int, position: int) -> Finding:
    alike = subject.says[twin] == subject.says[position]
    said = "says the same" if alike else "says something else"
    fine = alike and subject.table.hit_policy in (HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY)
    severity = Severity.ERROR if subject.table.hit_policy is HitPolicy.UNIQUE else Severity.WARNING
    text = f"{subject.row(position)} matches the same inputs as {subject.row(twin)} and {said}"
    return Finding(FindingKind.DUPLICATE, Severity.INFO if fine else severity, text, (position, twin))


def shadowed(subject: Subject, steps: int) -> tuple[list[Finding], list[int]]:
    """Rules that never win in a FIRST or PRIORITY table, with the least rows that shadow them; and those not decided."""
    if subject.table.hit_policy not in (HitPolicy.FIRST, HitPolicy.PRIORITY):
        return [], []
    space = subject.wide
    found: list[Finding] = []
    undecided: list[int] = []
    left = steps
    for position in range(subject.rules):
        rivals = subject.better[position] & space.meeting[position]
        if not rivals or not all(space.box(position)):
            continue
        try:
            budget = Steps(min(left, steps // _SHARES))
            by = shadowing(space, position, rivals, budget)
        except Undecided:
            undecided.append(position)
            by = []
        left -= budget.allowed - max(budget.left, 0)
        if by:
            found.append(_shadowed(subject, position, by))
    return found, undecided


def _shadowed(subject: Subject, position: int, by: list[int]) -> Finding:
    where = "above it" if subject.table.hit_policy is HitPolicy.FIRST else "of higher priority"
    text = f"{subject.row(position)} never wins: {subject.rows(by)} {where} match{'es' if len(by) == 1 else ''}"
    text += " whenever it does" if len(by) == 1 else " whenever it does, taken together"
    return Finding(FindingKind.SHADOWED, Severity.ERROR, text, (position, *by))


def shadowing(space: Space, position: int, rivals: int, budget: Steps) -> list[int]:
    """A least set of rivals that together match wherever a rule does; none if they do not. Raises Undecided."""
    single = rivals & space.holding[position]
    if single:
        return [next(bits(single))]
    box = space.box(position)
    if _is_free(space, box, rivals):
        return []
    answer = cover(space, budget, rules=rivals, box=box)
    if answer.hole is not None:
        return []
    needed = answer.needed
    for rule in reversed(list(bits(needed))):
        fewer = needed & ~(1 << rule)
        mine = [parts & own for parts, own in zip(box, space.box(rule), strict=True)]
        if not _is_free(space, mine, fewer) and cover(space, budget, rules=fewer, box=box).hole is None:
            needed = fewer
    return list(bits(needed))


def _is_free(space: Space, box: Sequence[int], rivals: int) -> bool:
    """Whether one of a few points in a box meets no rival: that answers most questions."""
    for point in _points(box):
        left = rivals
        for masks, part in zip(space.masks, point, strict=True):
            left &= masks[part]
        if not left:
            return True
    return False


def _points(box: Sequence[int]) -> Iterator[list[int]]:
    """Some points of a box, spread over its parts: its two far corners and others in between."""
    yield [(parts & -parts).bit_length() - 1 for parts in box]
    yield [parts.bit_length() - 1 for parts in box]
    for probe in range(1, _PROBES):
        yield [_after(parts, (probe * 7919 * (j + 3)) % parts.bit_length()) for j, parts in enumerate(box)]


def _after(parts: int, place: int) -> int:
    """The first part at or after a place, or the last one."""
    rest = parts >> place
    return (rest & -rest).bit_length() - 1 + place if rest else parts.bit_length() - 1
