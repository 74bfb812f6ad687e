"""Values and conditions as FEEL text, which reads back as the same."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import Anything, Between, Compare, Formula, Like, Not, OneOf
from connector.mapping.dmn.feel.calendar import show_any
from connector.mapping.dmn.values import Months

if TYPE_CHECKING:
    from connector.mapping.dmn.conditions import Condition

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: Any) -> str:
    """A simple value as a FEEL literal. Raises ValueError for what has none."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return (
                '"' + _UNPRINTABLE.sub(lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), escaped) + '"'
            )
        case Decimal():
            return format(value, "f")
        case datetime():
            return f'date and time("{show_any(value)}")'
        case date():
            return f'date("{show_any(value)}")'
        case time():
            return f'time("{show_any(value)}")'
        case timedelta() | Months():
            return f'duration("{show_any(value)}")'
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be written as a FEEL literal")


def unary_tests(condition: Condition) -> str:
    """A condition as the text of an input entry. Raises ValueError for what has no such text."""
    match condition:
        case Anything():
            return "-"
        case Not(OneOf(conditions)):
            return f"not({', '.join(_test(one) for one in conditions)})"
        case Not(negated):
            return f"not({_test(negated)})"
        case OneOf(conditions):
            return ", ".join(_test(one) for one in conditions)
        case _:
            return _test(condition)


def _test(condition: Condition) -> str:
    match condition:
        case Compare("=", value):
            return literal(value)
        case Compare(("<" | "<=" | ">" | ">=") as sign, value):
            return f"{sign} {literal(value)}"
        case Between():
            return _range(condition)
        case Formula(expression):
            return expression.text
        case _:
            return _asked(condition)


def _range(condition: Between) -> str:
    begin, end = "[" if condition.low_closed else "(", "]" if condition.high_closed else ")"
    return f"{begin}{literal(condition.low)}..{literal(condition.high)}{end}"


def _asked(condition: Condition) -> str:
    """A condition as an expression about `?`."""
    match condition:
        case Compare(sign, value):
            return f"? {sign} {literal(value)}"
        case Between():
            return f"? in {_range(condition)}"
        case Like(how, text, flags):
            return f"{how}(?, {literal(text)}{f', {literal(flags)}' if flags else ''})"
        case Not(negated):
            return f"not({_asked(negated)})"
        case OneOf(conditions):
            return "(" + " or ".join(_asked(one) for one in conditions) + ")"
        case Formula(expression):
            return f"? in ({expression.text})"
        case Anything():
            raise ValueError("'anything' inside a list or a negation cannot be written in FEEL")
