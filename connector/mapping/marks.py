"""Marks: what the connector leaves on ServiceNow records, so that truth survives the loss of its own memory.

- `correlation_id` of a work order is its key: who asked for it, by which row, and when. It is also the source of the
  `sys_id` the work order is created with, so that a repeated insert collides instead of doubling.
- `correlation_display` says which order version and which field values were last carried, and after how many updates;
  or that a person has let go of the work order (detached), or has given it to an order (adopted).
- A note ends in a token: the fingerprint of the note's own key. One that carries what people wrote on the other side goes on
  with a token for each of theirs.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWNER = "om-fsm"
MAX_LENGTH = 100  # of correlation_id and correlation_display on task tables
ROW_ID = re.compile(r"[A-Za-z0-9_-]{1,30}")
INSTANCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")

_ASKED = "~"  # no row of a policy begins with it
_COUNT = "(0|[1-9][0-9]*)"  # the very digits we write, so that a text and its meaning are one to one
_AGAIN = "[0-9a-f]{5}"
_KEY = re.compile(rf"{OWNER}:([a-z0-9-]+):([0-9A-Za-z]{{32}}):(~?[A-Za-z0-9_-]+):{_COUNT}:{_COUNT}(?::({_AGAIN}))?")
_DISPLAY = re.compile(rf"{OWNER} v{_COUNT} ([0-9a-f]{{12}})(?: u([1-9][0-9]*))?( withdrawn)?( detached)?( warned)?")
_ADOPTED = f"{OWNER} adopted"
_DETACHED = f"{OWNER} detached"
SETTLED = f"{OWNER} settled"
"""The `correlation_display` of a fallout that the connector closed."""
ON_HOLD = f"{OWNER} on hold"
"""The `correlation_display` of one whose order task was On hold already, for another reason than fallouts, when it was raised."""
_FALLOUT = re.compile(rf"({OWNER}:fallout:[0-9a-f]{{8}}:[0-9a-f]{{20}}):{_COUNT}")
_TOKENS = re.compile(rf"\[{OWNER} ([0-9a-f]{{10}}(?: [0-9a-f]{{10}})*)\]")


@dataclass(frozen=True, slots=True)
class WorkOrderKey:
    """The identity of one intended work order."""

    om: str  # name of the OM instance
    initiator_id: str
    row: str
    ordinal: int
    version: int  # the order version it was first wanted at; 0 where a person asked for it
    again: str = ""  # where it is in the place of another visit: which, and which end of it

    def __str__(self) -> str:
        again = f":{self.again}" if self.again else ""
        return f"{prefix(self.om, self.initiator_id)}{self.row}:{self.ordinal}:{self.version}{again}"

    @classmethod
    def asked_for(cls, om: str, initiator_id: str, template: str, ordinal: int) -> WorkOrderKey:
        """The key of a work order that a person asks for: always the same, so that asking again makes no second one."""
        row = hashlib.sha256(" ".join(template.casefold().split()).encode()).hexdigest()[:8]
        return cls(om, initiator_id, f"{_ASKED}{row}", ordinal, 0)

    def after(self, notes: int) -> WorkOrderKey:
        """The key of the visit in the place of this one, when it had ended as its so many-th status note told.

        0: when the connector had canceled it.
        """
        return replace(self, again=hashlib.sha256(f"{self}/{notes}".encode()).hexdigest()[:5])

    @property
    def is_asked_for(self) -> bool:
        """Whether a person asked for it, and no row of a policy."""
        return self.row.startswith(_ASKED)

    @classmethod
    def parse(cls, text: str) -> WorkOrderKey | None:
        """The key in a `correlation_id`, or None when it is not one of ours."""
        found = _KEY.fullmatch(text)
        if not found:
            return None
        om, initiator, row, ordinal, version, again = found.groups()
        return cls(om, initiator, row, int(ordinal), int(version), again or "")


def prefix(om: str, initiator_id: str) -> str:
    """What the keys of all work orders of one initiator begin with."""
    return f"{OWNER}:{om}:{initiator_id}:"


def sys_id_of(key: str) -> str:
    """The sys_id a work order with this key is created with: 32 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Carried:
    """The content of `correlation_display`: order version and fingerprint of the fields as last sent, by which update."""

    version: int
    digest: str
    withdrawn: bool = False
    updates: int = 0
    detached: bool = False
    warned: bool = False  # the dispatcher was asked to wait

    def __str__(self) -> str:
        updates = f" u{self.updates}" if self.updates else ""
        ends = f"{' withdrawn' if self.withdrawn else ''}{' detached' if self.detached else ''}{' warned' if self.warned else ''}"
        return f"{OWNER} v{self.version} {self.digest}{updates}{ends}"

    @classmethod
    def parse(cls, text: str) -> Carried | None:
        """What a `correlation_display` says, or None when it is not ours."""
        found = _DISPLAY.fullmatch(text)
        if not found:
            return None
        return cls(int(found[1]), found[2], bool(found[4]), int(found[3] or 0), bool(found[5]), bool(found[6]))


def number_in(names: str) -> str:
    """The number that a person typed into a `correlation_id`, to compare with: in whatever case, with blanks about it or not."""
    return names.strip().casefold()


def is_detached(display: str) -> bool | None:
    """Whether a `correlation_display` says that a person has let go of the work order; None when it says nothing of that."""
    if display in (_ADOPTED, _DETACHED):
        return display == _DETACHED
    mark = Carried.parse(display)
    return None if mark is None else mark.detached


def bound(display: str, *, detached: bool) -> str | None:
    """The same `correlation_display`, saying that a person let go of the work order, or that it belongs to its order.

    None where the column holds something that is not ours.
    """
    mark = Carried.parse(display)
    if mark is not None:
        return str(replace(mark, detached=detached))
    if display in ("", _ADOPTED, _DETACHED):
        return _DETACHED if detached else _ADOPTED
    return None


def fallout_mark(occasion: str, fsm: str) -> str:
    """What the `correlation_id` of every fallout about this occasion begins with; a colon and a number follow.

    `fsm` is the Field Service: another one that serves the same Order Management has a connector, and fallouts, of its own.
    """
    return f"{_fallouts_of(fsm)}{hashlib.sha256(occasion.encode()).hexdigest()[:20]}"


def fallout_of(names: str, fsm: str = "") -> str:
    """The mark in the `correlation_id` of a fallout; empty when no connector raised it, or not the one to this `fsm`."""
    found = _FALLOUT.fullmatch(names)
    return found[1] if found and (not fsm or names.startswith(_fallouts_of(fsm))) else ""


def fallout_number(names: str) -> int:
    """The how many-th of its mark a fallout is; 0 when no connector raised it."""
    found = _FALLOUT.fullmatch(names)
    return int(found[2]) if found else 0


def _fallouts_of(fsm: str) -> str:
    return f"{OWNER}:fallout:{hashlib.sha256(fsm.encode()).hexdigest()[:8]}:"


def digest_of(fields: Mapping[str, str]) -> str:
    """A short fingerprint of field values, the same for the same values in any order."""
    text = json.dumps(dict(sorted(fields.items())), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def token_of(key: str) -> str:
    """The token of a note: ten hexadecimal digits of its key's fingerprint."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]


def signed(text: str, key: str, carries: Iterable[str] = ()) -> str:
    """The note's text with its token at the end, and those of the notes it carries."""
    return f"{text}\n[{OWNER} {' '.join((token_of(key), *carries))}]"


def tokens_in(journal: str) -> frozenset[str]:
    """Every token of ours that occurs in a journal text."""
    return frozenset(token for found in _TOKENS.findall(journal) for token in found.split())


def own_token_in(line: str) -> str:
    """The token of the note of ours that ends with this line; empty when the line is no such end."""
    found = _TOKENS.fullmatch(line.strip())
    return found[1].split()[0] if found else ""


def is_signed(text: str) -> bool:
    """Whether a note ends as ours do, whoever wrote it: one of ours, a copy, or one that quotes ours at its end."""
    return bool(own_token_in(text.rstrip().rpartition("\n")[2]))


def status_key(work_order_id: str, number: int | str = "", state: str = "") -> str:
    """The key of the n-th status note about a work order; without them its beginning."""
    return f"status/{work_order_id}/{number}/{state}" if number else f"status/{work_order_id}/"


def farewell_key(work_order_id: str, number: int | str = "") -> str:
    """The key of the note that a work order is gone from here, after so many status notes; without them its beginning."""
    return f"detached/{work_order_id}/{number}"


def anew_key(work_order_id: str, number: int) -> str:
    """What the note carries that tells that a visit is made anew, after its end that its so many-th status note told."""
    return f"anew/{work_order_id}/{number}"


def refusal_key(cancellation: str) -> str:
    """What the note carries that tells that Field Service refused this cancellation."""
    return f"{cancellation}/refused"


def called_off_key(work_order_id: str, initiator_id: str, version: int) -> str:
    """The key of the note that what a work order made by hand is for was canceled, at this version of the order."""
    return f"by-hand/{work_order_id}/{initiator_id}/canceled/{version}"


def updated_key(work_order_id: str, number: int) -> str:
    """The key of the note about the n-th update of a work order."""
    return f"updated/{work_order_id}/{number}"


def unlike_key(work_order_id: str, updates: int, number: int, what: str = "") -> str:
    """The key of the n-th note, after so many updates of a work order, that it is left as it is, or agrees with its order again;
    with `what` what that note carries: what it speaks of."""
    return f"unlike/{work_order_id}/{updates}/{number}{f'/{what}' if what else ''}"


def born_key(work_order_id: str) -> str:
    """What the first note about a work order carries, whatever state it speaks of."""
    return f"born/{work_order_id}"


def cancellation_key(work_order_id: str, version: int) -> str:
    """The key of the cancellation of a work order that this version of its order called for."""
    return f"cancel/{work_order_id}/{version}"


def said_key(target_id: str, source_id: str, text: str, occurrence: int) -> str:
    """The identity of a note on `source_id` that `target_id` is told of.

    By its text and the how many-th with that text it is, which any way of reading a journal shows alike.
    """
    words = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:20]
    return f"said/{target_id}/{source_id}/{words}/{occurrence}"


def before_key(said: str) -> str:
    """Everything that was written on the same record before this note."""
    return f"before/{said}"
