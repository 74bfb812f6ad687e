"""Simple nodes of a parsed expression: each says what it is worth in a scope. Nodes are data: equal when written alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from connector.mapping.dmn.budget import spend
from connector.mapping.dmn.feel.arithmetic import calculate, negative
from connector.mapping.dmn.feel.equality import compared, equal
from connector.mapping.dmn.feel.types import FeelType, is_of
from connector.mapping.dmn.feel.values import Range
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from collections.abc import Mapping

THE_VALUE = "?"


class Env:
    """Names with their values, and the names around them."""

    __slots__ = ("names", "outer")

    def __init__(self, names: Mapping[str, Any], outer: Env | None = None) -> None:
        self.names = names
        self.outer = outer

    def value(self, name: str) -> Any:
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.outer
        return None


class Node(Protocol):
    def value(self, env: Env) -> Any: ...


@dataclass(frozen=True)
class Literal:
    constant: Any

    def value(self, env: Env) -> Any:  # noqa: ARG002
        return self.constant


@dataclass(frozen=True)
class Name:
    name: str

    def value(self, env: Env) -> Any:
        spend()
        return env.value(self.name)


@dataclass(frozen=True)
class Items:
    """`[a, b]`"""

    items: tuple[Node, ...]

    def value(self, env: Env) -> Any:
        spend(len(self.items))
        return [item.value(env) for item in self.items]


@dataclass(frozen=True)
class Members:
    """`{a: 1, b: a + 1}`; a member may use those before it."""

    members: tuple[tuple[str, Node], ...]

    def value(self, env: Env) -> Any:
        found: dict[str, Any] = {}
        inner = Env(found, env)
        for name, node in self.members:
            spend()
            found[name] = node.value(inner)
        return found


@dataclass(frozen=True)
class Ends:
    """A range. With a sign it is written like `(< 5)`."""

    low: Node
    high: Node
    low_closed: bool = True
    high_closed: bool = True
    sign: str = ""

    def value(self, env: Env) -> Any:
        low, high = self.low.value(env), self.high.value(env)
        if self.sign:
            return Range(low, high, self.low_closed, self.high_closed, self.sign)
        if low is None and high is None:
            return None
        if low is not None and high is not None and compared("<=", low, high) is not True:
            return None
        return Range(low, high, self.low_closed and low is not None, self.high_closed and high is not None)


@dataclass(frozen=True)
class Negative:
    operand: Node

    def value(self, env: Env) -> Any:
        return negative(self.operand.value(env))


@dataclass(frozen=True)
class Arithmetic:
    sign: str
    left: Node
    right: Node

    def value(self, env: Env) -> Any:
        spend()
        return calculate(self.sign, self.left.value(env), self.right.value(env))


@dataclass(frozen=True)
class Comparison:
    sign: str
    left: Node
    right: Node

    def value(self, env: Env) -> Any:
        spend()
        left, right = self.left.value(env), self.right.value(env)
        if self.sign not in ("=", "!="):
            return compared(self.sign, left, right)
        answer = equal(left, right)
        return answer if answer is None or self.sign == "=" else not answer


@dataclass(frozen=True)
class Between:
    """`a between b and c`"""

    operand: Node
    low: Node
    high: Node

    def value(self, env: Env) -> Any:
        value = self.operand.value(env)
        above = compared(">=", value, self.low.value(env))
        below = compared("<=", value, self.high.value(env))
        return None if above is None or below is None else above and below


@dataclass(frozen=True)
class And:
    operands: tuple[Node, ...]

    def value(self, env: Env) -> Any:
        return _joined(self.operands, env, decisive=False)


@dataclass(frozen=True)
class Or:
    operands: tuple[Node, ...]

    def value(self, env: Env) -> Any:
        return _joined(self.operands, env, decisive=True)


def _joined(operands: tuple[Node, ...], env: Env, *, decisive: bool) -> bool | None:
    """Three-valued `and` and `or`: the decisive truth settles it, and anything that is no truth leaves it unknown."""
    unknown = False
    for operand in operands:
        value: object = operand.value(env)
        if value is decisive:
            return decisive
        unknown = unknown or value is not (not decisive)
    return None if unknown else not decisive


@dataclass(frozen=True)
class InstanceOf:
    operand: Node
    type: FeelType

    def value(self, env: Env) -> Any:
        value = self.operand.value(env)
        return value is not None and is_of(value, self.type)


@dataclass(frozen=True)
class Member:
    """`a.b`; of a list, the members of all its items."""

    operand: Node
    name: str

    def value(self, env: Env) -> Any:
        return member(self.operand.value(env), self.name)


def member(value: Any, name: str) -> Any:
    """A member of a context, or a property of a date, time, duration or range."""
    spend()
    match value:
        case dict():
            return value.get(name)
        case list():
            return [member(one, name) for one in value]
        case timedelta():
            return _of_days(value, name)
        case Months():
            return _of_months(value, name)
        case Range():
            return _of_range(value, name)
        case date() | time():
            return _of_moment(value, name)
        case _:
            return None


def _of_moment(value: date | time, name: str) -> Any:
    if name in ("year", "month", "day", "weekday") and isinstance(value, date):
        return Decimal(value.isoweekday() if name == "weekday" else getattr(value, name))
    if not isinstance(value, (datetime, time)):
        return None
    match name:
        case "hour" | "minute":
            return Decimal(getattr(value, name))
        case "second":
            return Decimal(value.second) + Decimal(value.microsecond) / 1_000_000
        case "time offset":
            return value.utcoffset()
        case "timezone":
            return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
        case _:
            return None


def _of_days(value: timedelta, name: str) -> Any:
    sign = -1 if value < timedelta(0) else 1
    length = abs(value)
    parts: dict[str, int | Decimal] = {
        "days": length.days,
        "hours": length.seconds // 3600,
        "minutes": length.seconds // 60 % 60,
        "seconds": length.seconds % 60 + Decimal(length.microseconds) / 1_000_000,
    }
    return Decimal(parts[name] * sign) if name in parts else None


def _of_months(value: Months, name: str) -> Any:
    sign = -1 if value.count < 0 else 1
    parts = {"years": abs(value.count) // 12, "months": abs(value.count) % 12}
    return Decimal(parts[name] * sign) if name in parts else None


def _of_range(value: Range, name: str) -> Any:
    parts = {
        "start": value.low,
        "end": value.high,
        "start included": value.low_closed,
        "end included": value.high_closed,
    }
    return parts.get(name)
