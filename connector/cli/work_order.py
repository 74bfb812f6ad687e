"""`om-fsm work-order`: what a person asks for by hand. The next pass carries it out; a daemon may be running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option, whoever_types
from connector.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.engine.drain import Engine
    from connector.model import Asked

_dry = click.option("--dry-run", is_flag=True, help="Only say what would be done; change nothing anywhere.")


@click.group("work-order", short_help="Create, adopt or detach a work order by hand.")
def work_order() -> None:
    """Ask for a work order that no policy row asks for, or say whom one belongs to. Asking twice is asking once."""


@work_order.command()
@click.argument("initiator")
@click.option("--template", required=True, help="The work order template, by its name in Field Service.")
@click.option(
    "--ordinal", type=click.IntRange(1, 99), default=1, help="2 for a second one of this template, and so on."
)
@click.option("--reason", default="", help="For whoever asks later why it exists.")
@_dry
@output_option
@click.pass_obj
def create(path: Path, initiator: str, template: str, ordinal: int, reason: str, dry_run: bool, output: str) -> None:
    """Create a work order for a domain order or order task though no row of a policy says so.

    From then on it is like any other: told about, changed and canceled with its order, and it keeps the domain order open.
    """
    from connector.engine.asking import asked_to_create

    why = _why(reason)
    _ask(path, lambda engine: asked_to_create(engine, initiator, template.strip(), ordinal, why), dry_run, output)


@work_order.command()
@click.argument("work_order")
@click.argument("initiator")
@click.option("--reason", default="", help="For whoever asks later why it belongs there.")
@_dry
@output_option
@click.pass_obj
def adopt(path: Path, work_order: str, initiator: str, reason: str, dry_run: bool, output: str) -> None:
    """Let a work order that somebody made in Field Service belong to a domain order or order task.

    It is watched: told about, and it keeps the domain order open. What people wrote on it is never changed, and it is not
    canceled with its order.
    """
    from connector.engine.asking import asked_to_adopt

    why = _why(reason)
    _ask(path, lambda engine: asked_to_adopt(engine, work_order, initiator, why), dry_run, output)


@work_order.command()
@click.argument("work_order")
@click.option("--reason", required=True, help="It stands in the note on the domain order.")
@_dry
@output_option
@click.pass_obj
def detach(path: Path, work_order: str, reason: str, dry_run: bool, output: str) -> None:
    """Let go of a work order: no longer changed, canceled or told about, and it no longer keeps its domain order open.

    The work order itself goes on. No other one is created in its place; `adopt` takes it back.
    """
    from connector.engine.asking import asked_to_detach

    why = _why(reason)
    _ask(path, lambda engine: asked_to_detach(engine, work_order, why), dry_run, output)


def _why(reason: str) -> str:
    return f"by {whoever_types()}" + (f": {' '.join(reason.split())}" if reason.strip() else "")


def _ask(path: Path, what: Callable[[Engine], Asked], dry: bool, output: str) -> None:
    from connector.app import ask_once
    from connector.cli.output import print_json, wants_json
    from connector.cli.words import sentence
    from connector.config import load

    asked = ask_once(load(path), what, dry=dry)
    if wants_json(output):
        how = "already" if asked.already else "dry run" if dry else "asked"
        answer = {"order": asked.order_number, "subject": asked.subject, "text": asked.text, "outcome": how}
        print_json({**answer, "already": asked.already, "action": asked.action})
        return
    if asked.link is not None:
        say(f"{asked.order_number}: {asked.text}.")
        return
    if asked.action is None:
        say(f"Nothing to do for {asked.subject}: {asked.already}")
        return
    say(f"{asked.order_number}: {'would ' if dry else ''}{sentence(asked.action)}")
    for column, value in getattr(asked.action, "fields", {}).items():
        say(f"  {column} = {' / '.join(value.splitlines())}")
    if not dry:
        say("The next pass carries it out: a running daemon at once, otherwise `om-fsm sync`.")
