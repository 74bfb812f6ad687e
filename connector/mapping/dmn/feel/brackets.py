"""What brackets of every kind hold: groups, ranges, lists, contexts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.tokens import unescaped
from connector.mapping.dmn.feel.tree import Ends, Items, Members

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.parser import Parser
    from connector.mapping.dmn.feel.tokens import Token
    from connector.mapping.dmn.feel.tree import Node

KEY = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s":{}\[\](),][^":{}\[\](),]*?))\s*:', re.DOTALL)
"""The name of an argument or of a member of a context, before its colon."""


def parenthesis(p: Parser, token: Token) -> Node:
    """A group, a range with an open end, or one like `(< 5)`."""
    from connector.mapping.dmn.feel.parser import COMPARISONS, signed_range

    if p.is_at(*COMPARISONS):
        sign = p.take().text
        node: Node = signed_range(sign, p.arithmetic())
    else:
        node = p.expression()
        if p.is_at(".."):
            return range_from(p, token, node)
    p.expect(")", "after the group")
    return node


def bracket(p: Parser, token: Token) -> Node:
    """A list, or a range with a closed end."""
    items: list[Node] = []
    while not p.is_at("]"):
        items.append(p.test()[0] if p.is_at("<", "<=", ">", ">=", "=", "!=") else p.expression())
        if len(items) == 1 and p.is_at(".."):
            return range_from(p, token, items[0])
        if not p.skip(","):
            break
    p.expect("]", "after the list")
    return Items(tuple(items))


def open_bracket(p: Parser, token: Token) -> Node:
    low = p.expression()
    if not p.is_at(".."):
        raise p.error("]a is the open end of a range, as in ]1..5]; .. is missing")
    return range_from(p, token, low)


def range_from(p: Parser, opening: Token, low: Node) -> Node:
    """The rest of a range whose low end was read."""
    p.expect("..", "between the ends of the range")
    high = p.expression()
    if not p.is_at("]", ")", "["):
        raise p.error("a range ends with ] or )")
    closing = p.take()
    return Ends(low, high, opening.text == "[", closing.text == "]")


def brace(p: Parser, _: Token) -> Node:
    """A context; its members may use those before them."""
    members: list[tuple[str, Node]] = []
    known: set[str] = set()
    while not p.is_at("}"):
        key = KEY.match(p.text, p.token.start)
        if not key:
            raise p.error("a member of a context is written name: value")
        name = squeeze(key[2]) if key[2] else unescaped(key[1] or "")
        if name in dict(members):
            raise p.error(f"{name} stands twice in this context")
        p.go(key.end())
        with p.knowing(known - {""}):
            members.append((name, p.expression()))
        known.add(name)
        p.members = p.members.and_these({name} - {""})
        if not p.skip(","):
            break
    p.expect("}", "after the context")
    return Members(tuple(members))
