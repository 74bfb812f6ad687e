"""Work order policies in DMN files: the same policy as in a spreadsheet, by the same names."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from connector.mapping.casebook import decide_hypothetically
from connector.mapping.dmn.evaluate import Evaluator
from connector.mapping.dmn.problems import Unusable
from connector.mapping.dmn.table import DecisionTable, HitPolicy
from connector.mapping.dmn.values import Kind
from connector.mapping.policy_file import parse_policy, parse_table, table_bytes
from connector.mapping.vocabulary import Initiates, vocabulary_of

COLUMNS = vocabulary_of(Initiates.DOMAIN_ORDER, {"due date": Kind.DATE}, frozenset({"short_description"}))
MODELED = (Path(__file__).parent / "dmn" / "files" / "kie.dmn").read_text(encoding="utf-8")
POLICY = (
    MODELED.replace("Time left", "Quantity")
    .replace('typeRef="feel:days and time duration"', "")
    .replace('<dmn:inputValues><dmn:text>&gt;= duration("PT0S")</dmn:text></dmn:inputValues>', "")
    .replace('&lt; duration("P2D"), null', "[1, 2, [5..7]]")
    .replace('(duration("P2D")..duration("P9D")]', "&gt; 7")
    .replace('id="_1A-2B"', 'id="_6F9619FF-8B86-4011-B42D-00C04FC964FF"')
    .replace('<dmn:annotation name="Who"/>', '<dmn:annotation name="id"/>')
    .replace("Anna", "")
)


def rowless(table: DecisionTable) -> DecisionTable:
    """Without the places in a file."""
    return replace(table, rules=tuple(replace(rule, row=0) for rule in table.rules))


def test_a_policy_from_a_modeler_has_the_names_and_kinds_of_the_facts() -> None:
    policy = parse_policy("p", ".dmn", POLICY.encode(), COLUMNS)
    assert [(column.name, column.kind, column.ignore_case) for column in policy.table.inputs] == [
        ("specification", Kind.CHOICE, True),
        ("quantity", COLUMNS.input_kind("quantity"), False),
    ]
    assert [column.name for column in policy.table.outputs] == ["work order template"]
    assert [rule.id for rule in policy.rows] == ["6F9619FF8B864011B42D00C04FC964", "_3C-4D"]
    evaluator = Evaluator(policy.table)
    won = [evaluator.decide({"specification": "cpe", "quantity": Decimal(number)}).won for number in (2, 6, 8)]
    assert [rule.entries[0].constant for [rule] in won] == ["Install CPE", "Install CPE", "Survey"]


ONE_WORD = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
  <decision id="x" name="Policy"><decisionTable hitPolicy="FIRST">
    <input id="i"><inputExpression><text>{input}</text></inputExpression></input>
    <output id="o" name="{output}"/>
    <rule id="a"><inputEntry><text>{cell}</text></inputEntry><outputEntry><text>"Install"</text></outputEntry></rule>
  </decisionTable></decision></definitions>"""


def one_word(name: str, cell: str = '"add"', output: str = "workOrderTemplate") -> DecisionTable:
    return parse_table("p", ".dmn", ONE_WORD.format(input=name, cell=cell, output=output).encode(), COLUMNS)


@pytest.mark.parametrize(
    "name",
    ["domainOrderAction", "domain_order_action", "DomainOrderAction", "`domain order action`", "Domain Order Action"],
)
@pytest.mark.parametrize("output", ["workOrderTemplate", "work_order_template", "Work Order Template"])
def test_names_in_one_word_as_modelers_must_write_them_are_understood(name: str, output: str) -> None:
    table = one_word(name, output=output)
    assert (table.inputs[0].name, table.outputs[0].name) == ("domain order action", "work order template")
    assert table.inputs[0].expression is None


@pytest.mark.parametrize(
    ("cell", "action", "wins"),
    [
        ("lineAction", "add", True),
        ("lineAction", "change", False),
        ("? = line_action and dueDate = `due date`", "add", True),
        ("? = `line action`", "change", False),
        ('? = "lineAction"', "add", False),  # text stays as it is
        ('? = "lineAction"', "lineaction", True),
    ],
)
def test_names_in_one_word_are_understood_in_expressions_but_not_in_text(cell: str, action: str, wins: bool) -> None:
    raw = ONE_WORD.format(input="domainOrderAction", cell=cell, output="workOrderTemplate").encode()
    facts = {"domain order action": action, "line action": "add", "due date": "2026-03-01"}
    verdict = decide_hypothetically(parse_policy("p", ".dmn", raw, COLUMNS), facts)
    assert bool(verdict.rows) is wins


def test_a_word_that_could_be_two_facts_is_none() -> None:
    columns = vocabulary_of(Initiates.DOMAIN_ORDER, {"site code": Kind.STRING, "site_code": Kind.STRING})
    raw = ONE_WORD.format(input="siteCode", cell="-", output="workOrderTemplate").encode()
    with pytest.raises(Unusable, match="unknown input"):
        parse_policy("p", ".dmn", raw, columns)


def test_an_annotation_called_id_names_the_row() -> None:
    between = "</dmn:text></dmn:annotationEntry>\n        <dmn:annotationEntry><dmn:text>"
    named = POLICY.replace(f"urgent{between}", f"urgent{between}install")
    assert named != POLICY
    [first, _] = parse_policy("p", ".dmn", named.encode(), COLUMNS).rows
    assert (first.id, first.comment) == ("install", "urgent")


ENDED = "</dmn:text></dmn:outputEntry>"
WRONG = [
    ("Specification", "Article", "column 'Article': 'Article': unknown input"),
    ('name="Work Order Template"', 'name="Visit"', "column 'Visit': 'Visit': unknown output"),
    (
        "&gt; 7",
        "&gt; Quantity + 1",
        "row 2, column 'quantity': '> Quantity + 1': no fact is called 'Quantity'; write 'quan",
    ),
    ("&gt; 7", "&gt; quantiti", "nothing is called quantiti; is it quantity"),
    (f'<dmn:text>"Survey"{ENDED}', f"<dmn:text>specification{ENDED}", "must be named, not computed"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[one[2] for one in WRONG])
def test_what_is_no_policy_is_named(old: str, new: str, said: str) -> None:
    assert old in POLICY
    with pytest.raises(Unusable) as error:
        parse_policy("p", ".dmn", POLICY.replace(old, new).encode(), COLUMNS)
    assert said in str(error.value)


SHEET = '''
hit policy,PRIORITY
values,line action,add,change,delete
values,work order template,Install CPE,Swap CPE,NO FIELD WORK
default,work order template,NO FIELD WORK
id,specification,line action,quantity,due date,characteristic.speed: number,work order template,number of work orders,comment
install,"CPE, ""Router, large""",add,> 1,< 2026-04-01,[100..1000),Install CPE,2,"first <& ""second"""
swap,not(CPE),"change, delete",null,-,? > 2 * quantity,Swap CPE,per unit,
like,"starts with ""SD""",-,!= 3,2026-03-01,-,Install CPE,,
like2,"matches ""^S{2}.""",-,-,-,-,Install CPE,,
'''


def test_a_spreadsheet_becomes_a_dmn_file_and_the_same_spreadsheet_again() -> None:
    table = parse_table("p", ".csv", SHEET.strip().encode(), COLUMNS)
    there = table_bytes(table, ".dmn", COLUMNS)
    back = parse_table("p", ".dmn", there, COLUMNS)
    assert rowless(back) == rowless(table)
    assert back.hit_policy is HitPolicy.PRIORITY
    assert table_bytes(back, ".csv", COLUMNS) == table_bytes(table, ".csv", COLUMNS)


@pytest.mark.parametrize("name", ["domain_order_policy.csv", "order_task_policy.csv"])
def test_the_policies_that_come_along_go_there_and_back(name: str) -> None:
    columns = vocabulary_of(Initiates.DOMAIN_ORDER if name.startswith("domain") else Initiates.ORDER_TASK)
    raw = (files("connector.mapping") / "tables" / name).read_bytes()
    table = parse_table("p", ".csv", raw, columns)
    back = parse_table("p", ".dmn", table_bytes(table, ".dmn", columns), columns)
    assert rowless(back) == rowless(table)
    assert len(back.rules) == len(list(csv.reader(io.StringIO(raw.decode())))) - 1


FORMULAS = """
id,specification,line action,work order template,comment
half,"? = ""CPE"" and quantity * 2 > 10",-,Install CPE,quantity is no column
fast,"number(characteristic.down link) > 100",add,Survey,a characteristic is no column either
other,-,-,NO FIELD WORK,
"""


@pytest.mark.parametrize(
    ("facts", "rows"),
    [
        ({"specification": "CPE", "quantity": "6"}, ("half",)),
        ({"specification": "CPE", "quantity": "5"}, ("other",)),
        ({"characteristic.down link": "200", "line action": "add"}, ("fast",)),
        ({"characteristic.down link": "20", "line action": "add"}, ("other",)),
        ({}, ("other",)),
    ],
)
def test_an_expression_may_ask_for_facts_that_are_no_columns(facts: dict[str, str], rows: tuple[str, ...]) -> None:
    text = FORMULAS.strip().replace('"number(', '"? = null and number(')
    policy = parse_policy("p", ".csv", text.encode(), COLUMNS)
    assert dict(policy.asked) == {"quantity": Kind.NUMBER, "characteristic.down link": Kind.STRING}
    verdict = decide_hypothetically(policy, facts)
    assert (verdict.rows, verdict.problem) == (rows, "")


def test_a_fact_that_an_expression_needs_and_that_cannot_be_read_makes_it_undecided() -> None:
    policy = parse_policy("p", ".csv", FORMULAS.strip().replace(">", "<").encode(), COLUMNS)
    unclear = decide_hypothetically(policy, {"specification": "CPE", "quantity": "many"})
    assert "quantity is 'many'" in unclear.problem
    assert "row half depends on it" in unclear.problem
    # where another condition says no anyway, it does not matter
    columns = FORMULAS.strip().replace(",-,Install", ",delete,Install")
    policy = parse_policy("p", ".csv", columns.encode(), COLUMNS)
    assert decide_hypothetically(policy, {"line action": "add", "quantity": "many"}).problem == ""


def test_a_policy_never_asks_the_clock() -> None:
    with pytest.raises(Unusable, match="must not depend on when it is looked at"):
        parse_policy("p", ".csv", FORMULAS.strip().replace("quantity * 2 > 10", "today() = today()").encode(), COLUMNS)


@pytest.mark.parametrize(
    ("number", "window", "quantity", "problem"),
    [
        ("quantity * 2", 'duration("P1D")', "5", ""),
        ("quantity / 2", 'duration("P1D")', "5", "comes to '2.5' work orders"),
        ("quantity * 1000000", 'duration("P1D")', "5", "comes to '5000000' work orders"),
        ("quantity", "quantity", "5", "comes to no duration as its planned window"),
        ("quantity", '-duration("P1D") * quantity', "5", "comes to no duration as its planned window"),
        ("quantity", 'duration("P999D") * quantity', "5", "comes to no duration as its planned window"),
        ("[quantity, 1]", 'duration("P1D")', "5", "comes to no string as its number of work orders"),
    ],
)
def test_a_computed_output_of_no_use_is_a_finding(number: str, window: str, quantity: str, problem: str) -> None:
    text = POLICY.replace(
        "</dmn:output>", '</dmn:output><dmn:output name="Number of Work Orders"/><dmn:output name="planned window"/>'
    )
    text = text.replace('typeRef="tTemplate">\n', 'name="Work Order Template" typeRef="tTemplate">\n', 1)
    more = "".join(f"<dmn:outputEntry><dmn:text>{one}</dmn:text></dmn:outputEntry>" for one in (number, window))
    policy = parse_policy(
        "p", ".dmn", text.replace("</dmn:outputEntry>", f"</dmn:outputEntry>{more}").encode(), COLUMNS
    )
    verdict = decide_hypothetically(policy, {"specification": "CPE", "quantity": quantity})
    assert problem in verdict.problem
    assert len(verdict.wanted) == (0 if problem else 10)
    assert bool(verdict.problem) is bool(problem)
