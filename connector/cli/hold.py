"""`om-fsm hold` and `om-fsm release`: stop on purpose, and go on after what stopped by itself. A daemon may be running."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from connector.cli.options import whoever_types
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.hold import Hold

_SIDE = click.Choice(["om", "fsm"])


@click.command(short_help="Stop on purpose.")
@click.argument("side", type=_SIDE, required=False)
@click.option("--order", help="Hold one order, by its number, instead of a side.")
@click.option("--reason", required=True, help="For whoever looks at the status tonight.")
@click.option("--until", help="When it ends by itself, UTC: 2026-03-02T18:00. Without it somebody must release it.")
@click.pass_obj
def hold(path: Path, side: str | None, order: str | None, reason: str, until: str | None) -> None:
    """Ask and write nothing on one side (om, fsm), or about one order, until it is released. Wakeups are still accepted."""
    from connector.cli.output import moment
    from connector.config import load
    from connector.engine.hold import Hold, HoldReason
    from connector.engine.holds import Holds
    from connector.memory import repairing

    target = _target(side, order)
    end = _moment(until)
    with repairing(load(path)) as store:
        holds = Holds(store.engine)
        order_id = holds.order_id_of(target) if order else ""
        now = datetime.now(UTC)
        new = Hold(target, HoldReason.BY_HAND, reason, now, by=whoever_types(), until=end, order_id=order_id)
        holds.place(new)
    say(f"{target} is held" + (f" until {moment(end)}." if end else ". " + new.way_out))
    if order and not order_id:
        say(
            f"  No order or case {target} is known here yet; it will wait from the first. A domain order waits with its order."
        )


@click.command(short_help="Go on after a hold or a brake.")
@click.argument("side", type=_SIDE, required=False)
@click.option("--order", help="Release one order, by its number, instead of a side.")
@click.option("--i-have-looked", "looked", is_flag=True, help="Release a brake too; you know why it was put on.")
@click.pass_obj
def release(path: Path, side: str | None, order: str | None, looked: bool) -> None:
    """Go on with a side (om, fsm) or an order that was held. A brake is only released by somebody who has looked."""
    from connector.config import load
    from connector.engine.release import release_order, release_side
    from connector.memory import repairing

    target = _target(side, order)
    with repairing(load(path)) as store:
        now, text = datetime.now(UTC), f"released by {whoever_types()}"
        end = release_order if order else partial(release_side, looked=looked)
        ended = end(store, target, now, text)
    for one in ended:
        say(_said(one), "  is released; the next look goes on.")
    if not ended:
        say(
            f"{target} is not held." + (" Records that went back are taken as they are now." if looked and side else "")
        )


def _target(side: str | None, order: str | None) -> str:
    if (side is None) == (order is None):
        raise click.UsageError("name a side (om or fsm), or an order with --order")
    target = side or str(order).strip().upper()
    if not target:
        raise click.UsageError("--order needs the number of an order")
    return target


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise click.UsageError(f"--until {text!r} is no moment like 2026-03-02T18:00") from None
    if found <= datetime.now(UTC):
        raise click.UsageError(f"--until {text} is over already (it is UTC)")
    return found


def _said(one: Hold) -> str:
    from connector.cli.output import moment

    return f"{one.target}, held since {moment(one.since)}: {one.reason.value}. {one.text}"
