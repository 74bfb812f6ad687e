"""What a condition cell says (DMN's unary tests), and whether a value satisfies it.

A condition is data, so that tables can be compiled, analyzed, converted and shown. What only an expression can say is a
`Formula`; everything else is one of the simple forms. Comparison is FEEL's: values of different kinds are neither equal nor
ordered, nothing (None) satisfies only `Anything`, an explicit null, and the negation of an equality.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from connector.mapping.dmn.patterns import PatternError, pattern
from connector.mapping.dmn.values import Kind, Value, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

Scope: TypeAlias = Mapping[str, Any]
"""Names an expression may use, with their values."""


@dataclass(frozen=True, slots=True)
class Anything:
    """`-`"""


@dataclass(frozen=True, slots=True)
class Compare:
    """`"A"`, `= 5`, `!= 5`, `< 5`, `<= 5`, `> 5`, `>= 5`; `operator` is one of = != < <= > >=. `value` None is FEEL's null."""

    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """`[1..5]`, `(1..5]`, `[1..5)`, `(1..5)`."""

    low: Value
    high: Value
    low_closed: bool = True
    high_closed: bool = True


@dataclass(frozen=True, slots=True)
class Like:
    """What a string looks like: `how` is one of "starts with", "ends with", "contains", "matches".

    A pattern to match is XPath's regular expression, with XPath's flags ("i" where case does not count).
    """

    how: str
    text: str
    flags: str = ""

    def accepts(self, value: str) -> bool | None:
        """None where it cannot be said: the pattern is none, or the value far too long for it."""
        if self.how == "matches":
            return _matches(value, self.text, self.flags)
        return _LIKE[self.how](value, self.text)


_LIKE: dict[str, Callable[[str, str], bool]] = {
    "starts with": str.startswith,
    "ends with": str.endswith,
    "contains": operator.contains,
}


def _matches(value: str, text: str, flags: str) -> bool | None:
    try:
        return pattern(text, flags).is_in(value)
    except PatternError:
        return None


class Expression(Protocol):
    """A parsed expression: hashable, shown as its source text."""

    @property
    def text(self) -> str: ...

    @property
    def names(self) -> frozenset[str]:
        """The names it asks the scope for; `?` is the value of the cell's own column."""
        ...

    def value(self, scope: Scope) -> Any:
        """What it is worth with these names. Raises nothing: what cannot be computed is None."""
        ...


@dataclass(frozen=True, slots=True)
class Formula:
    """Anything else: what its expression says of the value `?`, true or false; whatever else it says is no answer."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class OneOf:
    """Several conditions, one of which must hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not(...)`: none of them holds."""

    condition: Condition


ANYTHING = Anything()
Condition: TypeAlias = Anything | Compare | Between | Like | Formula | OneOf | Not

THE_VALUE = "?"
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(condition: Condition, value: Value, scope: Scope | None = None) -> bool:
    """Whether a value satisfies a condition. `scope` names what formulas may refer to besides `?`."""
    return truth(condition, value, scope or {}) is True


def truth(condition: Condition, value: Any, scope: Scope) -> bool | None:
    """FEEL's three-valued answer: None where it cannot be known (an order relation with nothing, for instance)."""
    match condition:
        case Anything():
            return True
        case Compare("=", wanted):
            return same(value, wanted)
        case Compare("!=", wanted):
            return _negated(same(value, wanted))
        case Compare(symbol, limit):
            return compared(symbol, value, limit)
        case Between():
            return _inside(condition, value)
        case Like():
            return condition.accepts(value) if isinstance(value, str) else None
        case OneOf(conditions):
            return _any_of(truth(one, value, scope) for one in conditions)
        case Not(negated):
            return _negated(truth(negated, value, scope))
        case Formula(expression):
            answer = expression.value({**scope, THE_VALUE: value})
            return answer if isinstance(answer, bool) else None


def asked_by(condition: Condition) -> frozenset[str]:
    """The names that the formulas of a condition ask the scope for, besides the value itself."""
    match condition:
        case Formula(expression):
            return expression.names - {THE_VALUE}
        case OneOf(conditions):
            return frozenset[str]().union(*(asked_by(one) for one in conditions))
        case Not(negated):
            return asked_by(negated)
        case _:
            return frozenset()


def same(one: Any, other: Any) -> bool | None:
    """FEEL equality: nothing equals only nothing, and different kinds cannot be compared."""
    if one is None or other is None:
        return one is other
    if kind_of(one) is not kind_of(other) and not (isinstance(one, (list, dict)) or isinstance(other, (list, dict))):
        return None
    left, right = _comparable(one, other)
    return bool(left == right)


def compared(symbol: str, one: Any, other: Any) -> bool | None:
    """One of < <= > >=; None where the two have no order."""
    kind = kind_of(one)
    if kind is None or kind is Kind.BOOLEAN or kind is not kind_of(other):
        return None
    left, right = _comparable(one, other)
    return _ORDER[symbol](left, right)


def _comparable(one: Any, other: Any) -> tuple[Any, Any]:
    if isinstance(one, (datetime, time)) and isinstance(other, (datetime, time)):
        return moment(one), moment(other)
    return one, other


def moment(value: datetime | time) -> datetime | time:
    """A time as FEEL compares it: in whole seconds, and in UTC if it has no zone."""
    return value.replace(tzinfo=value.tzinfo or UTC, microsecond=0)


def _inside(condition: Between, value: Any) -> bool | None:
    above = compared(">=" if condition.low_closed else ">", value, condition.low)
    below = compared("<=" if condition.high_closed else "<", value, condition.high)
    if above is None or below is None:
        return None
    return above and below


def _any_of(answers: Any) -> bool | None:
    unknown = False
    for answer in answers:
        if answer:
            return True
        unknown = unknown or answer is None
    return None if unknown else False


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
