"""ServiceNow's own "Work Order Policy" decisions as rows of our table. Pure.

A decision's condition is an encoded query over its inputs. What it says is carried exactly or not at all: a decision that
cannot be carried is named with the reason, and leaves a place in the table that a person must fill.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.dmn.conditions import ANYTHING, Compare, Like, Not, OneOf
from connector.mapping.dmn.table import DecisionTable, Entry, HitPolicy, Input, Output, Rule, fold
from connector.mapping.dmn.values import Kind
from connector.mapping.vocabulary import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.vocabulary import Vocabulary

_TERM = re.compile(
    r"([a-z0-9_.]+?)(NOT IN|NOT LIKE|ISNOTEMPTY|ISEMPTY|STARTSWITH|LIKE|CONTAINS|ANYTHING|!=|IN|=)(.*)", re.DOTALL
)
_SYS_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Decided:
    """One native decision, apart from where it was read."""

    label: str
    condition: str
    template: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The table, and the decisions it does not carry with the reason."""

    table: DecisionTable
    left_out: tuple[str, ...]


def carry(
    name: str,
    inputs: Mapping[str, tuple[str, str]],
    decisions: Iterable[Decided],
    vocabulary: Vocabulary,
    name_of: Callable[[str, str], str | None],
) -> Imported:
    """Our table with the native decisions. `name_of(table, sys_id)` says what a referenced record is called.

    The hit policy is FIRST: the platform answers with the first decision that applies, in their order.
    """
    known = {column: fold(label) for column, (label, _) in inputs.items()}
    unknown = [label for label in known.values() if vocabulary.input_kind(label) is None]
    columns = [label for label in known.values() if label not in unknown]
    rules: list[Rule] = []
    left_out = [f"the input {label!r} means nothing here; rows that use it are left out" for label in unknown]
    for decision in decisions:
        try:
            for conditions in _alternatives(decision.condition, inputs, known, name_of):
                strange = set(conditions) - set(columns)
                if strange:
                    raise ValueError(f"it asks for {', '.join(sorted(strange))}")
                if not decision.template:
                    raise ValueError("it names no work order template that can be read")
                cells = tuple(conditions.get(column, ANYTHING) for column in columns)
                rules.append(
                    Rule(
                        _row_id(decision.label, {rule.id for rule in rules}),
                        cells,
                        (Entry(decision.template, None, decision.template),),
                        f"from {name}: {decision.label}",
                    )
                )
        except ValueError as error:
            left_out.append(f"decision {decision.label!r} ({decision.condition}): {error}")
    table = DecisionTable(
        name,
        tuple(Input(column, vocabulary.input_kind(column) or Kind.STRING, ignore_case=True) for column in columns),
        (Output(TEMPLATE, Kind.STRING),),
        tuple(rules),
        HitPolicy.FIRST,
    )
    return Imported(table, tuple(left_out))


def _row_id(label: str, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", label).strip("-").lower()[:24] or "row"
    return next(one for n in range(1, 1000) if (one := plain if n == 1 else f"{plain}-{n}") not in taken)


def _alternatives(
    query: str,
    inputs: Mapping[str, tuple[str, str]],
    known: Mapping[str, str],
    name_of: Callable[[str, str], str | None],
) -> list[dict[str, Condition]]:
    """The conditions by input, once for each group of the query that `^NQ` begins. Raises ValueError."""
    if "^^" in query or "javascript:" in query:
        raise ValueError("its condition is written in a way that is not carried")
    return [_group(part, inputs, known, name_of) for part in query.removesuffix("^EQ").split("^NQ")]


def _group(
    part: str,
    inputs: Mapping[str, tuple[str, str]],
    known: Mapping[str, str],
    name_of: Callable[[str, str], str | None],
) -> dict[str, Condition]:
    conditions: dict[str, Condition] = {}
    for term in (term for term in part.split("^") if term and not term.startswith("ORDERBY")):
        alternative = term.startswith("OR")
        column, condition = _term(term.removeprefix("OR"), inputs, name_of)
        name = known.get(column)
        if name is None:
            raise ValueError(f"{column!r} is none of its inputs")
        if name in conditions and not alternative:
            raise ValueError(f"it has two conditions on {name}")
        if alternative and name not in conditions:
            raise ValueError("an OR across two inputs is not one row")
        conditions[name] = _either(conditions[name], condition) if alternative else condition
    return conditions


def _either(one: Condition, other: Condition) -> Condition:
    before = one.conditions if isinstance(one, OneOf) else (one,)
    return OneOf((*before, other))


def _term(
    term: str, inputs: Mapping[str, tuple[str, str]], name_of: Callable[[str, str], str | None]
) -> tuple[str, Condition]:
    found = _TERM.fullmatch(term)
    if not found:
        raise ValueError(f"{term!r} is written in a way that is not carried")
    path, operator, value = found.groups()
    column, _, rest = path.partition(".")
    if rest not in ("", "name"):
        raise ValueError(f"{path!r} looks at something that is no input")
    table = inputs.get(column, ("", ""))[1]
    names = [_named(one, table, name_of) for one in (value.split(",") if operator in ("IN", "NOT IN") else [value])]
    match operator:
        case "=" | "IN":
            return column, _equal(names)
        case "!=" | "NOT IN":
            return column, Not(_equal(names))
        case "ISEMPTY":
            return column, Compare("=", None)
        case "ISNOTEMPTY":
            return column, Not(Compare("=", None))
        case "ANYTHING":
            return column, ANYTHING
        case "STARTSWITH":
            return column, Like("starts with", value)
        case "NOT LIKE":
            return column, Not(Like("contains", value))
        case _:
            return column, Like("contains", value)


def _equal(names: list[str]) -> Condition:
    equal = tuple(Compare("=", name) for name in names)
    return equal[0] if len(equal) == 1 else OneOf(equal)


def _named(value: str, table: str, name_of: Callable[[str, str], str | None]) -> str:
    """A value as people say it: references by the name of their record."""
    if not table or not _SYS_ID.fullmatch(value):
        return value
    name = name_of(table, value)
    if not name:
        raise ValueError(f"the record {value} of {table} cannot be read")
    return name
