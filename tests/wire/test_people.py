"""Whoever wrote something is called by name; where an instance does not tell it, by login, and never by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.servicenow.people import People
from tests.wire.answers import said
from tests.wire.instance import URL

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

USERS = f"{URL}/api/now/table/sys_user"
MIRA = {"sys_id": "a" * 32, "user_name": "mira.engel", "name": "Mira Engel"}


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([MIRA], "Mira Engel"),
        ([{**MIRA, "name": ""}], "mira.engel"),
        ([{"sys_id": "a" * 32, "name": "Mira Engel"}], "mira.engel"),  # a column nobody may read is not in the answer
        ([{"sys_id": "a" * 32, "user_name": "mira.engel"}], "mira.engel"),
        ([], "mira.engel"),
    ],
)
def test_a_person_is_called_by_name_or_by_login(
    mocked: responses.RequestsMock, api: TableApi, rows: list[dict[str, Any]], name: str
) -> None:
    shown = [{column: {"value": text, "display_value": text} for column, text in row.items()} for row in rows]
    mocked.get(USERS, json={"result": shown}, headers={"X-Total-Count": str(len(rows))})
    people = People(api)
    people.learn({"mira.engel", ""})
    assert people.name("mira.engel") == name
    assert people.name("") == ""


def test_where_users_may_not_be_read_the_login_is_said_and_nobody_is_asked_again(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(USERS, said("Insufficient rights to query records"), status=403, content_type="application/json")
    people = People(api)
    for _ in range(2):
        people.learn({"mira.engel"})
    assert people.name("mira.engel") == "mira.engel"
    assert len(mocked.calls) == 1
