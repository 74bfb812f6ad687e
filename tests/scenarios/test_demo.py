"""README promise: `om-fsm demo` plays the scenario with real processes over HTTPS and vouches for every step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


def demo(there: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`om-fsm demo`, which leaves its secrets, its memory and its logs there."""
    command = [sys.executable, "-m", "connector", "demo", "--keep", *arguments]
    environment = {**os.environ, "TMPDIR": str(there)}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)


def test_the_demo_plays_all_seven_steps_and_every_check_holds(tmp_path: Path) -> None:
    done = demo(tmp_path, "--output", "json")
    document = json.loads(done.stdout)
    failed = [c for step in document["steps"] for c in step["checks"] if not c["holds"]]
    assert (failed, document["holds"], done.returncode) == ([], True, 0)
    assert sorted({step["number"] for step in document["steps"]}) == ["1", "2", "3", "4", "5", "6", "7", "="]
    answers = [e for step in document["steps"] for e in step["entries"] if e["who"] == "om-fsm"]
    assert len(answers) > 10


def test_a_story_is_played_by_its_name_with_commands_typed_as_processes(tmp_path: Path) -> None:
    done = demo(tmp_path, "weeks-later")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in (
        "Olivia Brooks",
        "... three weeks later ...",
        "agent sees",
        "dispatcher sees",
        "Every one of 3 checks",
    ):
        assert words in done.stdout
