"""Notes are heard in the order in which they were written, also where only the form shows them, in its reader's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.servicenow.journal import Journals
from connector.servicenow.people import People
from tests.wire.instance import URL

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
