"""A decisionTable element -> a table. All that cannot be carried is said at once, with rule and column."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import ANYTHING, Between, Compare, Condition, Not, OneOf
from connector.mapping.dmn.feel import FeelExpression, parse_expression, parse_unary_tests
from connector.mapping.dmn.feel.names import Names, squeeze
from connector.mapping.dmn.feel.parser import known_names
from connector.mapping.dmn.feel.unary import constant_value
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import Aggregation, DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind, kind_of, show
from connector.mapping.dmn.xml.document import type_name
from connector.mapping.dmn.xml.names import rule_id
from connector.mapping.dmn.xml.types import ItemType, allowing, built_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.mapping.dmn.xml.document import Element

_PLAIN = re.compile(r"[^\W\d][\w ]*(\.[^\W\d][\w ]*)*")
_STRINGS = re.compile(r'("(?:[^"\\]|\\.)*")', re.DOTALL)
ID = "id"
"""The annotation that names a rule, where the modeler's own id will not do."""
_POLICIES = {policy.value: policy for policy in HitPolicy}


@dataclass(frozen=True)
class Known:
    """What the file around a table says: names that expressions may use, names of members, types.

    With `dotted_inputs`, an input expression like `characteristic.speed` is a name, not a path. `usual_kind` tells the kind
    of a name where the file does not; with `ignore_case`, text columns ignore case unless the file says otherwise.
    `respelled` turns names as a modeler must write them into names as they are, in any expression.
    """

    names: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    types: Mapping[str, ItemType] = field(default_factory=dict)
    dotted_inputs: bool = False
    usual_kind: Callable[[str], Kind | None] = lambda _: None
    ignore_case: bool = False
    respelled: Callable[[str], str] = lambda text: text

    def with_names(self, names: set[str]) -> Known:
        return dataclasses.replace(self, names=self.names | names)


def read_table(element: Element, name: str, known: Known) -> DecisionTable:
    """The table in a decisionTable element. Raises Unusable with every problem at once."""
    reader = _Reader(known)
    table = reader.table(element, name)
    if reader.problems:
        raise Unusable(reader.problems)
    return table


class _Reader:
    def __init__(self, known: Known) -> None:
        self.know(known)
        self.problems: list[Problem] = []
        self._read: dict[tuple[str, Kind], Condition] = {}  # the same cell is read once

    def know(self, known: Known) -> None:
        self.known = known
        self._names, self._members = known_names(known.names), Names(known.members)
        self._types = {name: item.type for name, item in known.types.items()}

    def table(self, element: Element, name: str) -> DecisionTable:
        policy = self.hit_policy(element)
        inputs_read = element.all("input")
        if self.known.dotted_inputs:
            texts = {self.named(self.input_text(one)) for one in inputs_read}
            self.know(self.known.with_names({text for text in texts if _PLAIN.fullmatch(text)}))
        inputs = tuple(self.input(one, n) for n, one in enumerate(inputs_read, 1))
        outputs_read = element.all("output")
        outputs = tuple(self.output(one, n, element, name) for n, one in enumerate(outputs_read, 1))
        if not outputs:
            self.problems.append(Problem(f"line {element.line}: the table has no output"))
        titles = tuple(one.get("name") for one in element.all("annotation"))
        rules = [
            self.rule(one, n, (inputs, inputs_read), outputs, titles) for n, one in enumerate(element.all("rule"), 1)
        ]
        inputs = tuple(self.settled(column, n, rules) for n, column in enumerate(inputs))
        aggregation = self.aggregation(element, policy, outputs)
        return DecisionTable(name, inputs, outputs, tuple(rules), policy, aggregation)

    def hit_policy(self, element: Element) -> HitPolicy:
        if element.get("preferredOrientation") == "CrossTable":
            self.problems.append(
                Problem(f"line {element.line}: a crosstab is not carried; write it with rules as rows")
            )
        written = element.get("hitPolicy") or "UNIQUE"
        if written not in _POLICIES:
            known = ", ".join(_POLICIES)
            self.problems.append(Problem(f"no such hit policy; use one of {known}", column="hitPolicy", value=written))
        return _POLICIES.get(written, HitPolicy.UNIQUE)

    def aggregation(self, element: Element, policy: HitPolicy, outputs: tuple[Output, ...]) -> Aggregation | None:
        written = element.get("aggregation")
        if not written or policy is not HitPolicy.COLLECT:
            return None
        if written not in Aggregation.__members__ or len(outputs) > 1:
            what = f"collects by one of {', '.join(Aggregation.__members__)}, and only a single output"
            self.problems.append(Problem(what, column="aggregation", value=written))
            return None
        return Aggregation[written]

    # --- columns ----------------------------------------------------------------------------------------------

    def input_text(self, element: Element) -> str:
        expression = element.child("inputExpression")
        return (expression.said("text") if expression else "") or element.get("label").strip()

    def named(self, text: str) -> str:
        return squeeze(self.known.respelled(text))

    def input(self, element: Element, number: int) -> Input:
        text = self.named(self.input_text(element))
        title = element.get("label").strip() or text or f"input {number}"
        inner = element.child("inputExpression")
        self.only_feel(element, 0, title, text)
        if inner:
            self.only_feel(inner, 0, title, text)
        usual = self.known.usual_kind(text) or Kind.ANY
        kind, allowed = self.column_type(
            inner.get("typeRef") if inner else "", element.child("inputValues"), title, usual
        )
        choices: tuple[str, ...] = ()
        if kind.is_text and allowed.values and all(isinstance(value, str) for value in allowed.values):
            kind, choices = Kind.CHOICE, allowed.values
        folded = kind.is_text and (element.get("ours:ignoreCase") or str(self.known.ignore_case).lower()) == "true"
        condition = ANYTHING if choices else allowed.allowed
        if text in self.known.names:
            return Input(text, kind, None, condition, choices, folded)
        expression = self.expression(text, 0, title)
        return Input(title, kind, expression, condition, choices, folded)

    def column_type(
        self, reference: str, values: Element | None, title: str, usual: Kind = Kind.ANY
    ) -> tuple[Kind, ItemType]:
        found = self.type(reference, title)
        if found.kind is Kind.ANY and usual is not Kind.ANY:
            found = dataclasses.replace(found, kind=usual)
        try:
            return found.kind, allowing(found, values)
        except Unusable as error:
            self.problems += [dataclasses.replace(one, column=title) for one in error.problems]
            return found.kind, found

    def type(self, reference: str, title: str) -> ItemType:
        name = type_name(reference, self.known.types)
        found = self.known.types.get(name) or (built_in(name) if name else ItemType())
        if found is None:
            self.problems.append(Problem("there is no type of this name", column=title, value=reference))
        return found or ItemType()

    def settled(self, column: Input, index: int, rules: list[Rule]) -> Input:
        """Camunda calls a date and time `date`: the cells tell."""
        constants = [value for rule in rules for value in _constants(rule.conditions[index])]
        if column.kind is Kind.DATE and constants and all(isinstance(value, datetime) for value in constants):
            return dataclasses.replace(column, kind=Kind.DATE_TIME)
        return column

    def output(self, element: Element, number: int, table: Element, name: str) -> Output:
        single = len(table.all("output")) == 1
        title = element.get("name") or (name if single else element.get("label")) or f"output {number}"
        reference = element.get("typeRef") or (table.get("typeRef") if single else "")
        kind, allowed = self.column_type(reference, element.child("outputValues"), title)
        default = element.child("defaultOutputEntry")
        entry = self.entry(default, 0, title) if default and default.said("text") else None
        return Output(title, kind, allowed.values, entry)

    # --- rules --------------------------------------------------------------------------------------------------

    def rule(
        self,
        element: Element,
        number: int,
        inputs: tuple[tuple[Input, ...], list[Element]],
        outputs: tuple[Output, ...],
        titles: tuple[str, ...],
    ) -> Rule:
        cells, answers = element.all("inputEntry"), element.all("outputEntry")
        for what, found, wanted in (("input", cells, inputs[0]), ("output", answers, outputs)):
            if len(found) != len(wanted):
                said = f"has {len(found)} {what} entries, but the table has {len(wanted)} {what}s"
                self.problems.append(Problem(said, number))
        conditions = tuple(
            self.condition(cell, number, column, read)
            for cell, column, read in zip(cells, inputs[0], inputs[1], strict=False)
        )
        entries = tuple(self.entry(cell, number, column.name) for cell, column in zip(answers, outputs, strict=False))
        missing = len(inputs[0]) - len(conditions)
        ids = [
            one.said("text") for one, title in zip(element.all("annotationEntry"), titles, strict=False) if title == ID
        ]
        return Rule(
            (ids[0] if ids else "") or rule_id(element.get("id"), number),
            conditions + (ANYTHING,) * missing,
            entries,
            _comment(element, titles),
            number,
        )

    def condition(self, cell: Element, number: int, column: Input, read: Element) -> Condition:
        text = cell.said("text")
        if not self.only_feel(cell, number, column.name, text):
            return ANYTHING
        called = read.get("camunda:inputVariable")
        if called:
            text = "".join(
                part if part.startswith('"') else re.sub(rf"\b{re.escape(called)}\b", "?", part)
                for part in _STRINGS.split(text)
            )
        text = self.known.respelled(text)
        found = self.attempt(lambda: self.tests(text, column), number, column.name, text)
        return found or ANYTHING

    def tests(self, text: str, column: Input) -> Condition:
        found = self._read.get((text, column.kind))
        if found is None:
            found = parse_unary_tests(text, column.kind, self._names, members=self._members, types=self._types)
            self._read[text, column.kind] = found
        return found

    def entry(self, cell: Element, number: int, title: str) -> Entry:
        text = cell.said("text")
        if not self.only_feel(cell, number, title, text) or not text:
            return Entry()
        expression = self.expression(self.known.respelled(text), number, title)
        if expression is None:
            return Entry()
        value, known = constant_value(expression)
        if known and (value is None or kind_of(value) is not None):
            return Entry(value, None, show(value))
        return Entry(None, expression, expression.text)

    def expression(self, text: str, number: int, title: str) -> FeelExpression | None:
        def parse() -> FeelExpression:
            return parse_expression(text, self._names, members=self._members, types=self._types)

        found: FeelExpression | None = self.attempt(parse, number, title, text)
        return found

    def attempt(self, parse: Callable[[], Any], number: int, title: str, text: str) -> Any:
        try:
            return parse()
        except ValueError as error:
            self.problems.append(Problem(str(error), number, title, text))
            return None

    def only_feel(self, element: Element, number: int, title: str, text: str) -> bool:
        """Whether it is written in FEEL; a problem is noted if not."""
        language = element.get("expressionLanguage")
        if (language and "feel" not in language.casefold()) or text.startswith(("${", "#{")):
            what = f"written in {language or 'JUEL'}, which is not carried; write it in FEEL"
            self.problems.append(Problem(what, number, title, text))
            return False
        return True


def _comment(element: Element, titles: tuple[str, ...]) -> str:
    """The annotations, with their titles if there are several; else the description."""
    entries = element.all("annotationEntry")
    padded = (*titles, *("" for _ in entries[len(titles) :]))
    said = [(title, one.said("text")) for title, one in zip(padded, entries, strict=False) if title != ID]
    if len(said) == 1 and said[0][1]:
        return said[0][1]
    named = [f"{title}: {text}" if title else text for title, text in said if text]
    return "; ".join(named) or element.said("description")


def _constants(condition: Condition) -> list[Any]:
    match condition:
        case Compare(_, value):
            return [] if value is None else [value]
        case Between(low, high):
            return [low, high]
        case OneOf(conditions):
            return [value for one in conditions for value in _constants(one)]
        case Not(negated):
            return _constants(negated)
        case _:
            return []
