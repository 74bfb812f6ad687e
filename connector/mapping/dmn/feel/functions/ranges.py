"""Functions on ranges and points (Allen's interval algebra), and ranges from text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.calendar import read_at
from connector.mapping.dmn.feel.equality import compared, equal, in_range
from connector.mapping.dmn.feel.functions.signature import built_in
from connector.mapping.dmn.feel.values import Range
from connector.mapping.dmn.values import Kind, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.feel.functions.signature import Signature


class _Unordered(ValueError):
    """Two ends that have no order: the answer is None."""


def _less(one: Any, other: Any) -> bool:
    answer = compared("<", one, other)
    if answer is None:
        raise _Unordered
    return answer


def _same(one: Any, other: Any) -> bool:
    answer = equal(one, other)
    if answer is None or one is None:
        raise _Unordered
    return answer


def before(one: Any, other: Any) -> bool:
    """All of one lies before all of the other. Points or ranges."""
    end, closed = (one.high, one.high_closed) if isinstance(one, Range) else (one, True)
    begin, open_ = (other.low, not other.low_closed) if isinstance(other, Range) else (other, False)
    return _less(end, begin) or ((not closed or open_) and _same(end, begin))


def meets(one: Range, other: Range) -> bool:
    return one.high_closed and other.low_closed and _same(one.high, other.low)


def overlaps(one: Range, other: Range) -> bool:
    return not before(one, other) and not before(other, one)


def _starts_before(one: Range, other: Range) -> bool:
    return _less(one.low, other.low) or (_same(one.low, other.low) and one.low_closed and not other.low_closed)


def _ends_before(one: Range, other: Range) -> bool:
    return _less(one.high, other.high) or (_same(one.high, other.high) and not one.high_closed and other.high_closed)


def overlaps_before(one: Range, other: Range) -> bool:
    return overlaps(one, other) and _starts_before(one, other) and not _ends_before(other, one)


def overlaps_after(one: Range, other: Range) -> bool:
    return overlaps(one, other) and _starts_before(other, one) and not _ends_before(one, other)


def finishes(one: Any, other: Range) -> bool:
    if not isinstance(one, Range):
        return other.high_closed and _same(one, other.high)
    return one.high_closed == other.high_closed and _same(one.high, other.high) and not _starts_before(one, other)


def starts(one: Any, other: Range) -> bool:
    if not isinstance(one, Range):
        return other.low_closed and _same(one, other.low)
    return one.low_closed == other.low_closed and _same(one.low, other.low) and not _ends_before(other, one)


def includes(one: Range, other: Any) -> bool | None:
    if not isinstance(other, Range):
        return in_range(other, one)
    return not _starts_before(other, one) and not _ends_before(one, other)


def coincides(one: Any, other: Any) -> bool:
    if isinstance(one, Range) != isinstance(other, Range):
        raise _Unordered
    if not isinstance(one, Range):
        return _same(one, other)
    return (
        (one.low_closed, one.high_closed) == (other.low_closed, other.high_closed)
        and _same(one.low, other.low)
        and _same(one.high, other.high)
    )


_RANGE = re.compile(r"\s*([\[(\]])(.*?)\.\.(.*?)([\])\[])\s*", re.DOTALL)
_AT = re.compile(r'@"([^"]*)"|(?:date|time|date and time|duration)\(\s*"([^"]*)"\s*\)')


def range_of(text: str) -> Range | None:
    """A range of literals: `[1..5)`."""
    found = _RANGE.fullmatch(text)
    if not found:
        return None
    low, high = _end(found[2]), _end(found[3])
    closed = (found[1] == "[" and low is not None, found[4] == "]" and high is not None)
    if low is None and high is None:
        return None
    if low is not None and high is not None and compared("<=", low, high) is not True:
        return None
    return Range(low, high, *closed)


def _end(text: str) -> Any:
    """Raises ValueError for what is no literal."""
    text = text.strip()
    if text == "null":
        return None
    at = _AT.fullmatch(text)
    if at:
        value = read_at(at[1] or at[2])
        if value is None:
            raise ValueError("no such value")
        return value
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1]
    return read(Kind.NUMBER, text)


def _swapped(run: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda one, other: run(other, one)


RANGES: tuple[Signature, ...] = (
    *(
        signature
        for one, other in (("point", "point"), ("point", "range"), ("range", "point"), ("range", "range"))
        for signature in (
            built_in(f"before({one}1: {one}, {other}2: {other})", before),
            built_in(f"after({one}1: {one}, {other}2: {other})", _swapped(before)),
        )
    ),
    built_in("meets(range1: range, range2: range)", meets),
    built_in("met by(range1: range, range2: range)", _swapped(meets)),
    built_in("overlaps(range1: range, range2: range)", overlaps),
    built_in("overlaps before(range1: range, range2: range)", overlaps_before),
    built_in("overlaps after(range1: range, range2: range)", overlaps_after),
    built_in("finishes(point: point, range: range)", finishes),
    built_in("finishes(range1: range, range2: range)", finishes),
    built_in("finished by(range: range, point: point)", _swapped(finishes)),
    built_in("finished by(range1: range, range2: range)", _swapped(finishes)),
    built_in("includes(range: range, point: point)", includes),
    built_in("includes(range1: range, range2: range)", includes),
    built_in("during(point: point, range: range)", _swapped(includes)),
    built_in("during(range1: range, range2: range)", _swapped(includes)),
    built_in("starts(point: point, range: range)", starts),
    built_in("starts(range1: range, range2: range)", starts),
    built_in("started by(range: range, point: point)", _swapped(starts)),
    built_in("started by(range1: range, range2: range)", _swapped(starts)),
    built_in("coincides(point1: point, point2: point)", coincides),
    built_in("coincides(range1: range, range2: range)", coincides),
    built_in("range(from: string)", range_of),
)
