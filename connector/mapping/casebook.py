"""Example cases beside a work order policy: what an initiator with these facts must get. Tables are tested like code. Pure.

    case,specification,domain order action,quantity,expected work orders,expected rows
    new line,SD-WAN CPE,add,2,"2 x Install CPE",install-cpe
    remote,SBC,add,,NO FIELD WORK,

Every column but the expected ones and `comment` is a fact. A case may expect work orders, rows, or a problem (a part of its
words); it names at least one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import fold
from connector.mapping.policy import NO_FIELD_WORK, WorkOrderPolicy
from connector.mapping.vocabulary import whole
from connector.model import (
    CustomerOrder,
    DomainOrder,
    DomainOrderClass,
    DomainOrderPhase,
    Initiator,
    OrderLine,
    OrderPhase,
    State,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.mapping.dmn.sheet import Line
    from connector.mapping.vocabulary import Vocabulary

CASE, COMMENT, LOCATIONS = "case", "comment", "locations"
WORK_ORDERS, ROWS, PROBLEM = "expected work orders", "expected rows", "expected problem"
_EXPECTED = (WORK_ORDERS, ROWS, PROBLEM)
_SEVERAL = re.compile(r"(\d+)\s*x\s+(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """One case of a casebook. What is None is not expected either way."""

    name: str
    row: int
    facts: Mapping[str, str]
    work_orders: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy said about an example, and what is wrong with it; fine when nothing is."""

    example: Example
    verdict: Verdict
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A casebook played through a policy. `untested` are the rows that decide no case."""

    outcomes: tuple[Outcome, ...]
    untested: tuple[str, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.wrong)


def read_examples(lines: Sequence[Line], vocabulary: Vocabulary) -> tuple[Example, ...]:
    """The cases of a sheet. Raises Unusable with every problem at once."""
    filled = [line for line in lines if not line.is_blank]
    if len(filled) < 2:
        raise Unusable([Problem("a casebook needs a header and at least one case")])
    header = [fold(cell) for cell in filled[0].cells]
    problems = [
        Problem(
            f"unknown column {name!r}; {vocabulary.known()}; besides {', '.join((CASE, *_EXPECTED, LOCATIONS, COMMENT))}",
            1,
        )
        for name in header
        if name not in (CASE, COMMENT, LOCATIONS, *_EXPECTED) and vocabulary.input_kind(name) is None
    ]
    if CASE not in header:
        problems.append(Problem(f"the column {CASE!r} is missing; it names each case", filled[0].number))
    if not set(_EXPECTED) & set(header):
        problems.append(Problem(f"nothing is expected; add {WORK_ORDERS!r} or {ROWS!r}", filled[0].number))
    if problems:
        raise Unusable(problems)
    examples = [_example(line, header, problems) for line in filled[1:]]
    if problems:
        raise Unusable(problems)
    return tuple(examples)


def _example(line: Line, header: list[str], problems: list[Problem]) -> Example:
    cells = {name: line.cell(index) for index, name in enumerate(header)}
    if not any(cells.get(name) for name in _EXPECTED):
        problems.append(Problem("the case expects nothing", line.number, CASE, cells[CASE]))
    orders, rows = cells.get(WORK_ORDERS, ""), cells.get(ROWS, "")
    return Example(
        name=cells[CASE] or f"row {line.number}",
        row=line.number,
        facts={n: text for n, text in cells.items() if n not in (CASE, COMMENT, *_EXPECTED)},
        work_orders=_templates(orders) if orders else None,
        rows=tuple(row.strip() for row in rows.split(",")) if rows else None,
        problem=cells.get(PROBLEM) or None,
    )


def _templates(text: str) -> tuple[str, ...]:
    """`2 x Install CPE, Survey` as three names; NO FIELD WORK as none."""
    if fold(text) == fold(NO_FIELD_WORK):
        return ()
    names: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        several = _SEVERAL.fullmatch(part)
        names += [several[2]] * int(several[1]) if several else [part]
    return tuple(names)


def play(policy: WorkOrderPolicy, examples: Sequence[Example]) -> Report:
    """What the policy says about every case."""
    outcomes = tuple(_outcome(policy, example) for example in examples)
    tested = {row for outcome in outcomes for row in outcome.verdict.rows}
    return Report(outcomes, tuple(rule.id for rule in policy.rows if rule.id not in tested))


def _outcome(policy: WorkOrderPolicy, example: Example) -> Outcome:
    verdict = decide_hypothetically(policy, example.facts)
    return Outcome(example, verdict, tuple(_wrong(example, verdict)))


def _wrong(example: Example, verdict: Verdict) -> list[str]:
    got = tuple(wanted.template for wanted in verdict.wanted)
    said = ", ".join(got) or NO_FIELD_WORK
    wrong = []
    if verdict.problem and example.problem is None:
        wrong.append(f"could not be decided: {verdict.problem}")
    elif example.problem is not None and example.problem.casefold() not in verdict.problem.casefold():
        wrong.append(f"expected the problem {example.problem!r}, got {verdict.problem or said!r}")
    if example.work_orders is not None and _folded(example.work_orders) != _folded(got):
        wrong.append(f"expected {', '.join(example.work_orders) or NO_FIELD_WORK}, got {said}")
    if example.rows is not None and set(example.rows) != set(verdict.rows):
        wrong.append(f"expected row {', '.join(example.rows)} to decide, got {', '.join(verdict.rows) or 'none'}")
    return wrong


def _folded(names: Sequence[str]) -> Counter[str]:
    return Counter(fold(name) for name in names)


def decide_hypothetically(policy: WorkOrderPolicy, facts: Mapping[str, str]) -> Verdict:
    """The verdict on an initiator that has these facts and nothing else. `locations` may list several, separated by ';'."""
    places = tuple(
        place.strip() for place in facts.get(LOCATIONS, facts.get("location", "")).split(";") if place.strip()
    )
    quantity = facts.get("quantity", "")
    state = State("", "", OrderPhase.APPROVED)
    initiator = Initiator(
        CustomerOrder("", "", state),
        OrderLine("", "", "", state, quantity=quantity),
        DomainOrder("", "", DomainOrderClass.UNKNOWN, State("", "", DomainOrderPhase.OPEN)),
        units=whole(quantity),
        locations=places,
    )
    known = {name: text for name, text in facts.items() if name != LOCATIONS}
    return policy.decide(initiator, known, version=1)
