"""`om-fsm outbox ...`: writes that wait, and those that wait for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.letters import Letter

_ENTRY = click.IntRange(1, 2**63 - 1)


@click.group(short_help="Writes that wait; release parked ones.")
def outbox() -> None:
    """Look at writes that wait, and release those that were parked."""


@outbox.command()
@output_option
@click.pass_obj
def ls(path: Path, output: str) -> None:
    """Every write that is not settled: what, since how many tries, why, and when it is tried next."""
    from connector.cli.output import moment, print_json, wants_json
    from connector.cli.words import sentence
    from connector.config import load
    from connector.engine import history
    from connector.memory import reading

    database = reading(load(path))
    waiting = () if database is None else history.overview(database).waiting
    if wants_json(output):
        print_json(waiting)
        return
    for one in waiting:
        what = sentence(one.intent.action) if one.intent.action else one.intent.key
        state = one.intent.state
        when = "until released" if state.value == "parked" else f"next try {moment(one.not_before)}"
        say(f"{one.id}  {one.order_number}  {state.value} after {one.attempts} tries, {when}: {what}")
        if one.intent.error:
            say(f"    {one.intent.error}")
    if not waiting:
        say("Nothing waits.")


@outbox.command()
@click.argument("entry", type=_ENTRY)
@output_option
@click.pass_obj
def show(path: Path, entry: int, output: str) -> None:
    """One write: the exact requests without secrets, every answer, the platform's transactions, and what happens next."""
    from connector.cli.output import print_json, wants_json
    from connector.config import load
    from connector.engine.letters import letter
    from connector.errors import NotFound
    from connector.memory import reading

    database = reading(load(path))
    if database is None:
        raise NotFound("There is no memory yet.", hint="`om-fsm sync` makes the first pass.")
    found = letter(database, entry, datetime.now(UTC))
    if wants_json(output):
        print_json(found)
    else:
        _print_letter(found)


def _print_letter(found: Letter) -> None:
    from connector.cli.output import moment
    from connector.cli.words import counted, sentence

    what = sentence(found.action) if found.action else found.key
    say(
        f"{found.id}  {found.order_number}  {found.state.value} after {counted(found.tries, 'try', 'tries')}", bold=True
    )
    say(f"  {what}", f"  key {found.key}, intended {moment(found.created_at)}")
    for one in found.attempts:
        say("", f"{moment(one.at)}  {one.outcome.value}: {one.text}")
        for request in one.requests:
            say(f"  {request['method']} {request['url']}")
            for column, value in request["body"].items():
                say(f"    {column} = {value}")
            transaction = request["transaction"] or "none: the answer did not come from a node"
            say(f"  answer: {request['status'] or 'none'}, transaction {transaction}")
            say(f"    {request['outcome'] or 'accepted'}")
        for column, value in one.wrote.items():
            say(f"  {column} = {value}")
        if not one.requests and not one.wrote:
            say("  Nothing was sent.")
    if found.error:
        say("", f"Last error: {found.error}")
    say("", f"Next: {found.next}", bold=True)


@outbox.command()
@click.argument("entry", type=_ENTRY)
@click.pass_obj
def retry(path: Path, entry: int) -> None:
    """Try a parked write again at the next pass. It is looked up first, so this can never double anything."""
    _release(path, entry, drop=False)
    say(f"{entry} is tried again at the next pass.")


@outbox.command()
@click.argument("entry", type=_ENTRY)
@click.pass_obj
def drop(path: Path, entry: int) -> None:
    """Give a parked write up for good."""
    _release(path, entry, drop=True)
    say(f"{entry} is given up.")


def _release(path: Path, entry: int, *, drop: bool) -> None:
    from connector.config import load
    from connector.errors import NotFound
    from connector.memory import repairing

    with repairing(load(path)) as store:
        if not store.release_parked(entry, datetime.now(UTC), drop=drop):
            raise NotFound(f"There is no parked write {entry}.", hint="`om-fsm outbox ls` lists them.")
