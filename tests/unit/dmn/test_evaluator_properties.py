"""The fast evaluator agrees with the plain one, whatever the table and whatever it is asked."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.dmn.conditions import truth
from connector.mapping.dmn.evaluate import Evaluator, folded, matching_naively
from connector.mapping.dmn.table import DecisionTable, fold
from connector.mapping.dmn.values import Kind
from tests.unit.dmn.tables import NAMES, POOLS, around, tables

ANY_VALUE: list[Any] = [None, *(value for kind in POOLS for value in around(kind)), " A", "  cPe   X "]
FEW = settings(max_examples=60)


@st.composite
def questions(draw: st.DrawFn) -> tuple[DecisionTable, list[dict[str, Any]]]:
    """A table and values for it: of the right kinds, of wrong ones, of none, and missing."""
    table = draw(tables(loose=True))
    pools = {column.name: [*around(column.kind), None] for column in table.inputs}
    asked = [
        {
            name: draw(st.sampled_from(pool if draw(st.integers(0, 4)) else ANY_VALUE))
            for name, pool in pools.items()
            if draw(st.integers(0, 9))
        }
        for _ in range(6)
    ]
    return table, asked


@FEW
@given(questions())
def test_the_same_rules_match_as_row_by_row_and_cell_by_cell(
    question: tuple[DecisionTable, list[dict[str, Any]]],
) -> None:
    table, asked = question
    evaluator = Evaluator(table)
    for values in [*asked, *asked]:  # the second time from memory
        assert evaluator.matching(values) == matching_naively(table, values)


@FEW
@given(questions())
def test_near_misses_are_the_rules_that_fail_by_one_condition(
    question: tuple[DecisionTable, list[dict[str, Any]]],
) -> None:
    table, asked = question
    evaluator = Evaluator(table)
    for values in asked:
        expected = []
        for rule in table.rules:
            failing = []
            for index, (column, condition) in enumerate(zip(table.inputs, rule.conditions, strict=True)):
                value = values.get(column.name)
                if column.ignore_case:
                    condition = folded(condition)
                    value = fold(value) if isinstance(value, str) else value
                if truth(condition, value, values) is not True:
                    failing.append(index)
            if len(failing) == 1:
                expected.append((rule, failing[0]))
        assert evaluator.near_misses(values, 100) == expected
        assert evaluator.near_misses(values, 2) == expected[:2]


def test_the_pools_hold_every_kind_of_value_a_column_can_declare() -> None:
    assert {*POOLS, Kind.ANY} == set(Kind)
    assert len(NAMES) == 3
    assert {Decimal, time, timedelta} <= {type(value) for pool in POOLS.values() for value in pool}
