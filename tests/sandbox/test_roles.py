"""What each role of an integration user may do, table by table, tried over REST with users that have this one role.

The rows are the documentation's (the least role for each need); a role that is not named for a need must not open it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import Refused, World
from connector.sandbox.people import with_contained
from tests.sandbox.gestures import SDWAN, START, Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DOMAIN_ORDER, TASK, FALLOUT = "sn_ind_tmt_orm_domain_order", "sn_ind_tmt_orm_order_task", "sn_fallout_mgmt_fallout"
LINE = "sn_ind_tmt_orm_order_line_item"
CASE = "sn_customerservice_case"
OM, CS = "sn_ind_tmt_orm.", "sn_customerservice."

FULFILLMENT = {"read domain order", "read service order", "read order task"}
ORDERS = FULFILLMENT | {"read order", "read line", "read characteristic", "read sold product", "read inflight change"}
NOTES = {"note domain order", "note order task", "set order task"}
EDITS = NOTES | {"edit domain order", "edit service order"}
FALLOUTS = {"raise fallout", "read fallout", "set fallout"}
NEEDS = {
    "om": {
        f"{OM}order_viewer": ORDERS | {"read contract"},
        f"{OM}fulfillment_viewer": FULFILLMENT,
        f"{OM}fulfillment_writer": FULFILLMENT | NOTES,
        f"{OM}order_fulfilment_agent": ORDERS | EDITS | FALLOUTS | {"read sla"},
        f"{OM}order_fulfilment_manager": ORDERS | EDITS | FALLOUTS,
        f"{OM}service_order_manager": {"read service order", "edit service order"},
        "sn_fallout_mgmt.fallout_creator": {"raise fallout", "read fallout"},
        "sn_fallout_mgmt.fallout_agent": FALLOUTS,
        f"{OM}order_integrator": set(),
        f"{OM}order_approver": {"approve"},
        f"{CS}case_viewer": {"read case"},
        f"{CS}customer_data_viewer": {"read contract"},
        "sn_customerservice_agent": {"read case", "set case", "read contract"},
        "personalize_dictionary": {"read choices"},
        "journal_reader": {"read journal"},
    },
    "fsm": {
        "wm_read": {"read order", "read task"},
        "wm_basic": {"read order", "read task", "create order", "note order", "note task"},
        "wm_initiator": {
            "read order", "read task", "create order", "edit own draft", "note order", "note task", "cancel order",
        },
        "wm_task_initiator": {"read order", "read task", "create task", "edit draft task", "set dispatch group"},
        "wm_qualifier": {
            "read order", "read task", "edit awaiting", "note order", "note task", "cancel order", "cancel task",
            "create task", "set dispatch group",
        },
        "wm_dispatcher": {
            "read order", "read task", "note order", "note task", "cancel order", "cancel task", "create task",
            "edit draft task", "edit assigned task", "set dispatch group",
        },
        "sn_fsm_servicedesk_agent": {
            "read order", "read task", "create order", "edit own draft", "edit other draft", "edit awaiting", "note order",
            "cancel order",
        },
        "wm_initiator_qualifier_dispatcher": {
            "read order", "read task", "create order", "edit own draft", "edit awaiting", "note order", "note task",
            "cancel order", "cancel task", "create task", "edit draft task", "edit assigned task", "set dispatch group",
        },
        "wm_agent": {"read order", "read task", "note order", "note task", "set own task"},
        f"{CS}case_viewer": {"read case"},
        "sn_customerservice_agent": {"read case", "set case"},
    },
}  # fmt: skip
CELLS = [(side, role) for side, roles in NEEDS.items() for role in roles]


def user_of(role: str) -> str:
    return "only_" + role.replace(".", "_")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both instances with a user per role, an order in progress, and work orders in several states."""
    path: Path = tmp_path_factory.mktemp("roles") / "roles.toml"
    people = [f'[{side}.users.{user_of(role)}]\nname = "{user_of(role)}"\nroles = ["{role}"]\n' for side, role in CELLS]
    path.write_text('extends = "default"\n' + "".join(people))
    world = World.create(profile=str(path), start=START)
    world.switch("om", jeopardy=["Business SD-WAN"])
    line = {**SDWAN, "committed_due_date": "2026-03-05 08:00:00", "characteristics": {"Bandwidth": "100"}}
    number = place_order(world, line)
    world.act("om", {"do": "revise", "order": number})
    world.act("om", {"do": "edit_line", "line": "ORDL0010001", "characteristics": {"Bandwidth": "200"}})
    world.act("om", {"do": "decline_revision", "order": number})
    world.act("om", {"do": "create_fallout", "task": "TASK0010003"})
    world.act("om", {"do": "create_case", "short_description": "No signal"})
    world.act("fsm", {"do": "create_case", "short_description": "No signal"})
    insert, system = world.om.records.insert, world.om.system
    insert("sn_install_base_sold_product", {"name": "Router"}, system)
    insert("ast_contract", {"number": "C1"}, system)
    place_order(world, approve=False)
    yield world
    world.close()


def order_in(world: World, state: str, opened_by: str = "") -> tuple[str, str]:
    """A work order in the state of this role, and one task of it."""
    table = world.fsm.schema.table("wm_order")
    values = {"short_description": "x", "opened_by": opened_by, "state": table.value_of("state", state)}
    order = world.fsm.records.insert("wm_order", values, world.fsm.system)
    task = world.fsm.records.insert("wm_task", {"parent": order["sys_id"], "short_description": "y"}, world.fsm.system)
    return order["sys_id"], task["sys_id"]


def set_task(world: World, task: str, state: str, **values: str) -> str:
    value = world.fsm.schema.table("wm_task").value_of("state", state)
    world.fsm.records.update("wm_task", task, {**values, "state": value}, world.fsm.system)
    return task


class Try:
    """The attempts of one user: each says whether it worked."""

    def __init__(self, world: World, side: str, login: str) -> None:
        self.world = world
        self.client = Client(world, side, login)
        self.user = world.users(side)[login]
        self._texts = 0

    def sees(self, table: str) -> bool:
        answer = self.client.get(table, sysparm_limit="1")
        return answer.status_code == 200 and bool(answer.json()["result"])

    def writes(self, table: str, sys_id: str, key: str = "short_description", value: str = "") -> bool:
        """The column has the value afterwards, as the administrator sees it."""
        self._texts += 1
        value = value or f"{self.user.login} {self._texts}"
        self.client.patch(table, sys_id, **{key: value})
        admin = Client(self.world, "om" if self.client.base == self.world.om.base_url else "fsm", "admin")
        shown = admin.row(table, f"sys_id={sys_id}", sysparm_display_value="true" if key == "work_notes" else "false")[
            key
        ]
        admin.session.close()
        return value in shown if key == "work_notes" else shown == value

    def creates(self, table: str, **body: str) -> bool:
        return self.client.post(table, **body).status_code == 201


def attempts_on_om(world: World, attempt: Try) -> dict[str, Callable[[], bool]]:
    def first(table: str, **equal: str) -> str:
        return world.om.store.find(table, **equal)[0]["sys_id"]

    def approves() -> bool:
        try:
            world.act("om", {"do": "approve", "order": "ORD0010002", "as": attempt.user.login})
        except Refused:
            return False
        return True

    service, resource = (first(f"sn_ind_tmt_orm_{kind}_order") for kind in ("service", "resource"))
    task = first(TASK, short_description="Site survey")
    return {
        "read order": lambda: attempt.sees("sn_ind_tmt_orm_order"),
        "read line": lambda: attempt.sees(LINE),
        "read domain order": lambda: attempt.sees(DOMAIN_ORDER),
        "read service order": lambda: attempt.sees("sn_ind_tmt_orm_service_order"),
        "read order task": lambda: attempt.sees(TASK),
        "read characteristic": lambda: attempt.sees("sn_ind_tmt_orm_order_characteristic_value"),
        "read sold product": lambda: attempt.sees("sn_install_base_sold_product"),
        "read inflight change": lambda: attempt.sees("sn_ind_tmt_orm_inflight_order_line_item_change"),
        "note domain order": lambda: attempt.writes(DOMAIN_ORDER, resource, "work_notes"),
        "note order task": lambda: attempt.writes(TASK, task, "work_notes"),
        "set order task": lambda: attempt.writes(TASK, task, "state", _other(world, task)),
        "edit domain order": lambda: attempt.writes(DOMAIN_ORDER, resource),
        "edit service order": lambda: attempt.writes("sn_ind_tmt_orm_service_order", service),
        "raise fallout": lambda: attempt.creates(FALLOUT, short_description="x"),
        "read fallout": lambda: attempt.sees(FALLOUT),
        "set fallout": lambda: attempt.writes(FALLOUT, first(FALLOUT)),
        "read sla": lambda: attempt.sees("task_sla"),
        "approve": approves,
        "read case": lambda: attempt.sees(CASE),
        "set case": lambda: attempt.writes(CASE, first(CASE)),
        "read contract": lambda: attempt.sees("ast_contract"),
        "read choices": lambda: attempt.sees("sys_choice"),
        "read journal": lambda: attempt.sees("sys_journal_field"),
    }


def _other(world: World, task: str) -> str:
    """Open or In progress, whichever the task is not."""
    table = world.om.schema.table(TASK)
    now = world.om.store.get(table, task)
    opened, running = table.value_of("state", "open"), table.value_of("state", "in_progress")
    return running if now and now["state"] == opened else opened


def attempts_on_fsm(world: World, attempt: Try) -> dict[str, Callable[[], bool]]:
    own, own_task = order_in(world, "draft", attempt.user.sys_id)
    other, draft_task = order_in(world, "draft", world.fsm.system.sys_id)
    waiting, _ = order_in(world, "awaiting_qualification")
    busy, mine = order_in(world, "ready_for_dispatch")
    set_task(world, mine, "work_in_progress", assigned_to=attempt.user.sys_id)
    _, assigned = order_in(world, "ready_for_dispatch")
    set_task(world, assigned, "assigned", assigned_to=world.fsm.system.sys_id)
    group = world.fsm.store.find("sys_user_group", name="Field Dispatch")[0]["sys_id"]
    canceled = world.fsm.schema.table("wm_order").value_of("state", "canceled")
    for table, sys_id in (("wm_order", own), ("wm_task", draft_task)):
        world.fsm.records.update(table, sys_id, {"work_notes": "May be canceled"}, world.fsm.system)
    cases = world.fsm.store.find(CASE)
    return {
        "read order": lambda: attempt.sees("wm_order"),
        "read task": lambda: attempt.sees("wm_task"),
        "create order": lambda: attempt.creates("wm_order", short_description="x"),
        "edit own draft": lambda: attempt.writes("wm_order", own),
        "edit other draft": lambda: attempt.writes("wm_order", other),
        "edit awaiting": lambda: attempt.writes("wm_order", waiting),
        "note order": lambda: attempt.writes("wm_order", busy, "work_notes"),
        "note task": lambda: attempt.writes("wm_task", assigned, "work_notes"),
        "create task": lambda: attempt.creates("wm_task", parent=other, short_description="z"),
        "edit draft task": lambda: attempt.writes("wm_task", own_task),
        "edit assigned task": lambda: attempt.writes("wm_task", assigned),
        "set dispatch group": lambda: attempt.writes("wm_task", draft_task, "dispatch_group", group),
        "set own task": lambda: attempt.writes("wm_task", mine, "sub_state", "complete"),
        "cancel order": lambda: attempt.writes("wm_order", own, "state", canceled),
        "cancel task": lambda: attempt.writes("wm_task", draft_task, "state", canceled),
        "read case": lambda: attempt.sees(CASE),
        "set case": lambda: attempt.writes(CASE, cases[0]["sys_id"]),
    }


@pytest.mark.parametrize(("side", "role"), CELLS)
def test_a_role_opens_what_it_is_named_for_and_nothing_else(stage: World, side: str, role: str) -> None:
    attempt = Try(stage, side, user_of(role))
    attempts = (attempts_on_om if side == "om" else attempts_on_fsm)(stage, attempt)
    opened = {need for need, tried in attempts.items() if tried()}
    attempt.client.session.close()
    assert opened == NEEDS[side][role]


def test_a_role_contains_others_over_several_steps_and_in_circles() -> None:
    contains = {"a": ["b"], "b": ["c", "a"], "x": ["y"]}
    assert with_contained(["a"], contains) == {"a", "b", "c"}
    assert with_contained([], contains) == frozenset()


def test_contained_roles_are_listed_as_inherited(stage: World) -> None:
    admin = Client(stage, "fsm", "admin")
    query = f"user.user_name={user_of('wm_basic')}^ORDERBYrole.name"
    rows = admin.rows("sys_user_has_role", query, sysparm_fields="role.name,inherited")
    assert [tuple(row.values()) for row in rows] == [
        ("task_activity_writer", "true"),
        ("wm_basic", "false"),
        ("wm_read", "true"),
    ]
    pairs = admin.rows("sys_user_role_contains", "role.name=wm_basic", sysparm_fields="contains.name")
    assert sorted(row["contains.name"] for row in pairs) == ["task_activity_writer", "wm_read"]
    admin.session.close()


def test_whether_the_writer_role_covers_domain_orders_is_a_switch(world: World, om: Client) -> None:
    place_order(world)
    row = om.row(DOMAIN_ORDER, "number=RO0010001")
    world.switch("om", writer_covers_domain_orders=False)
    assert om.patch(row["sys_class_name"], row["sys_id"], work_notes="x").status_code == 403
    task = om.row(TASK, "short_description=Site survey")["sys_id"]
    assert om.patch(TASK, task, work_notes="x").json()["result"]["sys_mod_count"] == "1"
    world.switch("om", writer_covers_domain_orders=True)
    assert om.patch(row["sys_class_name"], row["sys_id"], work_notes="x").status_code == 200


def test_whether_the_writer_role_sets_the_point_of_no_return_is_a_switch(world: World, om: Client) -> None:
    place_order(world)
    line = om.row("sn_ind_tmt_orm_order_line_item", "")["sys_id"]
    for switch in (False, True):
        world.switch("om", writer_sets_ponr=switch)
        om.patch("sn_ind_tmt_orm_order_line_item", line, ponr="true")
        assert om.row("sn_ind_tmt_orm_order", "")["ponr"] == str(switch).lower()


def test_whether_the_writer_role_plans_order_tasks_is_a_switch(world: World, om: Client) -> None:
    place_order(world)
    task = om.row(TASK, "short_description=Site survey")["sys_id"]
    for switch, end in ((False, ""), (True, "2026-04-01 12:00:00")):
        world.switch("om", writer_plans_order_tasks=switch)
        om.patch(TASK, task, planned_end_date="2026-04-01 12:00:00")
        assert om.row(TASK, f"sys_id={task}")["planned_end_date"] == end


def test_a_person_saves_no_field_that_the_state_has_closed(world: World) -> None:
    made = world.act("fsm", {"do": "create_work_order", "short_description": "x"})["work_order"]["number"]
    form = {"do": "write", "as": "dispatcher", "table": "wm_order", "record": made, "fields": {"description": "y"}}
    world.act("fsm", form)
    world.act("fsm", {"do": "qualify", "work_order": made})
    with pytest.raises(Refused, match="Diana Torres may not write 'Description' of a work order"):
        world.act("fsm", {**form, "fields": {"description": "z"}})


@pytest.mark.parametrize(("order_state", "allowed"), [("draft", True), ("awaiting_qualification", False)])
def test_a_task_initiator_edits_drafts_of_draft_work_orders_only(
    stage: World, order_state: str, *, allowed: bool
) -> None:
    attempt = Try(stage, "fsm", user_of("wm_task_initiator"))
    _, task = order_in(stage, order_state)
    table = stage.fsm.schema.table("wm_task")
    row = stage.fsm.store.get(table, task)
    assert row is not None
    assert table.role_of("state", row["state"]) == "draft"
    assert attempt.writes("wm_task", task) is allowed
    attempt.client.session.close()


CUSTOMER_DATA = ("customer_account", "customer_contact", "cmn_location")


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_customer_data_is_for_its_viewers_where_the_instance_is_not_open_to_all(profile: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    guests = "".join(
        f'[fsm.users.{login}]\nname = "G"\nroles = {roles}\n'
        for login, roles in (("guest", ["wm_read"]), ("viewer", ["wm_read", f"{CS}customer_data_viewer"]))
    )
    path.write_text(f'extends = "{profile}"\n[switches]\nbasic_auth_gate = false\n{guests}', encoding="utf-8")
    world = World.create(str(path), start=START)
    seen = {}
    for login in ("guest", "viewer"):
        client = Client(world, "fsm", login)
        answers = [client.get(table, sysparm_limit="1").json().get("result", []) for table in CUSTOMER_DATA]
        seen[login] = [bool(rows) for rows in answers]
        assert client.rows("sys_user", "user_name=dispatcher") != []
        contacts = client.rows("sys_user", "sys_class_name=customer_contact")
        assert bool(contacts) is seen[login][1]
        client.session.close()
    world.close()
    assert seen == {"guest": [profile == "default"] * 3, "viewer": [True] * 3}
