"""Functions on numbers."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.arithmetic import DECIMAL128, finite, negative
from connector.mapping.dmn.feel.functions.signature import built_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.feel.functions.signature import Signature

_WIDEST_SCALE = 6111


def _rounded(how: str) -> Callable[[Decimal, Decimal | None], Decimal | None]:
    def rounded(number: Decimal, scale: Decimal | None) -> Decimal | None:
        places = int(scale or 0)
        if not -_WIDEST_SCALE <= places <= _WIDEST_SCALE + 65:
            return None
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= places:
            return number
        return finite(number.quantize(Decimal(1).scaleb(-places), how, DECIMAL128))

    return rounded


def absolute(value: Any) -> Any:
    return negative(value) if value < type(value)(0) else value


def modulo(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """With the sign of the divisor."""
    if not divisor:
        return None
    rest = DECIMAL128.remainder(dividend, divisor)
    return finite(DECIMAL128.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest)


def _is_even(number: Decimal) -> bool:
    return DECIMAL128.remainder(number, Decimal(2)) == 0


def _is_odd(number: Decimal) -> bool:
    return abs(DECIMAL128.remainder(number, Decimal(2))) == 1


NUMBERS: tuple[Signature, ...] = (
    built_in("decimal(n: number, scale: number)", _rounded(ROUND_HALF_EVEN)),
    built_in("floor(n: number, scale: number?)", _rounded(ROUND_FLOOR)),
    built_in("ceiling(n: number, scale: number?)", _rounded(ROUND_CEILING)),
    built_in("round up(n: number, scale: number)", _rounded(ROUND_UP)),
    built_in("round down(n: number, scale: number)", _rounded(ROUND_DOWN)),
    built_in("round half up(n: number, scale: number)", _rounded(ROUND_HALF_UP)),
    built_in("round half down(n: number, scale: number)", _rounded(ROUND_HALF_DOWN)),
    built_in("abs(n: number|days|months)", absolute),
    built_in("modulo(dividend: number, divisor: number)", modulo),
    built_in("sqrt(number: number)", lambda n: finite(DECIMAL128.sqrt(n))),
    built_in("log(number: number)", lambda n: finite(DECIMAL128.ln(n))),
    built_in("exp(number: number)", lambda n: finite(DECIMAL128.exp(n))),
    built_in("odd(number: number)", _is_odd),
    built_in("even(number: number)", _is_even),
)
