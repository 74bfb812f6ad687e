"""What wire records of both systems have in common: strict types for what a Table API row may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from connector.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.servicenow.table import Row

SysId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{32}$")]
Number = Annotated[str, StringConstraints(min_length=1)]
Flag = Annotated[bool, BeforeValidator(lambda value: value or False)]
Count = Annotated[int, BeforeValidator(lambda value: value or 0)]


class Wire(BaseModel):
    """One row by the parts its columns play. Raises pydantic.ValidationError when it cannot be what it should be."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sys_id: SysId
    number: Number
    state: str = ""
    state_label: str = ""


class Parts:
    """One row, asked for by part instead of by column."""

    def __init__(self, row: Row, columns: Mapping[str, str]) -> None:
        self._row = row
        self._columns = columns

    def value(self, part: str) -> str:
        """The stored value."""
        return self._row.get(self._columns[part])

    def label(self, part: str) -> str:
        """The value as people see it."""
        return self._row.display(self._columns[part])

    def ref(self, part: str) -> Ref:
        """A reference with its name."""
        sys_id = self.value(part)
        return Ref(sys_id, self.label(part)) if sys_id else Ref()

    def common(self) -> dict[str, Any]:
        """What every `Wire` holds."""
        return {
            "sys_id": self._row["sys_id"],
            "number": self.value("number"),
            "state": self.value("state"),
            "state_label": self.label("state"),
        }


def why_not(error: ValidationError) -> str:
    """The first thing that is wrong with a row."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']} (found {first['input']!r})"
