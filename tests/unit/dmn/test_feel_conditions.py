"""Condition cells in FEEL: what is constant becomes a plain condition, the rest a formula, and a mistake says where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connector.mapping.dmn.conditions import (
    ANYTHING,
    Between,
    Compare,
    Condition,
    Formula,
    Like,
    Not,
    OneOf,
    holds,
)
from connector.mapping.dmn.evaluate import Evaluator, matching_naively
from connector.mapping.dmn.feel import NotCarried, parse_unary_tests
from connector.mapping.dmn.table import DecisionTable, Entry, Input, Output, Rule
from connector.mapping.dmn.values import Kind, Value

NAMES = ("quantity", "Date of Birth", "characteristic.speed")


def number(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("-", ANYTHING),
        ("  ", ANYTHING),
        ('"Add"', Compare("=", "Add")),
        ('"Add","Change"', OneOf((Compare("=", "Add"), Compare("=", "Change")))),
        ('not("Add")', Not(Compare("=", "Add"))),
        ("< 5", Compare("<", number("5"))),
        (">= -5", Compare(">=", number("-5"))),
        ("!= 5", Compare("!=", number("5"))),
        ("[1..5)", Between(number("1"), number("5"), True, False)),
        ("]1..5]", Between(number("1"), number("5"), False, True)),
        ("[1..5[", Between(number("1"), number("5"), True, False)),
        ("null", Compare("=", None)),
        ("not(null)", Not(Compare("=", None))),
        ('date("2026-03-31")', Compare("=", date(2026, 3, 31))),
        ('< @"2026-03-31"', Compare("<", date(2026, 3, 31))),
        ("1 + 1", Compare("=", number("2"))),
        ("[1, 2]", OneOf((Compare("=", number("1")), Compare("=", number("2"))))),
        ("? in (1, > 7)", OneOf((Compare("=", number("1")), Compare(">", number("7"))))),
        ("5 < ?", Compare(">", number("5"))),
        ("? between 1 and 2", Between(number("1"), number("2"))),
        ('starts with(?, "CPE")', Like("starts with", "CPE")),
        ('ends with(?, "-X") or contains(?, "y")', OneOf((Like("ends with", "-X"), Like("contains", "y")))),
        ('not(matches(?, "[0-9]+"))', Not(Like("matches", "[0-9]+"))),
        ('matches(?, "ab", "i")', Like("matches", "ab", "i")),
    ],
)
def test_a_constant_cell_is_a_plain_condition(cell: str, said: Condition) -> None:
    assert parse_unary_tests(cell, Kind.STRING, NAMES) == said


@pytest.mark.parametrize(
    ("cell", "value", "fits"),
    [
        ("> quantity", "3", True),
        ("> quantity", "2", False),
        ("quantity, 7", "2", True),
        ("quantity, 7", "7", True),
        ("quantity, 7", "3", False),
        ("not(quantity, 7)", "3", True),
        ("not(quantity, 7)", "7", False),
        ("[quantity..10]", "5", True),
        ("[quantity..10]", "11", False),
        ("modulo(?, 2) = 0", "4", True),
        ("modulo(?, 2) = 0", "5", False),
        ("? > 1 and ? < 5", "3", True),
        ("? > 1 and ? < 5", "5", False),
        ("characteristic.speed", "100", True),
        ("if quantity > 1 then 5 else 6", "5", True),
    ],
)
def test_any_other_cell_is_a_formula(cell: str, value: str, fits: bool) -> None:
    condition = parse_unary_tests(cell, Kind.NUMBER, NAMES)
    scope = {"quantity": Decimal(2), "characteristic.speed": Decimal(100)}
    assert holds(condition, Decimal(value), scope) is fits


def test_in_a_column_of_truths_a_name_is_compared_and_a_test_is_asked() -> None:
    compared = parse_unary_tests("quantity", Kind.BOOLEAN, NAMES)
    assert holds(compared, False, {"quantity": False})
    assert not holds(compared, True, {"quantity": False})
    asked = parse_unary_tests("? = (quantity > 1)", Kind.BOOLEAN, NAMES)
    assert not holds(asked, False, {"quantity": Decimal(2)})


def test_a_formula_keeps_its_own_text_and_asks_for_its_own_names() -> None:
    condition = parse_unary_tests("1, quantity + 1 , > characteristic.speed", Kind.NUMBER, NAMES)
    assert isinstance(condition, OneOf)
    formulas = [one.expression for one in condition.conditions if isinstance(one, Formula)]
    assert [formula.text for formula in formulas] == ["quantity + 1", "> characteristic.speed"]
    assert [formula.names - {"?"} for formula in formulas] == [{"quantity"}, {"characteristic.speed"}]
    assert len({*formulas, *formulas}) == 2


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Add", 'is it the text "Add"'),
        ("quantiti > 5", "is it quantity"),
        ('"Add', "close it"),
        ("‘Add’", 'write "'),  # noqa: RUF001
        ("≥ 5", "write >="),
        ("[1..5", "a range ends with"),
        ("not(5", ") is missing"),
        ("5 5", "cannot follow"),
        ("< ", "something is missing"),
        ("lenght(?) > 5", "there is no function lenght"),
        ('@"31.03.2026"', "2026-03-31"),
        ("(" * 100 + "1" + ")" * 100, "levels deep"),
        ("+".join(["1"] * 1000), "in a row"),
    ],
)
def test_a_cell_that_is_no_feel_says_where_and_what_would_be_right(cell: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"character \d+ of") as error:
        parse_unary_tests(cell, Kind.STRING, NAMES)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "cell",
    [
        'date("12026-01-01")',
        '@"-0044-03-15"',
        'time("10:30:00.123456789")',
        'matches(?, "(a)\\\\1")',
        'function(x) external {java: {class: "java.lang.Math"}}',
    ],
)
def test_what_feel_has_and_we_have_not_is_refused(cell: str) -> None:
    with pytest.raises(NotCarried):
        parse_unary_tests(cell, Kind.ANY, NAMES)


@pytest.mark.parametrize(
    ("cell", "value", "fits"),
    [
        ('? = "Desk  Phone" and quantity > 1', "desk phone", True),
        ('? = "Desk Phone" and quantity > 2', "desk phone", False),
        ("kind", "CPE", True),
        ('? in "CPE" and quantity > 5', "cpe", False),
        ("kind, quantity", "ont", False),
        ('? in [kind, "ONT"] and quantity > 1', "ont", True),
        ('starts with(?, "CP") and quantity > 1', "cpe", True),
        ('matches(?, "^C\\wE$") and quantity > 1', "cpe", True),
        ('matches(?, "^C\\dE$") and quantity > 1', "cpe", False),
        ('matches(?, "^CPE$", "s")', "cpe", True),
        ('? between "CA" and kind', "cpe", True),
        ('if kind = "CPE" then ["X", "Y"] else []', "y", True),
    ],
)
def test_where_case_does_not_count_it_does_not_count_in_expressions_either(cell: str, value: str, fits: bool) -> None:
    condition = parse_unary_tests(cell, Kind.STRING, ("quantity", "kind"))
    table = DecisionTable(
        "t", (Input("what", Kind.STRING, ignore_case=True),), (Output("o"),), (Rule("1", (condition,), (Entry(),)),)
    )
    facts: dict[str, Value] = {"what": value, "quantity": Decimal(2), "kind": "cPe"}
    assert bool(Evaluator(table).matching(facts)) is fits
    assert bool(matching_naively(table, facts)) is fits
    counting = replace(table, inputs=(Input("what", Kind.STRING),))
    assert not Evaluator(counting).matching(facts)
