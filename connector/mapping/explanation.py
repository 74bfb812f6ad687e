"""Which facts were others when a text was written from a template, where nobody knows what they were. Pure.

Facts explain a text when the template gives it with these as anything and with all others as they are now. The fewest that do may
have changed; where several would do, each of them.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from connector.mapping.dmn.table import fold
from connector.mapping.facts import CHARACTERISTIC, fill, without_markup

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

CHARACTERISTICS = "characteristics"
# In no text of an instance: where a fact stood, a longer text, the characteristics
_SHORT, _LONG, _SEVERAL = "\0", "\1", "\2"
_AT_ONCE = 4  # with more changes than these, anything may have changed
_IN_A_LINE, _IN_LINES = r"[^\n]*?", r"[\s\S]*?"
_READINGS = (  # what a fact, a longer text, and the end may be: the narrowest that explains a text counts
    (_IN_A_LINE, _IN_A_LINE, ""),
    (_IN_A_LINE, _IN_LINES, ""),
    (_IN_A_LINE, _IN_LINES, r"[\s\S]*"),  # with lines of a person's own
    (_IN_LINES, _IN_LINES, ""),
)
_MARKS = {CHARACTERISTICS: _SEVERAL, "description": _LONG}


def explained(text: str, template: str, names: Collection[str], facts: Mapping[str, str]) -> set[str]:
    """The facts, of these names, that may have been others when this text was written; none where they do not explain it."""
    there = comparable(text)
    for reading in _READINGS:
        for size in range(1, min(len(names), _AT_ONCE) + 1):
            found: set[str] = set()
            for others in combinations(sorted(names), size):
                marks = {name: _MARKS.get(name, _SHORT) for name in others}
                wanted = comparable(fill(template, {**facts, **marks}))
                if match := re.fullmatch(_pattern(wanted, *reading), there):
                    found |= {name for name in others if name != CHARACTERISTICS}
                    if CHARACTERISTICS in others:
                        found |= _characteristics(match, facts)
            if found:
                return found
    return set()


def named_in(text: str) -> set[str]:
    """All that may be a characteristic in a text of which nothing is known."""
    names = (name for name, colon, _ in (piece.partition(":") for piece in re.split(r"\n|; ", text)) if colon)
    return {f"{CHARACTERISTIC}{fold(name)}" for name in names}


def comparable(text: str) -> str:
    """A text as it is compared: without empty lines and the space around lines, each of which ends in a line end."""
    lines = (line.strip() for line in without_markup(text).replace("\r\n", "\n").split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def _pattern(wanted: str, short: str, long: str, tail: str) -> str:
    """A text with anything where the marks are. Each part is taken where it is found first, so that no text takes long."""
    before, *rest = re.split(f"([{_SHORT}{_LONG}{_SEVERAL}]+)", wanted)
    pattern = re.escape(before.rstrip(" ") or before)
    while rest:
        marks, after, *rest = rest
        some = f"({long})" if _SEVERAL in marks else long if _LONG in marks else short
        begins_line = not before or before.endswith("\n")
        if begins_line and after.startswith("\n"):  # a line of its own, which is not there where it is empty
            some, after = f"(?:{some}\n)??", after[1:]
        before = after
        part = f"{some}{re.escape(after.strip(' ') or after)}"
        pattern += f"(?>{part})" if rest or tail else part
    return pattern + tail


def _characteristics(match: re.Match[str], facts: Mapping[str, str]) -> set[str]:
    """The characteristics that are not as they were in a text: others, new ones, and those that are gone."""
    was = f"; {_closed_up(match[1] or '')}; "
    found = set()
    for name, value in facts.items():
        if name.startswith(CHARACTERISTIC):
            called = r"\s+".join(re.escape(word) for word in name.removeprefix(CHARACTERISTIC).split())
            text = _closed_up(comparable(value))
            was, times = re.subn(rf"; (?i:{called}): ?{re.escape(text)}; ", "; ", was, count=1)
            if not times:
                found.add(name)
    return found | named_in(was.strip("; ")) or {CHARACTERISTIC}


def _closed_up(text: str) -> str:
    return re.sub(r"\s+;", ";", text).strip()
