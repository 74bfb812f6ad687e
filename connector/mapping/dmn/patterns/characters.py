"""Sets of characters that a regular expression names: `a`, `.`, `[a-z-[aeiou]]`, `\\d`, `\\p{Lu}`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCKS: dict[str, tuple[int, int]] = {
    "BasicLatin": (0x0000, 0x007F),
    "Latin-1Supplement": (0x0080, 0x00FF),
    "LatinExtended-A": (0x0100, 0x017F),
    "LatinExtended-B": (0x0180, 0x024F),
    "Greek": (0x0370, 0x03FF),
    "GreekandCoptic": (0x0370, 0x03FF),
    "Cyrillic": (0x0400, 0x04FF),
    "Hebrew": (0x0590, 0x05FF),
    "Arabic": (0x0600, 0x06FF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
}
_KINDS = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "Z": "slp", "S": "mcko", "C": "cfon"}
CATEGORIES = frozenset((*_KINDS, *(first + second for first, seconds in _KINDS.items() for second in seconds)))


@dataclass(frozen=True)
class Chars:
    """Characters in one of the ranges or accepted by one of the tests; or all others; and none of those taken away."""

    ranges: tuple[tuple[str, str], ...] = ()
    tests: tuple[Callable[[str], bool], ...] = ()
    negated: bool = False
    without: Chars | None = None
    any_case: bool = False

    def has(self, char: str) -> bool:
        found = any(self._names(one) for one in (_cases(char) if self.any_case else (char,)))
        if found is self.negated:
            return False
        return self.without is None or not self.without.has(char)

    def _names(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) or any(test(char) for test in self.tests)


def _cases(char: str) -> tuple[str, ...]:
    return (char, *(one for one in {char.lower(), char.upper(), char.casefold()} - {char} if len(one) == 1))


def in_category(name: str) -> Callable[[str], bool]:
    return lambda char: unicodedata.category(char).startswith(name)


def in_block(name: str) -> Callable[[str], bool]:
    low, high = BLOCKS[name]
    return lambda char: low <= ord(char) <= high


def is_word(char: str) -> bool:
    """`\\w`: neither punctuation, separator nor control."""
    return unicodedata.category(char)[0] not in "PZC"


def is_initial(char: str) -> bool:
    """`\\i`: what an XML name may begin with."""
    return char in "_:" or char.isalpha()


def is_name(char: str) -> bool:
    """`\\c`: what an XML name may hold."""
    return char in "_:-.\u00b7" or char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")


def is_not(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda char: not test(char)


CLASSES: dict[str, Callable[[str], bool]] = {
    "s": lambda char: char in " \t\n\r",
    "d": in_category("Nd"),
    "w": is_word,
    "i": is_initial,
    "c": is_name,
}
CLASSES |= {letter.upper(): is_not(test) for letter, test in CLASSES.items()}
