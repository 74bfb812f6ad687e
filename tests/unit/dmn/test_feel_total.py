"""An expression always ends, quickly, and raises nothing: what cannot be computed is nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.dmn.conditions import holds
from connector.mapping.dmn.feel import FeelError, parse_expression, parse_unary_tests
from connector.mapping.dmn.feel.functions import BUILT_IN
from connector.mapping.dmn.values import Kind, Months

SCOPE: dict[str, Any] = {
    "n": Decimal("2.5"),
    "big": Decimal("9.9e6100"),
    "s": "text",
    "t": True,
    "d": date(9999, 12, 31),
    "dt": datetime(1, 1, 1, tzinfo=UTC),
    "local": datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Paris")),
    "clock": time(23, 59, tzinfo=ZoneInfo("Asia/Tokyo")),
    "days": timedelta(days=999_999_999),
    "months": Months(10**12),
    "empty": [],
    "list": [Decimal(1), None, "a", [True]],
    "context": {"a": Decimal(1), "b c": "x"},
    "nothing": None,
}
LITERALS = [
    "1",
    "-0.5",
    '"x"',
    '"["',
    "true",
    "null",
    "[1..3]",
    "(< 5)",
    '@"P1D"',
    '@"2026-03-31"',
    "{a: 1}",
    "function(x, y) x < y",
]
SIGNS = ["+", "-", "*", "/", "**", "=", "<", ">=", "and", "or", "in"]
FUNCTIONS = sorted(BUILT_IN)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        st.tuples(st.sampled_from(FUNCTIONS), st.lists(inner, max_size=4)).map(
            lambda one: f"{one[0]}({', '.join(one[1])})"
        ),
        st.tuples(inner, inner).map(lambda two: f"({two[0]})[{two[1]}]"),
        st.tuples(inner, st.sampled_from(["a", "year", "time offset", "days", "start"])).map(
            lambda one: f"({one[0]}).{one[1]}"
        ),
        st.tuples(inner, inner, inner).map(lambda three: f"(if {three[0]} then {three[1]} else {three[2]})"),
        st.tuples(inner, inner).map(lambda two: f"(for x in {two[0]} return [x, {two[1]}])"),
        st.tuples(inner, inner).map(lambda two: f"(every x in {two[0]} satisfies {two[1]})"),
        st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]"),
        inner.map(lambda one: f"-({one})"),
        inner.map(lambda one: f"({one} instance of list<number>)"),
    )


EXPRESSIONS = st.recursive(st.sampled_from([*SCOPE, *LITERALS]), combined, max_leaves=8)


@settings(max_examples=300)
@given(EXPRESSIONS)
def test_whatever_is_asked_an_answer_comes(text: str) -> None:
    try:
        expression = parse_expression(text, SCOPE)
    except FeelError:
        return
    first = expression.value(SCOPE)
    assert repr(expression.value(SCOPE)).partition(" at 0x")[0] == repr(first).partition(" at 0x")[0]
    hash(expression)


PIECES = [*'()[]{}<>=!?.,:"@+-*/ \\\n', "1", "a", " not", " in ", " if ", " then ", "null", "..", '"x"']


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_written_is_feel_or_a_mistake_with_its_place(text: str) -> None:
    mistake = None
    try:
        condition = parse_unary_tests(text, Kind.NUMBER, ("a",))
    except FeelError as error:
        mistake = error.position
    if mistake is None:
        assert holds(condition, Decimal(1), {"a": Decimal(1)}) in (True, False)
    else:
        assert 0 <= mistake <= len(text)


BOMBS = [
    "for i in 1..1000000000 return i",
    "for a in 1..1000, b in 1..1000, c in 1..1000 return a",
    "some a in 1..1000, b in 1..1000, c in 1..1000 satisfies a > 1000",
    "count(for i in [1..1000000000] return i)",
    "(function(f, n) f(f, n + 1))(function(f, n) f(f, n + 1), 0)",
    "(function(f, n) [f(f, n), f(f, n)])(function(f, n) [f(f, n), f(f, n)], 0)",
    "{" + ", ".join(["a0: [1, 2]"] + [f"a{n}: [a{n - 1}, a{n - 1}]" for n in range(1, 60)]) + ", z: flatten(a59)}.z",
    "{" + ", ".join(["a0: [1, 2]"] + [f"a{n}: [a{n - 1}, a{n - 1}]" for n in range(1, 60)]) + ", z: string(a59)}.z",
    "{a0: [1], b0: [1], "
    + ", ".join(f"a{n}: [a{n - 1}, a{n - 1}], b{n}: [b{n - 1}, b{n - 1}]" for n in range(1, 40))
    + ", z: a39 = b39}.z",
    "{" + ", ".join(['a0: "xy"'] + [f"a{n}: a{n - 1} + a{n - 1}" for n in range(1, 60)]) + ", z: a59}.z",
    "{" + ", ".join(["a0: [1, 2]"] + [f"a{n}: concatenate(a{n - 1}, a{n - 1})" for n in range(1, 60)]) + ", z: a59}.z",
    "sort(for i in 1..100000 return -i, function(a, b) a < b)",
    "distinct values(for i in 1..100000 return i)",
    'string join(for i in 1..10000 return "' + "x" * 1000 + '")',
    "9 ** 9 ** 9 ** 9 ** 9 ** 9",
    'matches("' + "a" * 10_000 + '!", "(a*)*(a*)*(a*)*b")',
    'replace("' + "a" * 10_000 + '!", "(a|aa)+b|a", "x")',
    'split("' + "a" * 10_000 + '", "a*b|a")',
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_what_would_take_for_ever_is_nothing(text: str) -> None:
    expression = parse_expression(text, ())
    assert expression.value({}) in (None, False)


def test_what_takes_long_enough_is_still_answered() -> None:
    assert parse_expression("count(for i in 1..10000 return i * 2)", ()).value({}) == 10_000
    counted = "(function(f, n) f(f, n))(function(f, n) if n = 0 then 0 else 1 + f(f, n - 1), 20)"
    assert parse_expression(counted, ()).value({}) == 20
