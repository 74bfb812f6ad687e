"""Equality and order of any two FEEL values, and what it means to be in something. Three-valued: None is "cannot be said"."""

from __future__ import annotations

from typing import Any

from connector.mapping.dmn import conditions
from connector.mapping.dmn.budget import spend
from connector.mapping.dmn.feel.values import Function, Range

compared = conditions.compared


def equal(one: Any, other: Any) -> bool | None:
    """Equality of any two values; None where their kinds differ."""
    if one is None or other is None:
        return one is other
    spend()
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(a, b) is True for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) is True for key, value in one.items())
    if isinstance(one, (list, dict, Range, Function)) or isinstance(other, (list, dict, Range, Function)):
        return one == other if type(one) is type(other) else None
    return conditions.same(one, other)


def in_range(value: Any, held: Range) -> bool | None:
    """Whether a range holds a value."""
    match held.sign:
        case "=":
            return equal(value, held.low)
        case "!=":
            return _negated(equal(value, held.low))
        case "<" | "<=":
            return compared(held.sign, value, held.high)
        case ">" | ">=":
            return compared(held.sign, value, held.low)
        case _:
            return _between(value, held)


def _between(value: Any, held: Range) -> bool | None:
    above = compared(">=" if held.low_closed else ">", value, held.low)
    below = compared("<=" if held.high_closed else "<", value, held.high)
    return None if above is None or below is None else above and below


def is_in(value: Any, held: Any) -> bool | None:
    """`value in held`: equal to it, or inside the range or list it is."""
    if isinstance(held, Range):
        return equal(value, held) if isinstance(value, Range) else in_range(value, held)
    if isinstance(held, list):
        if isinstance(value, list) and equal(value, held):
            return True
        return any(is_in(value, one) is True for one in held)
    return equal(value, held)


def any_of(answers: list[bool | None]) -> bool | None:
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
