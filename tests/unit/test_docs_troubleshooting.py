"""docs/troubleshooting.md has a row for every error, finding and hold that people can meet, and for nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import connector.engine.database  # noqa: F401 - defines an error of its own
from connector.engine.hold import Hold, HoldReason
from connector.errors import ConnectorError
from connector.mapping.fallouts import FALLOUT_KINDS
from connector.model import FindingCode

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The other cells of each row under a heading, by id."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([^`]+)`( \*)? \|(.+)\|$", part, re.MULTILINE)
    assert len({name for name, _, _ in found}) == len(found)
    return {name: [star.strip(), *(cell.strip() for cell in rest.split("|"))] for name, star, rest in found}


def every(kind: type[ConnectorError]) -> list[type[ConnectorError]]:
    return [kind, *(one for below in kind.__subclasses__() for one in every(below))]


def test_every_error_has_an_id_of_its_own_with_its_exit_code_cause_and_fix() -> None:
    errors = {one.id: one for one in every(ConnectorError) if one.__module__.startswith("connector.")}
    assert len(errors) == len([one for one in every(ConnectorError) if one.__module__.startswith("connector.")])
    told = rows("Errors")
    assert set(told) == set(errors)
    held = sorted({Hold("om", reason, "", datetime.now(UTC)).exit_code for reason in HoldReason})
    for name, (_, code, cause, fix) in told.items():
        assert cause
        assert fix
        assert code == (", ".join(map(str, held)) if name == "held" else str(errors[name].exit_code)), name


def test_every_finding_has_its_cause_and_fix_and_says_whether_it_can_become_a_fallout() -> None:
    told = rows("Findings")
    assert set(told) == {code.value for code in FindingCode}
    assert {name for name, cells in told.items() if cells[0]} == {code.value for code in FALLOUT_KINDS}
    assert all(cause and fix for _, cause, fix in told.values())


def test_every_hold_says_how_it_ends() -> None:
    told = rows("Holds")
    assert set(told) == {reason.value for reason in HoldReason}
    assert {name for name, cells in told.items() if cells[2] == "by itself"} == {
        r.value for r in HoldReason if r.ends_by_itself
    }
    assert {name for name, cells in told.items() if cells[1].startswith("Brake")} == {
        r.value for r in HoldReason if r.is_brake and r is not HoldReason.STRANGE
    }
