"""Functions on strings. Positions count characters from 1, or from the end with a minus."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import LONGEST_TEXT, Exhausted
from connector.mapping.dmn.feel.functions.signature import built_in
from connector.mapping.dmn.patterns import pattern

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.functions.signature import Signature


def substring(text: str, start: Decimal, length: Decimal | None) -> str | None:
    begin = int(start)
    if not begin or abs(begin) > len(text) or (length is not None and int(length) < 1):
        return None
    begin = begin - 1 if begin > 0 else len(text) + begin
    return text[begin:] if length is None else text[begin : begin + int(length)]


def before(text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


def after(text: str, match: str) -> str:
    if not match:
        return text
    return text.partition(match)[2]


def matches(text: str, wanted: str, flags: str | None) -> bool:
    return pattern(wanted, flags or "").is_in(text)


def replace(text: str, wanted: str, by: str, flags: str | None) -> str:
    return pattern(wanted, flags or "").replaced(text, by)


def split(text: str, delimiter: str) -> list[str]:
    return pattern(delimiter, "").split(text)


def joined(items: list[Any], delimiter: str | None) -> str | None:
    if any(not isinstance(item, str) and item is not None for item in items):
        return None
    words = [item for item in items if item is not None]
    if sum(len(word) + len(delimiter or "") for word in words) > LONGEST_TEXT:
        raise Exhausted
    return (delimiter or "").join(words)


STRINGS: tuple[Signature, ...] = (
    built_in("substring(string: string, start position: number, length: number?)", substring),
    built_in("string length(string: string)", lambda text: Decimal(len(text))),
    built_in("upper case(string: string)", lambda text: text.upper()),
    built_in("lower case(string: string)", lambda text: text.lower()),
    built_in("substring before(string: string, match: string)", before),
    built_in("substring after(string: string, match: string)", after),
    built_in("contains(string: string, match: string)", lambda text, match: match in text),
    built_in("starts with(string: string, match: string)", lambda text, match: text.startswith(match)),
    built_in("ends with(string: string, match: string)", lambda text, match: text.endswith(match)),
    built_in("matches(input: string, pattern: string, flags: string?!)", matches),
    built_in("replace(input: string, pattern: string, replacement: string, flags: string?!)", replace),
    built_in("split(string: string, delimiter: string)", split),
    built_in("string join(list: list, delimiter: string?!)", joined),
)
