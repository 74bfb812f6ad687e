"""Cells as people write them: every form reads as it looks, every mistake says what to write instead, and back again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.dmn.cells import parse_cell, show_cell
from connector.mapping.dmn.conditions import ANYTHING, Between, Compare, Condition, Like, Not, OneOf
from connector.mapping.dmn.values import Kind

TEXT, NUMBER, DATE, DURATION = Kind.STRING, Kind.NUMBER, Kind.DATE, Kind.DURATION
CPE = Compare("=", "CPE")


@pytest.mark.parametrize(
    ("cell", "kind", "condition"),
    [
        ("", TEXT, ANYTHING),
        (" - ", NUMBER, ANYTHING),
        ("CPE", TEXT, CPE),
        ('"CPE"', TEXT, CPE),
        ('"a, b", CPE', TEXT, OneOf((Compare("=", "a, b"), CPE))),
        ("Router (large, 19 inch)", TEXT, Compare("=", "Router (large, 19 inch)")),
        ("1-2", TEXT, Compare("=", "1-2")),
        ("who?", TEXT, Compare("=", "who?")),
        ("NOT ( CPE )", TEXT, Not(CPE)),
        ("null", TEXT, Compare("=", None)),
        ('"null"', TEXT, Compare("=", "null")),
        ('starts with "SD"', TEXT, Like("starts with", "SD")),
        ('ends with(?, "SD")', TEXT, Like("ends with", "SD")),
        ('> "m"', TEXT, Compare(">", "m")),
        ('["a".."m")', TEXT, Between("a", "m", True, False)),
        ("5", NUMBER, Compare("=", Decimal(5))),
        ("> -1.5, 7", NUMBER, OneOf((Compare(">", Decimal("-1.5")), Compare("=", Decimal(7))))),
        ("(1..5]", NUMBER, Between(Decimal(1), Decimal(5), False, True)),
        ("]1..5[", NUMBER, Between(Decimal(1), Decimal(5), False, False)),
        ("< 2026-03-31", DATE, Compare("<", date(2026, 3, 31))),
        ('date("2026-03-31")', DATE, Compare("=", date(2026, 3, 31))),
        ("[PT1H..P2D]", DURATION, Between(timedelta(hours=1), timedelta(days=2))),
        ("true", Kind.BOOLEAN, Compare("=", True)),
    ],
)
def test_a_cell_means_what_it_looks_like(cell: str, kind: Kind, condition: Condition) -> None:
    assert parse_cell(cell, kind) == condition


@pytest.mark.parametrize(
    ("cell", "kind", "what"),
    [
        ("many", NUMBER, "not a number; write digits"),
        ("1,5", NUMBER, ""),
        ("31.3.2026", DATE, "not a date; write it as 2026-03-31"),
        ("2026-02-30", DATE, "no such day"),
        ("5", DURATION, "not a duration; write days and time"),
        ("P1M", DURATION, "a duration of years or months"),
        ("yes", Kind.BOOLEAN, "neither true nor false"),
        ("> CPE", TEXT, "write 'CPE' in double quotes after an operator"),
        ("> 100", TEXT, "name another kind in the header"),
        ('"5"', NUMBER, "'5' is text, but this column holds a number; remove the quotes"),
        ("[5..1]", NUMBER, "the range ends (1) before it begins (5)"),
        ("[1..null]", NUMBER, "the two ends of a range must be of one kind"),
        ("CPE, -", TEXT, "'-' means anything and stands alone"),
        ("CPE, not(SBC)", TEXT, "not(...) stands around the whole cell"),
        ("not()", TEXT, "an empty value in the list"),
        ('"CPE', TEXT, "a quotation mark is not closed"),
        ('CPE "large"', TEXT, "a quotation mark inside the text"),
        ('matches "("', TEXT, ""),
        ('starts with "5"', NUMBER, "'starts with' is for text"),
        ("? > 5", NUMBER, "an expression with '?' cannot be used here"),
        (">", NUMBER, "nothing stands after the operator"),
        ("\u2013", TEXT, "was made by a word processor; write -"),
        ("\u201cCPE\u201d", TEXT, 'was made by a word processor; write "'),
        ("\u2265 5", NUMBER, "was made by a word processor; write >="),
    ],
)
def test_a_cell_that_cannot_be_read_says_what_to_write_instead(cell: str, kind: Kind, what: str) -> None:
    if cell == "1,5":  # a decimal comma is a list of two numbers, as everywhere in these tables
        assert parse_cell(cell, kind) == OneOf((Compare("=", Decimal(1)), Compare("=", Decimal(5))))
        return
    with pytest.raises(ValueError) as refused:
        parse_cell(cell, kind)
    assert what in str(refused.value)


TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(['"', ",", "-", "null", "not(a)", "a..b", "> 5", " x ", "\\", "?", "[1..2]"])
)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000)


def _simple(kind: Kind) -> st.SearchStrategy[Condition]:
    value: st.SearchStrategy[object] = TEXTS if kind is TEXT else NUMBERS
    ends = st.tuples(value, value, st.booleans(), st.booleans())
    forms: list[st.SearchStrategy[Condition]] = [
        value.map(lambda v: Compare("=", v)),  # type: ignore[arg-type]
        st.tuples(st.sampled_from(("!=", "<", "<=", ">", ">=")), value).map(lambda t: Compare(*t)),  # type: ignore[arg-type]
        ends.map(lambda e: Between(min(e[:2]), max(e[:2]), *e[2:])),  # type: ignore[arg-type,type-var]
        st.just(Compare("=", None)),
    ]
    if kind is TEXT:
        forms.append(
            st.tuples(st.sampled_from(("starts with", "ends with", "contains")), TEXTS).map(lambda t: Like(*t))
        )
    return st.one_of(forms)


def _cells(kind: Kind) -> st.SearchStrategy[Condition]:
    simple = _simple(kind)
    several = st.one_of(simple, st.lists(simple, min_size=2, max_size=4).map(lambda drawn: OneOf(tuple(drawn))))
    return st.one_of(st.just(ANYTHING), several, several.map(Not))


@given(st.sampled_from((TEXT, NUMBER)).flatmap(lambda kind: st.tuples(st.just(kind), _cells(kind))))
def test_every_condition_can_be_written_and_is_read_as_the_same(drawn: tuple[Kind, Condition]) -> None:
    kind, condition = drawn
    assert parse_cell(show_cell(condition), kind) == condition


def test_a_pattern_without_its_quotes_is_no_text_by_accident() -> None:
    with pytest.raises(ValueError, match=r'write starts with "Fib", or "starts with Fib" if it is this text'):
        parse_cell("starts with Fib", Kind.STRING)
    assert parse_cell('"starts with Fib"', Kind.STRING) == Compare("=", "starts with Fib")
    assert parse_cell("containship", Kind.STRING) == Compare("=", "containship")
