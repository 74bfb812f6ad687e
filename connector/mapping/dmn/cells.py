"""Condition cells as people write them in a spreadsheet, and back to text.

    -   or nothing                      any value
    CPE                                 this text (quotes are needed only around , " and the words below)
    CPE, "Router, large"                one of these
    not(CPE, Router)                    none of these
    starts with "CPE"                   also: ends with, contains, matches (a regular expression)
    5   2026-03-31   PT4H   true        this number, date, duration, truth
    > 5   <= 2026-03-31   != 3          compared
    [1..5]   (1..5]   [1..5)            from 1 to 5; a round bracket leaves the end out
    null                                nothing is known
    ? > 2 * quantity                    anything FEEL can say; ? is the value of this column

Several, separated by commas, mean one of them. What DMN writes in a unary test is understood too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from connector.mapping.dmn.conditions import (
    ANYTHING,
    Anything,
    Between,
    Compare,
    Formula,
    Like,
    Not,
    OneOf,
)
from connector.mapping.dmn.patterns import PatternError, pattern
from connector.mapping.dmn.values import Kind, Value, read, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.conditions import Condition

Formulas: TypeAlias = "Callable[[str, Kind], Condition]"
"""Reads a cell that only an expression can say, for a column of a kind. Raises ValueError."""

_OPERATOR = re.compile(r"(<=|>=|!=|<|>|=)\s*(.*)", re.DOTALL)
_NOT = re.compile(r"not\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_END = r'("(?:[^"\\]|\\.)*"|[^"]+?)'
_RANGE = re.compile(rf"([\[\](])\s*{_END}\s*\.\.\s*{_END}\s*([\])\[])", re.DOTALL)
_LIKE = re.compile(
    r"(starts with|ends with|contains|matches)\s*(?:\(\s*\?\s*,\s*(\".*\")\s*\)|(\".*\"))", re.IGNORECASE | re.DOTALL
)
_BARE_LIKE = re.compile(r'(starts with|ends with|contains|matches)\s+([^"]+)', re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CALENDAR = re.compile(r'(?:date and time|date|time|duration)\s*\(\s*"([^"]*)"\s*\)|@"([^"]*)"')
# What programs make of - "..." >= <= != while one types. Nobody means it.
_PLAIN_SIGNS = {
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2265": ">=",
    "\u2264": "<=",
    "\u2260": "!=",
} | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
_TYPESET = re.compile("[\u2013\u2014\u2212]$|[\u2265\u2264\u2260\u201c\u201d\u201e\u201f]")
_RESERVED = re.compile(
    r'-|null|[<>=!?\[("].*|.*".*|(not|starts with|ends with|contains|matches)\b.*', re.IGNORECASE | re.DOTALL
)


def parse_cell(text: str, kind: Kind, formula: Formulas | None = None) -> Condition:
    """The condition a cell says. Raises ValueError saying what is wrong and what would be right.

    `formula` reads what only an expression can say; without it such a cell is refused.

    >>> parse_cell("CPE, Router", Kind.STRING)
    OneOf(conditions=(Compare(operator='=', value='CPE'), Compare(operator='=', value='Router')))
    """
    body = text.strip()
    if body in ("", "-"):
        return ANYTHING
    negation = _NOT.fullmatch(body)
    if negation and _is_one_group(body):
        return Not(_one_of([_item(part, kind, formula) for part in _parts(negation[1])]))
    return _one_of([_item(part, kind, formula) for part in _parts(body)])


def _one_of(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else OneOf(tuple(conditions))


def _is_one_group(text: str) -> bool:
    """Whether the first opening bracket is closed by the last character."""
    depth = 0
    for position, character in _outside_quotes(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character in ")]":
            return position == len(text) - 1
    return False


def _outside_quotes(text: str) -> list[tuple[int, str]]:
    """The characters that are not inside double quotes, with their positions."""
    outside, quoted, escaped = [], False, False
    for position, character in enumerate(text):
        if character == '"' and not escaped:
            quoted = not quoted
        elif not quoted:
            outside.append((position, character))
        escaped = character == "\\" and not escaped
    if quoted:
        raise ValueError('a quotation mark is not closed; write the text between two "')
    return outside


def _parts(text: str) -> list[str]:
    """The items of a list, split at commas that stand outside quotes and brackets."""
    depth, cuts = 0, [-1]
    for position, character in _outside_quotes(text):
        depth = max(0, depth + (character in "([") - (character in ")]"))
        if character == "," and depth == 0:
            cuts.append(position)
    ends = [*cuts[1:], len(text)]
    parts = [text[begin + 1 : end].strip() for begin, end in zip(cuts, ends, strict=True)]
    if not all(parts):
        raise ValueError("an empty value in the list; remove the comma that is too many")
    return parts


def _item(text: str, kind: Kind, formula: Formulas | None) -> Condition:
    if text == "-":
        raise ValueError("'-' means anything and stands alone")
    if _TYPESET.match(text):
        sign = text[0]
        raise ValueError(
            f'{sign} was made by a word processor; write {_PLAIN_SIGNS[sign]}, or "{text}" if it is this text'
        )
    if re.match(r"not\s*\(", text, re.IGNORECASE):
        raise ValueError("not(...) stands around the whole cell")
    if text.casefold() == "null":
        return Compare("=", None)
    if like := _LIKE.fullmatch(text):
        return _like(like[1].casefold(), like[2] or like[3], kind)
    if "?" in {character for _, character in _outside_quotes(text)} and not _is_plain(text, kind):
        return _formula(text, kind, formula)
    if (found := _RANGE.fullmatch(text)) and not _is_plain(text, kind):
        return _range(found, kind)
    if found := _OPERATOR.fullmatch(text):
        return Compare(found[1], _operand(found[2], kind))
    if kind.is_text and (found := _BARE_LIKE.fullmatch(text)):
        raise ValueError(f'write {found[1].lower()} "{found[2]}", or "{text}" if it is this text')
    return Compare("=", _literal(text, kind))


def _is_plain(text: str, kind: Kind) -> bool:
    """Whether a text column may take this as it stands: "who?" and "(1..2)" are text unless something is quoted."""
    return kind.is_text and '"' not in text and not text.startswith("?")


def _formula(text: str, kind: Kind, formula: Formulas | None) -> Condition:
    if formula is None:
        raise ValueError("an expression with '?' cannot be used here; write a value, a list, a comparison or a range")
    return formula(text, kind)


def _like(how: str, quoted: str, kind: Kind) -> Condition:
    if not kind.is_text:
        raise ValueError(f"'{how}' is for text, but this column holds a {kind.value}")
    text = _unquoted(quoted)
    if how == "matches":
        try:
            pattern(text)
        except PatternError as error:
            raise ValueError(f"not a regular expression: {error}") from None
    return Like(how, text)


def _range(found: re.Match[str], kind: Kind) -> Condition:
    low, high = _operand(found[2], kind), _operand(found[3], kind)
    try:
        backwards = high < low  # type: ignore[operator]
    except TypeError:
        raise ValueError("the two ends of a range must be of one kind, and known") from None
    if backwards:
        raise ValueError(f"the range ends ({show(high)}) before it begins ({show(low)}); swap the two")
    return Between(low, high, found[1] == "[", found[4] == "]")


def _operand(text: str, kind: Kind) -> Value:
    """What stands after an operator or at an end of a range. Text needs quotes there."""
    if not text:
        raise ValueError("nothing stands after the operator")
    if text == "null":
        return None
    if kind.is_text and not _QUOTED.fullmatch(text):
        raise ValueError(
            f"this column holds text; write {text!r} in double quotes after an operator, or name another kind in the"
            " header, like 'characteristic.speed: number'"
        )
    return _literal(text, kind)


def _literal(text: str, kind: Kind) -> Value:
    if _QUOTED.fullmatch(text):
        body = _unquoted(text)
        if kind.is_text or kind is Kind.ANY:
            return body
        raise ValueError(f"{body!r} is text, but this column holds a {kind.value}; remove the quotes")
    if kind.is_text:
        if '"' in text:
            raise ValueError(
                'a quotation mark inside the text; put all of it in quotes and write \\" for the inner one'
            )
        return text
    calendar = _CALENDAR.fullmatch(text)
    body = (calendar[1] or calendar[2]) if calendar else text
    if kind is Kind.DURATION and re.fullmatch(r"-?P\d+[YM].*", body):
        raise ValueError("a duration of years or months; write days and time like P2D or PT4H30M")
    return read(kind, body)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", _unescape, text[1:-1], flags=re.DOTALL)


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code.startswith("u"):
        return chr(int(code[1:], 16))
    return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)


# --- back to text ----------------------------------------------------------------------------------------------


def show_cell(condition: Condition) -> str:
    """A condition as a person would write it; `parse_cell` reads the same condition from it.

    >>> show_cell(Not(OneOf((Compare("=", "CPE"), Compare("=", "a, b")))))
    'not(CPE, "a, b")'
    """
    match condition:
        case Anything():
            return "-"
        case OneOf(conditions):
            return ", ".join(show_cell(one) for one in conditions)
        case Not(negated):
            return f"not({show_cell(negated)})"
        case Compare("=", value):
            return _shown(value)
        case Compare(symbol, value):
            return f"{symbol} {quoted(value)}"
        case Between(low, high, low_closed, high_closed):
            return f"{'[' if low_closed else '('}{quoted(low)}..{quoted(high)}{']' if high_closed else ')'}"
        case Like(how, text, ""):
            return f"{how} {quoted(text)}"
        case Like(how, text, flags):
            return f"{how}(?, {quoted(text)}, {quoted(flags)})"
        case Formula(expression):
            return expression.text


def _shown(value: Value) -> str:
    if isinstance(value, str) and not _is_safe(value):
        return quoted(value)
    return "null" if value is None else show(value)


def _is_safe(text: str) -> bool:
    """Whether a text means itself without quotes, also in a list and inside not(...)."""
    # Line ends do not survive every spreadsheet; in quotes they are written as escapes.
    means_itself = not (_RESERVED.fullmatch(text) or _TYPESET.match(text) or re.search(r"[\r\n\t]", text))
    return bool(text) and text == text.strip() and "," not in text and means_itself and _balanced(text)


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if depth < 0:
            return False
    return depth == 0


def quoted(value: Value) -> str:
    """A value where text needs quotes."""
    if not isinstance(value, str):
        return "null" if value is None else show(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
