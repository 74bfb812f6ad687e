"""Work order policies: a table is refused with everything that is wrong with it, and decides exactly as it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.mapping.casebook import decide_hypothetically
from connector.mapping.dmn.problems import Unusable
from connector.mapping.policy_file import MOST_ROWS, TOO_MANY_ROWS, load_policy, parse_policy
from connector.mapping.vocabulary import Initiates, vocabulary_of
from connector.model import Initiator, NearMiss, Verdict, WantedWorkOrder
from tests.unit.orders import domain_order, line, order, order_task

if TYPE_CHECKING:
    from pathlib import Path

    from connector.mapping.policy import WorkOrderPolicy

HEADER = "id,specification,domain order action,work order template"
LAST = "other,-,-,NO FIELD WORK"
IDS_DIFFER = "has it too (case does not count); ids identify work orders and must differ"
COLUMNS = vocabulary_of(Initiates.ORDER_TASK, columns=frozenset({"short_description"}))
TOO_MANY = "an empty value in the list; remove the comma that is too many"
TAKEN = "this is the name of what counts when no row matches; choose another"
HIT_POLICIES = "no such hit policy; use one of UNIQUE, ANY, PRIORITY, FIRST, RULE ORDER, OUTPUT ORDER, COLLECT"
IMPORTANT = (
    "needs to know which outputs are more important: add a line like values,<output>,<most important>,<less important>"
)
ID_SHAPE = "use 1 to 30 letters, digits, '-' or '_'"
INITIATOR = Initiator(order(), line(), domain_order())


def table(*rows: str, header: str = HEADER, last: str = LAST) -> str:
    return "\n".join([header, *rows, last, ""])


def policy(*rows: str, header: str = HEADER, last: str = LAST) -> WorkOrderPolicy:
    return parse_policy("test", ".csv", table(*rows, header=header, last=last).encode(), COLUMNS)


def problems_of(text: str) -> list[str]:
    try:
        parse_policy("test", ".csv", text.encode(), COLUMNS)
    except Unusable as error:
        return [str(problem) for problem in error.problems]
    return []


def decide(of: WorkOrderPolicy, specification: str = "CPE", action: str = "add") -> Verdict:
    return of.decide(INITIATOR, {"specification": specification, "domain order action": action}, version=3)


# --- loading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the table is empty: it needs a header and at least one row"),
        ("\n , \n", "the table is empty: it needs a header and at least one row"),
        (HEADER, "the table has a header but no row"),
        (table("a b,CPE,add,Install"), f"row 2, column 'id': 'a b': {ID_SHAPE}"),
        (table("a,CPE,add,I", f"{'x' * 31},CPE,add,I"), f"row 3, column 'id': '{'x' * 31}': {ID_SHAPE}"),
        (table(",CPE,add,Install"), f"row 2, column 'id': ' ': {ID_SHAPE}"),
        (table("a,CPE,add,"), "row 2, column 'work order template': name a template, or write NO FIELD WORK"),
        (table("a,CPE"), "row 2, column 'work order template': name a template, or write NO FIELD WORK"),
        (table("a,CPE,add,Install,1"), "row 2: it has 5 cells but the header has 4"),
        (table('a,"CPE,,SBC",add,Install'), f"row 2, column 'specification': 'CPE,,SBC': {TOO_MANY}"),
        (table("a,not(),add,Install"), f"row 2, column 'specification': 'not()': {TOO_MANY}"),
        (table("a,not(CPE,add,Install"), "row 2, column 'specification': 'not(CPE': not(...) stands around the whole cell"),
        (table("a,CPE,add,I", "a,SBC,add,I"), f"row 3, column 'id': 'a': row 2 {IDS_DIFFER}"),
        (table("default,CPE,add,I"), f"row 2, column 'id': 'default': {TAKEN}"),
        ("hit policy,SOME\n" + table(), f"row 1, column 'hit policy': 'SOME': {HIT_POLICIES}"),
        ("hit policy,C+\n" + table(), "COLLECT with SUM makes a number and no work orders; use COLLECT alone"),
        ("hit policy,P\n" + table(), f"PRIORITY {IMPORTANT}"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused_with_the_row_and_the_column(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


@pytest.mark.parametrize("number", ["0", "51", "-1", "1.5", "two", "²"])
def test_a_number_of_work_orders_must_be_a_small_whole_number(number: str) -> None:
    header = f"{HEADER},number of work orders"
    usable = "use a whole number from 1 to 50, 'per unit' or 'per location'"
    wrong = f"row 2, column 'number of work orders': {number!r}: {usable}"
    assert problems_of(table(f"a,CPE,add,Install,{number}", header=header)) == [wrong]
    for number in ("50", "per unit", "Per location", ""):
        assert problems_of(table(f"a,CPE,add,Install,{number}", header=header)) == []


@pytest.mark.parametrize(
    ("header", "beginnings"),
    [
        ("specification", ["row 1: the column 'id' is missing", "row 1: the column 'work order template' is missing"]),
        (f"{HEADER},id", ["row 1: the column 'id' occurs 2 times"]),
        (f"colour,{HEADER},color", ["row 1: unknown input 'colour'; inputs (left", "row 1: unknown output 'color'; inputs "]),
        (f"{HEADER},,comment", ["row 1: unknown output ''; "]),
        (HEADER.replace("cation,", "cation: colour,"), ["row 1, column 'specification': 'colour': no such kind; use"]),
    ],
)  # fmt: skip
def test_every_problem_of_a_header_is_named_at_once(header: str, beginnings: list[str]) -> None:
    problems = problems_of(table(header=header))
    assert len(problems) == len(beginnings)
    assert all(problem.startswith(beginning) for problem, beginning in zip(problems, beginnings, strict=True))


def test_every_problem_of_every_row_is_named_at_once() -> None:
    problems = problems_of(table("a,CPE,add,I", 'b!,"CPE,",not(add,', "c,CPE,add,I,x", "a,SBC,-,I"))
    assert [problem.split(":")[0] for problem in problems] == [
        "row 3, column 'specification'",
        "row 3, column 'domain order action'",
        "row 4",
    ]


def test_what_makes_a_table_no_policy_is_named_at_once() -> None:
    header = f"{HEADER},number of work orders,priority,planned window"
    rows = ["a!,CPE,add,,0,,", "b,-,-,NO FIELD WORK,2,1,", "B,-,-,Install,,,-P1D"]
    assert [problem.split(":")[0] for problem in problems_of(table(*rows, header=header))] == [
        "row 2, column 'id'",
        "row 2, column 'work order template'",
        "row 2, column 'number of work orders'",
        "row 3, column 'number of work orders'",
        "row 3, column 'priority'",
        "row 4, column 'id'",
        "row 4, column 'planned window'",
    ]


def test_empty_columns_that_a_spreadsheet_adds_are_no_columns_unless_something_stands_in_them() -> None:
    assert problems_of(table("a,CPE,add,I,,", header=f"{HEADER},,")) == []
    assert problems_of(table("a,CPE,add,I,,x", header=f"{HEADER},,")) == ["row 2: it has 6 cells but the header has 4"]


@pytest.mark.parametrize("blank", ["", ",,,"])
def test_a_blank_line_does_not_shift_the_row_numbers_a_spreadsheet_shows(blank: str) -> None:
    assert problems_of(table("a,CPE,add,I", blank, "b!,CPE,add,I"))[0].startswith("row 4")


@pytest.mark.parametrize("text", [table("a,CPE,add,I").replace("\n", "\r"), table(f"a,CPE,add,{'x' * 140_000}")])
def test_a_table_the_csv_reader_gives_up_on_is_a_problem_and_no_traceback(text: str) -> None:
    assert isinstance(problems_of(text), list)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ('a,CPE,add,"Install\nb,CPE,change,Swap\n', "row 2: a quotation mark is opened here and closed nowhere"),
        ('a,"CPE" large,add,Install\n', "row 2: a cell goes on after its closing quotation mark"),
        ("a,C\0PE,add,Install\n", "row 2: a zero byte, which no text has"),
    ],
)
def test_what_would_swallow_rows_or_change_cells_in_silence_is_refused_by_its_row(rows: str, problem: str) -> None:
    [said] = problems_of(f"{HEADER}\n{rows}")
    assert said.startswith(problem)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (table("a,CPE,add,Install").encode("utf-16"), "the text is UTF-16, not UTF-8; save the table as 'CSV UTF-8'"),
        (table("a,CPE,add,Install").encode("utf-16-le"), "the text is UTF-16"),
        (table("a,CPE,add,Install").encode("utf-16-be"), "the text is UTF-16"),
        (table("a,é,add,Install").replace("\n", "\r").encode("latin-1"), "row 2: not UTF-8 text (byte "),
    ],
)
def test_text_in_another_encoding_is_refused_with_the_row_and_how_to_save_it(raw: bytes, problem: str) -> None:
    with pytest.raises(Unusable) as refused:
        parse_policy("test", ".csv", raw, COLUMNS)
    assert str(refused.value.problems[0]).startswith(problem)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_may_quote_every_cell_whatever_stands_between_them(separator: str) -> None:
    quoted = [[f'"{cell}"' for cell in row.split(",")] for row in (HEADER, "a,CPE,add,Install")]
    assert problems_of("\n".join(separator.join(row) for row in quoted)) == []


@pytest.mark.parametrize("line", ["hit policy,FIRST", "values,specification,CPE"])
def test_what_is_said_twice_before_the_header_is_refused(line: str) -> None:
    text = table("a,CPE,add,Install")
    assert problems_of(f"{line}\n{text}") == []
    assert "row 2" in problems_of(f"{line}\n{line}\n{text}")[0]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "1e999999999"),
        ("number", "-1e-999999999"),
        ("number", "9" * 5000),
        ("duration", "P9999999999D"),
        ("duration", "P999999999DT99H"),
        ("duration", f"PT{'9' * 400}S"),
        ("years and months duration", f"P{'9' * 5000}Y"),
    ],
)
def test_a_value_without_measure_is_refused_in_a_cell_and_stops_nobody_as_a_fact(kind: str, value: str) -> None:
    header, plain = (
        f"id,characteristic.x: {kind},work order template",
        {"number": "5", "duration": "P1D"}.get(kind, "P1Y"),
    )
    assert "correct it" in problems_of(f"{header}\na,{value},Install\n")[0]
    policy = parse_policy("test", ".csv", f"{header}\na,{plain},Install\n".encode(), COLUMNS)
    assert decide_hypothetically(policy, {"characteristic.x": plain}).rows == ("a",)
    assert "row a depends on it" in decide_hypothetically(policy, {"characteristic.x": value}).problem


@pytest.mark.parametrize("quantity", ["1e999", "inf", "nan", "9" * 500, "2.5", "-1", "many"])
def test_a_quantity_that_cannot_be_counted_is_a_finding_and_no_guess(quantity: str) -> None:
    text = "id,specification,work order template,number of work orders\na,CPE,Install,per unit\n"
    policy = parse_policy("test", ".csv", text.encode(), COLUMNS)
    asked = {"specification": "CPE", "quantity": quantity}
    assert "cannot be counted here" in decide_hypothetically(policy, asked).problem
    assert len(decide_hypothetically(policy, asked | {"quantity": "3.0"}).wanted) == 3


def test_a_planned_window_has_a_length_that_a_calendar_has() -> None:
    header = "id,work order template,planned window"
    assert problems_of(f"{header}\na,Install,P3660D\n") == []
    for window in ("P3661D", "PT0S", "-P1D"):
        assert "longer than nothing and at most ten years" in problems_of(f"{header}\na,Install,{window}\n")[0]


def test_a_table_too_long_to_be_checked_is_refused_at_once() -> None:
    rows = "".join(f"r{n},CPE,add,Install\n" for n in range(MOST_ROWS + 200))
    assert problems_of(f"{HEADER}\n{rows}") == [TOO_MANY_ROWS]


def test_two_rows_whose_ids_differ_only_by_case_are_refused() -> None:
    assert problems_of(table("install,CPE,add,I", "Install,CPE,change,I"))


@pytest.mark.parametrize("cell", ["not(-)", '"add, -"', '"not(add), change"', '"change, not(add)"'])
def test_a_condition_that_means_nothing_is_refused_and_not_taken_for_a_value(cell: str) -> None:
    assert problems_of(table(f"a,CPE,{cell},Install"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_table_from_a_spreadsheet_is_read_whatever_its_line_ends_and_byte_order_mark(
    tmp_path: Path, line_end: str
) -> None:
    path = tmp_path / "policy.csv"
    path.write_bytes(b"\xef\xbb\xbf" + table("a,Größe,add,Install").replace("\n", line_end).encode())
    loaded = load_policy("test", path, COLUMNS)
    assert decide(loaded, "GRÖSSE").rows == ("a",)
    assert loaded.source == str(path)


def test_the_digest_tells_an_edited_table_from_the_one_before() -> None:
    assert policy("a,CPE,add,I").digest == policy("a,CPE,add,I").digest
    assert policy("a,CPE,add,I").digest != policy("a,CPE,add,J").digest


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read"),
        (b"id\xff", "cannot be used"),
        (table("a!,CPE,add,").encode(), "cannot be used"),
    ],
)
def test_a_policy_file_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, content: bytes | None, what: str
) -> None:
    path = tmp_path / "policy.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load_policy("domain order", path, COLUMNS)
    assert what in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.hint
    assert bool(refused.value.problems) == (what == "cannot be used")


# --- deciding --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "matching", "missing"),
    [
        ("-", ["CPE", "SBC", ""], []),
        ("", ["CPE", "SBC", ""], []),
        ("CPE", ["CPE", " cpe "], ["SBC", "", "CPE2", "-"]),
        ('"CPE, SBC"', ["CPE", "sbc"], ["", "CPE, SBC", "IAD"]),
        ("not(CPE)", ["SBC", ""], ["CPE", "cpe"]),
        ('"NOT ( CPE , SBC )"', ["IAD", ""], ["CPE", "SBC"]),
        ("Router (small)", ["router (small)"], ["router"]),
    ],
)
def test_a_cell_matches_what_it_reads_like(cell: str, matching: list[str], missing: list[str]) -> None:
    one = policy(f"a,{cell},-,Install")
    assert [value for value in [*matching, *missing] if decide(one, value).rows == ("a",)] == matching


@pytest.mark.parametrize(
    ("rows", "won", "wanted"),
    [
        (["a,CPE,add,Install"], ("a",), [("a", "Install", 1)]),
        (["a,SBC,add,Install"], ("other",), []),
        (["a,CPE,add,Install", "b,CPE,-,Survey"], ("a", "b"), [("a", "Install", 1), ("b", "Survey", 1)]),
        (["a,CPE,add,Install", "b,CPE,-,Install"], ("a", "b"), [("a", "Install", 1), ("b", "Install", 2)]),
        (["a,CPE,-,NO FIELD WORK", "b,CPE,add,Install"], ("b",), [("b", "Install", 1)]),
        (["a,CPE,-,No  field work", "b,CPE,add,NO FIELD WORK"], ("a",), []),
    ],
)
def test_every_matching_row_asks_for_its_work_order_and_no_field_work_decides_only_alone(
    rows: list[str], won: tuple[str, ...], wanted: list[tuple[str, str, int]]
) -> None:
    verdict = decide(policy(*rows))
    assert verdict.rows == won
    assert verdict.wanted == tuple(WantedWorkOrder(*one) for one in wanted)


def test_a_last_row_with_a_template_asks_for_it_always() -> None:
    assert decide(policy("a,CPE,add,Install", last="other,-,-,Survey")).rows == ("a", "other")


def test_a_row_may_ask_for_several_work_orders_numbered_through_per_template() -> None:
    header = "id,work order template,number of work orders"
    several = policy("a,Install,2", "b,Survey,", "c,Install,1", header=header, last="z,NO FIELD WORK,")
    assert [(w.row, w.template, w.ordinal) for w in decide(several).wanted] == [
        ("a", "Install", 1),
        ("a", "Install", 2),
        ("b", "Survey", 1),
        ("c", "Install", 3),
    ]


@pytest.mark.parametrize(
    ("action", "misses"),
    [
        ("add", ()),
        ("change", (NearMiss("a", "domain order action", "Add", "change"),)),
        ("", (NearMiss("a", "domain order action", "Add", ""),)),
    ],
)
def test_a_row_that_failed_by_one_condition_is_named_with_what_it_wants_and_what_was_found(
    action: str, misses: tuple[NearMiss, ...]
) -> None:
    rows = ["a,CPE,Add,Install", "b,SBC,remove,Remove", "c,SBC,-,NO FIELD WORK"]
    assert decide(policy(*rows), action=action).misses == misses


def test_a_verdict_says_about_whom_by_which_table_and_on_which_facts() -> None:
    one = policy("a,CPE,add,Install")
    survey = Initiator(order(), line(), domain_order(), order_task())
    verdict = one.decide(survey, {"specification": "CPE", "location": "Berlin"}, version=3)
    assert (verdict.initiator_number, verdict.line_number, verdict.version) == ("TASK1", "ORDL1", 3)
    assert (verdict.initiator_id, verdict.policy, verdict.digest) == (survey.sys_id, "test", one.digest)
    assert verdict.inputs == {"specification": "CPE", "location": "Berlin"}
    assert verdict.columns == ("specification", "domain order action")
    assert verdict.conditions == {"other": ""}


VALUES = ["CPE", "SBC", "IAD", ""]
CELLS = st.one_of(
    st.just((False, frozenset[str]())),
    st.tuples(st.booleans(), st.frozensets(st.sampled_from(VALUES[:3]), min_size=1)),
)
ROWS = st.lists(st.tuples(CELLS, CELLS, st.sampled_from(["Install", "Survey", "NO FIELD WORK"])), max_size=6)


def written(cell: tuple[bool, frozenset[str]]) -> str:
    negated, values = cell
    text = ", ".join(sorted(values)) or "-"
    return f'"not({text})"' if negated else f'"{text}"'


def holds(cell: tuple[bool, frozenset[str]], value: str) -> bool:
    negated, values = cell
    if not values:
        return True
    return value not in values if negated else value in values


@given(ROWS, st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_a_table_decides_as_a_person_reads_it_row_by_row(
    rows: list[tuple[tuple[bool, frozenset[str]], tuple[bool, frozenset[str]], str]], first: str, second: str
) -> None:
    texts = [f"r{n},{written(a)},{written(b)},{template}" for n, (a, b, template) in enumerate(rows)]
    verdict = decide(policy(*texts), first, second)

    asked: list[str] = []
    silent: list[str] = []
    misses: list[str] = []
    for number, (a, b, template) in enumerate(rows):
        right = [holds(a, first), holds(b, second)]
        if all(right):
            (silent if template == "NO FIELD WORK" else asked).append(f"r{number}")
        elif any(right) and template != "NO FIELD WORK":
            misses.append(f"r{number}")
    assert list(verdict.rows) == (asked or [*silent, "other"][:1])
    assert [wanted.row for wanted in verdict.wanted] == asked
    assert [miss.row for miss in verdict.misses] == misses
    assert len({(w.template, w.ordinal) for w in verdict.wanted}) == len(asked)
