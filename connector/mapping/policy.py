"""Work order policies: which initiators get which work orders. Evaluation only; files are read in `policy_file.py`.

A policy is a decision table whose outputs say what to create. A row whose template is NO FIELD WORK asks for nothing; where
several rows may win together, it decides only if no other row does. What cannot be concluded (no row matches, a UNIQUE
table is contradicted, a fact that matters cannot be read) is a verdict with a problem: a finding for that initiator, never a
guess. Evaluation is pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.cells import show_cell
from connector.mapping.dmn.conditions import ANYTHING, Anything, asked_by
from connector.mapping.dmn.evaluate import Evaluator, bits, settle
from connector.mapping.dmn.partition import belongs
from connector.mapping.dmn.problems import Problem
from connector.mapping.dmn.table import Entry, Rule, fold
from connector.mapping.dmn.values import kind_of, show
from connector.mapping.marks import ROW_ID
from connector.mapping.vocabulary import QUANTITY, TEMPLATE, WINDOW, value_of
from connector.model import NearMiss, Verdict, WantedWorkOrder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from connector.mapping.dmn.table import DecisionTable, Output
    from connector.mapping.dmn.values import Kind, Value
    from connector.model import AnyInitiator

NO_FIELD_WORK = "NO FIELD WORK"
PER_UNIT, PER_LOCATION = "per unit", "per location"
MOST_UNITS = 50
DEFAULT_ROW = "default"
LONGEST_WINDOW = timedelta(days=3660)
_NEAREST = 10
_REMEMBERED = 10_000  # values of one fact


@dataclass(frozen=True)
class WorkOrderPolicy:
    """One decision table, as loaded. `digest` identifies its content; `asked` are facts that only expressions ask for."""

    name: str
    table: DecisionTable
    digest: str
    source: str = field(default="", compare=False)
    asked: tuple[tuple[str, Kind], ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.table.inputs)

    @property
    def rows(self) -> tuple[Rule, ...]:
        return self.table.rules

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.table)

    @cached_property
    def _visits(self) -> int:
        """The rows that ask for a work order, as a bit mask."""
        return sum(1 << n for n, rule in enumerate(self.rows) if self.template_of(rule) is not None)

    def _output(self, rule: Rule, name: str, values: Mapping[str, Value]) -> str:
        for output, entry in zip(self.table.outputs, rule.entries, strict=True):
            if output.name == name:
                said = entry.value(values)
                if isinstance(said, str):
                    return said.strip()
                return show(said) if kind_of(said) else ""  # an expression may come to a list, or to nothing
        return ""

    def template_of(self, rule: Rule, values: Mapping[str, Value] | None = None) -> str | None:
        """What a row creates; None for NO FIELD WORK."""
        template = self._output(rule, TEMPLATE, values or {})
        return None if fold(template) == fold(NO_FIELD_WORK) else template

    def typed(self, facts: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, str]]:
        """The facts as columns and expressions take them, and why some could not be read (by name)."""
        values: dict[str, Value] = dict(facts)
        doubts: dict[str, str] = {}
        for name, kind, known in self._read:
            text = facts.get(name, "")
            if text in known:
                values[name] = known[text]
                continue
            try:
                values[name] = value_of(kind, text)
            except ValueError as error:
                values[name] = None
                doubts[name] = f"{name} is {facts[name]!r}: {error}"
                continue
            if len(known) < _REMEMBERED:
                known[text] = values[name]
        return values, doubts

    @cached_property
    def _read(self) -> tuple[tuple[str, Kind, dict[str, Value]], ...]:
        """The facts that are read, with the values of texts that were read before."""
        columns = ((column.name, column.kind) for column in self.table.inputs if column.expression is None)
        return tuple((name, kind, {}) for name, kind in (*columns, *self.asked))

    @cached_property
    def _shown(self) -> dict[tuple[str, int], str]:
        """Conditions as they were shown before, by row and input."""
        return {}

    def _show(self, rule: Rule, index: int) -> str:
        shown = self._shown.get((rule.id, index))
        if shown is None:
            shown = self._shown[rule.id, index] = show_cell(rule.conditions[index])
        return shown

    def decide(self, initiator: AnyInitiator, facts: Mapping[str, str], *, version: int) -> Verdict:
        """The verdict for one initiator at one order version, with the near misses that explain it."""
        values, doubts = self.typed(facts)
        masks = self._evaluator.masks(values)
        matched = [self.rows[n] for n in bits(self._evaluator.matched_by(masks))]
        won, problem = self._won(matched, values)
        problem = self._doubt(masks, doubts) or problem or self._uncountable(won, values, initiator)
        wanted = () if problem else self._wanted(won, values, initiator)
        misses = self._evaluator.near_misses_of(masks, _NEAREST, among=self._visits)
        return Verdict(
            initiator_id=initiator.sys_id,
            initiator_number=initiator.number,
            line_number=initiator.line_number,
            version=version,
            policy=self.name,
            digest=self.digest,
            rows=tuple(rule.id for rule in won),
            wanted=wanted,
            inputs=_as_read(facts, initiator),
            columns=self.inputs,
            conditions={rule.id: self.in_words(rule) for rule in (won or matched)},
            misses=tuple(self._miss(rule, index, facts) for rule, index in misses),
            problem=problem,
        )

    def _won(self, matched: list[Rule], values: Mapping[str, Value]) -> tuple[list[Rule], str]:
        """The rows that decide, and why there may be none."""
        decision = settle(self.table, matched, values)
        if decision.violated:
            return [], decision.violated
        if not decision.won:
            default = self._default
            return ([default], "") if default else ([], "no row of the policy matches")
        visits = [rule for rule in decision.won if self.template_of(rule, values) is not None]
        return visits or list(decision.won[:1]), ""

    @cached_property
    def _default(self) -> Rule | None:
        """What counts when no row matches, as a row; None where the table does not say."""
        if not any(output.name == TEMPLATE and output.default for output in self.table.outputs):
            return None
        entries = tuple(output.default or Entry() for output in self.table.outputs)
        return Rule(DEFAULT_ROW, (ANYTHING,) * len(self.table.inputs), entries)

    def _doubt(self, masks: Sequence[int], doubts: Mapping[str, str]) -> str:
        """Why a fact that cannot be read makes the verdict impossible: some row depends on it."""
        if not doubts:
            return ""
        rows = [rule.id for n, rule in enumerate(self.rows) if self._depends(rule, 1 << n, masks, doubts.keys())]
        if not rows:
            return ""
        return f"{'; '.join(doubts.values())}; row {', '.join(rows[:5])} depends on it"

    def _depends(self, rule: Rule, bit: int, masks: Sequence[int], doubtful: AbstractSet[str]) -> bool:
        """Whether a row would match but for conditions that ask for a doubtful fact."""
        missing = False
        for column, condition, mask in zip(self.table.inputs, rule.conditions, masks, strict=True):
            if mask & bit:
                continue
            computed = column.expression.names if column.expression else frozenset[str]({column.name})
            if not (computed | asked_by(condition)) & doubtful:
                return False
            missing = True
        return missing

    def _uncountable(self, won: list[Rule], values: Mapping[str, Value], initiator: AnyInitiator) -> str:
        """Why a winning row says nothing that could be carried out: no number of work orders, or a computed value of no use."""
        for rule in won:
            number = fold(self._output(rule, QUANTITY, values))
            if number == PER_UNIT and not 1 <= initiator.units <= MOST_UNITS:
                return (
                    f"row {rule.id} asks for a work order per unit, but quantity {initiator.quantity!r} of"
                    f" {initiator.line_number} cannot be counted here: it is shared by several domain orders of this"
                    f" specification, is no whole number, or is more than {MOST_UNITS}"
                )
            if not is_countable(number):
                return f"row {rule.id} comes to {number!r} work orders, which is no whole number from 1 to {MOST_UNITS}"
            for output, entry in zip(self.table.outputs, rule.entries, strict=True):
                said = entry.value(values) if entry.expression else None
                if said is not None and not _is_of_use(said, output):
                    return f"row {rule.id} comes to no {output.kind.value} as its {output.name}"
        return ""

    def _wanted(
        self, won: list[Rule], values: Mapping[str, Value], initiator: AnyInitiator
    ) -> tuple[WantedWorkOrder, ...]:
        """The work orders the winning rows ask for, numbered per template."""
        wanted: list[WantedWorkOrder] = []
        for rule in won:
            template = self.template_of(rule, values)
            if template is None:
                continue
            said = {
                output.name: text
                for output in self.table.outputs
                if output.name not in (TEMPLATE, QUANTITY) and (text := self._output(rule, output.name, values))
            }
            for location in self._places(rule, values, initiator):
                ordinal = 1 + sum(w.template == template for w in wanted)
                wanted.append(WantedWorkOrder(rule.id, template, ordinal, said, location))
        return tuple(wanted)

    def _places(self, rule: Rule, values: Mapping[str, Value], initiator: AnyInitiator) -> Sequence[str]:
        """One entry for each work order of a row: its location where that tells them apart, otherwise ""."""
        match fold(self._output(rule, QUANTITY, values)):
            case "":
                return ("",)
            case quantity if quantity == PER_UNIT:
                return ("",) * initiator.units
            case quantity if quantity == PER_LOCATION:
                return initiator.locations or ("",)
            case number:
                return ("",) * int(Decimal(number))

    def in_words(self, rule: Rule) -> str:
        """What a row asks for: "specification = CPE, quantity > 1"."""
        return ", ".join(
            f"{column.name} {_worded(self._show(rule, index))}"
            for index, column in enumerate(self.table.inputs)
            if not isinstance(rule.conditions[index], Anything)
        )

    def _miss(self, rule: Rule, index: int, facts: Mapping[str, str]) -> NearMiss:
        name = self.table.inputs[index].name
        return NearMiss(rule.id, name, self._show(rule, index), facts.get(name, ""))


def is_countable(number: str) -> bool:
    """Whether this says how many work orders a row asks for."""
    counted = number.isascii() and number.isdecimal() and len(number) < 9 and 1 <= int(number) <= MOST_UNITS
    return counted or number in ("", PER_UNIT, PER_LOCATION)


def _is_of_use(said: Any, output: Output) -> bool:
    """Whether a computed output can be carried out."""
    if output.name == WINDOW:
        return _is_window(said)
    return bool(kind_of(said)) if output.kind.is_text else belongs(said, output.kind)


def _is_window(said: object) -> bool:
    return isinstance(said, timedelta) and timedelta(0) < said <= LONGEST_WINDOW


def _as_read(facts: Mapping[str, str], initiator: AnyInitiator) -> dict[str, str]:
    """The facts, with the places an initiator has besides its own."""
    several = {"locations": "; ".join(initiator.locations)} if len(initiator.locations) > 1 else {}
    return {**facts, **several}


def _worded(cell: str) -> str:
    return (
        cell
        if cell.startswith(("<", ">", "!=", "=", "not(", "starts ", "ends ", "contains ", "matches "))
        else f"= {cell}"
    )


def policy_problems(table: DecisionTable) -> Iterator[Problem]:
    """What makes a decision table unusable as a work order policy."""
    if table.aggregation is not None:
        yield Problem(f"COLLECT with {table.aggregation.value} makes a number and no work orders; use COLLECT alone")
    seen: dict[str, int] = {}
    # Field Service finds a mark without regard to case, so ids must differ in more than that.
    for rule in table.rules:
        if rule.id.casefold() == DEFAULT_ROW:
            yield Problem(
                "this is the name of what counts when no row matches; choose another", rule.row, "id", rule.id
            )
        if not ROW_ID.fullmatch(rule.id):
            yield Problem("use 1 to 30 letters, digits, '-' or '_'", rule.row, "id", rule.id or " ")
        elif (first := seen.setdefault(rule.id.casefold(), rule.row)) != rule.row:
            what = f"row {first} has it too (case does not count); ids identify work orders and must differ"
            yield Problem(what, rule.row, "id", rule.id)
        said = {o.name: e for o, e in zip(table.outputs, rule.entries, strict=True)}
        yield from _entry_problems(rule, {name: entry.constant for name, entry in said.items() if not entry.expression})


def _entry_problems(rule: Rule, said: Mapping[str, object]) -> Iterator[Problem]:
    if TEMPLATE in said and not said[TEMPLATE]:
        yield Problem(f"name a template, or write {NO_FIELD_WORK}", rule.row, TEMPLATE)
    if not is_countable(fold(str(said.get(QUANTITY) or ""))):
        what = f"use a whole number from 1 to {MOST_UNITS}, {PER_UNIT!r} or {PER_LOCATION!r}"
        yield Problem(what, rule.row, QUANTITY, str(said[QUANTITY]))
    window = said.get(WINDOW)
    if isinstance(window, timedelta) and not _is_window(window):
        yield Problem("a window must be longer than nothing and at most ten years", rule.row, WINDOW, show(window))
    if fold(str(said.get(TEMPLATE))) == fold(NO_FIELD_WORK):
        for name, value in said.items():
            if name != TEMPLATE and value not in (None, ""):
                yield Problem(f"{NO_FIELD_WORK} creates nothing; leave this empty", rule.row, name, str(value))
