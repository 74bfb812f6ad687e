"""Other instances are other data files: renumbered, renamed, hardened or merged, the same life goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import World
from connector.sandbox.profile import ProfileError, load
from tests.sandbox.gestures import BACKUP, SDWAN, START, Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"


@pytest.fixture(params=["default", "single", "odd", "strict"])
def any_world(request: pytest.FixtureRequest) -> Iterator[World]:
    world = World.create(profile=request.param, start=START)
    yield world
    world.close()


def oauth(client: Client) -> Client:
    """Sign in by token, as a hardened instance demands."""
    client.session.auth = None
    instance = client.world.om if client.base == client.world.om.base_url else client.world.fsm
    form = {**instance.oauth_client, "grant_type": "client_credentials"}
    token = client.call("POST", "/oauth_token.do", data=form).json()["access_token"]
    client.session.headers["Authorization"] = f"Bearer {token}"
    return client


def labels(client: Client, table: str) -> set[str]:
    rows = client.rows(table, sysparm_display_value="true", sysparm_fields="state")
    return {row["state"].lower().replace("cancelled", "canceled") for row in rows}


def test_an_order_lives_from_approval_to_completion_on_every_profile(any_world: World) -> None:
    om = oauth(Client(any_world, "om", "connector"))
    number = place_order(any_world, SDWAN, BACKUP)
    any_world.advance(60)
    assert len(om.rows(DOMAIN_ORDER)) == 5
    any_world.act("om", {"do": "revise", "order": number})
    assert labels(om, DOMAIN_ORDER) == {"on hold"}
    any_world.act("om", {"do": "remove_line", "line": "ORDL0010002"})
    any_world.act("om", {"do": "approve_revision", "order": number})
    assert labels(om, DOMAIN_ORDER) == {"scheduled", "canceled"}
    any_world.advance(60)
    for row in om.rows(DOMAIN_ORDER, "active=true", sysparm_fields="number"):
        any_world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})
    any_world.advance(60)
    assert labels(om, "sn_ind_tmt_orm_order") == {"completed"}
    om.session.close()


def test_a_work_order_lives_from_template_to_closing_on_every_profile(any_world: World) -> None:
    fsm = oauth(Client(any_world, "fsm", "connector"))
    for move in ("complete", "cancel"):
        number = fsm.made("wm_order", template=template(fsm, "Install CPE"))["number"]
        if any_world.fsm.switches["qualification"]:
            any_world.act("fsm", {"do": "qualify", "work_order": number})
        any_world.act("fsm", {"do": "dispatch", "work_order": number, "technician": "technician"})
        any_world.act("fsm", {"do": "start", "work_order": number})
        if move == "complete":
            any_world.act("fsm", {"do": "complete", "work_order": number})
            assert labels(fsm, "wm_order") == {"closed complete"}
        else:
            any_world.act("fsm", {"do": "cancel_work_order", "work_order": number, "reason": "x"})
            assert labels(fsm, "wm_order") == {"closed complete", "canceled"}
    fsm.session.close()


def test_a_single_instance_has_one_address_and_both_applications() -> None:
    world = World.create(profile="single", start=START)
    assert world.om is world.fsm
    client = Client(world, "fsm", "connector")
    place_order(world)
    domain_order = client.row("sn_ind_tmt_orm_service_order", "")
    made = client.made("wm_order", initiated_from=domain_order["sys_id"], short_description="x")
    walked = client.row("wm_order", f"sys_id={made['sys_id']}", sysparm_fields="initiated_from.number")
    assert walked == {"initiated_from.number": "SO0010001"}
    assert world.requests("om") == world.requests("fsm")
    client.session.close()
    world.close()


def test_the_odd_profile_renames_renumbers_and_leaves_out() -> None:
    world = World.create(profile="odd", start=START)
    om, fsm = Client(world, "om", "connector"), Client(world, "fsm", "connector")
    place_order(world)
    world.advance(60)
    row = om.row("sn_ind_tmt_orm_service_order", "u_line_item.order.number=ORD0010001")
    assert {"u_specification", "record_version"} <= set(row)
    assert not {"specification", "version", "order_line_item"} & set(row)
    assert row["state"] == "21"
    assert om.rows("sn_ind_tmt_orm_order_task", "ORDERBYnumber")[0]["number"] == "OMTASK0010001"
    elements = {row["element"] for row in fsm.rows("sys_dictionary", "name=wm_order")}
    assert "account" not in elements
    assert "location" in om.rows(DOMAIN_ORDER)[0]
    assert fsm.rows("wm_order", "bunk=1") == []
    for client in (om, fsm):
        client.session.close()
    world.close()


def test_the_strict_profile_wants_tokens_and_forgets_fields_after_dispatch() -> None:
    world = World.create(profile="strict", start=START)
    fsm = Client(world, "fsm", "connector")
    assert fsm.get("wm_order").status_code == 401
    oauth(fsm)
    made = fsm.made("wm_order", template=template(fsm, "Site Survey"), sys_id="A" * 32)
    assert made["sys_id"] != "A" * 32
    assert fsm.rows("sys_dictionary") == fsm.rows("sys_journal_field") == []
    for query in ("short_descriptionLIKEsurvey", "bunk=1"):
        assert fsm.get("wm_order", sysparm_query=query).status_code == 403
    assert len(fsm.rows("wm_order", "short_description=Survey the customer site")) == 1
    changed = fsm.patch("wm_order", made["sys_id"], priority=1)
    assert changed.json()["result"]["priority"] == "1"
    world.act("fsm", {"do": "dispatch", "work_order": made["number"], "technician": "technician"})
    ignored = fsm.patch("wm_order", made["sys_id"], priority=3, work_notes="x")
    assert (ignored.status_code, ignored.json()["result"]["priority"]) == (200, "1")
    fsm.session.close()
    world.close()


def test_a_profile_of_ones_own_says_only_what_differs(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'extends = "default"\nremove = ["fsm.tables.wm_task.columns.skills"]\n'
        "[switches]\nqualification = true\n"
        '[fsm.tables.wm_order.columns]\nu_gate_code = "string:20 | Gate code"\n'
        '[[fsm.records]]\ntable = "cmn_location"\nrows = [{ id = "kiel", name = "Acme Kiel Shop", city = "Kiel" }]\n'
    )
    world = World.create(profile=str(mine), start=START)
    fsm = Client(world, "fsm", "connector")
    assert fsm.made("wm_order", u_gate_code="1234")["u_gate_code"] == "1234"
    assert fsm.row("cmn_location", "city=Kiel")["name"] == "Acme Kiel Shop"
    assert "skills" not in world.fsm.schema.table("wm_task").columns
    assert "skills" in load("default").fsm.tables["wm_task"]["columns"]
    fsm.session.close()
    world.close()


def test_each_class_may_have_a_specification_column_of_its_own_and_orders_may_be_tasks(tmp_path: Path) -> None:
    """What the documentation leaves open about columns and parents is said by a profile."""
    mine = tmp_path / "mine.toml"
    kinds = ("product", "service", "resource")
    tables = [
        f'[om.tables.sn_ind_tmt_orm_{kind}_order.columns]\nspecification = "reference:cmdb_model"\n' for kind in kinds
    ]
    names = [f'"sn_ind_tmt_orm_{kind}_order.specification" = "{kind}_specification"\n' for kind in kinds]
    parent = '[om.tables.sn_ind_tmt_orm_order]\nextends = "task"\n'
    mine.write_text('extends = "default"\n' + parent + "".join(tables) + "[om.rename]\n" + "".join(names))
    world = World.create(profile=str(mine), start=START)
    om = Client(world, "om", "connector")
    number = place_order(world)
    walked = {"sysparm_fields": "resource_specification.name,specification"}
    assert om.row("sn_ind_tmt_orm_resource_order", "", **walked) == {"resource_specification.name": "SD-WAN CPE"}
    assert om.row("sn_ind_tmt_orm_order", f"number={number}")["state"] == "in_progress"
    admin = Client(world, "om", "admin")
    classes = {row["sys_class_name"] for row in admin.rows("task", f"number={number}")}
    assert classes == {"sn_ind_tmt_orm_order"}
    for client in (om, admin):
        client.session.close()
    world.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends = 'default'\nremove = ['fsm.tables.nonsense']", "removes fsm.tables.nonsense, which does not exist"),
        ("extends = 'nowhere'", "there is no profile 'nowhere'"),
        ("a = ", "is not valid TOML"),
        ("extends = 'default'\n[om.tables.task.columns]\nx = '??'", "task.columns.x '\\?\\?' is not 'type"),
    ],
)
def test_a_broken_profile_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(text)
    with pytest.raises(ProfileError, match=words):
        World.create(profile=str(broken))


def test_the_strict_profile_counts_requests_and_takes_no_secret_in_a_header() -> None:
    world = World.create("strict", start=START)
    client = Client(world, "fsm", "connector")
    secret = (world.fsm.oauth_client["client_id"], world.fsm.oauth_client["client_secret"])
    client.session.auth = secret
    refused = client.call("POST", "/oauth_token.do", data={"grant_type": "client_credentials"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert oauth(client).get("wm_order").headers["X-RateLimit-Limit"] == "20000"
    client.session.close()
    world.close()
