"""`om-fsm sandbox`: two pretended ServiceNow instances, with a configuration that points the connector at them, and
`om-fsm sandbox --dir DIR act`: what people do there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connector.cli.output import print_json, say


@click.group(short_help="Run two pretended instances.", invoke_without_command=True)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where sandbox.json, config.toml and everything they point to is written.",
)
@click.option("--profile", default="default", show_default=True, help="The name of a profile, or a profile file.")
@click.pass_context
def sandbox(context: click.Context, directory: Path, profile: str) -> None:
    """Run an Order Management and a Field Service sandbox on loopback until stopped; or do there what people do."""
    if context.invoked_subcommand is None:
        _run(directory, profile)
    else:
        context.obj = directory


def _run(directory: Path, profile: str) -> None:
    from connector.demo.setup import write_config
    from connector.errors import ConfigError

    try:
        from connector.sandbox import serve
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The sandbox needs a package that is not installed: {error.name}.",
            hint="pip install 'om-fsm-connector[sandbox]'",
        ) from error

    def ready(info: dict[str, Any]) -> None:
        config = write_config(directory, info, oauth=True)
        say(f"The sandbox is ready: om-fsm --config {config} sync")

    try:
        directory.mkdir(parents=True, exist_ok=True)
        serve.run(directory, profile=profile, on_ready=ready)
    except serve.DoorsUnavailable as error:
        raise ConfigError(str(error), hint="pip install 'om-fsm-connector[sandbox]'") from error
    except serve.ProfileError as error:
        raise ConfigError(f"The profile {profile} cannot be used.", tuple(str(error).splitlines())) from error
    except OSError as error:
        raise ConfigError(f"The sandbox cannot be opened in {directory}: {error}") from error


@sandbox.command(short_help="Do what a person does there.")
@click.argument("move")
@click.argument("said", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--as", "login", default="", help="The login of the person, where it is not the usual one.")
@click.option("--on", "side", type=click.Choice(("om", "fsm")), help="The instance, for moves that both have.")
@click.pass_obj
def act(directory: Path, /, move: str, said: tuple[str, ...], login: str, side: str | None) -> None:
    """Make one MOVE of a person in the sandbox that runs in --dir, as `approve order=ORD0010001`.

    A VALUE that begins with [ or { is JSON. An unknown MOVE is answered with the list of those there are.
    """
    from connector.errors import NotFound
    from connector.errors import Refused as Refusal
    from connector.sandbox import Refused as Unwilling
    from connector.sandbox import away

    asked = {"do": move, **dict(map(_argument, said))}
    asked |= {key: value for key, value in (("as", login), ("instance", side)) if value}
    try:
        print_json(away.act(directory, asked))
    except Unwilling as refused:
        raise Refusal(f"The sandbox refuses {move}: {refused}") from refused
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(
            f"No sandbox answers in {directory}.", hint=f"Start one: om-fsm sandbox --dir {directory}"
        ) from error


def _argument(said: str) -> tuple[str, Any]:
    name, found, value = said.partition("=")
    try:
        if not found:
            raise ValueError
        return name, json.loads(value) if value.startswith(("[", "{")) else value
    except ValueError:
        raise click.UsageError(f"{said!r}: say NAME=VALUE; a VALUE that begins with [ or {{ must be JSON") from None
