"""README promise: the doctor finds each illness it knows, finds none on healthy instances, and changes nothing anywhere."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import BaseAdapter

from connector import app, memory
from connector.config import load
from connector.doctor.check import Level, Suite
from connector.doctor.registry import CHECKS
from connector.doctor.run import examine
from connector.mapping.marks import WorkOrderKey
from connector.model import Finding, FindingCode
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, ORDER, Pair, make_pair
from tests.scenarios.test_discover import adopt, found, pair_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.doctor.check import Result
    from connector.doctor.patient import Patient


def edit(pair: Pair, before: str, after: str) -> None:
    """Change the configuration as a person does."""
    text = pair.loaded.path.read_text(encoding="utf-8")
    assert before in text, before
    pair.loaded.path.write_text(text.replace(before, after, 1), encoding="utf-8")
    pair.loaded = load(pair.loaded.path)


def add(pair: Pair, text: str) -> None:
    edit(pair, "[policy]", f"{text}\n\n[policy]")


def put(pair: Pair, side: str, table: str, values: dict[str, str]) -> None:
    instance = pair.world.instance(side)
    instance.records.insert(table, values, instance.system)


def change(pair: Pair, side: str, table: str, values: dict[str, str], **where: str) -> None:
    instance = pair.world.instance(side)
    [row, *_] = instance.records.find(table, **where)
    instance.records.update(table, row["sys_id"], values, instance.system)


def say(pair: Pair, side: str, name: str, value: str) -> None:
    """An administrator sets a property."""
    instance = pair.world.instance(side)
    rows = instance.records.find("sys_properties", name=name)
    if rows:
        instance.records.update("sys_properties", rows[0]["sys_id"], {"value": value}, instance.system)
    else:
        put(pair, side, "sys_properties", {"name": name, "value": value})


def me(pair: Pair, side: str, **values: str) -> None:
    change(pair, side, "sys_user", values, user_name="connector")


def at_work(pair: Pair) -> str:
    """An order with two work orders; returns its number."""
    order = pair.approved(HAMBURG)
    pair.sync()
    return order


def examined(pair: Pair, check: str, **swap: Any) -> list[Result]:
    """The answers of one check. `swap` replaces parts of what the doctor looks at."""
    database = memory.reading(pair.loaded)
    patient: Patient = dataclasses.replace(app.patient(pair.loaded, database, pair.outside()), **swap)
    return list(examine(patient, CHECKS, ids={check}))


def level(pair: Pair, check: str, side: str = "", **swap: Any) -> Level:
    return next(r.level for r in examined(pair, check, **swap) if side in ("", r.side))


# --- something in between that changes answers ----------------------------------------------------------------------------


@dataclass
class Tampering(BaseAdapter):
    """A proxy in between that spoils every answer."""

    inner: BaseAdapter
    spoil: Callable[[requests.PreparedRequest, requests.Response], None]

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        self.spoil(request, response)
        return response

    def close(self) -> None:
        self.inner.close()


def through(
    pair: Pair, side: str, check: str, spoil: Callable[[requests.PreparedRequest, requests.Response], None]
) -> Level:
    world = pair.outside()
    adapters = {**(world.adapters or {}), side: Tampering(pair.world.adapter(side), spoil)}
    results = app.examine_once(pair.loaded, ids=[check], world=dataclasses.replace(world, adapters=adapters))
    return next(result.level for result in results if result.side == side)


def reverse(_request: requests.PreparedRequest, response: requests.Response) -> None:
    body = response.json()
    if isinstance(body.get("result"), list):
        body["result"].reverse()
    response._content = json.dumps(body).encode()


def without(*names: str) -> Callable[[requests.PreparedRequest, requests.Response], None]:
    def spoil(_request: requests.PreparedRequest, response: requests.Response) -> None:
        for name in names:
            response.headers.pop(name, None)

    return spoil


def waits(_request: requests.PreparedRequest, response: requests.Response) -> None:
    response.headers["Server-Timing"] = "t;desc=abc, sem_wait;dur=900, sesh_wait;dur=0"


def unbounded(request: requests.PreparedRequest, response: requests.Response) -> None:
    if response.content and "2999" in str(request.url):
        response._content = json.dumps({"result": [{"sys_id": "a" * 32}]}).encode()


def untrusted(_request: requests.PreparedRequest, _response: requests.Response) -> None:
    raise requests.exceptions.SSLError("certificate verify failed: unable to get local issuer certificate")


@pytest.mark.parametrize(
    ("check", "side", "spoil", "wanted"),
    [
        ("reach.certificate", "om", untrusted, Level.FAILED),
        ("reach.answers", "om", untrusted, Level.FAILED),
        ("reach.transaction", "fsm", without("X-Transaction-ID"), Level.WARNING),
        ("query.order", "om", reverse, Level.FAILED),
        ("query.bound", "om", unbounded, Level.FAILED),
        ("pace.queue", "om", waits, Level.WARNING),
    ],
)
def test_what_is_in_between_is_found_too(
    check: str,
    side: str,
    spoil: Callable[[requests.PreparedRequest, requests.Response], None],
    wanted: Level,
    pair: Pair,
) -> None:
    for name in (HAMBURG, HAMBURG):
        pair.approved(name)
    assert through(pair, side, check, lambda *_: None) is Level.FINE
    assert through(pair, side, check, spoil) is wanted


# --- illnesses ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Illness:
    """A check, what makes it ill, and how it then stands. `first` is done in health, before both looks."""

    check: str
    spoil: Callable[[Pair], object]
    side: str = ""
    wanted: Level = Level.FAILED
    first: Callable[[Pair], object] = lambda _pair: None
    healthy: frozenset[Level] = field(default_factory=lambda: frozenset({Level.FINE}))

    def __str__(self) -> str:
        return f"{self.check} {self.side}".strip()


def fault(kind: str, side: str = "om", **details: Any) -> Callable[[Pair], object]:
    return lambda pair: pair.world.fault(side, {"kind": kind, "count": None, **details})


def switch(side: str = "om", **values: Any) -> Callable[[Pair], object]:
    return lambda pair: pair.world.switch(side, **values)


def webhook(pair: Pair) -> None:
    secret = pair.loaded.path.with_name("webhook.secret")
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", encoding="utf-8")
    secret.chmod(0o600)
    add(pair, '[webhook]\nsecret = { file = "webhook.secret" }')


def heard(pair: Pair) -> None:
    webhook(pair)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.store.note_pass("webhook", pair.now())


def parked(pair: Pair) -> None:
    pair.world.fault("fsm", {"kind": "status", "status": 400, "method": "POST", "count": None})
    pair.approved(HAMBURG)
    pair.sync()


def finding(code: FindingCode) -> Callable[[Pair], None]:
    def find(pair: Pair) -> None:
        with app.writing(pair.loaded, pair.outside()) as (engine, _):
            engine.store.find("0" * 32, "ORD1", [Finding(code, "WO1", "something was not taken")], pair.now())

    return find


def foreign_work_order(pair: Pair, key: str = "") -> None:
    key = key or str(WorkOrderKey("prod", "a" * 32, "install-cpe", 1, 1))
    pair.fsm("create_work_order", short_description="copied", correlation_id=key)


def namesake(pair: Pair) -> None:
    """Another Order Management of the same name has a work order made for one of its own."""
    foreign_work_order(pair, str(WorkOrderKey("om", "b" * 32, "install-cpe", 1, 1)))


def copied_work_order(pair: Pair) -> None:
    key = next(r["correlation_id"] for r in pair.rows("fsm", "wm_order", "", "correlation_id") if r["correlation_id"])
    foreign_work_order(pair, key)


def another_instance(pair: Pair) -> None:
    """Put back from a backup of another one: none of the oldest orders is there."""
    for row in pair.rows("om", ORDER, "", "sys_id"):
        pair.world.om.records.delete(ORDER, row["sys_id"], pair.world.om.system)
    pair.place(HAMBURG)


def with_profile(pair: Pair) -> None:
    say(pair, "om", "glide.buildtag", "glide-australia-06-25-2026")
    adopt(pair, found(pair))


def policy_says(before: str, after: str) -> Callable[[Pair], None]:
    def write(pair: Pair) -> None:
        path = pair.loaded.path.with_name("domain_order_policy.csv")
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    return write


def policy_with_group(group: str) -> Callable[[Pair], None]:
    def write(pair: Pair) -> None:
        path = pair.loaded.path.with_name("domain_order_policy.csv")
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        told = [f"{lines[0]},dispatch group", *(f"{line},{'' if 'NO FIELD' in line else group}" for line in lines[1:])]
        path.write_text("\n".join(told) + "\n", encoding="utf-8")

    return write


def task_policy_says(before: str, after: str) -> Callable[[Pair], None]:
    def write(pair: Pair) -> None:
        path = pair.loaded.path.with_name("order_task_policy.csv")
        text = path.read_text(encoding="utf-8")
        assert before in text, text
        path.write_text(text.replace(before, after), encoding="utf-8")

    return write


def local_literals(pair: Pair) -> None:
    pair.world.switch("om", literal_zone="user")
    me(pair, "om", time_zone="Asia/Tokyo")


def one_instance_twice(pair: Pair) -> None:
    for side in ("om", "fsm"):
        say(pair, side, "instance_id", "same")


def swapped_addresses(pair: Pair) -> None:
    """Each side is told the other one's address; what answers there is the other one."""
    for before, after in (("om.sandbox", "x.sandbox"), ("fsm.sandbox", "om.sandbox"), ("x.sandbox", "fsm.sandbox")):
        edit(pair, before, after)
    for side, other in (("om", "fsm"), ("fsm", "om")):
        path = pair.loaded.path.with_name("secrets") / f"{side}.password"
        path.write_text(pair.world.users(other)["connector"].password, encoding="utf-8")
    pair.loaded = load(pair.loaded.path)
    adapters = {side: pair.world.adapter(other) for side, other in (("om", "fsm"), ("fsm", "om"))}
    inside = pair.outside
    pair.outside = lambda: dataclasses.replace(inside(), adapters=adapters)  # type: ignore[method-assign]


def restricted(pair: Pair) -> None:
    say(pair, "om", "glide.authenticate.basic_auth.restriction.active", "true")
    me(pair, "om", web_service_access_only="false")


closed_contacts = fault("table_forbidden", "fsm", path_contains="customer_contact")


def held(pair: Pair) -> None:
    pair.world.fault("fsm", {"kind": "no_node", "count": None})
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        engine.sides.visit(pair.now())


def waiting_long(pair: Pair) -> None:
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.store.wake(["0" * 32], due=pair.now(), reason="test")
    pair.world.advance(7200)


def plans_tasks(pair: Pair) -> None:
    at_work(pair)
    add(pair, '[jeopardy]\nwrite_end_to = "planned_end_date"')


RAISED = 'kinds = ["past-ponr"]'


def raises_fallouts(pair: Pair) -> None:
    add(pair, f"[fallout]\n{RAISED}")


PRIORITY = {"name": "wm_order", "element": "priority", "value": "4", "language": "en"}
CHOICE = {"name": "wm_order", "element": "state", "value": "99", "language": "en"}
ANY_CHOICE = "glide.rest.choice.allow_non_existing_value"
GERMAN = {**CHOICE, "language": "de"}

ILLNESSES = [
    Illness("reach.answers", fault("drop"), "om"),
    Illness("reach.awake", fault("hibernating"), "om"),
    Illness("reach.servicenow", fault("html_200"), "om"),
    Illness("reach.two_instances", one_instance_twice),
    Illness("reach.swapped", swapped_addresses),
    Illness("sign_in.accepted", fault("unauthorized"), "om"),
    Illness("sign_in.basic_gate", restricted, "om", Level.WARNING),
    Illness("clock.zone", lambda p: me(p, "om", time_zone="Asia/Tokyo"), "om", Level.WARNING),
    Illness("clock.literals", local_literals, "om", first=at_work),
    Illness("clock.skew", lambda p: p.world.skew("fsm", 400), "fsm", Level.WARNING),
    Illness("clock.between", lambda p: p.world.skew("om", -400), "", Level.WARNING),
    Illness("query.long", switch(max_address_bytes=4000), "om"),
    Illness("columns.readable", fault("hide_field", field="ponr"), "om", first=at_work),
    Illness("columns.optional", lambda p: add(p, '[om.columns.domain_order]\nneeds_attention = "u_no"'), "om", Level.WARNING),
    Illness("columns.optional", lambda p: add(p, '[fsm.columns.work_order]\nestimated_end = "u_x"'), "fsm", Level.WARNING),
    Illness("columns.optional", lambda p: add(p, '[fsm.columns.work_order_task]\nwindow_end = "u_x"'), "fsm", Level.WARNING),
    Illness("columns.present", lambda p: add(p, '[om.columns.line]\ndue = "u_nobody"'), "om"),
    Illness("columns.tables", lambda p: add(p, '[om.tables]\ncharacteristic = "u_nobody"'), "om"),
    Illness("columns.types", lambda p: add(p, '[om.columns.line]\norder = "number"\nnumber = "order"'), "om"),
    Illness("rights.columns", lambda p: add(p, '[fsm.columns.work_order]\nmark = "sys_created_by"'), "fsm"),
    Illness("rights.tables", fault("table_forbidden", path_contains=LINE), "om"),
    Illness("rights.tables", fault("table_forbidden", "fsm", path_contains="table/wm_order"), "fsm"),
    Illness("rights.records", fault("table_forbidden", "fsm", method="PATCH"), "fsm", first=at_work),
    Illness("fields.columns", lambda p: add(p, '[work_order.fields]\nu_nobody = "{order}"'), "", Level.WARNING),
    Illness("fields.facts", lambda p: add(p, '[om.facts]\n"tier" = { from = "domain_order.u_tier" }')),
    Illness("fields.facts", lambda p: add(p, '[om.columns.line]\nconsumer = "u_nobody"')),
    Illness("fields.priority", lambda p: put(p, "fsm", "sys_choice", {**PRIORITY, "label": "1 - Critical"}), "", Level.WARNING),
    Illness("planned_end.writable", lambda p: add(p, '[jeopardy]\nwrite_end_to = "u_nobody"')),
    Illness("planned_end.writable", fault("table_forbidden", method="PATCH"), first=plans_tasks),
    Illness("fallouts.usable", fault("table_forbidden", path_contains="sn_fallout_mgmt_fallout"), first=raises_fallouts),
    Illness("fallouts.usable", lambda p: edit(p, RAISED, f'{RAISED}\ntype = "nobody"'), first=raises_fallouts),
    Illness("fallouts.usable", lambda p: add(p, '[fallout.columns]\nnames = "u_nobody"'), first=raises_fallouts),
    Illness("journal.readable", fault("table_forbidden", path_contains="sys_journal_field"), "om", Level.WARNING, at_work),
    Illness("journal.shown", fault("hide_field", field="work_notes"), "om", first=at_work),
    Illness("keys.sys_id", switch("fsm", client_sys_id=False), "fsm", Level.WARNING, healthy=frozenset({Level.UNKNOWN})),
    Illness("keys.unique", copied_work_order, first=at_work),
    Illness("states.complete", lambda p: put(p, "fsm", "sys_choice", {**CHOICE, "label": "Parked"}), "fsm", Level.WARNING),
    Illness("states.ambiguous", lambda p: put(p, "fsm", "sys_choice", {**CHOICE, "label": "Canceled"}), "fsm"),
    Illness("states.language", lambda p: put(p, "fsm", "sys_choice", {**GERMAN, "label": "Geparkt"}), "fsm"),
    Illness("states.written", lambda p: add(p, '[gate]\nreopen_to = "Back to work"')),
    Illness("states.ends", lambda p: change(p, "fsm", "sys_choice", {"label": "Done"}, name="wm_order", value="3")),
    Illness("states.order", lambda p: change(p, "om", "sys_choice", {"label": "Ok"}, name=ORDER, value="acknowledged"),
            wanted=Level.WARNING),
    Illness("policy.usable", policy_says("work order template", "work order tamplate")),
    Illness("names.templates", policy_says("Install CPE", "Install CPU")),
    Illness("names.specifications", policy_says("SD-WAN CPE", "SD-LAN CPE"), wanted=Level.WARNING),
    Illness("names.request_types", task_policy_says("Site survey", "Sight survey"), wanted=Level.WARNING),
    Illness("names.actions", policy_says(",add,", ",hinzufügen,"), wanted=Level.WARNING),
    Illness("names.groups", policy_with_group("Nobody at all")),
    Illness("names.lookups", closed_contacts, wanted=Level.WARNING),
    Illness("native.plugins", lambda p: change(p, "om", "v_plugin", {"active": "inactive"}, plugin="com.sn_ind_tmt_orm")),
    Illness("native.choices", lambda p: say(p, "fsm", ANY_CHOICE, "true"), "fsm", Level.WARNING),
    Illness("pace.rate", switch(rate_limit_rules=[{"name": "x", "limit": 1000, "api": "table"}]), "om"),
    Illness("pace.latency", switch(latency_ms=3000), "om", Level.WARNING),
    Illness("pace.page", fault("cut_body", path_contains="sys_mod_count"), "om"),
    Illness("clone.identity", another_instance, first=at_work),
    Illness("clone.address", lambda p: say(p, "om", "glide.servlet.uri", "https://prod.service-now.com/"), "om", Level.WARNING,
            healthy=frozenset({Level.UNKNOWN})),
    Illness("clone.marks", foreign_work_order, "fsm", Level.WARNING, at_work),
    Illness("clone.owners", namesake, "fsm", Level.WARNING, at_work),
    Illness("profile.settled", lambda p: adopt(p, found(p), ('due = "committed_due_date"', 'due = "?"'))),
    Illness("profile.current", lambda p: say(p, "om", "glide.sys.default.tz", "Asia/Tokyo"), "", Level.WARNING, with_profile),
    Illness("profile.release", lambda p: say(p, "om", "glide.buildtag", "glide-brazil"), "", Level.WARNING, with_profile),
    Illness("gate.mode", lambda p: add(p, '[gate]\nmode = "alarm"'), "om", Level.WARNING),
    Illness("webhook.arriving", webhook, "", Level.WARNING),
    Illness("webhook.arriving", lambda p: p.world.advance(3 * 86_400), "", Level.WARNING, heard),
    Illness("memory.private", lambda p: p.memory.chmod(0o644), "", Level.WARNING, at_work),
    Illness("work.held", held),
    Illness("work.parked", parked, "", Level.WARNING),
    Illness("work.late", waiting_long, "", Level.WARNING),
    Illness("work.not_taken", finding(FindingCode.NOT_APPLIED), "", Level.WARNING),
    Illness("work.unreadable", finding(FindingCode.UNREADABLE), "", Level.WARNING),
]  # fmt: skip


@pytest.mark.parametrize("illness", ILLNESSES, ids=str)
def test_each_illness_is_found_and_its_health_too(illness: Illness, pair: Pair) -> None:
    illness.first(pair)
    assert level(pair, illness.check, illness.side) in illness.healthy
    illness.spoil(pair)
    if illness.check == "keys.sys_id":
        at_work(pair)
    assert level(pair, illness.check, illness.side) is illness.wanted


@pytest.mark.parametrize(
    ("side", "role"), [("om", "sn_ind_tmt_orm.order_viewer"), ("fsm", "wm_read")], ids=["om", "fsm"]
)
def test_a_user_who_may_read_no_record_is_a_failure_that_names_the_role_to_ask_for(
    side: str, role: str, tmp_path: Path
) -> None:
    pair = pair_on(tmp_path, f'[{side}.users.connector]\nroles = ["snc_platform_rest_api_access"]\n')
    [told] = [result for result in examined(pair, "rights.tables") if result.side == side]
    assert told.level is Level.FAILED
    assert f"the role {role}" in told.fix


def test_where_fallouts_may_not_be_read_the_roles_are_named_and_not_the_plug_in(pair: Pair) -> None:
    raises_fallouts(pair)
    pair.world.fault("om", {"kind": "table_forbidden", "count": None, "path_contains": "sn_fallout_mgmt_fallout"})
    [told] = examined(pair, "fallouts.usable")
    assert told.level is Level.FAILED
    assert "sn_fallout_mgmt.fallout_creator and sn_fallout_mgmt.fallout_agent" in told.fix
    assert "Activate" not in told.fix


def test_a_state_said_to_mean_another_than_its_label_tells_is_shown_to_a_person(pair: Pair) -> None:
    turned = 'label = "Closed Incomplete", means = "{}", class = "{}"'
    adopt(pair, found(pair), (turned.format("closed incomplete", "done"), turned.format("work in progress", "open")))
    told = {result.side: result for result in examined(pair, "states.contrary")}
    assert (told["om"].level, told["fsm"].level) == (Level.FINE, Level.WARNING)
    assert "'Closed Incomplete' and said to mean 'work in progress'" in told["fsm"].seen


def test_the_marks_of_a_named_neighbour_are_no_trace_of_a_clone(pair: Pair) -> None:
    at_work(pair)
    foreign_work_order(pair)
    assert level(pair, "clone.marks", "fsm") is Level.WARNING
    edit(pair, "[fsm]\n", '[fsm]\nshared_with = ["prod"]\n')
    assert level(pair, "clone.marks", "fsm") is Level.FINE
    foreign_work_order(pair, str(WorkOrderKey("test", "c" * 32, "install-cpe", 1, 1)))
    [seen] = examined(pair, "clone.marks")
    assert (seen.level, "another instance: test " in seen.seen) == (Level.WARNING, True)


RULE = {"name": "No closing before the visit", "collection": DOMAIN_ORDER, "action_update": "true", "active": "true"}
SHOWS_RULES = """
[[platform.access]]
tables = ["sys_script"]
operations = ["read"]
roles = ["*"]
"""


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "that may refuse it: 'No closing before the visit'"),
        ({"abort_action": "false", "script": "current.setAbortAction(true);"}, "that may refuse it: 'No closing"),
        ({"active": "false"}, "no business rule refuses it"),
        ({"action_update": "false"}, "no business rule refuses it"),
        ({"abort_action": "false"}, "no business rule refuses it"),
        ({"collection": "incident"}, "no business rule refuses it"),
        ({"collection": "task"}, "that may refuse it: 'No closing before the visit'"),
    ],
    ids=["ticked", "scripted", "off", "at creation only", "refuses nothing", "of another table", "of every task"],
)
def test_the_doctor_names_the_instances_own_rules_that_may_refuse_to_close(
    rule: dict[str, str], told: str, tmp_path: Path
) -> None:
    pair = pair_on(tmp_path, SHOWS_RULES)
    put(pair, "om", "sys_script", {**RULE, "abort_action": "true", **rule})
    [seen] = examined(pair, "gate.mode")
    assert (seen.level, told in seen.seen) == (Level.FINE, True), seen.seen
    add(pair, '[gate]\nmode = "note"')
    [seen] = examined(pair, "gate.mode")
    assert (seen.level, told in seen.seen) == (Level.WARNING, True), seen.seen


@pytest.mark.parametrize(
    "shown",
    ["", SHOWS_RULES.replace('roles = ["*"]', 'roles = ["*"]\nwhere = "collection=incident"')],
    ids=["none", "some"],
)
def test_rules_that_may_not_be_read_are_not_taken_for_none(shown: str, tmp_path: Path) -> None:
    pair = pair_on(tmp_path, shown)
    put(pair, "om", "sys_script", {**RULE, "abort_action": "true"})
    [seen] = examined(pair, "gate.mode")
    assert "cannot be read (sys_script)" in seen.seen


# --- what only an administrator's generosity lets the doctor see ----------------------------------------------------------

OPEN = """
[[platform.access]]
tables = ["sys_user_has_role", "sys_user_role"]
operations = ["read"]
roles = ["*"]
[[fsm.access]]
tables = ["sm_config"]
operations = ["read"]
roles = ["*"]
"""


@pytest.fixture
def generous(tmp_path: Path) -> Pair:
    """Instances that show the connector its own roles and how Service Management is configured."""
    return pair_on(tmp_path, OPEN)


def role(pair: Pair, side: str, name: str) -> None:
    """An administrator gives the connector's user a role."""
    instance = pair.world.instance(side)
    [user] = instance.records.find("sys_user", user_name="connector")
    roles = instance.records.find("sys_user_role", name=name)
    given = (
        roles[0]["sys_id"]
        if roles
        else instance.records.insert("sys_user_role", {"name": name}, instance.system)["sys_id"]
    )
    put(pair, side, "sys_user_has_role", {"user": user["sys_id"], "role": given})


def no_role(pair: Pair, side: str, name: str) -> None:
    instance = pair.world.instance(side)
    [user] = instance.records.find("sys_user", user_name="connector")
    [taken] = instance.records.find("sys_user_role", name=name)
    for row in instance.records.find("sys_user_has_role", user=user["sys_id"], role=taken["sys_id"]):
        instance.records.delete("sys_user_has_role", row["sys_id"], instance.system)


def option(pair: Pair, **values: str) -> None:
    [row] = pair.world.fsm.records.find("sm_config", table="wm_order")
    pair.world.fsm.records.update("sm_config", row["sys_id"], values, pair.world.fsm.system)


@pytest.mark.parametrize(
    ("check", "side", "spoil", "wanted"),
    [
        ("sign_in.least", "om", lambda p: role(p, "om", "sn_ind_tmt_orm.order_approver"), Level.WARNING),
        ("sign_in.roles", "om", lambda p: no_role(p, "om", "sn_ind_tmt_orm.order_viewer"), Level.WARNING),
        ("native.options", "fsm", lambda p: option(p, copy_task_work_notes="true"), Level.WARNING),
        ("native.options", "fsm", lambda p: option(p, update_case_states="true"), Level.WARNING),
        ("native.lifecycle", "fsm", lambda p: option(p, request_driven="true"), Level.FAILED),
    ],
)
def test_with_more_rights_more_is_found(
    check: str, side: str, spoil: Callable[[Pair], object], wanted: Level, generous: Pair
) -> None:
    assert level(generous, check, side) is Level.FINE
    spoil(generous)
    assert level(generous, check, side) is wanted


def short_tokens(pair: Pair) -> None:
    pair.world.switch("om", oauth_access_seconds=60)
    pair.world.advance(1900)  # the token there was is over


@pytest.mark.parametrize(
    ("check", "spoil", "wanted"),
    [
        ("sign_in.token_life", short_tokens, Level.WARNING),
        ("sign_in.active", lambda p: me(p, "om", password_needs_reset="true"), Level.FAILED),
        ("sign_in.second_factor", lambda p: me(p, "om", enable_multifactor_authn="true"), Level.FAILED),
    ],
)
def test_what_a_token_hides_is_found(
    check: str, spoil: Callable[[Pair], object], wanted: Level, tmp_path: Path
) -> None:
    pair = make_pair(tmp_path, "default", oauth=True)
    assert level(pair, check, "om") is Level.FINE
    spoil(pair)
    assert level(pair, check, "om") is wanted


def test_another_user_than_the_configured_one_is_found(pair: Pair) -> None:
    assert level(pair, "sign_in.user", "om") is Level.FINE
    me(pair, "om", user_name="somebody")
    assert level(pair, "sign_in.user", "om") in (Level.FAILED, Level.UNKNOWN)


def test_an_instance_that_ignores_what_it_does_not_understand_is_fine_and_one_that_is_silent_is_not(
    tmp_path: Path,
) -> None:
    closed = '[switches]\ninvalid_query = "no_rows"\nclosed_tables = ["sys_dictionary"]\n'
    assert level(make_pair(tmp_path), "query.invalid", "om") is Level.FINE
    (tmp_path / "closed").mkdir()
    pair = pair_on(tmp_path / "closed", closed)
    world = pair.outside()

    def no_meta(request: requests.PreparedRequest, response: requests.Response) -> None:
        if "/ui/meta/" in str(request.url):
            response.status_code = 403
            response._content = b'{"error": {"message": "User Not Authorized", "detail": null}}'

    adapters = {side: Tampering(pair.world.adapter(side), no_meta) for side in ("om", "fsm")}
    results = app.examine_once(pair.loaded, ids=["query.invalid"], world=dataclasses.replace(world, adapters=adapters))
    assert {result.level for result in results} == {Level.WARNING}


def test_states_nobody_tells_are_found(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "strict", oauth=True)
    assert level(pair, "states.readable", "fsm") is Level.FINE  # the configuration tells them
    text = pair.loaded.path.read_text(encoding="utf-8")
    head, _, rest = text.partition("[fsm.states.work_order]")
    pair.loaded.path.write_text(head + rest[rest.index("[policy]") :], encoding="utf-8")
    pair.loaded = load(pair.loaded.path)

    def no_choices(request: requests.PreparedRequest, response: requests.Response) -> None:
        if "/ui/meta/" in str(request.url):
            body = response.json()
            for column in body["result"]["columns"].values():
                column.pop("choices", None)
            response._content = json.dumps(body).encode()

    assert through(pair, "fsm", "states.readable", no_choices) is Level.FAILED


def test_the_integration_of_the_instance_itself_is_found(tmp_path: Path) -> None:
    assert level(make_pair(tmp_path), "native.integration") is Level.FINE
    (tmp_path / "native").mkdir()
    assert level(make_pair(tmp_path / "native", "native"), "native.integration") is Level.FAILED


@pytest.mark.parametrize("is_tied", [True, False])
def test_what_the_integration_of_the_instance_itself_has_made_is_told(tmp_path: Path, is_tied: bool) -> None:
    native = make_pair(tmp_path, "native")
    native.world.switch("om", native_link="initiated_from" if is_tied else "task_rel_task")
    order = native.approved(HAMBURG)
    [told] = examined(native, "native.integration")
    made = native.world.om.records.find("wm_order")
    assert made
    last = max(made, key=lambda row: row["number"])
    words = f"it has made {len(made)} work orders of its own, the last {last['number']} on {last['sys_created_on']} UTC"
    assert (words in told.seen) is is_tied
    remarks = app.discover_once(native.loaded, native.outside()).remarks
    assert any("has made" in remark for remark in remarks) is is_tied
    assert order


def test_a_column_too_short_for_marks_is_found(tmp_path: Path) -> None:
    assert level(make_pair(tmp_path), "keys.length") is Level.FINE
    (tmp_path / "short").mkdir()
    short = '[fsm.tables.wm_order.columns]\ncorrelation_id = "string:40 | Correlation ID"\n'
    assert level(pair_on(tmp_path / "short", short), "keys.length") is Level.FAILED


def test_an_instance_that_pushes_back_is_found(pair: Pair) -> None:
    patient = app.patient(pair.loaded, None, pair.outside())
    [before] = [r for r in examine(patient, CHECKS, ids=["pace.push_back"]) if r.side == "om"]
    patient.om.api.pace.push_back(60.0)
    [after] = [r for r in examine(patient, CHECKS, ids=["pace.push_back"]) if r.side == "om"]
    assert (before.level, after.level) == (Level.FINE, Level.WARNING)


def test_a_column_that_is_of_another_type_now_is_drift(pair: Pair) -> None:
    adopt(pair, found(pair))
    change(pair, "om", "sys_dictionary", {"internal_type": "string"}, name=LINE, element="committed_due_date")
    told = examined(pair, "profile.current")
    assert [one.level for one in told] == [Level.WARNING]
    assert "line_item.due is gone; it was committed_due_date" in told[0].seen


def test_what_a_person_chose_in_the_profile_is_no_drift(pair: Pair) -> None:
    adopt(pair, found(pair), ('due = "committed_due_date"', 'due = "sys_created_on"'))
    assert level(pair, "profile.current") is Level.FINE


@pytest.mark.parametrize(("free", "wanted"), [(9e9, Level.FINE), (3e8, Level.WARNING), (1e6, Level.FAILED)])
def test_a_disk_that_fills_up_is_found(free: float, wanted: Level, pair: Pair) -> None:
    assert level(pair, "memory.disk", free_bytes=lambda: int(free)) is wanted


def test_a_clone_that_still_believes_to_be_its_source_is_found(pair: Pair) -> None:
    say(pair, "om", "instance_name", "acmeprod")
    database = memory.reading(pair.loaded)
    patient = app.patient(pair.loaded, database, pair.outside())
    for host, wanted in (("acmeprod", Level.FINE), ("acmedev", Level.FAILED)):
        patient.om.instance = patient.om.instance.model_copy(update={"url": f"https://{host}.service-now.com"})
        [seen] = [r for r in examine(patient, CHECKS, ids=["clone.name"]) if r.side == "om"]
        assert seen.level is wanted


def test_damaged_memory_is_said_by_every_command_and_so_by_the_doctor(pair: Pair) -> None:
    at_work(pair)
    assert level(pair, "memory.usable") is Level.FINE
    pair.memory.write_bytes(b"not a database at all, and long enough to be looked at" * 100)
    with pytest.raises(Exception, match=str(pair.memory)):
        app.examine_once(pair.loaded, ids=["memory.usable"], world=pair.outside())


# --- the whole doctor ----------------------------------------------------------------------------------------------------


def test_there_are_checks_enough_and_each_is_told_whole() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids) >= 45
    for check in CHECKS:
        assert all((check.title, check.why, check.fix, check.suites)), check.id
        assert (check.of_side is None) != (check.of_pair is None), check.id
    assert {suite for check in CHECKS for suite in check.suites} == set(Suite)


def test_every_check_has_a_test_that_sees_it_fail() -> None:
    """Each id stands in this file beside what makes it ill."""
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    assert [check.id for check in CHECKS if f'"{check.id}"' not in text] == []


@pytest.mark.parametrize("profile", ["default", "single"])
def test_healthy_instances_have_no_illness(profile: str, tmp_path: Path) -> None:
    pair = make_pair(tmp_path, profile)
    if profile == "single":
        text = pair.loaded.path.read_text(encoding="utf-8")
        head, _, rest = text.partition("[om.states")
        pair.loaded.path.write_text(head + rest[rest.index("[policy]") :], encoding="utf-8")
        pair.loaded = load(pair.loaded.path)
    at_work(pair)
    ill = [r for r in app.examine_once(pair.loaded, world=pair.outside()) if r.level in (Level.FAILED, Level.WARNING)]
    assert ill == []


def state_of(pair: Pair) -> dict[str, list[tuple[str, ...]]]:
    """Every record of both instances that a look could leave a trace on."""
    kept: dict[str, list[tuple[str, ...]]] = {}
    for side in ("om", "fsm"):
        store = pair.world.instance(side).store
        for table in ("task", "sys_journal_field", "sys_audit", ORDER, LINE, "sys_user"):
            if table in pair.world.instance(side).schema.tables:
                kept[f"{side} {table}"] = sorted(tuple(map(str, row.values())) for row in store.find(table))
    return kept


def test_the_doctor_leaves_no_trace_on_either_instance(pair: Pair) -> None:
    at_work(pair)
    pair.world.advance(100)
    before, remembered = state_of(pair), pair.memory.read_bytes()
    pair.world.clear_requests()
    app.examine_once(pair.loaded, world=pair.outside())
    assert state_of(pair) == before
    assert pair.memory.read_bytes() == remembered
    asked = [r for side in ("om", "fsm") for r in pair.world.requests(side)]
    assert {r.method for r in asked} == {"GET", "PATCH"}  # a change of nothing, to ask for the right
    assert sum(r.method == "PATCH" for r in asked) == 2


def test_a_side_that_does_not_answer_is_not_asked_everything(pair: Pair) -> None:
    pair.world.fault("om", {"kind": "drop", "count": None})
    pair.world.clear_requests()
    results = app.examine_once(pair.loaded, world=pair.outside())
    assert len(pair.world.requests("om")) <= 3
    of_om = [r for r in results if r.side == "om" and not r.id.startswith(("reach.", "sign_in.accepted"))]
    assert {r.level for r in of_om} <= {Level.UNKNOWN}
    assert any(r.level is Level.FINE for r in results if r.side == "fsm")


@pytest.mark.parametrize("suite", list(Suite))
def test_a_suite_is_a_part_of_it(suite: Suite, pair: Pair) -> None:
    asked = {r.id for r in app.examine_once(pair.loaded, [suite], world=pair.outside())}
    assert asked == {check.id for check in CHECKS if suite in check.suites}
