"""Regular expressions as XPath (and so FEEL) writes them, compiled and used. No pattern can hang: the time is bounded by the
length of the pattern times the length of the text, whatever they are.

What XPath has and this has not (references back to a group) is `PatternNotCarried`.
"""

from __future__ import annotations

from functools import lru_cache

from connector.mapping.dmn.patterns.program import Program, compiled, first_match
from connector.mapping.dmn.patterns.search import Search
from connector.mapping.dmn.patterns.syntax import PatternError, PatternNotCarried, parsed

__all__ = ["Pattern", "PatternError", "PatternNotCarried", "pattern"]

_MOST_WORK = 4_000_000  # instructions times characters


class Pattern:
    """One compiled regular expression."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._search = Search(program)

    def is_in(self, text: str) -> bool:
        """Whether some part of the text matches. Raises PatternError for a text that is too long."""
        self._refuse_long(text)
        return self._search.found_in(text)

    def replaced(self, text: str, by: str) -> str:
        """All matches replaced; `$1` stands for the first group. Raises PatternError if nothing would be replaced endlessly."""
        pieces = _replacement(by, self._program.groups)
        done, at = [], 0
        for start, end, groups in self._matches(text):
            done.append(text[at:start])
            done += [piece if isinstance(piece, str) else groups[piece] for piece in pieces]
            at = end
        return "".join([*done, text[at:]])

    def split(self, text: str) -> list[str]:
        """What stands between the matches."""
        parts, at = [], 0
        for start, end, _ in self._matches(text):
            parts.append(text[at:start])
            at = end
        return [*parts, text[at:]]

    def _matches(self, text: str) -> list[tuple[int, int, list[str]]]:
        self._refuse_long(text)
        if first_match(self._program, "", 0):
            raise PatternError("this pattern matches nothing at all, so it cannot replace or split")
        found, at = [], 0
        while saved := first_match(self._program, text, at):
            start, end = saved[0], saved[1]
            groups = [
                text[saved[2 * g] : saved[2 * g + 1]] if saved[2 * g] >= 0 else "" for g in range(len(saved) // 2)
            ]
            if end == start:  # an empty match in the middle of a text: go on behind it
                at = end + 1
                if at > len(text):
                    break
                continue
            found.append((start, end, groups))
            at = end
        return found

    def _refuse_long(self, text: str) -> None:
        if len(text) * len(self._program.steps) > _MOST_WORK:
            raise PatternError("the text is too long for this pattern")


def _replacement(by: str, groups: int) -> list[str | int]:
    """Text and numbers of groups in turn. Raises PatternError."""
    pieces: list[str | int] = []
    at = 0
    while at < len(by):
        char = by[at]
        at += 1
        if char == "\\":
            if by[at : at + 1] not in ("\\", "$"):
                raise PatternError("in a replacement, write \\\\ for a backslash and \\$ for a dollar sign")
            pieces.append(by[at])
            at += 1
        elif char == "$":
            number, at = _group(by, at, groups)
            pieces.append(number if number <= groups else "")
        else:
            pieces.append(char)
    return pieces


def _group(by: str, at: int, groups: int) -> tuple[int, int]:
    if not by[at : at + 1].isdecimal():
        raise PatternError("in a replacement, a group is written $1; write \\$ for a dollar sign")
    number = int(by[at])
    at += 1
    while by[at : at + 1].isdecimal() and number * 10 + int(by[at]) <= groups:
        number = number * 10 + int(by[at])
        at += 1
    return number, at


@lru_cache(maxsize=1024)
def pattern(text: str, flags: str = "") -> Pattern:
    """A compiled pattern. Flags are those of XPath: i, s, m, x, q. Raises PatternError, a ValueError."""
    return Pattern(compiled(parsed(text, flags)))
