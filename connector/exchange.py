"""What passes between the engine and the two systems: plain values, so that neither side needs to import the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model import Observed


LONGEST_ASKED = 86_400.0
"""Seconds: an instance may ask to be left alone for no longer. More is a mistake, which must not stop anybody for good."""

WORK_ORDER = "work_order"
"""The part of Field Service that a sweep goes through."""

UNCOUNTED = -1
"""The count of updates of a record whose own cannot be read: nobody can tell whether it was changed, so it always counts as
changed."""

NOTE = "the note"
"""What `Written.refused` says of a note that is not in the journal, whatever the journal's column is called."""


@dataclass(frozen=True, slots=True)
class FeedId:
    """One watched table. A cursor is only valid for the `fingerprint` (instance, table, query) it was made with."""

    name: str
    fingerprint: str
    every: float = 0.0  # seconds: read no more often than this


@dataclass(frozen=True, eq=False, slots=True)
class Pointer:
    """What a reference column of a work order should point to: the text people read, and the facts its keys are taken from."""

    column: str
    text: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """One row a feed returned. `points_to` leads to its order: an order's sys_id (OM), a correlation id (FSM)."""

    sys_id: str
    mod_count: int
    updated_on: str  # UTC, "YYYY-MM-DD HH:MM:SS"
    points_to: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """As much of a record as tells whether it is still what it was: its count of updates, and its state for those who change
    a record without counting."""

    sys_id: str
    mod_count: int
    state: str


@dataclass(frozen=True, slots=True)
class SketchPage:
    """Some records of one part, in order of sys_id, and whether there are more after the last."""

    rows: tuple[Sketch, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A record that a look has read, and the order it belongs to. `is_open` says whether a sweep will meet it again."""

    part: str
    sketch: Sketch
    order_id: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What an instance made of a write. `refused` names the columns whose value did not come back as sent.

    Those in `unfound` were not sent: why the record they should refer to is not known there, in words.
    """

    sys_id: str
    number: str
    mod_count: int
    refused: tuple[str, ...] = ()
    transaction: str = ""
    made: tuple[str, ...] = ()  # records that had to be made first, in words
    unfound: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that writes, as it left, and what came back. Without secrets."""

    method: str
    url: str
    body: Mapping[str, Any]
    status: int  # 0 without an answer
    answer: str
    transaction: str
    outcome: str  # in words, where it was no success


@dataclass(frozen=True, slots=True)
class LineNow:
    """As much of a line and its order as says whether what was decided about it may still be carried out."""

    ponr: bool  # of the line or its order
    version: int  # of the order
    in_question: bool  # a revision or a cancellation is being assessed

    def still_allows(self, version: int, *, in_question: bool = False) -> bool:
        """Whether a change that was decided at this version of the order (and was it in question then?) may be sent."""
        return self.version == version and not self.ponr and (in_question or not self.in_question)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be what it should be; its whole order is left alone."""

    order_id: str
    number: str  # empty where only memory may know it
    why: str
    is_defect: bool = False  # of the connector, not of the record


@dataclass(frozen=True, slots=True)
class OrdersRead:
    """The answer to a look at orders: what was read (work orders still missing), and what could not be understood."""

    snapshots: tuple[Observed, ...]
    unreadable: tuple[Unreadable, ...] = ()
    records: tuple[Record, ...] = ()  # of the snapshots
