"""The command `om-fsm`. Each family of verbs has its file; here is only what they share: options, errors, exit codes.

Exit codes: 0 fine; 1 failed; 2 wrong usage or configuration; 3 authentication or permission; 4 not found; 5 refused by a
rule; 6 a remote system is unavailable; 7 partly done; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from connector import __version__
from connector.cli.ask import explain, plan, status
from connector.cli.completion import completion
from connector.cli.config import config
from connector.cli.demo import demo
from connector.cli.discover import discover
from connector.cli.doctor import doctor
from connector.cli.gate import gate
from connector.cli.hold import hold, release
from connector.cli.init import init
from connector.cli.outbox import outbox
from connector.cli.output import print_error, say
from connector.cli.policy import policy
from connector.cli.sandbox import sandbox
from connector.cli.work import rebuild, run, sync
from connector.cli.work_order import work_order
from connector.errors import ConnectorError, unexpected


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    envvar="OM_FSM_CONFIG",
    default=Path("config.toml"),
    show_default=True,
    help="The configuration file (or OM_FSM_CONFIG).",
)
@click.version_option(__version__, prog_name="om-fsm")
@click.pass_context
def cli(context: click.Context, config_path: Path) -> None:
    """Keep a ServiceNow Order Management instance and a Field Service Management instance in step."""
    context.obj = config_path


for command in (
    *(init, discover, doctor, sync, run, plan, explain, status, gate, work_order, hold, release, outbox, rebuild),
    *(policy, config, completion, sandbox, demo),
):
    cli.add_command(command)


def main() -> NoReturn:
    """The console script. Every error becomes a sentence and an exit code; no traceback reaches an operator."""
    try:
        cli.main(standalone_mode=False)
    except ConnectorError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if os.environ.get("OM_FSM_DEBUG"):
            raise
        say(f"Error: a defect of om-fsm: {unexpected(error)}", err=True)
        say("  Please report it with the output of the same command under OM_FSM_DEBUG=1.", err=True)
        sys.exit(1)
    sys.exit(0)
