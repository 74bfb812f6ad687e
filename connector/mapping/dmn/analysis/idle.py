"""Columns that never matter: no two inputs that differ only there get different results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.candidates import simple_conditions
from connector.mapping.dmn.analysis.cover import Classes, Steps, Undecided, classes_of, common, halves, joined, narrowed
from connector.mapping.dmn.analysis.findings import Finding, FindingKind, Severity
from connector.mapping.dmn.analysis.outcome import VIOLATED, outcome
from connector.mapping.dmn.conditions import Anything, Formula
from connector.mapping.dmn.evaluate import bits
from connector.mapping.dmn.table import HitPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.mapping.dmn.analysis.subject import Subject

_PROBED = 64
_DEEPEST = 500


def idle_columns(subject: Subject, steps: int, probed: int = _PROBED) -> tuple[list[Finding], list[str]]:
    """Columns that never matter, and those for which it was not decided within so many steps each.

    `probed` rules are tried first: they answer most questions at once.
    """
    found, undecided = [], []
    for index, column in enumerate(subject.columns):
        try:
            why = _why_idle(subject, index, Steps(steps), probed)
        except Undecided:
            undecided.append(column.name)
            continue
        if why:
            text = f"column {column.name} never matters: {why}"
            found.append(Finding(FindingKind.IDLE, Severity.WARNING, text, columns=(column.name,)))
    return found, undecided


def _why_idle(subject: Subject, index: int, budget: Steps, probed: int) -> str:
    """In words why a column does not matter; empty if it does, or if that cannot be said."""
    column = subject.columns[index]
    if _is_named_elsewhere(subject, column.name):
        return ""
    if all(isinstance(cell, Anything) for cell in _cells(subject, column.name)):
        return "every cell accepts anything"
    if column.inexact or not column.parts:
        return ""
    if len(column.parts) == 1:
        return "its cells treat all values alike"
    if _differs_nearby(subject, index, probed):
        return ""
    if _Difference(subject, index, budget).exists():
        return ""
    return "whatever it is, the result is the same"


def _cells(subject: Subject, name: str) -> list[object]:
    indexes = [i for i, column in enumerate(subject.table.inputs) if column.name == name]
    return [rule.conditions[i] for rule in subject.table.rules for i in indexes]


def _is_named_elsewhere(subject: Subject, name: str) -> bool:
    """Whether a formula, an output or another column is computed from this input."""
    named: set[str] = set()
    for column in subject.table.inputs:
        named |= column.expression.names if column.expression else set()
    for rule in subject.table.rules:
        for entry in rule.entries:
            named |= entry.expression.names if entry.expression else set()
        for cell in rule.conditions:
            for one in simple_conditions(cell):
                named |= one.expression.names if isinstance(one, Formula) else set()
    return name in named


def _differs_nearby(subject: Subject, index: int, probed: int) -> bool:
    """Whether the column matters at a corner of one of the first rules that have a condition in it."""
    space = subject.space
    masks = space.masks[index]
    always = common(dict.fromkeys(masks, 0))
    for rule, _ in zip(bits(space.everything & ~always), range(probed), strict=False):
        box = space.box(rule)
        if not all(box):
            continue
        for corner in ([next(bits(parts)) for parts in box], [parts.bit_length() - 1 for parts in box]):
            around = space.everything
            for j, part in enumerate(corner):
                around &= space.masks[j][part] if j != index else -1
            if _differ(subject, [around & mask for mask in set(masks)]):
                return True
    return False


def _differ(subject: Subject, matching: Iterable[int]) -> bool:
    """Whether the table makes different things of these sets of rules. Where the hit policy is violated nothing is the same."""
    outcomes = {outcome(subject, rules) for rules in matching}
    return len(outcomes) > 1 or VIOLATED in outcomes


class _Difference:
    """Looks for values of all other columns for which the parts of one column lead to different outcomes."""

    def __init__(self, subject: Subject, index: int, budget: Steps) -> None:
        self.subject = subject
        self.budget = budget
        space = subject.wide
        place = sum(len(column.wide) for column in subject.columns[:index]) if space is not subject.space else index
        whole = space.whole
        every = space.everything
        self.own = classes_of(space.masks[place], every, whole[place])
        self.others = [classes_of(masks, every, whole[j]) for j, masks in enumerate(space.masks) if j != place]
        self.same: set[tuple[object, ...]] = set()

    def exists(self) -> bool:
        return self._node(self.own, self.others, self.subject.space.everything, 0)

    def _node(self, own: Classes, others: list[Classes], active: int, depth: int) -> bool:
        active, own, others = self._relevant(own, others, active)
        self.budget.spend(len(own) + sum(map(len, others)))
        if len(own) < 2 or self._is_settled(own, others, active):
            return False
        wide = [j for j, classes in enumerate(others) if len(classes) > 1]
        if not wide:
            return _differ(self.subject, own)
        key = (tuple(own), *(tuple(others[j]) for j in wide))
        if key in self.same:
            return False
        if depth > _DEEPEST:
            raise Undecided
        if any(self._node(own, half, active, depth + 1) for half in halves(others, active).applied(others)):
            return True
        self.same.add(key)
        return False

    def _relevant(self, own: Classes, others: list[Classes], active: int) -> tuple[int, Classes, list[Classes]]:
        """Without rules that cannot match here, and without those that lose to one that always matches."""
        for classes in others:
            active &= joined(classes)
        active &= joined(own)
        if self.subject.table.hit_policy is HitPolicy.FIRST:
            always = active & common(own)
            for classes in others:
                always &= common(classes)
            if always:
                active &= ((always & -always) << 1) - 1
        return active, narrowed(own, active), [narrowed(classes, active) for classes in others]

    def _is_settled(self, own: Classes, others: list[Classes], active: int) -> bool:
        """Whether some rule always matches and all that can match say the same, where one of them wins."""
        if self.subject.table.hit_policy not in (HitPolicy.FIRST, HitPolicy.ANY, HitPolicy.PRIORITY):
            return False
        always = common(own)
        for classes in others:
            always &= common(classes)
        return bool(always & active) and len({self.subject.says[rule] for rule in bits(active)}) == 1
