"""Options several verbs share."""

from __future__ import annotations

import click

from connector.cli.output import OUTPUTS

output_option = click.option(
    "--output",
    "-o",
    type=click.Choice(OUTPUTS),
    default="auto",
    help="A table on a terminal and JSON in a pipe, unless said otherwise.",
)
