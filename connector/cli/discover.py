"""`om-fsm discover`: what the two instances are like, as a profile for a person to review."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.options import output_option
from connector.cli.output import say
from connector.profile import PROFILE_FILE

if TYPE_CHECKING:
    from connector.config import Loaded
    from connector.discover.discovery import Discovered
    from connector.errors import ConfigError
    from connector.profile import Profile


@click.command(short_help="Find out what the two instances are like.")
@click.option(
    "--profile",
    "file",
    type=click.Path(path_type=Path),
    help=f"The profile; else the configured one, or {PROFILE_FILE}.",
)
@click.option("--accept", is_flag=True, help="Write the profile anew with what is found now; what was settled is kept.")
@output_option
@click.pass_obj
def discover(path: Path, file: Path | None, accept: bool, output: str) -> None:
    """Find out what tables, columns and states are called on both instances, and write it as a profile to review.

    Where a profile exists already, tell what has changed since and write nothing, unless --accept. Writes to no instance.
    """
    from connector.app import discover_once
    from connector.cli.output import print_json, wants_json
    from connector.config import load, load_with
    from connector.discover.drift import drift, keeping_decisions
    from connector.errors import SignInFailed
    from connector.unsettled import unsettled

    loaded = load(path, with_profile=False)
    target = file or loaded.resolve(loaded.settings.profile or Path(PROFILE_FILE))
    before, broken = _before(target, accept=accept)
    try:
        found = discover_once(loaded, before=before)
    except SignInFailed as error:
        error.hint = f"{error.hint} It was sent once, and nothing else was asked.".strip()
        raise
    profile = keeping_decisions(before, found.profile) if before and accept else found.profile
    changes = drift(before, found.profile) if before else ()
    writes = before is None or accept
    aside = _put_aside(target) if broken else None
    if writes:
        _write(target, profile, found)
    in_force = profile if writes or before is None else before
    points = list(unsettled(load_with(path, in_force).settings, in_force))
    if wants_json(output):
        print_json(
            {
                "profile": target,
                "written": writes,
                "named": _is_named(loaded, target),
                "put_aside": aside,
                "drift": changes,
                "to_settle": points,
                "remarks": found.remarks,
                "unreadable": {"om": profile.om.unreadable, "fsm": profile.fsm.unreadable},
            }
        )
    else:
        if broken and aside:
            say(" ".join([str(broken), *broken.problems]), fg="red")
            say(
                f"So nothing settled in it could be kept. It is put aside as {aside}: settle it anew from there.",
                fg="red",
            )
        _print(target, found, profile, changes, points, writes=writes)
        _say_whether_named(loaded, target)
    if points:
        sys.exit(7)
    if changes and not accept:
        sys.exit(1)


def _before(target: Path, *, accept: bool) -> tuple[Profile | None, ConfigError | None]:
    """The profile there is; with --accept, what is wrong with one that cannot be used."""
    from connector.errors import ConfigError
    from connector.profile import read_profile

    if not target.exists():
        return None, None
    try:
        return read_profile(target), None
    except ConfigError as error:
        if accept:
            return None, error
        raise


def _put_aside(target: Path) -> Path:
    """Keep a profile that cannot be used: what a person settled in it is only there."""
    from connector.errors import ConfigError

    names = (target.with_name(f"{target.name}.broken{n or ''}") for n in count())
    aside = next(path for path in names if not path.exists())
    try:
        return target.rename(aside)
    except OSError as error:
        raise ConfigError(
            f"{target} cannot be used, and could not be put aside as {aside}: {error.strerror}. It was left as it is.",
            hint="Correct it or move it away, then `om-fsm discover` again.",
        ) from error


def _write(target: Path, profile: Profile, found: Discovered) -> None:
    from connector.discover.text import profile_text
    from connector.errors import ConfigError

    text = profile_text(profile, found.reasons, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}.") from error


def _print(
    target: Path, found: Discovered, profile: Profile, changes: tuple[str, ...], points: list[str], *, writes: bool
) -> None:
    for name, side in (("om", profile.om), ("fsm", profile.fsm)):
        for what, costs in side.unreadable.items():
            say(f"{name}: {what} cannot be read: {costs}", fg="yellow")
    for remark in found.remarks:
        say(remark, fg="yellow")
    for change in changes:
        say(f"changed: {change}", fg="yellow")
    for point in points:
        say(f"to settle: {point}", fg="red")
    if writes:
        say(f"{target} is written. Review it" + (f"; {len(points)} points are for you to settle." if points else "."))
    elif changes:
        say(f"{target} is left as it is; --accept writes it anew and keeps what was settled.")
    else:
        say(f"Nothing has changed since {target} was written.")


def _is_named(loaded: Loaded, target: Path) -> bool:
    named = loaded.settings.profile
    return named is not None and loaded.resolve(named).resolve() == target.resolve()


def _say_whether_named(loaded: Loaded, target: Path) -> None:
    """A profile that no configuration names settles nothing: the connector would go by ServiceNow's own names."""
    beside = target.resolve().parent == loaded.path.resolve().parent
    line = f'profile = "{target.name if beside else target.resolve()}"'
    if _is_named(loaded, target):
        say(f"The configuration names it: {line}")
        return
    other = f", but {loaded.settings.profile}" if loaded.settings.profile else ""
    say(f"The configuration {loaded.path} does not name it{other}: it does not count.", fg="red")
    say(f"Write at the top of {loaded.path}, above the first section: {line}")
