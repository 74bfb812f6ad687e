"""README promise: `om-fsm demo` plays the scenario with real processes over HTTPS and vouches for every step."""

from __future__ import annotations

import json
import subprocess
import sys

from tests import PATIENCE


def test_the_demo_plays_all_seven_steps_and_every_check_holds() -> None:
    command = [sys.executable, "-m", "connector", "demo", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    document = json.loads(done.stdout)
    failed = [c for step in document["steps"] for c in step["checks"] if not c["holds"]]
    assert (failed, document["holds"], done.returncode) == ([], True, 0)
    assert sorted({step["number"] for step in document["steps"]}) == ["1", "2", "3", "4", "5", "6", "7", "="]
    answers = [e for step in document["steps"] for e in step["entries"] if e["who"] == "om-fsm"]
    assert len(answers) > 10


def test_a_story_is_played_by_its_name_with_commands_typed_as_processes() -> None:
    command = [sys.executable, "-m", "connector", "demo", "weeks-later"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in (
        "Olivia Brooks",
        "... three weeks later ...",
        "agent sees",
        "dispatcher sees",
        "Every one of 3 checks",
    ):
        assert words in done.stdout
