"""Encoded queries: the only place that builds them, and the check that an answer keeps to them.

ServiceNow silently drops a term it does not understand and runs the rest, so an answer may be the whole table. Therefore a
`Query` can also say whether a returned row satisfies it. Grammar: terms joined by `^`; `^OR` binds to the term before it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Op(Enum):
    """The operators the connector uses."""

    IS = "="
    IN = "IN"
    NOT_IN = "NOT IN"
    STARTS_WITH = "STARTSWITH"
    CONTAINS = "LIKE"
    AFTER = ">"
    FROM = ">="
    UNTIL = "<="
    NOT_EMPTY = "ISNOTEMPTY"


_HOLDS: Mapping[Op, Callable[[str, tuple[str, ...]], bool]] = {
    Op.IS: lambda found, wanted: found == wanted[0],
    Op.IN: lambda found, wanted: found in wanted,
    Op.NOT_IN: lambda found, wanted: found not in wanted,
    Op.STARTS_WITH: lambda found, wanted: found.startswith(wanted[0]),
    Op.CONTAINS: lambda found, wanted: wanted[0] in found,
    Op.AFTER: lambda found, wanted: found > wanted[0],
    Op.FROM: lambda found, wanted: found >= wanted[0],
    Op.UNTIL: lambda found, wanted: found <= wanted[0],
    Op.NOT_EMPTY: lambda found, wanted: found != "" and not wanted,
}


# The beginnings of values that the platform would read as part of a longer operator.
_CONTINUES: Mapping[Op, tuple[str, ...]] = {Op.AFTER: ("=",), Op.IN: ("_HIERARCHY",)}


_UNSENT = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, halves of characters, line and paragraph separators


def expressible(value: str, *, in_list: bool = False) -> bool:
    """Whether a value can stand in an encoded query and mean itself.

    `^` separates terms, a newline ends them, `javascript:` is evaluated on the server, a comma separates list members,
    and an empty value turns a comparison into a different one. What other controls and line separators would do is not known.
    """
    return bool(
        value
        and value == value.strip()
        and "^" not in value
        and (value.isprintable() or not _UNSENT.intersection(map(unicodedata.category, value)))
        and not value.casefold().startswith("javascript:")
        and not (in_list and "," in value)
    )


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison. Raises ValueError when a value cannot be expressed."""

    field: str
    op: Op
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fits = {Op.NOT_EMPTY: not self.values, Op.IN: bool(self.values), Op.NOT_IN: bool(self.values)}
        if not fits.get(self.op, len(self.values) == 1):
            raise ValueError(f"{self.field} {self.op.value} does not compare with {len(self.values)} values")
        if self.values and self.values[0].startswith(_CONTINUES.get(self.op, ())):
            raise ValueError(f"{self.values[0]!r} would turn {self.op.value} into another operator")
        for value in self.values:
            if not expressible(value, in_list=self.op in (Op.IN, Op.NOT_IN)):
                raise ValueError(f"{value!r} cannot be expressed in a query on {self.field}")

    def __str__(self) -> str:
        return f"{self.field}{self.op.value}{','.join(self.values)}"

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether a row satisfies it. String comparison ignores case, as the platform's database does."""
        return _HOLDS[self.op](row[self.field].casefold(), tuple(v.casefold() for v in self.values))


@dataclass(frozen=True, slots=True)
class Query:
    """Every group must hold; of a group's terms at least one."""

    groups: tuple[tuple[Term, ...], ...] = ()

    def where(self, field: str, op: Op, *values: str) -> Query:
        """This query, and one more comparison."""
        return self.either(Term(field, op, values))

    def either(self, *terms: Term) -> Query:
        """This query, and at least one of these terms. Raises ValueError when there is none."""
        if not terms:
            raise ValueError("a choice of nothing would be dropped by the instance")
        return Query((*self.groups, terms))

    def __str__(self) -> str:
        return "^".join("^OR".join(str(term) for term in group) for group in self.groups)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it compares."""
        return tuple(dict.fromkeys(term.field for group in self.groups for term in group))

    def accepts(self, row: Mapping[str, str]) -> bool:
        """Whether a returned row satisfies the question it was returned for."""
        return all(any(term.holds(row) for term in group) for group in self.groups)


def chunks(values: Iterable[str], budget: int) -> Iterator[tuple[str, ...]]:
    """Split list members so that each chunk, URL-encoded and comma-separated, stays within `budget` bytes."""
    chunk: list[str] = []
    used = 0
    for value in dict.fromkeys(values):
        size = len(quote_plus(value)) + len("%2C")
        if chunk and used + size > budget:
            yield tuple(chunk)
            chunk, used = [], 0
        chunk.append(value)
        used += size
    if chunk:
        yield tuple(chunk)
