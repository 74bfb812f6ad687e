"""FEEL types: what `instance of` asks, and what a typed variable or parameter accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from connector.mapping.dmn.feel.values import Function, Range
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Simple:
    """A type with a name of FEEL's own: number, string, Any ..."""

    name: str


@dataclass(frozen=True)
class ListOf:
    item: FeelType


@dataclass(frozen=True)
class RangeOf:
    end: FeelType


@dataclass(frozen=True)
class ContextOf:
    """At least these members, of these types."""

    members: tuple[tuple[str, FeelType], ...]


@dataclass(frozen=True)
class FunctionOf:
    parameters: tuple[FeelType, ...]
    result: FeelType


@dataclass(frozen=True)
class Restricted:
    """Only those values of a type that a predicate accepts (an item definition with allowed values)."""

    base: FeelType
    accepts: Callable[[Any], bool]


@dataclass(frozen=True)
class Named:
    """A type known by name only while the types are read: one that contains itself."""

    name: str
    known: Mapping[str, FeelType] = field(compare=False, repr=False)


FeelType: TypeAlias = Named | Simple | ListOf | RangeOf | ContextOf | FunctionOf | Restricted
ANY = Simple("Any")

_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "Any": lambda _: True,
    "Null": lambda value: value is None,
    "number": lambda value: isinstance(value, Decimal),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "time": lambda value: isinstance(value, time),
    "date and time": lambda value: isinstance(value, datetime),
    "days and time duration": lambda value: isinstance(value, timedelta),
    "years and months duration": lambda value: isinstance(value, Months),
    "list": lambda value: isinstance(value, list),
    "context": lambda value: isinstance(value, dict),
    "range": lambda value: isinstance(value, Range),
    "function": lambda value: isinstance(value, Function),
}
_OTHER_NAMES = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "any": "Any",
}
SIMPLE_NAMES = frozenset(_SIMPLE)


def simple(name: str) -> Simple | None:
    """The simple type of this name, in FEEL's or XML Schema's spelling; None if there is none."""
    name = _OTHER_NAMES.get(name, name)
    return Simple(name) if name in _SIMPLE else None


def is_of(value: Any, wanted: FeelType) -> bool:
    """Whether a value is of a type. Nothing is of every type here; `instance of` asks about it first."""
    match wanted:
        case Simple(name):
            return value is None or _SIMPLE[name](value)
        case ListOf(item):
            return value is None or (isinstance(value, list) and all(is_of(one, item) for one in value))
        case RangeOf(end):
            return value is None or (isinstance(value, Range) and is_of(value.low, end) and is_of(value.high, end))
        case ContextOf(members):
            return value is None or (
                isinstance(value, dict) and all(name in value and is_of(value[name], kind) for name, kind in members)
            )
        case FunctionOf(parameters, _):
            return value is None or (isinstance(value, Function) and _fits(value, parameters))
        case Restricted(base, accepts):
            return is_of(value, base) and (value is None or accepts(value))
        case Named(name, known):
            return is_of(value, known[name])


def unrestricted(wanted: FeelType) -> FeelType:
    """The type without what it allows: `instance of` asks for no more."""
    match wanted:
        case Restricted(base, _):
            return unrestricted(base)
        case ListOf(item):
            return ListOf(unrestricted(item))
        case ContextOf(members):
            return ContextOf(tuple((name, unrestricted(kind)) for name, kind in members))
        case _:
            return wanted


def _fits(function: Function, parameters: tuple[FeelType, ...]) -> bool:
    return len(function.parameters) == len(parameters)


def coerced(value: Any, wanted: FeelType) -> Any:
    """The value, where a type is expected: a list of one for its only item, one value for a list; None if it does not fit."""
    if is_of(value, wanted):
        return value
    if isinstance(value, list) and len(value) == 1 and is_of(value[0], wanted):
        return value[0]
    if is_of([value], wanted):
        return [value]
    if wanted == Simple("date and time") and isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- FEEL's local time
    return None
