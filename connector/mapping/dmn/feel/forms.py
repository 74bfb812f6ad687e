"""The forms of an expression that begin with a word: if, for, some, every, function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.feel import types
from connector.mapping.dmn.feel.control import Define, For, If, Quantified, Steps
from connector.mapping.dmn.feel.errors import NotCarried
from connector.mapping.dmn.feel.names import plain_name
from connector.mapping.dmn.feel.type_names import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.feel.parser import Parser
    from connector.mapping.dmn.feel.tokens import Token
    from connector.mapping.dmn.feel.tree import Node


def _if(p: Parser, _: Token) -> Node:
    condition = p.expression()
    p.expect("then", "after the condition")
    then = p.expression()
    p.expect("else", "after what is said if the condition holds")
    return If(condition, then, p.expression())


def _for(p: Parser, _: Token) -> Node:
    iterators = _iterators(p, "return")
    with p.knowing([name for name, _ in iterators] + ["partial"]):
        return For(iterators, p.expression())


def _quantified(p: Parser, token: Token) -> Node:
    iterators = _iterators(p, "satisfies")
    with p.knowing([name for name, _ in iterators]):
        return Quantified(token.text == "every", iterators, p.expression())


def _iterators(p: Parser, until: str) -> tuple[tuple[str, Node], ...]:
    found: list[tuple[str, Node]] = []
    while True:
        name = plain_name(p.text, p.token.start)
        if not name:
            raise p.error("a name is missing")
        p.go(name[1])
        p.expect("in", f"after {name[0]}")
        with p.knowing([known for known, _ in found]):
            node = p.expression()
            if p.skip(".."):
                node = Steps(node, p.expression())
        found.append((name[0], node))
        if not p.skip(","):
            break
    p.expect(until, "after the list")
    return tuple(found)


def _function(p: Parser, _: Token) -> Node:
    p.expect("(", "after function")
    parameters: list[tuple[str, types.FeelType]] = []
    while not p.is_at(")"):
        name = plain_name(p.text, p.token.start)
        if not name:
            raise p.error("the name of a parameter is missing")
        p.go(name[1])
        parameters.append((name[0], type_name(p) if p.skip(":") else types.ANY))
        if not p.skip(","):
            break
    p.expect(")", "after the parameters")
    if p.is_at("external"):
        raise NotCarried("functions written in another language", p.text, p.token.start)
    with p.knowing([name for name, _ in parameters]):
        return Define(tuple(parameters), p.expression())


FORMS: dict[str, Callable[[Parser, Token], Node]] = {
    "if": _if,
    "for": _for,
    "some": _quantified,
    "every": _quantified,
    "function": _function,
}
