"""A readable value between two cuts of a column: proof that the piece between them is not empty, and an example for people.

Numbers are dense. Dates go by days, instants and times of day by seconds (as they are compared), durations by microseconds,
durations of years and months by months. Strings are ordered by code point; between two of them there is nearly always a
third. Times of day are those of one day in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind, Months

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.mapping.dmn.partition import Cut
    from connector.mapping.dmn.values import Value

READABLE = ("other", "something else", "x", "0")
_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_UNITS = (
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=1),
    _SECOND,
    _MICROSECOND,
)  # the roundest that fits is shown


def witness(low: Cut, high: Cut, kind: Kind, *, folded: bool = False) -> Value:
    """A value between two cuts, or None if there is none. `folded`: only strings as `fold` leaves them count.

    >>> witness((Decimal(5), 1), (Decimal(6), 0), Kind.NUMBER)
    Decimal('5.5')
    >>> witness((date(2026, 3, 1), 1), (date(2026, 3, 2), 0), Kind.DATE) is None
    True
    """
    if kind is Kind.NUMBER:
        return _number(low, high)
    if kind in _DISCRETE:
        return _discrete(low, high, kind)
    if kind is Kind.BOOLEAN:
        return next((value for value in (False, True) if inside(value, low, high)), None)
    fits = [text for text in _strings(low, high) if inside(text, low, high) and (not folded or fold(text) == text)]
    return fits[0] if fits else None


def inside(value: Any, low: Cut, high: Cut) -> bool:
    """Whether a value lies between two cuts."""
    return (low is None or low < (value, 0.5)) and (high is None or (value, 0.5) < high)


def _strings(low: Cut, high: Cut) -> Iterator[str]:
    """Strings that may lie between, the most readable first; the last but for the folded ones is the least there is."""
    text = low[0] if low else ""
    if low and low[1] == 0:
        yield text
    yield from READABLE
    if high and high[1] == 1:
        yield high[0]
    yield from (f"{text}{more}" for more in ("a", "0", "-", " x", *_PRINTABLE))
    yield from _PRINTABLE
    yield text
    yield f"{text}\0"


def _number(low: Cut, high: Cut) -> Decimal | None:
    if low is None and high is None:
        return Decimal(0)
    if low is not None and low[1] == 0:
        return Decimal(low[0])
    with localcontext() as context:
        context.prec = 50 + sum(_width(cut[0]) for cut in (low, high) if cut)
        if low is None:
            return high[0] - (1 - high[1]) if high else None
        if high is None:
            return _rounded(low[0] + 1, low, high)
        after = low[0] // 1 + 1
        return after if inside(after, low, high) else _rounded((low[0] + high[0]) / 2, low, high)


def _width(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return len(value.as_tuple().digits) + abs(exponent if isinstance(exponent, int) else 0)


def _rounded(value: Decimal, low: Cut, high: Cut) -> Decimal:
    """The value with as few decimals as keep it between the cuts."""
    for places in range(8):
        short = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING)
        if inside(short, low, high):
            return short
    return value


def _discrete(low: Cut, high: Cut, kind: Kind) -> Value:
    count, make, least, greatest = _DISCRETE[kind]
    first = least if low is None else max(least, count(low[0]) + low[1])
    last = greatest if high is None else min(greatest, count(high[0]) - 1 + high[1])
    if first > last:
        return None
    if low is not None and low[1] == 0:
        return make(first)
    return make(_round_number(low is not None, first, last, kind))


def _round_number(from_below: bool, first: int, last: int, kind: Kind) -> int:
    """The roundest count from `first` to `last`: next to the end that is given, or a familiar one where none is."""
    familiar = _FAMILIAR[kind]
    if not from_below and first <= familiar <= last:
        return familiar
    step = _STEP.get(kind)
    for unit in [unit // step for unit in _UNITS if unit >= step] if step else [1]:
        found = -(-first // unit) * unit if from_below else last // unit * unit
        if first <= found <= last:
            return found
    return first


def _instant(value: datetime) -> int:
    return (value.replace(tzinfo=value.tzinfo or UTC) - _EPOCH) // _SECOND


def _of_day(value: time) -> int:
    since = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    return (since - (value.utcoffset() or timedelta(0))) // _SECOND


_DAY = 86_400
_STEP = {Kind.DATE_TIME: _SECOND, Kind.TIME: _SECOND, Kind.DURATION: _MICROSECOND}
_DISCRETE: dict[Kind, tuple[Callable[[Any], int], Callable[[int], Value], int, int]] = {
    Kind.DATE: (date.toordinal, date.fromordinal, 1, date.max.toordinal()),
    Kind.DATE_TIME: (
        _instant,
        lambda count: _EPOCH + count * _SECOND,
        _instant(datetime(1, 1, 1, tzinfo=UTC)),
        _instant(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ),
    Kind.TIME: (_of_day, lambda count: (_EPOCH + count * _SECOND).timetz(), 0, _DAY - 1),
    Kind.DURATION: (
        lambda value: value // _MICROSECOND,
        lambda count: count * _MICROSECOND,
        timedelta.min // _MICROSECOND,
        timedelta.max // _MICROSECOND,
    ),
    Kind.MONTHS: (lambda value: value.count, Months, -(10**9), 10**9),
}
_FAMILIAR = {
    Kind.DATE: date(2026, 1, 1).toordinal(),
    Kind.DATE_TIME: _instant(datetime(2026, 1, 1, tzinfo=UTC)),
    Kind.TIME: _DAY // 2,
    Kind.DURATION: timedelta(days=1) // _MICROSECOND,
    Kind.MONTHS: 12,
}
