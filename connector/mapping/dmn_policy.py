"""Work order policies in DMN files: names and kinds as the vocabulary has them, ids that can mark a work order."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from connector.mapping.dmn.cells import show_cell
from connector.mapping.dmn.conditions import asked_by
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import DecisionTable, Entry, Input, Output, Rule, fold
from connector.mapping.dmn.values import read, show
from connector.mapping.dmn.xml import read_file

if TYPE_CHECKING:
    from connector.mapping.vocabulary import Vocabulary

_UUID = re.compile(r"_?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
_LONGEST_ID = 30
_NAMES = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")|`(?P<quoted>[^`]*)`|(?<![\w.])(?P<word>[^\W\d]\w*)(?![\w.])(?!\s*[(:])', re.DOTALL
)


def read_policy(name: str, raw: bytes, vocabulary: Vocabulary) -> DecisionTable:
    """The table in a DMN file, by the names of a vocabulary. Raises Unusable with every problem at once."""
    table = read_file(
        raw,
        vocabulary.inputs,
        usual_kind=lambda text: vocabulary.input_kind(fold(text)),
        ignore_case=True,
        respelled=lambda text: respelled(text, vocabulary),
    )
    reader = _Reader(vocabulary)
    inputs = tuple(reader.input(column) for column in table.inputs)
    outputs = tuple(reader.output(column) for column in table.outputs)
    rules = tuple(reader.rule(rule, inputs, outputs) for rule in table.rules)
    if vocabulary.first_output not in {column.name for column in outputs}:
        reader.problems.append(Problem(f"the output {vocabulary.first_output!r} is missing"))
    if reader.problems:
        raise Unusable(reader.problems)
    return replace(table, name=name, inputs=inputs, outputs=outputs, rules=rules)


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []

    def input(self, column: Input) -> Input:
        if column.expression is not None:
            self.asked(column.expression.names, 0, column.name, column.expression.text)
            return column
        name = fold(column.name)
        if self.vocabulary.input_kind(name) is None:
            self.problems.append(Problem(f"unknown input; {self.vocabulary.known()}", 0, column.name, column.name))
        return replace(column, name=name, choices=column.choices or self.vocabulary.choices(name))

    def output(self, column: Output) -> Output:
        name = self.vocabulary.spelled(column.name, output=True)
        kind = self.vocabulary.output_kind(name)
        if kind is None:
            self.problems.append(Problem(f"unknown output; {self.vocabulary.known()}", 0, column.name, column.name))
            return column
        found = replace(column, name=name, kind=kind)
        values = tuple(self.entry(Entry(value), found, 0).constant for value in column.values)
        default = self.entry(column.default, found, 0) if column.default else None
        return replace(found, values=values, default=default)

    def rule(self, rule: Rule, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        for column, condition in zip(inputs, rule.conditions, strict=True):
            self.asked(asked_by(condition), rule.row, column.name, show_cell(condition))
        entries = tuple(self.entry(e, column, rule.row) for e, column in zip(rule.entries, outputs, strict=True))
        return replace(rule, id=_short(rule.id), entries=entries)

    def entry(self, entry: Entry, column: Output, row: int) -> Entry:
        """An output as its column holds it: a number in a text column is its digits, for instance."""
        if entry.expression is not None:
            self.asked(entry.expression.names, row, column.name, entry.expression.text)
            if column.name == self.vocabulary.first_output:
                what = "this must be named, not computed, so that it can be checked before it is needed"
                self.problems.append(Problem(what, row, column.name, entry.expression.text))
            return entry
        if entry.constant is None:
            return Entry()
        text = show(entry.constant)
        try:
            return Entry(read(column.kind, text), None, text)
        except ValueError as error:
            self.problems.append(Problem(str(error), row, column.name, text))
            return entry

    def asked(self, names: frozenset[str], row: int, column: str, text: str) -> None:
        """Names that an expression asks for must be facts, written as the facts are."""
        for name in sorted(names):
            if self.vocabulary.input_kind(name) is None:
                near = get_close_matches(fold(name), self.vocabulary.inputs, 1)
                what = f"no fact is called {name!r}" + (
                    f"; write {near[0]!r}" if near else f"; {self.vocabulary.known()}"
                )
                self.problems.append(Problem(what, row, column, text))


def respelled(text: str, vocabulary: Vocabulary) -> str:
    """An expression with its facts as the vocabulary has them: modelers' names are one word, or stand in backticks.

    Text in quotes, members (`.name`), keys (`name:`) and functions (`name(`) stay as they are.
    """

    def fact(found: re.Match[str]) -> str:
        written = found["quoted"] or found["word"] or ""
        name = vocabulary.spelled(written)
        is_one_word_for_several = " " in name or "." in name
        if vocabulary.input_kind(name) is not None and (found["quoted"] or is_one_word_for_several):
            return name
        return written or found[0]

    return _NAMES.sub(lambda found: found[0] if found["text"] else fact(found), text)


def _short(rule_id: str) -> str:
    """Modelers give rules long random ids; enough of one still tells it from all others.

    >>> _short("_6F9619FF-8B86-4011-B42D-00C04FC964FF")
    '6F9619FF8B864011B42D00C04FC964'
    """
    found = _UUID.fullmatch(rule_id)
    return found[1].replace("-", "")[:_LONGEST_ID] if found else rule_id
