"""README promise: whichever request breaks, and however, the outcome is the same.

`OM_FSM_FAULTS=all make test` takes every fault at every request; otherwise every `SHARE`-th is taken.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from connector.sandbox.misdeeds import KINDS as EVERY_KIND
from tests.faults.grid.grid import faults_for
from tests.faults.walk.story import NOT_MET

ALL = os.environ.get("OM_FSM_FAULTS") == "all"
SHARE = 400
LANES = 4 if ALL else SHARE


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lane", range(LANES) if ALL else (133,))
def test_whatever_befalls_one_request_the_outcome_is_that_of_the_undisturbed_pass(lane: int) -> None:
    command = [sys.executable, "-m", "tests.faults.grid", str(lane), str(LANES)]
    struck = subprocess.run(command, capture_output=True, text=True, check=False)
    assert struck.returncode == 0, struck.stdout + struck.stderr


def test_reads_and_writes_together_meet_every_fault_the_sandbox_has() -> None:
    reads = {fault["kind"] for fault in faults_for("om GET table/x", 1)}
    writes = {fault["kind"] for fault in faults_for("fsm POST table/x", 1)}
    assert reads | writes | set(NOT_MET) == EVERY_KIND
    assert {"no_rows", "replica_lag"} <= reads - writes
    assert {"late_commit"} <= writes - reads


def test_the_shapes_of_a_fault_take_turns() -> None:
    statuses = {f["status"] for number in range(5) for f in faults_for("om GET x", number) if f["kind"] == "status"}
    assert statuses == {400, 403, 404, 500, 503}
