"""Nodes that choose, repeat, select or call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import spend
from connector.mapping.dmn.feel.equality import any_of, compared, is_in
from connector.mapping.dmn.feel.functions import BUILT_IN
from connector.mapping.dmn.feel.tree import THE_VALUE, Env, Node
from connector.mapping.dmn.feel.types import FeelType, coerced
from connector.mapping.dmn.feel.values import Function, Range

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class If:
    condition: Node
    then: Node
    otherwise: Node

    def value(self, env: Env) -> Any:
        spend()
        return (self.then if self.condition.value(env) is True else self.otherwise).value(env)


@dataclass(frozen=True)
class Tests:
    """Several tests on `?`, one of which must hold. A test that speaks of `?` itself is true or not; any other is compared."""

    tests: tuple[tuple[Node, bool], ...]  # with whether it speaks of `?`

    def value(self, env: Env) -> Any:
        value = env.value(THE_VALUE)
        return any_of([self._answer(test, of_itself, value, env) for test, of_itself in self.tests])

    def _answer(self, test: Node, of_itself: bool, value: Any, env: Env) -> bool | None:
        spend()
        said = test.value(env)
        if isinstance(said, bool) and (of_itself or not isinstance(value, bool)):
            return said
        return is_in(value, said)


@dataclass(frozen=True)
class In:
    """`a in b`, `a in (b, < c)`"""

    operand: Node
    tests: Tests

    def value(self, env: Env) -> Any:
        value = self.operand.value(env)
        inner = Env({THE_VALUE: value}, env)
        answers = [
            test.value(inner) if of_itself else is_in(value, test.value(inner)) for test, of_itself in self.tests.tests
        ]
        return answers[0] if len(answers) == 1 else any(answer is True for answer in answers)


@dataclass(frozen=True)
class Steps:
    """`a..b` of a `for`: whole numbers or days, up or down."""

    low: Node
    high: Node

    def value(self, env: Env) -> Any:
        return steps(self.low.value(env), self.high.value(env))


def steps(low: Any, high: Any) -> list[Any] | None:
    """From one end to the other, both included; None where there is no way."""
    upward = compared("<=", low, high)
    step: Any
    if isinstance(low, Decimal):
        step = Decimal(1 if upward else -1)
    elif isinstance(low, date) and not isinstance(low, datetime):
        step = timedelta(days=1 if upward else -1)
    else:
        return None
    found: list[Any] = []
    while compared("<=" if upward else ">=", low, high):
        spend()
        found.append(low)
        try:
            low = low + step
        except OverflowError:
            break
    return None if upward is None else found


def listed(value: Any) -> list[Any] | None:
    """What `for`, `some` and `every` go through."""
    if isinstance(value, list):
        return value
    if isinstance(value, Range):
        whole = steps(value.low, value.high)
        return whole and whole[0 if value.low_closed else 1 : len(whole) if value.high_closed else -1]
    return None if value is None else [value]


@dataclass(frozen=True)
class For:
    """`for a in b, c in d return e`; `partial` is the results so far."""

    iterators: tuple[tuple[str, Node], ...]
    result: Node

    def value(self, env: Env) -> Any:
        results: list[Any] = []
        for inner in rounds(self.iterators, Env({"partial": results}, env)):
            if inner is None:
                return None
            results.append(self.result.value(inner))
        return results


@dataclass(frozen=True)
class Quantified:
    """`some a in b satisfies c`, `every a in b satisfies c`"""

    every: bool
    iterators: tuple[tuple[str, Node], ...]
    condition: Node

    def value(self, env: Env) -> Any:
        unknown = False
        for inner in rounds(self.iterators, env):
            answer = self.condition.value(inner) if inner else None
            if answer is (not self.every):
                return answer
            unknown = unknown or not isinstance(answer, bool)
        return None if unknown else self.every


def rounds(iterators: tuple[tuple[str, Node], ...], env: Env) -> Iterator[Env | None]:
    """The scope of each round; None when there is nothing that could be gone through."""
    (name, node), more = iterators[0], iterators[1:]
    items = listed(node.value(env))
    if items is None:
        yield None
        return
    for item in items:
        spend()
        inner = Env({name: item}, env)
        if more:
            yield from rounds(more, inner)
        else:
            yield inner


@dataclass(frozen=True)
class Filter:
    """`list[condition]` or `list[position]`, counted from 1, or from the end with a minus."""

    operand: Node
    condition: Node

    def value(self, env: Env) -> Any:
        found = self.operand.value(env)
        items: list[Any] = found if isinstance(found, list) else [] if found is None else [found]
        first = self.condition.value(_of_item(items[0] if items else None, env))
        if isinstance(first, Decimal):
            return at_position(items, first)
        kept = items[:1] if first is True and items else []
        for item in items[1:]:
            spend()
            if self.condition.value(_of_item(item, env)) is True:
                kept.append(item)
        return kept


def _of_item(item: Any, env: Env) -> Env:
    names = {"item": item}
    return Env({**names, **item} if isinstance(item, dict) else names, env)


def at_position(items: list[Any], position: Decimal) -> Any:
    """The item at a position; None if there is none."""
    if position != position.to_integral_value() or not 1 <= abs(position) <= len(items):
        return None
    return items[int(position) - 1 if position > 0 else int(position)]


@dataclass(frozen=True)
class BuiltInName:
    """A built-in function used as a value."""

    name: str

    def value(self, env: Env) -> Any:  # noqa: ARG002
        return BUILT_IN[self.name].as_value()


@dataclass(frozen=True)
class Call:
    """`f(a, b)`"""

    function: Node
    arguments: tuple[Node, ...]

    def value(self, env: Env) -> Any:
        arguments = [argument.value(env) for argument in self.arguments]
        if isinstance(self.function, BuiltInName):
            return BUILT_IN[self.function.name].call(arguments)
        function = self.function.value(env)
        return function.invoke(arguments) if isinstance(function, Function) else None


@dataclass(frozen=True)
class CallByName:
    """`f(first: a, second: b)`"""

    function: Node
    arguments: tuple[tuple[str, Node], ...]

    def value(self, env: Env) -> Any:
        arguments = {name: argument.value(env) for name, argument in self.arguments}
        if isinstance(self.function, BuiltInName):
            return BUILT_IN[self.function.name].call_named(arguments)
        function = self.function.value(env)
        return function.invoke_named(arguments) if isinstance(function, Function) else None


@dataclass(frozen=True)
class Define:
    """`function(a, b: number) a + b`"""

    parameters: tuple[tuple[str, FeelType], ...]
    body: Node

    def value(self, env: Env) -> Any:
        def call(arguments: list[Any]) -> Any:
            spend()
            given = {}
            for (name, kind), argument in zip(self.parameters, arguments, strict=True):
                given[name] = coerced(argument, kind)
                if given[name] is None and argument is not None:
                    return None
            return self.body.value(Env(given, env))

        return Function(tuple(n for n, _ in self.parameters), call, tuple(t for _, t in self.parameters))
