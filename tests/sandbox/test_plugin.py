"""The pytest plug-in that other test suites get: run in a test run of its own, as they would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

INI = "[pytest]\naddopts = -p connector.sandbox.pytest_plugin --strict-markers --strict-config -p no:cacheprovider\n"
ROOT = Path(__file__).parents[2]


def run(directory: Path, tests: str, ini: str = "") -> subprocess.CompletedProcess[str]:
    (directory / "pytest.ini").write_text(INI + ini + "filterwarnings =\n    error\n", encoding="utf-8")
    (directory / "test_theirs.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", str(directory)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=directory, env={"PYTHONPATH": str(ROOT)}, check=False
    )


THEIRS = """
import pytest
import requests

from connector.sandbox.moves import Refused
from tests import PATIENCE


def placed(om, **more):
    line = {"offering": "Business SD-WAN", "location": "Acme Hamburg HQ"}
    made = om.people.create_order(account="Acme Logistics", contact="Anna Weber", lines=[line])
    om.people.place(order=made["order"]["number"])
    return made["order"]["number"]


def test_a_world_in_virtual_time(servicenow):
    assert servicenow.now().isoformat() == "2026-03-02T08:00:00+00:00"


def test_peoples_moves_are_methods(servicenow, servicenow_om):
    order = placed(servicenow_om)
    with pytest.raises(Refused):
        servicenow_om.people.approve(order=order, as_="order_agent")
    servicenow_om.people.approve(order=order)
    servicenow.advance(5)
    states = servicenow_om.rows("sn_ind_tmt_orm_order", f"number={order}", "state", labels=True)
    assert states == [{"state": "In progress"}]
    assert "approve" in dir(servicenow_om.people)
    with pytest.raises(AttributeError, match="approve_cancel"):
        servicenow_om.people.aprove


def test_a_fault_lasts_as_long_as_its_block(servicenow_fsm):
    url = f"{servicenow_fsm.url}/api/now/table/wm_order"
    session = servicenow_fsm.session("dispatcher")
    with servicenow_fsm.fault("maintenance", path_contains="wm_order"):
        assert [session.get(url, timeout=PATIENCE).status_code for _ in "ab"] == [503, 503]
    assert session.get(url, timeout=PATIENCE).status_code == 200
    assert [seen.status for seen in servicenow_fsm.seen] == [503, 503, 200]


def test_a_switch_lasts_as_long_as_its_block(servicenow_fsm):
    with servicenow_fsm.switched(invalid_query="no_rows"):
        assert servicenow_fsm.rows("cmn_location", "nonsense=1") == []
    assert len(servicenow_fsm.rows("cmn_location", "nonsense=1")) == 6


def test_the_same_over_https(servicenow_https, servicenow_om, servicenow_fsm):
    assert servicenow_fsm.url == servicenow_https.info["fsm"]["url"] != servicenow_om.url
    assert servicenow_fsm.url.startswith("https://localhost:")
    assert len(servicenow_fsm.rows("cmn_location")) == 6
    assert servicenow_fsm.seen == []


@pytest.mark.servicenow(profile="single", seed=7)
def test_one_instance_for_both(servicenow_om, servicenow_fsm):
    assert servicenow_om.url == servicenow_fsm.url
    assert servicenow_fsm.rows("sn_ind_tmt_orm_order") == []


@pytest.mark.parametrize("servicenow", ["odd"], indirect=True)
def test_the_profile_may_be_a_parameter(servicenow):
    assert servicenow.profile.name == "odd"
"""


def test_other_suites_get_instances_moves_faults_and_switches(tmp_path: Path) -> None:
    done = run(tmp_path, THEIRS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_a_project_names_its_profile_once(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "default"\nname = "mine"\n', encoding="utf-8")
    named = "def test_name(servicenow):\n    assert servicenow.profile.name == 'mine'\n"
    assert run(tmp_path, named, "servicenow_profile = mine.toml\n").returncode == 0
    assert run(tmp_path, named).returncode == 1


@pytest.mark.parametrize("mark", ["'single'", "profil='single'"])
def test_a_misspelt_mark_is_told(tmp_path: Path, mark: str) -> None:
    theirs = f"import pytest\n@pytest.mark.servicenow({mark})\ndef test_it(servicenow):\n    pass\n"
    done = run(tmp_path, theirs)
    assert done.returncode == 1
    assert "the mark servicenow takes profile, seed, start, by name" in done.stdout


def test_pytest_starts_without_the_sandbox_itself() -> None:
    """It is imported at the start of every test run on the machine, whether that run needs it or not."""
    large = "('requests', 'sqlite3', 'asyncio', 'connector.sandbox.world', 'connector.sandbox.moves')"
    script = (
        "import sys, pytest; before = set(sys.modules); import connector.sandbox.pytest_plugin;"
        f"print(sorted((set(sys.modules) - before) & set({large})), 'connector.sandbox.pytest_plugin' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == "[] True\n"


def test_it_is_found_without_being_named_and_may_be_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_it(servicenow):\n    assert servicenow\n", encoding="utf-8")
    for named in ((), ("-p", "connector.sandbox.pytest_plugin")):
        command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *named, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={}, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
