"""`om-fsm doctor`: is everything as it must be, on both instances and here?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from connector.doctor.check import Result

_SUITES = ("first", "post-clone", "post-upgrade", "performance")
_COLORS = {"failed": "red", "warning": "yellow", "unknown": "cyan", "fine": "green"}


@click.command(short_help="Is everything as it must be?")
@click.option(
    "--suite", "suites", multiple=True, type=click.Choice(_SUITES), help="Only these checks; may be repeated."
)
@click.option("--check", "ids", multiple=True, metavar="ID", help="Only this check; may be repeated.")
@click.option("--list", "listed", is_flag=True, help="Only list the checks.")
@output_option
@click.pass_obj
def doctor(path: Path, suites: tuple[str, ...], ids: tuple[str, ...], listed: bool, output: str) -> None:
    """Check both instances, across them, and the connector itself: what was seen, why it matters, the fix.

    Writes nothing anywhere. Exit code 1 when a check fails; a warning or what cannot be found out does not count.
    """
    from connector.app import examine_once
    from connector.cli.output import print_json, wants_json
    from connector.config import load
    from connector.doctor.check import Level, Suite
    from connector.doctor.registry import CHECKS
    from connector.doctor.run import in_short, worst_first

    known = {check.id for check in CHECKS}
    if strange := [one for one in ids if one not in known]:
        raise click.UsageError(f"there is no check {', '.join(strange)}; `om-fsm doctor --list` names them all")
    if listed:
        for check in CHECKS:
            say(f"{check.id:<24} {check.title} ({', '.join(suite.value for suite in check.suites)})")
        return
    results = examine_once(load(path), [Suite(name) for name in suites], ids)
    if wants_json(output):
        print_json({"summary": in_short(results), "checks": results})
    else:
        for result in worst_first(results):
            _print(result)
        say(in_short(results), bold=True)
    if any(result.level is Level.FAILED for result in results):
        sys.exit(1)


def _print(result: Result) -> None:
    where = f" {result.side}" if result.side else ""
    say(f"{result.level.value:<8} {result.id}{where}: {result.seen}", fg=_COLORS[result.level.value])
    if result.fix:
        say(f"         why: {result.why}", f"         fix: {result.fix}")
