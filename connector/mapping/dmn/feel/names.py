"""Known names in a text. FEEL names may hold spaces and signs ("Date of Birth", "line-action"), so only knowing them tells
where one ends: the longest that fits counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d]\w*")
_KEYWORDS = frozenset(
    (
        *("and", "or", "in", "between", "if", "then", "else", "for", "return", "some", "every", "satisfies"),
        *("instance", "of", "function", "true", "false", "null", "not"),
    )
)
_PLAIN = re.compile(r"(?:[^\W\d]|[\U0001F000-\U0001FAFF\u2600-\u27BF])(?:\w|[\U0001F000-\U0001FAFF\u2600-\u27BF])*")


class Names:
    """Names known at one place of a text."""

    def __init__(self, names: Iterable[str]) -> None:
        self.known = frozenset(squeeze(name) for name in names)
        self._pattern = _pattern(self.known)

    def at(self, text: str, position: int) -> tuple[str, int] | None:
        """The longest known name that stands here, and where it ends."""
        found = self._pattern.match(text, position) if self._pattern else None
        return (squeeze(found[0]), found.end()) if found else None

    def and_these(self, names: Iterable[str]) -> Names:
        return Names(self.known | set(names))


def squeeze(name: str) -> str:
    """One blank wherever there is space, so that a name can be written on two lines.

    >>> squeeze(" Date  of Birth")
    'Date of Birth'
    """
    return " ".join(name.split())


@lru_cache(maxsize=512)
def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    by_length = sorted(filter(None, names), key=lambda name: (-len(name), name))
    return re.compile("|".join(_one(name) for name in by_length))


def _one(name: str) -> str:
    pattern = r"\s+".join(re.escape(part) for part in name.split(" "))
    return pattern + (r"(?!\w)" if re.match(r"\w", name[-1]) else "")


def plain_name(text: str, position: int) -> tuple[str, int] | None:
    """A name that nobody knows (a member of a context, a parameter): words up to the first that is a keyword or no word."""
    found = _PLAIN.match(text, position)
    if not found or found[0] in _KEYWORDS:
        return None
    words, end = [found[0]], found.end()
    while True:
        more = re.compile(r"\s+").match(text, end)
        word = _WORD.match(text, more.end()) if more else None
        if not word or word[0] in _KEYWORDS:
            return " ".join(words), end
        words.append(word[0])
        end = word.end()
