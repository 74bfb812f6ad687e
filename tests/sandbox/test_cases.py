"""The life of a case, and what its work orders do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client

CASE = "sn_customerservice_case"


@pytest.fixture
def case(world: World) -> str:
    made = {"short_description": "No signal", "account": "Acme Logistics", "location": "Acme Hamburg HQ"}
    number: str = world.act("fsm", {"do": "create_case", **made})["case"]["number"]
    return number


@pytest.fixture
def admin(sign_in: Callable[..., Client]) -> Client:
    return sign_in("fsm", "admin")


def act(world: World, do: str, **arguments: Any) -> dict[str, Any]:
    return world.act("fsm", {"do": do, **arguments})


def state(client: Client) -> str:
    shown: str = client.row(CASE, "", sysparm_display_value="true")["state"]
    return shown


def comments(client: Client) -> list[str]:
    entries = client.rows("sys_journal_field", f"name={CASE}^element=comments")
    return [row["value"] for row in entries]


def test_a_case_is_taken_asked_about_answered_solved_and_accepted(world: World, fsm: Client, case: str) -> None:
    seen = [state(fsm)]
    for move, more in (
        ("take_case", {}),
        ("ask_customer", {"text": "Which lamp is on?"}),
        ("customer_reply", {"text": "The red one"}),
        ("propose_solution", {"notes": "Restart it"}),
        ("reject_solution", {"reason": "Still red"}),
        ("propose_solution", {"notes": "Replaced", "resolution": "workaround"}),
        ("accept_solution", {}),
    ):
        act(world, move, case=case, **more)
        seen.append(state(fsm))
    assert seen == ["New", "Open", "Awaiting Info", "Open", "Resolved", "Open", "Resolved", "Closed"]
    row = fsm.row(CASE, "", sysparm_display_value="true")
    assert (row["resolution_code"], row["close_notes"]) == ("Solved - Workaround provided", "Replaced")
    assert (row["active"], row["resolved_at"] != "", row["closed_at"] != "") == ("false", True, True)


def test_an_agent_cannot_close_a_resolved_case_nor_one_without_notes(world: World, fsm: Client, case: str) -> None:
    with pytest.raises(Refused, match="needs 'notes'"):
        act(world, "close_case", case=case)
    act(world, "propose_solution", case=case, notes="Restart it")
    with pytest.raises(Refused, match="Resolved: closing by an agent is not possible"):
        act(world, "close_case", case=case, notes="done")
    act(world, "reject_solution", case=case, reason="no")
    act(world, "close_case", case=case, notes="done")
    assert state(fsm) == "Closed"


def test_a_closed_case_cannot_be_updated(world: World, admin: Client, case: str) -> None:
    sys_id = admin.row(CASE, "")["sys_id"]
    assert admin.patch(CASE, sys_id, work_notes="in time").status_code == 200
    act(world, "close_case", case=case, notes="done")
    assert admin.patch(CASE, sys_id, work_notes="too late").status_code == 403


def test_the_form_copies_customer_and_place_to_the_work_order(world: World, fsm: Client, case: str) -> None:
    act(world, "work_order_for_case", case=case, template="Swap CPE")
    fields = "short_description,account.name,location.name,initiated_from.number"
    row = fsm.row("wm_order", "", sysparm_fields=fields)
    assert tuple(row.values()) == ("No signal", "Acme Logistics", "Acme Hamburg HQ", case)


def test_the_form_refuses_a_second_open_work_order_and_rest_does_not(world: World, fsm: Client, case: str) -> None:
    first = act(world, "work_order_for_case", case=case)["work_order"]["number"]
    with pytest.raises(Refused, match=f"{case} has an open work order already"):
        act(world, "work_order_for_case", case=case)
    fsm.made("wm_order", initiated_from=fsm.row(CASE, "")["sys_id"], short_description="by REST")
    assert len(fsm.rows("wm_order")) == 2
    for number in (first, fsm.row("wm_order", "short_description=by REST")["number"]):
        act(world, "cancel_work_order", work_order=number, reason="x")
    act(world, "work_order_for_case", case=case)
    world.switch("fsm", one_open_work_order_per_case=False)
    act(world, "work_order_for_case", case=case)
    assert len(fsm.rows("wm_order")) == 4


@pytest.mark.parametrize("on", [True, False])
def test_new_states_of_work_orders_are_comments_only_where_configured(
    world: World, fsm: Client, case: str, *, on: bool
) -> None:
    world.switch("fsm", update_case_state=on)
    number = act(world, "work_order_for_case", case=case, template="Swap CPE")["work_order"]["number"]
    act(world, "dispatch", work_order=number, technician="technician")
    told = [f"Work order {number} is now Ready for Dispatch", f"Work order {number} is now Assigned"]
    assert comments(fsm) == (told if on else [])


@pytest.mark.parametrize(("on", "label"), [(True, "Closed"), (False, "New")])
def test_the_last_work_order_closes_the_case_only_where_configured(
    world: World, fsm: Client, case: str, *, on: bool, label: str
) -> None:
    world.switch("fsm", auto_close_case=on, one_open_work_order_per_case=False)
    first, second = (
        act(world, "work_order_for_case", case=case, template="Swap CPE")["work_order"]["number"] for _ in range(2)
    )
    act(world, "dispatch", work_order=first, technician="technician")
    act(world, "complete", work_order=first)
    assert state(fsm) == "New"
    act(world, "cancel_work_order", work_order=second, reason="one was enough")
    assert state(fsm) == label
    row = fsm.row(CASE, "", sysparm_display_value="true")
    expected = ("Solved - Fixed by closing related issue", "Auto Closed Case - Related work orders are closed")
    assert (row["resolution_code"], row["close_notes"]) == (expected if on else ("", ""))


def test_a_closed_case_stops_no_work_order(world: World, fsm: Client, case: str) -> None:
    world.switch("fsm", update_case_state=True, auto_close_case=True)
    number = act(world, "work_order_for_case", case=case, template="Swap CPE")["work_order"]["number"]
    act(world, "close_case", case=case, notes="done by phone")
    act(world, "dispatch", work_order=number, technician="technician")
    act(world, "complete", work_order=number)
    assert fsm.row("wm_order", "")["active"] == "false"


def test_a_canceled_case_is_over(world: World, fsm: Client, case: str) -> None:
    act(world, "cancel_case", case=case, reason="mistake")
    assert (state(fsm), fsm.row(CASE, "")["active"]) == ("Cancelled", "false")
    with pytest.raises(Refused, match="Cancelled: taking it is not possible"):
        act(world, "take_case", case=case)
