"""Which columns an instance has: believed only from who can know, and missing only when a record does not show it either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connector.errors import SchemaMismatch
from connector.servicenow.columns import DICTIONARY, META, columns_of, meta_of, require_columns
from tests.wire.answers import said
from tests.wire.instance import URL, Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

NEEDED = {"wm_order": {"number": "", "correlation_id": ""}}


def classes(mocked: responses.RequestsMock, **parents: str) -> None:
    rows = [
        {"sys_id": sys_id(i), "name": name, "super_class.name": parent}
        for i, (name, parent) in enumerate(parents.items(), start=1)
    ]
    Table(rows).serve(mocked, "sys_db_object")


def dictionary(mocked: responses.RequestsMock, *columns: tuple[str, str], **more: str) -> None:
    described = {
        "column_label": "",
        "internal_type": "string",
        "reference": "",
        "max_length": "40",
        "read_only": "false",
    }
    rows = [
        {"sys_id": sys_id(i), "name": table, "element": element, **described, **more}
        for i, (table, element) in enumerate(columns, start=1)
    ]
    Table(rows).serve(mocked, "sys_dictionary")


def meta(mocked: responses.RequestsMock, *columns: str, status: int = 200) -> None:
    body: dict[str, Any] = {"result": {"columns": {name: {"type": "string", "label": name} for name in columns}}}
    text = (
        json.dumps(body)
        if status == 200
        else said("User Not Authorized" if status == 403 else "Invalid table wm_order")
    )
    mocked.get(f"{URL}/api/now/ui/meta/wm_order", text, status=status, content_type="application/json")


def test_columns_come_from_the_whole_class_chain(mocked: responses.RequestsMock, api: TableApi) -> None:
    classes(mocked, wm_order="task", task="")
    dictionary(mocked, ("wm_order", "template"), ("task", "number"), ("incident", "caller_id"))
    found = columns_of(api, ["wm_order"])["wm_order"]
    assert (set(found.columns), found.source) == ({"template", "number"}, DICTIONARY)
    assert found.columns["number"].max_length == 40


def test_where_the_dictionary_is_closed_the_user_interface_is_asked(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_order="task", task="")
    dictionary(mocked)
    meta(mocked, "number", "state")
    found = columns_of(api, ["wm_order"])["wm_order"]
    assert (set(found.columns), found.source) == ({"number", "state"}, META)


def test_a_dictionary_without_the_class_tree_is_not_believed(mocked: responses.RequestsMock, api: TableApi) -> None:
    classes(mocked)
    dictionary(mocked, ("wm_order", "template"), ("task", "number"))
    meta(mocked, "number", "correlation_id", "template")
    assert columns_of(api, ["wm_order"])["wm_order"].source == META


def test_where_nobody_says_nothing_is_concluded(mocked: responses.RequestsMock, api: TableApi) -> None:
    classes(mocked)
    dictionary(mocked)
    meta(mocked, status=403)
    found = columns_of(api, ["wm_order"])["wm_order"]
    assert (found.is_known, found.exists) == (False, True)
    require_columns(api, NEEDED)


def test_a_column_that_neither_the_dictionary_nor_a_record_has_is_missing(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_order="task", task="")
    dictionary(mocked, ("task", "number"))
    Table([{"sys_id": sys_id(1), "number": "WO1"}]).serve(mocked, "wm_order")
    with pytest.raises(SchemaMismatch, match="wm_order has no column correlation_id"):
        require_columns(api, NEEDED)


def test_a_column_a_record_shows_is_there_whatever_the_dictionary_says(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_order="task", task="")
    dictionary(mocked, ("task", "number"))
    Table([{"sys_id": sys_id(1), "number": "WO1", "correlation_id": ""}]).serve(mocked, "wm_order")
    require_columns(api, NEEDED)


def test_a_table_the_class_tree_and_the_user_interface_do_not_know_is_missing(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_task="task", task="")
    dictionary(mocked, ("task", "number"))
    meta(mocked, status=400)
    with pytest.raises(SchemaMismatch, match="there is no table wm_order"):
        require_columns(api, {**NEEDED, "wm_task": {"number": ""}})


def test_nothing_is_asked_about_tables_of_which_no_column_is_needed(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_order="task", task="")
    dictionary(mocked, ("task", "number"), ("wm_order", "correlation_id"))
    require_columns(api, {**NEEDED, "u_perhaps": {}})
    assert not [
        call for call in mocked.calls if "u_perhaps" in str(call.request.url) and "ui/meta" in str(call.request.url)
    ]


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"internal_type": "string"}, "wm_task.parent is a string, not a reference to wm_order"),
        ({"internal_type": "reference", "reference": "cmn_location"}, "refers to cmn_location, not to wm_order"),
        ({"internal_type": "reference", "reference": "wm_order"}, ""),
        ({"internal_type": "reference", "reference": "task"}, ""),
        ({"internal_type": "reference", "reference": "u_visit"}, ""),
        ({"internal_type": ""}, ""),
    ],
    ids=str,
)
def test_a_column_that_refers_to_other_records_is_refused(
    described: dict[str, str], words: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    classes(mocked, wm_task="task", wm_order="task", u_visit="wm_order", task="")
    dictionary(mocked, ("wm_task", "parent"), **described)
    needed = {"wm_order": {}, "wm_task": {"parent": "reference:wm_order"}, "u_visit": {}}
    if not words:
        require_columns(api, needed)
        return
    with pytest.raises(SchemaMismatch, match=words):
        require_columns(api, needed)


def test_a_name_that_is_none_never_becomes_a_part_of_an_address(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(f"{URL}/api/now/ui/meta/wm_order%3Fx%3D..%2F1", said("Invalid table"), status=400)
    assert not meta_of(api, "wm_order?x=../1").is_known
