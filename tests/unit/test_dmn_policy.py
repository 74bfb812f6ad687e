"""Work order policies in DMN files: the same policy as in a spreadsheet, by the same names."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

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
