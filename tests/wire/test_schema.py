"""What an instance says about itself: class chains, and choice lists that a child table replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import SignInFailed
from connector.servicenow.schema import class_chains, state_choices
from tests.wire.answers import said
from tests.wire.instance import URL, Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

CLASSES = {"wm_order": "task", "wm_task": "task", "task": "", "u_visit": "wm_order"}


def serve_classes(mocked: responses.RequestsMock, classes: dict[str, str] | None = None) -> Table:
    named = CLASSES if classes is None else classes
    rows = [
        {"sys_id": sys_id(i), "name": name, "super_class.name": parent}
        for i, (name, parent) in enumerate(named.items(), start=1)
    ]
    return Table(rows).serve(mocked, "sys_db_object")


def serve_choices(mocked: responses.RequestsMock, *choices: tuple[str, str, str], **more: str) -> Table:
    shared = {"element": "state", "inactive": "false", "language": "en", **more}
    rows = [
        {"sys_id": sys_id(i), "name": name, "value": value, "label": label, **shared}
        for i, (name, value, label) in enumerate(choices, start=1)
    ]
    return Table(rows).serve(mocked, "sys_choice")


def states_of(api: TableApi, tables: list[str]) -> dict[str, dict[str, str]]:
    return state_choices(api, dict.fromkeys(tables, "state"))


def test_a_table_is_followed_by_its_ancestors_nearest_first(mocked: responses.RequestsMock, api: TableApi) -> None:
    asked = serve_classes(mocked)
    assert class_chains(api, ["u_visit", "wm_task"]) == {
        "u_visit": ("u_visit", "wm_order", "task"),
        "wm_task": ("wm_task", "task"),
    }
    assert len(asked.asked) <= 3


def test_a_class_tree_that_bites_its_own_tail_ends(mocked: responses.RequestsMock, api: TableApi) -> None:
    serve_classes(mocked, {"a": "b", "b": "a"})
    assert class_chains(api, ["a"]) == {"a": ("a", "b")}


def test_a_class_tree_that_may_not_be_read_is_the_table_and_task(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(f"{URL}/api/now/table/sys_db_object", said("Insufficient rights to query records"), status=403)
    assert class_chains(api, ["wm_order"]) == {"wm_order": ("wm_order", "task")}


def test_choices_of_a_child_table_replace_all_of_its_parent_s(mocked: responses.RequestsMock, api: TableApi) -> None:
    serve_classes(mocked)
    serve_choices(mocked, ("task", "1", "Open"), ("task", "3", "Closed Complete"), ("wm_order", "1", "Draft"))
    assert states_of(api, ["wm_order"]) == {"wm_order": {"1": "Draft"}}


def test_choices_of_the_parent_serve_a_child_that_has_none(mocked: responses.RequestsMock, api: TableApi) -> None:
    serve_classes(mocked)
    serve_choices(mocked, ("task", "1", "Open"), ("wm_order", "1", "Draft"))
    assert states_of(api, ["wm_task", "u_visit"]) == {"wm_task": {"1": "Open"}, "u_visit": {"1": "Draft"}}


@pytest.mark.parametrize("other", [{"inactive": "true"}, {"language": "de"}, {"element": "priority"}], ids=str)
def test_inactive_foreign_and_unrelated_choices_do_not_count(
    other: dict[str, str], mocked: responses.RequestsMock, api: TableApi
) -> None:
    serve_classes(mocked)
    choices = serve_choices(mocked, ("wm_order", "1", "Draft"), ("wm_order", "2", "Entwurf"))
    assert states_of(api, ["wm_order"]) == {"wm_order": {"1": "Draft", "2": "Entwurf"}}
    choices.rows[1].update(other)
    assert states_of(api, ["wm_order"]) == {"wm_order": {"1": "Draft"}}


def test_each_table_has_the_choices_of_its_own_state_column(mocked: responses.RequestsMock, api: TableApi) -> None:
    serve_classes(mocked)
    choices = serve_choices(
        mocked, ("wm_order", "1", "Draft"), ("wm_order", "2", "Stage two"), ("wm_task", "1", "Open")
    )
    choices.rows[1]["element"] = "u_stage"
    assert state_choices(api, {"wm_order": "u_stage", "wm_task": "state"}) == {
        "wm_order": {"2": "Stage two"},
        "wm_task": {"1": "Open"},
    }


def test_an_inactive_list_of_a_child_does_not_hide_its_parent_s(mocked: responses.RequestsMock, api: TableApi) -> None:
    serve_classes(mocked)
    choices = serve_choices(mocked, ("task", "1", "Open"), ("wm_order", "1", "Draft"))
    choices.rows[1]["inactive"] = "true"
    assert states_of(api, ["wm_order"]) == {"wm_order": {"1": "Open"}}


def test_a_child_s_own_list_in_another_language_is_not_read_as_its_parent_s(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    serve_classes(mocked)
    choices = serve_choices(mocked, ("task", "3", "Closed Complete"), ("wm_order", "3", "In Arbeit"))
    choices.rows[1]["language"] = "de"
    assert states_of(api, ["wm_order"]) == {"wm_order": {}}


def test_a_wrong_password_is_not_taken_for_an_instance_without_choices(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    for table in ("sys_db_object", "sys_choice"):
        body = said("User is not authenticated", "Required to provide Auth information")
        mocked.get(f"{URL}/api/now/table/{table}", body, status=401, content_type="application/json")
    with pytest.raises(SignInFailed, match="refused the user or password"):
        states_of(api, ["wm_order"])


def test_choices_that_may_not_be_read_are_none_rather_than_a_guess(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    serve_classes(mocked)
    mocked.get(f"{URL}/api/now/table/sys_choice", said("Insufficient rights to query records"), status=403)
    assert states_of(api, ["wm_order"]) == {"wm_order": {}}
