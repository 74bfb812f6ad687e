"""docs/om-fsm.1 from the commands themselves: `python -m tests.man_page` writes it, a test holds it to them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

import connector.cli
from connector.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[1] / "docs" / "om-fsm.1"
NAME = "om-fsm"

TAIL: dict[str, list[str | tuple[str, str]]] = {
    "SIGNALS": [
        "Of om-fsm run:",
        ("SIGTERM, SIGINT", "stop in order, within ten seconds; what is left under way is looked up at the next start"),
        ("SIGHUP", "read configuration, tables, profile and secrets again, all or nothing"),
    ],
    "ENVIRONMENT": [
        ("OM_FSM_CONFIG", "the configuration file, where --config does not say otherwise"),
        ("OM_FSM_DEBUG", "show the traceback of a defect; for developers"),
        ("HTTPS_PROXY, NO_PROXY", "the proxy to an instance for which the configuration names none"),
        ("NOTIFY_SOCKET, WATCHDOG_USEC", "set by systemd; see om-fsm.service in deploy/"),
    ],
    "FILES": [
        ("config.toml", "the configuration; config.example.toml shows every setting"),
        ("om-fsm.db", "memory, beside it om-fsm.db-wal, om-fsm.db-shm and om-fsm.db.lock; [memory] says where"),
    ],
    "SEE ALSO": ["README.md and docs/ of the project, above all docs/operations.md and docs/security.md."],
}


def commands(
    command: click.Command, path: tuple[str, ...] = (NAME,)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, in the order of --help, hidden ones left out."""
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            if not command.commands[name].hidden:
                yield from commands(command.commands[name], (*path, name))


def page() -> str:
    """The whole page, in the man macros."""
    lines = [f'.TH {NAME.upper()} 1 "" "om-fsm-connector" "User Commands"', ".SH NAME"]
    lines += [
        f"{_text(NAME)} \\- {_text(_sentence(cli))}",
        ".SH SYNOPSIS",
        ".B om\\-fsm",
        _text("[OPTIONS] COMMAND [ARGS]..."),
    ]
    for path, command in commands(cli):
        if len(path) == 1:
            lines += [".SH OPTIONS", *_options(path, command), ".SH COMMANDS"]
            continue
        lines += [
            f".SS {_quoted(' '.join(path[1:]))}",
            ".PP",
            f".B {_text(' '.join(path))}",
            _text(_pieces(path, command)),
        ]
        lines += [*_paragraphs(command.help or ""), *_options(path, command), *_paragraphs(command.epilog or "")]
    lines += [".SH EXIT STATUS", *(line for code, said in exit_codes() for line in _item(code, said))]
    for title, entries in TAIL.items():
        lines.append(f".SH {title}")
        for entry in entries:
            lines += _item(*entry) if isinstance(entry, tuple) else [".PP", _text(entry)]
    return "\n".join(line for line in lines if line) + "\n"


def exit_codes() -> list[tuple[str, str]]:
    """As the module of the commands declares them."""
    said = " ".join((connector.cli.__doc__ or "").partition("Exit codes:")[2].split()).rstrip(".")
    return [(code, meaning) for code, _, meaning in (one.strip().partition(" ") for one in said.split(";"))]


def _pieces(path: tuple[str, ...], command: click.Command) -> str:
    return " ".join(command.collect_usage_pieces(_context(path, command)))


def _context(path: tuple[str, ...], command: click.Command) -> click.Context:
    return click.Context(command, info_name=" ".join(path), **command.context_settings)


def _options(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    context = _context(path, command)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and not (len(path) > 1 and "--help" in parameter.opts):
            yield from _item(*record)


def _item(term: str, said: str) -> list[str]:
    return [".TP", f".B {_text(term)}", _text(said)]


def _paragraphs(help_text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", textwrap.dedent(help_text).strip("\n ")) if help_text else ():
        yield ".PP"
        if paragraph.startswith("\b"):
            yield from (".nf", *(_text(line) for line in paragraph.splitlines()[1:]), ".fi")
        else:
            yield _text(paragraph)


def _sentence(command: click.Command) -> str:
    said = " ".join((command.help or "").split("\n\n")[0].split()).rstrip(".")
    return said[:1].lower() + said[1:]


def _text(text: str) -> str:
    """One line of plain text that no macro reads as its own."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line[:1] in (".", "'") else line


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
