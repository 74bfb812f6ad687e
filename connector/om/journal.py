"""Work notes in the order they were written, from the journal table or from what a form shows of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.model import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

# "2026-03-02 09:00:00 - Frank Miller (Work notes)", in whatever format the reader has for dates.
_HEAD = re.compile(r"^\d\S* \S+(?: [AaPp][Mm])? - (.+) \([^()]+\)$", re.MULTILINE)


def ranked(entries: Iterable[tuple[str, str, str]]) -> tuple[JournalEntry, ...]:
    """Rows of the journal table (created on, by, text), oldest first. Those of one second share a rank."""
    ordered = sorted(entries)
    moments = {moment: rank for rank, moment in enumerate(sorted({moment for moment, _, _ in ordered}))}
    return tuple(JournalEntry(moments[moment], by, text) for moment, by, text in ordered)


def shown(history: str) -> tuple[JournalEntry, ...]:
    """What a journal field shows, newest note first, as entries, oldest first.

    >>> shown("2026-03-02 09:01:00 - Frank Miller (Work notes)\\nrelease gate\\n\\n2026-03-02 09:00:00 - om (Work notes)\\nhello")
    (JournalEntry(rank=0, by='om', text='hello'), JournalEntry(rank=1, by='Frank Miller', text='release gate'))
    """
    pieces = _HEAD.split(history.replace("\r\n", "\n"))[1:]
    entries = list(zip(pieces[::2], pieces[1::2], strict=True))
    return tuple(JournalEntry(rank, by, text.strip()) for rank, (by, text) in enumerate(reversed(entries)))
