"""What can stand between a work order and its end: approval, scheduling, rejection, follow-ons, parts, questionnaires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused
from connector.sandbox.rules.field_service import reopened
from tests.sandbox.gestures import Client, template

if TYPE_CHECKING:
    from connector.sandbox import World


@pytest.fixture
def install(fsm: Client) -> str:
    """The number of a work order for installing a CPE, with its two tasks."""
    number: str = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    return number


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("fsm", {"do": do, **arguments})


def state(fsm: Client) -> str:
    shown: str = fsm.row("wm_order", "", sysparm_display_value="true")["state"]
    return shown


def tasks(fsm: Client) -> list[str]:
    return [row["number"] for row in fsm.rows("wm_task", "ORDERBYnumber")]


def task_states(fsm: Client) -> list[str]:
    return [row["state"] for row in fsm.rows("wm_task", "ORDERBYnumber", sysparm_display_value="true")]


# --- approval, scheduling, rejection ----------------------------------------------------------------------------------


def test_with_approvals_a_work_order_waits_for_its_approver(world: World, fsm: Client) -> None:
    world.switch("fsm", work_order_approval=True)
    number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    assert (state(fsm), task_states(fsm)) == ("Waiting for Approval", ["Draft", "Draft"])
    with pytest.raises(Refused, match="has none of the roles wm_approver_user"):
        act(world, "approve_work_order", work_order=number, **{"as": "dispatcher"})
    act(world, "approve_work_order", work_order=number)
    assert (state(fsm), task_states(fsm)) == ("Ready for Dispatch", ["Pending Dispatch"] * 2)
    with pytest.raises(Refused, match="approving is not possible"):
        act(world, "approve_work_order", work_order=number)


def test_after_approval_comes_qualification_where_that_is_on(world: World, fsm: Client) -> None:
    world.switch("fsm", work_order_approval=True, qualification=True)
    number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    act(world, "approve_work_order", work_order=number)
    assert state(fsm) == "Awaiting Qualification"


@pytest.mark.parametrize(("role", "label"), [("canceled", "Canceled"), ("draft", "Draft")])
def test_a_refused_approval_ends_where_the_instance_says(world: World, fsm: Client, role: str, label: str) -> None:
    world.switch("fsm", work_order_approval=True, rejected_work_order=role)
    number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    act(world, "reject_work_order", work_order=number, reason="too expensive")
    assert state(fsm) == label


@pytest.mark.parametrize(("on", "label"), [(True, "Scheduled"), (False, "Pending Dispatch")])
def test_a_start_schedules_a_task_only_with_the_scheduled_state(
    world: World, fsm: Client, install: str, *, on: bool, label: str
) -> None:
    world.switch("fsm", scheduled_state=on)
    act(world, "schedule", work_order=install, start="2026-03-04 08:00:00")
    assert task_states(fsm) == [label] * 2
    assert {row["expected_start"] for row in fsm.rows("wm_task")} == {"2026-03-04 08:00:00"}
    assert state(fsm) == ("Scheduled" if on else "Ready for Dispatch")
    act(world, "dispatch", work_order=install, technician="technician")
    assert state(fsm) == "Assigned"


def test_a_rejected_task_goes_back_for_dispatch(world: World, fsm: Client, install: str) -> None:
    act(world, "dispatch", work_order=install, technician="technician")
    first, second = tasks(fsm)
    act(world, "accept", task=second)
    act(world, "reject_task", task=first, reason="double booked")
    assert task_states(fsm) == ["Pending Dispatch", "Accepted"]
    assert fsm.row("wm_task", f"number={first}")["assigned_to"] == ""
    row = fsm.row("wm_task_rejection", "", sysparm_fields="task.number,rejected_by.name,reason,auto_rejected")
    assert tuple(row.values()) == (first, "Tom Becker", "double booked", "false")
    with pytest.raises(Refused, match="Accepted: rejecting is not possible"):
        act(world, "reject_task", task=second, reason="late")


def test_a_task_nobody_accepts_in_time_is_rejected_by_itself(world: World, fsm: Client, install: str) -> None:
    world.switch("fsm", auto_reject_seconds=600)
    act(world, "dispatch", work_order=install, technician="technician")
    first, second = tasks(fsm)
    act(world, "accept", task=second)
    world.advance(599)
    assert task_states(fsm) == ["Assigned", "Accepted"]
    world.advance(1)
    assert task_states(fsm) == ["Pending Dispatch", "Accepted"]
    assert fsm.row("wm_task_rejection", "", sysparm_fields="task.number,auto_rejected") == {
        "task.number": first,
        "auto_rejected": "true",
    }


def test_a_task_dispatched_again_gets_its_whole_time(world: World, fsm: Client, install: str) -> None:
    world.switch("fsm", auto_reject_seconds=600)
    act(world, "dispatch", work_order=install, technician="technician")
    world.advance(500)
    first, second = tasks(fsm)
    for task in (first, second):
        act(world, "reject_task", task=task, reason="ill")
    act(world, "dispatch", work_order=install, technician="technician2")
    world.advance(200)
    assert task_states(fsm) == ["Assigned", "Assigned"]
    world.advance(400)
    assert task_states(fsm) == ["Pending Dispatch", "Pending Dispatch"]


# --- follow-ons and notes ---------------------------------------------------------------------------------------------


def close_both_incomplete(world: World, fsm: Client, install: str) -> list[str]:
    act(world, "qualify", work_order=install)
    act(world, "dispatch", work_order=install, technician="technician")
    act(world, "close_incomplete", work_order=install, reason="no access")
    assert state(fsm) == "Closed Incomplete"
    return tasks(fsm)


def test_one_follow_on_takes_the_order_back_to_qualification_and_on_to_complete(world: World, fsm: Client) -> None:
    world.switch("fsm", qualification=True)
    number = fsm.made("wm_order", template=template(fsm, "Swap CPE"))["number"]
    (only,) = close_both_incomplete(world, fsm, number)
    act(world, "reopen_task", task=only)
    assert (state(fsm), task_states(fsm)) == ("Awaiting Qualification", ["Closed Incomplete", "Draft"])
    act(world, "qualify", work_order=number)
    assert (state(fsm), task_states(fsm)[1]) == ("Ready for Dispatch", "Pending Dispatch")
    act(world, "dispatch", work_order=number, technician="technician")
    act(world, "complete", work_order=number)
    assert state(fsm) == "Closed Complete"


def test_several_follow_ons_keep_the_order_in_progress(world: World, fsm: Client) -> None:
    world.switch("fsm", qualification=True)
    number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
    for task in close_both_incomplete(world, fsm, number):
        act(world, "reopen_task", task=task)
    assert state(fsm) == "Work in Progress"


def test_only_drafts_that_follow_a_task_take_an_order_back() -> None:
    done = ({"cloned_from": ""}, "closed_incomplete")
    follow_on = ({"cloned_from": "x"}, "draft")
    assert reopened([done, follow_on]) == "awaiting_qualification"
    assert reopened([done, follow_on, follow_on]) == "work_in_progress"
    assert reopened([done, ({"cloned_from": "x"}, "assigned")]) is None
    assert reopened([done, ({"cloned_from": ""}, "draft")]) is None
    assert reopened([done]) is None


@pytest.mark.parametrize(("on", "notes"), [(True, 1), (False, 0)])
def test_a_task_note_is_repeated_on_the_order_only_where_configured(
    world: World, fsm: Client, install: str, *, on: bool, notes: int
) -> None:
    world.switch("fsm", copy_task_notes=on)
    act(world, "add_note", task=tasks(fsm)[0], text="ring twice")
    entries = fsm.rows("sys_journal_field", f"element_id={fsm.row('wm_order', '')['sys_id']}")
    assert [row["value"] for row in entries] == ["ring twice"] * notes


# --- parts and questionnaires -----------------------------------------------------------------------------------------


def test_shipped_parts_stop_canceling_until_they_arrive(world: World, fsm: Client, install: str) -> None:
    task = tasks(fsm)[0]
    transfer = act(world, "require_part", task=task, part="CPE")["transfer_order"]["number"]
    act(world, "ship_part", transfer_order=transfer)
    with pytest.raises(Refused, match=f"{task} cannot be canceled: {transfer} has been shipped"):
        act(world, "cancel_task", task=task, reason="not needed")
    sys_id = fsm.row("wm_order", "")["sys_id"]
    assert fsm.patch("wm_order", sys_id, state="7", work_notes="not needed").status_code == 403
    assert (state(fsm), task_states(fsm)) == ("Ready for Dispatch", ["Pending Dispatch"] * 2)
    act(world, "receive_part", transfer_order=transfer)
    assert fsm.patch("wm_order", sys_id, state="7", work_notes="not needed").status_code == 200
    assert fsm.row("alm_transfer_order", "")["stage"] == "received"
    assert len(fsm.rows("sm_part_requirement")) == 1


def test_unshipped_parts_are_canceled_with_their_task(world: World, fsm: Client, install: str) -> None:
    act(world, "require_part", task=tasks(fsm)[0], part="CPE")
    act(world, "cancel_work_order", work_order=install, reason="not needed")
    assert fsm.row("alm_transfer_order", "")["stage"] == "cancelled"
    assert fsm.rows("sm_part_requirement") == []


def test_a_mandatory_questionnaire_stops_the_state_until_it_is_answered(
    world: World, fsm: Client, install: str
) -> None:
    task = tasks(fsm)[0]
    asked = act(world, "attach_questionnaire", record=task, name="Safety", blocks="closed_complete")
    act(world, "dispatch", work_order=install, technician="technician")
    with pytest.raises(Refused, match="mandatory questionnaire"):
        act(world, "complete", task=task)
    assert task_states(fsm)[0] == "Assigned"
    act(world, "answer_questionnaire", questionnaire=asked["questionnaire"]["number"])
    act(world, "complete", task=task)
    assert task_states(fsm)[0] == "Closed Complete"


def test_an_optional_questionnaire_stops_nothing(world: World, fsm: Client, install: str) -> None:
    act(world, "attach_questionnaire", record=tasks(fsm)[0], name="Survey", optional=True)
    act(world, "dispatch", work_order=install, technician="technician")
    assert task_states(fsm) == ["Assigned"] * 2


def test_a_questionnaire_of_the_order_stops_every_change_of_its_state(world: World, fsm: Client, install: str) -> None:
    act(world, "attach_questionnaire", record=install, name="Access")
    sys_id = fsm.row("wm_order", "")["sys_id"]
    assert fsm.patch("wm_order", sys_id, state="7", work_notes="not needed").status_code == 403
    assert fsm.patch("wm_order", sys_id, short_description="still writable").status_code == 200
    with pytest.raises(Refused, match="mandatory questionnaire"):
        act(world, "dispatch", work_order=install, technician="technician")
    assert task_states(fsm) == ["Pending Dispatch"] * 2


def test_a_questionnaire_blocks_a_state_that_exists(world: World, install: str) -> None:
    with pytest.raises(Refused, match="is the role of no state"):
        act(world, "attach_questionnaire", record=install, name="Access", blocks="completed")


# --- autopilot --------------------------------------------------------------------------------------------------------


def test_a_technician_on_autopilot_moves_on_with_time(world: World, fsm: Client, install: str) -> None:
    act(world, "autopilot", technician="technician", seconds=60)
    act(world, "dispatch", work_order=install, technician="technician")
    seen = []
    for _ in range(4):
        seen.append(state(fsm))
        world.advance(60)
    assert seen == ["Assigned", "Accepted", "Work in Progress", "Closed Complete"]


def test_a_technician_on_autopilot_moves_on_with_reads(world: World, fsm: Client, install: str) -> None:
    act(world, "dispatch", work_order=install, technician="technician")
    act(world, "autopilot", technician="technician", reads=2)
    assert [state(fsm) for _ in range(7)] == [
        *["Assigned"] * 2,
        *["Accepted"] * 2,
        *["Work in Progress"] * 2,
        "Closed Complete",
    ]


def test_a_write_or_the_other_technician_moves_nobody(world: World, fsm: Client, install: str) -> None:
    sys_id = fsm.row("wm_order", "")["sys_id"]
    act(world, "autopilot", technician="technician2", seconds=60)
    act(world, "autopilot", technician="technician", reads=2)
    act(world, "dispatch", work_order=install, technician="technician")
    for text in "abcd":
        fsm.patch("wm_order", sys_id, work_notes=text)
    world.advance(3600)
    assert state(fsm) == "Assigned"


def test_autopilot_stops_when_told_and_waits_where_he_is_refused(world: World, fsm: Client, install: str) -> None:
    act(world, "dispatch", work_order=install, technician="technician")
    asked = act(world, "attach_questionnaire", record=tasks(fsm)[0], name="Safety", blocks="work_in_progress")
    act(world, "autopilot", technician="technician", seconds=60)
    world.advance(120)
    assert task_states(fsm) == ["Accepted", "Work in Progress"]
    act(world, "answer_questionnaire", questionnaire=asked["questionnaire"]["number"])
    world.advance(60)
    assert task_states(fsm) == ["Work in Progress", "Closed Complete"]
    act(world, "autopilot", technician="technician")
    world.advance(3600)
    assert task_states(fsm) == ["Work in Progress", "Closed Complete"]


def test_reads_move_nobody_whose_autopilot_is_over(world: World, fsm: Client, install: str) -> None:
    act(world, "dispatch", work_order=install, technician="technician")
    act(world, "autopilot", technician="technician", reads=1)
    assert [state(fsm), state(fsm)] == ["Assigned", "Accepted"]
    act(world, "autopilot", technician="technician")
    assert [state(fsm) for _ in range(3)] == ["Work in Progress"] * 3


def test_only_a_technician_flies_on_autopilot(world: World) -> None:
    with pytest.raises(Refused, match="Quinn Harper is no technician"):
        act(world, "autopilot", technician="Quinn Harper", seconds=60)
