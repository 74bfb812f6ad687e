"""What people wrote themselves, in notes that quote or copy one of ours. Pure.

A note of ours is known by the token at its end, wherever it is pasted: it is cut out, with its token, and what is left are the
person's words. Nothing is left of a mere copy. Where the record's journal shows the note that is quoted, only lines of that are
cut; where it does not, what ours look like: one line, or a digest with its headline.

What a rule writes above its copies is not carried in a circle: a quoted note that says the same of the same author was made of
it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.mapping.marks import own_token_in, tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.model import JournalEntry

_HEADLINE = re.compile(r"\d+ new notes in [^:]+:$")
_QUOTE = " \t>|"  # what mail programs put before lines that are quoted
_DIGITS = re.compile(r"\d")


def own_words(entries: Iterable[JournalEntry]) -> list[tuple[JournalEntry, str]]:
    """Each note of one record, with what its author wrote; empty where that is nothing but a note of ours."""
    known: dict[str, str] = {}  # the notes of ours, by token
    return [(entry, _without_quotes(entry, known)) for entry in sorted(entries, key=lambda entry: entry.rank)]


def _without_quotes(entry: JournalEntry, known: dict[str, str]) -> str:
    if not tokens_in(entry.text):
        return entry.text
    kept: list[str] = []
    quoted: list[str] = []
    for line in entry.text.splitlines():
        token = own_token_in(line.strip(_QUOTE))
        if token:
            note = known.setdefault(token, _last_note(kept))
            quoted += _cut_off(kept, note)
        else:
            kept.append(line)
    if len(kept) == len(entry.text.splitlines()):
        return entry.text  # a token in the midst of a sentence is no quote
    words = "\n".join(kept).strip()
    return "" if any(_was_made_of(one, entry.by, words) for one in quoted) else words


def _last_note(lines: list[str]) -> str:
    """The note of ours at the end of these lines, in one line."""
    said = [text for line in lines if (text := _bare(line))]
    first = next((at for at in reversed(range(len(said))) if _HEADLINE.search(said[at])), len(said) - 1)
    return " ".join(said[max(first, 0) :])


def _cut_off(lines: list[str], note: str) -> list[str]:
    """Take a note, however its lines were broken, from the end of these lines; so far as it is there."""
    cut: list[str] = []
    rest = ""
    while lines and rest != note:
        text = _bare(lines[-1])
        longer = " ".join(part for part in (text, rest) if part)
        if note.endswith(longer):
            rest = longer
        elif longer.endswith(note):  # somebody put a word before it
            rest = note
        else:
            break
        cut.append(text)
        lines.pop()
    return cut


def _was_made_of(quoted: str, by: str, words: str) -> bool:
    """Whether a line of ours carries these words under this name, numbers and moments apart."""
    return bool(words) and by in quoted and _shape(quoted).endswith(f": {_shape(words)}")


def _bare(line: str) -> str:
    return " ".join(line.strip(_QUOTE).split())


def _shape(text: str) -> str:
    return _DIGITS.sub("", " ".join(text.split())).replace("[", "(").replace("]", ")")
