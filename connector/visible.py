"""Text that a terminal or a log shows as what it is: whatever stood in a record, it moves no cursor and begins no line. Pure."""

from __future__ import annotations

import unicodedata

# Controls (escape sequences), direction marks and zero width characters, halves of characters, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""One line without a character nobody sees; each of them is spelt out.

    >>> visible("Berlin\x1b[2J\nWO1 closed")
    'Berlin\\x1b[2J\\nWO1 closed'
    """
    if text.isprintable():
        return text
    return "".join(_spelt(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def visible_json(document: str) -> str:
    """A JSON document without a character nobody sees: the same values, spelt as escapes. Its own line ends stay."""
    if document.isprintable():
        return document
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else _as_json(c) for c in document)


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
