"""How results and errors look: tables for people, JSON for programs. No decision is made here.

Everything a command prints passes through here, and no value of a record reaches the terminal as anything but text.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.visible import visible, visible_json

if TYPE_CHECKING:
    from connector.errors import ConnectorError

OUTPUTS = ("auto", "table", "json")


def wants_json(output: str) -> bool:
    """JSON when asked for, or when nobody is looking at a terminal."""
    return output == "json" or (output == "auto" and not sys.stdout.isatty())


def plain(value: Any) -> Any:
    """A result as JSON values: dataclasses by field name, enums by value, moments in ISO 8601 UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def print_json(value: Any) -> None:
    """One document on standard output."""
    click.echo(visible_json(json.dumps(plain(value), indent=2, ensure_ascii=False)))


def say(*lines: str, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Lines for a person. Each argument is one line, whatever it holds; `style` is click's."""
    text = "\n".join(visible(line) for line in lines)
    click.echo(click.style(text, **style) if style else text, err=err, nl=nl)


def print_error(error: ConnectorError) -> None:
    """What happened, why, and what to do, on standard error; its id is a heading of docs/troubleshooting.md."""
    say(f"Error ({error.id}): {error}", err=True)
    for problem in getattr(error, "problems", ()):
        say(f"  - {problem}", err=True)
    if error.hint:
        say(f"  {error.hint}", err=True)


def moment(value: datetime | None) -> str:
    """A moment as people read it."""
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")
