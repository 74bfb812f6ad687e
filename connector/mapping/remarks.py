"""What people wrote in the journals of several records, each said once: own notes and copies are told apart. Pure.

A remark is recognised by its text and the how many-th with that text on its record it is, so it is the same however the
journal was read, and whatever became of memory. Notes of ours are known by the token at their end (also copies that somebody
else's rule has made) and by their author; what a person wrote above or below a quoted one is a remark. A note on a task that
Field Service repeats on its work order is one remark; so is one that an instance copies between a work order and what initiated
it, for it stands on the other side already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.mapping.marks import before_key, said_key, token_of
from connector.mapping.moments import moment_of
from connector.mapping.quotes import own_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from connector.model import JournalEntry

_TOGETHER = timedelta(seconds=60)  # a rule that copies a note may run a while after it


@dataclass(frozen=True, slots=True)
class Journal:
    """What stands on one record."""

    record_id: str
    number: str
    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person wrote. `tokens` has one for it, and one for each copy of it."""

    number: str  # of the record it stands on
    by: str
    text: str
    at: str
    is_comment: bool
    rank: int
    before: str  # the token of everything written earlier on that record
    tokens: tuple[str, ...]

    @property
    def moment(self) -> datetime | None:
        """When it was written, UTC; None where that cannot be understood."""
        return moment_of(self.at)


def remarks(
    target_id: str, journals: Iterable[Journal], already_there: Iterable[JournalEntry], left_out: Collection[str]
) -> list[Remark]:
    """What people wrote in these journals and is not on the target already, oldest first within each record.

    Of copies the first journal's counts. Authors in `left_out` (small letters) are no people.
    """
    present = [(e, text) for e, text in own_words(already_there) if not e.is_ours and text]
    found: list[Remark] = []
    for journal in journals:
        mine = _of_people(target_id, journal, left_out)
        others = [one for one in found if one.number != journal.number]
        for one in mine:
            if any(_same(one, e.by, text, e.at, journal.number) for e, text in present):
                continue
            original = next((o for o in others if _same(one, o.by, o.text, o.at, o.number)), None)
            if original is None:
                found.append(one)
                continue
            others.remove(original)
            found[found.index(original)] = replace(original, tokens=(*original.tokens, *one.tokens))
    return found


def untold(found: Sequence[Remark], known: frozenset[str]) -> list[Remark]:
    """Those that no token in `known` speaks of, in the order they were written."""
    new: list[Remark] = []
    for number in dict.fromkeys(one.number for one in found):
        of_record = [one for one in found if one.number == number]
        horizon = max((one.rank for one in of_record if one.before in known), default=-1)
        new += [one for one in of_record if one.rank >= horizon and known.isdisjoint(one.tokens)]
    return sorted(new, key=lambda one: (one.at, one.number, one.rank))


def _of_people(target_id: str, journal: Journal, left_out: Collection[str]) -> list[Remark]:
    counts: Counter[tuple[bool, str]] = Counter()
    found: list[Remark] = []
    for entry, text in own_words(journal.entries):
        words = " ".join(entry.text.split())
        counts[entry.is_comment, words] += 1
        if entry.is_ours or not text.strip() or entry.by.casefold() in left_out:
            continue
        source = f"{journal.record_id}{'/comment' if entry.is_comment else ''}"
        key = said_key(target_id, source, words, counts[entry.is_comment, words])
        tokens, before = (token_of(key),), token_of(before_key(key))
        found.append(Remark(journal.number, entry.by, text, entry.at, entry.is_comment, entry.rank, before, tokens))
    return found


def _same(one: Remark, by: str, text: str, at: str, number: str) -> bool:
    """Whether an entry is this remark, copied: by the same person, at the same time, the number of its record perhaps first."""
    if one.by.casefold() != by.casefold() or not _together(one.at, at):
        return False
    return _bare(one.text, number) == _bare(text, number)


def _bare(text: str, number: str) -> str:
    return " ".join(text.split()).removeprefix(number).lstrip(" :-")


def _together(at: str, other: str) -> bool:
    one, another = moment_of(at), moment_of(other)
    return abs(one - another) <= _TOGETHER if one and another else at == other
