"""Options several verbs share, and who says them."""

from __future__ import annotations

import getpass

import click

from connector.cli.output import OUTPUTS

output_option = click.option(
    "--output",
    "-o",
    type=click.Choice(OUTPUTS),
    default="auto",
    help="A table on a terminal and JSON in a pipe, unless said otherwise.",
)


def whoever_types() -> str:
    """The name of the person at this terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
