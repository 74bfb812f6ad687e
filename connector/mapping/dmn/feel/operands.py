"""The parts of an expression that operators join: literals, names, lists, contexts, calls, and the forms with words."""

from __future__ import annotations

import re
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from connector.mapping.dmn.feel.arithmetic import DECIMAL128
from connector.mapping.dmn.feel.brackets import KEY, brace, bracket, open_bracket, parenthesis
from connector.mapping.dmn.feel.calendar import is_beyond, read_at
from connector.mapping.dmn.feel.control import (
    BuiltInName,
    Call,
    CallByName,
    Filter,
)
from connector.mapping.dmn.feel.errors import NotCarried
from connector.mapping.dmn.feel.forms import FORMS
from connector.mapping.dmn.feel.functions import BUILT_IN
from connector.mapping.dmn.feel.names import Names, plain_name, squeeze
from connector.mapping.dmn.feel.tree import Literal, Member, Name, Negative
from connector.mapping.dmn.patterns import PatternError, PatternNotCarried, pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.feel.parser import Parser
    from connector.mapping.dmn.feel.tokens import Token
    from connector.mapping.dmn.feel.tree import Node

_BUILT_IN_NAMES = Names(BUILT_IN)
_CLOCK = re.compile(r"(now|today)\s*\(\s*\)")
_CALLED = re.compile(r"\s*\(")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_BEYOND = "dates before year 1 or after 9999, and parts of a microsecond, are not carried"
_CALENDAR = ("date", "time", "date and time")


def postfixed(p: Parser) -> Node:
    """An operand with what follows it: `.member`, `[filter]`, `(arguments)`."""
    node = operand(p)
    for _ in range(60):
        if p.is_at("."):
            node = Member(node, _member_name(p))
        elif p.is_at("[") and not _closes_a_range(p):
            p.take()
            node = _filtered(p, node)
        elif p.is_at("("):
            node = _called(p, node)
        else:
            return node
    raise p.error("more than 60 paths, filters or calls in a row")


def _closes_a_range(p: Parser) -> bool:
    """Whether a [ is the open end of a range, as in [1..5[ : nothing that could be a filter follows it."""
    rest = p.text[p.token.end :].lstrip()
    return (
        not rest or rest[0] in ")],}.=<>!*/+" or re.match(r"(and|or|then|else|return|satisfies|in)\b", rest) is not None
    )


def _member_name(p: Parser) -> str:
    p.take()
    start = p.token.start
    found = p.members.at(p.text, start) or plain_name(p.text, start)
    if not found:
        raise p.error("the name of a member is missing after the dot")
    p.go(found[1])
    return found[0]


def _filtered(p: Parser, node: Node) -> Node:
    p.in_filter += 1
    with p.knowing({"item"}):
        condition = p.expression()
    p.in_filter -= 1
    p.expect("]", "after the filter")
    return Filter(node, condition)


def _called(p: Parser, function: Node) -> Node:
    p.take()
    named: list[tuple[str, Node]] = []
    given: list[Node] = []
    while not p.is_at(")"):
        key = KEY.match(p.text, p.token.start)
        if key and key[2] and not given:
            p.go(key.end())
            named.append((squeeze(key[2]), p.expression()))
        else:
            given.append(p.expression())
        if not p.skip(","):
            break
    p.expect(")", "after the arguments")
    if named and given:
        raise p.error("arguments have names or have not, all of them")
    _refuse_what_is_beyond(p, function, given or [node for _, node in named])
    _refuse_patterns(p, function, given)
    return CallByName(function, tuple(named)) if named else Call(function, tuple(given))


def _refuse_what_is_beyond(p: Parser, function: Node, arguments: list[Node]) -> None:
    """Dates that FEEL has and this house has not are refused when read, not answered with nothing when used."""
    if not (isinstance(function, BuiltInName) and function.name in _CALENDAR):
        return
    for argument in arguments:
        if isinstance(argument, Literal) and isinstance(argument.constant, str) and is_beyond(argument.constant):
            raise NotCarried(_BEYOND, p.text, p.token.start)
    year = _written_number(arguments[0]) if len(arguments) == 3 and function.name == "date" else None
    if year is not None and not 1 <= year <= 9999 and abs(year) < 10**9:
        raise NotCarried(_BEYOND, p.text, p.token.start)


def _written_number(node: Node) -> Decimal | None:
    if isinstance(node, Negative):
        inner = _written_number(node.operand)
        return None if inner is None else -inner
    return node.constant if isinstance(node, Literal) and isinstance(node.constant, Decimal) else None


def _refuse_patterns(p: Parser, function: Node, arguments: list[Node]) -> None:
    """A constant pattern that this house does not carry is refused when read."""
    if isinstance(function, BuiltInName) and function.name in ("matches", "replace", "split") and len(arguments) > 1:
        wanted = arguments[1]
        if isinstance(wanted, Literal) and isinstance(wanted.constant, str):
            try:
                pattern(wanted.constant)
            except PatternNotCarried as error:
                raise NotCarried(str(error), p.text, p.token.start) from None
            except PatternError:
                return  # no pattern at all: nothing, when it is used


def operand(p: Parser) -> Node:
    token = p.token
    if token.kind == "number":
        p.take()
        return Literal(DECIMAL128.create_decimal(token.text))
    if token.kind == "string":
        p.take()
        return Literal(token.text)
    read = _BY_SIGN.get(token.text) if token.kind == "sign" else None
    if read:
        p.take()
        return read(p, token)
    found = _name(p)
    if found:
        return found
    if token.kind == "end":
        raise p.error("something is missing here")
    raise p.error(f"{token.text} cannot stand here")


# --- names and words ------------------------------------------------------------------------------------------


def _name(p: Parser) -> Node | None:
    """A word, or a known name (which may begin with a sign); the longest that fits."""
    start = p.token.start
    known = p.names.at(p.text, start)
    if known is None and p.in_filter:
        known = p.members.at(p.text, start)
    built_in = _BUILT_IN_NAMES.at(p.text, start)
    if built_in and (known is None or built_in[1] > known[1]) and _CALLED.match(p.text, built_in[1]):
        p.go(built_in[1])
        return BuiltInName(built_in[0])
    if known and known[1] >= p.token.end and not (p.token.kind == "word" and p.token.text in FORMS):
        return _known(p, *known)
    clock = _CLOCK.match(p.text, start)
    if clock:
        if f"{clock[1]}()" not in p.names.known:
            raise p.error("a decision here must not depend on when it is looked at; use a fact that holds a date")
        return _known(p, f"{clock[1]}()", clock.end())
    return _word(p) if p.token.kind == "word" else _unknown(p)


def _known(p: Parser, name: str, end: int) -> Node:
    p.go(end)
    if name not in p.local:
        p.used.add(name)
    return Name(name)


def _word(p: Parser) -> Node | None:
    token = p.token
    if token.text in FORMS:
        p.take()
        return FORMS[token.text](p, token)
    if token.text in _CONSTANTS:
        p.take()
        return Literal(_CONSTANTS[token.text])
    built_in = _BUILT_IN_NAMES.at(p.text, token.start)
    if built_in:
        p.go(built_in[1])
        return BuiltInName(built_in[0])
    return _unknown(p)


def _unknown(p: Parser) -> Node | None:
    """Inside a filter it may be a member of the items; anywhere else it is a mistake."""
    found = plain_name(p.text, p.token.start)
    if not found:
        return None
    if p.in_filter:
        p.go(found[1])
        return Name(found[0])
    name = found[0]
    if _CALLED.match(p.text, found[1]):
        near = get_close_matches(name, BUILT_IN, 1)
        raise p.error(f"there is no function {name}" + (f"; is it {near[0]}?" if near else ""))
    near = get_close_matches(name, p.names.known - {"?"}, 1)
    raise p.error(f'nothing is called {name}; {f"is it {near[0]}, or " if near else ""}is it the text "{name}"?')


# --- signs ------------------------------------------------------------------------------------------------------


def _at(p: Parser, token: Token) -> Node:
    if p.token.kind != "string":
        raise p.error('@ is followed by a date, time or duration, like @"2026-03-31"')
    text = p.token
    if is_beyond(text.text):
        raise NotCarried(_BEYOND, p.text, token.start)
    value = read_at(text.text)
    if value is None:
        raise p.error('no date, time or duration; write it like @"2026-03-31", @"08:30:00" or @"P2D"')
    p.take()
    return Literal(value)


_BY_SIGN: dict[str, Callable[[Parser, Token], Node]] = {
    "(": parenthesis,
    "[": bracket,
    "]": open_bracket,
    "{": brace,
    "@": _at,
}
