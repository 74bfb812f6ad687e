"""Journals as they are written and shown: appended, literal, in the reader's zone, several in one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def shown(client: Client, sys_id: str, column: str) -> str:
    answer = client.get(f"wm_order/{sys_id}", sysparm_display_value="true", sysparm_fields=column)
    text: str = answer.json()["result"][column]
    return text


@pytest.fixture
def order(fsm: Client) -> str:
    sys_id: str = fsm.made("wm_order", work_notes="with the first write")["sys_id"]
    return sys_id


def test_a_first_note_may_come_with_the_record(fsm: Client, order: str) -> None:
    assert shown(fsm, order, "work_notes").endswith("(Work notes)\nwith the first write\n\n")


def test_one_column_shows_comments_and_work_notes_together_newest_first(world: World, fsm: Client, order: str) -> None:
    world.advance(60)
    fsm.patch("wm_order", order, comments="for the customer")
    lines = shown(fsm, order, "comments_and_work_notes").split("\n")
    assert [lines[1], lines[4]] == ["for the customer", "with the first write"]
    assert lines[0].endswith("(Additional comments)")
    assert lines[3].endswith("(Work notes)")
    assert fsm.get(f"wm_order/{order}").json()["result"]["comments_and_work_notes"] == ""
    assert "with the first write" not in shown(fsm, order, "comments")


def test_the_column_that_shows_both_cannot_be_written(fsm: Client, order: str) -> None:
    answer = fsm.patch("wm_order", order, comments_and_work_notes="x")
    assert (answer.status_code, answer.json()["result"]["sys_mod_count"]) == (200, "0")
    assert len(fsm.rows("sys_journal_field")) == 1


def test_markup_is_stored_and_shown_as_it_was_written(fsm: Client, order: str) -> None:
    text = "[code]<b>x</b>[/code] & <i>y</i>"
    fsm.patch("wm_order", order, work_notes=text)
    assert text in [row["value"] for row in fsm.rows("sys_journal_field")]
    assert f"\n{text}\n\n" in shown(fsm, order, "work_notes")


@pytest.mark.parametrize(("login", "clock"), [("connector", "08:00:00"), ("admin", "00:00:00")])
def test_times_are_in_the_readers_zone(
    sign_in: Callable[..., Client], fsm: Client, order: str, login: str, clock: str
) -> None:
    assert shown(sign_in("fsm", login), order, "work_notes").startswith(f"2026-03-02 {clock} - ")


def test_a_long_entry_is_kept_whole_and_shown_cut(world: World, fsm: Client, order: str) -> None:
    world.switch("fsm", journal_entry_chars=100, journal_list_chars=400)
    fsm.patch("wm_order", order, work_notes="x" * 300)
    assert [len(row["value"]) for row in fsm.rows("sys_journal_field", "ORDERBYDESCsys_created_on^valueLIKExxx")] == [
        300
    ]
    assert shown(fsm, order, "work_notes").count("x") == 100
    for _ in range(5):
        fsm.patch("wm_order", order, work_notes="y" * 90)
    assert len(shown(fsm, order, "work_notes")) == 400


def test_the_dictionary_tells_the_kinds_of_journals_apart(sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    rows = admin.rows("sys_dictionary", "name=task^elementSTARTSWITHcomments^ORDERBYelement")
    assert [(row["element"], row["internal_type"]) for row in rows] == [
        ("comments", "journal_input"),
        ("comments_and_work_notes", "journal_list"),
    ]
