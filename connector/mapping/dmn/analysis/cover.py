"""Whether some rules together cover a box: the one question behind gaps and unreachable rows. Exact, or given up and said so.

A node of the search is a box with the rules that meet it; in each column, parts that the same of these rules accept are one
*class*. It is decided at once when a rule covers the box (covered) or a class has no rule (a hole). Otherwise it is made
smaller, and then cut in two:

- what rules about a single column cover is left out of that column;
- of two classes, one of which is accepted by a subset of the other's rules, only that one counts: what covers it covers the
  other as well;
- rules that speak of different columns cover the box only if those about one group of columns do;
- the cut is where the fewest rules reach into both halves; where many would, the column that decides most is taken apart.

What was found covered is remembered, with the rules that were needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.mapping.dmn.analysis.space import Space

Classes: TypeAlias = dict[int, int]
"""One column of a node: the rules of a class -> its parts."""
_ANTICHAIN = 40  # with more classes only neighbours are compared
_DEEPEST = 400
_OF_A_NODE = 30  # what a node costs besides its classes
_FEW = 16
_CLEAN = 1.25
_STRADDLING = 3


class Undecided(Exception):
    """The search was given up after the steps it was allowed."""


class Steps:
    """How much looking is still allowed; one step looks at one class of one node."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.left = allowed

    def spend(self, count: int) -> None:
        """Raises Undecided when there are none left."""
        self.left -= count
        if self.left < 0:
            raise Undecided


@dataclass(frozen=True, slots=True)
class Answer:
    """A hole (a box no rule meets), or the rules that cover everything."""

    hole: tuple[int, ...] | None = None
    needed: int = 0


def cover(space: Space, steps: Steps, *, rules: int | None = None, box: Sequence[int] | None = None) -> Answer:
    """Whether `rules` (all, if not given) cover `box` (everything). Raises Undecided."""
    active = space.everything if rules is None else rules
    columns = [
        classes_of(masks, active, whole if box is None else box[j])
        for j, (masks, whole) in enumerate(zip(space.masks, space.whole, strict=True))
    ]
    if any(not classes for classes in columns):
        return Answer()  # an empty box is covered by nothing at all
    return _Search(steps).node(*shrunk(columns, active), 0)


def classes_of(masks: Sequence[int], active: int, parts: int) -> Classes:
    """The parts of a column, those alike for the active rules taken together."""
    found: Classes = {}
    index = 0
    while parts:
        skip = (parts & -parts).bit_length() - 1
        index += skip
        rules = masks[index] & active
        found[rules] = found.get(rules, 0) | 1 << index
        parts >>= skip + 1
        index += 1
    return found


def narrowed(classes: Classes, active: int) -> Classes:
    """The same classes for fewer rules."""
    found: Classes = {}
    for rules, parts in classes.items():
        kept = rules & active
        found[kept] = found.get(kept, 0) | parts
    return found


def shrunk(columns: list[Classes], active: int) -> tuple[list[Classes], int]:
    """Leave out the rules that do not meet the box."""
    for classes in columns:
        active &= joined(classes)
    return [narrowed(classes, active) for classes in columns], active


def joined(classes: Classes) -> int:
    """Rules of any class."""
    found = 0
    for rules in classes:
        found |= rules
    return found


def common(classes: Classes) -> int:
    """Rules of every class: those that are free in this column."""
    found = -1
    for rules in classes:
        found &= rules
    return found


class _Search:
    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.covered: dict[tuple[object, ...], int] = {}

    def node(self, columns: list[Classes], active: int, depth: int) -> Answer:
        """Whether the active rules cover this box."""
        needed = 0
        while True:
            self.steps.spend(_OF_A_NODE + sum(map(len, columns)))
            free = [common(classes) for classes in columns]
            answer = _at_once(columns, active, free)
            if answer:
                return _with(answer, needed)
            speaks = _Speaking(active, free)
            smaller = []
            for j, classes in enumerate(columns):
                left, used = _left_open(classes, speaks.only_of(j))
                needed |= used
                if not left:
                    return Answer(needed=needed)
                smaller.append(_least(left, free[j]))
            if all(len(after) == len(before) for after, before in zip(smaller, columns, strict=True)):
                break
            columns, active = shrunk(smaller, active)
        key = (active, *(tuple(classes) for classes in columns if len(classes) > 1))
        if key not in self.covered:
            if depth > _DEEPEST:
                raise Undecided
            answer = self._taken_apart(columns, active, speaks, depth)
            if answer.hole is not None:
                return answer
            self.covered[key] = answer.needed
        return Answer(needed=needed | self.covered[key])

    def _taken_apart(self, columns: list[Classes], active: int, speaks: _Speaking, depth: int) -> Answer:
        groups = speaks.groups()
        if len(groups) > 1:
            return self._any_group(columns, groups, depth)
        needed = 0
        for piece in _branches(columns, active, speaks):
            answer = self.node(*shrunk(piece, active), depth + 1)
            if answer.hole is not None:
                return answer
            needed |= answer.needed
        return Answer(needed=needed)

    def _any_group(self, columns: list[Classes], groups: list[tuple[int, set[int]]], depth: int) -> Answer:
        """Covered if the rules of one group cover; otherwise what all groups leave out."""
        hole = [0] * len(columns)
        for rules, members in groups:
            answer = self.node([narrowed(classes, rules) for classes in columns], rules, depth + 1)
            if answer.hole is None:
                return answer
            for j in members:
                hole[j] = answer.hole[j]
        return Answer(hole=tuple(hole[j] or _parts(classes) for j, classes in enumerate(columns)))


class _Speaking:
    """Of how many columns, and of which, the active rules still say anything."""

    def __init__(self, active: int, free: list[int]) -> None:
        self.of = [active & ~always for always in free]
        once = twice = thrice = 0
        for rules in self.of:
            thrice |= twice & rules
            twice |= once & rules
            once |= rules
        self.single = once & ~twice
        self.double = twice & ~thrice

    def only_of(self, column: int) -> int:
        """Rules that depend on this column and on nothing else."""
        return self.of[column] & self.single

    def weight(self, column: int) -> int:
        """How much is decided by deciding this column: rules that say little else count more."""
        return self.of[column].bit_count() + 3 * (self.of[column] & self.double).bit_count()

    def groups(self) -> list[tuple[int, set[int]]]:
        """Rules that speak of the same columns, directly or through others, with these columns."""
        groups: list[tuple[int, set[int]]] = []
        for j, spoken in enumerate(self.of):
            if not spoken:
                continue
            rules, members = spoken, {j}
            apart = []
            for group in groups:
                if group[0] & rules:
                    rules, members = rules | group[0], members | group[1]
                else:
                    apart.append(group)
            groups = [*apart, (rules, members)]
        return groups


def _with(answer: Answer, needed: int) -> Answer:
    return answer if answer.hole is not None or not needed else Answer(needed=answer.needed | needed)


def _left_open(classes: Classes, alone: int) -> tuple[Classes, int]:
    """The classes that rules about this column alone do not cover, and those rules."""
    if not alone:
        return classes, 0
    used = 0
    left = {}
    for rules, parts in classes.items():
        covering = rules & alone
        if not covering:
            left[rules] = parts
        elif not covering & used:
            used |= covering & -covering
    return left, used


def _parts(classes: Classes) -> int:
    found = 0
    for parts in classes.values():
        found |= parts
    return found


def _at_once(columns: list[Classes], active: int, free: list[int]) -> Answer | None:
    everywhere = active
    for always in free:
        everywhere &= always
    if everywhere:
        return Answer(needed=everywhere & -everywhere)
    for j, classes in enumerate(columns):
        if 0 in classes:
            return Answer(hole=tuple(classes[0] if i == j else _parts(other) for i, other in enumerate(columns)))
    return None


def _least(classes: Classes, always: int) -> Classes:
    """The classes that are no superset of another."""
    if len(classes) == 1:
        return classes
    if always in classes:
        return {always: classes[always]}
    kept = list(classes)
    if len(kept) > _ANTICHAIN:
        padded = [-1, *kept, -1]
        kept = [
            rules
            for before, rules, after in zip(padded, kept, padded[2:], strict=False)
            if before & ~rules and after & ~rules
        ]
    if len(kept) <= _ANTICHAIN:
        kept = [rules for rules in kept if all(other & ~rules or other == rules for other in kept)]
    return classes if len(kept) == len(classes) else {rules: classes[rules] for rules in kept}


def _branches(columns: list[Classes], active: int, speaks: _Speaking) -> list[list[Classes]]:
    """A clean cut if there is one; else the column that decides most, class by class."""
    cut = halves(columns, active)
    reach = sum((joined(half) & active).bit_count() for half in cut.sides)
    few = [j for j, classes in enumerate(columns) if 1 < len(classes) <= _FEW]
    if reach <= _CLEAN * active.bit_count() or not few:
        return cut.applied(columns)
    chosen = max(few, key=speaks.weight)
    entries = sorted(columns[chosen].items(), key=lambda entry: entry[0].bit_count())
    return [[{rules: parts} if i == chosen else other for i, other in enumerate(columns)] for rules, parts in entries]


@dataclass(frozen=True, slots=True)
class Halves:
    """A column cut in two, the half with fewer rules first."""

    column: int
    sides: tuple[Classes, Classes]

    def applied(self, columns: list[Classes]) -> list[list[Classes]]:
        return [[half if i == self.column else classes for i, classes in enumerate(columns)] for half in self.sides]


def halves(columns: list[Classes], active: int) -> Halves:
    """The cut where the fewest rules reach into both halves."""
    best: tuple[int, int] | None = None
    place = (0, 0)
    for j, classes in enumerate(columns):
        for cost, at in _cuts(list(classes)):
            if best is None or cost < best:
                best, place = cost, (j, at)
    j, at = place
    entries = list(columns[j].items())
    one, other = dict(entries[:at]), dict(entries[at:])
    ordered = (joined(one) & active).bit_count() <= (joined(other) & active).bit_count()
    return Halves(j, (one, other) if ordered else (other, one))


def _cuts(masks: list[int]) -> Iterator[tuple[tuple[int, int], int]]:
    """Every place to cut a column, and what it costs: rules in the larger half and those in both, and how far off the middle."""
    after = [0] * len(masks)
    for i in range(len(masks) - 1, 0, -1):
        after[i - 1] = after[i] | masks[i]
    before = 0
    for i in range(len(masks) - 1):
        before |= masks[i]
        larger = max(before.bit_count(), after[i].bit_count())
        both = (before & after[i]).bit_count()
        yield (larger + _STRADDLING * both, abs(2 * i + 2 - len(masks))), i + 1
