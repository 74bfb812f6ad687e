"""Condition cells: DMN's unary tests. What is constant becomes a plain condition, which can be indexed, analyzed and converted;
the rest stays a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.mapping.dmn import conditions
from connector.mapping.dmn.conditions import ANYTHING, Compare, Formula, Like, Not, OneOf
from connector.mapping.dmn.feel import tree
from connector.mapping.dmn.feel.control import BuiltInName, Call, In, Tests
from connector.mapping.dmn.feel.errors import FeelError
from connector.mapping.dmn.feel.expression import FeelExpression, finished, parts
from connector.mapping.dmn.feel.parser import Parser
from connector.mapping.dmn.values import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.feel.names import Names
    from connector.mapping.dmn.feel.tree import Node
    from connector.mapping.dmn.feel.types import FeelType

_LIKE = ("starts with", "ends with", "contains", "matches")
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_THE_VALUE = tree.Name(tree.THE_VALUE)


class _NotConstant(Exception):
    """A part that only an evaluation can tell."""


def parse_unary_tests(
    text: str,
    kind: Kind,
    names: Iterable[str] | Names,
    *,
    members: Iterable[str] | Names = (),
    types: Mapping[str, FeelType] | None = None,
) -> Condition:
    """What a condition cell says about the values of a column of this kind. Nothing written accepts anything.

    Raises FeelError, a ValueError that says where and what would be right.
    """
    if text.strip() in ("", "-"):
        return ANYTHING
    parser, tests, is_negated = _read(lambda: Parser(text, names, members, types))
    used = frozenset(parser.used)
    finished(parser, Tests(tuple(tests)))
    found = [_lowered(one, kind, written, used) for one, written in zip(tests, parser.tests, strict=True)]
    condition = _one_of(found)
    return Not(condition) if is_negated else condition


def _read(parser: Callable[[], Parser]) -> tuple[Parser, list[tuple[Node, bool]], bool]:
    """The tests of a cell, and whether all of it is `not(...)`. If it is neither, the mistake farther on is the one to say."""
    if not parser().is_at("not"):
        return _plain(parser())
    try:
        return _all_negated(parser())
    except FeelError as error:
        try:
            return _plain(parser())
        except FeelError as other:
            raise (other if other.position > error.position else error) from None


def _all_negated(parser: Parser) -> tuple[Parser, list[tuple[Node, bool]], bool]:
    parser.expect("not", "")
    parser.expect("(", "after not")
    tests = _tests(parser)
    parser.expect(")", "after the tests that not() negates")
    parser.end()
    return parser, tests, True


def _plain(parser: Parser) -> tuple[Parser, list[tuple[Node, bool]], bool]:
    tests = _tests(parser)
    parser.end()
    return parser, tests, False


def _tests(parser: Parser) -> list[tuple[Node, bool]]:
    tests = [parser.test()]
    while parser.skip(","):
        tests.append(parser.test())
    return tests


def _lowered(one: tuple[Node, bool], kind: Kind, written: str, used: frozenset[str]) -> Condition:
    test, of_itself = one
    try:
        return _about_the_value(test, kind) if of_itself else _constant_test(test, kind)
    except _NotConstant:
        whole = Tests((one,))
        names = (_names_in(whole) & used) | {tree.THE_VALUE}
        return Formula(FeelExpression(written, whole, names))


def _names_in(node: Any) -> frozenset[str]:
    """Names a part of a cell asks for; those it defines itself are among them, which does no harm."""
    found = {tree.THE_VALUE}
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tree.Name):
            found.add(one.name)
        waiting += parts(one)
    return frozenset(found)


def _constant_test(node: Node, kind: Kind) -> Condition:
    """A test that does not speak of the value: an end, a range, a list, a constant."""
    match node:
        case tree.Ends(low=low, high=high, sign=""):
            if kind is Kind.ANY:
                raise _NotConstant  # the value may be a range itself
            return _between(constant(low), constant(high), node)
        case tree.Ends(low=low, high=high, sign=sign):
            return _compare(sign, constant(low if sign[0] in ">=!" else high))
        case tree.Items(items=items) if kind is not Kind.ANY:
            return _one_of([_constant_test(item, kind) for item in items])
        case _:
            return _compare("=", constant(node))


def _compare(sign: str, value: Any) -> Condition:
    if isinstance(value, (list, dict)):
        raise _NotConstant
    return Compare(sign, value)


def _between(low: Any, high: Any, ends: tree.Ends) -> Condition:
    if low is None or high is None:
        raise _NotConstant
    return conditions.Between(low, high, ends.low_closed, ends.high_closed)


def _one_of(found: list[Condition]) -> Condition:
    """One of several; a list inside a list is a longer list."""
    flat = [inner for one in found for inner in (one.conditions if isinstance(one, OneOf) else (one,))]
    if not flat:
        raise _NotConstant
    return flat[0] if len(flat) == 1 else OneOf(tuple(flat))


def _about_the_value(node: Node, kind: Kind) -> Condition:
    """A test that speaks of `?`, in one of the forms that need no evaluation."""
    match node:
        case tree.Comparison(sign=sign, left=left, right=right) if left == _THE_VALUE:
            return _compare(sign, constant(right))
        case tree.Comparison(sign=sign, left=left, right=right) if right == _THE_VALUE:
            return _compare(_MIRRORED[sign], constant(left))
        case tree.Between(operand=operand, low=low, high=high) if operand == _THE_VALUE:
            return _between(constant(low), constant(high), tree.Ends(low, high))
        case In(operand=operand, tests=tests) if operand == _THE_VALUE and kind is not Kind.ANY:
            return _one_of([_constant_test(test, kind) for test, of_itself in tests.tests if not _refuse(of_itself)])
        case tree.Or(operands=operands):
            return _one_of([_about_the_value(operand, kind) for operand in operands])
        case Call(function=BuiltInName(name="not"), arguments=(negated,)):
            return Not(_about_the_value(negated, kind))
        case Call(function=BuiltInName(name=how), arguments=(subject, text)) if how in _LIKE and subject == _THE_VALUE:
            return _like(how, constant(text), "")
        case Call(function=BuiltInName(name="matches"), arguments=(subject, text, flags)) if subject == _THE_VALUE:
            return _like("matches", constant(text), constant(flags))
    raise _NotConstant


def _refuse(of_itself: bool) -> bool:
    if of_itself:
        raise _NotConstant
    return False


def _like(how: str, text: Any, flags: Any) -> Condition:
    if not isinstance(text, str) or not isinstance(flags, str):
        raise _NotConstant
    return Like(how, text, flags)


def constant(node: Node) -> Any:
    """The value of a node that depends on nothing. Raises _NotConstant."""
    if isinstance(node, tree.Literal):
        return node.constant
    if _names_in(node) - {tree.THE_VALUE} or _speaks_of_the_value(node):
        raise _NotConstant
    return FeelExpression("", node, frozenset()).value({})


def _speaks_of_the_value(node: Any) -> bool:
    return node == _THE_VALUE or any(_speaks_of_the_value(part) for part in parts(node))


def constant_value(expression: FeelExpression) -> tuple[Any, bool]:
    """The value of an expression that depends on nothing, and whether it is such a one."""
    try:
        return constant(expression.tree), True
    except _NotConstant:
        return None, False
