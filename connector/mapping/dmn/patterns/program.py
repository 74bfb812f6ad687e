"""Patterns as small programs, run for all their ways at once (Thompson's and Pike's construction): one pass over the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.dmn.budget import spend
from connector.mapping.dmn.patterns.syntax import (
    Choice,
    Edge,
    Group,
    One,
    PatternError,
    Repeat,
    Sequence,
)

if TYPE_CHECKING:
    from connector.mapping.dmn.patterns.characters import Chars
    from connector.mapping.dmn.patterns.syntax import Part

_LONGEST = 2_000


@dataclass(frozen=True)
class Step:
    """`go` is "one" (a character of `chars`), "split" (first then second), "jump", "save" (slot), "edge" or "done"."""

    go: str
    first: int = 0
    second: int = 0
    chars: Chars | None = None
    edge: Edge | None = None


@dataclass(frozen=True)
class Program:
    steps: tuple[Step, ...]
    groups: int

    @property
    def has_edges(self) -> bool:
        return any(step.edge for step in self.steps)


def compiled(tree: tuple[Part, int]) -> Program:
    """Raises PatternError when the program gets too long."""
    part, groups = tree
    steps: list[Step] = [Step("save", 0)]
    _emit(part, steps)
    return Program((*steps, Step("save", 1), Step("done")), groups)


def _emit(part: Part, steps: list[Step]) -> None:
    if len(steps) > _LONGEST:
        raise PatternError("this pattern is too large; use smaller repetitions")
    match part:
        case One(chars):
            steps.append(Step("one", chars=chars))
        case Edge():
            steps.append(Step("edge", edge=part))
        case Sequence(parts):
            for one in parts:
                _emit(one, steps)
        case Group(number, inner):
            steps.append(Step("save", 2 * number))
            _emit(inner, steps)
            steps.append(Step("save", 2 * number + 1))
        case Choice(parts):
            _emit_choice(parts, steps)
        case Repeat():
            _emit_repeat(part, steps)


def _emit_choice(parts: tuple[Part, ...], steps: list[Step]) -> None:
    ends = []
    for one in parts[:-1]:
        split = len(steps)
        steps.append(Step("split"))
        _emit(one, steps)
        ends.append(len(steps))
        steps.append(Step("jump"))
        steps[split] = Step("split", split + 1, len(steps))
    _emit(parts[-1], steps)
    for end in ends:
        steps[end] = Step("jump", len(steps))


def _emit_repeat(part: Repeat, steps: list[Step]) -> None:
    for _ in range(part.least):
        _emit(part.part, steps)
    if part.most is None:
        split = len(steps)
        steps.append(Step("split"))
        _emit(part.part, steps)
        steps.append(Step("jump", split))
        steps[split] = _fork(part, split + 1, len(steps))
        return
    splits = []
    for _ in range(part.most - part.least):
        splits.append(len(steps))
        steps.append(Step("split"))
        _emit(part.part, steps)
    for split in splits:
        steps[split] = _fork(part, split + 1, len(steps))


def _fork(part: Repeat, again: int, leave: int) -> Step:
    return Step("split", leave, again) if part.lazy else Step("split", again, leave)


def at_edge(edge: Edge, text: str, at: int) -> bool:
    if edge.sign == "^":
        return at == 0 or (edge.of_lines and text[at - 1] == "\n" and at < len(text))
    return at == len(text) or (edge.of_lines and text[at] == "\n")


def first_match(program: Program, text: str, start: int) -> list[int] | None:
    """The first match from `start` on: where it and its groups begin and end (-1 for a group that took no part)."""
    slots = [-1] * (2 * program.groups + 2)
    best: list[int] | None = None
    waiting: list[tuple[int, list[int]]] = []
    for at in range(start, len(text) + 1):
        spend(5 + 2 * len(waiting))
        if best is None:
            waiting.append((0, slots))
        elif not waiting:
            break
        reached, best = _follow(program, waiting, text, at, best)
        char = text[at : at + 1]
        waiting = [(pc + 1, saved) for pc, saved, chars in reached if char and chars.has(char)]
    return best


def _follow(
    program: Program, waiting: list[tuple[int, list[int]]], text: str, at: int, best: list[int] | None
) -> tuple[list[tuple[int, list[int], Chars]], list[int] | None]:
    """All steps that want a character, the preferred ones first, up to a match if one is reached."""
    seen: set[int] = set()
    reached: list[tuple[int, list[int], Chars]] = []
    stack = waiting[::-1]
    while stack:
        pc, saved = stack.pop()
        if pc in seen:
            continue
        seen.add(pc)
        step = program.steps[pc]
        if step.chars is not None:
            reached.append((pc, saved, step.chars))
        elif step.go == "done":
            return reached, saved
        elif step.go == "split":
            stack += [(step.second, saved), (step.first, saved)]
        elif step.go == "jump":
            stack.append((step.first, saved))
        elif step.go == "save":
            stack.append((pc + 1, [*saved[: step.first], at, *saved[step.first + 1 :]]))
        elif step.edge and at_edge(step.edge, text, at):
            stack.append((pc + 1, saved))
    return reached, best
