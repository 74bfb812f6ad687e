"""Decisions of a person about work orders that ended without being completed, read from a domain order's work notes. Pure.

The note begins with a configured word and may go on with numbers: "release gate WO0010001: the customer takes it as it is".
Without a number it decides about every work order of the domain order. It counts for a work order only when it stands
below the note of ours that told how that work order ended: who had not read that cannot have decided about it. It may quote
that note. Where Order Management refused the note, what was written after that moment counts. Of several decisions the latest
counts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.mapping.marks import tokens_in
from connector.mapping.moments import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connector.model import JournalEntry

_NUMBER = re.compile(r"[\s,;]*(?:and\s+)?([A-Za-z]+\d+)\b")


def decision_about(
    number: str,
    told: str,
    said: Sequence[tuple[JournalEntry, str]],
    words: Iterable[str],
    refused_at: datetime | None = None,
) -> JournalEntry | None:
    """The latest decision about the work order of this number.

    `told` is the token of the note that told how it ended, `said` what people wrote (`own_words`). `refused_at` is when that note
    was refused (the connector's clock), where it was: then nobody could read it, and there is a finding instead.
    """
    meant = tuple(words)
    since = min((entry.rank for entry, _ in said if told in tokens_in(entry.text)), default=None)
    if since is None and refused_at is None:
        return None
    found = [
        replace(entry, text=text)
        for entry, text in said
        if (entry.rank > since if since is not None else _is_after(entry.at, refused_at))
        and not entry.is_comment
        and _decides(text, number, meant)
    ]
    return max(found, key=lambda entry: entry.rank, default=None)


def is_decision(text: str, word: str) -> bool:
    """Whether a note begins with the configured word: it is meant for the gate and for nobody else."""
    return _begun(" ".join(text.split()), word) is not None


def names_number(text: str, number: str, word: str) -> bool:
    """Whether a decision that begins with this word names this work order, and is not about all of them."""
    plain = " ".join(text.split())
    begun = _begun(plain, word)
    return begun is not None and number.casefold() in _numbers(plain[begun.end() :])


def _is_after(at: str, moment: datetime | None) -> bool:
    """Whether a stored moment is later, to the second. What is shown in a strange format is not known to be."""
    written = moment_of(at)
    return written is not None and moment is not None and written > moment.replace(microsecond=0)


def _decides(text: str, number: str, words: tuple[str, ...]) -> bool:
    plain = " ".join(text.split())
    begun = next((found for word in words if (found := _begun(plain, word)) is not None), None)
    if begun is None:
        return False
    named = _numbers(plain[begun.end() :])
    return not named or number.casefold() in named


def _begun(plain: str, word: str) -> re.Match[str] | None:
    return re.match(rf"{re.escape(' '.join(word.split()))}(?!\w)", plain, re.IGNORECASE)


def _numbers(rest: str) -> set[str]:
    """The numbers that follow at once. Later words are the reason, whatever numbers it speaks of."""
    found: set[str] = set()
    at = 0
    while (one := _NUMBER.match(rest, at)) is not None:
        found.add(one[1].casefold())
        at = one.end()
    return found
