"""The man page and the completion of shells are made from the commands themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from connector.cli import cli
from connector.cli.completion import SHELLS
from tests.man_page import PAGE, commands, exit_codes, page

PROGRAM = Path(sys.executable).with_name("om-fsm")


def completed(*words: str, by: str = "bash") -> list[str]:
    """What a shell is told for a line whose last word is being typed."""
    environment = {
        **os.environ,
        "_OM_FSM_COMPLETE": f"{by}_complete",
        "COMP_WORDS": " ".join(("om-fsm", *words)),
        "COMP_CWORD": words[-1] if by == "fish" else str(len(words)),
    }
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


# --- the man page ----------------------------------------------------------------------------------------------


def test_the_man_page_is_that_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.man_page writes it"


def test_every_command_and_every_option_with_a_help_is_on_it() -> None:
    text = page().replace("\\-", "-").replace("\\&", "")
    found = list(commands(cli))
    assert len(found) > 30
    for path, command in found:
        assert " ".join(path) in text
        for option in command.params:
            if isinstance(option, click.Option) and option.help and not option.hidden:
                assert max(option.opts, key=len) in text, (path, option.opts)


def test_the_exit_codes_are_those_of_the_declaration() -> None:
    assert [code for code, _ in exit_codes()] == ["0", "1", "2", "3", "4", "5", "6", "7", "130"]


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_a_typesetter_has_no_complaint_about_it() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", str(PAGE)], capture_output=True, text=True, check=True)
    assert done.stderr == ""


# --- completion ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_asks_the_command(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert f"_OM_FSM_COMPLETE={shell}_complete" in done.output
    assert "om-fsm" in done.output


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_is_installed_understands_its_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(CliRunner().invoke(cli, ["completion", shell]).output, encoding="utf-8")
    subprocess.run([shell, "-n", str(script)], check=True)


def test_commands_options_and_their_values_are_completed() -> None:
    assert completed("ou") == ["plain,outbox"]
    assert completed("outbox", "s") == ["plain,show"]
    assert completed("sync", "--f") == ["plain,--full"]
    assert "plain,fsm" in completed("hold", "f")
    assert completed("completion", "z", by="fish") == ["plain,zsh"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_a_line() -> None:
    script = f"""
        PATH={PROGRAM.parent}:$PATH
        source <(om-fsm completion bash)
        COMP_WORDS=(om-fsm work-order ad) COMP_CWORD=2
        _om_fsm_completion om-fsm
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "adopt"


def test_another_shell_is_refused() -> None:
    assert CliRunner().invoke(cli, ["completion", "tcsh"]).exit_code == 2
