"""`om-fsm init` as a person or a script calls it: what is asked, tested, written, and what is not."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from connector.config import load, load_settings
from connector.doctor.roles import NEEDED
from connector.mapping.compensation import load_compensations
from connector.mapping.marks import INSTANCE_NAME
from connector.sandbox import World
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Start:
    """An empty directory, and two instances to point at."""

    path: Path
    info: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.path / "here" / "config.toml"

    @property
    def options(self) -> list[str]:
        """Everything a script has to say."""
        clients = [f"--{side}-user={self.info[side]['oauth']['client_id']}" for side in ("om", "fsm")]
        urls = [f"--{side}={self.info[side]['url']}" for side in ("om", "fsm")]
        return ["init", *urls, *clients, f"--ca-file={self.info['ca_file']}"]

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "connector", "--config", str(self.config), *arguments]
        environment = {"PATH": os.defpath, "NO_PROXY": "*", **self.environment}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment, input=stdin or ""
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    world = World.create(start="2026-03-02T08:00:00Z")
    (tmp_path / "here").mkdir()
    with world.serve(tmp_path) as served:
        secrets = {
            f"{side.upper()}_CLIENT_SECRET": served.info[side]["oauth"]["client_secret"] for side in ("om", "fsm")
        }
        yield Start(tmp_path, served.info, secrets)
    world.close()


def test_without_a_terminal_options_are_enough_and_the_configuration_works_at_once(start: Start) -> None:
    done = start.run(*start.options)
    assert (done.returncode, done.stderr) == (0, "")
    text = start.config.read_text(encoding="utf-8")
    for secret in start.environment.values():
        assert secret not in text + done.stdout
    assert '{ env = "OM_CLIENT_SECRET" }' in text
    assert sum(line.startswith("#") for line in text.splitlines()) > 15
    for need in NEEDED:
        assert f"{need.role}: {need.need} ({need.tables})" in done.stdout
    assert start.run("discover").returncode == 0
    assert start.run("doctor", "--suite", "first").returncode == 0
    assert start.run("plan").returncode == 0


def test_the_profile_is_used_as_soon_as_discover_has_written_it_and_nothing_is_done_before(start: Start) -> None:
    assert start.run(*start.options).returncode == 0
    for verb in ("plan", "sync", "run"):
        refused = start.run(verb)
        assert refused.returncode == 2, verb
        assert "there is none" in refused.stderr
        assert "Run `om-fsm discover`" in refused.stderr
    assert start.run("policy", "check").returncode == 0
    doctor = start.run("doctor", "--check", "profile.settled")
    assert (doctor.returncode, "there is none" in doctor.stdout) == (1, True)
    assert not start.config.with_name("om-fsm.db").exists()
    found = start.run("discover", "--output", "table")
    assert 'The configuration names it: profile = "profile.toml"' in found.stdout
    assert "the profile is settled" in start.run("doctor", "--check", "profile.settled").stdout
    assert start.run("sync").returncode == 0
    profile = start.config.with_name("profile.toml")
    profile.write_text(profile.read_text(encoding="utf-8").replace('state = "state"', 'state = "?"'), encoding="utf-8")
    assert "which column is it?" in start.run("sync").stderr


def test_a_secret_may_be_in_a_file_or_come_from_a_command(start: Start) -> None:
    secret = start.path / "here" / "om.secret"
    secret.write_text(start.environment["OM_CLIENT_SECRET"], encoding="utf-8")
    secret.chmod(0o600)
    done = start.run(
        *start.options, "--om-kept-in", "file:om.secret", "--fsm-kept-in", "command:printenv FSM_CLIENT_SECRET"
    )
    assert done.returncode == 0, done.stderr
    text = start.config.read_text(encoding="utf-8")
    assert 'client_secret = { file = "om.secret" }' in text
    assert 'client_secret = { command = ["printenv", "FSM_CLIENT_SECRET"] }' in text


def test_by_password_too(start: Start) -> None:
    start.environment = {
        f"{side.upper()}_PASSWORD": start.info[side]["users"]["connector"]["password"] for side in ("om", "fsm")
    }
    urls = [f"--{side}={start.info[side]['url']}" for side in ("om", "fsm")]
    users = ["--om-user=connector", "--fsm-user=connector"]
    done = start.run("init", *urls, *users, "--sign-in=basic", f"--ca-file={start.info['ca_file']}")
    assert done.returncode == 0, done.stderr
    assert 'username = "connector"' in start.config.read_text(encoding="utf-8")


def test_without_a_terminal_what_is_missing_is_named_all_at_once(start: Start) -> None:
    done = start.run("init", f"--om={start.info['om']['url']}")
    assert done.returncode == 2
    for option in ("--fsm", "--om-user", "--fsm-user"):
        assert option in done.stderr
    assert list((start.path / "here").iterdir()) == []


@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("--om=https://127.0.0.1:9", 6, "cannot be reached"),
        ("--om-user=nobody", 3, "token"),
        ("--om-kept-in=env:NOT_SET", 2, "NOT_SET"),
        ("--om=http://example.com", 2, "https://"),
        ("--om-kept-in=correct-horse", 2, "never the secret itself"),
        ("--ca-file=nowhere.pem", 2, "nowhere.pem"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_is_written(option: str, code: int, words: str, start: Start) -> None:
    done = start.run(*start.options, option)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert ".new" not in done.stderr
    assert "SIDE" not in done.stderr
    assert list((start.path / "here").iterdir()) == []


def test_two_addresses_that_are_swapped_are_said_and_nothing_is_written(start: Start) -> None:
    om, fsm = start.info["om"], start.info["fsm"]
    swapped = [f"--om={fsm['url']}", f"--fsm={om['url']}"]
    swapped += [f"--om-user={fsm['oauth']['client_id']}", f"--fsm-user={om['oauth']['client_id']}"]
    swapped += ["--om-kept-in=env:FSM_CLIENT_SECRET", "--fsm-kept-in=env:OM_CLIENT_SECRET"]
    done = start.run(*start.options, *swapped)
    assert done.returncode == 6, done.stdout + done.stderr
    assert "the two addresses are swapped" in done.stderr
    assert list((start.path / "here").iterdir()) == []
    assert start.run(*start.options, *swapped, "--no-test").returncode == 0
    found = start.run("discover")
    assert (found.returncode, "the two addresses are swapped" in found.stderr) == (2, True)
    doctor = start.run("doctor", "--check", "reach.swapped")
    assert (doctor.returncode, "the two addresses are swapped" in doctor.stdout) == (1, True)
    assert not start.config.with_name("profile.toml").exists()


def test_a_directory_that_does_not_exist_is_said_before_anybody_is_asked(start: Start) -> None:
    (start.path / "here").rmdir()
    done = start.run(*start.options, "--om=https://127.0.0.1:9")
    assert done.returncode == 2
    assert f"there is no directory {start.path / 'here'}" in done.stderr
    assert "mkdir -p" in done.stderr


def test_an_existing_configuration_is_kept_unless_told(start: Start) -> None:
    start.config.write_text("# mine\n", encoding="utf-8")
    assert start.run(*start.options).returncode == 2
    assert start.config.read_text(encoding="utf-8") == "# mine\n"
    assert start.run(*start.options, "--force").returncode == 0
    assert "# mine" not in start.config.read_text(encoding="utf-8")


def named(start: Start, *arguments: str) -> tuple[str, str]:
    """The names of both instances in the configuration that is written."""
    done = start.run(*start.options, "--no-test", *arguments)
    assert done.returncode == 0, done.stderr
    settings = load_settings(start.config)
    return settings.om.name, settings.fsm.name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["--om=https://AcmeProd.service-now.com"], "acmeprod"),
        (["--om=https://AcmeProd.service-now.com", "--om-name=acme-eu"], "acme-eu"),
        ([], "om"),  # this machine
    ],
)
def test_an_order_management_is_called_as_its_address_so_that_two_can_feed_one_field_service(
    said: list[str], name: str, start: Start
) -> None:
    assert named(start, *said) == (name, "fsm")


def test_a_name_that_cannot_stand_in_a_mark_is_refused(start: Start) -> None:
    done = start.run(*start.options, "--no-test", "--om-name=Acme EU")
    assert (done.returncode, "om.name: use 1 to 16 lower-case letters" in done.stderr) == (2, True)
    assert not start.config.exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("acme-telecom-production-eu.service-now.com", "acme-telecom-production-us.service-now.com"),
        ("portal.emea.example.com", "portal.apac.example.com"),
        ("acme.service-now.com", "acme.servicenowservices.com"),
        ("acme_a.service-now.com", "acmea.service-now.com"),
        ("10.0.0.1", "10.0.0.2"),
    ],
)
def test_two_order_managements_that_feed_one_field_service_are_never_called_the_same_by_their_addresses(
    one: str, other: str, start: Start
) -> None:
    first, second = (named(start, f"--om=https://{host}", "--force")[0] for host in (one, other))
    assert first != second
    assert INSTANCE_NAME.fullmatch(first)
    assert INSTANCE_NAME.fullmatch(second)


def test_a_configuration_that_is_replaced_keeps_the_names_for_the_marks_are_on_work_orders(start: Start) -> None:
    at, field = "--om=https://acmeprod.service-now.com", "--fsm=https://acmefield.service-now.com"
    assert named(start, at, field, "--om-name=om") == ("om", "fsm")
    text = start.config.read_text(encoding="utf-8")
    start.config.write_text(text.replace('name = "fsm"', 'name = "field"'), encoding="utf-8")
    assert named(start, "--om=https://ACMEPROD.service-now.com:443/", field, "--force") == ("om", "field")
    start.config.unlink()
    assert named(start, at, field, "--force") == ("acmeprod", "fsm")


def test_another_instance_does_not_get_the_name_of_the_one_before(start: Start) -> None:
    assert named(start, "--om=https://acmeprod.service-now.com", "--om-name=om")[0] == "om"
    assert named(start, "--om=https://acmetest.service-now.com", "--force")[0] == "acmetest"


def test_both_sides_are_never_called_the_same(start: Start) -> None:
    of_om, of_fsm = named(start, "--om=https://fsm.service-now.com")
    assert (of_om.startswith("fsm-"), of_fsm) == (True, "fsm")
    text = start.config.read_text(encoding="utf-8")
    start.config.write_text(text.replace('name = "fsm"', 'name = "acme"'), encoding="utf-8")
    refused = start.run(*start.options, "--no-test", "--force", "--om-name=acme")
    assert (refused.returncode, "is what the Field Service instance is called already" in refused.stderr) == (2, True)


TABLES = ("domain_order_policy.csv", "order_task_policy.csv", "compensation.csv")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_there_is_not_touched_and_the_others_are_written(name: str, start: Start) -> None:
    mine = start.config.with_name(name)
    mine.write_text("mine", encoding="utf-8")
    done = start.run(*start.options, "--no-test")
    assert done.returncode == 0
    assert mine.read_text(encoding="utf-8") == "mine"
    assert f"{mine} is an example" not in done.stdout
    for other in {*TABLES} - {name}:
        assert f"{start.config.with_name(other)} is an example" in done.stdout


def test_the_tables_it_writes_are_those_the_configuration_uses(start: Start) -> None:
    assert start.run(*start.options).returncode == 0
    policy = load_settings(start.config).policy
    assert (str(policy.domain_order), str(policy.order_task), str(policy.compensation)) == TABLES
    assert load_compensations(start.config.with_name("compensation.csv"))
    assert start.run("discover").returncode == 0
    assert start.run("plan").returncode == 0
    start.config.with_name("compensation.csv").unlink()
    assert "compensation table" in start.run("plan").stderr


def test_what_cannot_be_carried_out_becomes_a_fallout(start: Start) -> None:
    assert start.run(*start.options).returncode == 0
    kinds = {kind.value for kind in load_settings(start.config).fallout.kinds}
    assert kinds == {"write-parked", "not-canceled", "reopen-refused"}
    assert start.run("discover").returncode == 0
    assert start.run("plan").returncode == 0
    seen = start.run("doctor", "--suite", "first").stdout
    assert "fallouts.usable" in seen


def test_without_a_test_nobody_is_asked(start: Start) -> None:
    done = start.run(*start.options, "--om=https://127.0.0.1:9", "--no-test")
    assert done.returncode == 0, done.stderr
    assert start.config.exists()


def test_on_a_terminal_it_asks_for_what_was_not_given(start: Start) -> None:
    ours, theirs = pty.openpty()
    answers = [start.info["om"]["url"], start.info["fsm"]["url"], "", start.info["om"]["oauth"]["client_id"], ""]
    answers += [start.info["fsm"]["oauth"]["client_id"], ""]
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    command = [sys.executable, "-m", "connector", "--config", str(start.config), "init"]
    done = subprocess.run(
        [*command, f"--ca-file={start.info['ca_file']}"],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={"PATH": os.defpath, "NO_PROXY": "*", **start.environment},
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Address of the Order Management instance" in done.stdout
    for name, value in start.environment.items():
        os.environ[name] = value
    try:
        assert load(start.config).settings.fsm.url == start.info["fsm"]["url"]
    finally:
        for name in start.environment:
            del os.environ[name]
