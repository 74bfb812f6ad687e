"""Casebooks: example cases beside a policy, played through it like tests."""

from __future__ import annotations

import pytest

from connector.mapping.casebook import decide_hypothetically, play, read_examples
from connector.mapping.dmn.problems import Unusable
from connector.mapping.policy_file import csv_lines, parse_policy
from connector.mapping.vocabulary import Initiates, vocabulary_of

COLUMNS = vocabulary_of(Initiates.DOMAIN_ORDER)
POLICY = parse_policy(
    "test",
    ".csv",
    b"id,specification,quantity,work order template,number of work orders\n"
    b"many,CPE,> 1,Install,per unit\none,CPE,1,Install,\nsites,Router,-,Survey,per location\nother,not(CPE),-,NO FIELD WORK,\n",
    COLUMNS,
)


def failures(*cases: str, header: str = "case,specification,quantity,expected work orders,expected rows") -> list[str]:
    report = play(POLICY, read_examples(csv_lines("\n".join([header, *cases])), COLUMNS))
    return [f"{outcome.example.name}: {'; '.join(outcome.wrong)}" for outcome in report.failed]


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        ("a,CPE,3,3 x Install,many", []),
        ("a,CPE,3,\"Install, 2 x install\",", []),
        ("a,CPE,3,2 x Install,", ["a: expected Install, Install, got Install, Install, Install"]),
        ("a,CPE,1,,one", []),
        ("a,CPE,1,,many", ["a: expected row many to decide, got one"]),
        ("a,SBC,1,NO FIELD WORK,other", []),
        ("a,SBC,1,Install,", ["a: expected Install, got NO FIELD WORK"]),
        ("a,CPE,,NO FIELD WORK,", ["a: could not be decided: no row of the policy matches"]),
    ],
)  # fmt: skip
def test_a_case_fails_with_what_was_expected_and_what_came(case: str, wrong: list[str]) -> None:
    assert failures(case) == wrong


def test_a_case_may_expect_that_nothing_can_be_decided() -> None:
    header = "case,specification,quantity,expected problem"
    assert failures("a,CPE,,no row", header=header) == []
    assert failures("a,CPE,1,no row", header=header) == ["a: expected the problem 'no row', got 'Install'"]


def test_rows_that_decide_no_case_are_named() -> None:
    cases = read_examples(csv_lines("case,specification,quantity,expected rows\na,CPE,1,one\nb,SBC,1,other"), COLUMNS)
    assert play(POLICY, cases).untested == ("many", "sites")


def test_a_hypothetical_initiator_may_have_several_places() -> None:
    verdict = decide_hypothetically(POLICY, {"specification": "Router", "locations": "Berlin; Paris"})
    assert [(w.template, w.ordinal, w.location) for w in verdict.wanted] == [
        ("Survey", 1, "Berlin"),
        ("Survey", 2, "Paris"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a casebook needs a header and at least one case"),
        ("case,colour,expected rows\na,red,one", "unknown column 'colour'"),
        ("specification,expected rows\nCPE,one", "the column 'case' is missing"),
        ("case,specification\na,CPE", "nothing is expected; add 'expected work orders' or 'expected rows'"),
        ("case,specification,expected rows\na,CPE,", "row 2, column 'case': 'a': the case expects nothing"),
    ],
)
def test_a_casebook_that_tests_nothing_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Unusable) as refused:
        read_examples(csv_lines(text), COLUMNS)
    assert problem in str(refused.value)
