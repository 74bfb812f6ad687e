"""The systemd unit and the Containerfile: what they promise stands in them, and what they name exists."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connector.config import Http
from connector.daemon.service import STOP_WITHIN
from connector.errors import ConfigError, Refused

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "om-fsm.service"
CONTAINER = ROOT / "deploy" / "Containerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

HARDENED = {
    "DynamicUser": "yes", "UMask": "0077", "LimitCORE": "0", "AmbientCapabilities": "", "CapabilityBoundingSet": "",
    "LockPersonality": "yes", "NoNewPrivileges": "yes", "PrivateDevices": "yes", "PrivateTmp": "yes", "ProtectHome": "yes",
    "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes", "ProtectProc": "invisible", "ProtectSystem": "strict",
    "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes", "SystemCallArchitectures": "native", "StateDirectoryMode": "0700",
}  # fmt: skip


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_the_service_is_hardened() -> None:
    said = directives()
    assert {name: said.get(name) for name in HARDENED} == {name: [value] for name, value in HARDENED.items()}
    assert said["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_the_service_is_told_by_the_daemon_when_it_is_ready_and_that_it_lives() -> None:
    said = directives()
    assert said["Type"] == ["notify"]
    assert seconds(said["WatchdogSec"][0]) >= 60
    assert said["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert seconds(said["TimeoutStopSec"][0]) > STOP_WITHIN + 10


def test_what_starting_again_does_not_mend_is_not_started_again() -> None:
    said = directives()
    assert said["Restart"] == ["on-failure"]
    assert said["RestartPreventExitStatus"] == [f"{ConfigError.exit_code} {Refused.exit_code}"]


def test_secrets_are_credentials_and_stand_nowhere_in_the_unit() -> None:
    said = directives()
    assert [one.partition(":")[0] for one in said["LoadCredential"]] == ["om.secret", "fsm.secret"]
    assert "Environment" not in said
    assert "EnvironmentFile" not in said


def installed(directory: Path) -> Path:
    """The unit as it would be on a machine where the program exists."""
    program = Path(sys.executable).with_name("om-fsm")
    text = UNIT.read_text(encoding="utf-8").replace("/opt/om-fsm/bin/om-fsm", str(program))
    copy = directory / UNIT.name
    copy.write_text(
        re.sub("^Documentation=.*\n", "", text, flags=re.MULTILINE), encoding="utf-8"
    )  # the page is not installed
    return copy


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", str(installed(tmp_path))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_calls_the_exposure_of_the_unit_small(tmp_path: Path) -> None:
    command = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=20",
        "--no-pager",
        str(installed(tmp_path)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a file")
    assert done.returncode == 0, done.stdout[-300:]


# --- the container ---------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    lines = [line for line in CONTAINER.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_everything_the_container_copies_exists() -> None:
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    paths = [path for one in copied for path in one]
    assert {"connector", "pyproject.toml", "constraints.txt"} <= set(paths)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert "ADD" not in dict(instructions())


def test_everything_the_build_needs_of_the_project_is_copied() -> None:
    copied = {path for name, rest in instructions() if name == "COPY" for path in rest.split()}
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= copied


def test_the_container_installs_extras_that_exist() -> None:
    [command] = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    [extras] = re.findall(r"\.\[([\w,]+)\]", command)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_it_runs_as_nobody_special_and_writes_only_where_memory_is() -> None:
    said = dict(instructions())  # the last of each
    user, group = said["USER"].split(":")
    assert int(user) > 0 < int(group)
    assert said["VOLUME"] == said["WORKDIR"] == "/var/lib/om-fsm"
    assert f"--owner={user} --group={group} --mode=0700 {said['VOLUME']}" in said["RUN"]
    assert "--read-only" in CONTAINER.read_text(encoding="utf-8")


def test_it_starts_the_daemon_and_asks_whether_it_lives() -> None:
    said = dict(instructions())
    assert said["ENTRYPOINT"] == '["om-fsm"]'
    assert "om-fsm" in PROJECT["scripts"]
    assert said["CMD"] == '["run"]'
    assert f"http://{Http().host}:{Http().port}/healthz" in said["HEALTHCHECK"]
    assert said["EXPOSE"] == str(Http().port)
