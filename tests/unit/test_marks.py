"""Marks: what the connector leaves on records must lead back to exactly what it meant, and to nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.mapping.marks import (
    MAX_LENGTH,
    ROW_ID,
    Carried,
    WorkOrderKey,
    digest_of,
    prefix,
    signed,
    sys_id_of,
    token_of,
    tokens_in,
)

SYS_ID = "0123456789abcdef0123456789ABCDEF"
KEY = WorkOrderKey("om-emea", SYS_ID, "install-cpe", 2, 7)

KEYS = st.builds(
    WorkOrderKey,
    om=st.from_regex(r"[a-z0-9][a-z0-9-]{0,15}", fullmatch=True),
    initiator_id=st.from_regex(r"[0-9A-Za-z]{32}", fullmatch=True),
    row=st.from_regex(ROW_ID, fullmatch=True).filter(str.isascii),
    ordinal=st.integers(1, 999),
    version=st.integers(0, 99),
    again=st.from_regex(r"([0-9a-f]{5})?", fullmatch=True),
)
FACTS = st.dictionaries(st.text(), st.text())


@given(KEYS)
def test_the_mark_on_a_work_order_leads_back_to_who_asked_for_it(key: WorkOrderKey) -> None:
    assert WorkOrderKey.parse(str(key)) == key


@given(KEYS)
def test_the_longest_mark_fits_into_the_column_of_a_task_table(key: WorkOrderKey) -> None:
    assert len(str(key)) <= MAX_LENGTH


@given(KEYS)
def test_the_marks_of_one_initiator_begin_alike_and_no_other_initiators_do(key: WorkOrderKey) -> None:
    assert str(key).startswith(prefix(key.om, key.initiator_id))
    assert not str(key).startswith(prefix(key.om + "x", key.initiator_id))
    assert not str(key).startswith(prefix(key.om, "".join(reversed(key.initiator_id)) + "x"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RO0010001",  # a number, by hand
        SYS_ID,
        str(KEY).upper(),
        f" {KEY}",
        f"{KEY}\n",
        f"{KEY}:1",
        str(KEY).replace("om-fsm", "om-csm"),
        str(KEY).replace(SYS_ID, SYS_ID[:-1]),
        str(KEY).replace("install-cpe", ""),
        str(KEY).replace(":2:", ":two:"),
        str(KEY).removesuffix(":7"),
    ],
)
def test_what_a_person_or_another_product_wrote_is_not_taken_for_our_mark(text: str) -> None:
    assert WorkOrderKey.parse(text) is None
    assert WorkOrderKey.parse(str(KEY)) == KEY


@pytest.mark.parametrize("version", ["07", "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_only_the_very_text_we_write_is_our_mark(version: str) -> None:
    text = f"{prefix(KEY.om, SYS_ID)}{KEY.row}:2:{version}"
    parsed = WorkOrderKey.parse(text)
    assert parsed is None or str(parsed) == text


@pytest.mark.parametrize(
    "other",
    [
        WorkOrderKey("om-apac", SYS_ID, "install-cpe", 2, 7),
        WorkOrderKey("om-emea", SYS_ID.lower(), "install-cpe", 2, 7),
        WorkOrderKey("om-emea", SYS_ID, "swap-cpe", 2, 7),
        WorkOrderKey("om-emea", SYS_ID, "install-cpe", 1, 7),
        WorkOrderKey("om-emea", SYS_ID, "install-cpe", 2, 8),
    ],
)
def test_each_work_order_gets_a_sys_id_of_its_own(other: WorkOrderKey) -> None:
    assert sys_id_of(str(other)) != sys_id_of(str(KEY))


def test_a_repeated_creation_gets_the_same_sys_id_in_the_platforms_shape() -> None:
    assert sys_id_of(str(KEY)) == sys_id_of(str(WorkOrderKey.parse(str(KEY))))
    assert re.fullmatch("[0-9a-f]{32}", sys_id_of(str(KEY)))


@given(st.integers(0, 99_999), FACTS, st.booleans(), st.integers(0, 9999))
def test_what_was_last_carried_can_be_read_back_from_the_record(
    version: int, facts: dict[str, str], gone: bool, updates: int
) -> None:
    carried = Carried(version, digest_of(facts), gone, updates)
    assert Carried.parse(str(carried)) == carried
    assert len(str(carried)) <= MAX_LENGTH


@pytest.mark.parametrize("text", ["", "om-fsm", "om-fsm v1 123", "om-fsm v1 0123456789ab gone", "Jira v1 0123456789ab"])
def test_a_foreign_correlation_display_says_nothing(text: str) -> None:
    assert Carried.parse(text) is None


@given(FACTS)
def test_the_fingerprint_does_not_depend_on_the_order_of_the_facts(facts: dict[str, str]) -> None:
    assert digest_of(dict(reversed(facts.items()))) == digest_of(facts)


@given(FACTS, FACTS)
@example({"a": "b"}, {"a": "b", "c": ""})
@example({"a": 'b", "c": "d'}, {"a": "b", "c": "d"})
def test_the_fingerprint_tells_different_facts_apart(one: dict[str, str], other: dict[str, str]) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


@given(st.text(), st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_every_note_is_recognised_in_a_journal_of_many(before: str, keys: list[str]) -> None:
    journal = before + "".join(f"\n2027-02-01 - Connector (Work notes)\n{signed('Done.', key)}\n" for key in keys)
    assert {token_of(key) for key in keys} <= tokens_in(journal)


@pytest.mark.parametrize(
    ("journal", "found"),
    [
        ("[om-fsm 0123456789]", {"0123456789"}),
        ("[om-fsm 0123456789][om-fsm abcdefabcd]", {"0123456789", "abcdefabcd"}),
        ("[om-fsm 012345678]", set()),
        ("[om-fsm 0123456789a]", set()),
        ("[om-fsm ABCDEFABCD]", set()),
        ("om-fsm 0123456789", set()),
        ("(om-fsm 0123456789)", set()),
        ("", set()),
    ],
)
def test_only_a_whole_token_of_ours_counts_as_a_written_note(journal: str, found: set[str]) -> None:
    assert tokens_in(journal) == found


def test_the_token_stands_on_a_line_of_its_own_after_the_text() -> None:
    assert signed("WO1 was created.", "status/1").splitlines() == [
        "WO1 was created.",
        f"[om-fsm {token_of('status/1')}]",
    ]
