"""Which cases there are, and the summary after them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.dmn_tck.cases import Case, cases_in

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

SETTING = "DMN_TCK"


def folder() -> Path | None:
    """The folder of the kit, if one is set."""
    said = os.environ.get(SETTING, "")
    return Path(said) if said else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kit_case" not in metafunc.fixturenames:
        return
    place = folder()
    cases: list[Case] = cases_in(place) if place else []
    if not cases:
        reason = f"{SETTING} is not set to a folder of the DMN conformance kit" if place is None else "no case found"
        skipped = pytest.param(None, id="no kit", marks=[pytest.mark.skip(reason=reason)])
        metafunc.parametrize("kit_case", [skipped])
        return
    metafunc.parametrize("kit_case", [pytest.param(case, id=case.name) for case in cases])


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """How many cases passed, failed and were refused, and why."""
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            said = dict(getattr(report, "user_properties", ()))
            if "kit" in said and report.when == "call":
                counts[said["kit"]] += 1
                refused[f"{said['folder']}: {said['why']}"] += said["kit"] == "refused"
    if not counts:
        return
    terminalreporter.section("DMN conformance kit")
    total = sum(counts.values())
    terminalreporter.line(
        f"{counts['passed']} of {total} cases passed, {counts['failed']} failed, {counts['refused']} not carried"
    )
    for reason, count in sorted((+refused).items()):
        terminalreporter.line(f"  not carried: {count:3} of {reason}")
