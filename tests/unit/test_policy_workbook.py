"""Policies in workbooks: what a spreadsheet program changes behind people's backs is refused by its place."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from connector.mapping.dmn.conditions import Compare
from connector.mapping.dmn.problems import Unusable
from connector.mapping.policy_file import parse_policy, parse_table, table_bytes
from connector.mapping.vocabulary import Initiates, vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = vocabulary_of(Initiates.DOMAIN_ORDER)
HEADER = ["id", "specification", "quantity", "due date", "work order template"]


def workbook(*rows: list[Any], change: Callable[[Any], None] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, *rows):
        sheet.append(row)
    change(book)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def problems_of(raw: bytes) -> list[str]:
    try:
        parse_policy("test", ".xlsx", raw, COLUMNS)
    except Unusable as error:
        return [str(problem) for problem in error.problems]
    return []


def test_numbers_and_dates_typed_in_their_columns_are_what_they_look_like() -> None:
    raw = workbook(["a", "CPE", 2, date(2026, 3, 1), "Install"], ["b", "CPE", 2.0, datetime(2026, 3, 1), "Install"])  # noqa: DTZ001
    first, second = parse_table("test", ".xlsx", raw, COLUMNS).rules
    assert first.conditions == second.conditions


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["a", date(2026, 2, 1), 1, "-", "Install"], "row 2, column 'specification': '2026-02-01': the spreadsheet made a date"),
        (["a", "CPE", date(2026, 2, 1), "-", "Install"], "the spreadsheet made a date"),
        (["a", time(10, 30), 1, "-", "Install"], "column 'specification': '10:30:00': the spreadsheet made a time"),
        (["a", timedelta(hours=30), 1, "-", "Install"], "the spreadsheet made a time of it"),
        (["a", "CPE", 1, "-", "=A1"], "sheet 'Sheet', row 2, column 'E': a formula; copy the cell and paste it as a value"),
        (["a", "CPE", "many", "-", "Install"], "sheet 'Sheet', row 2, column 'quantity': 'many': not a number"),
        (["a", "CPE", 1, "-", ""], "row 2, column 'work order template': name a template"),
    ],
)  # fmt: skip
def test_a_cell_that_may_not_be_what_somebody_meant_is_refused_by_its_place(row: list[Any], problem: str) -> None:
    [said] = problems_of(workbook(row))[:1]
    assert problem in said


@pytest.mark.parametrize(
    ("cell", "value", "look", "problem"),
    [
        ("B2", 0.5, "0%", "column 'specification': '0.5': the spreadsheet made a percentage of it"),
        ("C2", 0.5, "0.00%", "column 'quantity': '0.5': the spreadsheet made a percentage of it"),
        ("B2", 100000, "0.00E+00", "column 'specification': '100000': the spreadsheet made a power of ten of it"),
        ("C2", 100000, "0.00E+00", ""),
        ("B2", 100000, "General", ""),
        ("F2", date(2026, 1, 2), "yyyy-mm-dd", ""),  # a comment may hold anything
    ],
)
def test_a_number_that_shows_as_something_else_is_refused_where_it_matters(
    cell: str, value: Any, look: str, problem: str
) -> None:
    def change(book: Any) -> None:
        book.active["F1"] = "comment"
        book.active[cell] = value
        book.active[cell].number_format = look

    said = problems_of(workbook(["a", "CPE", 1, "-", "Install"], change=change))
    assert (problem in said[0]) if problem else said == []


@pytest.mark.parametrize(
    ("cell", "value", "problem"),
    [("XFD1048576", "x", "row 1048576, column 'XFD': 'x': this stands far outside"), ("XFD1048576", None, "")],
)
def test_a_sheet_that_reaches_to_the_farthest_cell_is_read_at_once(cell: str, value: Any, problem: str) -> None:
    def change(book: Any) -> None:
        book.active[cell] = value
        book.active[cell].number_format = "@"  # a cell that only looks like something is kept in the file too

    said = problems_of(workbook(["a", "CPE", 1, "-", "Install"], change=change))
    assert (problem in said[0]) if problem else said == []


def test_merged_cells_and_a_choice_of_sheets_are_refused() -> None:
    row = ["a", "CPE", 1, "-", "Install"]
    assert "merged cells" in problems_of(workbook(row, change=lambda book: book.active.merge_cells("B2:C2")))[0]

    def second(book: Any) -> None:
        book.create_sheet("More").append(["x", "y"])

    assert "name that sheet 'policy'" in problems_of(workbook(row, change=second))[0]

    def named(book: Any) -> None:
        second(book)
        book.worksheets[0].title = "Policy"

    assert problems_of(workbook(row, change=named)) == []


def test_a_file_that_is_no_workbook_is_said_to_be_none() -> None:
    assert problems_of(b"id,specification") == [
        "it is no XLSX workbook (BadZipFile); save it again as 'Excel Workbook (.xlsx)'"
    ]


def test_a_table_comes_back_from_a_workbook_as_it_went_in() -> None:
    text = (
        b"hit policy,PRIORITY\nvalues,work order template,Install,Survey\n"
        b"id,specification,quantity,due date,work order template,comment\n"
        b'007,"not(CPE, ""1-2"")",[1..3),< 2026-03-01,Install,why\n1-2,"=x",-,-,Survey,\n'
    ).replace(b'"=x"', b'"""=x"""')
    table = parse_table("test", ".csv", text, COLUMNS)
    again = parse_table("test", ".xlsx", table_bytes(table, ".xlsx", COLUMNS), COLUMNS)
    assert (again.inputs, again.outputs, again.hit_policy) == (table.inputs, table.outputs, table.hit_policy)
    assert [(r.id, r.conditions, r.entries, r.comment) for r in again.rules] == [
        (r.id, r.conditions, r.entries, r.comment) for r in table.rules
    ]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".dmn"])
@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\t"])
def test_line_ends_in_a_text_survive_every_format(suffix: str, line_end: str) -> None:
    written = line_end.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    text = f'id,specification,work order template\na,"""A{written}B""",Install\n'
    table = parse_table("test", ".csv", text.encode(), COLUMNS)
    assert table.rules[0].conditions == (Compare("=", f"A{line_end}B"),)
    back = parse_table("test", suffix, table_bytes(table, suffix, COLUMNS), COLUMNS)
    assert back.rules[0].conditions == table.rules[0].conditions


def test_a_comment_with_a_lone_carriage_return_stays_one_cell() -> None:
    text = 'id,work order template,comment\na,Install,"one\rb,Swap,two"\n'
    table = parse_table("test", ".csv", text.encode(), COLUMNS)
    assert table_bytes(table, ".csv", COLUMNS).decode() == f"hit policy,RULE ORDER\n{text}"
