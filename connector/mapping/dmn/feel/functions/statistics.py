"""Functions that make one value of many: sums, extremes, all and any."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.arithmetic import DECIMAL128, calculate, finite
from connector.mapping.dmn.feel.equality import compared
from connector.mapping.dmn.feel.functions.signature import Unfit, built_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.feel.functions.signature import Signature


def _extreme(sign: str) -> Callable[[list[Any]], Any]:
    def extreme(items: list[Any]) -> Any:
        if not items:
            return None
        best = items[0]
        for item in items:
            better = compared(sign, item, best)
            if better is None:
                return None
            best = item if better else best
        return best

    return extreme


def _folded(sign: str) -> Callable[[list[Any]], Any]:
    def total(items: list[Any]) -> Any:
        numbers = _numbers(items)
        if not numbers:
            return None
        found: Any = numbers[0]
        for number in numbers[1:]:
            found = calculate(sign, found, number)
        return found

    return total


def _numbers(items: list[Any]) -> list[Decimal]:
    if any(not isinstance(item, Decimal) for item in items):
        raise ValueError("not all are numbers")
    return items


def mean(items: list[Any]) -> Decimal | None:
    total = _folded("+")(items)
    return None if total is None else finite(DECIMAL128.divide(total, Decimal(len(items))))


def median(items: list[Any]) -> Decimal | None:
    numbers = sorted(_numbers(items))
    if not numbers:
        return None
    half = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[half]
    return finite(DECIMAL128.divide(DECIMAL128.add(numbers[half - 1], numbers[half]), Decimal(2)))


def deviation(items: list[Any]) -> Decimal | None:
    """Of a sample."""
    numbers = _numbers(items)
    middle = mean(items)
    if len(numbers) < 2 or middle is None:
        return None
    squares = Decimal(0)
    for number in numbers:
        distance = DECIMAL128.subtract(number, middle)
        squares = DECIMAL128.add(squares, DECIMAL128.multiply(distance, distance))
    return finite(DECIMAL128.sqrt(DECIMAL128.divide(squares, Decimal(len(numbers) - 1))))


def mode(items: list[Any]) -> list[Decimal]:
    numbers = _numbers(items)
    counts = {number: numbers.count(number) for number in numbers} if len(numbers) <= 5000 else {}
    most = max(counts.values(), default=0)
    return sorted(number for number, count in counts.items() if count == most)


def every(items: list[Any]) -> bool | None:
    if any(item is False for item in items):
        return False
    return None if any(item is not True for item in items) else True


def some(items: list[Any]) -> bool | None:
    if any(item is True for item in items):
        return True
    return None if any(item is not False for item in items) else False


def _either(name: str, run: Callable[[list[Any]], Any]) -> tuple[Signature, ...]:
    """Called with one list, or with the items themselves."""

    def of_items(items: list[Any]) -> Any:
        if len(items) == 1 and isinstance(items[0], list):
            raise Unfit
        return run(items)

    return (
        built_in(f"{name}(list: list!)", lambda items: None if items is None else run(items)),
        built_in(f"{name}(*c: any)", of_items),
    )


STATISTICS: tuple[Signature, ...] = (
    *_either("min", _extreme("<")),
    *_either("max", _extreme(">")),
    *_either("sum", _folded("+")),
    *_either("product", _folded("*")),
    *_either("mean", mean),
    *_either("median", median),
    *_either("stddev", deviation),
    *_either("mode", mode),
    *_either("all", every),
    *_either("any", some),
    built_in("not(negand: any)", lambda value: (not value) if isinstance(value, bool) else None),
)
