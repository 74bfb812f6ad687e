"""`om-fsm demo`: the whole scenario, or one of the stories, played on two sandbox instances and checked."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from connector.demo.timeline import Timeline


@click.command(short_help="Play the whole scenario, or a story.")
@click.argument("story", required=False)
@click.option("--list", "lists", is_flag=True, help="Name the stories.")
@click.option("--keep", is_flag=True, help="Keep the directory with configuration, memory and logs.")
@output_option
def demo(story: str | None, lists: bool, keep: bool, output: str) -> None:
    """Play the scenario (or one STORY) on two sandbox instances and check every outcome over REST."""
    from rich.console import Console

    from connector.cli.output import print_json
    from connector.demo.stage import StageError
    from connector.demo.timeline import Timeline
    from connector.errors import ConnectorError

    if lists:
        _list(output)
        return
    as_json = output == "json"
    timeline = Timeline(None if as_json else Console(width=None if sys.stdout.isatty() else 150, emoji=False))
    directory = Path(tempfile.mkdtemp(prefix="om-fsm-demo-"))
    try:
        _play(story, directory, timeline)
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


def _play(name: str | None, directory: Path, timeline: Timeline) -> None:
    from connector.demo.stage import stage
    from connector.demo.stories import TALES
    from connector.demo.stories.tale import perform
    from connector.demo.story import Story
    from connector.errors import NotFound

    if name is not None and name not in TALES:
        raise NotFound(f"There is no story {name!r}.", hint="`om-fsm demo --list` names them.")
    with stage(directory) as (played, daemon):
        if name is not None:
            timeline.clock = played.now
            perform(TALES[name], played, timeline)
            return
        try:
            Story(played, daemon, timeline).play()
        finally:
            daemon.stop()


def _list(output: str) -> None:
    from connector.cli.output import print_json, wants_json
    from connector.demo.stories import TALES

    if wants_json(output):
        print_json({tale.name: tale.title for tale in TALES.values()})
        return
    wide = max(map(len, TALES))
    for tale in TALES.values():
        say(f"  {tale.name:<{wide}}  {tale.title}")
    say("", "om-fsm demo STORY plays one; without a story the whole scenario is played.")
