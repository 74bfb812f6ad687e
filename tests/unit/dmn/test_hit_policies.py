"""What each hit policy makes of the rows that match, one line of the table for each promise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.mapping.dmn.conditions import ANYTHING, Compare
from connector.mapping.dmn.evaluate import Evaluator, result
from connector.mapping.dmn.table import Aggregation, DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind

AT_LEAST = [Compare(">=", Decimal(limit)) for limit in (1, 2, 3)]


def decided(policy: HitPolicy, said: list[Any], value: int, how: Aggregation | None = None) -> tuple[Any, str]:
    """Three rows that match from 1, from 2 and from 3 on; their outputs; the result for a value, and what is violated."""
    rules = tuple(
        Rule(f"R{n}", (cell,), (Entry(one),)) for n, (cell, one) in enumerate(zip(AT_LEAST, said, strict=True), 1)
    )
    output = Output("out", Kind.ANY, values=("high", "middle", "low"))
    table = DecisionTable("t", (Input("n", Kind.NUMBER),), (output,), rules, policy, how)
    values = {"n": Decimal(value)}
    decision = Evaluator(table).decide(values)
    return result(table, decision, values), decision.violated


MIXED = ["low", "high", "middle"]
NUMBERS = [Decimal(5), Decimal(1), Decimal(3)]


@pytest.mark.parametrize(
    ("policy", "said", "value", "how", "expected"),
    [
        (HitPolicy.UNIQUE, MIXED, 0, None, None),
        (HitPolicy.UNIQUE, MIXED, 1, None, "low"),
        (HitPolicy.ANY, ["same"] * 3, 3, None, "same"),
        (HitPolicy.ANY, MIXED, 1, None, "low"),
        (HitPolicy.FIRST, MIXED, 3, None, "low"),
        (HitPolicy.PRIORITY, MIXED, 3, None, "high"),
        (HitPolicy.PRIORITY, ["low", "unlisted", "unlisted"], 3, None, "low"),
        (HitPolicy.PRIORITY, MIXED, 0, None, None),
        (HitPolicy.RULE_ORDER, MIXED, 3, None, MIXED),
        (HitPolicy.RULE_ORDER, MIXED, 0, None, []),
        (HitPolicy.OUTPUT_ORDER, MIXED, 3, None, ["high", "middle", "low"]),
        (HitPolicy.OUTPUT_ORDER, MIXED, 2, None, ["high", "low"]),
        (HitPolicy.COLLECT, MIXED, 2, None, ["low", "high"]),
        (HitPolicy.COLLECT, NUMBERS, 3, Aggregation.SUM, Decimal(9)),
        (HitPolicy.COLLECT, NUMBERS, 3, Aggregation.MIN, Decimal(1)),
        (HitPolicy.COLLECT, NUMBERS, 3, Aggregation.MAX, Decimal(5)),
        (HitPolicy.COLLECT, NUMBERS, 2, Aggregation.COUNT, Decimal(2)),
        (HitPolicy.COLLECT, NUMBERS, 0, Aggregation.COUNT, Decimal(0)),
        (HitPolicy.COLLECT, NUMBERS, 0, Aggregation.SUM, None),
    ],
)
def test_what_comes_out(policy: HitPolicy, said: list[Any], value: int, how: Aggregation | None, expected: Any) -> None:
    assert decided(policy, said, value, how) == (expected, "")


@pytest.mark.parametrize(
    ("policy", "said", "why"),
    [
        (HitPolicy.UNIQUE, MIXED, "the table is UNIQUE but rows R1, R2 all match"),
        (HitPolicy.UNIQUE, ["same"] * 3, "the table is UNIQUE but rows R1, R2 all match"),
        (HitPolicy.ANY, MIXED, "the hit policy is ANY but rows R1, R2 match and say different things"),
    ],
)
def test_a_violated_hit_policy_concludes_nothing_and_says_why(policy: HitPolicy, said: list[Any], why: str) -> None:
    assert decided(policy, said, 2) == (None, why)


def test_every_hit_policy_lets_a_row_win_alone() -> None:
    for policy in HitPolicy:
        rule = Rule("R1", (ANYTHING,), (Entry("x"),))
        table = DecisionTable("t", (Input("n"),), (Output("out"),), (rule,), policy)
        assert Evaluator(table).decide({}).won == (rule,)
