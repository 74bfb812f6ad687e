"""A stranger's profile with a mistake is refused with its file and its key; switches and faults take no nonsense."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox import World
from connector.sandbox.control import ControlPlane
from connector.sandbox.faults import FaultError
from connector.sandbox.messages import Headers, Request, json_body
from connector.sandbox.profile import ProfileError, load
from connector.sandbox.profile_states import BY_SWITCH, NEEDED
from connector.sandbox.rules import declared
from connector.sandbox.switches import ONE_OF, mistake_of

TABLE = '[om.tables.u_x]\nlabel = "X"\n'
COLUMN = TABLE + "[om.tables.u_x.columns]\n"
BROKEN_KEY = "-----BEGIN PUBLIC KEY-----\nMIIBnotakey==\n-----END PUBLIC KEY-----"
CURVE_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""
MISTAKES = [
    ('[switches]\nqualificaton = true', "switches.qualificaton is no switch"),
    ('[om.switches]\nqualificaton = true', "om.switches.qualificaton is no switch"),
    ('[switches]\nslots = "many"', "switches.slots must be a number"),
    ('[switches]\nslots = 0', "switches.slots must be a number from 1"),
    ('[switches]\ngzip = 1', "switches.gzip must be true or false"),
    ('[switches]\ninvalid_query = "ignroe"', "switches.invalid_query must be one of"),
    ('[oms.switches]\nslots = 3', "oms is no key here"),
    ('[om.tabels.u_x]\nlabel = "X"', "om.tabels is no key here"),
    ('[om]\ntables = 3', "om.tables must be a table"),
    ('[om.tables.u_x.columns]\nname = "string"', "om.tables.u_x has no label"),
    (TABLE + 'extends = "taskk"', "om.tables.u_x.extends leads to the table taskk, which does not exist"),
    (TABLE + 'extends = "u_x"', "om.tables.u_x.extends leads to itself"),
    (TABLE + 'display = "nope"', "om.tables.u_x.display names 'nope'"),
    (TABLE + 'number = 3', "om.tables.u_x.number must be a table"),
    (COLUMN + 'name = "strnig"', "om.tables.u_x.columns.name 'strnig' is no type"),
    (COLUMN + 'name = "string 40"', "om.tables.u_x.columns.name 'string 40' is not"),
    (COLUMN + 'name = 40', "om.tables.u_x.columns.name 40 is not"),
    (COLUMN + 'name = "reference:u_y"', "om.tables.u_x.columns.name refers to 'u_y'"),
    (TABLE + 'choices = { state = { open = ["1", "Open"] } }', "om.tables.u_x.choices.state is for a column"),
    (COLUMN + 'a = "integer"\n[om.tables.u_x.choices.a]\nopen = "1"', "om.tables.u_x.choices.a.open must be"),
    (TABLE + 'view = { tables = { a = "nope" }, where = "1" }', "om.tables.u_x.view.tables.a names 'nope'"),
    (TABLE + 'view = { tables = { a = "task" }, where = "no sense (" }', "tables.u_x.view.where makes no sense"),
    ('[[om.records]]\ntable = "u_nope"\nrows = []', "'u_nope' is no table of the instance"),
    ('[[om.records]]\ntable = "cmn_location"', "has no rows"),
    ('[[om.records]]\ntable = "cmn_location"\nrows = [{ naem = "x" }]', "cmn_location has no column naem"),
    ('[[fsm.records]]\ntable = "sm_asset_usage"\nrows = [{ quantity = "abc" }]', "fsm.records of sm_asset_usage"),
    ('[om.users.joe]\nroles = ["itil"]', "om.users.joe has no name"),
    ('[om.users.joe]\nname = "Joe"\ntime_zone = "Mars/Olympus"', "om.users.joe.time_zone 'Mars/Olympus' is no time"),
    ('[om.users.joe]\nname = "Joe"\nrole = ["itil"]', "om.users.joe.role is no key here"),
    ('[om.users.joe]\nname = "Joe"\nroles = "itil"', "om.users.joe.roles must be a list"),
    ('[om.contains]\nx = "y"', "om.contains.x must be a list of roles"),
    ('[om]\noauth_user = "ghost"', "om.oauth_user 'ghost' is no user"),
    ('[om.properties]\n"glide.sys.default.tz" = "Nope"', "om.properties 'Nope' is no time zone"),
    ('[om.catalog.Fiber]\nproduct = { class = "po" }', "om.catalog.Fiber.product needs the class"),
    ('[[om.access]]\ntables = ["nope"]\noperations = ["read"]\nroles = []', "'nope' is no table"),
    ('[[om.access]]\ntables = ["task"]\noperations = ["raed"]\nroles = []', "'raed' is none of"),
    ('[[fsm.policies]]\nname = "x"\ntable = "wm_ordr"\nabort = "no"', "'wm_ordr' is no table"),
    ('[[fsm.policies]]\nname = "x"\ntable = "wm_order"\nmandatory = ["plaec"]', "wm_order has no column plaec"),
    ('[[fsm.policies]]\nname = "x"\ntable = "wm_order"', "does nothing"),
    ('[fsm.rename]\n"wm_order.plaec" = "u_place"', "'wm_order.plaec' is no 'table.column'"),
    ('[om.jwt_keys]\npartner = 3', "om.jwt_keys.partner must be a public key in PEM format"),
    ('[om.jwt_keys]\npartner = "MIIB"', "om.jwt_keys.partner must be a public key in PEM format"),
    (f'[om.jwt_keys]\npartner = """{BROKEN_KEY}"""', "om.jwt_keys.partner is no public key"),
    (f'[om.jwt_keys]\npartner = """{CURVE_KEY}"""', "om.jwt_keys.partner is no RSA key"),
    ('[fsm.tables.u_visit]\nlabel = "V"\nextends = "wm_task"\n[fsm.tables.u_visit.choices.state]\ndraft = [1, "D"]',
     "fsm.tables.u_visit.choices.state.canceled is missing"),
    ('[fsm.imports.u_y]\ntarget = "nope"\nfields = {}', "fsm.imports.u_y.target 'nope' is no table"),
    ('[fsm.imports.u_y]\ntarget = "wm_order"\nfields = {}\ncoalesce = "nope"', "fsm.imports.u_y.coalesce wm_order"),
]  # fmt: skip


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_in_a_profile_is_told_with_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, f'extends = "default"\n{text}')
    with pytest.raises(ProfileError) as refused:
        World.create(str(path)).close()
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('extends = "defualt"', "there is no profile 'defualt'"),
        ('extends = "acme.toml"', "leads to the profile itself"),
        ("extends = 3", "extends must be a text"),
        ('extends = "default"\ninclude = ["nope.toml"]', "nope.toml cannot be read"),
        ('extends = "default"\nremove = ["om.nope"]', "removes om.nope, which does not exist"),
        ('extends = "default"\nremove = ["name.x"]', "removes name.x, which does not exist"),
        ('name = "x"', 'a profile begins with extends = "default"'),
        ("[", "is not valid TOML"),
    ],
)
def test_a_mistake_about_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, text)
    with pytest.raises(ProfileError) as refused:
        load.__wrapped__("acme.toml")
    assert sentence in str(refused.value)


def test_all_mistakes_are_told_at_once_each_with_its_file(tmp_path: Path) -> None:
    """And what both instances have in common is told once."""
    written(tmp_path, 'extends = "default"\ninclude = ["more.toml"]\n[switches]\nslots = 0\n')
    (tmp_path / "more.toml").write_text('[platform.tables.u_x]\ndisplay = "nope"\nlabel = "X"\n', encoding="utf-8")
    with pytest.raises(ProfileError) as refused:
        load(str(tmp_path / "acme.toml"))
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [str(tmp_path / "acme.toml"), str(tmp_path / "more.toml")]


@pytest.mark.parametrize(
    ("state", "switches", "refused"),
    [
        ("fsm.tables.wm_task.choices.state.accepted", "", True),
        ("om.tables.sn_ind_tmt_orm_domain_order.choices.state.on_hold", "", True),
        ("platform.tables.sn_customerservice_case.choices.state.closed", "", True),
        ("fsm.tables.wm_order.choices.state.waiting_for_approval", "", False),
        ("fsm.tables.wm_order.choices.state.waiting_for_approval", "work_order_approval = true", True),
        ("om.tables.sn_ind_tmt_orm_order_task.choices.state.awaiting_information", "", False),
    ],
)
def test_a_state_the_rules_need_cannot_be_removed(tmp_path: Path, state: str, switches: str, *, refused: bool) -> None:
    path = written(tmp_path, f'extends = "default"\nremove = ["{state}"]\n[switches]\n{switches}')
    if not refused:
        assert load(str(path)).fsm.name == "fsm"
        return
    with pytest.raises(ProfileError) as told:
        load(str(path))
    file, _, sentence = str(told.value).partition(": ")
    assert (file, "is missing" in sentence, state.partition(".")[2] in sentence) == (str(path), True, True)


def test_all_states_the_rules_name_are_among_the_needed_ones() -> None:
    """So that a new rule cannot move a record to a state that a profile may leave out."""
    known = {role for columns in NEEDED.values() for roles in columns.values() for role in roles}
    known |= {role for tables in BY_SWITCH.values() for roles in tables.values() for role in roles}
    files = Path(declared.__file__).parent.glob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    named = {role for node in nodes if isinstance(node, ast.Call) for role in _states_named(node)}
    assert len(named) > 15
    assert named - known == set()


def _states_named(call: ast.Call) -> set[str]:
    """The roles in `move(..., "role")` and in `value_of("state", "role")`."""
    name = ast.unparse(call.func).rpartition(".")[2]
    texts = [str(part.value) for part in call.args if isinstance(part, ast.Constant)]
    if name == "move":
        return set(texts)
    return set(texts[1:]) if name == "value_of" and texts[0] in ("state", "stage") else set()


@pytest.mark.parametrize("profile", ["default", "single", "odd", "strict", "native"])
def test_the_shipped_profiles_have_no_mistake(profile: str) -> None:
    known = load("default").om.switches
    read = load(profile)
    for switches in (read.om.switches, read.fsm.switches):
        assert [said for name, value in switches.items() if (said := mistake_of(name, value, known))] == []


def test_every_switch_with_named_values_exists() -> None:
    assert set(ONE_OF) <= set(load("default").om.switches)


@pytest.mark.parametrize(
    ("name", "value"),
    [("slots", "3"), ("slots", 0), ("gzip", 1), ("latency_ms", -1), ("latency_ms", float("nan")), ("quota_seconds", None),
     ("api_roles", []), ("answers", 0), ("max_address_bytes", True), ("generation", "1999"), ("no_such_switch", 1)],
)  # fmt: skip
def test_a_switch_takes_no_nonsense_and_stays_as_it_was(world: World, name: str, value: Any) -> None:
    before = dict(world.fsm.switches)
    with pytest.raises(ValueError, match=name):
        world.switch("fsm", gzip=False, **{name: value}) if name != "gzip" else world.switch("fsm", gzip=value)
    assert world.fsm.switches == before


@pytest.mark.parametrize(
    "part",
    [{"count": "x"}, {"skip": []}, {"probability": "x"}, {"probability": float("nan")}, {"seconds": "x"}, {"seconds": -1},
     {"status": 3}, {"status": "503"}, {"headers": "x"}, {"headers": {"a": 1}}, {"message": {}}, {"method": 1}, {"user": 0}],
)  # fmt: skip
def test_a_fault_takes_no_nonsense(world: World, part: dict[str, Any]) -> None:
    with pytest.raises(FaultError, match=next(iter(part))):
        world.fault("fsm", {"kind": "status", **part})
    assert world.clear_faults() == 0
    world.fault("fsm", {"kind": "status", "count": None, "status": 503, "headers": {"a": "b"}, "seconds": 1.5})
    assert world.clear_faults() == 1


@pytest.mark.parametrize(
    ("room", "payload"),
    [
        ("clock", {"skew": "x"}),
        ("clock", {"skew": {"om": 1e300}}),
        ("clock", {"skew": {"om": None}}),
        ("clock", {"advance": 1e300}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": float("nan")}),
        ("act", {"do": 1}),
        ("act", {"do": "place", "instance": []}),
        ("outbound", {"instance": "om"}),
        ("outbound", {"instance": "om", "url": "x", "tables": 1}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "headers": []}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "synchronous": 1}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "timeout": 0}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "retry": {"policy": "often"}}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "retry": {"count": -1}}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "retry": {"interval": "x"}}),
        ("outbound", {"instance": "om", "url": "x", "tables": [], "retry": {"tries": 3}}),
        ("certificate", {}),
        ("oauth_key", {"instance": "om"}),
        ("switches", {"instance": "om", "slots": None}),
        ("fault", {"instance": 1, "kind": "drop"}),
    ],
)
def test_the_control_plane_refuses_nonsense_in_a_sentence(world: World, room: str, payload: dict[str, Any]) -> None:
    control = ControlPlane(world, "t", lambda _name, _login: "")
    headers = Headers([("Authorization", "Bearer t")])
    before = world.now()
    answer = control.handle(Request("POST", f"/sandbox/{room}", headers, json_body(payload)))
    assert (answer.status in (400, 409), b'"ok":false' in answer.body, world.now()) == (True, True, before)


def test_the_control_plane_refuses_a_body_without_end(world: World) -> None:
    control = ControlPlane(world, "t", lambda _name, _login: "")
    headers = Headers([("Authorization", "Bearer t")])
    assert control.handle(Request("POST", "/sandbox/act", headers, b"[" * 100_000)).status == 400
    assert control.handle(Request("GET", "/sandbox/clock", headers, b"")).status == 200
