"""Records of the FSM instance, by what they are known by on the OM instance. Never a guess.

A record counts only when it is the only one with a key, and no surer key says that it is another. Many are looked up
together before a set of writes (`prepare`), and believed for a while; what was not found is looked up again.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.errors import Denied, Duplicate, Rejected, RemoteError
from connector.mapping.facts import fill
from connector.mapping.marks import OWNER, sys_id_of
from connector.mapping.references import SYS_ID, Lookup, Unfound, in_words
from connector.mapping.refusal import PUT_RIGHT
from connector.servicenow.query import Op, Term, expressible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from connector.servicenow.table import Row, TableApi

_BELIEVED = timedelta(minutes=5)  # by the instance's clock
_BEGINNING = 3  # characters: of a value that cannot be asked for, so much of its beginning must be askable

Keys = tuple["Mapping[str, str]", ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a look-up: a sys_id, or how many there are of what should be one, or why nobody can tell."""

    sys_id: str = ""
    several: int = 0
    doubt: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether no such record exists, for sure."""
        return not (self.sys_id or self.several or self.doubt)

    def why_not(self, described: str) -> str:
        """Why nothing is found, in the words of those who read notes; "" where something is."""
        if self.doubt:
            return f"Field Service cannot be asked for the {described}: {self.doubt}"
        if self.several:
            return f"Field Service has {self.several} records for the {described}"
        return "" if self.sys_id else f"Field Service has no {described}"


_NOT_ASKED = Found(doubt="it did not answer")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reference to be filled: the column, the text people read, and the facts its keys are taken from."""

    column: str
    text: str
    facts: Mapping[str, str]


class References:
    """Resolves reference columns of work orders by business key. Safe to use from several threads."""

    def __init__(self, api: TableApi, lookups: Mapping[str, Lookup]) -> None:
        self._api = api
        self._lookups = lookups
        self._known: dict[tuple[str, str], tuple[Found, datetime]] = {}
        self._making = threading.Lock()

    def is_reference(self, column: str) -> bool:
        """Whether a column is filled by looking up a record."""
        return column in self._lookups

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Look these up together. What cannot be looked up now, the write that needs it tries by itself."""
        self._forget()
        self._learn(wanted)

    def missing_now(self, wanted: Iterable[Wanted]) -> list[str]:
        """Why each of these is not found, from what is believed or asked now, many together; "" for one that is."""
        each = list(wanted)
        self._learn(each)
        keys = ((one.column, self._lookups[one.column].keys(one.text, one.facts)) for one in each)
        found = (self._remembered(column, of) or _NOT_ASKED for column, of in keys)
        return [one.why_not(self.described(what)) for one, what in zip(found, each, strict=True)]

    def described(self, wanted: Wanted) -> str:
        """The record that is meant, in words."""
        return self._lookups[wanted.column].described(wanted.column, wanted.text, wanted.facts)

    def _learn(self, wanted: Iterable[Wanted]) -> None:
        by_column: dict[str, dict[str, Keys]] = {}
        for one in wanted:
            keys = self._lookups[one.column].keys(one.text, one.facts)
            if self._remembered(one.column, keys) is None:
                by_column.setdefault(one.column, {})[_text(keys)] = keys
        for column, several in by_column.items():
            with contextlib.suppress(RemoteError):
                self._look_up(column, several.values())

    def fill(self, wanted: Wanted) -> tuple[Found, str]:
        """The record (where there is none, the column is left out), and what was made for it. Raises Rejected to ask a person."""
        lookup = self._lookups[wanted.column]
        found = self.find(wanted)
        if found.sys_id:
            return found, ""
        wish = lookup.missing if found.is_missing else lookup.ambiguous
        if wish is Unfound.CREATE and found.is_missing:
            return Found(self._make(lookup, wanted)), f"{in_words(wanted.column)} {wanted.text!r}"
        if wish is Unfound.ASK:
            raise Rejected(f"{self._api.endpoint.name}: {found.why_not(self.described(wanted))}.", hint=PUT_RIGHT)
        return found, ""

    def find(self, wanted: Wanted) -> Found:
        """The one record that is meant, from what is believed or asked now."""
        keys = self._lookups[wanted.column].keys(wanted.text, wanted.facts)
        remembered = self._remembered(wanted.column, keys)
        return remembered if remembered is not None else self._look_up(wanted.column, [keys])[_text(keys)]

    def _forget(self) -> None:
        """What was not found, and what is not believed any more."""
        newest = max((at for _, at in self._known.values()), default=None)
        self._known = {
            key: (found, at)
            for key, (found, at) in self._known.items()
            if found.sys_id and newest is not None and newest - at <= _BELIEVED
        }

    # --- looking up ----------------------------------------------------------------------------------------

    def _remembered(self, column: str, keys: Keys) -> Found | None:
        if keys and SYS_ID in keys[0]:
            return Found(keys[0][SYS_ID])
        found, at = self._known.get((column, _text(keys)), (None, None))
        if found is None or at is None or abs(self._api.server_time - at) > _BELIEVED:
            return None
        return found

    def _look_up(self, column: str, wanted: Collection[Keys]) -> dict[str, Found]:
        """Each of these, asked set by set: what the surest does not tell is asked by the next."""
        lookup = self._lookups[column]
        found: dict[str, Found] = {}
        doubts: dict[str, Found] = {}
        answers = _Answers(lambda first, values: self._rows(lookup, first, values))
        for columns in lookup.by:
            pending = {_text(k): k for k in wanted if _text(k) not in found and any(set(s) == set(columns) for s in k)}
            if not pending:
                continue
            if not answers.ask(columns[0], {_of(k, columns)[columns[0]] for k in pending.values()}):
                refused = Found(doubt=f"the connector's user may not look it up by its {in_words(columns[0])}")
                doubts |= dict.fromkeys(pending, refused)
                continue
            for text, keys in pending.items():
                one = _one(lookup, keys, columns, answers)
                if one.sys_id:
                    found[text] = one
                elif not one.is_missing:
                    doubts[text] = one
        answers.require_one()
        for keys in wanted:
            text = _text(keys)
            if text not in found:
                found[text] = doubts.get(text, Found() if keys else _unknowable(lookup))
            self._known[column, text] = found[text], self._api.server_time
        return found

    def _rows(self, lookup: Lookup, column: str, values: Collection[str]) -> Iterator[Row]:
        """Every record one of these values may stand for, many per request."""
        plain = [value for value in values if expressible(value, in_list=True)]
        yield from self._api.scan_in(lookup.table, column, plain, lookup.columns)
        terms = [_term(column, value) for value in values if value not in plain and askable(value)]
        yield from self._api.scan_any(lookup.table, terms, lookup.columns)

    # --- making --------------------------------------------------------------------------------------------

    def _make(self, lookup: Lookup, wanted: Wanted) -> str:
        """A minimal record. Its sys_id follows from its key, so that the same record made twice collides; where the instance
        drops the sys_id, the key itself is what it is found by."""
        keys = lookup.keys(wanted.text, wanted.facts)
        with self._making:
            self._known.pop((wanted.column, _text(keys)), None)
            again = self.find(wanted)  # another thread may have been quicker
            if again.sys_id:
                return again.sys_id
            sys_id = sys_id_of(f"{OWNER}:{lookup.table}:{_text(keys[:1])}")
            values = {**{c: v for one in keys for c, v in one.items() if "." not in c}, lookup.shown_as: wanted.text}
            values |= self._described(lookup, wanted)
            try:
                row = self._api.insert(lookup.table, {SYS_ID: sys_id, **values})
            except Duplicate:
                kept = self._api.read_one(lookup.table, sys_id, lookup.columns)
                if kept is None:
                    raise
                row = kept
            if dropped := [c for c in keys[0] if "." not in c and _folded(row.get(c)) != _folded(values[c])]:
                raise Rejected(
                    f"{self._api.endpoint.name}: {lookup.table} {wanted.text!r} was made, but without {', '.join(dropped)}.",
                    hint="The connector's user needs to write what a record is found by; correct the record by hand.",
                )
            self._known[wanted.column, _text(keys)] = Found(row["sys_id"]), self._api.server_time
            return row["sys_id"]

    def _described(self, lookup: Lookup, wanted: Wanted) -> dict[str, str]:
        """The columns an administrator wants in a record that is made; references among them are looked up, not made."""
        values: dict[str, str] = {}
        for column, template in lookup.record.items():
            text = fill(template, wanted.facts).strip()
            if text and column in self._lookups:
                text = self.find(Wanted(column, text, wanted.facts)).sys_id
            if text:
                values[column] = text
        return values


class _Answers:
    """Records by the first column of a key, each value asked for once.

    A column that is not there, or that the user may not read, is passed over where another one tells.
    """

    def __init__(self, rows: Callable[[str, Collection[str]], Iterable[Row]]) -> None:
        self._rows = rows
        self._seen: dict[str, dict[str, list[Row]]] = {}
        self._refused: Denied | None = None

    def ask(self, column: str, values: Iterable[str]) -> bool:
        """Whether it could be asked."""
        seen = self._seen.get(column, {})
        new = {value for value in values if _folded(value) not in seen}
        try:
            rows = list(self._rows(column, new))
        except Denied as error:
            self._refused = error
            return False
        self._seen[column] = seen = {**seen, **{_folded(value): [] for value in new}}
        for row in rows:
            if (value := _folded(row.get(column))) in seen:
                seen[value].append(row)
        return True

    def of(self, column: str, value: str) -> list[Row]:
        """The records that say so."""
        return self._seen[column][_folded(value)]

    def require_one(self) -> None:
        """Raise Denied where nothing at all could be asked."""
        if self._refused and not self._seen:
            raise self._refused


def _unknowable(lookup: Lookup) -> Found:
    """The outcome where nothing is known that a record is looked up by."""
    ways = (" and ".join(map(in_words, columns)) for columns in lookup.by)
    return Found(doubt=f"the order does not say its {', or '.join(ways)}")


def _one(lookup: Lookup, keys: Keys, columns: tuple[str, ...], answers: _Answers) -> Found:
    """The one record these columns mean, or what keeps it from being told."""
    asked = _of(keys, columns)
    if not askable(asked[columns[0]]):
        return Found(doubt=f"no question can hold its {in_words(columns[0])}")
    surer = keys if lookup.fact else (asked,)  # a text may be any one of the keys: none speaks against another
    meant = {r["sys_id"] for r in answers.of(columns[0], asked[columns[0]]) if _is_meant(r, surer, asked)}
    return Found(meant.pop()) if len(meant) == 1 else Found(several=len(meant))


def _of(keys: Keys, columns: tuple[str, ...]) -> Mapping[str, str]:
    return next(one for one in keys if set(one) == set(columns))


def _is_meant(row: Row, keys: Keys, asked: Mapping[str, str]) -> bool:
    """Whether a record says what was asked for, and nothing surer contradicts."""
    surer: dict[str, str] = {}
    for one in keys:
        if one is asked:
            break
        surer |= one
    contradicted = any(row.get(c) and _folded(row.get(c)) != _folded(v) for c, v in surer.items() if c not in asked)
    return not contradicted and all(_folded(row.get(c)) == _folded(v) for c, v in asked.items())


def _term(column: str, value: str) -> Term:
    """What asks for a value that does not fit into a list: alone, or by its beginning, and compared here."""
    if expressible(value):
        return Term(column, Op.IS, (value,))
    return Term(column, Op.STARTS_WITH, (beginning(value),))


def beginning(value: str) -> str:
    """As much of a value as a query can hold, from its first character on."""
    end = len(value)
    while end and not expressible(value[:end].strip()):
        end -= 1
    return value[:end].strip()


def askable(value: str) -> bool:
    """Whether records with this value can be asked for, if only by its beginning."""
    return expressible(value) or len(beginning(value)) >= _BEGINNING


def _folded(value: str) -> str:
    return value.strip().casefold()


def _text(keys: Keys) -> str:
    return json.dumps([{c: _folded(v) for c, v in one.items()} for one in keys], ensure_ascii=False, sort_keys=True)
