"""A decision table as data: inputs, outputs, rules and a hit policy. Immutable; what it decides is in `evaluate.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import ANYTHING, asked_by
from connector.mapping.dmn.values import Kind

if TYPE_CHECKING:
    from connector.mapping.dmn.conditions import Condition, Expression, Scope


class HitPolicy(Enum):
    """What it means that several rules match. The values are DMN's names."""

    UNIQUE = "UNIQUE"  # at most one may match
    ANY = "ANY"  # several may match if they say the same
    PRIORITY = "PRIORITY"  # the one whose output stands first in the list of output values
    FIRST = "FIRST"  # the first in the table
    RULE_ORDER = "RULE ORDER"  # all, in table order
    OUTPUT_ORDER = "OUTPUT ORDER"  # all, in the order of the list of output values
    COLLECT = "COLLECT"  # all; or their sum, least, greatest, number

    @property
    def is_single(self) -> bool:
        """Whether one rule at most wins."""
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)

    @property
    def needs_output_values(self) -> bool:
        return self in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


class Aggregation(Enum):
    """What COLLECT makes of the outputs of a single-output table. The values are DMN's names and signs."""

    SUM = "SUM"
    COUNT = "COUNT"
    MIN = "MIN"
    MAX = "MAX"


@dataclass(frozen=True, slots=True)
class Input:
    """One condition column.

    `expression` says what its value is; None means the value called `name`. `allowed` restricts the values (DMN's
    inputValues); for a choice, `choices` lists them all. With `ignore_case`, strings are compared as `fold` makes them.
    """

    name: str
    kind: Kind = Kind.ANY
    expression: Expression | None = None
    allowed: Condition = ANYTHING
    choices: tuple[str, ...] = ()
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One output cell: a constant, or what an expression is worth. `written` is the cell as a person wrote it."""

    constant: Any = None
    expression: Expression | None = None
    written: str = ""

    def value(self, scope: Scope) -> Any:
        return self.expression.value(scope) if self.expression else self.constant


@dataclass(frozen=True, slots=True)
class Output:
    """One result column. `values` lists what it may say, the most important first; `default` counts when no rule matches."""

    name: str
    kind: Kind = Kind.ANY
    values: tuple[Any, ...] = ()
    default: Entry | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a condition for each input, an entry for each output. `row` is where it stands in its file, for messages."""

    id: str
    conditions: tuple[Condition, ...]
    entries: tuple[Entry, ...]
    comment: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A whole table."""

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    hit_policy: HitPolicy = HitPolicy.UNIQUE
    aggregation: Aggregation | None = None


def asked_names(table: DecisionTable) -> frozenset[str]:
    """The names that the expressions of a table ask for, in its columns, cells and outputs."""
    expressions = [column.expression for column in table.inputs]
    expressions += [entry.expression for rule in table.rules for entry in rule.entries]
    expressions += [output.default.expression for output in table.outputs if output.default]
    asked = frozenset(name for expression in expressions if expression for name in expression.names)
    return asked.union(*(asked_by(cell) for rule in table.rules for cell in rule.conditions))


def fold(text: str) -> str:
    """How strings are compared where case does not count: case and surrounding or repeated space do not matter.

    >>> fold("  Fiber   CPE ")
    'fiber cpe'
    """
    return " ".join(text.casefold().split())
