"""The syntax of XPath's regular expressions: text -> a tree of what may follow what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from connector.mapping.dmn.patterns.characters import BLOCKS, CATEGORIES, CLASSES, Chars, in_block, in_category, is_not

if TYPE_CHECKING:
    from collections.abc import Callable

    Test: TypeAlias = Callable[[str], bool]

_LONGEST = 2_000
_DEEPEST = 30
_MOST_REPEATS = 1_000
_ESCAPED = frozenset("\\|.-^?*+{}()[]$")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


class PatternError(ValueError):
    """No regular expression, or one that cannot be used here."""


class PatternNotCarried(PatternError):
    """A regular expression, but more than is carried here."""


@dataclass(frozen=True)
class One:
    """One character of a set."""

    chars: Chars


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeat:
    """`most` None is no limit; a lazy one takes as little as it can."""

    part: Part
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True)
class Group:
    number: int
    part: Part


@dataclass(frozen=True)
class Edge:
    """`^` or `$`; of lines, or of the whole text."""

    sign: str
    of_lines: bool


Part: TypeAlias = One | Sequence | Choice | Repeat | Group | Edge


def parsed(text: str, flags: str) -> tuple[Part, int]:
    """The tree, and how many groups it has. Raises PatternError."""
    if set(flags) - set("ismxq"):
        raise PatternError(f"no such flag in {flags!r}; there are i, s, m, x and q")
    if len(text) > _LONGEST:
        raise PatternError(f"a pattern longer than {_LONGEST} characters")
    if "q" in flags:
        chars = tuple(One(Chars(ranges=((char, char),), any_case="i" in flags)) for char in text)
        return Sequence(chars), 0
    reader = _Reader(_without_space(text) if "x" in flags else text, flags)
    part = reader.choice()
    if reader.rest:
        raise PatternError("there is a ) too many")
    return part, reader.groups


def _without_space(text: str) -> str:
    kept, inside = [], 0
    for index, char in enumerate(text):
        escaped = index > 0 and text[index - 1] == "\\"
        inside += (char == "[" and not escaped) - (char == "]" and not escaped and inside > 0)
        if inside or char not in " \t\n\r":
            kept.append(char)
    return "".join(kept)


class _Reader:
    """A pattern being read from left to right."""

    def __init__(self, text: str, flags: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.open: set[int] = set()
        self.any_case = "i" in flags
        self.of_lines = "m" in flags
        self.dot = Chars() if "s" in flags else Chars(ranges=(("\n", "\n"), ("\r", "\r")))
        self.depth = 0

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def next(self) -> str:
        char = self.peek()
        if not char:
            raise PatternError("the pattern ends in the middle of something")
        self.at += 1
        return char

    def choice(self) -> Part:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PatternError(f"groups nested more than {_DEEPEST} deep")
        parts = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.sequence())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Part:
        parts: list[Part] = []
        while self.peek() not in ("", "|", ")"):
            part = self.single()
            repeat = self.quantity(part)
            parts.append(repeat)
        return Sequence(tuple(parts))

    def single(self) -> Part:
        char = self.next()
        match char:
            case "(":
                return self.group()
            case "[":
                return One(self.bracket())
            case ".":
                return One(Chars(ranges=self.dot.ranges, negated=True))
            case "^" | "$":
                return Edge(char, self.of_lines)
            case "\\":
                return One(self.escape())
            case _:
                return self.plain(char)

    def plain(self, char: str) -> Part:
        if char in "?*+{}])":
            raise PatternError(f"{char} cannot stand here; write \\{char} for the character itself")
        return One(Chars(ranges=((char, char),), any_case=self.any_case))

    def group(self) -> Part:
        if self.peek() == "?":
            self.at += 1
            if self.next() != ":":
                raise PatternError("a group that is not counted is written (?:...)")
            part = self.choice()
            number = 0
        else:
            self.groups += 1
            number = self.groups
            self.open.add(number)
            part = self.choice()
            self.open.discard(number)
        if self.peek() != ")":
            raise PatternError("a ) is missing")
        self.at += 1
        return Group(number, part) if number else part

    def quantity(self, part: Part) -> Part:
        sign = self.peek()
        if sign not in ("?", "*", "+", "{") or not sign:
            return part
        self.at += 1
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign) or self.counted()
        lazy = self.peek() == "?"
        self.at += lazy
        if self.peek() and self.peek() in "?*+{":
            raise PatternError("two repetitions in a row")
        return Repeat(part, least, most, lazy)

    def counted(self) -> tuple[int, int | None]:
        inside, closed, _ = self.rest.partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not low.isdecimal() or (high and not high.isdecimal()):
            raise PatternError("a repetition is written {2}, {2,} or {2,5}")
        self.at += len(inside) + 1
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise PatternError(f"a repetition goes up to {_MOST_REPEATS} times, and from less to more")
        return least, most

    # --- sets of characters -----------------------------------------------------------------------------------

    def escape(self) -> Chars:
        """What stands after a backslash, outside brackets."""
        if self.peek().isdecimal():
            self.refer_back()
        ranges, test = self.escaped()
        return Chars(ranges, (test,) if test else (), any_case=self.any_case and not test)

    def refer_back(self) -> None:
        number = int(self.next())
        if not 1 <= number <= self.groups or number in self.open:
            raise PatternError(f"there is no group {number} to refer back to")
        raise PatternNotCarried("references back to a group are not carried")

    def escaped(self) -> tuple[tuple[tuple[str, str], ...], Test | None]:
        """Ranges, or a test."""
        char = self.next()
        if char in _CONTROL:
            return ((_CONTROL[char], _CONTROL[char]),), None
        if char in _ESCAPED:
            return ((char, char),), None
        if char in CLASSES:
            return (), CLASSES[char]
        if char in "pP":
            test = self.property()
            return (), is_not(test) if char == "P" else test
        raise PatternError(f"\\{char} means nothing in a pattern")

    def property(self) -> Test:
        inside, closed, _ = self.rest.partition("}")
        if not inside.startswith("{") or not closed:
            raise PatternError("a class of characters is written \\p{Lu}")
        self.at += len(inside) + 1
        name = inside[1:]
        if name in CATEGORIES:
            return in_category(name)
        if name.startswith("Is") and name[2:] in BLOCKS:
            return in_block(name[2:])
        if name.startswith("Is") and name[2:].replace("-", "").isalnum():
            raise PatternNotCarried(f"the block of characters {name} is not carried")
        raise PatternError(f"there is no class of characters {name}")

    def bracket(self) -> Chars:
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        tests: list[Test] = []
        without = None
        begin = self.at
        while self.peek() != "]" or self.at == begin:
            if self.peek() == "-" and self.peek(1) == "[":
                self.at += 2
                without = self.bracket()
                if self.peek() != "]":
                    raise PatternError("what is taken away stands last in the brackets")
                break
            low, test = self.bracketed()
            if test:
                tests.append(test)
            else:
                ranges.append((low, self.range_end(low)))
        self.at += 1
        return Chars(tuple(ranges), tuple(tests), negated, without, self.any_case)

    def bracketed(self) -> tuple[str, Test | None]:
        """One character or class inside brackets."""
        char = self.next()
        if char == "\\":
            ranges, test = self.escaped()
            return (ranges[0][0] if ranges else ""), test
        if char in "[]":
            raise PatternError(f"inside brackets, write \\{char} for the character itself")
        return char, None

    def range_end(self, low: str) -> str:
        """The end of a range like a-z, or the character itself. A - before ] or another - is a character of its own."""
        if self.peek() != "-" or self.peek(1) in ("]", "[", "", "-"):
            return low
        self.at += 1
        high, test = self.bracketed()
        if test or high < low:
            raise PatternError(f"no range of characters: {low}-{high}")
        return high
