"""DMN files as modelers write them become tables, and tables become files that modelers open; what cannot be carried is named."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.dmn.conditions import ANYTHING, Between, Compare, Condition, Like, Not, OneOf
from connector.mapping.dmn.evaluate import Evaluator
from connector.mapping.dmn.feel import parse_expression, parse_unary_tests
from connector.mapping.dmn.problems import Unusable
from connector.mapping.dmn.table import Aggregation, DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind, Months, show
from connector.mapping.dmn.xml import read_file, write_file

FILES = Path(__file__).parent / "files"
CAMUNDA = (FILES / "camunda.dmn").read_text(encoding="utf-8")
KIE = (FILES / "kie.dmn").read_text(encoding="utf-8")


def test_a_table_as_camundas_modeler_writes_it() -> None:
    table = read_file(CAMUNDA.encode())
    assert (table.name, table.hit_policy) == ("Field work", HitPolicy.COLLECT)
    assert [(column.name, column.kind) for column in table.inputs] == [
        ("specification", Kind.CHOICE),
        ("characteristic.speed", Kind.NUMBER),
        ("due date", Kind.DATE_TIME),  # Camunda calls it a date
    ]
    assert table.inputs[0].choices == ("CPE", "Router", "ONT, indoor")
    assert [(column.name, column.kind) for column in table.outputs] == [
        ("work order template", Kind.STRING),
        ("number", Kind.NUMBER),
    ]
    assert table.outputs[0].values == ("Install CPE", "Survey")
    first, second = table.rules
    assert first.conditions == (
        OneOf((Compare("=", "CPE"), Compare("=", "Router"))),
        Between(Decimal(100), Decimal(1000), True, False),
        Compare(">=", datetime(2026, 3, 1)),  # noqa: DTZ001
    )
    assert first.comment == "An installation for every router"
    assert first.entries[1].value({"characteristic.speed": Decimal(300)}) == 3
    assert second.conditions == (OneOf((Like("ends with", "spec"), Compare("=", "CPE"))), ANYTHING, ANYTHING)
    assert second.entries == (Entry("Survey", None, "Survey"), Entry())


def test_a_table_as_red_hats_modeler_writes_it() -> None:
    table = read_file(KIE.encode())
    assert (table.name, table.hit_policy) == ("Work Order Template", HitPolicy.PRIORITY)
    assert table.inputs[0] == Input("Specification", Kind.CHOICE, choices=("CPE", "Router", "ONT, indoor"))
    assert table.inputs[1] == Input("Time left", Kind.DURATION, allowed=Compare(">=", timedelta(0)))
    assert table.outputs == (
        Output(
            "Work Order Template",
            Kind.STRING,
            ("Install CPE", "Survey", "NO FIELD WORK"),
            Entry("NO FIELD WORK", None, "NO FIELD WORK"),
        ),
    )
    first, second = table.rules
    assert (first.id, first.row, first.comment) == ("_1A-2B", 1, "Why: urgent; Who: Anna")
    assert first.conditions == (
        Not(Compare("=", "ONT, indoor")),
        OneOf((Compare("<", timedelta(2)), Compare("=", None))),
    )
    assert second.conditions == (ANYTHING, Between(timedelta(2), timedelta(9), False, True))
    assert second.comment == ""


@pytest.mark.parametrize(
    "version", ["http://www.omg.org/spec/DMN/20151101/dmn.xsd", "https://www.omg.org/spec/DMN/20211108/MODEL/"]
)
def test_other_versions_of_dmn_are_read_alike(version: str) -> None:
    old = "http://www.omg.org/spec/DMN/20180521/MODEL/"
    assert read_file(KIE.replace(old, version).encode()) == read_file(KIE.encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_encoding_that_a_file_declares_counts(encoding: str) -> None:
    text = KIE.replace("urgent", "dringend für Köln").replace('encoding="UTF-8"', f'encoding="{encoding[:10]}"')
    text = text.replace('encoding="utf-8-sig"', 'encoding="utf-8"')
    assert "dringend für Köln" in read_file(text.encode(encoding)).rules[0].comment


WRONG = [
    (
        CAMUNDA,
        '<text>"CPE", "Router"</text>',
        "<text>CPE</text>",
        "row 1, column 'specification': 'CPE': nothing is called CPE",
    ),
    (CAMUNDA, "[100..1000[", "[100..1000", "row 1, column 'characteristic.speed': '[100..1000': a range ends"),
    (
        CAMUNDA,
        "characteristic.speed / 100",
        "speed / 100",
        "row 1, column 'number': 'speed / 100': nothing is called speed",
    ),
    (CAMUNDA, '"Survey"</text>', "${template}</text>", "column 'work order template': '${template}': written in JUEL"),
    (CAMUNDA, 'expressionLanguage="feel"', 'expressionLanguage="groovy"', "'specification': written in groovy"),
    (CAMUNDA, 'typeRef="integer"', 'typeRef="tSpeed"', "column 'Speed': 'tSpeed': there is no type of this name"),
    (CAMUNDA, 'hitPolicy="COLLECT"', 'hitPolicy="SOME"', "'SOME': no such hit policy; use one of UNIQUE"),
    (CAMUNDA, 'hitPolicy="COLLECT"', 'hitPolicy="COLLECT" aggregation="SUM"', "'SUM': collects by one of SUM, COUNT"),
    (CAMUNDA, "</rule>", "<inputEntry><text>1</text></inputEntry></rule>", "row 1: has 4 input entries, but the table"),
    (CAMUNDA, "<decisionTable ", '<decisionTable preferredOrientation="CrossTable" ', "a crosstab is not carried"),
    (CAMUNDA, "<definitions", '<!DOCTYPE definitions [<!ENTITY a "b">]><definitions', "a document type"),
    (CAMUNDA, "</definitions>", "", "no XML"),
    (CAMUNDA, "https://www.omg.org/spec/DMN/20191111/MODEL/", "urn:other", "no DMN file"),
    (CAMUNDA, "decisionTable", "literalExpression", "no decision with a decision table"),
    (CAMUNDA, "<inputData", '<import name="common" namespace="urn:x" importType="x"/><inputData', "'common': imports"),
    (CAMUNDA, "requiredInput", "requiredDecision", "needs another decision or business knowledge"),
    (KIE, "<dmn:typeRef>string</dmn:typeRef>", "<dmn:typeRef>tText</dmn:typeRef>", "'tText': there is no type"),
    (KIE, '"Install CPE", "Survey", "NO', "Install CPE, NO", "allowed values: nothing is called Install CPE"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), WRONG, ids=[one[3] for one in WRONG])
def test_what_cannot_be_carried_is_named(file: str, old: str, new: str, said: str) -> None:
    assert old in file
    with pytest.raises(Unusable) as error:
        read_file(file.replace(old, new, 1 if old == "</rule>" else -1).encode())
    assert said in str(error.value)


def test_every_problem_is_said_at_once() -> None:
    broken = CAMUNDA.replace('<text>"Survey"</text>', "<text>Survey</text>").replace("[100..1000[", "100 bis 1000")
    with pytest.raises(Unusable) as error:
        read_file(broken.encode())
    assert [(problem.row, problem.column) for problem in error.value.problems] == [
        (1, "characteristic.speed"),
        (2, "work order template"),
    ]


def test_of_several_decisions_one_must_be_named() -> None:
    start, end = CAMUNDA.index("  <decision id"), CAMUNDA.index("</decision>") + len("</decision>")
    decision = CAMUNDA[start:end]
    second = (
        re.sub(r' id="[^"]*"', "", decision)
        .replace("<decision ", '<decision id="two" ')
        .replace('"Field work"', '"Other"')
    )
    both = (CAMUNDA[:end] + second + CAMUNDA[end:]).encode()
    with pytest.raises(Unusable, match=r"2 decision tables \(Field work, Other\)"):
        read_file(both)
    assert read_file(both, decision="Other").name == "Other"
    assert read_file(both, decision="field_work").name == "Field work"


# --- there and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CAMUNDA, KIE])
def test_a_file_read_and_written_and_read_is_the_same_table(text: str) -> None:
    table = read_file(text.encode())
    assert read_file(write_file(table)) == table


def test_a_written_file_has_what_modelers_ask_for() -> None:
    table = read_file(CAMUNDA.encode())
    root = ElementTree.fromstring(write_file(table))  # noqa: S314 -- our own file
    model, picture = "{https://www.omg.org/spec/DMN/20191111/MODEL/}", "{https://www.omg.org/spec/DMN/20191111/DMNDI/}"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", one or "") for one in ids)
    shown = {shape.get("dmnElementRef") for shape in root.iter(f"{picture}DMNShape")}
    drawn = {element.get("id") for tag in ("decision", "inputData") for element in root.iter(f"{model}{tag}")}
    assert shown == drawn
    assert len(drawn) == 4  # the decision and what it asks for
    wired = {edge.get("dmnElementRef") for edge in root.iter(f"{picture}DMNEdge")}
    assert wired == {element.get("id") for element in root.iter(f"{model}informationRequirement")}
    assert len(wired) == 3


def test_case_that_does_not_count_is_kept_and_said_to_other_engines() -> None:
    column = Input("a", Kind.STRING, ignore_case=True)
    table = DecisionTable(
        "t", (column, Input("b", Kind.STRING)), (Output("o"),), (Rule("1", (ANYTHING,) * 2, (Entry(),), "", 1),)
    )
    written = write_file(table)
    assert read_file(written, ignore_case=True) == table
    assert b"Case does not count in: a." in written
    assert b"Case does not count" not in write_file(replace(table, inputs=(Input("a", Kind.STRING),) * 2))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            DecisionTable("t", (Input("a"),), (Output("o"),), (Rule("1", (Not(ANYTHING),), (Entry(),), "", 1),)),
            "row 1, column 'a': 'anything' inside",
        ),
        (
            DecisionTable("t", (Input("a"),), (Output("o"),), (Rule("1", (ANYTHING,), (Entry(),), "\x07", 1),)),
            "row 1, column 'comment'",
        ),
        (DecisionTable("t", (Input("a  b"),), (Output("o"),), ()), "two blanks"),
        (DecisionTable("t", (), (Output("o\n"),), ()), "must stand on one line"),
    ],
)
def test_what_a_file_cannot_hold_is_named(table: DecisionTable, said: str) -> None:
    with pytest.raises(Unusable) as error:
        write_file(table)
    assert said in str(error.value)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINE = st.text("abz Ä&<>\"'.-_1", min_size=1, max_size=12).map(lambda text: "n" + " ".join(text.split())).map(str.strip)
NUMBERS = st.decimals(-(10**9), 10**9, places=3)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: TEXT,
    Kind.NUMBER: NUMBERS,
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.dates(date(1000, 1, 1)),
    Kind.DATE_TIME: st.datetimes(datetime(1000, 1, 1), timezones=st.sampled_from([None, UTC])),  # noqa: DTZ001
    Kind.TIME: st.times(timezones=st.sampled_from([None, UTC])),
    Kind.DURATION: st.timedeltas(-timedelta(10**6), timedelta(10**6)),
    Kind.MONTHS: st.integers(-(10**6), 10**6).map(Months),
}
FORMULAS = ["> n1", "n1, n2 + 1", "not(n1)", '? = n1 or matches(?, "x", "i")', "[n1..n2]", "string(?) = n1"]


@st.composite
def conditions(draw: st.DrawFn, kind: Kind) -> Any:
    """What a cell of a DMN file can say."""
    value = VALUES[kind]
    if draw(st.integers(0, 4)) == 0:
        return parse_unary_tests(draw(st.sampled_from(FORMULAS)), kind, ("n1", "n2"))
    compared = st.builds(Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), value)
    forms: list[st.SearchStrategy[Condition]] = [st.just(ANYTHING), st.just(Compare("=", None)), compared]
    forms.append(st.builds(Between, value, value, st.booleans(), st.booleans()))
    if kind is Kind.STRING:
        forms.append(st.builds(Like, st.sampled_from(["starts with", "ends with", "contains"]), TEXT))
    one: st.SearchStrategy[Condition] = st.one_of(forms[1:])
    several = st.lists(one, min_size=2, max_size=3).map(lambda found: OneOf(tuple(found)))
    return draw(st.one_of(st.one_of(forms), several, one.map(Not), several.map(Not)))


@st.composite
def tables(draw: st.DrawFn) -> DecisionTable:
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3))
    inputs = [Input(f"in {n}", kind) for n, kind in enumerate(kinds)]
    if draw(st.booleans()):
        inputs[0] = Input("computed", kinds[0], parse_expression("n1 + n2 * 2", ("n1", "n2")))
    out = draw(st.sampled_from(list(VALUES)))

    def entry(kind: Kind) -> Entry:
        value = draw(st.none() | VALUES[kind])
        return Entry(value, None, show(value))

    def listed() -> tuple[Any, ...]:
        return tuple(draw(st.lists(VALUES[out], max_size=3)))

    computed = Entry(None, parse_expression("n1 * 2", ("n1",)), "n1 * 2")
    outputs = (Output(draw(LINE), out, listed(), draw(st.none() | st.just(entry(out)))), Output("second", Kind.NUMBER))
    rules = tuple(
        Rule(
            draw(TEXT) + str(number),
            tuple(draw(conditions(kind)) for kind in kinds),
            (entry(out), draw(st.just(computed) | st.just(Entry()))),
            draw(LINE | st.just("")),
            number,
        )
        for number in range(1, draw(st.integers(1, 4)))
    )
    return DecisionTable(draw(LINE), tuple(inputs), outputs, rules, draw(st.sampled_from(HitPolicy)))


@settings(max_examples=60)
@given(tables())
def test_any_table_written_and_read_is_the_same(table: DecisionTable) -> None:
    default = table.outputs[0].default
    if default is not None and default.constant is None:  # a default of nothing is none
        table = replace(table, outputs=(replace(table.outputs[0], default=None), *table.outputs[1:]))
    assert read_file(write_file(table), ("n1", "n2")) == table


def test_what_is_collected_is_kept() -> None:
    rules = tuple(Rule(f"r{n}", (ANYTHING,), (Entry(Decimal(n), None, str(n)),), "", n) for n in (1, 2))
    table = DecisionTable(
        "t", (Input("a", Kind.STRING),), (Output("o", Kind.NUMBER),), rules, HitPolicy.COLLECT, Aggregation.MAX
    )
    assert read_file(write_file(table)) == table
    assert read_file(write_file(replace(table, aggregation=None))) != table


def test_a_table_of_a_file_decides_as_written() -> None:
    evaluator = Evaluator(read_file(KIE.encode()))
    decided = [
        evaluator.decide({"Specification": name, "Time left": timedelta(days)}).won[0].entries[0].constant
        for name, days in (("CPE", 1), ("CPE", 5), ("ONT, indoor", 5))
    ]
    assert decided == ["Install CPE", "Survey", "Survey"]
    assert evaluator.decide({"Specification": "ONT, indoor", "Time left": timedelta(1)}).won == ()


def test_a_time_in_a_file_keeps_its_zone() -> None:
    column = Input("a", Kind.TIME)
    table = DecisionTable(
        "t", (column,), (Output("o"),), (Rule("1", (Compare("=", time(8, tzinfo=UTC)),), (Entry(),), "", 1),)
    )
    assert b'time("08:00:00Z")' in write_file(table)
