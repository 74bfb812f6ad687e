"""Every move of people exists as one call and as a method, is told to the reader, and says why when it is not possible."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import MOVES, Refused, World
from connector.sandbox import moves as told
from connector.sandbox.site import People
from tests.sandbox.gestures import BACKUP, SDWAN, Client, finish_visits, place_order, template

if TYPE_CHECKING:
    from collections.abc import Callable

# The moves of the two life cycles and of the case, as the documentation tells them.
ORDER = {
    "create_order", "delete_order", "place", "finish_enrichment", "hold_enrichment", "resume_enrichment", "approve", "reject",
    "reject_line", "revise", "edit_line", "add_line", "remove_line", "approve_revision", "decline_revision", "cancel_order",
    "approve_cancel", "decline_cancel", "set_ponr", "hold_order", "await_information", "resume_order", "set_characteristic",
    "cancel_unit", "close_domain_order", "set_domain_order_state", "create_header_task", "start_order_task",
    "task_awaits_information", "resolve_order_task", "close_order_task", "cancel_order_task", "create_fallout",
    "start_fallout", "hold_fallout", "fallout_awaits_information", "resolve_fallout", "close_fallout", "cancel_fallout",
    "create_work_order_for", "answer_outbound_request", "revise_outbound_request", "reach_milestone",
}  # fmt: skip
WORK = {
    "create_work_order", "approve_work_order", "reject_work_order", "qualify", "add_task", "ready_task", "schedule", "dispatch",
    "accept", "reject_task", "travel", "arrive", "start", "complete", "close_incomplete", "reopen_task", "cancel_task",
    "cancel_work_order", "delete_work_order", "require_part", "ship_part", "receive_part", "use_asset",
    "attach_questionnaire", "answer_questionnaire", "autopilot",
}  # fmt: skip
CASE = {
    "create_case", "take_case", "ask_customer", "customer_reply", "propose_solution", "accept_solution", "reject_solution",
    "close_case", "cancel_case", "work_order_for_case",
}  # fmt: skip
ANY = {"add_note", "write", "import_xml", "run_script"}


def test_there_is_a_move_for_everything_people_do() -> None:
    assert set(MOVES) == ORDER | WORK | CASE | ANY
    assert {name for name, move in MOVES.items() if move.side == "om"} == ORDER
    assert {name for name, move in MOVES.items() if move.side == "fsm"} == WORK | {"work_order_for_case"}


def test_every_move_is_told_with_who_makes_it() -> None:
    words = set(re.findall(r"\b[a-z_]+\b", told.__doc__ or ""))
    assert sorted(set(MOVES) - words) == []
    assert sorted({move.persona for move in MOVES.values() if move.persona} - words) == []


def test_every_move_is_a_method(world: World) -> None:
    people = People(world, "om")
    assert dir(people) == sorted(MOVES)
    for name in MOVES:
        assert callable(getattr(people, name))
    with pytest.raises(AttributeError, match="nobody knows the move 'dance'"):
        people.dance()


@pytest.mark.parametrize("name", sorted(set(MOVES) - {"autopilot"}))
def test_a_move_without_its_arguments_says_what_it_needs(world: World, name: str) -> None:
    side = MOVES[name].side if MOVES[name].side != "both" else "om"
    with pytest.raises(Refused) as refused:
        world.act(side, {"do": name, "as": "admin"})
    assert re.search(r"the move needs '\w+'|has no integration|there is no [\w ]+ ''", str(refused.value))


@pytest.fixture
def finished(world: World, om: Client, fsm: Client) -> dict[str, str]:
    """An order and a visit that are over, and everything about them by the argument that names it."""
    world.switch("om", outbound_policy=["Mobile Data Service"], header_tasks=[])
    order = place_order(world, SDWAN, BACKUP)
    task = om.row("sn_ind_tmt_orm_order_task", "short_description=Site survey")["number"]
    fallout = world.act("om", {"do": "create_fallout", "task": task})["fallout"]["number"]
    for move in ("resolve_fallout", "close_fallout"):
        world.act("om", {"do": move, "fallout": fallout})
    request = world.om.store.find("sn_tmt_core_outbound_request")[0]["number"]
    world.act("om", {"do": "answer_outbound_request", "request": request, "state": "fulfilled"})
    for row in om.rows("sn_ind_tmt_orm_order_task", "active=true"):
        world.act("om", {"do": "close_order_task", "task": row["number"]})
    for row in om.rows("sn_ind_tmt_orm_domain_order", "active=true"):
        world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})
    work_order = fsm.made("wm_order", template=template(fsm, "Site Survey"))["number"]
    visit = fsm.row("wm_task", "")["number"]
    part = world.act("fsm", {"do": "require_part", "task": visit, "part": "Cable"})["transfer_order"]["number"]
    for move in ("ship_part", "receive_part"):
        world.act("fsm", {"do": move, "transfer_order": part})
    finish_visits(world)
    case = world.act("fsm", {"do": "create_case", "short_description": "x"})["case"]["number"]
    world.act("fsm", {"do": "close_case", "case": case, "notes": "Done"})
    world.advance(5)
    return {
        "order": order, "line": "ORDL0010001", "domain_order": "SO0010001", "task": task, "fallout": fallout,
        "request": request, "work_order": work_order, "visit": visit, "transfer_order": part, "case": case,
    }  # fmt: skip


OVER = r"is (Completed|Closed [Cc]omplete|Closed|Fulfilled|Received)\b"
WORDS = {
    "reason": "x", "note": "x", "notes": "x", "text": "x", "name": "x", "value": "x", "part": "x", "state": "error",
    "technician": "technician", "start": "2026-03-03 08:00:00", "short_description": "x", "offering": "Mobile Backup",
}  # fmt: skip
LATE = {
    "order": ("delete_order", "place", "finish_enrichment", "hold_enrichment", "resume_enrichment", "approve", "reject",
              "revise", "add_line", "approve_revision", "decline_revision", "cancel_order", "approve_cancel", "decline_cancel",
              "hold_order", "await_information", "resume_order", "create_header_task"),
    "line": ("reject_line", "edit_line", "remove_line", "set_characteristic"),
    "domain_order": ("close_domain_order",),
    "task": ("start_order_task", "task_awaits_information", "resolve_order_task", "close_order_task", "cancel_order_task",
             "create_fallout"),
    "fallout": ("start_fallout", "hold_fallout", "fallout_awaits_information", "resolve_fallout", "close_fallout",
                "cancel_fallout"),
    "request": ("answer_outbound_request",),
    "work_order": ("approve_work_order", "reject_work_order", "qualify", "add_task", "schedule", "dispatch", "accept", "start",
                   "complete", "close_incomplete", "cancel_work_order"),
    "visit": ("ready_task", "schedule", "accept", "reject_task", "travel", "arrive", "start", "complete", "close_incomplete",
              "reopen_task", "cancel_task", "require_part", "use_asset"),
    "transfer_order": ("ship_part", "receive_part"),
    "case": ("take_case", "ask_customer", "propose_solution", "accept_solution", "reject_solution", "close_case",
             "cancel_case", "work_order_for_case", "customer_reply"),
}  # fmt: skip


def test_what_is_over_refuses_every_move_with_its_state(world: World, finished: dict[str, str]) -> None:
    """Each refusal names the record and the state it is in."""
    wrong: dict[str, str] = {}
    for argument, names in LATE.items():
        for name in names:
            given = {**WORDS, "task" if argument == "visit" else argument: finished[argument]}
            side = "om" if MOVES[name].side == "om" else "fsm"
            said = refusal(world, side, {"do": name, "as": "admin", **given})
            if not re.search(OVER, said) and "is closed and cannot be updated" not in said:
                wrong[f"{name} {argument}"] = said
    assert wrong == {}


def refusal(world: World, side: str, move: dict[str, Any]) -> str:
    try:
        world.act(side, move)
    except Refused as refused:
        return str(refused)
    return "nothing, and did it"


def test_nobody_without_the_role_makes_a_move(world: World, sign_in: Callable[..., Client]) -> None:
    """A person of the other trade is refused with the roles that are missing, or the field that may not be written."""
    number = place_order(world, approve=False)
    for move in ("approve", "reject"):
        assert "has none of the roles" in refusal(world, "om", {"do": move, "order": number, "as": "fulfillment_agent"})
    made = world.act("fsm", {"do": "create_work_order", "short_description": "x"})["work_order"]["number"]
    for move in ("qualify", "dispatch", "cancel_work_order"):
        said = refusal(world, "fsm", {"do": move, "work_order": made, "as": "technician", **WORDS})
        assert "has none of the roles" in said
