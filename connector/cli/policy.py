"""`om-fsm policy ...`: check, test, question, compare, convert and import work order policies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.mapping.casebook import Report
    from connector.mapping.review import Remark
    from connector.model import Verdict

_KINDS = {"domain-order": "domain_order", "order-task": "order_task", "case": "case"}
kind_option = click.option(
    "--for",
    "kind",
    type=click.Choice(list(_KINDS)),
    default=None,
    help="What the table decides about; domain-order unless the file is one of the configuration's.",
)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def policy() -> None:
    """Work order policies: which domain orders, order tasks and cases get a visit."""


@policy.command(short_help="What is wrong with the tables?")
@click.argument("files", nargs=-1, type=_FILE)
@kind_option
@click.option("--offline", is_flag=True, help="Ask no instance; say nothing about names that may not exist there.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@output_option
@click.pass_obj
def check(path: Path, files: tuple[Path, ...], kind: str | None, offline: bool, strict: bool, output: str) -> None:
    """Check the configured policies, or FILES: types, ids, rows that never win, overlaps, gaps, and names that do not exist."""
    from connector.cli.output import print_json, wants_json
    from connector.mapping.review import review
    from connector.shelf import Shelf

    shelf = Shelf.open(path)
    policies = shelf.policies(files, _KINDS.get(kind or ""))
    catalog = None
    if not offline:
        from connector.app import survey

        catalog = survey(shelf.needed())
    remarks = {one: review(one, catalog) for one in policies}
    if wants_json(output):
        print_json(
            [
                {"policy": one.name, "source": one.source, "digest": one.digest, "rows": len(one.rows), "remarks": said}
                for one, said in remarks.items()
            ]
        )
    else:
        for one, said in remarks.items():
            say(f"{one.source}: {one.name}, {len(one.rows)} rows, digest {one.digest}", bold=True)
            _print_remarks(said)
    worst = {remark.severity for said in remarks.values() for remark in said}
    if "error" in worst or (strict and "warning" in worst):
        sys.exit(1)


def _print_remarks(remarks: Sequence[Remark]) -> None:
    for remark in remarks:
        say(f"  {remark.severity}: ", fg={"error": "red", "warning": "yellow"}.get(remark.severity), nl=False)
        say(remark.text)
    if not remarks:
        say("  Nothing to remark.")


@policy.command(short_help="Play the example cases.")
@click.argument("casebooks", nargs=-1, type=_FILE)
@kind_option
@click.option("--policy", "file", type=_FILE, help="The table to test; the configured one unless said otherwise.")
@click.option("--cover", is_flag=True, help="Fail when a row decides no case.")
@output_option
@click.pass_obj
def test(
    path: Path, casebooks: tuple[Path, ...], kind: str | None, file: Path | None, cover: bool, output: str
) -> None:
    """Play example cases through a policy. Without CASEBOOKS: the file beside each policy, `<policy>.cases.csv`."""
    from connector.cli.output import print_json, wants_json
    from connector.errors import ConfigError
    from connector.mapping.casebook import play
    from connector.shelf import Shelf

    shelf = Shelf.open(path)
    played: list[tuple[str, Report]] = []
    for one in shelf.policies((file,) if file else (), _KINDS.get(kind or "")):
        for book in casebooks or shelf.casebooks(one):
            played.append((str(book), play(one, shelf.examples(book, one))))
    if not played:
        raise ConfigError(
            "There is no casebook to play.", hint="Write one beside the policy: <policy>.cases.csv, or name it here."
        )
    if wants_json(output):
        print_json([{"casebook": book, **_report(report)} for book, report in played])
    else:
        for name, report in played:
            _print_report(name, report)
    if any(report.failed or (cover and report.untested) for _, report in played):
        sys.exit(1)


def _report(report: Report) -> dict[str, object]:
    return {
        "cases": len(report.outcomes),
        "failed": [{"case": o.example.name, "row": o.example.row, "wrong": o.wrong} for o in report.failed],
        "untested_rows": report.untested,
    }


def _print_report(book: str, report: Report) -> None:
    say(book, bold=True)
    for outcome in report.failed:
        say(f"  FAILED {outcome.example.name} (row {outcome.example.row}): {'; '.join(outcome.wrong)}", fg="red")
    passed = len(report.outcomes) - len(report.failed)
    say(f"  {passed} of {len(report.outcomes)} cases pass.")
    if report.untested:
        say(f"  No case is decided by row {', '.join(report.untested)}.")


@policy.command(short_help="What would it decide?")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="A fact; may be repeated.")
@click.option("--policy", "file", type=_FILE, help="Another table than the configured one.")
@kind_option
@output_option
@click.pass_obj
def explain(path: Path, inputs: tuple[str, ...], file: Path | None, kind: str | None, output: str) -> None:
    """What a policy would decide about an initiator with these facts, and what nearly decided otherwise."""
    from connector.cli.output import print_json, wants_json
    from connector.mapping.casebook import decide_hypothetically
    from connector.shelf import Shelf

    shelf = Shelf.open(path)
    [chosen] = shelf.policies((file,) if file else (), _KINDS[kind or "domain-order"])
    verdict = decide_hypothetically(chosen, shelf.facts(chosen, inputs))
    if wants_json(output):
        print_json(verdict)
    else:
        _print_verdict(verdict)


def _print_verdict(verdict: Verdict) -> None:
    from connector.mapping.comparison import asked, in_words

    say(f"Cannot be decided: {verdict.problem}" if verdict.problem else in_words(asked(verdict)), bold=True)
    for row, condition in verdict.conditions.items():
        say(f"  row {row} {'wins' if row in verdict.rows else 'matches'}: {condition or 'anything'}")
    for miss in verdict.misses:
        say(f"  near miss: row {miss.row} wants {miss.column} {miss.wants}, found {miss.found or '(empty)'}")


@policy.command(short_help="What changes between two tables?")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@kind_option
@click.option("--offline", is_flag=True, help="Compare the rows only; do not replay what memory holds.")
@output_option
@click.pass_obj
def diff(path: Path, old: Path, new: Path, kind: str | None, offline: bool, output: str) -> None:
    """The rows that differ from OLD to NEW and, replayed over memory, the real orders that would get other work orders."""
    from connector.cli.output import print_json, wants_json
    from connector.mapping.comparison import in_words, replay, rows_that_differ
    from connector.shelf import Shelf

    shelf = Shelf.open(path)
    before, after = shelf.policies((old, new), _KINDS.get(kind or ""))
    rows = rows_that_differ(before, after)
    verdicts = [] if offline else _verdicts(shelf, after.name)
    replayed = replay(after, verdicts)
    if wants_json(output):
        print_json({"rows": rows, "replayed": len(verdicts), "orders": replayed})
        return
    for change in rows:
        say(change.row, bold=True)
        say(f"  - {change.before or '(not there)'}", f"  + {change.after or '(not there)'}")
    if not rows:
        say("No row differs.")
    if offline:
        return
    say(f"{len(verdicts)} remembered decisions replayed, {len(replayed)} would differ.")
    for one in replayed:
        lacks = f" (not recorded at the time: {', '.join(one.lacks)})" if one.lacks else ""
        now = f"undecided: {one.problem}" if one.problem else in_words(one.after)
        say(f"  {one.order_number} {one.initiator_number}: {in_words(one.before)} -> {now}{lacks}")


def _verdicts(shelf: object, name: str) -> list[tuple[str, Verdict]]:
    """The latest remembered decision about each initiator by the policy of this name; none where there is no memory."""
    from connector.engine.history import latest_verdicts
    from connector.memory import reading
    from connector.shelf import Shelf

    assert isinstance(shelf, Shelf)
    database = reading(shelf.loaded) if shelf.loaded else None
    return list(latest_verdicts(database, name)) if database is not None else []


@policy.command(short_help="From one file format to another.")
@click.argument("source", type=_FILE)
@click.argument("target", type=_FILE)
@kind_option
@click.option("--force", is_flag=True, help="Replace TARGET where it exists.")
@click.pass_obj
def convert(path: Path, source: Path, target: Path, kind: str | None, force: bool) -> None:
    """Write SOURCE as TARGET: .csv, .xlsx or .dmn by their endings. What cannot be carried is said, and nothing is written."""
    from connector.shelf import Shelf

    shelf = Shelf.open(path)
    [chosen] = shelf.policies((source,), _KINDS.get(kind or ""))
    shelf.write(chosen.table, target, shelf.initiates(chosen), force=force)
    say(f"{target}: {len(chosen.rows)} rows.")


@policy.command("import", short_help="Take over ServiceNow's own policy.")
@click.argument("target", type=_FILE)
@kind_option
@click.option("--force", is_flag=True, help="Replace TARGET where it exists.")
@output_option
@click.pass_obj
def import_(path: Path, target: Path, kind: str | None, force: bool, output: str) -> None:
    """Read the instance's own "Work Order Policy" decisions and write them as TARGET."""
    from connector.app import native_policy
    from connector.cli.output import print_json, wants_json
    from connector.mapping.review import native_warning
    from connector.shelf import Shelf

    if kind == "case":
        raise click.UsageError("ServiceNow has no work order policy for cases.")
    shelf = Shelf.open(path)
    initiates = _KINDS[kind or "domain-order"]
    found, imported = native_policy(shelf.needed(), initiates)
    shelf.write(imported.table, target, initiates, force=force)
    if wants_json(output):
        print_json({"rows": len(imported.table.rules), "left_out": imported.left_out, "native_active": found.is_active})
    else:
        say(f"{target}: {len(imported.table.rules)} rows of {found.name!r}.")
        for reason in imported.left_out:
            say(f"  left out: {reason}", fg="yellow")
    if found.is_active:
        say(f"WARNING: {native_warning(found.name)}", fg="red", err=True)
    if imported.left_out:
        sys.exit(7)
