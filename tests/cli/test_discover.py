"""`om-fsm discover` and `doctor` as a person types them: what they write and say, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from connector.demo.setup import write_config
from connector.profile import read_profile
from connector.sandbox import World
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[tuple[World, Path]]:
    """An odd pair behind HTTPS, and a configuration that knows nothing of it."""
    world = World.create(profile="odd", start="2026-03-02T08:00:00Z")
    with world.serve(tmp_path) as served:
        yield world, write_config(tmp_path, served.info)
    world.close()


def om_fsm(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "connector", "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_a_profile_is_written_then_compared_and_then_used(odd: tuple[World, Path]) -> None:
    world, config = odd
    first = om_fsm(config, "discover")
    assert (first.returncode, first.stderr) == (0, "")
    told = json.loads(first.stdout)
    assert told["written"] is True
    assert told["to_settle"] == []
    assert told["named"] is False
    profile = config.with_name("profile.toml")
    assert read_profile(profile).om.columns["domain_order"]["line"] == "u_line_item"

    written = profile.read_bytes()
    again = om_fsm(config, "discover", "--output", "table")
    assert (again.returncode, again.stderr) == (0, "")
    assert "Nothing has changed" in again.stdout
    assert f"{config} does not name it: it does not count" in again.stdout
    assert 'above the first section: profile = "profile.toml"' in again.stdout
    doctor = om_fsm(config, "doctor", "--check", "profile.settled", "--output", "table")
    assert f"warning  profile.settled: {profile} is there, but the configuration does not name it" in doctor.stdout

    [row] = world.om.records.find("sys_choice", name="sn_ind_tmt_orm_domain_order", value="22")
    world.om.records.update("sys_choice", row["sys_id"], {"label": "Queued"}, world.om.system)
    drifted = om_fsm(config, "discover", "--output", "table")
    assert drifted.returncode == 1
    assert "was Scheduled and is now Queued" in drifted.stdout
    assert profile.read_bytes() == written

    accepted = om_fsm(config, "discover", "--accept", "--output", "table")
    assert accepted.returncode == 0
    assert read_profile(profile).om.states["domain_order"]["22"].label == "Queued"

    refused = om_fsm(config, "plan")
    assert refused.returncode == 2
    assert "order_line_item" in refused.stderr
    config.write_text(f'profile = "profile.toml"\n{config.read_text(encoding="utf-8")}', encoding="utf-8")
    assert om_fsm(config, "plan").returncode == 0

    profile.write_text(profile.read_text(encoding="utf-8").replace('"u_specification"', '"?"'), encoding="utf-8")
    unsettled = om_fsm(config, "plan")
    assert unsettled.returncode == 2
    assert "om.columns.domain_order.specification: which column is it?" in unsettled.stderr


def test_a_profile_that_is_broken_is_put_aside_before_another_is_written(odd: tuple[World, Path]) -> None:
    _, config = odd
    profile = config.with_name("profile.toml")
    for aside in ("profile.toml.broken", "profile.toml.broken1"):
        profile.write_text(f'[om\n# settled by hand for {aside}\nnotes = "comments"', encoding="utf-8")
        assert om_fsm(config, "discover").returncode == 2
        done = om_fsm(config, "discover", "--accept", "--output", "table")
        assert (done.returncode, done.stderr) == (0, "")
        assert "is not valid TOML" in done.stdout
        assert f"It is put aside as {config.with_name(aside)}" in done.stdout
        assert f"settled by hand for {aside}" in config.with_name(aside).read_text(encoding="utf-8")
        assert read_profile(profile)


def test_the_doctor_says_what_is_wrong_why_and_the_fix_and_fails_for_ci(odd: tuple[World, Path]) -> None:
    _, config = odd
    ill = om_fsm(config, "doctor", "--suite", "first", "--output", "table")
    assert (ill.returncode, ill.stderr) == (1, "")
    first, why, fix = ill.stdout.splitlines()[:3]
    assert first.startswith("failed   columns.present om")
    assert "order_line_item" in first
    assert "why: " in why
    assert "om-fsm discover" in fix
    assert ill.stdout.splitlines()[-1].startswith("1 failed")

    assert om_fsm(config, "discover").returncode == 0
    config.write_text(f'profile = "profile.toml"\n{config.read_text(encoding="utf-8")}', encoding="utf-8")
    well = om_fsm(config, "doctor", "--suite", "first")
    told = json.loads(well.stdout)
    assert well.returncode == 0, told["summary"]
    assert {one["level"] for one in told["checks"]} <= {"fine", "warning", "unknown"}


def test_one_check_can_be_asked_and_a_wrong_name_is_refused(odd: tuple[World, Path]) -> None:
    _, config = odd
    one = om_fsm(config, "doctor", "--check", "columns.tables")
    assert [check["side"] for check in json.loads(one.stdout)["checks"]] == ["om", "fsm"]
    wrong = om_fsm(config, "doctor", "--check", "columns.tabels")
    assert wrong.returncode == 2
    assert "--list" in wrong.stderr
    assert "columns.tables" in om_fsm(config, "doctor", "--list").stdout
