"""The server-side scripts an encoded query may contain: `javascript:` and calls of gs.*, nested or not.

    javascript:gs.dateGenerate(gs.now(),'start')     javascript:gs.getUser().getMyGroups()

A script is read into calls here and answered by script_calls.py. No JavaScript runs; what is not a known call raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from connector.sandbox.clock import STAMP

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[.(),]))"
)


class UnknownScript(ValueError):
    """A script the sandbox does not imitate."""


class Surroundings(Protocol):
    """What scripts can ask the instance."""

    def groups_of(self, user_id: str) -> list[str]: ...
    def user_value(self, user_id: str, key: str) -> str: ...
    def property_of(self, name: str) -> str: ...
    def dynamic_filter(self, sys_id: str) -> str: ...


class _Nowhere:
    def groups_of(self, user_id: str) -> list[str]:  # noqa: ARG002
        return []

    def user_value(self, user_id: str, key: str) -> str:  # noqa: ARG002
        return ""

    def property_of(self, name: str) -> str:  # noqa: ARG002
        return ""

    def dynamic_filter(self, sys_id: str) -> str:  # noqa: ARG002
        return ""


NOWHERE = _Nowhere()


@dataclass(frozen=True)
class Reader:
    """Who asks, in what zone, at what time, and where."""

    sys_id: str
    login: str
    zone: ZoneInfo
    now: datetime
    home: Surroundings = NOWHERE


@dataclass(frozen=True)
class Call:
    """`gs.getUser().getMyGroups()` is the name gs.getUser.getMyGroups without arguments."""

    name: str
    arguments: tuple[str | Call, ...]


@lru_cache(maxsize=512)
def read_script(script: str) -> Call:
    """The call a `javascript:` literal (given without that prefix) makes. Raises UnknownScript."""
    text = script.strip().removesuffix(";").rstrip()
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnknownScript(script)
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    call, rest = _call(tokens)
    if rest:
        raise UnknownScript(script)
    return call


def _call(tokens: list[tuple[str, str]]) -> tuple[Call, list[tuple[str, str]]]:
    """A chain of names and calls; only the last call may have arguments."""
    names: list[str] = []
    arguments: tuple[str | Call, ...] = ()
    called = False
    while tokens and tokens[0][0] == "name" and not arguments:
        names.append(tokens[0][1])
        tokens, called = tokens[1:], False
        if tokens[:1] == [("sign", "(")]:
            arguments, tokens = _arguments(tokens[1:])
            called = True
        if tokens[:1] != [("sign", ".")]:
            break
        tokens = tokens[1:]
    if not called:
        raise UnknownScript(".".join(names))
    return Call(".".join(names), arguments), tokens


def _arguments(tokens: list[tuple[str, str]]) -> tuple[tuple[str | Call, ...], list[tuple[str, str]]]:
    found: list[str | Call] = []
    while tokens and tokens[0] != ("sign", ")"):
        kind, text = tokens[0]
        if kind == "name":
            call, tokens = _call(tokens)
            found.append(call)
        elif kind == "sign":
            raise UnknownScript(text)
        else:
            found.append(text[1:-1] if kind == "text" else text)
            tokens = tokens[1:]
        if tokens[:1] == [("sign", ",")]:
            tokens = tokens[1:]
    if not tokens:
        raise UnknownScript("a bracket is not closed")
    return tuple(found), tokens[1:]


def to_utc(local: str, zone: ZoneInfo) -> str:
    """A `yyyy-MM-dd HH:mm:ss` text of that zone as a UTC stamp; raises ValueError for anything else."""
    return datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC).strftime(STAMP)


def to_zone(stamp: str, zone: ZoneInfo) -> str:
    """A UTC stamp as that zone's wall clock shows it; what is no stamp is returned unchanged."""
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(zone).strftime(STAMP)
    except ValueError:
        return stamp
