"""Inputs that no rule matches: examples, each widened to the largest region around it that no rule meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.cover import Steps, Undecided, cover
from connector.mapping.dmn.analysis.findings import Finding, FindingKind, Severity
from connector.mapping.dmn.analysis.regions import described, shown
from connector.mapping.dmn.analysis.space import Space
from connector.mapping.dmn.evaluate import bits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.mapping.dmn.analysis.subject import Subject
    from connector.mapping.dmn.values import Value


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps that were found. `exist` is None when it could not be decided; `why` says why not, or what is missing."""

    findings: tuple[Finding, ...]
    exist: bool | None
    more: bool = False
    why: str = ""


def gaps(subject: Subject, limit: int, steps: int) -> Gaps:
    """At most `limit` gaps, found in at most so many steps. Together they hold all inputs without a rule unless `more`."""
    if any(not column.parts for column in subject.columns):
        return Gaps((), None, why="a column allows no value at all")
    budget = Steps(steps)
    found: list[Finding] = []
    try:
        more = _search(subject, limit, budget, found)
        if found:
            return Gaps(tuple(found), True, more)
        if not more and not subject.is_exact:
            return _proof(subject, budget)
        return Gaps(
            (), None if more else False, more, "formulas about other columns may or may not cover all" if more else ""
        )
    except Undecided:
        why = f"not decided within {budget.allowed} steps"
        if found:
            return Gaps(tuple(found), True, True, f"whether there are more was {why}")
        if _leaves_room(subject.space):
            return Gaps((), True, True, f"the rows together are too few to match everything; an example was {why}")
        return Gaps((), None, why=f"whether there are any was {why}")


def _search(subject: Subject, limit: int, budget: Steps, found: list[Finding]) -> bool:
    """Fill `found`; whether there may be more. A gap that was found counts as a rule when the next is looked for."""
    masks = [list(column) for column in subject.space.masks]
    rules = subject.rules
    doubtful = 0
    while len(found) + doubtful < limit:
        space = Space(masks, rules)
        hole = cover(space, budget).hole
        if hole is None:
            return bool(doubtful)
        box = widened(subject.space, hole)
        finding = _finding(subject, box, subject.example(hole))
        if finding is not None:
            found.append(finding)
        else:
            doubtful += 1
        for column, parts in zip(masks, box, strict=True):
            for part in bits(parts):
                column[part] |= 1 << rules
        rules += 1
    return cover(Space(masks, rules), budget).hole is not None or bool(doubtful)


def _proof(subject: Subject, budget: Steps) -> Gaps:
    """No example was found; whether there can be none even where examples could only be tried."""
    if cover(subject.wide, budget).hole is None:
        return Gaps((), False)
    names = ", ".join(column.name for column in subject.columns if column.inexact)
    return Gaps((), None, why=f"no example was found, but there may be gaps: {names} could not be treated exactly")


def widened(space: Space, hole: Sequence[int]) -> tuple[int, ...]:
    """The largest box around a hole that still meets no rule; whole columns come first."""
    box = list(hole)
    touched = [space.touching(j, parts) for j, parts in enumerate(box)]
    for only_whole in (True, False):
        for j in reversed(range(len(box))):
            others = space.everything
            for k, rules in enumerate(touched):
                others &= rules if k != j else -1
            masks = space.masks[j]
            fitting = sum(1 << part for part, mask in enumerate(masks) if not mask & others)
            if fitting == space.whole[j] or not only_whole:
                box[j] = fitting
                touched[j] = space.touching(j, fitting)
    return tuple(box)


def _finding(subject: Subject, box: tuple[int, ...], example: dict[str, Value]) -> Finding | None:
    if not subject.is_exact and subject.matching(example):
        return None  # a formula about other columns
    chosen = list(zip(subject.columns, subject.chosen(box), strict=True))
    narrow = [(column, parts) for column, parts in chosen if len(parts) < len(column.parts)]
    texts = [described(column, parts) for column, parts in narrow]
    anything = [column.name for column, parts in chosen if len(parts) == len(column.parts)]
    texts += [f"{', '.join(anything)} = anything"] if anything else []
    region = "; ".join(texts)
    return Finding(
        FindingKind.GAP,
        Severity.WARNING,
        f"no row matches when {region}; for instance {shown(example)}",
        columns=tuple(column.name for column, _ in narrow),
        example=example,
        region=region,
    )


def _leaves_room(space: Space) -> bool:
    """Whether the rules are too small to fill the space even if none overlapped: then there are gaps for certain."""
    total = 1
    for masks in space.masks:
        total *= len(masks)
    filled = 0
    for rule in range(space.rules):
        volume = 1
        for accepts in space.accepts:
            volume *= accepts[rule].bit_count()
        filled += volume
    return filled < total
