"""What the analysis says of a table is true: checked against every value around the few that random tables name.

The tables are small enough to be asked everything, so both directions hold: what is reported happens, what happens is reported.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.dmn.analysis.analyze import STEPS, analyze
from connector.mapping.dmn.analysis.findings import Analysis, FindingKind
from connector.mapping.dmn.analysis.idle import idle_columns
from connector.mapping.dmn.analysis.subject import Subject
from connector.mapping.dmn.conditions import holds
from connector.mapping.dmn.evaluate import Evaluator, folded, matching_naively, result, settle
from connector.mapping.dmn.table import DecisionTable, HitPolicy, Input, fold
from connector.mapping.dmn.values import Kind
from tests.unit.dmn.tables import NAMES, points, tables

if TYPE_CHECKING:
    from collections.abc import Iterable

FEW = settings(max_examples=60)
SMALL = (Kind.CHOICE, Kind.BOOLEAN, Kind.NUMBER, Kind.DATE, Kind.TIME, Kind.MONTHS)
FIRST = (HitPolicy.FIRST, HitPolicy.PRIORITY)
ALL = 10_000


def allows(column: Input, value: Any) -> bool:
    if value is None:
        return True
    if not column.ignore_case:
        return holds(column.allowed, value)
    return fold(value) == value and holds(folded(column.allowed), value)


def asked(table: DecisionTable, empty: Iterable[str] = ()) -> dict[tuple[Any, ...], list[int]]:
    """Every point around the pools, and the rules that match there."""
    none = (None,) if empty else ()
    evaluator = Evaluator(table)
    found = {}
    for point in points(table, lambda c, v: allows(c, v) and (v is not None or c.name in empty), none):
        found[tuple(point.values())] = evaluator.matching(point)
    return found


def names(table: DecisionTable) -> list[str]:
    return list(dict.fromkeys(column.name for column in table.inputs))


exact = tables(kinds=SMALL, restricted=True, rules=5)
strings = tables(kinds=(Kind.STRING, Kind.DATE_TIME, Kind.DURATION), rules=4, columns=2)


@FEW
@given(exact | strings, st.sets(st.sampled_from(NAMES)))
def test_inputs_without_a_rule_are_found_and_only_those(table: DecisionTable, empty: set[str]) -> None:
    everything = asked(table, empty)
    analysis = analyze(table, may_be_empty=empty, limit=ALL)
    gaps = analysis.of(FindingKind.GAP)
    for gap in gaps:
        assert gap.example is not None
        assert matching_naively(table, gap.example) == []
    if everything:
        assert analysis.has_gaps is bool(gaps)
        assert bool(gaps) is any(not matching for matching in everything.values())


@FEW
@given(exact | strings)
def test_every_pair_of_rules_that_overlaps_is_found_with_an_example(table: DecisionTable) -> None:
    found = {finding.rules: finding.example for finding in analyze(table, limit=ALL).of(FindingKind.OVERLAP)}
    for (one, other), example in found.items():
        assert example is not None
        assert {one, other} <= set(matching_naively(table, example))
    together = {pair for matching in asked(table).values() for pair in combinations(matching, 2)}
    if table.hit_policy is HitPolicy.ANY:
        together = {(a, b) for a, b in together if table.rules[a].entries != table.rules[b].entries}
    assert set(found) == (together if table.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY) else set())


def winners(table: DecisionTable, matching: list[int]) -> set[int]:
    won = settle(table, [table.rules[i] for i in matching], {}).won
    return {int(rule.id[1:]) - 1 for rule in won}


@FEW
@given(
    tables(kinds=SMALL, policies=FIRST, restricted=True, rules=6)
    | tables(kinds=(Kind.STRING,), policies=FIRST, columns=1)
)
def test_rules_that_never_win_are_found_with_the_least_rows_that_shadow_them(table: DecisionTable) -> None:
    everything = asked(table).values()
    analysis = analyze(table, limit=ALL)
    shadowed = {finding.rules[0]: set(finding.rules[1:]) for finding in analysis.of(FindingKind.SHADOWED)}
    impossible = {finding.rules[0] for finding in analysis.of(FindingKind.IMPOSSIBLE)}
    won = {winner for matching in everything for winner in winners(table, matching)}
    matched = {rule for matching in everything for rule in matching}
    if everything:
        assert set(range(len(table.rules))) - matched == impossible
        assert matched - won == set(shadowed)
    for rule, by in shadowed.items():
        where = [set(matching) for matching in everything if rule in matching]
        assert all(matching & by for matching in where)
        for spared in by:
            assert any(not matching & (by - {spared}) for matching in where), f"{spared} is not needed"


@FEW
@given(exact)
def test_columns_that_never_matter_are_found_and_only_those(table: DecisionTable) -> None:
    analysis = analyze(table, limit=ALL)
    idle = {finding.columns[0] for finding in analysis.of(FindingKind.IDLE)}
    thorough, undecided = idle_columns(Subject(table), STEPS, probed=0)
    assert ({finding.columns[0] for finding in thorough}, undecided) == (idle, [])
    everything = asked(table)
    violated = False
    matters = set()
    for index, name in enumerate(names(table)):
        results = defaultdict(set)
        for values, matching in everything.items():
            decision = settle(table, [table.rules[i] for i in matching], {})
            violated = violated or bool(decision.violated)
            results[values[:index] + values[index + 1 :]].add(repr(result(table, decision, {})))
        if any(len(different) > 1 for different in results.values()):
            matters.add(name)
    assert not idle & matters
    varied = {name for index, name in enumerate(names(table)) if len({values[index] for values in everything}) > 1}
    if not violated:
        assert varied - idle <= matters


@FEW
@given(tables(policies=(*FIRST, HitPolicy.UNIQUE), loose=True, rules=5, columns=2))
def test_with_patterns_and_formulas_what_is_claimed_is_still_true(table: DecisionTable) -> None:
    analysis = analyze(table, may_be_empty=NAMES, limit=ALL)
    everything = {}
    for number, point in enumerate(points(table, lambda c, v: v is None or not c.ignore_case or fold(v) == v, (None,))):
        if number % 7 == 0:
            everything[tuple(point.values())] = matching_naively(table, point)
    if analysis.has_gaps is False:
        assert all(everything.values())
    _examples_are_real(table, analysis)
    won = {winner for matching in everything.values() for winner in winners(table, matching)}
    assert table.hit_policy is HitPolicy.UNIQUE or not won & {f.rules[0] for f in analysis.of(FindingKind.SHADOWED)}
    matched = {rule for matching in everything.values() for rule in matching}
    assert not matched & {finding.rules[0] for finding in analysis.of(FindingKind.IMPOSSIBLE)}
    for duplicate in analysis.of(FindingKind.DUPLICATE):
        one, other = duplicate.rules
        assert all((one in matching) == (other in matching) for matching in everything.values())


def _examples_are_real(table: DecisionTable, analysis: Analysis) -> None:
    for finding in analysis.findings:
        if finding.example is not None:
            matching = set(matching_naively(table, finding.example))
            assert not matching if finding.kind is FindingKind.GAP else set(finding.rules) <= matching
