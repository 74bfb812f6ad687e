"""What a stored value of one instance is on the other, where both call it the same. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connector.mapping.dmn.table import fold

if TYPE_CHECKING:
    from collections.abc import Mapping


def same_choice(one: str, other: str) -> bool:
    """Whether two labels say the same: the number before the word is the instance's own.

    >>> same_choice("1 - Critical", "P5: critical"), same_choice("4 - Low", "1 - Critical")
    (True, False)
    >>> same_choice("1", "2"), same_choice("P1", "P1")
    (False, True)
    """
    return _word(one) == _word(other)


def translated(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Our stored value -> theirs, from two lists of stored value -> label; "" where they have none that is called so, or two.

    Empty where each value is the same on both sides, and where one of the lists is not known.

    >>> translated({"1": "1 - Critical", "4": "4 - Low"}, {"1": "1 - Low", "9": "9 - Critical"})
    {'1': '9', '4': '1'}
    """
    if not ours or not theirs or all(same_choice(label, theirs.get(value, "")) for value, label in ours.items()):
        return {}
    counts = Counter(map(_word, theirs.values()))
    called = {_word(label): value for value, label in theirs.items() if counts[_word(label)] == 1}
    return {value: called.get(_word(label), "") if label else "" for value, label in sorted(ours.items())}


def agreed(lists: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    """Several lists as one; a value that two of them call differently has the label ""."""
    labels: dict[str, str] = {}
    for one in lists:
        for value, label in one.items():
            labels[value] = label if same_choice(labels.get(value, label), label) else ""
    return labels


def _word(label: str) -> str:
    word = label.lstrip("0123456789 .:-") or label
    first, _, rest = word.partition(":")
    return fold(rest if rest and first[:1].casefold() == "p" and first[1:].isdigit() else word)
