"""Whether a pattern is in a text, without saying where: sets of steps are remembered with the character that leads on, so that
after a few texts each character costs one look-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.patterns.program import Program, at_edge

if TYPE_CHECKING:
    from collections.abc import Iterable

_REMEMBERED = 10_000


class Search:
    """One program, searched for anywhere in a text."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._edged = program.has_edges
        self._next: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._start = self._closed((0,), "", 0) if not self._edged else frozenset()
        self._done = len(program.steps) - 1

    def found_in(self, text: str) -> bool:
        return self._found_slowly(text) if self._edged else self._found_quickly(text)

    def _found_quickly(self, text: str) -> bool:
        state = self._start
        for char in text:
            if self._done in state:
                return True
            following = self._next.get((state, char))
            if following is None:
                following = self._closed((*self._after(state, char), 0), text, 0)
                if len(self._next) >= _REMEMBERED:
                    self._next.clear()
                self._next[state, char] = following
            state = following
        return self._done in state

    def _found_slowly(self, text: str) -> bool:
        """With edges, where in the text it stands counts too."""
        state: Iterable[int] = ()
        for at in range(len(text) + 1):
            closed = self._closed((*state, 0), text, at)
            if self._done in closed:
                return True
            state = self._after(closed, text[at]) if at < len(text) else ()
        return False

    def _after(self, state: frozenset[int], char: str) -> list[int]:
        steps = self._program.steps
        return [pc + 1 for pc in state if (chars := steps[pc].chars) is not None and chars.has(char)]

    def _closed(self, state: Iterable[int], text: str, at: int) -> frozenset[int]:
        """With all steps that are reached without a character."""
        steps = self._program.steps
        found: set[int] = set()
        stack = list(state)
        while stack:
            pc = stack.pop()
            if pc in found:
                continue
            found.add(pc)
            step = steps[pc]
            if step.go == "split":
                stack += [step.first, step.second]
            elif step.go == "jump":
                stack.append(step.first)
            elif step.go == "save" or (step.edge and at_edge(step.edge, text, at)):
                stack.append(pc + 1)
        return frozenset(found)
