"""`make audit` fails when a dependency is known to be vulnerable, and never says "nothing found" where nothing was asked."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit"))
GOOD = {"name": "requests", "version": "2.34.2", "vulns": []}
BAD = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0"], "description": "x"}]}
UNKNOWN = {"name": "private", "skip_reason": "Dependency not found on PyPI and could not be audited: private (1.0)"}
OURS = {"name": "om-fsm-connector", "skip_reason": "distribution marked as editable"}


def ended(tmp_path: Path, said: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """How the audit ends when pip-audit says this."""
    answer = tmp_path / "answer"
    answer.write_text(said)
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat {answer}\n")
    program.chmod(0o700)
    return AUDIT["main"](str(program), "site-packages"), capsys.readouterr().out


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([GOOD], 0, "1 packages asked about, 0 vulnerabilities known."),
        ([GOOD, BAD], 1, "VULNERABLE urllib3 1.0: PYSEC-1, fixed in 2.0"),
        ([GOOD, UNKNOWN], 0, "1 could not be asked about"),
        ([UNKNOWN], 0, "NOTHING WAS AUDITED"),
        ([OURS], 0, "NOTHING WAS AUDITED"),
        ([OURS, GOOD], 0, "1 packages asked about, 0 vulnerabilities known."),
    ],
)
def test_what_is_known_to_be_vulnerable_fails_and_what_was_not_asked_about_is_said(
    packages: list[dict[str, Any]], code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, said = ended(tmp_path, json.dumps({"dependencies": packages, "fixes": []}), capsys)
    assert (found, words in said) == (code, True), said


def test_without_the_service_it_says_that_nothing_was_audited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its last line: the exit status is that of an audit that found nothing."""
    code, said = ended(tmp_path, "", capsys)
    assert (code, "NOTHING WAS AUDITED" in said.splitlines()[-1]) == (0, True)
    assert AUDIT["main"](str(tmp_path / "not installed"), "x") == 0
    assert "NOTHING WAS AUDITED" in capsys.readouterr().out.splitlines()[-1]
