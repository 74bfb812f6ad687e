"""What an author is told about a table before it decides anything."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from connector.mapping.dmn.analysis.analyze import analyze
from connector.mapping.dmn.analysis.findings import Analysis, FindingKind, Severity
from connector.mapping.dmn.analysis.witness import witness
from connector.mapping.dmn.cells import parse_cell
from connector.mapping.dmn.conditions import ANYTHING, Compare, OneOf
from connector.mapping.dmn.evaluate import matching_naively
from connector.mapping.dmn.table import DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind, Months, Value

SPECIFICATION = Input("specification", Kind.STRING, ignore_case=True)
ACTION = Input("action", Kind.CHOICE, choices=("add", "change", "delete"), ignore_case=True)
QUANTITY = Input("quantity", Kind.NUMBER)
DUE = Input("due", Kind.DATE)
EXPRESS = Input("express", Kind.BOOLEAN)


def table(
    inputs: list[Input], *rows: str, policy: HitPolicy = HitPolicy.UNIQUE, values: tuple[str, ...] = ()
) -> DecisionTable:
    """Rows as "cell | cell -> output"."""
    rules = []
    for number, row in enumerate(rows, 1):
        cells, _, said = row.partition("->")
        written = [cell.strip() for cell in cells.split("|")]
        conditions = tuple(parse_cell(cell, column.kind) for cell, column in zip(written, inputs, strict=True))
        rules.append(Rule(f"R{number}", conditions, (Entry(said.strip()),)))
    return DecisionTable("t", tuple(inputs), (Output("template", Kind.STRING, values),), tuple(rules), policy)


def said(analysis: Analysis, kind: FindingKind) -> list[str]:
    return [finding.message for finding in analysis.of(kind)]


# --- gaps ------------------------------------------------------------------------------------------------------


def test_a_gap_is_told_in_one_line_with_an_example() -> None:
    cpe = table([SPECIFICATION, ACTION], "CPE | add -> A", "CPE | delete -> B", "not(CPE) | - -> C")
    analysis = analyze(cpe)
    assert analysis.has_gaps is True
    [gap] = analysis.of(FindingKind.GAP)
    assert gap.region == "specification = CPE; action = change"
    assert gap.example == {"specification": "CPE", "action": "change"}
    assert gap.severity is Severity.WARNING


def test_a_table_that_names_every_choice_has_no_gap() -> None:
    full = table([SPECIFICATION, ACTION], "CPE | add, change -> A", "CPE | delete -> B", "not(CPE) | - -> C")
    analysis = analyze(full)
    assert analysis.has_gaps is False
    assert analysis.findings == ()


@pytest.mark.parametrize(
    ("column", "cells", "region"),
    [
        (QUANTITY, ["< 5", "> 5"], "quantity = 5"),
        (QUANTITY, ["< 5", "[5..10)"], "quantity >= 10"),
        (QUANTITY, ["< 5", ">= 6"], "quantity >= 5 and < 6"),
        (DUE, ["< 2026-03-01", "> 2026-03-01"], "due = 2026-03-01"),
        (DUE, ["<= 2026-03-01", ">= 2026-03-02"], None),  # no day lies between
        (EXPRESS, ["true"], "express = false"),
        (SPECIFICATION, ["CPE", "Router"], "specification = anything but CPE, Router"),
        (SPECIFICATION, ['not(starts with "CPE")'], 'specification starts with "cpe"'),
    ],
    ids=str,
)
def test_gaps_of_each_kind_of_column(column: Input, cells: list[str], region: str | None) -> None:
    analysis = analyze(table([column], *[f"{cell} -> A" for cell in cells]))
    assert [gap.region for gap in analysis.of(FindingKind.GAP)] == ([region] if region else [])
    assert analysis.has_gaps is bool(region)


def test_an_input_that_may_be_empty_has_a_gap_where_it_is() -> None:
    numbers = table([QUANTITY], "< 5 -> A", ">= 5 -> B")
    assert analyze(numbers).has_gaps is False
    [gap] = analyze(numbers, may_be_empty={"quantity"}).of(FindingKind.GAP)
    assert (gap.region, gap.example) == ("quantity = (empty)", {"quantity": None})


def test_one_cell_missing_in_a_thousand_rows_is_found() -> None:
    """1,024 combinations of five inputs, each with its row but for one."""
    inputs = [Input(f"c{n}", Kind.CHOICE, choices=("a", "b", "c", "d")) for n in range(5)]
    every = [tuple(Compare("=", value) for value in values) for values in product("abcd", repeat=5)]
    rules = tuple(Rule(str(n), row, (Entry(str(n)),)) for n, row in enumerate(every))
    full = DecisionTable("t", tuple(inputs), (Output("template"),), rules)
    assert analyze(full).has_gaps is False
    short = DecisionTable("t", tuple(inputs), (Output("template"),), rules[:777] + rules[778:])
    [gap] = analyze(short).of(FindingKind.GAP)
    assert gap.example == {
        c.name: one.value for c, one in zip(inputs, every[777], strict=True) if isinstance(one, Compare)
    }


def test_what_is_not_decided_in_time_is_said() -> None:
    inputs = [Input(f"c{n}", Kind.CHOICE, choices=("a", "b", "c", "d")) for n in range(6)]
    rows = [
        tuple(Compare("=", value) if n in (i, j) else ANYTHING for n in range(6))
        for i, j in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0))
        for value in "abcd"
    ]
    rules = tuple(Rule(str(n), row, (Entry("x"),)) for n, row in enumerate(rows))
    puzzle = DecisionTable("t", tuple(inputs), (Output("template"),), rules)
    assert any(
        "not decided within 100 steps" in text for text in said(analyze(puzzle, steps=100), FindingKind.UNDECIDED)
    )
    [gap, *_] = analyze(puzzle).of(FindingKind.GAP)
    assert gap.example is not None
    assert matching_naively(puzzle, gap.example) == []


def test_a_column_of_patterns_is_named_as_not_exact_and_its_examples_are_real() -> None:
    ends = table([SPECIFICATION], 'ends with "fiber" -> A', 'contains "fiber" -> B')
    analysis = analyze(ends)
    assert set(analysis.inexact) == {"specification"}
    [overlap] = analysis.of(FindingKind.OVERLAP)
    assert overlap.example is not None
    assert matching_naively(ends, overlap.example) == [0, 1]
    assert analysis.has_gaps is True


def test_a_catch_all_closes_a_table_of_patterns_for_certain() -> None:
    analysis = analyze(table([SPECIFICATION], 'ends with "fiber" -> A', "- -> B", policy=HitPolicy.FIRST))
    assert analysis.has_gaps is False


# --- overlaps --------------------------------------------------------------------------------------------------


def test_rows_of_a_unique_table_that_can_both_match_come_with_an_example_that_hits_both() -> None:
    both = table([SPECIFICATION, QUANTITY], "CPE | < 10 -> A", "- | > 5 -> B")
    [overlap] = analyze(both).of(FindingKind.OVERLAP)
    assert overlap.rules == (0, 1)
    assert overlap.example == {"specification": "CPE", "quantity": Decimal(6)}
    assert overlap.message == "rows R1, R2 both match, for instance for specification = CPE, quantity = 6"
    assert overlap.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("policy", "outputs", "reported"),
    [
        (HitPolicy.UNIQUE, "AA", 1),
        (HitPolicy.UNIQUE, "AB", 1),
        (HitPolicy.ANY, "AA", 0),
        (HitPolicy.ANY, "AB", 1),
        (HitPolicy.FIRST, "AB", 0),
        (HitPolicy.RULE_ORDER, "AB", 0),
    ],
)
def test_overlaps_count_only_against_the_hit_policy(policy: HitPolicy, outputs: str, reported: int) -> None:
    rows = (f"< 10 -> {outputs[0]}", f"> 5 -> {outputs[1]}")
    assert analyze(table([QUANTITY], *rows, policy=policy)).counts.get(FindingKind.OVERLAP, 0) == reported


def test_all_overlaps_are_counted_though_few_are_listed() -> None:
    analysis = analyze(table([QUANTITY], *[f">= {n} -> A" for n in range(30)]), limit=3)
    assert len(analysis.of(FindingKind.OVERLAP)) == 3
    assert analysis.counts[FindingKind.OVERLAP] == 30 * 29 // 2


# --- rows that never win ---------------------------------------------------------------------------------------


def test_a_row_shadowed_by_one_above_names_it() -> None:
    rows = ("CPE | - -> A", "- | > 3 -> B", "CPE | > 5 -> C")
    [shadowed] = analyze(table([SPECIFICATION, QUANTITY], *rows, policy=HitPolicy.FIRST)).of(FindingKind.SHADOWED)
    assert shadowed.rules == (2, 0)
    assert shadowed.message == "row R3 never wins: row R1 above it matches whenever it does"


def test_a_row_shadowed_by_several_together_names_just_those_that_are_needed() -> None:
    rows = ("< 10 -> A", "[5..8] -> B", ">= 10 -> C", "[8..12] -> D")
    [second, last] = analyze(table([QUANTITY], *rows, policy=HitPolicy.FIRST)).of(FindingKind.SHADOWED)
    assert second.rules == (1, 0)
    assert last.rules == (3, 0, 2)
    assert last.message == "row R4 never wins: rows R1, R3 above it match whenever it does, taken together"


def test_priority_shadows_by_rank_and_not_by_place() -> None:
    rows = ("> 5 -> low", "- -> high")
    by_rank = table([QUANTITY], *rows, policy=HitPolicy.PRIORITY, values=("high", "low"))
    [shadowed] = analyze(by_rank).of(FindingKind.SHADOWED)
    assert shadowed.rules == (0, 1)
    assert analyze(table([QUANTITY], *rows, policy=HitPolicy.FIRST)).of(FindingKind.SHADOWED) == []


@pytest.mark.parametrize("policy", [HitPolicy.RULE_ORDER, HitPolicy.COLLECT, HitPolicy.OUTPUT_ORDER])
def test_where_all_rows_win_only_twins_are_reported(policy: HitPolicy) -> None:
    rows = ("- -> A", "> 5 -> B", "> 5 -> B")
    analysis = analyze(table([QUANTITY], *rows, policy=policy))
    assert said(analysis, FindingKind.SHADOWED) == []
    assert said(analysis, FindingKind.DUPLICATE) == ["row R3 matches the same inputs as row R2 and says the same"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [(QUANTITY, "(5..5)"), (DUE, "(2026-03-01..2026-03-02)"), (SPECIFICATION, '("a".."a")'), (ACTION, "rename")],
    ids=str,
)
def test_a_condition_that_nothing_satisfies_is_an_error(column: Input, cell: str) -> None:
    [impossible] = analyze(table([column], f"{cell} -> A", "- -> B", policy=HitPolicy.FIRST)).of(FindingKind.IMPOSSIBLE)
    assert impossible.rules == (0,)
    assert impossible.columns == (column.name,)


# --- columns and values ----------------------------------------------------------------------------------------


def test_a_column_that_changes_nothing_is_named() -> None:
    rows = ("CPE | < 5 -> A", "CPE | >= 5 -> A", "not(CPE) | - -> B")
    assert said(analyze(table([SPECIFICATION, QUANTITY], *rows)), FindingKind.IDLE) == [
        "column quantity never matters: whatever it is, the result is the same"
    ]
    rows = ("CPE | < 5 -> A", "CPE | >= 5 -> C", "not(CPE) | - -> B")
    assert said(analyze(table([SPECIFICATION, QUANTITY], *rows)), FindingKind.IDLE) == []


def test_a_column_of_dashes_never_matters() -> None:
    [idle] = analyze(table([SPECIFICATION, QUANTITY], "CPE | - -> A")).of(FindingKind.IDLE)
    assert idle.message == "column quantity never matters: every cell accepts anything"


def test_a_value_its_column_does_not_allow_comes_with_what_was_meant() -> None:
    analysis = analyze(table([ACTION], "ad -> A", "add, change, delete -> B"))
    assert said(analysis, FindingKind.NOT_ALLOWED) == [
        'row R1 names "ad", which action does not allow; did you mean "add"?'
    ]


def test_output_values_are_checked_too() -> None:
    analysis = analyze(table([QUANTITY], "< 5 -> hihg", ">= 5 -> low", values=("high", "low")))
    assert said(analysis, FindingKind.NOT_ALLOWED) == [
        'row R1 says "hihg", which is no value of template; did you mean "high"?'
    ]


def test_allowed_values_no_row_names_are_listed() -> None:
    [unnamed] = analyze(table([ACTION], "add -> A", "not(add) -> B")).of(FindingKind.NOT_MENTIONED)
    assert unnamed.message == 'no row names "change", "delete" of column action'
    listed = Input("size", Kind.NUMBER, allowed=OneOf((Compare("=", Decimal(1)), Compare("=", Decimal(2)))))
    [unnamed] = analyze(table([listed], "1 -> A", "- -> B", policy=HitPolicy.FIRST)).of(FindingKind.NOT_MENTIONED)
    assert unnamed.message == "no row names 2 of column size"


# --- examples --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "low", "high", "expected"),
    [
        (Kind.NUMBER, (Decimal(5), 1), None, Decimal(6)),
        (Kind.NUMBER, (Decimal(5), 1), (Decimal(6), 0), Decimal("5.5")),
        (Kind.NUMBER, None, (Decimal(5), 0), Decimal(4)),
        (Kind.NUMBER, (Decimal("1E-40"), 1), (Decimal("2E-40"), 0), Decimal("1.5E-40")),
        (Kind.DATE, (date(2026, 3, 1), 1), None, date(2026, 3, 2)),
        (Kind.DATE, (date.max, 1), None, None),
        (Kind.DURATION, (timedelta(hours=5), 1), (timedelta(days=3), 0), timedelta(days=1)),
        (Kind.DURATION, (timedelta(0), 1), (timedelta(microseconds=1), 0), None),
        (Kind.MONTHS, (Months(1), 1), (Months(2), 0), None),
        (Kind.STRING, ("a", 1), ("a\0", 0), None),
        (Kind.STRING, ("a", 1), ("ab", 0), "aa"),
        (Kind.STRING, None, ("", 0), None),
        (Kind.STRING, None, None, "other"),
    ],
    ids=str,
)
def test_examples_are_the_plainest_values_between_two_others(kind: Kind, low: Any, high: Any, expected: Value) -> None:
    assert witness(low, high, kind) == expected
