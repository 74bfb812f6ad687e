"""`om-fsm init`: the first configuration, tested at once, and the rights to ask for."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from connector.cli.output import say
from connector.first_config import (
    API_KEY,
    BASIC,
    KINDS,
    OAUTH,
    Access,
    config_text,
    default_place,
    names_in,
    names_of,
    secret_ref,
)

if TYPE_CHECKING:
    from pathlib import Path

    from connector.doctor.check import Result

_USER = {OAUTH: "client id", BASIC: "user name"}


@click.command(short_help="Write the first configuration.")
@click.option("--om", "om_url", help="The address of the Order Management instance.")
@click.option("--fsm", "fsm_url", help="The address of the Field Service instance; the same where it is one instance.")
@click.option("--sign-in", "kind", type=click.Choice(KINDS), help=f"How to sign in to both; {OAUTH} is recommended.")
@click.option("--om-name", help="What marks on work orders call this Order Management; else as its address.")
@click.option("--om-user", help="The client id or user name on the Order Management instance.")
@click.option("--fsm-user", help="The client id or user name on the Field Service instance.")
@click.option("--om-kept-in", help="Where the secret is: env:NAME, file:PATH or command:PROGRAM ARGUMENT.")
@click.option("--fsm-kept-in", help="The same for Field Service.")
@click.option("--ca-file", default="", help="Certificates to trust instead of the usual ones, relative to the file.")
@click.option("--no-test", is_flag=True, help="Write without asking the instances.")
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
@click.pass_obj
def init(path: Path, /, *, ca_file: str, no_test: bool, force: bool, **said: str | None) -> None:
    """Write a commented configuration for two instances, after signing in to both. No secret is written or asked for.

    Asks for what was not given as an option, on a terminal. Then lists the rights to ask an administrator for.
    """
    from connector.errors import ConfigError
    from connector.first_config import copy_tables

    if path.exists() and not force:
        raise ConfigError(f"{path} exists already.", hint="Name another file with --config, or say --force.")
    if not path.parent.is_dir():
        raise ConfigError(
            f"{path} cannot be written: there is no directory {path.parent}.",
            hint=f"Make it first, as with mkdir -p {shlex.quote(str(path.parent))}. Nothing was written, nobody asked.",
        )
    om, fsm = _accesses(said, path)
    try:
        text = config_text(om, fsm, ca_file)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        failures = () if no_test else _failures(beside)
        if failures:
            _refuse(failures)
        _usable(beside, tested=not no_test)
        beside.replace(path)
    except OSError as error:
        hint = f"Let this user write to {path.parent}, or name another file with --config. Nothing was written."
        raise ConfigError(f"{path} cannot be written: {error.strerror}.", hint=hint) from error
    except ConfigError as error:
        # Nobody but this command knows the file it was checked in.
        problems = tuple(problem.replace(str(beside), str(path)) for problem in error.problems)
        hint = "Correct what you said to `om-fsm init`; nothing was written."
        raise ConfigError(str(error).replace(str(beside), str(path)), problems, hint=hint) from error
    finally:
        beside.unlink(missing_ok=True)
    for table in copy_tables(path.parent):
        say(f"{table} is an example: its rows are yours to write.")
    say(f"{path} is written" + ("." if no_test else "; both instances accept the user."), bold=True)
    _print_needs()
    say("Next: `om-fsm discover` finds out what tables, columns and states are called there, then `om-fsm doctor`.")


def _accesses(said: dict[str, str | None], path: Path) -> tuple[Access, Access]:
    """What was given, and on a terminal what is asked for. An instance that has a name in the file at `path` keeps it."""
    asks = sys.stdin.isatty()
    missing: list[str] = []

    def value(option: str, question: str, default: str = "") -> str:
        given = said.get(option)
        if given:
            return given
        if asks:
            return str(click.prompt(question, default=default or None))
        if not default:
            missing.append("--" + option.removesuffix("_url").replace("_", "-"))
        return default

    om_url = value("om_url", "Address of the Order Management instance (https://...)")
    fsm_url = value("fsm_url", "Address of the Field Service instance", om_url if asks else "")
    kind = value("kind", f"How to sign in ({', '.join(KINDS)})", OAUTH)
    if kind not in KINDS:
        raise click.UsageError(f"{kind!r} is none of {', '.join(KINDS)}; config.example.toml shows the others")
    try:
        of_om, of_fsm = names_of(om_url, fsm_url, names_in(path, om_url, fsm_url), said.get("om_name") or "")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    found = []
    for side, url, name in (("om", om_url, of_om), ("fsm", fsm_url, of_fsm)):
        user = "" if kind == API_KEY else value(f"{side}_user", f"The {_USER[kind]} on {side}")
        place = value(f"{side}_kept_in", f"Where the secret of {side} is", default_place(side, kind))
        try:
            secret_ref(place)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        found.append(Access(side, name, url.rstrip("/"), kind, user, place))
    if missing:
        raise click.UsageError(f"without a terminal these are needed: {', '.join(missing)}")
    return found[0], found[1]


def _failures(config: Path) -> tuple[Result, ...]:
    """What keeps the two instances from being used. Raises ConfigError."""
    from connector.app import examine_once
    from connector.config import load
    from connector.doctor.check import Level

    ids = ("reach.answers", "reach.certificate", "reach.awake", "reach.servicenow", "sign_in.accepted", "sign_in.user",
           "reach.swapped")  # fmt: skip
    results = examine_once(load(config, with_profile=False), ids=ids)
    return tuple(result for result in results if result.level is Level.FAILED)


def _usable(config: Path, *, tested: bool) -> None:
    """Settings that make no sense are refused in any case. Raises ConfigError."""
    from connector.config import load_settings

    if not tested:
        load_settings(config)


def _refuse(failures: tuple[Result, ...]) -> None:
    for result in failures:
        say(f"{result.side}: {result.seen}" if result.side else result.seen, f"  {result.fix}", err=True)
    say("Nothing was written.", err=True)
    sys.exit(3 if any(result.id.startswith("sign_in") for result in failures) else 6)


def _print_needs() -> None:
    from connector.doctor.roles import NEEDED

    for side, title in (("om", "Order Management"), ("fsm", "Field Service")):
        say("", f"Rights to ask for on the {title} instance: one user, time zone GMT, no more than this", bold=True)
        for need in (one for one in NEEDED if one.side == side):
            say(f"  {need.role}: {need.need} ({need.tables})" + (", if possible" if need.optional else ""))
    say("", "Which roles suffice differs by release; what is denied comes back as a finding, not as silence.")
