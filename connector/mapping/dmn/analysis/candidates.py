"""Strings worth trying where a column holds patterns: for what no interval describes, examples are made up and asked for.

Each is evaluated for real afterwards; one that satisfies nothing costs a moment and proves nothing wrong.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import Between, Compare, Like, Not, OneOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.values import Value

_MOST = 2_000
_LETTERS = ((r"\\d|\[0-9\]", "0"), (r"\\w|\[[a-zA-Z].*?\]", "a"), (r"\\s", " "), (r"(?<!\\)\.", "x"))
_PLAIN = re.compile(r"[\w \-/.,:]+")


def candidates(conditions: Iterable[Condition]) -> list[Value]:
    """Values to try, each once, the plainest first: what the cells name, and combinations of beginnings, middles and ends."""
    likes: dict[str, list[str]] = {"starts with": [], "contains": [], "ends with": [], "matches": []}
    literals: list[Value] = []
    for part in _simple(conditions):
        match part:
            case Compare(_, value) if value is not None:
                literals.append(value)
            case Between(low, high):
                literals += [low, high]
            case Like(how, text):
                likes[how].append(text)
            case _:
                pass
    matching = [text for pattern in likes["matches"] for text in _matching(pattern)]
    texts = [text for texts in likes.values() for text in texts] + matching
    combined = _combined(likes["starts with"], likes["contains"], likes["ends with"])
    tried: dict[Any, Value] = {}
    for value in (*literals, "other", *texts, *(f"x{text}x" for text in texts), *combined):
        tried.setdefault((type(value), value), value)
        if len(tried) >= _MOST:
            break
    return list(tried.values())


def simple_conditions(condition: Condition) -> Iterator[Condition]:
    """The conditions inside lists and negations, or the condition itself."""
    match condition:
        case OneOf(conditions):
            yield from _simple(conditions)
        case Not(negated):
            yield from simple_conditions(negated)
        case _:
            yield condition


def _simple(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        yield from simple_conditions(condition)


def _combined(begins: list[str], middles: list[str], ends: list[str]) -> Iterator[str]:
    """With and without: a beginning, one or two middles, an end."""
    few = [sorted(set(texts))[:12] for texts in (begins, middles, middles, ends)]
    for begin, middle, other, end in product(*(("", *texts) for texts in few)):
        yield f"{begin}{middle}{other}{end}"


def _matching(pattern: str) -> Iterator[str]:
    """Strings a regular expression may accept: its alternatives with the signs of the language taken away or filled in."""
    bare = re.sub(r"^\(\?\w*:(.*)\)$", r"\1", pattern)
    for alternative in re.split(r"[|()^$]", bare):
        text = alternative
        for signs, letter in _LETTERS:
            text = re.sub(signs, letter, text)
        text = re.sub(r"(.)\{(\d{1,2})[^}]*\}", _counted, text)
        for times in (1, 2, 3, 4):
            filled = re.sub(r"(.)[+*?]+", lambda found, n=times: found[1] * n, text)  # type: ignore[misc]
            filled = filled.replace("\\.", ".")
            if _PLAIN.fullmatch(filled):
                yield filled


def _counted(found: re.Match[str]) -> str:
    return found[1] * int(found[2])
