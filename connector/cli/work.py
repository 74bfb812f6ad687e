"""The verbs that write: `sync`, `run`, `rebuild`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="One pass, then stop.")
@click.option("--full", is_flag=True, help="Look at every open order, not only at what changed.")
@output_option
@click.pass_obj
def sync(path: Path, full: bool, output: str) -> None:
    """One pass: carry every due change across, then stop."""
    from connector.app import sync_once, writing
    from connector.config import load

    with writing(load(path)) as (engine, systems):
        done = sync_once(engine, systems, lambda: datetime.now(UTC), full=full)
        left = engine.store.waiting()
    _report(done, left, output)


@click.command(short_help="Restore memory from ServiceNow.")
@output_option
@click.pass_obj
def rebuild(path: Path, output: str) -> None:
    """Restore memory from the marks in ServiceNow: forget how far was read, look at everything again."""
    from connector.app import sync_once, writing
    from connector.config import load

    with writing(load(path)) as (engine, systems):
        engine.store.forget_cursors()
        done = sync_once(engine, systems, lambda: datetime.now(UTC), full=True, everything=True)
        left = engine.store.waiting()
    _report(done, left, output)


def _report(done: object, left: dict[str, int], output: str) -> None:
    from connector.app import Pass
    from connector.cli.output import print_json, wants_json
    from connector.cli.words import counted, sentence

    assert isinstance(done, Pass)
    if wants_json(output):
        print_json(
            {"changes": done.changes, "swept": done.swept, "requests": done.requests, "plans": done.plans, "left": left}
        )
    else:
        for plan in done.plans:
            for action in plan.actions:
                say(f"{plan.order_number}: {sentence(action)}")
        say(f"{counted(done.changes, 'change')} seen, {counted(done.requests, 'request')} sent.")
        for state, count in left.items():
            say(f"{counted(count, 'write')} {state}: see `om-fsm outbox ls`.")
    if left:
        sys.exit(7)


@click.command(short_help="Run as a daemon until SIGTERM.")
@click.pass_obj
def run(path: Path) -> None:
    """Run as a daemon until SIGTERM: poll, sweep, receive webhooks, carry changes across. SIGHUP reloads the configuration."""
    import structlog

    from connector.app import writing
    from connector.config import load
    from connector.daemon.logs import configure
    from connector.daemon.systemd import Systemd
    from connector.running import Running

    loaded = load(path)
    log_format = loaded.settings.daemon.log_format
    configure(log_format)
    announce = say if log_format == "text" else structlog.get_logger("om-fsm").info
    with writing(loaded, patient=True) as (engine, systems):
        finished = Running(loaded, engine, systems).run(announce, Systemd(os.environ, os.getpid()))
    sys.stdout.flush()
    if not finished:
        os._exit(0)  # a thread still waits for an answer; the outbox knows
