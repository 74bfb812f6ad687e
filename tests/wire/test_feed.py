"""A feed: what changed since a moment, with the columns a cursor needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from connector.errors import AbsurdAnswer
from connector.servicenow.feed import Feed
from connector.servicenow.query import Op, Query
from connector.servicenow.table import stamp
from tests.wire.instance import Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

FEED = Feed("wm_order", ("correlation_id",), Query().where("correlation_id", Op.NOT_EMPTY))
SINCE = datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC)


def changes() -> list[dict[str, str]]:
    return [
        {
            "sys_id": sys_id(9 - n),
            "sys_updated_on": f"2026-03-02 08:00:0{n}",
            "sys_mod_count": "4",
            "correlation_id": "k",
        }
        for n in range(3)
    ]


def test_a_first_look_reads_everything_oldest_first(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(changes()).serve(mocked, "wm_order")
    assert [row["sys_updated_on"][-1] for row in FEED.read(api, None)] == ["0", "1", "2"]
    assert table.queries == ["correlation_idISNOTEMPTY^ORDERBYsys_updated_on^ORDERBYsys_id"]


def test_a_later_look_includes_the_second_it_starts_at(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table(changes()).serve(mocked, "wm_order")
    assert [row["sys_updated_on"][-1] for row in FEED.read(api, SINCE)] == ["1", "2"]
    assert "sys_updated_on>=2026-03-02 08:00:01^" in table.queries[0]


def test_a_row_has_what_a_cursor_and_an_order_need(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table(changes()).serve(mocked, "wm_order")
    [*_, row] = FEED.read(api, None)
    assert (row["sys_id"], row["sys_mod_count"], row["correlation_id"]) == (sys_id(7), "4", "k")


def test_an_instance_that_ignores_the_moment_is_not_believed(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table(changes(), ignored={"sys_updated_on"}).serve(mocked, "wm_order")
    with pytest.raises(AbsurdAnswer):
        list(FEED.read(api, SINCE))


def test_a_moment_is_written_in_utc_and_whole_seconds() -> None:
    berlin = timezone(timedelta(hours=1))
    assert stamp(datetime(2026, 3, 2, 9, 0, 1, 999_999, tzinfo=berlin)) == "2026-03-02 08:00:01"


def test_a_cursor_is_valid_for_one_instance_one_table_and_one_question_only() -> None:
    others = [
        FEED.fingerprint("https://test.example.com"),
        Feed("wm_task", FEED.columns, FEED.only).fingerprint("https://fsm.example.com"),
        Feed("wm_order", FEED.columns).fingerprint("https://fsm.example.com"),
    ]
    assert FEED.fingerprint("https://fsm.example.com") == FEED.fingerprint("https://fsm.example.com")
    assert len({FEED.fingerprint("https://fsm.example.com"), *others}) == 4


def test_rows_that_keep_moving_while_they_are_read_do_not_keep_the_scan_from_ending(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    earlier = [{**row, "sys_updated_on": f"2026-03-02 07:59:0{n}"} for n, row in enumerate(changes())]
    table = Table(earlier)

    def touch(page: int) -> None:
        assert page < 20, "it would never end"
        table.rows[page % 3]["sys_updated_on"] = f"2026-03-02 08:00:{page:02d}"

    table.before = touch
    table.serve(mocked, "wm_order")
    first, *_ = (row["sys_id"] for row in FEED.read(api, SINCE - timedelta(minutes=5), page=1))
    assert first == earlier[0]["sys_id"]
    assert len(table.queries) > 1
    assert all("sys_updated_on<=2026-03-02 08:00:00" in query for query in table.queries[1:])
