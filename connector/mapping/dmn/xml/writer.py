"""A table -> a DMN 1.3 file that Camunda's and Red Hat's modelers open: the decision, an input data for each name it asks, and
a picture of both. `read_file` makes the same table of it.

What other engines will take differently is said in the description of the decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from connector.mapping.dmn.conditions import Anything
from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.written import literal, unary_tests
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import asked_names
from connector.mapping.dmn.values import Kind
from connector.mapping.dmn.xml.diagram import diagram
from connector.mapping.dmn.xml.document import OURS
from connector.mapping.dmn.xml.names import xml_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.table import DecisionTable, Entry, Input, Output, Rule

_TYPES = {
    Kind.CHOICE: "string",
    Kind.DURATION: "days and time duration",
    Kind.ANY: "Any",
}
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
             xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
             xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
             xmlns:di="http://www.omg.org/spec/DMN/20180521/DI/"
             xmlns:ours="{ours}"
             id="definitions" name={name} namespace="{ours}"
             expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
"""


def write_file(table: DecisionTable) -> bytes:
    """The file (UTF-8). Raises Unusable, naming rule and column, for what DMN cannot hold."""
    writer = _Writer(table)
    text = "".join(writer.lines())
    if writer.problems:
        raise Unusable(writer.problems)
    return text.encode()


@dataclass
class _Writer:
    table: DecisionTable
    problems: list[Problem] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        inputs = self.asked_names()
        yield _HEAD.format(ours=OURS, name=self.attribute(self.table.name, "name of the table"))
        yield f'  <decision id="decision" name={self.attribute(self.table.name, "name of the table")}>\n'
        folded = ", ".join(column.name for column in self.table.inputs if column.ignore_case)
        if folded:
            what = f"Case does not count in: {folded}. Other engines will tell it apart."
            yield f"    <description>{self.text(what, 0, '')}</description>\n"
        yield f'    <variable id="decision_variable" name={self.attribute(self.table.name, "name of the table")}/>\n'
        for number, _ in enumerate(inputs, 1):
            yield f'    <informationRequirement id="requirement_{number}">\n'
            yield f'      <requiredInput href="#input_{number}"/>\n    </informationRequirement>\n'
        yield from self.decision_table()
        yield "  </decision>\n"
        for number, (name, kind) in enumerate(inputs.items(), 1):
            yield f'  <inputData id="input_{number}" name={self.attribute(name, name)}>\n'
            yield f'    <variable id="input_{number}_variable" name={self.attribute(name, name)} typeRef="{_type(kind)}"/>\n'
            yield "  </inputData>\n"
        yield diagram(len(inputs))
        yield "</definitions>\n"

    def asked_names(self) -> dict[str, Kind]:
        """Every name that a column, a cell or an output asks for, with its kind where that is known."""
        found = {column.name: column.kind for column in self.table.inputs if column.expression is None}
        asked = sorted(asked_names(self.table) - found.keys())
        return found | dict.fromkeys(asked, Kind.ANY)

    def decision_table(self) -> Iterator[str]:
        how = f' aggregation="{self.table.aggregation.value}"' if self.table.aggregation else ""
        yield f'    <decisionTable id="table" hitPolicy="{self.table.hit_policy.value}"{how}>\n'
        for number, column in enumerate(self.table.inputs, 1):
            yield from self.input(column, number)
        for number, output in enumerate(self.table.outputs, 1):
            yield from self.output(output, number)
        yield '      <annotation name="comment"/>\n'
        for number, rule in enumerate(self.table.rules, 1):
            yield from self.rule(rule, number)
        yield "    </decisionTable>\n"

    def input(self, column: Input, number: int) -> Iterator[str]:
        if column.expression is None and column.name != squeeze(column.name):
            self.problems.append(Problem("a name cannot hold two blanks in a row", column=column.name))
        folded = f' ours:ignoreCase="{str(column.ignore_case).lower()}"' if column.kind.is_text else ""
        text = column.expression.text if column.expression else column.name
        yield f'      <input id="column_{number}" label={self.attribute(column.name, column.name)}{folded}>\n'
        yield f'        <inputExpression id="column_{number}_expression" typeRef="{_type(column.kind)}">\n'
        yield f"          <text>{self.text(text, 0, column.name)}</text>\n        </inputExpression>\n"
        allowed = ", ".join(literal(value) for value in column.choices)
        if not allowed and not isinstance(column.allowed, Anything):
            allowed = self.tests(column.allowed, 0, column.name)
        yield from self.values("inputValues", allowed, column.name)
        yield "      </input>\n"

    def output(self, output: Output, number: int) -> Iterator[str]:
        name = self.attribute(output.name, output.name)
        yield f'      <output id="output_{number}" label={name} name={name} typeRef="{_type(output.kind)}">\n'
        allowed = ", ".join(self.literal(value, 0, output.name) for value in output.values)
        yield from self.values("outputValues", allowed, output.name)
        if output.default is not None:
            text = self.entry(output.default, 0, output.name)
            yield f"        <defaultOutputEntry><text>{text}</text></defaultOutputEntry>\n"
        yield "      </output>\n"

    def values(self, element: str, text: str, column: str) -> Iterator[str]:
        if text:
            yield f"        <{element}><text>{self.text(text, 0, column)}</text></{element}>\n"

    def rule(self, rule: Rule, number: int) -> Iterator[str]:
        yield f'      <rule id="{xml_id(rule.id)}">\n'
        if rule.comment:
            yield f"        <description>{self.text(rule.comment, number, 'comment')}</description>\n"
        for column, condition in zip(self.table.inputs, rule.conditions, strict=True):
            text = self.text(self.tests(condition, number, column.name), number, column.name)
            yield f"        <inputEntry><text>{text}</text></inputEntry>\n"
        for output, entry in zip(self.table.outputs, rule.entries, strict=True):
            yield f"        <outputEntry><text>{self.entry(entry, number, output.name)}</text></outputEntry>\n"
        yield f"        <annotationEntry><text>{self.text(rule.comment, number, 'comment')}</text></annotationEntry>\n"
        yield "      </rule>\n"

    # --- texts ------------------------------------------------------------------------------------------------

    def entry(self, entry: Entry, number: int, column: str) -> str:
        if entry.expression is not None:
            return self.text(entry.expression.text, number, column)
        return self.text("" if entry.constant is None else self.literal(entry.constant, number, column), number, column)

    def literal(self, value: object, number: int, column: str) -> str:
        try:
            return literal(value)
        except ValueError as error:
            self.problems.append(Problem(str(error), number, column, str(value)))
            return ""

    def tests(self, condition: Condition, number: int, column: str) -> str:
        try:
            return unary_tests(condition)
        except ValueError as error:
            self.problems.append(Problem(str(error), number, column))
            return ""

    def text(self, text: str, number: int, column: str) -> str:
        if _FORBIDDEN.search(text):
            self.problems.append(Problem("XML cannot hold a control character; remove it", number, column, text))
            return ""
        return escape(text)

    def attribute(self, text: str, column: str) -> str:
        if text != text.strip() or "\n" in text or "\t" in text:
            self.problems.append(
                Problem("a name must stand on one line, without space around it", column=column, value=text)
            )
        self.text(text, 0, column)
        return quoteattr(text)


def _type(kind: Kind) -> str:
    return _TYPES.get(kind, kind.value)
