"""`om-fsm sandbox`: two pretended ServiceNow instances, with a configuration that points the connector at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.output import say


@click.command(short_help="Run two pretended instances.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where sandbox.json, config.toml and everything they point to is written.",
)
@click.option("--profile", default="default", show_default=True, help="The name of a profile, or a profile file.")
def sandbox(directory: Path, profile: str) -> None:
    """Run an Order Management and a Field Service sandbox on loopback until stopped."""
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
