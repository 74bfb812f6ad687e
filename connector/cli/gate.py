"""`om-fsm gate`: may this domain order be closed, and why not?"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from connector.model import GateAnswer, Standing


@click.command(short_help="May this domain order be closed?")
@click.argument("domain_order")
@output_option
@click.pass_obj
def gate(path: Path, domain_order: str, output: str) -> None:
    """May this domain order be closed? Exit code 0 says yes, 5 says no. Asks both instances, writes nothing anywhere.

    Each work order is shown with its state, owner and planned end. Where an instance cannot be asked the answer is no, with
    what was last known and how old that is.
    """
    from connector.app import gate_once
    from connector.cli.output import print_json, wants_json
    from connector.config import load

    found = gate_once(load(path), domain_order)
    if wants_json(output):
        print_json(found)
    else:
        _print(found)
    if not found.may_close:
        sys.exit(5)


def _print(found: GateAnswer) -> None:
    say(f"{found.domain_order}: {'yes, it may be closed' if found.may_close else 'no'}", bold=True)
    for one in found.work:
        say(f"  {_line(one)}")
    for task in found.open_tasks:
        say(f"  open order task {task}")
    for task in found.header_tasks:
        say(f"  open task of the customer order {task}")
    if not found.work and found.may_close:
        say("  It has no work orders.")
    if found.problem:
        say(f"  {found.problem}")
    say(f"  Known {_age(found.known_at)}.")


def _line(one: Standing) -> str:
    from connector.cli.output import moment

    end = moment(datetime.fromisoformat(one.planned_end).replace(tzinfo=UTC)) if one.planned_end else ""
    said = (
        f"{'open' if one.blocks else 'done'}  {one.number} {one.template}".rstrip(),
        one.state,
        one.owner,
        f"planned end {end}" if end else "",
        one.why,
    )
    return ", ".join(part for part in said if part)


def _age(known_at: datetime | None) -> str:
    from connector.cli.output import moment

    if known_at is None:
        return "since nobody knows when"
    seconds = max((datetime.now(UTC) - known_at).total_seconds(), 0.0)
    return f"as of {moment(known_at)}, {seconds:.0f} seconds ago"
