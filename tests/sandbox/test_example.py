"""The example project in docs/examples/policy-tests, run as its owner would run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.told import ROOT, told

EXAMPLE = ROOT / "docs" / "examples" / "policy-tests"
TYPED = [one for one in told("docs/examples/policy-tests/README.md") if one.command == "pytest"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy in a place of its own: nothing of this repository's settings reaches it."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")))


def run(project: Path, *names: str, **more: str) -> subprocess.CompletedProcess[str]:
    foreign = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")} | more
    command = [sys.executable, "-m", "pytest", "-q", *names]
    return subprocess.run(command, capture_output=True, text=True, cwd=project, env=foreign, check=False)


def test_the_example_project_passes(project: Path) -> None:
    assert [one.command for one in TYPED] == ["pytest"]
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_also_passes_where_pytest_looks_for_no_plug_ins(project: Path) -> None:
    off = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert run(project, "--collect-only", **off).returncode != 0  # nobody knows the setting servicenow_profile
    done = run(project, "-p", "connector.sandbox.pytest_plugin", "tests/test_config.py", **off)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("before", "after", "failing"),
    [
        ("Install CPE", "Instal CPE", "test_config.py"),
        ("Quick Visit", "NO FIELD WORK", "test_policy.py"),
    ],
)
def test_its_tests_notice_a_wrong_policy(project: Path, before: str, after: str, failing: str) -> None:
    table = project / "config" / "domain_order_policy.csv"
    text = table.read_text(encoding="utf-8")
    assert before in text
    table.write_text(text.replace(before, after), encoding="utf-8")
    done = run(project, f"tests/{failing}")
    assert done.returncode == 1, done.stdout + done.stderr


def test_its_read_me_names_every_file_that_matters() -> None:
    told = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    files = ["config/config.toml", "acme.toml", "tests/test_policy.py", "tests/test_config.py", "tests/conftest.py"]
    assert [name for name in files if name not in told or not (EXAMPLE / name).is_file()] == []
