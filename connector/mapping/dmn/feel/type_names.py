"""The names of types in a text: after `instance of`, and of a function's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.feel import types
from connector.mapping.dmn.feel.names import Names, plain_name

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.parser import Parser

_TYPE_WORDS = Names([name for name in types.SIMPLE_NAMES if " " in name])


def type_name(p: Parser) -> types.FeelType:
    """`number`, `list<string>`, `context<a: date>`, `function<number> -> string`, or a type known by name."""
    with p.deeper():
        return _type(p)


def _type(p: Parser) -> types.FeelType:
    start = p.token.start
    found = Names(p.types).at(p.text, start) or _TYPE_WORDS.at(p.text, start) or plain_name(p.text, start)
    if not found and p.skip("function"):
        return _function_type(p)
    if not found:
        raise p.error("the name of a type is missing")
    name = found[0]
    p.go(found[1])
    if name in p.types:
        return types.unrestricted(p.types[name])
    if p.is_at("<") and name in ("list", "range", "context"):
        return _of(p, name)
    simple = types.simple(name)
    if simple is None:
        raise p.error(f"no type is called {name}")
    return simple


def _of(p: Parser, name: str) -> types.FeelType:
    p.take()
    if name == "context":
        made: types.FeelType = types.ContextOf(_member_types(p))
    else:
        made = types.ListOf(_type(p)) if name == "list" else types.RangeOf(_type(p))
    p.expect(">", f"after the type in {name}<")
    return made


def _member_types(p: Parser) -> tuple[tuple[str, types.FeelType], ...]:
    members: list[tuple[str, types.FeelType]] = []
    while not p.is_at(">"):
        name = plain_name(p.text, p.token.start)
        if not name:
            raise p.error("the name of a member is missing")
        p.go(name[1])
        p.expect(":", "after the name of the member")
        members.append((name[0], type_name(p)))
        if not p.skip(","):
            break
    return tuple(members)


def _function_type(p: Parser) -> types.FeelType:
    if not p.skip("<"):
        return types.Simple("function")
    parameters: list[types.FeelType] = []
    while not p.is_at(">", "->"):
        parameters.append(type_name(p))
        if not p.skip(","):
            break
    p.expect(">", "after the parameters")
    p.expect("->", "before the type of the result")
    return types.FunctionOf(tuple(parameters), type_name(p))
