"""The life of a work order: template, dispatch, work, closing, canceling, roll-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import Refused
from connector.sandbox.rules.field_service import rolled_up
from tests.sandbox.gestures import Client, template

if TYPE_CHECKING:
    from connector.sandbox import World


@pytest.fixture
def install(fsm: Client) -> str:
    """The number of a work order for installing a CPE, with its two tasks."""
    number: str = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    return number


def state(fsm: Client) -> str:
    shown: str = fsm.row("wm_order", "", sysparm_display_value="true")["state"]
    return shown


def task_states(fsm: Client) -> list[str]:
    return [row["state"] for row in fsm.rows("wm_task", "ORDERBYnumber", sysparm_display_value="true")]


def test_a_template_fills_the_order_and_adds_its_tasks(fsm: Client, install: str) -> None:
    order = fsm.row("wm_order", f"number={install}")
    assert (order["short_description"], order["sys_mod_count"]) == ("Install CPE at the customer site", "0")
    assert state(fsm) == "Ready for Dispatch"
    tasks = fsm.rows("wm_task", "ORDERBYnumber", sysparm_fields="short_description,parent.number,dispatch_group.name")
    assert [tuple(row.values()) for row in tasks] == [
        ("Mount and cable CPE", install, "Field Dispatch"),
        ("Connect and test line", install, "Field Dispatch"),
    ]
    assert task_states(fsm) == ["Pending Dispatch"] * 2


def test_with_qualification_the_order_waits_for_the_qualifier(world: World, fsm: Client) -> None:
    world.fsm.switches["qualification"] = True
    number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    assert (state(fsm), task_states(fsm)) == ("Awaiting Qualification", ["Draft", "Draft"])
    world.act("fsm", {"do": "qualify", "work_order": number})
    assert (state(fsm), task_states(fsm)) == ("Ready for Dispatch", ["Pending Dispatch"] * 2)


def test_without_template_it_stays_a_draft_until_somebody_moves_it(world: World, fsm: Client) -> None:
    number = fsm.made("wm_order", short_description="x")["number"]
    assert (state(fsm), task_states(fsm)) == ("Draft", [])
    world.act("fsm", {"do": "qualify", "work_order": number})
    assert (state(fsm), task_states(fsm)) == ("Ready for Dispatch", ["Pending Dispatch"])


def test_account_and_contact_also_fill_company_and_caller(fsm: Client) -> None:
    account = fsm.row("customer_account", "name=Acme Logistics")["sys_id"]
    contact = fsm.row("customer_contact", "email=anna.weber@acme.example")["sys_id"]
    made = fsm.made("wm_order", account=account, contact=contact)
    assert (made["company"], made["caller"]) == (account, contact)


def test_the_order_follows_its_tasks(world: World, fsm: Client, install: str) -> None:
    world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "technician"})
    assert (state(fsm), task_states(fsm)) == ("Assigned", ["Assigned"] * 2)
    first = fsm.rows("wm_task", "ORDERBYnumber")[0]["number"]
    world.act("fsm", {"do": "accept", "task": first})
    assert (state(fsm), task_states(fsm)) == ("Accepted", ["Accepted", "Assigned"])
    world.act("fsm", {"do": "start", "task": first})
    assert (state(fsm), task_states(fsm)) == ("Work in Progress", ["Work in Progress", "Assigned"])
    world.advance(3600)
    world.act("fsm", {"do": "complete", "task": first})
    assert state(fsm) == "Work in Progress"
    world.act("fsm", {"do": "complete", "work_order": install, "note": "line tested"})
    order = fsm.row("wm_order", "")
    assert (order["state"], order["active"], order["sys_updated_by"]) == ("3", "false", "technician")
    assert (order["work_start"], order["closed_at"]) == ("2026-03-02 08:00:00", "2026-03-02 09:00:00")


def test_work_start_over_rest_moves_the_task(sign_in: object, fsm: Client, install: str) -> None:
    task = fsm.rows("wm_task", f"parent.number={install}")[0]
    started = fsm.patch("wm_task", task["sys_id"], work_start="2026-03-02 08:00:00").json()["result"]
    assert started["state"] == "18"
    assert state(fsm) == "Work in Progress"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], None),
        (["draft"], None),
        (["pending_dispatch", "pending_dispatch"], "ready_for_dispatch"),
        (["pending_dispatch", "assigned"], "assigned"),
        (["accepted", "assigned"], "accepted"),
        (["work_in_progress", "assigned"], "work_in_progress"),
        (["closed_complete", "pending_dispatch"], "work_in_progress"),
        (["canceled", "pending_dispatch"], "ready_for_dispatch"),
        (["closed_complete", "closed_complete"], "closed_complete"),
        (["closed_complete", "canceled"], "closed_complete"),
        (["closed_complete", "closed_incomplete"], "closed_incomplete"),
        (["canceled", "canceled"], "canceled"),
    ],
)
def test_roll_up(states: list[str], expected: str | None) -> None:
    assert rolled_up(states) == expected


def test_an_incomplete_task_closes_the_order_incomplete_until_a_follow_on(
    world: World, fsm: Client, install: str
) -> None:
    world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "Tina Novak"})
    first, second = (row["number"] for row in fsm.rows("wm_task", "ORDERBYnumber"))
    world.act("fsm", {"do": "complete", "task": second})
    world.act("fsm", {"do": "close_incomplete", "task": first, "reason": "no access"})
    assert state(fsm) == "Closed Incomplete"
    world.act("fsm", {"do": "reopen_task", "task": first})
    assert fsm.row("wm_order", "")["active"] == "true"
    world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "technician"})
    world.act("fsm", {"do": "complete", "work_order": install})
    assert state(fsm) == "Closed Complete"


def test_canceling_over_rest_needs_a_work_note(fsm: Client, install: str) -> None:
    sys_id = fsm.row("wm_order", "")["sys_id"]
    refused = fsm.patch("wm_order", sys_id, state="7")
    assert refused.status_code == 403
    assert "was aborted by Business Rule 'Transition - Cancel^" in refused.json()["error"]["detail"]
    assert state(fsm) == "Ready for Dispatch"
    done = fsm.patch("wm_order", sys_id, state="7", work_notes="the customer canceled")
    assert (done.status_code, done.json()["result"]["active"]) == (200, "false")
    assert task_states(fsm) == ["Canceled"] * 2


def test_an_earlier_work_note_is_reason_enough(fsm: Client, install: str) -> None:
    sys_id = fsm.row("wm_order", "")["sys_id"]
    fsm.patch("wm_order", sys_id, work_notes="the customer canceled")
    assert fsm.patch("wm_order", sys_id, state="7").status_code == 200


def test_an_instance_may_cancel_without_a_note(fsm: Client, install: str) -> None:
    fsm.world.fsm.switches["cancel_needs_note"] = False
    assert fsm.patch("wm_order", fsm.row("wm_order", "")["sys_id"], state="7").status_code == 200


def test_canceling_every_task_cancels_the_order(world: World, fsm: Client, install: str) -> None:
    for task in fsm.rows("wm_task"):
        world.act("fsm", {"do": "cancel_task", "task": task["number"], "reason": "not needed"})
    assert state(fsm) == "Canceled"


def test_closed_is_closed(world: World, fsm: Client, install: str) -> None:
    world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "technician"})
    world.act("fsm", {"do": "complete", "work_order": install})
    order = fsm.row("wm_order", "")
    assert fsm.patch("wm_order", order["sys_id"], state="7", work_notes="too late").status_code == 403
    assert fsm.patch("wm_order", order["sys_id"], state="18").status_code == 403
    assert fsm.patch("wm_order", order["sys_id"], work_notes="a late remark").status_code == 200
    with pytest.raises(Refused, match="Closed Complete and cannot be canceled"):
        world.act("fsm", {"do": "cancel_work_order", "work_order": install, "reason": "late"})


def test_a_moved_order_takes_its_open_tasks_along(fsm: Client, install: str) -> None:
    berlin = fsm.row("cmn_location", "city=Berlin")["sys_id"]
    fsm.patch("wm_order", fsm.row("wm_order", "")["sys_id"], location=berlin)
    assert {row["location"] for row in fsm.rows("wm_task")} == {berlin}


def test_a_technician_may_not_dispatch(world: World, install: str) -> None:
    with pytest.raises(Refused, match="Tom Becker has none of the roles"):
        world.act("fsm", {"do": "dispatch", "work_order": install, "technician": "technician", "as": "technician"})


def test_a_work_order_made_by_hand_is_the_dispatchers(world: World, fsm: Client) -> None:
    made = {"do": "create_work_order", "short_description": "by hand", "template": "Swap CPE", "correlation_id": "k"}
    world.act("fsm", made)
    row = fsm.row("wm_order", "correlation_id=k")
    assert (row["sys_created_by"], len(fsm.rows("wm_task"))) == ("dispatcher", 1)
