"""`om-fsm config ...`: is the configuration usable?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@click.pass_obj
def check(path: Path) -> None:
    """Check the configuration, its secrets, its profile and the policies. Asks no instance, writes nothing."""
    from connector.config import load
    from connector.policies import load_policies
    from connector.unsettled import require_settled

    loaded = load(path)
    require_settled(loaded)
    for policy in load_policies(loaded):
        say(f"{policy.name}: {len(policy.rows)} rows, digest {policy.digest}, {policy.source}")
    say(f"The configuration {path} is usable.")


@config.command()
@click.pass_obj
def show(path: Path) -> None:
    """Print the complete configuration with every default. Secrets appear only as where they are."""
    from connector.cli.output import print_json
    from connector.config import load

    print_json(load(path).settings.model_dump(mode="json"))
