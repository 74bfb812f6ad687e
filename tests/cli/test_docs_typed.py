"""README and docs/ are true: each command of their lists is typed as it stands there, on a sandbox pair with an order at work."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_first_hour import Terminal, another_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/doctor.md", "docs/policies.md")
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


def listed(page: str) -> list[str]:
    """The commands of a page's lists, without what is said of them, and without those that need another machine."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.replace("\\\n", "").splitlines()]
    commands = [line.partition(" #")[0].strip() for line in lines if line.startswith("om-fsm ")]
    return [command for command in commands if not command.startswith("om-fsm init")]  # docs/first-hour.md types it


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    with another_terminal(
        "om-fsm sandbox --dir pair", "The sandbox is ready: om-fsm --config pair/config.toml sync", terminal
    ):
        terminal.type("export OM_FSM_CONFIG=pair/config.toml")
        lines = '[{"offering": "Business SD-WAN", "location": "Acme Hamburg HQ"}]'
        for act in (
            f"create_order account='Acme Logistics' lines='{lines}'",
            "place order=ORD0010001",
            "approve order=ORD0010001",
        ):
            assert terminal.type(f"om-fsm sandbox --dir pair act {act}")[0] == 0
        time.sleep(3)  # it is decomposed meanwhile
        policy = next((tmp_path / "pair").glob("*domain*.csv"))
        policy.with_suffix(".cases.csv").write_text(CASEBOOK, encoding="utf-8")
        for name in ("OLD.csv", "NEW.csv", "policy.csv"):
            shutil.copy(policy, tmp_path / name)
        yield terminal


def test_every_command_of_the_lists_can_be_typed(at_work: Terminal) -> None:
    commands = [command for page in PAGES for command in listed(page)]
    assert len(commands) > 20
    wrong = []
    for command in commands:
        if command == UNTIL_TERMINATED:
            with another_terminal(command, "om-fsm is running.", at_work) as process:
                pass
            code, seen = process.returncode, ""
        else:
            code, seen = at_work.type(command)
        if code != NOT_FINE.get(command, 0):
            wrong.append((command, code, seen[-600:]))
    assert wrong == [], "\n\n".join(f"{c} => {code}: {seen[-300:]}" for c, code, seen in wrong)
