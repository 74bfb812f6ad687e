"""Reading a table to its end, page by page: nothing missed, nothing twice but what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import AbsurdAnswer
from connector.servicenow.lean import Part
from connector.servicenow.query import Op, Query
from connector.servicenow.table import MOST_EMPTY
from tests.wire.instance import URL, Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

TABLE = f"{URL}/api/now/table/wm_order"
NINE = "2026-03-02 09:00:00"


def at(second: int) -> str:
    return f"2026-03-02 08:00:{second:02d}"


def rows(*seconds: int) -> list[dict[str, str]]:
    """One row per given second of its last update; sys_ids fall while times rise, so that neither order is the other."""
    count = len(seconds)
    return [{"sys_id": sys_id(count - i), "number": f"WO{i}", "sys_updated_on": at(s)} for i, s in enumerate(seconds)]


def by_sys_id(api: TableApi, *, page: int = 2) -> list[str]:
    return [row["sys_id"] for row in api.scan("wm_order", Query(), ["number"], page=page)]


def by_update(api: TableApi, *, page: int = 2, query: Query | None = None) -> list[str]:
    found = api.scan("wm_order", query or Query(), ["number"], by_update=True, display=False, page=page)
    return [row["number"] for row in found]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7])
def test_every_row_is_read_once_however_many_pages_it_takes(
    count: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(rows(*range(count))).serve(mocked, "wm_order")
    assert by_sys_id(api) == [sys_id(i + 1) for i in range(count)]
    assert by_update(api) == [f"WO{i}" for i in range(count)]
    assert {asked["sysparm_limit"] for asked in table.asked} == {"2"}


def test_pages_follow_the_last_key_and_never_an_offset(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(rows(0, 1, 2, 3, 4)).serve(mocked, "wm_order")
    by_sys_id(api)
    assert table.queries == [
        "ORDERBYsys_id",
        f"sys_id>{sys_id(2)}^ORDERBYsys_id",
        f"sys_id>{sys_id(4)}^ORDERBYsys_id",
    ]
    assert {asked["sysparm_offset"] for asked in table.asked} == {"0"}


def test_a_scan_by_update_is_ordered_by_time_and_then_by_sys_id(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(rows(0)).serve(mocked, "wm_order")
    by_update(api)
    assert table.queries == ["ORDERBYsys_updated_on^ORDERBYsys_id"]


@pytest.mark.parametrize("seconds", [(0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 1, 1, 1, 2), (0, 1, 1, 1, 1, 1, 1)])
def test_more_rows_in_one_second_than_fit_a_page_are_all_read_once(
    seconds: tuple[int, ...], mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(rows(*seconds)).serve(mocked, "wm_order")
    assert sorted(by_update(api)) == sorted(f"WO{i}" for i in range(len(seconds)))


@pytest.mark.parametrize(
    "hidden",
    [{1}, {2}, {3, 4}, {1, 2}, {1, 2, 3, 4}, {2, 4, 6}, {5, 6, 7}, {2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6, 7}],
    ids=str,
)
@pytest.mark.parametrize("seconds", [(0, 1, 2, 3, 4, 5, 6), (0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 1, 1, 1, 1)], ids=str)
def test_pages_made_short_or_empty_by_row_acls_end_nothing(
    seconds: tuple[int, ...], hidden: set[int], mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table(rows(*seconds), hidden={sys_id(n) for n in hidden}).serve(mocked, "wm_order")
    visible = [n for n in range(1, 8) if n not in hidden]
    assert by_sys_id(api) == [sys_id(n) for n in visible]
    assert sorted(by_update(api)) == sorted(f"WO{7 - n}" for n in visible)


def test_a_row_that_is_touched_before_it_was_reached_is_still_read(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(rows(0, 1, 2, 3, 4))

    def touch(page: int) -> None:
        if page == 2:
            table.rows[3]["sys_updated_on"] = NINE

    table.before = touch
    table.serve(mocked, "wm_order")
    assert by_update(api) == ["WO0", "WO1", "WO2", "WO4", "WO3"]


def test_a_row_that_is_touched_after_it_was_read_is_read_again(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(rows(0, 1, 2, 3, 4))

    def touch(page: int) -> None:
        if page == 2:
            table.rows[0]["sys_updated_on"] = NINE

    table.before = touch
    table.serve(mocked, "wm_order")
    assert by_update(api) == ["WO0", "WO1", "WO2", "WO3", "WO4", "WO0"]


def test_a_row_that_vanishes_before_the_next_page_makes_none_be_missed(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(rows(0, 1, 2, 3, 4))

    def vanish(page: int) -> None:
        if page == 2:
            table.rows = [row for row in table.rows if row["number"] not in ("WO0", "WO1")]

    table.before = vanish
    table.serve(mocked, "wm_order")
    assert by_update(api) == ["WO0", "WO1", "WO2", "WO3", "WO4"]


@pytest.mark.parametrize("before", [2, 3])
@pytest.mark.parametrize("number", [0, 2, 10], ids=["first", "among them", "last"])
def test_a_row_that_is_inserted_during_a_scan_makes_none_be_missed_or_read_twice(
    number: int, before: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    """By offset, one that is inserted among those already read pushes the last of them onto the next page."""
    table = Table([row | {"sys_id": sys_id(2 * n + 1)} for n, row in enumerate(rows(0, 1, 2, 3, 4))])
    there = [row["sys_id"] for row in table.rows]

    def insert(page: int) -> None:
        if page == before:
            table.rows.append({"sys_id": sys_id(number), "number": "WO9", "sys_updated_on": NINE})

    table.before = insert
    table.serve(mocked, "wm_order")
    found = by_sys_id(api)
    assert [one for one in found if one in there] == there
    assert len(found) == len(set(found))
    assert (sys_id(number) in found) == (number > 2 * 2 * (before - 1) - 1)


def test_a_row_that_is_inserted_during_a_scan_by_update_is_read_with_it(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(rows(0, 1, 2, 3, 4))

    def insert(page: int) -> None:
        if page == 2:
            table.rows.append({"sys_id": sys_id(0), "number": "WO9", "sys_updated_on": NINE})

    table.before = insert
    table.serve(mocked, "wm_order")
    assert by_update(api) == ["WO0", "WO1", "WO2", "WO3", "WO4", "WO9"]


def test_every_page_asks_the_whole_question(mocked: responses.RequestsMock, api: TableApi) -> None:
    made = rows(0, 0, 0, 1, 1, 1)
    for position, row in enumerate(made):
        row["active"] = "false" if position == 1 else "true"
    table = Table(made).serve(mocked, "wm_order")
    assert "WO1" not in by_update(api, query=Query().where("active", Op.IS, "true"))
    assert len(table.queries) > 3
    assert all(query.startswith("active=true^") for query in table.queries)


def test_a_value_as_people_see_it_stands_beside_the_stored_one(mocked: responses.RequestsMock, api: TableApi) -> None:
    row = {"sys_id": sys_id(1), "state": "18", "state shown": "Work in progress", "number": "WO1"}
    Table([row]).serve(mocked, "wm_order")
    [found] = api.scan("wm_order", Query(), ["state", "number"])
    assert (found["state"], found.display("state")) == ("18", "Work in progress")
    assert (found["number"], found.display("number")) == ("WO1", "WO1")


def test_a_scan_that_wants_no_display_values_does_not_ask_for_them(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table(rows(0)).serve(mocked, "wm_order")
    by_sys_id(api)
    by_update(api)
    assert [asked["sysparm_display_value"] for asked in table.asked] == ["all", "false"]
    assert {asked["sysparm_exclude_reference_link"] for asked in table.asked} == {"true"}


def test_only_the_columns_that_are_needed_are_asked_for(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table([]).serve(mocked, "wm_order")
    list(api.scan("wm_order", Query().where("active", Op.IS, "true"), ["number", "sys_id"], by_update=True))
    assert table.asked[0]["sysparm_fields"].split(",") == ["sys_id", "number", "active", "sys_updated_on"]


@pytest.mark.parametrize(("pages", "is_absurd"), [(MOST_EMPTY + 1, False), (MOST_EMPTY + 2, True), (10**12, True)])
@pytest.mark.parametrize("sweep", [False, True], ids=["scan", "sweep"])
def test_empty_pages_are_followed_to_the_end_but_not_for_ever(
    sweep: bool, pages: int, is_absurd: bool, mocked: responses.RequestsMock, api: TableApi
) -> None:
    """Rows the user may not see make empty pages; a total that nobody can reach is no reason to ask for ever."""
    mocked.get(TABLE, json={"result": []}, headers={"X-Total-Count": str(pages * api.endpoint.page)})

    def read() -> object:
        part = Part("wm_order", Query(), "state")
        return part.read(api, "", api.endpoint.page).rows if sweep else tuple(api.scan("wm_order", Query(), ["number"]))

    if is_absurd:
        with pytest.raises(AbsurdAnswer, match="empty pages in a row") as raised:
            read()
        assert raised.value.instance == "om"
    else:
        assert read() == ()
    assert len(mocked.calls) == MOST_EMPTY + 1
