"""Answers that contradict the question: nothing is concluded from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import AbsurdAnswer, Denied
from connector.servicenow.identity import identity_of
from connector.servicenow.query import Op, Query, Term
from tests.wire.instance import Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

OURS = Query().where("correlation_id", Op.IS, "om-fsm:1")


def two_work_orders() -> list[dict[str, str]]:
    return [
        {"sys_id": sys_id(1), "number": "WO1", "correlation_id": "om-fsm:1", "sys_updated_on": "2026-03-02 08:00:00"},
        {"sys_id": sys_id(2), "number": "WO2", "correlation_id": "om-fsm:2", "sys_updated_on": "2026-03-02 08:00:00"},
    ]


def test_an_instance_that_ignores_a_part_of_the_question_is_not_believed(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(two_work_orders(), ignored={"correlation_id"}).serve(mocked, "wm_order")
    with pytest.raises(AbsurdAnswer, match="does not satisfy the query correlation_id=om-fsm:1") as raised:
        list(api.scan("wm_order", OURS, ["number"]))
    assert sys_id(2) in str(raised.value)
    assert "ignores a part of the query" in raised.value.hint
    assert len(table.asked) == 1


def test_the_same_instance_is_believed_when_it_understands_the_question(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(two_work_orders()).serve(mocked, "wm_order")
    assert [row["number"] for row in api.scan("wm_order", OURS, ["number"])] == ["WO1"]


@pytest.mark.parametrize(
    "query",
    [
        Query().where("correlation_id", Op.IN, "om-fsm:1", "om-fsm:3"),
        Query().where("correlation_id", Op.NOT_IN, "om-fsm:2"),
        Query().where("correlation_id", Op.STARTS_WITH, "om-fsm:1"),
        Query().where("correlation_id", Op.CONTAINS, "fsm:1"),
        Query().where("correlation_id", Op.UNTIL, "om-fsm:1"),
        Query().either(Term("correlation_id", Op.IS, ("om-fsm:1",)), Term("number", Op.IS, ("WO9",))),
    ],
    ids=str,
)
def test_a_stray_row_is_noticed_whatever_was_asked(query: Query, mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(two_work_orders()).serve(mocked, "wm_order")
    assert [row["number"] for row in api.scan("wm_order", query, ["number"])] == ["WO1"]
    table.ignored = {"correlation_id"} if len(query.groups[0]) == 1 else {"correlation_id", "number"}
    with pytest.raises(AbsurdAnswer):
        list(api.scan("wm_order", query, ["number"]))


def test_rows_of_another_case_satisfy_a_question_because_the_database_ignores_case(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    rows = two_work_orders()
    rows[0]["correlation_id"] = "OM-FSM:1"
    Table(rows, ignored={"correlation_id"}, hidden={sys_id(2)}).serve(mocked, "wm_order")
    assert [row["number"] for row in api.scan("wm_order", OURS, ["number"])] == ["WO1"]


def test_an_instance_that_ignores_the_key_of_the_pages_does_not_keep_us_reading_for_ever(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(two_work_orders(), ignored={"sys_id"}).serve(mocked, "wm_order")
    with pytest.raises(AbsurdAnswer):
        list(api.scan("wm_order", Query(), ["number"], page=1))
    assert len(table.asked) == 2


def test_a_column_that_was_asked_about_and_is_denied_makes_the_answer_worthless(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(two_work_orders(), denied={"correlation_id"}).serve(mocked, "wm_order")
    with pytest.raises(Denied, match="'correlation_id' of wm_order cannot be read") as raised:
        list(api.scan("wm_order", OURS, ["number"]))
    assert "column exists" in raised.value.hint


def test_a_column_that_was_only_wanted_and_is_denied_reads_as_empty(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(two_work_orders(), denied={"number"}).serve(mocked, "wm_order")
    [row] = api.scan("wm_order", OURS, ["number"])
    assert (row.get("number"), row.display("number")) == ("", "")


@pytest.mark.parametrize("page", [1, 1000])
@pytest.mark.parametrize("column", ["sys_id", "sys_updated_on"])
def test_a_column_that_orders_the_pages_and_is_denied_makes_the_answer_worthless(
    column: str, page: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(two_work_orders(), denied={column}).serve(mocked, "wm_order")
    with pytest.raises(Denied, match=column):
        list(api.scan("wm_order", Query(), ["number"], by_update=True, page=page))


@pytest.mark.parametrize("found", [sys_id(1), ""])
def test_a_record_that_is_not_there_is_none_and_no_other_record(
    found: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table([row for row in two_work_orders() if row["sys_id"] == found]).serve(mocked, "wm_order")
    row = api.read_one("wm_order", sys_id(1), ["number"])
    assert (row and row["number"]) == ("WO1" if found else None)


def test_a_record_somebody_else_s_is_handed_out_for_is_refused(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table(two_work_orders()[1:], ignored={"sys_id"}).serve(mocked, "wm_order")
    with pytest.raises(AbsurdAnswer):
        api.read_one("wm_order", sys_id(1), ["number"])


def test_an_empty_table_is_told_from_one_of_which_nothing_is_shown(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    """Both are lists without a row. What may not be seen is counted, and is nothing to be known by."""
    work_orders = [{**row, "sys_created_on": "2026-03-02 08:00:00"} for row in two_work_orders()]
    table = Table(work_orders).serve(mocked, "wm_order")
    assert identity_of(api, "wm_order", ()) == {"oldest wm_order": f"{sys_id(1)},{sys_id(2)}"}
    table.hidden = {sys_id(1), sys_id(2)}
    assert identity_of(api, "wm_order", ()) == {}
    table.rows.clear()
    assert identity_of(api, "wm_order", ()) == {"oldest wm_order": ""}
