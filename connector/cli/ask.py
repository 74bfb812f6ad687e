"""The verbs that only ask: `plan`, `explain`, `status`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.history import Explanation, Judged, Overview


_SHOWN = 8  # of each list; status fits one screen


@click.command(short_help="What a pass would do; writes nothing.")
@output_option
@click.pass_obj
def plan(path: Path, output: str) -> None:
    """What a pass would do now. Reads both instances, writes nothing anywhere."""
    from connector.app import plan_once
    from connector.cli.output import print_json, wants_json
    from connector.cli.words import sentence
    from connector.config import load

    plans = [p for p in plan_once(load(path)) if p.actions or p.findings]
    if wants_json(output):
        print_json(plans)
        return
    for one in plans:
        say(one.order_number, bold=True)
        for action in one.actions:
            say(f"  would {sentence(action)}")
        for found in one.findings:
            say(f"  finding {found.code.value}: {found.text}")
    if not plans:
        say("Nothing to do.")


@click.command(short_help="Why is it as it is?")
@click.argument("number")
@output_option
@click.pass_obj
def explain(path: Path, number: str, output: str) -> None:
    """Why an order, line, domain order, order task or work order is as it is: rows, near misses, writes."""
    from connector.cli.output import print_json, wants_json
    from connector.config import load
    from connector.engine import history
    from connector.errors import NotFound
    from connector.memory import reading

    database = reading(load(path))
    if database is None:
        raise NotFound("There is no memory yet.", hint="`om-fsm sync` makes the first pass.")
    explanation = history.explain(database, number)
    if wants_json(output):
        print_json(explanation)
    else:
        _print_explanation(explanation)


def _print_explanation(explanation: Explanation) -> None:
    from connector.cli.output import moment
    from connector.cli.words import sentence

    say(f"Order {explanation.order_number}", bold=True)
    if explanation.archived_at:
        say(f"It is over; what is remembered of it is in the archive since {moment(explanation.archived_at)}.")
    for judged in explanation.verdicts:
        _print_verdict(judged, explanation)
    if explanation.events:
        say("", "What happened", bold=True)
    for event in explanation.events:
        say(f"  {moment(event.at)}  {event.kind:<16} {event.subject}: {event.text}")
    for waiting in explanation.waiting:
        say(f"  waiting ({waiting.intent.state.value}, next try {moment(waiting.not_before)}):")
        if waiting.intent.action:
            say(f"    {sentence(waiting.intent.action)} {waiting.intent.error}")
    for found in explanation.findings:
        say(f"  finding {found.code.value} since {moment(found.since)}: {found.text}")


def _print_verdict(judged: Judged, explanation: Explanation) -> None:
    from connector.cli.output import moment

    verdict = judged.verdict
    when = "asked for by hand" if verdict.is_of_a_person else f"(version {verdict.version}), decided"
    say("", f"{verdict.initiator_number} {when} {moment(judged.at)}")
    wanted = verdict.problem or ", ".join(f"{w.template} (row {w.row})" for w in verdict.wanted) or "no field work"
    if verdict.is_of_a_person:
        for text in verdict.conditions.values():
            say(f"  {wanted}, {text}")
        return
    say(f"  {verdict.policy} {verdict.digest}: {wanted}")
    for row, condition in verdict.conditions.items():
        say(f"  row {row} {'won' if row in verdict.rows else 'matched'}: {condition or 'anything'}")
    looked_at = verdict.columns or tuple(verdict.inputs)
    read = ", ".join(f"{name} = {verdict.inputs.get(name) or '(empty)'}" for name in looked_at)
    say(f"  read: {read}")
    for miss in verdict.misses:
        say(f"  near miss: row {miss.row} wants {miss.column} {miss.wants}, found {miss.found or '(empty)'}")
    for link in explanation.links:
        if link.initiator_id == verdict.initiator_id:
            state = link.noted.label if link.noted else "not noted yet"
            how = f"detached {link.detached}" if link.detached else link.origin.value
            say(f"  work order {link.work_order_number} {link.template}: {state} ({how})")


@click.command(short_help="The connector at a glance.")
@output_option
@click.pass_obj
def status(path: Path, output: str) -> None:
    """The connector at a glance: what is tracked, what waits, what a person should look at."""
    from connector.cli.output import print_json, wants_json
    from connector.config import load
    from connector.memory import overview_of, reading

    database = reading(load(path))
    overview = overview_of(database, datetime.now(UTC))
    if wants_json(output):
        print_json(overview)
    elif database is None:
        say("There is no memory yet: `om-fsm sync` or `om-fsm run` makes the first pass.")
    else:
        _print_overview(overview)


def _print_sides(overview: Overview) -> None:
    from connector.cli.output import moment

    for hold in overview.holds:
        how = "BRAKED" if hold.reason.is_brake else "HELD"
        who = f" by {hold.by}" if hold.by else ""
        say(f"{hold.target} {how} since {moment(hold.since)}{who}: {hold.reason.value}", bold=True, fg="red")
        say(f"  {hold.text}")
        if hold.probe_at:
            say(f"  Probes so far: {hold.probes}; next {moment(hold.probe_at)}.")
        if hold.until:
            say(f"  Until {moment(hold.until)}.")
        say(f"  {hold.way_out}")


def _print_failing(overview: Overview) -> None:
    """What the daemon tries in vain in each turn: the side is not held, so nothing else says it."""
    from connector.cli.output import moment

    for what, (at, text) in sorted(overview.last.items()):
        if what.startswith("failing ") and text:
            say(f"FAILING since {moment(at)}: {what.partition(' ')[2]}: {text}", bold=True, fg="red")


def _catch_up(overview: Overview) -> str:
    when = "once it is released" if overview.holds else "from now"
    if overview.catch_up is None:
        return "for a time nobody can tell yet"
    return f"about {max(round(overview.catch_up / 60), 1)} min {when}"


_FOR_PROGRAMS = ("calibration", "settings", "failing")  # fingerprints that say nothing to a person; JSON has them


def _print_overview(overview: Overview) -> None:
    from connector.cli.output import moment
    from connector.cli.words import counted, sentence

    _print_sides(overview)
    _print_failing(overview)
    decided, total = counted(overview.orders, "order"), counted(overview.work_orders, "work order")
    over = f" {counted(overview.archived, 'order')} over and archived." if overview.archived else ""
    say(f"{decided} decided; of {total}, {overview.open_work_orders} open.{over}")
    for what in sorted(name for name in overview.last if name.partition(" ")[0] not in _FOR_PROGRAMS):
        at, text = overview.last[what]
        say(f"Last {what}: {moment(at)}" + (f" ({text})" if text else ""))
    if overview.backlog:
        say(f"Backlog: {counted(overview.backlog, 'order')} to look at now, {_catch_up(overview)}.")
    if later := overview.wakeups - overview.backlog:
        say(f"To be looked at later: {counted(later, 'order')}.")
    elif not overview.backlog:
        say("No order waits for a look.")
    states = ", ".join(f"{count} {state}" for state, count in sorted(overview.outbox.items())) or "empty"
    say(f"Outbox: {states}.")
    for waiting in overview.waiting[:_SHOWN]:
        what = sentence(waiting.intent.action) if waiting.intent.action else waiting.intent.key
        say(f"  {waiting.order_number} {waiting.intent.state.value}: {what}. {waiting.intent.error}")
    if len(overview.waiting) > _SHOWN:
        say(f"  and {len(overview.waiting) - _SHOWN} more: om-fsm outbox ls")
    if overview.findings:
        say(f"{counted(len(overview.findings), 'finding')} to look at", bold=True)
    for found in overview.findings[:_SHOWN]:
        say(f"  {found.order_number} {found.code.value} since {moment(found.since)}: {found.text}")
    if len(overview.findings) > _SHOWN:
        say(f"  and {len(overview.findings) - _SHOWN} more: om-fsm status --output json")
