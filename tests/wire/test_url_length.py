"""A URL over about 8,190 bytes is refused by the edge with a page, so lists are asked for in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from connector.fsm.schema import FsmSchema
from connector.om.schema import OmSchema
from connector.servicenow.query import Op, Query, Term
from tests.wire.instance import Table, sys_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import responses

    from connector.servicenow.table import Row, TableApi

EDGE = 8190
IDS = [f"{number * 7919:032x}" for number in range(1, 1001)]
NAMES = [f"RÖ & {number} ünïcødé 日本" for number in range(1, 301)]
KEYS = [f"om-fsm:om:{one}:" for one in IDS]
DOMAIN_ORDER = OmSchema().domain_order
COLUMNS = list(DOMAIN_ORDER.values())
LONG_PATH = f"{DOMAIN_ORDER['line']}.order"


def by_id(api: TableApi) -> Iterator[Row]:
    return api.scan_in("t", "sys_id", IDS, COLUMNS)


def by_long_path(api: TableApi) -> Iterator[Row]:
    return api.scan_in("t", LONG_PATH, IDS, COLUMNS)


def by_name(api: TableApi) -> Iterator[Row]:
    return api.scan_in("t", "correlation_id", NAMES, list(FsmSchema().work_order.values()))


def by_prefix(api: TableApi) -> Iterator[Row]:
    return api.scan_any("t", [Term("correlation_id", Op.STARTS_WITH, (key,)) for key in KEYS], COLUMNS)


def beside_a_condition(api: TableApi) -> Iterator[Row]:
    base = Query().where("element", Op.IS, "work_notes").where("value", Op.CONTAINS, "[om-fsm")
    return api.scan_in("t", "element_id", IDS, ["value"], base=base)


def with_many_columns(api: TableApi) -> Iterator[Row]:
    return api.scan_in("t", "sys_id", IDS, [f"u_a_rather_long_custom_column_{n}" for n in range(120)])


@pytest.mark.parametrize("ask", [by_id, by_long_path, by_name, by_prefix, beside_a_condition, with_many_columns])
def test_a_thousand_names_are_asked_for_in_urls_the_edge_lets_through(
    ask: Callable[[TableApi], Iterator[Row]], mocked: responses.RequestsMock, api: TableApi
) -> None:
    Table([]).serve(mocked, "t")
    assert list(ask(api)) == []
    sizes = [len((call.request.url or "").encode()) for call in mocked.calls]
    assert 1 < len(sizes) < 100
    assert max(sizes) <= EDGE


def test_most_of_a_url_is_used(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table([]).serve(mocked, "t")
    list(api.scan_in("t", "sys_id", IDS, COLUMNS))
    assert len(mocked.calls) <= 7


def test_later_pages_of_a_piece_fit_too(mocked: responses.RequestsMock, api: TableApi) -> None:
    moment = "2026-03-02 08:00:00"
    rows = [{"sys_id": one, "sys_updated_on": moment, "number": "x"} for one in sorted(IDS)]
    Table(rows).serve(mocked, "t")
    wanted = Query().where("sys_id", Op.IN, *IDS[:180])
    found = list(api.scan("t", wanted, ["number"], by_update=True, page=100))
    assert len(found) == 180
    assert max(len(call.request.url or "") for call in mocked.calls) <= EDGE


def test_every_id_is_asked_for_once(mocked: responses.RequestsMock, api: TableApi) -> None:
    table = Table([]).serve(mocked, "t")
    list(api.scan_in("t", "sys_id", [*IDS, *IDS], []))
    asked = [one for query in table.queries for one in query.partition("IN")[2].partition("^")[0].split(",")]
    assert asked == IDS


def test_rows_of_all_pieces_come_back(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table([{"sys_id": one, "number": one[-4:]} for one in IDS]).serve(mocked, "t")
    assert {row["sys_id"] for row in api.scan_in("t", "sys_id", IDS, ["number"])} == set(IDS)


def test_nothing_asked_for_is_no_request(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table([{"sys_id": sys_id(1)}]).serve(mocked, "t")
    assert list(api.scan_in("t", "sys_id", [], [])) == []
    assert list(api.scan_any("t", [], [])) == []
    assert len(mocked.calls) == 0


@pytest.mark.parametrize("value", ["Berlin, Mitte", "a^b", "javascript:gs.now()", "two\nlines", "", " "])
def test_a_value_that_would_become_another_question_is_left_out_of_a_list(
    value: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    table = Table([]).serve(mocked, "t")
    assert list(api.scan_in("t", "name", [value], [])) == []
    assert len(mocked.calls) == 0
    list(api.scan_in("t", "name", [value, "Berlin"], []))
    assert table.queries == ["nameINBerlin^ORDERBYsys_id"]


def test_values_arrive_as_they_were_meant_through_the_url(mocked: responses.RequestsMock, api: TableApi) -> None:
    name = "Café & Söhne 100% #1+1=2?"
    Table([{"sys_id": sys_id(1), "name": name}]).serve(mocked, "t")
    [row] = api.scan_in("t", "name", [name], [])
    assert row["name"] == name
    assert "#" not in urlsplit(mocked.calls[0].request.url or "").query
