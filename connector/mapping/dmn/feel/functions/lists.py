"""Functions that make, change or search lists. Positions count from 1, or from the end with a minus."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import spend
from connector.mapping.dmn.feel.equality import equal
from connector.mapping.dmn.feel.functions.signature import built_in

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.functions.signature import Signature
    from connector.mapping.dmn.feel.values import Function


def contains(items: list[Any], element: Any) -> bool:
    return any(equal(item, element) is True for item in items)


def sublist(items: list[Any], start: Decimal, length: Decimal | None) -> list[Any] | None:
    begin = _index(items, start)
    if begin is None:
        return None
    if length is None:
        return items[begin:]
    end = begin + int(length)
    return items[begin:end] if int(length) > 0 and end <= len(items) else None


def _index(items: list[Any], position: Decimal) -> int | None:
    at = int(position)
    if not 1 <= abs(at) <= len(items):
        return None
    return at - 1 if at > 0 else len(items) + at


def insert_before(items: list[Any], position: Decimal, new: Any) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else [*items[:at], new, *items[at:]]


def remove(items: list[Any], position: Decimal) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else items[:at] + items[at + 1 :]


def replaced(items: list[Any], position: Decimal, new: Any) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else [*items[:at], new, *items[at + 1 :]]


def replaced_where(items: list[Any], match: Function, new: Any) -> list[Any] | None:
    answers = [match.invoke([item, new]) for item in items]
    if any(not isinstance(answer, bool) for answer in answers):
        return None
    return [new if answer else item for item, answer in zip(items, answers, strict=True)]


def index_of(items: list[Any], match: Any) -> list[Decimal]:
    return [Decimal(at) for at, item in enumerate(items, start=1) if equal(item, match) is True]


def concatenate(lists: list[list[Any]]) -> list[Any]:
    return [item for one in lists for item in one]


def distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not contains(found, item):
            found.append(item)
    return found


def flatten(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        spend()
        found += flatten(item) if isinstance(item, list) else [item]
    return found


def ordered(items: list[Any], precedes: Function) -> list[Any] | None:
    if len(precedes.parameters) != 2:
        return None

    def order(one: Any, other: Any) -> int:
        if precedes.invoke([one, other]) is True:
            return -1
        return 1 if precedes.invoke([other, one]) is True else 0

    return sorted(items, key=cmp_to_key(order))


LISTS: tuple[Signature, ...] = (
    built_in("list contains(list: list, element: any)", contains),
    built_in("count(list: list)", lambda items: Decimal(len(items))),
    built_in("sublist(list: list, start position: number, length: number?)", sublist),
    built_in("append(list: list, *item: any)", lambda items, new: items + new),
    built_in("concatenate(*list: list)", concatenate),
    built_in("insert before(list: list, position: number, newItem: any)", insert_before),
    built_in("remove(list: list, position: number)", remove),
    built_in("reverse(list: list)", lambda items: items[::-1]),
    built_in("index of(list: list, match: any)", index_of),
    built_in("union(*list: list)", lambda lists: distinct(concatenate(lists))),
    built_in("distinct values(list: list)", distinct),
    built_in("duplicate values(list: list)", lambda items: [i for i in distinct(items) if len(index_of(items, i)) > 1]),
    built_in("flatten(list: list)", flatten),
    built_in("list replace(list: list, position: number, newItem: any)", replaced),
    built_in("list replace(list: list, match: function, newItem: any)", replaced_where),
    built_in("sort(list: list, precedes: function)", ordered),
)
