"""Business keys: how a record that Order Management names is found on the Field Service instance. Pure.

A sys_id means nothing on the other instance, so a record is known by columns that say the same on both: number, email, serial
number, external id, or a name together with what it belongs to. The surest come first. Where both are one instance, the
sys_id itself is the surest of all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from connector.mapping.facts import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

SYS_ID = "sys_id"


def no_key(text: str) -> str:
    """What is wrong with a key as people write it; empty where nothing is.

    >>> no_key("name + parent.name"), no_key("name, city")
    ('', 'write a column, or columns that count together, as "name + parent.name"')
    """
    columns = [column.strip() for column in text.split("+")]
    if SYS_ID in columns:
        return "a sys_id means nothing on the other instance; on one instance it is used by itself"
    if not all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", column) for column in columns):
        return 'write a column, or columns that count together, as "name + parent.name"'
    return ""


def in_words(column: str) -> str:
    """A column as people call it.

    >>> in_words("serial_number"), in_words("account.name"), in_words("u_site")
    ('serial number', 'account', 'site')
    """
    return column.removesuffix(".name").replace(".u_", ".").removeprefix("u_").replace(".", " ").replace("_", " ")


class Unfound(Enum):
    """What to do about a reference that cannot be filled."""

    BLANK = "blank"  # leave it empty, and say so
    ASK = "ask"  # write nothing until a person has put it right
    CREATE = "create"  # make a minimal record (only of what is missing)


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a reference column is filled.

    `by` are sets of columns that each name one record, the surest first. `shown_as` is the column that people read as the
    record's name. `fact` is the fact whose record on the OM side is meant; without one there is only a text.
    """

    table: str
    by: tuple[tuple[str, ...], ...] = (("name",),)
    shown_as: str = "name"
    missing: Unfound = Unfound.BLANK
    ambiguous: Unfound = Unfound.BLANK
    record: Mapping[str, str] = field(default_factory=dict)  # column of a record that is made -> text with {facts}
    fact: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is compared."""
        return tuple(dict.fromkeys(column for one in self.by for column in one))

    @property
    def written(self) -> tuple[str, ...]:
        """The keys as the configuration writes them: "name + parent.name"."""
        return tuple(" + ".join(one) for one in self.by)

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns of the record on the OM side that must be known besides its name."""
        of_record = [n.removeprefix(f"{self.fact}.") for t in self.record.values() for n in self._own_placeholders(t)]
        compared = [column for column in self.columns if column != self.shown_as]
        return tuple(dict.fromkeys([*compared, *of_record])) if self.fact else ()

    def _own_placeholders(self, template: str) -> Iterator[str]:
        return (name for name in placeholders(template) if name.startswith(f"{self.fact}."))

    @property
    def made(self) -> tuple[str, ...]:
        """The columns that are filled in a record that is made, besides its sys_id."""
        compared = self.columns if self.fact else tuple(one[0] for one in self.by if len(one) == 1)
        own = (column for column in (*compared, self.shown_as, *self.record) if "." not in column)
        return tuple(dict.fromkeys(column for column in own if column != SYS_ID))

    def keys(self, text: str, facts: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
        """The sets of columns with what each must say, of those where everything is known. A text that is no record's on the
        other side may be any one of the columns, and says nothing of two."""
        if not self.fact:
            return tuple({one[0]: text.strip()} for one in self.by if len(one) == 1 and text.strip())
        sets = ({column: self._value(column, text, facts) for column in one} for one in self.by)
        return tuple(one for one in sets if all(one.values()))

    def _value(self, column: str, text: str, facts: Mapping[str, str]) -> str:
        if column == self.shown_as:
            return text.strip()
        return facts.get(f"{self.fact}.{column}", "").strip()

    def described(self, column: str, text: str, facts: Mapping[str, str]) -> str:
        """The record that is meant, as the order says it: "location Main Office (city Hamburg)"."""
        known = {one: value for keys in self.keys(text, facts) for one, value in keys.items()}
        more = [
            f"{in_words(one)} {value}" for one, value in known.items() if value.casefold() != text.strip().casefold()
        ]
        kind = "work order template" if column == "template" else in_words(column)
        return f"{kind} {text.strip()}" + (f" ({', '.join(more)})" if more and SYS_ID not in known else "")

    def on_one_instance(self) -> Lookup:
        """The same where both sides are one instance: what the order points to is what the work order points to."""
        return replace(self, by=((SYS_ID,), *self.by)) if self.fact else self
