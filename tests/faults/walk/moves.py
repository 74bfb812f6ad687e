"""The moves of people: whom and what each move of the sandbox is about, when only a number says which record is meant.

Candidates are read from the instance's own records, so that most moves are possible; the others are refused as a form would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox import Refused

if TYPE_CHECKING:
    from connector.sandbox import World

ORDER = "sn_ind_tmt_orm_order"
LINE = "sn_ind_tmt_orm_order_line_item"
CHARACTERISTIC = "sn_ind_tmt_orm_order_characteristic_value"
DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"
ORDER_TASK = "sn_ind_tmt_orm_order_task"
CASE = "sn_customerservice_case"
CASE_POLICY = 'id,short description,work order template\nslow,"contains ""slow""",Swap CPE\nother,-,NO FIELD WORK\n'
ACTIVATION = "activate,-,add,Activate line,Install CPE,"  # a row of the order task policy
COMPENSATIONS = (
    "id,kind of change,work order state,compensation\n"
    'hold,on hold,"Ready for Dispatch, Scheduled, Assigned, Accepted",flag the dispatcher\n'
    "place,location,-,cancel and recreate\nother,-,-,patch and note\n"
)
ASKING = COMPENSATIONS.replace("other,", 'begun,characteristics,"Work in Progress",stop and ask\nother,')
"""The same, where a technician at work is not told anything new before a person agreed to it."""
NEW_SITE = "Acme Bremen Hub"  # Field Service does not know it
SITES = ("Acme Hamburg HQ", "Acme Munich Depot", "Acme Berlin Office", NEW_SITE)
RATES = ("100 Mbit/s", "200 Mbit/s", "500 Mbit/s", "1 Gbit/s")
OPEN_WORK = (
    "draft", "awaiting_qualification", "qualified", "ready_for_dispatch", "scheduled", "assigned", "accepted", "work_in_progress",
)  # fmt: skip
OPEN_TASK = ("draft", "pending_dispatch", "scheduled", "assigned", "accepted", "work_in_progress")


@dataclass(frozen=True, slots=True)
class PersonsMove:
    """One move: on which side, about which record (`named` is the argument, `table` and `roles` its candidates)."""

    side: str
    weight: int
    named: str = ""
    table: str = ""
    roles: tuple[str, ...] = ()  # of the state; none means any
    more: dict[str, Any] = field(default_factory=dict)
    do: str = ""  # what the sandbox calls the move, where it has another name here
    visits: tuple[str, ...] = ()  # first of all about what has a work order in one of these states

    def arguments(self, world: World, pick: int) -> dict[str, Any]:
        """What the person fills in. Raises Refused when there is nothing the move could be about."""
        said = {key: _choice(value, pick) for key, value in self.more.items()}
        if not self.named:
            return said
        return {self.named: one(world, self.side, self.table, self.roles, pick, self.visits), **said}


def _choice(value: Any, pick: int) -> Any:
    """One of the alternatives of a tuple; also inside a dictionary or a list."""
    match value:
        case tuple():
            return _choice(value[pick // 7 % len(value)], pick)
        case dict():
            return {key: _choice(inner, pick) for key, inner in value.items()}
        case list():
            return [_choice(inner, pick) for inner in value]
        case _:
            return value


def one(world: World, side: str, table: str, roles: tuple[str, ...], pick: int, visits: tuple[str, ...] = ()) -> str:
    """The sys_id of a record in one of these states; of one for which somebody went, or will, where there is such a record."""
    instance = world.instance(side)
    rows = instance.store.find(table)
    if roles:
        rows = [r for r in rows if instance.schema.table(r["sys_class_name"]).role_of("state", r["state"]) in roles]
    if not rows:
        raise Refused(f"there is no such {table}")
    if visits and (visited := _visited(world, visits)):
        rows = [r for r in rows if r["sys_id"] in visited] or rows
    return str(rows[pick % len(rows)]["sys_id"])


def _visited(world: World, roles: tuple[str, ...]) -> set[str]:
    """The domain orders and order tasks whose marks stand on work orders in these states; and the parents of those tasks."""
    schema = world.fsm.schema.table("wm_order")
    marks = [
        r["correlation_id"] for r in world.fsm.store.find("wm_order") if schema.role_of("state", r["state"]) in roles
    ]
    meant = {parts[2] for mark in marks if len(parts := mark.split(":")) > 2}
    return meant | {r["parent"] for r in world.om.store.find(ORDER_TASK) if r["sys_id"] in meant}


def _line(sites: Any) -> dict[str, Any]:
    return {
        "offering": ("Business SD-WAN", "Business SD-WAN", "Business SD-WAN", "Mobile Backup"), "location": sites,
        "committed_due_date": ("2026-09-01 12:00:00", "2026-10-01 12:00:00"), "characteristics": {"Bandwidth": RATES},
        "action": ("add", "add", "add", "add", "change", "disconnect", "suspend", "resume"),
    }  # fmt: skip


FALLOUT = "sn_fallout_mgmt_fallout"
OUTBOUND_REQUEST = "sn_tmt_core_outbound_request"
OPEN_ORDER_TASK = ("open", "in_progress", "draft", "scheduled")
_BEFORE = ("draft", "new", "rejected")
_EDITABLE = (*_BEFORE, "revision_in_progress")
_AT_WORK = ("in_progress",)
_WHY = {"reason": "nobody home"}
_OM = "om"
_FSM = "fsm"

MOVES_OF_PEOPLE: dict[str, PersonsMove] = {
    # --- orders
    "create_order": PersonsMove(_OM, 2, more={"account": "Acme Logistics", "contact": "Anna Weber", "lines": ([_line(SITES)], [_line(SITES[:1]), _line(SITES[1:])])}),
    "place": PersonsMove(_OM, 3, "order", ORDER, ("draft",)),
    "approve": PersonsMove(_OM, 4, "order", ORDER, ("new",)),
    "reject": PersonsMove(_OM, 1, "order", ORDER, ("new",)),
    "revise": PersonsMove(_OM, 4, "order", ORDER, _AT_WORK),
    "edit_line": PersonsMove(_OM, 4, "line", LINE, _EDITABLE, {"characteristics": {"Bandwidth": RATES}}),
    "move_line": PersonsMove(_OM, 1, "line", LINE, _EDITABLE, {"fields": {"location": SITES}}, do="edit_line"),
    "add_line": PersonsMove(_OM, 1, "order", ORDER, _EDITABLE, {**_line(SITES)}),
    "remove_line": PersonsMove(_OM, 1, "line", LINE, _EDITABLE),
    "approve_revision": PersonsMove(_OM, 5, "order", ORDER, ("revision_in_progress",)),
    "decline_revision": PersonsMove(_OM, 2, "order", ORDER, ("revision_in_progress",)),
    "cancel_order": PersonsMove(_OM, 1, "order", ORDER, _AT_WORK),
    "approve_cancel": PersonsMove(_OM, 1, "order", ORDER, ("assessing_cancellation",)),
    "decline_cancel": PersonsMove(_OM, 2, "order", ORDER, ("assessing_cancellation",)),
    "set_ponr": PersonsMove(_OM, 2, "line", LINE, _AT_WORK),
    "close_domain_order": PersonsMove(_OM, 5, "domain_order", DOMAIN_ORDER, ("open", "in_progress", "scheduled")),
    "set_domain_order_state": PersonsMove(_OM, 2, "domain_order", DOMAIN_ORDER, (), {"state": ("in_progress", "on_hold", "scheduled", "closed_complete", "canceled")}),
    "call_off": PersonsMove(_OM, 1, "domain_order", DOMAIN_ORDER, ("open", "in_progress", "scheduled"), {"state": "canceled"}, do="set_domain_order_state", visits=OPEN_WORK),
    "put_back": PersonsMove(_OM, 2, "domain_order", DOMAIN_ORDER, ("canceled",), {"state": "in_progress"}, do="set_domain_order_state", visits=("canceled",)),
    "close_order_task": PersonsMove(_OM, 3, "task", ORDER_TASK, ("open", "in_progress", "draft", "scheduled")),
    "finish_enrichment": PersonsMove(_OM, 1, "order", ORDER, ("enrichment_in_progress",)),
    "hold_enrichment": PersonsMove(_OM, 1, "order", ORDER, ("enrichment_in_progress",)),
    "resume_enrichment": PersonsMove(_OM, 1, "order", ORDER, ("enrichment_on_hold",)),
    "create_header_task": PersonsMove(_OM, 1, "order", ORDER, (*_BEFORE, "in_progress"), {"name": "Check credit"}),
    "set_characteristic": PersonsMove(_OM, 2, "line", LINE, _AT_WORK, {"name": "Bandwidth", "value": RATES}),
    "cancel_unit": PersonsMove(_OM, 1, "domain_order", DOMAIN_ORDER, ("open", "in_progress")),
    "create_fallout": PersonsMove(_OM, 2, "task", ORDER_TASK, ("open", "in_progress", "draft", "scheduled")),
    "resolve_fallout": PersonsMove(_OM, 2, "fallout", "sn_fallout_mgmt_fallout", ("open", "in_progress")),
    "delete_order": PersonsMove(_OM, 1, "order", ORDER, ("draft", "new")),
    "reject_line": PersonsMove(_OM, 1, "line", LINE, ("new",)),
    "hold_order": PersonsMove(_OM, 1, "order", ORDER, _AT_WORK),
    "await_information": PersonsMove(_OM, 1, "order", ORDER, _AT_WORK),
    "resume_order": PersonsMove(_OM, 3, "order", ORDER, ("on_hold", "awaiting_information")),
    "start_order_task": PersonsMove(_OM, 1, "task", ORDER_TASK, OPEN_ORDER_TASK),
    "task_awaits_information": PersonsMove(_OM, 1, "task", ORDER_TASK, OPEN_ORDER_TASK),
    "resolve_order_task": PersonsMove(_OM, 1, "task", ORDER_TASK, OPEN_ORDER_TASK),
    "cancel_order_task": PersonsMove(_OM, 1, "task", ORDER_TASK, OPEN_ORDER_TASK),
    "start_fallout": PersonsMove(_OM, 1, "fallout", FALLOUT),
    "hold_fallout": PersonsMove(_OM, 1, "fallout", FALLOUT),
    "fallout_awaits_information": PersonsMove(_OM, 1, "fallout", FALLOUT),
    "close_fallout": PersonsMove(_OM, 1, "fallout", FALLOUT),
    "cancel_fallout": PersonsMove(_OM, 1, "fallout", FALLOUT),
    "create_work_order_for": PersonsMove(_OM, 1, "record", ORDER_TASK, OPEN_ORDER_TASK),
    "answer_outbound_request": PersonsMove(_OM, 1, "request", OUTBOUND_REQUEST, (), {"state": ("pending", "fulfilled", "error")}),
    "revise_outbound_request": PersonsMove(_OM, 1, "request", OUTBOUND_REQUEST),
    "reach_milestone": PersonsMove(_OM, 1, "line", LINE, _AT_WORK, {"name": "Site ready"}),
    # --- work orders
    "create_work_order": PersonsMove(_FSM, 1, more={"short_description": "made by hand"}),
    "qualify": PersonsMove(_FSM, 1, "work_order", "wm_order", ("draft", "awaiting_qualification", "qualified")),
    "dispatch": PersonsMove(_FSM, 6, "work_order", "wm_order", OPEN_WORK, {"technician": "technician"}),
    "accept": PersonsMove(_FSM, 4, "work_order", "wm_order", ("assigned",)),
    "start": PersonsMove(_FSM, 4, "work_order", "wm_order", ("assigned", "accepted")),
    "complete": PersonsMove(_FSM, 5, "work_order", "wm_order", ("assigned", "accepted", "work_in_progress")),
    "close_incomplete": PersonsMove(_FSM, 2, "work_order", "wm_order", ("assigned", "accepted", "work_in_progress"), _WHY),
    "cancel_task": PersonsMove(_FSM, 2, "task", "wm_task", OPEN_TASK, _WHY),
    "cancel_work_order": PersonsMove(_FSM, 2, "work_order", "wm_order", OPEN_WORK, _WHY),
    "reopen_task": PersonsMove(_FSM, 3, "task", "wm_task", ("closed_incomplete",)),
    "approve_work_order": PersonsMove(_FSM, 1, "work_order", "wm_order", ("waiting_for_approval",)),
    "reject_work_order": PersonsMove(_FSM, 1, "work_order", "wm_order", ("waiting_for_approval",), _WHY),
    "schedule": PersonsMove(_FSM, 2, "work_order", "wm_order", OPEN_WORK, {"start": "2026-09-01 08:00:00"}),
    "reject_task": PersonsMove(_FSM, 2, "task", "wm_task", ("assigned",), _WHY),
    "require_part": PersonsMove(_FSM, 1, "task", "wm_task", OPEN_TASK, {"part": "Antenna"}),
    "ship_part": PersonsMove(_FSM, 1, "transfer_order", "alm_transfer_order"),
    "receive_part": PersonsMove(_FSM, 1, "transfer_order", "alm_transfer_order"),
    "attach_questionnaire": PersonsMove(_FSM, 1, "record", "wm_task", OPEN_TASK, {"name": "Safety", "blocks": ("", "closed_complete")}),
    "answer_questionnaire": PersonsMove(_FSM, 1, "questionnaire", "wm_questionnaire"),
    "autopilot": PersonsMove(_FSM, 1, more={"technician": "technician", "seconds": (600, 0), "reads": (0, 40)}),
    "add_task": PersonsMove(_FSM, 1, "work_order", "wm_order", OPEN_WORK, {"short_description": "one thing more"}),
    "ready_task": PersonsMove(_FSM, 1, "task", "wm_task", ("draft",)),
    "travel": PersonsMove(_FSM, 1, "task", "wm_task", ("assigned", "accepted")),
    "arrive": PersonsMove(_FSM, 1, "task", "wm_task", ("assigned", "accepted", "work_in_progress")),
    "use_asset": PersonsMove(_FSM, 1, "task", "wm_task", OPEN_TASK, {"asset": "Antenna"}),
    "delete_work_order": PersonsMove(_FSM, 1, "work_order", "wm_order"),
    # --- either side
    "add_note": PersonsMove(_OM, 2, "domain_order", DOMAIN_ORDER, (), {"as": "fulfillment_agent", "text": ("the customer called", "[om-fsm 0123456789] looks like ours", "visit again", "visit again", "release gate")}),
    "write": PersonsMove(_FSM, 3, "record", "wm_order", (), {"table": "wm_order", "fields": ({"short_description": ("please ring twice", "gate code 1234")}, {"work_notes": ("on my way", "parts are late")})}),
    "go_again": PersonsMove(_OM, 2, "domain_order", DOMAIN_ORDER, (), {"as": "fulfillment_agent", "text": "visit again"}, do="add_note", visits=("closed_incomplete", "canceled")),
    "release": PersonsMove(_OM, 0, "domain_order", DOMAIN_ORDER, (), {"as": "fulfillment_agent", "text": "release gate"}, do="add_note", visits=("closed_incomplete",)),
    "empty_mark": PersonsMove(_FSM, 1, "record", "wm_order", (), {"table": "wm_order", "fields": {"correlation_id": ""}}, do="write"),
    # --- cases
    "create_case": PersonsMove(_OM, 2, more={"short_description": ("the line is slow", "a question"), "account": "Acme Logistics", "location": SITES}),
    "take_case": PersonsMove(_OM, 1, "case", CASE, ("new",)),
    "edit_case": PersonsMove(_OM, 2, "record", CASE, (), {"table": CASE, "fields": {"priority": ("1", "2", "3")}}, do="write"),
    "ask_again": PersonsMove(_OM, 2, "case", CASE, ("open",), {"text": "visit again", "as": "order_agent"}, do="add_note"),
    "note_on_case": PersonsMove(_OM, 2, "case", CASE, (), {"text": ("the dog bites", "ring twice", "[om-fsm 0123456789] looks like ours"), "as": "order_agent"}, do="add_note"),
    "ask_customer": PersonsMove(_OM, 1, "case", CASE, ("open",), {"text": "since when?"}),
    "customer_reply": PersonsMove(_OM, 1, "case", CASE, ("awaiting_info",), {"text": "since Monday"}),
    "propose_solution": PersonsMove(_OM, 1, "case", CASE, ("open",), {"notes": "restarted"}),
    "accept_solution": PersonsMove(_OM, 1, "case", CASE, ("resolved",)),
    "reject_solution": PersonsMove(_OM, 2, "case", CASE, ("resolved",), _WHY),
    "close_case": PersonsMove(_OM, 1, "case", CASE, ("open",), {"notes": "solved"}),
    "cancel_case": PersonsMove(_OM, 1, "case", CASE, ("new", "open"), _WHY),
    # --- cases of Field Service, which must not disturb
    "case_in_field": PersonsMove(_FSM, 1, more={"short_description": "the line is slow", "account": "Acme Logistics"}, do="create_case"),
    "work_order_for_case": PersonsMove(_FSM, 1, "case", CASE, ("new", "open")),
}  # fmt: skip
"""Moves of the sandbox; docs/reliability.md lists those it knows besides."""

_CALLED_OFF = (
    ("call_off", "look", "put_back", "look"),
    ("call_off", "put_back"),
    ("call_off", "look", "put_back", "look", "call_off", "look", "put_back"),
    ("call_off", "look", "put_back", "look", "close_everything"),
)
_AGAIN = (
    ("dispatch", "close_incomplete", "look", "go_again", "look", "dispatch", "complete"),
    ("cancel_work_order", "look", "go_again", "look", "close_everything"),
    ("dispatch", "close_incomplete", "look", "reopen_task", "look", "complete"),
    ("dispatch", "close_incomplete", "look", "go_again", "look", "reopen_task"),
)
_NAMED = (
    ("by_hand", "look", "name_another", "look", "close_everything"),
    ("by_hand", "look", "name_another", "look", "name_another"),
    ("by_hand", "look", "name_nobody", "look", "name_another", "close_everything"),
    ("create_work_order", "name_another", "look", "name_nobody"),
)

_DONE_BEFORE = (
    ("new_fiber", "look", "task_done", "look", "redo", "look", "task_done", "look", "redo"),
    ("new_fiber", "look", "task_done", "look", "redo", "look", "cancel_order", "approve_cancel"),
)
_BEGUN = (
    ("begin_visit", "look", "change_begun", "look", "complete"),
    ("begin_visit", "look", "change_begun", "look", "reject_task", "look", "close_everything"),
    ("begin_visit", "change_begun", "look", "change_begun"),
)

CHAPTERS: tuple[tuple[str, ...], ...] = (
    ("new_order",),
    ("new_order",),
    ("revise", "edit_line", "approve_revision"),
    ("revise", "edit_line", "approve_revision"),
    ("revise", "edit_line", "decline_revision"),
    ("revise", "move_line", "approve_revision"),
    ("revise", "move_line", "edit_line", "approve_revision", "look", "close_everything"),
    ("dispatch", "revise", "move_line", "approve_revision", "look", "cancel_order", "approve_cancel"),
    ("revise", "move_line", "decline_revision"),
    ("revise", "remove_line", "approve_revision"),
    ("cancel_order", "approve_cancel"),
    ("cancel_order", "decline_cancel"),
    ("dispatch", "accept", "start", "complete"),
    ("dispatch", "close_incomplete", "reopen_task"),
    ("set_ponr", "edit_line"),
    ("edit_line", "set_ponr"),
    ("set_characteristic", "set_characteristic"),
    ("by_hand", "dispatch"),
    ("close_domain_order", "set_domain_order_state"),
    ("create_case", "take_case", "edit_case"),
    ("visit_everybody", "reject_solution", "ask_again"),
    ("note_on_case", "write", "note_on_case"),
    ("visit_everybody", "accept_solution"),
    ("close_everything",),
    ("visit_everybody", "close_everything"),
    ("visit_everybody", "close_everything", "reopen_task", "complete"),
    ("ask_create", "revise", "edit_line", "approve_revision"),
    ("ask_create", "cancel_order", "approve_cancel"),
    ("create_work_order", "ask_adopt", "ask_detach", "ask_adopt"),
    ("by_hand", "ask_detach"),
    ("ask_detach", "revise", "edit_line", "approve_revision"),
    *_CALLED_OFF, *_CALLED_OFF, *_CALLED_OFF,
    *_AGAIN, *_AGAIN, *_AGAIN,
    *_NAMED,
    *_DONE_BEFORE, *_DONE_BEFORE, *_DONE_BEFORE,
    *_BEGUN, *_BEGUN, *_BEGUN,
)  # fmt: skip
"""What people do in a row; some of it is played by the player itself, and at a "look" the connector surely looks."""
OF_THE_PLAYER = frozenset(
    {
        *("new_order", "by_hand", "visit_everybody", "close_everything", "name_another", "name_nobody"),
        *("new_fiber", "task_done", "redo", "begin_visit", "change_begun"),
        *("ask_create", "ask_adopt", "ask_detach", "look"),
    }
)
