"""What a built-in function accepts, written as FEEL's books write it, and how arguments meet it.

`substring(string: string, start position: number, length: number?)`: kinds are those of `_KINDS`, several joined by `|`; `?`
may be left out; `!` may be null; `*` before the last name takes any number of arguments. A list of one stands for its
item where no list is wanted, a single value for a list of one where a list is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import deeper, spend
from connector.mapping.dmn.feel.values import Function, Range
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from collections.abc import Callable

_KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, Decimal),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "context": lambda value: isinstance(value, dict),
    "range": lambda value: isinstance(value, Range),
    "function": lambda value: isinstance(value, Function),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "datetime": lambda value: isinstance(value, datetime),
    "time": lambda value: isinstance(value, time),
    "days": lambda value: isinstance(value, timedelta),
    "months": lambda value: isinstance(value, Months),
    "point": lambda value: not isinstance(value, (Range, list, dict, bool, Function)),
}
_PARAMETER = re.compile(r"(\*?)([\w ]+): ([\w|]+)([?!]*)")


class Unfit(Exception):
    """An argument that does not fit."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kinds: tuple[str, ...]
    optional: bool
    nullable: bool

    def accept(self, value: Any) -> Any:
        """The value as this parameter wants it. Raises Unfit."""
        if value is None:
            if self.nullable or "any" in self.kinds:
                return None
            raise Unfit
        if any(_KINDS[kind](value) for kind in self.kinds):
            return value
        if "list" in self.kinds:
            return [value]
        if isinstance(value, list) and len(value) == 1 and value[0] is not None:
            return self.accept(value[0])
        raise Unfit


@dataclass(frozen=True)
class Signature:
    """One way to call a function."""

    name: str
    parameters: tuple[Parameter, ...]
    takes_many: bool
    run: Callable[..., Any]

    def call(self, arguments: list[Any]) -> Any:
        """Raises Unfit."""
        if self.takes_many:
            fixed = self.parameters[:-1]
            if len(arguments) <= len(fixed):
                raise Unfit
            many = [self.parameters[-1].accept(value) for value in arguments[len(fixed) :]]
            return self.run(*(p.accept(v) for p, v in zip(fixed, arguments, strict=False)), many)
        needed = sum(not parameter.optional for parameter in self.parameters)
        if not needed <= len(arguments) <= len(self.parameters):
            raise Unfit
        given = [p.accept(v) for p, v in zip(self.parameters, arguments, strict=False)]
        return self.run(*given, *[None] * (len(self.parameters) - len(given)))

    def call_named(self, arguments: dict[str, Any]) -> Any:
        """Raises Unfit."""
        names = {parameter.name for parameter in self.parameters}
        needed = {parameter.name for parameter in self.parameters if not parameter.optional}
        if not needed <= set(arguments) <= names or self.takes_many:
            raise Unfit
        return self.run(*(p.accept(arguments[p.name]) if p.name in arguments else None for p in self.parameters))


def built_in(text: str, run: Callable[..., Any]) -> Signature:
    """A function and its signature."""
    name, _, parameters = text.rstrip(")").partition("(")
    found = [_PARAMETER.fullmatch(one) for one in parameters.split(", ")] if parameters else []
    many = bool(found) and bool(found[-1] and found[-1][1])
    return Signature(
        name,
        tuple(Parameter(f[2], tuple(f[3].split("|")), "?" in f[4], "!" in f[4]) for f in found if f),
        many,
        run,
    )


@dataclass(frozen=True)
class BuiltIn:
    """A built-in function, with all the ways to call it."""

    name: str
    ways: tuple[Signature, ...]

    def call(self, arguments: list[Any]) -> Any:
        """The first way that fits; None if none does or the function cannot say."""
        return self._first(lambda way: way.call(arguments))

    def call_named(self, arguments: dict[str, Any]) -> Any:
        return self._first(lambda way: way.call_named(arguments))

    def _first(self, call: Callable[[Signature], Any]) -> Any:
        spend()
        for way in self.ways:
            try:
                with deeper():
                    found = call(way)
            except Unfit:
                continue
            except (ArithmeticError, ValueError):
                return None
            if isinstance(found, (list, str, dict)):
                spend(len(found) if isinstance(found, (list, dict)) else len(found) // 64)
            return found
        return None

    def as_value(self) -> Function:
        """For functions that take functions."""
        parameters = tuple(parameter.name for parameter in self.ways[0].parameters)
        return Function(parameters, self.call)


def gathered(*signatures: Signature) -> dict[str, BuiltIn]:
    """All ways of each function, in the order given."""
    names = dict.fromkeys(signature.name for signature in signatures)
    return {name: BuiltIn(name, tuple(s for s in signatures if s.name == name)) for name in names}
