"""README and docs/ are true: each command that works on two instances is typed as it stands there, on a sandbox pair."""

from __future__ import annotations

import json
import re
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.told import ROOT, Terminal, another_terminal, fenced, says, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTS = ("README.md", "docs/doctor.md", "docs/policies.md")
LISTED = [
    one for page in LISTS for one in told(page) if one.command.startswith("om-fsm ") and " init " not in one.command
]
INIT = [one for one in told("README.md") if one.command.startswith("om-fsm init ")]
PROFILE = told("docs/profile.md")
SANDBOX = told("docs/sandbox.md")
DAEMON = told("docs/operations.md")
TYPED = [*LISTED, *INIT, *PROFILE, *SANDBOX, *DAEMON]

NOT_FINE = {  # it has one, which is open; and the decision tables of these instances are empty
    "om-fsm policy import policy.csv": 4,
    "om-fsm gate RO0010001": 5,
    'om-fsm work-order create RO0010001 --template "Install CPE"': 5,
}
CASEBOOK = (
    "case,specification,domain order class,domain order action,expected work orders\n"
    "a new line,SD-WAN CPE,resource,add,Install CPE\n"
)
UNTIL_TERMINATED = "om-fsm run"
LINE = '[{"offering": "Business SD-WAN", "location": "Acme Hamburg HQ"}]'
PLACED = (f"create_order account='Acme Logistics' lines='{LINE}'", "place order=ORD0010001")
ACME = """
extends = "default"
name = "acme"
remove = ["fsm.tables.wm_order.columns.account"]
[fsm.tables.wm_order.choices.state]
parked = [98, "Parked"]
second = [99, "Assigned"]
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def at_work(terminal: Terminal) -> Iterator[Terminal]:
    there = terminal.directory
    with another_terminal(
        "om-fsm sandbox --dir pair", "The sandbox is ready: om-fsm --config pair/config.toml sync", terminal
    ):
        terminal.type("export OM_FSM_CONFIG=pair/config.toml")
        for act in (*PLACED, "approve order=ORD0010001"):
            assert terminal.type(f"om-fsm sandbox --dir pair act {act}")[0] == 0
        time.sleep(3)  # it is decomposed meanwhile
        policy = next((there / "pair").glob("*domain*.csv"))
        policy.with_suffix(".cases.csv").write_text(CASEBOOK, encoding="utf-8")
        for name in ("OLD.csv", "NEW.csv", "policy.csv"):
            shutil.copy(policy, there / name)
        yield terminal


def test_every_command_of_the_lists_can_be_typed(at_work: Terminal) -> None:
    assert len(LISTED) > 20
    wrong = []
    for command in [one.command for one in LISTED]:
        if command == UNTIL_TERMINATED:
            with another_terminal(command, "om-fsm is running.", at_work) as process:
                pass
            code, seen = process.returncode, ""
        else:
            code, seen = at_work.type(command)
        if code != NOT_FINE.get(command, 0):
            wrong.append((command, code, seen[-600:]))
    assert wrong == [], "\n\n".join(f"{c} => {code}: {seen[-300:]}" for c, code, seen in wrong)


def test_the_configuration_is_made_by_options_and_the_profile_says_what_a_customer_has_changed(
    terminal: Terminal,
) -> None:
    there = terminal.directory
    (there / "acme.toml").write_text(ACME, encoding="utf-8")
    with another_terminal("om-fsm sandbox --dir pair --profile acme.toml", "The sandbox is ready: ...", terminal):
        info = json.loads((there / "pair" / "sandbox.json").read_text(encoding="utf-8"))
        [init] = INIT
        typed = init.command
        for side in ("om", "fsm"):
            secret = info[side]["oauth"]["client_secret"]
            terminal.type(f"export {side.upper()}_CLIENT_SECRET={secret}")
            typed = typed.replace(f"https://acme-{side}.service-now.com", info[side]["url"])
            typed = typed.replace(f"--{side}-user CLIENT_ID", f"--{side}-user {info[side]['oauth']['client_id']}")
        code, seen = terminal.type(f"{typed} --ca-file {info['ca_file']} < /dev/null")  # a terminal is asked
        assert (code, says(("config.toml is written; both instances accept the user.",), seen)) == (0, []), seen
        [discover] = PROFILE
        code, seen = terminal.type(discover.command)
        assert (code, says(discover.answer, seen)) == (7, []), seen


def test_a_person_of_the_sandbox_is_moved_by_any_client_that_speaks_https(terminal: Terminal) -> None:
    start, move = SANDBOX
    with another_terminal(start.command, start.answer[0], terminal):
        control = json.loads((terminal.directory / "somewhere" / "sandbox.json").read_text(encoding="utf-8"))["control"]
        terminal.type(f"export CONTROL={control['url']}")
        terminal.type(f"export TOKEN={control['token']}")
        for act in PLACED:
            assert terminal.type(f"om-fsm sandbox --dir somewhere act {act}")[0] == 0
        code, seen = terminal.type(f"{move.command} --silent")
        answered = json.loads(seen)
        assert (code, answered["ok"], answered["result"]["order"]["state"]) == (0, True, "acknowledged"), seen


def test_a_running_daemon_reads_its_files_again_on_the_signal_and_when_it_is_asked(terminal: Terminal) -> None:
    signal, ask = DAEMON
    there = terminal.directory / "pair" / "config.toml"
    with another_terminal("om-fsm sandbox --dir pair", "The sandbox is ready: ...", terminal):
        config = there.read_text(encoding="utf-8") + "overlap_seconds = 60\n\n[http]\nport = 0\n"
        there.write_text(config, encoding="utf-8")
        with another_terminal(
            "om-fsm --config pair/config.toml run", "om-fsm is running, listening on ...", terminal
        ) as daemon:
            assert daemon.stdout is not None
            asked = re.sub(r"http://[\d.:]+", terminal.ready.rstrip(".").rpartition(" ")[2], ask.command)
            there.write_text(config.replace("= 60\n", "= 70\n"), encoding="utf-8")
            assert terminal.type(re.sub(r"\bPID\b", str(daemon.pid), signal.command)) == (0, "")
            assert any("reloaded" in line and "daemon.overlap_seconds" in line for line in daemon.stdout)
            there.write_text(config.replace("= 60\n", "= 80\n"), encoding="utf-8")
            assert terminal.type(f"{asked} --silent") == (0, "reloaded; changed: daemon.overlap_seconds")
            there.write_text(config.replace("= 60\n", "= -1\n"), encoding="utf-8")
            code, seen = terminal.type(f"{asked} --silent --write-out '%{{http_code}}'")
            assert (code, "daemon.overlap_seconds" in seen, seen[-3:]) == (0, True, "400"), seen
    assert daemon.returncode == 0


def test_the_sandbox_is_used_from_python_as_the_page_shows(terminal: Terminal) -> None:
    blocks = fenced((ROOT / "docs/sandbox.md").read_text(encoding="utf-8"))
    alone, with_pytest = [block for language, block in blocks if language == "python"]
    (terminal.directory / "alone.py").write_text(alone, encoding="utf-8")
    (terminal.directory / "test_yours.py").write_text(with_pytest, encoding="utf-8")
    assert terminal.type("python alone.py") == (0, "")
    code, seen = terminal.type("python -m pytest -q -p no:cacheprovider test_yours.py")
    assert (code, "1 passed" in seen) == (0, True), seen
