"""Encoded queries: what is asked is exactly what was meant, and an answer to another question is noticed."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.sandbox.query import Term as ReadTerm
from connector.sandbox.query import parse
from connector.servicenow.query import Op, Query, Term, chunks, expressible

# Text full of what means something in an encoded query.
SHARP = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "^",
                "^OR",
                "^NQ",
                "^EQ",
                "^^",
                ",",
                "=",
                "javascript:",
                "\n",
                "\r",
                " ",
                "ORDERBY",
                "IN",
                "active=true",
                "@",
            ]
        ),
        st.text(
            st.characters(exclude_characters="\0", codec="utf-8"), max_size=5
        ),  # NUL is the sandbox's own separator
    ),
    max_size=5,
).map("".join)
COMPARISONS = st.tuples(st.sampled_from("abc"), st.sampled_from(Op), st.lists(SHARP, min_size=1, max_size=3))
GROUPS = st.lists(st.lists(COMPARISONS, min_size=1, max_size=4), max_size=4)


def term(field: str, op: Op, values: list[str]) -> Term | None:
    """The comparison as far as its values can be expressed; None when none can."""
    in_list = op in (Op.IN, Op.NOT_IN)
    possible = [value for value in values if expressible(value, in_list=in_list)]
    if op is Op.NOT_EMPTY:
        return Term(field, op)
    try:
        return Term(field, op, tuple(possible if in_list else possible[:1])) if possible else None
    except ValueError:  # the first value would continue the operator
        return None


@pytest.mark.parametrize(
    ("value", "alone", "in_list"),
    [
        ("Berlin", True, True),
        ("Berlin, Mitte", True, False),
        ("a=b", True, True),
        ("Größe 5 µm", True, True),
        ("read javascript: the good parts", True, True),
        ("a^b", False, False),
        ("a^ORactive=true", False, False),
        ("a\nb", False, False),
        ("a\rb", False, False),
        ("a\u2028^NQactive=true", False, False),
        ("a\u2028b", False, False),
        ("a\u2029b", False, False),
        ("a\x85b", False, False),
        ("a\x0bb", False, False),
        ("a\x00b", False, False),
        ("a\ud800b", False, False),
        ("a\xa0b", True, True),
        ("a^NQactive=true", False, False),
        ("", False, False),
        (" ", False, False),
        (" Berlin", False, False),
        ("Berlin ", False, False),
        ("javascript:gs.getUserID()", False, False),
        ("JavaScript:gs.getUserID()", False, False),
    ],
)
def test_a_value_that_would_not_mean_itself_is_never_sent(value: str, alone: bool, in_list: bool) -> None:
    assert expressible(value) is alone
    assert expressible(value, in_list=True) is in_list


@pytest.mark.parametrize(
    ("op", "value"),
    [
        (Op.IS, "a^b"),
        (Op.CONTAINS, "javascript:x"),
        (Op.IS, ""),
        (Op.IN, "Berlin, Mitte"),
        (Op.NOT_IN, "Berlin, Mitte"),
    ],
)
def test_a_comparison_with_such_a_value_cannot_even_be_built(op: Op, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be expressed in a query on name"):
        Query().where("name", op, value)
    assert str(Query().where("name", op, "Berlin"))


def test_a_comma_in_a_location_name_is_never_sent_inside_a_list_but_may_be_asked_for_alone() -> None:
    with pytest.raises(ValueError, match="Berlin, Mitte"):
        Query().where("name", Op.IN, "Paris", "Berlin, Mitte")
    assert str(Query().where("name", Op.IS, "Berlin, Mitte")) == "name=Berlin, Mitte"


@pytest.mark.parametrize(
    ("op", "values"),
    [(Op.IN, ()), (Op.NOT_IN, ()), (Op.IS, ()), (Op.IS, ("a", "b")), (Op.AFTER, ("a", "b")), (Op.NOT_EMPTY, ("a",))],
)
def test_a_comparison_with_too_few_or_too_many_values_cannot_even_be_built(op: Op, values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        Query().where("sys_id", op, *values)


def test_a_choice_of_nothing_cannot_even_be_built() -> None:
    with pytest.raises(ValueError):
        Query().where("active", Op.IS, "true").either()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(), ""),
        (Query().where("state", Op.IS, "3"), "state=3"),
        (Query().where("state", Op.IN, "3", "4"), "stateIN3,4"),
        (Query().where("state", Op.NOT_IN, "3", "4"), "stateNOT IN3,4"),
        (Query().where("names", Op.STARTS_WITH, "om-fsm:"), "namesSTARTSWITHom-fsm:"),
        (Query().where("value", Op.CONTAINS, "[om-fsm "[:-1]), "valueLIKE[om-fsm"),
        (Query().where("on", Op.FROM, "2027-02-01 10:15:00"), "on>=2027-02-01 10:15:00"),
        (Query().where("on", Op.AFTER, "a").where("on", Op.UNTIL, "b"), "on>a^on<=b"),
        (Query().where("names", Op.NOT_EMPTY), "namesISNOTEMPTY"),
        (
            Query().where("active", Op.IS, "true").either(Term("a", Op.IS, ("1",)), Term("b", Op.IS, ("2",))),
            "active=true^a=1^ORb=2",
        ),
    ],
)
def test_a_question_is_written_as_the_platform_reads_it(query: Query, text: str) -> None:
    assert str(query) == text


@given(GROUPS)
@example(
    [[("a", Op.IS, ["1^ORb=2", "1=1"])], [("b", Op.IN, ["x", "javascript:y", "y,z", "ORDERBYa"]), ("c", Op.IS, ["OR"])]]
)
def test_no_accepted_value_can_add_a_term_or_change_one(groups: list[list[tuple[str, Op, list[str]]]]) -> None:
    built = [[made for comparison in group if (made := term(*comparison))] for group in groups]
    asked = [group for group in built if group]
    read = parse(str(Query(tuple(tuple(group) for group in asked))))
    assert (len(read.alternatives), read.order, read.group) == (1, [], [])
    found = [
        [(t.field, t.operator + t.value) for t in group if isinstance(t, ReadTerm)] for group in read.alternatives[0]
    ]
    assert found == [[(t.field, t.op.value + ",".join(t.values)) for t in group] for group in asked]


@pytest.mark.parametrize(("op", "value"), [(Op.AFTER, "=x"), (Op.IN, "_HIERARCHYx")])
def test_a_value_that_would_turn_its_operator_into_another_is_refused(op: Op, value: str) -> None:
    with pytest.raises(ValueError, match="another operator"):
        Query().where("a", op, value)
    assert str(Query().where("a", op, value[1:]))


@given(st.lists(SHARP, min_size=1, max_size=4))
def test_a_list_arrives_with_the_members_it_was_sent_with(values: list[str]) -> None:
    asked = term("a", Op.IN, values)
    members = [value for value in values if expressible(value, in_list=True)]
    assert members == ([] if asked is None else str(asked).removeprefix("aIN").split(","))


# --- checking answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "values", "fitting", "foreign"),
    [
        (Op.IS, ("b",), ["b", "B"], ["", "a", "bb"]),
        (Op.IN, ("b", "C"), ["b", "c"], ["", "a", "b,c"]),
        (Op.NOT_IN, ("b", "C"), ["", "a"], ["b", "c"]),
        (Op.STARTS_WITH, ("b",), ["b", "Ba"], ["", "ab"]),
        (Op.CONTAINS, ("b",), ["abc", "B"], ["", "a"]),
        (Op.AFTER, ("b",), ["ba", "C"], ["", "a", "b"]),
        (Op.FROM, ("b",), ["b", "c"], ["", "a"]),
        (Op.UNTIL, ("b",), ["", "a", "B"], ["ba", "c"]),
        (Op.NOT_EMPTY, (), ["a", "0"], [""]),
    ],
)
def test_a_returned_row_is_believed_only_when_it_answers_the_question(
    op: Op, values: tuple[str, ...], fitting: list[str], foreign: list[str]
) -> None:
    query = Query().where("x", op, *values)
    assert [value for value in [*fitting, *foreign] if query.accepts({"x": value})] == fitting


def naive(term: Term, row: dict[str, str]) -> bool:
    found, wanted = row[term.field].casefold(), [value.casefold() for value in term.values]
    if term.op is Op.NOT_EMPTY:
        return len(found) > 0
    if term.op in (Op.IN, Op.NOT_IN):
        return any(found == one for one in wanted) is (term.op is Op.IN)
    one = wanted[0]
    if term.op in (Op.STARTS_WITH, Op.CONTAINS):
        places = range(1 if term.op is Op.STARTS_WITH else len(found) + 1)
        return any(found[at : at + len(one)] == one for at in places)
    order = (found > one) - (found < one)
    return {Op.IS: order == 0, Op.AFTER: order == 1, Op.FROM: order != -1, Op.UNTIL: order != 1}[term.op]


SMALL = st.sampled_from(["a", "b", "ab", "B", "ba", ""])
SMALL_TERMS = st.builds(
    lambda field, op, values: Term(field, op, () if op is Op.NOT_EMPTY else tuple(values)),
    st.sampled_from("xy"),
    st.sampled_from(Op),
    st.lists(SMALL.filter(bool), min_size=1, max_size=1),
)


@given(st.lists(st.lists(SMALL_TERMS, min_size=1, max_size=3), max_size=3), SMALL, SMALL)
def test_an_answer_is_accepted_exactly_when_a_naive_reading_accepts_it(
    groups: list[list[Term]], x: str, y: str
) -> None:
    row = {"x": x, "y": y}
    query = Query(tuple(tuple(group) for group in groups))
    assert query.accepts(row) is all(any(naive(term, row) for term in group) for group in groups)


def test_the_fields_to_read_back_are_those_compared_each_once() -> None:
    query = Query().where("b", Op.IS, "1").either(Term("a", Op.IS, ("1",)), Term("b", Op.IS, ("2",)))
    assert query.fields == ("b", "a")


def test_a_question_is_never_changed_by_asking_a_further_one() -> None:
    first = Query().where("a", Op.IS, "1")
    first.where("b", Op.IS, "2")
    assert str(first) == "a=1"


# --- lists that fit into a URL ---------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=20)), st.integers(1, 120))
@example(["é" * 10, "é" * 10], 70)
def test_a_list_is_split_so_that_each_part_fits_into_the_url_and_nothing_is_lost(
    values: list[str], budget: int
) -> None:
    parts = list(chunks(values, budget))
    assert [value for part in parts for value in part] == list(dict.fromkeys(values))
    assert all(len(quote_plus(",".join(part))) <= budget or len(part) == 1 for part in parts)
    assert all(parts)


@given(st.lists(st.text(max_size=20)), st.integers(1, 120))
def test_no_request_is_made_that_the_one_before_had_room_for(values: list[str], budget: int) -> None:
    parts = list(chunks(values, budget))
    for one, following in pairwise(parts):
        assert len(quote_plus(",".join([*one, following[0]]))) + len("%2C") > budget


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ([], []),
        (["ab", "cd"], [("ab", "cd")]),
        (["ab", "cd", "ef"], [("ab", "cd"), ("ef",)]),
        (["ab", "ab", "cd"], [("ab", "cd")]),
        (["a longer one than fits", "b"], [("a longer one than fits",), ("b",)]),
        (["é", "ab"], [("é",), ("ab",)]),  # six bytes in a URL
    ],
)
def test_bytes_are_counted_as_the_url_will_spell_them(values: list[str], parts: list[tuple[str, ...]]) -> None:
    assert list(chunks(values, 10)) == parts
