"""Values as docs/sandbox.md promises them and no other test looks at: masked, counted, timed, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.gestures import Client


@pytest.fixture
def both(fsm: Client) -> Callable[..., dict[str, str]]:
    """Value and display value of one column of a new record."""

    def both(table: str, column: str, **body: Any) -> dict[str, str]:
        sys_id = fsm.made(table, **body)["sys_id"]
        row = fsm.get(f"{table}/{sys_id}", sysparm_display_value="all", sysparm_fields=column).json()["result"]
        shown: dict[str, str] = row[column]
        return shown

    return both


def test_a_choice_shows_its_label(both: Callable[..., dict[str, str]]) -> None:
    assert both("wm_order", "state", short_description="x") == {"display_value": "Draft", "value": "1"}


def test_a_boolean_is_shown_as_true_not_as_yes(both: Callable[..., dict[str, str]]) -> None:
    assert both("wm_order", "active", short_description="x") == {"display_value": "true", "value": "true"}


def test_a_class_shows_the_label_of_its_table(both: Callable[..., dict[str, str]]) -> None:
    shown = both("wm_order", "sys_class_name", short_description="x")
    assert shown == {"display_value": "Work Order", "value": "wm_order"}


def test_a_duration_is_an_offset_from_1970_shown_in_words(both: Callable[..., dict[str, str]]) -> None:
    shown = both("wm_task", "estimated_work_duration", estimated_work_duration="1970-01-02 04:23:00")
    assert shown == {"display_value": "1 Day 4 Hours 23 Minutes", "value": "1970-01-02 04:23:00"}


def test_a_journal_has_no_value_and_shows_its_history(both: Callable[..., dict[str, str]]) -> None:
    shown = both("wm_order", "work_notes", work_notes="a note")
    assert (shown["value"], shown["display_value"].splitlines()[-2:]) == ("", ["a note", ""])


def test_a_large_number_is_shown_with_commas(sign_in: Callable[..., Client]) -> None:
    admin = sign_in("om", "admin")
    made = admin.made("sn_ind_tmt_orm_order_line_item", quantity="102197")
    path = f"sn_ind_tmt_orm_order_line_item/{made['sys_id']}"
    shown = admin.get(path, sysparm_display_value="all").json()["result"]["quantity"]
    assert shown == {"display_value": "102,197", "value": "102197"}


def test_a_password_is_masked_whoever_asks(sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    user = admin.row("sys_user", "user_name=connector", sysparm_display_value="all")
    assert user["user_password"]["display_value"] == "********"
    assert user["user_password"]["value"] == ""
