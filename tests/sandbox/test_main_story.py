"""The whole main story over REST on every shipped profile: a client that knows roles of columns and states, and nothing else.

An order is created, approved and decomposed; a client makes the work order, people work it; the domain orders are closed, and so
is the order. What a profile renames, renumbers, forbids or does by itself is looked up in its schema, never assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox import Refused, World
from tests.sandbox.gestures import BACKUP, SDWAN, START, Client, finish_visits, place_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.instance import Instance

ORDER, DOMAIN_ORDER = "sn_ind_tmt_orm_order", "sn_ind_tmt_orm_domain_order"
PROFILES = ("default", "single", "odd", "strict", "native")


class Integration:
    """A client of one instance that signs in by token and speaks of columns and states by role."""

    def __init__(self, world: World, side: str) -> None:
        self.client = Client(world, side, "connector")
        self.instance: Instance = world.instance(side)
        self.client.session.auth = None
        form = {**self.instance.oauth_client, "grant_type": "client_credentials"}
        token = self.client.call("POST", "/oauth_token.do", data=form).json()["access_token"]
        self.client.session.headers["Authorization"] = f"Bearer {token}"

    def name(self, table: str, key: str) -> str:
        return self.instance.schema.table(table).columns[key].name

    def has(self, table: str, key: str) -> bool:
        return key in self.instance.schema.table(table).columns

    def value(self, table: str, role: str) -> str:
        return self.instance.schema.table(table).value_of("state", role)

    def states(self, table: str, query: str = "") -> list[str]:
        """Roles of the states of the records, in the order of their numbers."""
        rows = self.client.rows(table, f"{query}^ORDERBYnumber")
        return [self.instance.schema.table(table).role_of("state", row["state"]) for row in rows]

    def find(self, table: str, key: str, value: str) -> dict[str, Any]:
        return self.client.row(table, f"{self.name(table, key)}={value}")


@pytest.fixture(params=PROFILES)
def story(request: pytest.FixtureRequest) -> Iterator[tuple[World, Integration, Integration]]:
    world = World.create(profile=request.param, start=START)
    om, fsm = Integration(world, "om"), Integration(world, "fsm")
    yield world, om, fsm
    om.client.session.close()
    fsm.client.session.close()
    world.close()


def make_work_order(om: Integration, fsm: Integration, domain_order: dict[str, Any], template: str) -> dict[str, Any]:
    """What an integration sends for a domain order; a column this instance does not have is left out."""
    place = om.client.row("cmn_location", f"sys_id={domain_order['location']}")["name"]
    wanted = {
        "template": fsm.find("cmdb_workorder_product_model", "name", template)["sys_id"],
        "location": fsm.find("cmn_location", "name", place)["sys_id"],
        "correlation_id": domain_order["sys_id"],
        "priority": domain_order["priority"],
    }
    if fsm.has("wm_order", "account"):
        account = om.client.row("customer_account", f"sys_id={domain_order['account']}")["number"]
        wanted["account"] = fsm.find("customer_account", "number", account)["sys_id"]
    return fsm.client.made("wm_order", **{fsm.name("wm_order", key): value for key, value in wanted.items()})


def test_the_main_story_on_every_profile(story: tuple[World, Integration, Integration]) -> None:
    world, om, fsm = story
    number = place_order(world, SDWAN, BACKUP, approve=False)
    assert (om.states(ORDER), om.states(DOMAIN_ORDER)) == (["new"], [])
    world.act("om", {"do": "approve", "order": number})
    assert om.states(ORDER) == ["acknowledged"]
    world.advance(60)
    assert om.states(ORDER) == ["in_progress"]
    walked = f"{om.name(DOMAIN_ORDER, 'order_line_item')}.order.number={number}"
    resources = f"{walked}^sys_class_name=sn_ind_tmt_orm_resource_order"
    resource = om.client.row(DOMAIN_ORDER, resources)
    native = len(fsm.client.rows("wm_order"))
    assert native == (2 if om.instance.switches["native_integration"] else 0)

    made = make_work_order(om, fsm, resource, "Install CPE")
    query = f"{fsm.name('wm_order', 'correlation_id')}={resource['sys_id']}"
    qualified = fsm.instance.switches["qualification"]
    assert fsm.states("wm_order", query) == ["awaiting_qualification" if qualified else "ready_for_dispatch"]
    assert made[fsm.name("wm_order", "location")]
    tasks = f"{fsm.name('wm_task', 'parent')}={made['sys_id']}"
    assert len(fsm.client.rows("wm_task", tasks)) == 2
    note = {om.name(DOMAIN_ORDER, "work_notes"): f"Work order {made['number']} has been created"}
    assert om.client.patch(resource["sys_class_name"], resource["sys_id"], **note).status_code == 200

    if native:
        with pytest.raises(Refused, match="are not closed"):
            world.act("om", {"do": "close_domain_order", "domain_order": resource["number"]})
    finish_visits(world)
    assert set(fsm.states("wm_order")) == set(fsm.states("wm_task")) == {"closed_complete"}
    for row in om.client.rows("sn_ind_tmt_orm_order_task", "active=true"):
        world.act("om", {"do": "close_order_task", "task": row["number"]})
    for row in om.client.rows(DOMAIN_ORDER, "active=true"):
        world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})
    world.advance(60)
    assert set(om.states(DOMAIN_ORDER)) == {"closed_complete"}
    assert om.states("sn_ind_tmt_orm_order_line_item") == ["completed", "completed"]
    assert om.states(ORDER) == ["completed"]
    assert len(om.client.rows("sn_install_base_sold_product")) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_what_tells_the_profiles_apart(profile: str) -> None:
    world = World.create(profile=profile, start=START)
    om, fsm = world.om, world.fsm
    domain_order, work_order = om.schema.table(DOMAIN_ORDER), fsm.schema.table("wm_order")
    usual = {"specification", "order_line_item", "version"} <= set(domain_order.by_name)
    facts = {
        "one instance": om is fsm,
        "other names": not usual,
        "other numbers": work_order.value_of("state", "canceled") != "7",
        "no customer columns": "account" not in work_order.columns,
        "qualification": bool(fsm.switches["qualification"]),
        "other zones": om.users["connector"].zone.key != "GMT",
        "tokens only": bool(om.switches["basic_auth_gate"]) and not om.users["connector"].web_service_only,
        "query rights": any("query_range" in grant.operations for grant in fsm.access.grants),
        "own integration": bool(om.switches["native_integration"]),
    }
    differences = {
        "default": set(),
        "single": {"one instance"},
        "odd": {"other names", "other numbers", "no customer columns", "qualification", "other zones"},
        "strict": {"tokens only", "query rights"},
        "native": {"one instance", "own integration"},
    }
    assert {fact for fact, true in facts.items() if true} == differences[profile]
    world.close()
