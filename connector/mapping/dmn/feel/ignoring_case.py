"""Expressions in a column where case does not count: what they compare is folded first, as in the cells around them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel import tree
from connector.mapping.dmn.feel.control import BuiltInName, Call, In, Tests
from connector.mapping.dmn.feel.values import Range
from connector.mapping.dmn.table import fold

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.expression import FeelExpression
    from connector.mapping.dmn.feel.tree import Env, Node

_COMPARE_TEXT = ("starts with", "ends with", "contains", "list contains", "index of")


@dataclass(frozen=True)
class Folded:
    """A value whose texts are folded."""

    operand: Node

    def value(self, env: Env) -> Any:
        return _folded(self.operand.value(env))


def _folded(value: Any) -> Any:
    match value:
        case str():
            return fold(value)
        case list():
            return [_folded(one) for one in value]
        case Range():
            return dataclasses.replace(value, low=_folded(value.low), high=_folded(value.high))
        case _:
            return value


def ignoring_case(expression: FeelExpression) -> FeelExpression:
    """The expression, comparing texts without regard to case and repeated blanks."""
    return dataclasses.replace(expression, tree=_changed(expression.tree))


def _changed(node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(_changed(one) for one in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, (type, tree.Literal, tree.Name)):
        return node
    inner = {field.name: _changed(getattr(node, field.name)) for field in dataclasses.fields(node)}
    return _comparing(dataclasses.replace(node, **inner))


def _comparing(node: Any) -> Any:
    match node:
        case tree.Comparison(sign, left, right):
            return tree.Comparison(sign, Folded(left), Folded(right))
        case tree.Between(operand, low, high):
            return tree.Between(Folded(operand), Folded(low), Folded(high))
        case In(operand, tests):
            return In(Folded(operand), tests)
        case Tests(tests):
            return Tests(tuple((test if of_itself else Folded(test), of_itself) for test, of_itself in tests))
        case Call(BuiltInName(name), arguments) if name in _COMPARE_TEXT:
            return Call(node.function, tuple(Folded(one) for one in arguments))
        case Call(BuiltInName("matches"), (text, wanted)):
            return Call(node.function, (text, wanted, tree.Literal("i")))
        case _:
            return node
