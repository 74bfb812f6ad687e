"""Journals of records: who wrote what, in the order it was written.

The journal table tells it best: login, moment in UTC, text. It is often not readable for integration users, and then as
empty as a journal nobody wrote in; what a form shows of the same notes is the other way (names, moments in the reader's
zone and format, newest first). Which way serves is found out once: by a single row that can be read.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector.errors import Denied
from connector.model import JournalEntry
from connector.servicenow.lean import page
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from connector.servicenow.people import People
    from connector.servicenow.table import Row, TableApi

_TABLE = "sys_journal_field"
_A_FEW = 20  # rows: the platform cuts a page before it hides what the user may not see
_STAMP = "%Y-%m-%d %H:%M:%S"
# "2026-03-02 09:00:00 - Frank Miller (Work notes)", in whatever format the reader has for dates.
_HEAD = re.compile(r"^(\d\S* \S+(?: [AaPp][Mm])?) - (.+) \([^()]+\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Written:
    """One note before it has its place among the others of its record."""

    at: str
    turn: int  # among notes whose moments say nothing about their order
    by: str
    text: str
    is_comment: bool
    is_ours: bool


class Journals:
    """The journals of one instance: `notes` is the column of the private one, `comments` of the one customers read ("": none),
    `me` the connector's own login as far as the configuration tells it."""

    def __init__(self, api: TableApi, people: People, notes: str, me: str = "", *, comments: str = "") -> None:
        self._api = api
        self._notes = notes
        self._comments = comments if comments != notes else ""
        self._people = people
        self._ours = {me} - {""}
        self._is_readable = False  # the table, as far as anybody has seen a row of it

    def wrote(self, row: Row) -> None:
        """An answer to a write of ours: whoever the instance says updated the record is us."""
        self._ours |= {row.get("sys_updated_by")} - {""}

    def is_ours(self, login: str) -> bool:
        """Whether this is the connector's own account, as far as that is known."""
        return login in self._ours

    @property
    def knows_itself(self) -> bool:
        """Whether the connector's own account is known: the configuration tells it, or an answer to a write has."""
        return bool(self._ours)

    def holding(
        self, phrase: str, records: Mapping[str, Iterable[str]], is_enough: Callable[[str], bool] | None = None
    ) -> dict[str, str]:
        """The work notes that hold this phrase, run together, of each of these records (table -> sys_ids).

        Whatever is shown, both ways. Who looks for something says when it `is_enough`: then the other way is not asked, and a
        record is missing where that was not found and neither way shows everything: the column is hidden or shows less than
        the table, and of the entries in the table none are shown, or fewer than there are. What may not be read is not empty.
        """
        ids = [sys_id for members in records.values() for sys_id in members]
        base = Query().where("element", Op.IS, self._notes).where("value", Op.CONTAINS, phrase)
        told: dict[str, list[str]] = {}
        hidden = 0
        with contextlib.suppress(Denied):
            rows, hidden = self._api.scan_whole(_TABLE, "element_id", ids, ["value"], base=base)
            for row in rows:
                told.setdefault(row["element_id"], []).append(row["value"])
        found = {sys_id: "\n".join(entries) for sys_id, entries in told.items()}
        sure = {sys_id for sys_id, text in found.items() if is_enough is not None and is_enough(text)}
        known = sure if hidden else set(found)
        for table, members in records.items():
            for row in self._api.scan_in(table, "sys_id", [one for one in members if one not in sure], [self._notes]):
                if self._notes not in row.values:
                    continue
                sys_id, form = row["sys_id"], row.display(self._notes)
                entries = told.get(sys_id, [])
                found[sys_id] = "\n".join((*entries, form))
                if _shows(form, entries) and (form or not hidden):
                    known = known | {sys_id}
        if is_enough is None:
            return found
        return {sys_id: text for sys_id, text in found.items() if sys_id in known or is_enough(text)}

    def read(
        self, records: Mapping[str, Iterable[str]], *, comments: bool = False
    ) -> dict[str, tuple[JournalEntry, ...]]:
        """The notes on these records (table -> sys_ids), oldest first; customer-visible comments among them where wanted."""
        elements = (self._notes, self._comments) if comments and self._comments else (self._notes,)
        if self._can_read_table():
            return self._from_table([sys_id for members in records.values() for sys_id in members], elements)
        return {
            sys_id: entries
            for table, members in records.items()
            for sys_id, entries in self._as_shown(table, members, elements).items()
        }

    def _can_read_table(self) -> bool:
        """Whether any entry at all is shown. An instance without a single note tells as little as one that hides them."""
        if not self._is_readable:
            with contextlib.suppress(Denied):
                rows, _ = page(self._api, _TABLE, str(Query().where("element", Op.IS, self._notes)), ["sys_id"], _A_FEW)
                self._is_readable = bool(rows)
        return self._is_readable

    def _from_table(self, ids: Iterable[str], elements: Sequence[str]) -> dict[str, tuple[JournalEntry, ...]]:
        base = Query().where("element", Op.IN, *elements)
        columns = ["value", "sys_created_on", "sys_created_by"]
        wanted = list(dict.fromkeys(ids))
        rows = list(self._api.scan_in(_TABLE, "element_id", wanted, columns, base=base))
        self._people.learn({row.get("sys_created_by") for row in rows})
        found: dict[str, list[_Written]] = {sys_id: [] for sys_id in wanted}
        for row in rows:
            login = row.get("sys_created_by")
            note = _Written(
                row.get("sys_created_on"),
                0,
                self._people.name(login),
                row.get("value"),
                row["element"] == self._comments,
                login in self._ours,
            )
            found[row["element_id"]].append(note)
        return {sys_id: _in_order(notes) for sys_id, notes in found.items()}

    def _as_shown(self, table: str, ids: Iterable[str], elements: Sequence[str]) -> dict[str, tuple[JournalEntry, ...]]:
        self._people.learn(set(self._ours))
        ours = {self._people.name(login) for login in self._ours}
        found: dict[str, tuple[JournalEntry, ...]] = {}
        for row in self._api.scan_in(table, "sys_id", ids, [*elements, "sys_updated_on"]):
            east = _east_of_utc(row)
            notes = [
                _Written(at, turn, by, text, element == self._comments, by in ours)
                for element in elements
                for turn, (at, by, text) in enumerate(_in_utc(shown(row.display(element)), east))
            ]
            found[row["sys_id"]] = _in_order(notes)
        return found


def _shows(form: str, entries: Iterable[str]) -> bool:
    """Whether a form shows all these entries, whatever it makes of blanks and line ends."""
    text = " ".join(form.split())
    return all(" ".join(entry.split()) in text for entry in entries)


def shown(history: str) -> list[tuple[str, str, str]]:
    """What a journal field shows, newest note first, as (moment as shown, author, text), oldest first.

    >>> shown("2026-03-02 09:01:00 - Frank Miller (Work notes)\\nrelease gate\\n\\n2026-03-02 09:00:00 - om (Work notes)\\nhello")
    [('2026-03-02 09:00:00', 'om', 'hello'), ('2026-03-02 09:01:00', 'Frank Miller', 'release gate')]
    """
    pieces = _HEAD.split(history.replace("\r\n", "\n"))[1:]
    entries = list(zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True))
    return [(at, by, text.strip()) for at, by, text in reversed(entries)]


def _in_order(notes: Iterable[_Written]) -> tuple[JournalEntry, ...]:
    """Those of one second share a rank where only the moment tells their order."""
    ordered = sorted(notes, key=lambda note: (note.at, note.turn, note.by, note.text))
    ranks = {place: rank for rank, place in enumerate(sorted({(note.at, note.turn) for note in ordered}))}
    return tuple(
        JournalEntry(ranks[note.at, note.turn], note.by, note.text, note.at, note.is_comment, note.is_ours)
        for note in ordered
    )


def _east_of_utc(row: Row) -> timedelta | None:
    """How far the reader's clock is ahead of UTC, from a date-time that was read both ways; None in a strange format."""
    try:
        shown_at = datetime.strptime(row.display("sys_updated_on"), _STAMP).replace(tzinfo=UTC)
        return shown_at - datetime.strptime(row.get("sys_updated_on"), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _in_utc(entries: Iterable[tuple[str, str, str]], east: timedelta | None) -> Iterator[tuple[str, str, str]]:
    """Entries of one field, oldest first, with their moments in UTC; left as they are where that cannot be told.

    None is older than the one before it: in autumn one hour of the reader's clock comes twice.

    >>> list(_in_utc([("2026-10-25 02:50:00", "om", "told"), ("2026-10-25 02:10:00", "Mia", "decided")], timedelta(hours=1)))
    [('2026-10-25 01:50:00', 'om', 'told'), ('2026-10-25 01:50:00', 'Mia', 'decided')]
    """
    latest = ""
    for at, by, text in entries:
        moment = at
        if east is not None:
            with contextlib.suppress(ValueError):
                moment = (datetime.strptime(at, _STAMP).replace(tzinfo=UTC) - east).strftime(_STAMP)
                latest = moment = max(moment, latest)
        yield moment, by, text
