"""What wire records of both systems have in common: strict types for what a Table API row may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from connector.exchange import UNCOUNTED
from connector.model import Reads, Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.servicenow.table import Row

MOST_COUNTED = 2**31 - 1  # what an integer column of an instance, and of memory, can hold
_SYS_ID = re.compile(r"[0-9A-Za-z]{32}")
SysId = Annotated[str, StringConstraints(pattern=rf"^{_SYS_ID.pattern}$")]
Number = Annotated[str, StringConstraints(min_length=1)]
Flag = Annotated[bool, BeforeValidator(lambda value: value or False)]
Count = Annotated[int, BeforeValidator(lambda value: value or 0), Field(ge=UNCOUNTED, le=MOST_COUNTED)]


def count_of(text: str) -> int:
    """A `sys_mod_count` as stored; UNCOUNTED where it is no number. What is wrong with one row must not end a scan of many.

    >>> [count_of(text) for text in ("1204", "", "1,204", "9999999999")]
    [1204, 0, -1, -1]
    """
    if not text:
        return 0
    is_count = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_COUNTED)) and int(text) <= MOST_COUNTED
    return int(text) if is_count else UNCOUNTED


class Wire(BaseModel):
    """One row by the parts its columns play. Raises pydantic.ValidationError when it cannot be what it should be."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sys_id: SysId
    number: Number
    state: str = ""
    state_label: str = ""


class MissingColumn(ValueError):
    """A column that was asked for is not in the row: the user may not read it, or it does not exist."""


def asked(columns: Mapping[str, str]) -> list[str]:
    """The columns behind the parts; a part without a column (configured as "") is not asked for."""
    return [column for column in columns.values() if column]


class Parts:
    """One row, asked for by part instead of by column.

    An empty field is sent as an empty text; one the user may not read is simply absent, and absence is not emptiness.
    """

    def __init__(self, row: Row, columns: Mapping[str, str]) -> None:
        self._row = row
        self._columns = columns
        self.unshown: list[str] = []  # what was asked for, is set, and is not shown: see `label`

    def value(self, part: str) -> str:
        """The stored value. Raises MissingColumn."""
        return self._row.get(self._column(part))

    def label(self, part: str, fact: str = "") -> str:
        """The value as people see it. Raises MissingColumn.

        Empty where it points to a record that was deleted or may not be seen: then nobody knows what it says, and `unshown`
        has it, as this fact where that is called differently.
        """
        return self._shown(self._column(part), fact or part)

    def _shown(self, column: str, what: str, *, refers: bool = False) -> str:
        shown, stored = self._row.display(column), self._row.get(column)
        if refers and shown == stored and _SYS_ID.fullmatch(stored):
            shown = ""
        if not shown.strip() and stored:
            self.unshown.append(what)
        return shown

    def _column(self, part: str) -> str:
        column = self._columns[part]
        if column and column not in self._row.values:
            raise MissingColumn(
                f'the column {column!r} cannot be read (without it, set {part} = "" in the configuration)'
            )
        return column

    def more(self, facts: Mapping[str, tuple[str, Reads]], references: Collection[str] = ()) -> dict[str, str]:
        """Facts from columns outside the parts: fact -> (column, what is wanted of it). Raises MissingColumn.

        Of `references` the name is not known where the sys_id is shown in its place, as for `ref`.
        """
        for fact, (column, reads) in facts.items():
            if reads is not Reads.KEY and column not in self._row.values:
                raise MissingColumn(
                    f"the column {column!r} of the fact {fact!r} cannot be read, and a policy or a field uses it (without it,"
                    f' set {fact.replace(" ", "_")} = "" under [om.columns], or change [om.facts])'
                )
        return {
            fact: self._shown(column, fact, refers=fact in references)
            if reads is Reads.LABEL
            else self._row.get(column)
            for fact, (column, reads) in facts.items()
        }

    def known(self, part: str) -> str:
        """The stored value, nothing where it cannot be read or the part has no column. For naming things, never for deciding."""
        return self._row.get(self._columns.get(part, ""))

    def ref(self, part: str) -> Ref:
        """A reference with its name, which is not known where the sys_id is shown in its place."""
        sys_id, name = self.value(part), self.label(part)
        if sys_id and name == sys_id:
            self.unshown.append(part)
            name = ""
        return Ref(sys_id, name) if sys_id else Ref()

    def common(self) -> dict[str, Any]:
        """What every `Wire` holds."""
        return {
            "sys_id": self._row["sys_id"],
            "number": self.value("number"),
            "state": self.value("state"),
            "state_label": self._row.display(self._column("state")),
        }


NOT_UNDERSTOOD = (ValidationError, MissingColumn)
"""What a row raises that cannot be what it should be."""


def why_not(error: ValidationError | MissingColumn) -> str:
    """The first thing that is wrong with a row."""
    if isinstance(error, MissingColumn):
        return str(error)
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']} (found {first['input']!r})"
