"""`om-fsm demo`: the whole scenario, played on two sandbox instances and checked."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from connector.cli.options import output_option
from connector.cli.output import say


@click.command(short_help="Play the whole scenario.")
@click.option("--keep", is_flag=True, help="Keep the directory with configuration, memory and logs.")
@output_option
def demo(keep: bool, output: str) -> None:
    """Play the scenario on two sandbox instances and check every outcome over REST."""
    from rich.console import Console

    from connector.cli.output import print_json
    from connector.demo.stage import StageError, stage
    from connector.demo.story import Story
    from connector.demo.timeline import Timeline
    from connector.errors import ConnectorError

    as_json = output == "json"
    timeline = Timeline(None if as_json else Console(width=None if sys.stdout.isatty() else 150))
    directory = Path(tempfile.mkdtemp(prefix="om-fsm-demo-"))
    try:
        with stage(directory) as (played, daemon):
            try:
                Story(played, daemon, timeline).play()
            finally:
                daemon.stop()
    except StageError as error:
        raise ConnectorError(f"The demo could not be played: {error}", hint=f"Logs are in {directory}.") from error
    holds = timeline.holds
    if as_json:
        print_json({"holds": holds, "steps": timeline.steps})
    else:
        verdict = "Every one of" if holds else "NOT every one of"
        say("", f"{verdict} {timeline.count} checks holds.")
        if keep or not holds:
            say(f"Configuration, memory and logs are in {directory}.")
    if holds and not keep:
        import shutil

        shutil.rmtree(directory)
    sys.exit(0 if holds else 1)
