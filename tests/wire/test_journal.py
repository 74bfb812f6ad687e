"""Notes are heard in the order in which they were written, also where only the form shows them, in its reader's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.servicenow.journal import Journals
from connector.servicenow.people import People
from tests.wire.instance import URL, Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"
SYS_ID = "c" * 32
FIELD = (
    "2026-10-25 02:10:00 - Frank Miller (Work notes)\nrelease gate WO0010001\n\n"
    "2026-10-25 02:50:00 - om (Work notes)\nWO0010001 was canceled in Field Service.\n\n"
    "2026-10-24 09:00:00 - Mia Stone (Work notes)\nPlease hurry.\n"
)


def test_in_the_hour_that_comes_twice_in_autumn_a_decision_stays_behind_the_note_it_answers(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    row = {
        "sys_id": {"value": SYS_ID, "display_value": SYS_ID},
        "work_notes": {"value": "", "display_value": FIELD},
        "sys_updated_on": {"value": "2026-10-25 01:10:00", "display_value": "2026-10-25 02:10:00"},
    }
    mocked.get(f"{URL}/api/now/table/sys_journal_field", json={"result": []}, headers={"X-Total-Count": "0"})
    mocked.get(f"{URL}/api/now/table/{DOMAIN_ORDER}", json={"result": [row]}, headers={"X-Total-Count": "1"})
    mocked.get(f"{URL}/api/now/table/sys_user", json={"result": []}, headers={"X-Total-Count": "0"})
    heard = Journals(api, People(api), "work_notes").read({DOMAIN_ORDER: [SYS_ID]})[SYS_ID]
    assert [(entry.by, entry.at) for entry in heard] == [
        ("Mia Stone", "2026-10-24 08:00:00"),
        ("om", "2026-10-25 01:50:00"),
        ("Frank Miller", "2026-10-25 01:50:00"),
    ]
    assert [entry.rank for entry in heard] == [0, 1, 2]


NOTES = ("first [om-fsm 1]", "second [om-fsm 2]", "newest [om-fsm 3]")
EVERYTHING = "2026-03-02 09:00:00 - om (Work notes)\n" + "\n\n".join(reversed(NOTES))


def journals(
    mocked: responses.RequestsMock, api: TableApi, *, entries: int, unseen: int, form: str | None
) -> tuple[Journals, Table]:
    """A record with so many notes: the table shows the first `entries`, counts `unseen` more, and the form says `form`."""
    rows = [
        {"sys_id": sys_id(n), "element_id": SYS_ID, "element": "work_notes", "value": note}
        for n, note in enumerate(NOTES[: entries + unseen], start=1)
    ]
    Table(rows, hidden={row["sys_id"] for row in rows[entries:]}).serve(mocked, "sys_journal_field")
    shown = {} if form is None else {"work_notes": "", "work_notes shown": form}
    return Journals(api, People(api), "work_notes"), Table([{"sys_id": SYS_ID, **shown}]).serve(mocked, DOMAIN_ORDER)


@pytest.mark.parametrize(
    ("entries", "unseen", "form", "is_known", "is_there"),
    [
        (3, 0, EVERYTHING, True, True),
        (2, 1, EVERYTHING, True, True),  # the newest is behind a row ACL, and the form shows it
        (2, 0, EVERYTHING, True, True),  # the same where the instance does not count what it hides
        (2, 0, None, True, False),  # all entries are shown
        (2, 1, None, False, False),  # the one that is hidden may be the one
        (0, 3, None, False, False),
        (0, 0, None, False, False),  # a closed table is as empty as one nobody wrote in
        (0, 0, "", True, False),
        (0, 3, "", False, False),  # the form shows nothing of what the table counts
        (2, 1, NOTES[1], False, False),  # nor is it whole where it shows less than the table
        (2, 1, " ".join(NOTES[:2]), True, False),
    ],
)
def test_a_note_is_only_missing_where_everything_that_was_written_is_shown(
    entries: int,
    unseen: int,
    form: str | None,
    is_known: bool,
    is_there: bool,
    mocked: responses.RequestsMock,
    api: TableApi,
) -> None:
    asked, _ = journals(mocked, api, entries=entries, unseen=unseen, form=form)
    found = asked.holding("[om-fsm", {DOMAIN_ORDER: [SYS_ID]}, lambda text: NOTES[2] in text)
    assert (SYS_ID in found, NOTES[2] in found.get(SYS_ID, "")) == (is_known, is_there)


def test_a_note_that_the_table_shows_is_not_looked_for_on_the_form(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    asked, form = journals(mocked, api, entries=3, unseen=0, form=EVERYTHING)
    asked.holding("[om-fsm", {DOMAIN_ORDER: [SYS_ID]}, lambda text: NOTES[2] in text)
    assert (len(mocked.calls), form.asked) == (1, [])


def test_whoever_looks_for_nothing_in_particular_is_told_all_that_either_way_shows(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    asked, _ = journals(mocked, api, entries=1, unseen=2, form=NOTES[1])
    said = asked.holding("[om-fsm", {DOMAIN_ORDER: [SYS_ID]})[SYS_ID]
    assert [note in said for note in NOTES] == [True, True, False]
