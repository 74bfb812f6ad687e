"""Settings: a mistake is named with its path before anything is done, and no secret is ever shown."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from connector.config import Loaded, load, load_settings
from connector.decide.rules import GateMode
from connector.errors import ConfigError
from connector.setting import SecretRef

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery-staple"
TEXT = """
[om]
name = "om"
url = "https://om.example.com/"
username = "connector"
password = { env = "OM_PASSWORD" }

[fsm]
name = "fsm"
url = "https://fsm.example.com"
username = "connector"
password = { env = "FSM_PASSWORD" }

[policy]
domain_order = "domain_order.csv"
order_task = "/etc/om-fsm/order_task.csv"
"""


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OM_PASSWORD", SECRET)
    monkeypatch.setenv("FSM_PASSWORD", f" {SECRET}2\n")


def configured(tmp_path: Path, text: str = TEXT) -> Loaded:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refusal(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        configured(tmp_path, text)
    return refused.value


def with_password(secret: str) -> str:
    return TEXT.replace('{ env = "OM_PASSWORD" }', secret)


def private(path: Path, content: bytes = f"{SECRET}\n".encode(), mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


# --- settings --------------------------------------------------------------------------------------------------


def test_the_smallest_configuration_names_two_instances_and_two_tables(tmp_path: Path) -> None:
    loaded = configured(tmp_path)
    settings = loaded.settings
    assert (settings.om.url, settings.fsm.name) == ("https://om.example.com", "fsm")
    assert (settings.gate.mode, settings.webhook) == (GateMode.REOPEN, None)
    assert loaded.secrets["om.password"].get_secret_value() == SECRET
    assert loaded.secrets["fsm.password"].get_secret_value() == SECRET + "2"
    assert "webhook.secret" not in loaded.secrets


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    loaded = configured(tmp_path)
    assert loaded.resolve(loaded.settings.policy.domain_order) == tmp_path / "domain_order.csv"
    assert str(loaded.resolve(loaded.settings.policy.order_task)) == "/etc/om-fsm/order_task.csv"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "om"', "", "om.name: this setting is missing"),
        ("[policy]", "[polices]", "policy: this setting is missing"),
        ('username = "connector"', 'user = "connector"', "om.user: unknown setting"),
        ("[policy]", "colour = 1\n[policy]", "fsm.colour: unknown setting"),
        ("[policy]", "[gate]\nmode = 'reopen'\nmax = 3\n[policy]", "gate.max: unknown setting"),
        ("[policy]", "[work_order]\nwarn_on_hold = []\n[policy]", "work_order.warn_on_hold: unknown setting"),
        ("[policy]", "[gate]\nmode = 'maybe'\n[policy]", "gate.mode: Input should be 'reopen', 'note' or 'alarm'"),
        ("[policy]", "[daemon]\npoll_seconds = 0.1\n[policy]", "daemon.poll_seconds: Input should be greater"),
        ('name = "om"', 'name = "OM prod"', "om.name: use 1 to 16 lower-case letters, digits or '-'"),
        ("https://om.example.com/", "http://om.example.com/", "om.url: an https:// address is needed"),
        ("https://om.example.com/", "https://", "om.url: an https:// address is needed"),
        ('username = "connector"', 'username = ""', "om.username: String should have at least 1 character"),
        ('{ env = "OM_PASSWORD" }', "{ }", "om.password: name the secret in exactly one way"),
        ('{ env = "OM_PASSWORD" }', '{ env = "A", file = "b" }', "om.password: name the secret in exactly one way"),
        ("[policy]", "[om.tables]\norders = 'x'\n[policy]", "om.tables.orders: unknown setting"),
        ("[policy]", "[om.columns.orders]\nnumber = 'x'\n[policy]", "om.columns.orders: unknown setting"),
        ("[policy]", "[om.columns.order]\nnr = 'x'\n[policy]", "om.columns.order.nr: unknown setting"),
        ("[policy]", "[om.states.line]\n1 = 'x'\n[policy]", "om.states.line: unknown setting"),
        ("[policy]", "[fsm.states.order]\n1 = 'x'\n[policy]", "fsm.states.order: unknown setting"),
        ("[policy]", "[fsm.references]\n[policy]", "fsm.references: 'template' is missing; templates are found by name"),
        ("[policy]", "[work_order.fields]\nx = '{locaton}'\n[policy]", "work_order.fields.x: {locaton} is not a fact"),
        ("[policy]", "[work_order.fields]\n'x^y' = 'z'\n[policy]", "work_order.fields: 'x^y' is no name of a column"),
        ("[policy]", "[case.fields]\n'a b' = 'z'\n[policy]", "case.fields: 'a b' is no name of a column"),
        ("[policy]", "[fsm.tables]\nwork_order = '../wm_order'\n[policy]", "fsm.tables.work_order: '../wm_order' is no name"),
        ("[policy]", "[om.tables]\norder = ''\n[policy]", "om.tables.order: '' is no name of a table"),
        ("[policy]", "[om.columns.order]\nnumber = 'nr^x'\n[policy]", "om.columns.order.number: 'nr^x' is no name"),
        ("[policy]", "[om.columns.order]\nnumber = ''\n[policy]", "om.columns.order.number: the connector cannot do without it"),
        ("[policy]", "[fsm.columns.work_order]\ntemplate = ''\n[policy]",
         "fsm.columns.work_order.template: the connector cannot do without it"),
        *[("[policy]", f"[om.columns.domain_order]\n{part} = ''\n[policy]",
           f"om.columns.domain_order.{part}: the connector cannot do without it")
          for part in ("kind", "specification", "action")],
        ("[policy]", "[fallout.tables]\nfallout = 'a/b'\n[policy]", "fallout.tables.fallout: 'a/b' is no name of a table"),
        ("[policy]", "[om.states.order]\n7 = 'Parked'\n[policy]", "om.states.order: 7 = 'Parked' is none of ServiceNow's"),
        ("[policy]", "[fsm.states.work_order]\n7 = 'Done'\n[policy]", "fsm.states.work_order: 7 = 'Done' is none of"),
        ("[policy]", "[fsm.references.template]\ntable = 'a?b'\n[policy]", "fsm.references.template.table: 'a?b' is no"),
        ("[policy]", "[fsm.references.'loc^x']\ntable = 'x'\n[fsm.references.template]\ntable = 'y'\n[policy]",
         "fsm.references: 'loc^x'"),
        ("[policy]", "[fsm.columns.work_order]\nmark = 'correlation_id'\n[policy]",
         "fsm: columns.work_order.mark: 'correlation_id' is already the names"),
        ("[policy]", "[om.tables]\nline = 'sn_ind_tmt_orm_order'\n[policy]",
         "om: tables.line: 'sn_ind_tmt_orm_order' is already the order"),
        ("[policy]", "[fallout.tables]\nfallout = 'sn_ind_tmt_orm_order'\n[policy]",
         "fallout.tables.fallout: 'sn_ind_tmt_orm_order' is already the order"),
        ("[policy]", "[om.catalog]\nrequest_types = 'sn_prd_pm_product_specification'\n[policy]",
         "om.catalog.request_types: 'sn_prd_pm_product_specification' is already the product specification"),
        ("[policy]", "[om.catalog]\nspecifications = ['u_a', 'u_b', 'u_a']\n[policy]",
         "om.catalog.specifications: 'u_a' is already the product specification"),
        ("[policy]", "[fallout.columns]\nmark = 'correlation_id'\n[policy]",
         "fallout: columns.mark: 'correlation_id' is already the names"),
        ("[policy]", "[fallout.states]\n1 = 'nearly'\n[policy]", "fallout.states: 1 = 'nearly' is none of ServiceNow's words"),
        ("[policy]", "[work_order.fields]\ncorrelation_id = 'x'\n[policy]",
         "work_order.fields: the connector itself keeps 'correlation_id' (names)"),
        ("[policy]", "[case.fields]\nstate = '3'\n[policy]", "case.fields: the connector itself keeps 'state' (state)"),
        ("[policy]", "[work_order.fields]\nsys_id = 'x'\n[policy]", "work_order.fields: the connector itself keeps 'sys_id'"),
        ('[policy]', "[policy]\noutputs = { 'dispatch group' = 'work_notes' }",
         "policy.outputs: the connector itself keeps 'work_notes'"),
        ('[policy]', "[policy]\noutputs = { 'dispatch group' = 'as^sign' }",
         "policy.outputs.dispatch group: 'as^sign' is no name"),
        ('name = "om"', "name = 'om'\nnotes = 'comments'", "om.comments: 'comments' is already the notes"),
        ('name = "om"', "name = 'om'\nnotes = 'state'", "om.notes: 'state' is already the state of a domain order"),
        ('name = "fsm"', "name = 'fsm'\nnotes = 'short_description'",
         "fsm.notes: 'short_description' is already the summary of a work order"),
        ('name = "fsm"', "name = 'fsm'\ncomments = 'correlation_id'",
         "fsm.comments: 'correlation_id' is already the names of a work order"),
        ("[policy]", "[fsm.columns.work_order]\nsummary = 'work_notes'\n[policy]",
         "fsm.notes: 'work_notes' is already the summary of a work order"),
        ('name = "om"', "name = 'om'\nnotes = 'a&b'", "om.notes: 'a&b' is no name of a column"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path(tmp_path: Path, old: str, new: str, problem: str) -> None:
    refused = refusal(tmp_path, TEXT.replace(old, new, 1))
    assert any(one.startswith(problem) for one in refused.problems), refused.problems
    assert str(tmp_path / "config.toml") in str(refused)
    assert "nothing was done" in refused.hint
    assert refused.exit_code == 2


@pytest.mark.parametrize(
    "said",
    [
        "[fsm.columns.work_order]\nplanned_end = ''\n",
        "[om.states.order]\n7 = 'Cancelled'\n8 = 'unknown'\n",
        "[work_order.fields]\nu_town = 'x'\n",
        "[om.columns.domain_order]\nline = 'parent.u_line'\n",
    ],
)
def test_what_an_instance_may_well_be_like_is_no_mistake(tmp_path: Path, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT + said, encoding="utf-8")
    assert load_settings(path)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = TEXT.replace('name = "om"', "nam = 'om'").replace("https://fsm", "ftp://fsm") + "[gate]\nmax_reopens = 0\n"
    assert sorted(problem.split(":")[0] for problem in refusal(tmp_path, text).problems) == [
        "fsm.url",
        "gate.max_reopens",
        "om.nam",
        "om.name",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[om.columns.order]\nnr = 'x'\n[om.columns.line]\nnr = 'x'\n",
        "[om.tables]\norders = 'x'\n[om.states.line]\n1 = 'x'\n",
        "[om.tables]\norders = 'x'\n[om.columns.order]\nnumber = 1\n",
        "[work_order.fields]\nx = '{locaton}'\ny = '{acount}'\n",
    ],
)
def test_all_misspelt_parts_are_named_at_once(tmp_path: Path, text: str) -> None:
    assert len(refusal(tmp_path, TEXT + text).problems) == 2


def test_a_misspelt_part_is_named_by_its_whole_path(tmp_path: Path) -> None:
    [problem] = refusal(tmp_path, TEXT + "[om.columns.order]\nnr = 'x'\n").problems
    assert problem.startswith("om.columns.order.nr:")


@pytest.mark.parametrize("rest", ["/?token=", "#", ":"])
def test_what_follows_the_address_is_not_repeated(tmp_path: Path, rest: str) -> None:
    refused = refusal(tmp_path, TEXT.replace("https://om.example.com/", f"https://om.example.com{rest}{SECRET}"))
    assert SECRET not in str((refused, refused.problems))


@pytest.mark.parametrize("url", ["https:///", "https:///api", "https://om.example.com/?x=1", "https://om example.com"])
def test_an_address_needs_a_host_and_nothing_that_would_swallow_the_path(tmp_path: Path, url: str) -> None:
    refusal(tmp_path, TEXT.replace("https://om.example.com/", url))


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "cannot be read"), (b"[om", "is not valid TOML"), (b"name = \"\xff\"", "is not UTF-8 text: byte 8")],
)  # fmt: skip
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, content: bytes | None, what: str) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert what in str(refused.value)
    assert str(path) in str(refused.value)


def test_renamed_tables_and_columns_take_the_place_of_servicenows_names(tmp_path: Path) -> None:
    text = TEXT + "[om.tables]\norder = 'x_order'\n[fsm.columns.work_order]\nnames = 'u_mark'\n"
    settings = configured(tmp_path, text).settings
    assert settings.om.db_schema.tables["order"] == "x_order"
    assert settings.om.db_schema.tables["line"] == configured(tmp_path).settings.om.db_schema.tables["line"]
    assert settings.fsm.db_schema.work_order["names"] == "u_mark"
    assert settings.fsm.db_schema.work_order["number"] == "number"


# --- secrets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ref",
    ['{ env = "OM_PASSWORD" }', '{ file = "om.password" }', f'{{ command = ["echo", "{SECRET}"] }}'],
)
def test_a_secret_comes_from_the_environment_a_file_or_a_command(tmp_path: Path, ref: str) -> None:
    private(tmp_path / "om.password")
    assert configured(tmp_path, with_password(ref)).secrets["om.password"].get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("mode", "refused"), [(0o604, True), (0o606, True), (0o777, True), (0o600, False), (0o640, False)]
)
def test_a_secret_file_that_everybody_can_read_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    path = private(tmp_path / "om.password", mode=mode)
    text = with_password('{ file = "om.password" }')
    if refused:
        problem = f"om.password: the file {path} can be read by everybody: chmod o= {path}"
        assert refusal(tmp_path, text).problems == (problem,)
    else:
        assert configured(tmp_path, text).secrets["om.password"].get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("ref", "problem"),
    [
        ('{ env = "UNSET" }', "om.password: the environment variable UNSET is empty or not set"),
        ('{ file = "nowhere" }', "om.password: the file {dir}/nowhere cannot be read: No such file or directory"),
        ('{ file = "empty" }', "om.password: the file {dir}/empty is empty or not set"),
        ('{ command = ["true"] }', "om.password: the command true is empty or not set"),
        ('{ command = ["false", "hush"] }', "om.password: the command false failed (CalledProcessError)"),
        ('{ command = ["./nowhere"] }', "om.password: the command ./nowhere failed (FileNotFoundError)"),
    ],
)
def test_a_secret_that_is_not_there_is_named_by_where_it_should_be(tmp_path: Path, ref: str, problem: str) -> None:
    private(tmp_path / "empty", b" \n")
    assert refusal(tmp_path, with_password(ref)).problems == (problem.format(dir=tmp_path),)


def test_all_missing_secrets_are_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OM_PASSWORD")
    monkeypatch.setenv("FSM_PASSWORD", " ")
    text = TEXT + '[webhook]\nsecret = { env = "UNSET" }\n'
    places = [problem.split(":")[0] for problem in refusal(tmp_path, text).problems]
    assert places == ["om.password", "fsm.password", "webhook.secret"]


def test_an_empty_command_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    assert refusal(tmp_path, with_password("{ command = [] }")).problems


@pytest.mark.parametrize("ref", ['{ file = "om.password" }', '{ command = ["cat", "%s/om.password"] }'])
def test_a_secret_that_is_no_text_is_named_by_its_place_without_a_byte_of_it(tmp_path: Path, ref: str) -> None:
    private(tmp_path / "om.password", b"\xffsecret")
    [problem] = refusal(tmp_path, with_password(ref.replace("%s", str(tmp_path)))).problems
    assert "the file" in problem or "the command" in problem
    assert "0xff" not in problem


@pytest.mark.parametrize("ref", ['{ env = "OM_PASSWORD" }', '{ file = "om.password" }', '{ command = ["cat", "%s"] }'])
def test_a_secret_is_never_shown_by_what_holds_it(tmp_path: Path, ref: str) -> None:
    path = private(tmp_path / "om.password")
    loaded = configured(tmp_path, with_password(ref.replace("%s", str(path))))
    shown = [repr(loaded), str(loaded), str(loaded.model_dump()), loaded.model_dump_json(), repr(loaded.secrets)]
    assert not [text for text in shown if SECRET in text]
    assert loaded.secrets["om.password"].get_secret_value() == SECRET


WRONG_PLACES = [
    with_password(f'"{SECRET}"'),
    with_password(f'{{ passwort = "{SECRET}" }}'),
    with_password(f'{{ env = ["{SECRET}"] }}'),
    with_password(f'{{ command = "{SECRET}" }}'),
    with_password(f'{{ env = "A", file = "{SECRET}" }}'),
    with_password(f'{{ command = ["false", "{SECRET}"] }}'),
    TEXT.replace("[policy]", f'passwort = "{SECRET}"\n[policy]'),
    TEXT + f'[webhook]\nsecret = "{SECRET}"\n',
]


@pytest.mark.parametrize("text", WRONG_PLACES)
def test_a_secret_written_in_the_wrong_place_is_not_repeated_to_the_operator(tmp_path: Path, text: str) -> None:
    refused = refusal(tmp_path, text)
    assert refused.problems
    assert SECRET not in " ".join([str(refused), refused.hint, *refused.problems, repr(refused)])


@pytest.mark.parametrize("text", WRONG_PLACES[:4])
def test_a_secret_written_in_the_wrong_place_is_in_no_traceback_either(tmp_path: Path, text: str) -> None:
    assert SECRET not in "".join(traceback.format_exception(refusal(tmp_path, text)))


def test_a_password_inside_an_address_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, TEXT.replace("https://om", f"https://connector:{SECRET}@om"))
    assert SECRET not in " ".join(refused.problems)


def test_a_failing_command_shows_neither_its_arguments_nor_its_output(tmp_path: Path) -> None:
    ref = SecretRef(command=("sh", "-c", f"echo {SECRET}; echo {SECRET} >&2; exit 3"))
    with pytest.raises(ValueError, match=r"^the command sh failed \(CalledProcessError\)$"):
        ref.read(tmp_path)


def test_of_a_command_that_knows_a_secret_only_the_program_is_shown() -> None:
    ref = SecretRef.model_validate({"command": ["pass", "--token", SECRET]})
    assert ref.model_dump(mode="json") == {"env": None, "file": None, "command": ["pass", "***", "***"]}
    assert SecretRef.model_validate({"env": "OM_PASSWORD"}).model_dump(mode="json")["env"] == "OM_PASSWORD"
