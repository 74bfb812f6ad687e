"""Whatever stands in a record, a terminal and a log show it as text."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.cli.output import plain
from connector.daemon.logs import redact, spell_out
from connector.visible import visible, visible_json

NASTY = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x07\x08\r\n\x9b\x7f\u202e\u2066\u200b\u2028\x85\ud83d"))
)
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def unseen(text: str) -> set[str]:
    """Characters that would do something other than be seen."""
    return {character for character in text if unicodedata.category(character) in UNSEEN}


@given(NASTY)
def test_no_value_can_move_the_cursor_begin_a_line_or_turn_its_direction(value: str) -> None:
    assert unseen(visible(value)) == set()
    assert len(visible(value).splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Größe 5 µm, 東京, a\xa0b, 🚚", "Größe 5 µm, 東京, a\xa0b, 🚚"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31mred", "\\x9b31mred"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\u202edesolc", "\\u202edesolc"),
        ("", ""),
    ],
)
def test_a_value_is_spelt_out_where_it_must_be_and_otherwise_left_as_it_is(value: str, shown: str) -> None:
    assert visible(value) == shown


@given(st.dictionaries(NASTY, NASTY))
def test_a_json_document_means_the_same_and_hides_nothing(values: dict[str, str]) -> None:
    document = visible_json(json.dumps(plain(values), indent=2, ensure_ascii=False))
    assert unseen(document) <= {"\n"}
    assert json.loads(document) == values


@given(NASTY)
def test_an_event_of_the_log_is_one_line(value: str) -> None:
    event = spell_out(None, "info", redact(None, "info", {"event": value, "order": value, "count": 3}))
    assert unseen(str(event["event"]) + str(event["order"])) == set()
    assert event["count"] == 3
