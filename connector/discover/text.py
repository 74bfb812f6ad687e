"""A profile as a file a person reads from top to bottom: what is to settle first, the reasons beside each line. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.profile import UNKNOWN, UNSETTLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.profile import FsmSide, Profile, Side, StateLine

_HEAD = """# What these two instances are like, written by `om-fsm discover` {when}. Review it; config.toml names it with
# profile = "...". What the configuration says itself comes before it.
#
# "?" is for a person: while one is left, the connector neither reads nor writes. "" means that there is no such column.
# A state's `means` is ServiceNow's own word for it (`class` follows from it: open, done, canceled, frozen; unknown counts as
# open); `write = true` marks the one value the connector writes.
"""


def profile_text(profile: Profile, reasons: Mapping[str, str], when: str) -> str:
    """The file. `reasons` are remarks by the path of a setting, as "om.columns.order.state"."""
    lines = [_HEAD.format(when=when), "format = 1", *_side("om", profile.om, reasons)]
    lines += [*_side("fsm", profile.fsm, reasons), *_references(profile.fsm, reasons)]
    return "\n".join([*lines, *_rest("om", profile.om), *_rest("fsm", profile.fsm)]) + "\n"


def _side(name: str, side: Side, reasons: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"[{name}]", f"url = {quoted(side.url)}")
    for part, column in (("notes", side.notes), ("comments", side.comments)):
        if column is not None:
            yield f"{part} = {quoted(column)}{_comment(reasons.get(f'{name}.{part}', ''))}"
    yield from _table(f"{name}.tables", side.tables, reasons)
    for kind, columns in side.columns.items():
        yield from _table(f"{name}.columns.{kind}", columns, reasons)
    for part, lines in side.states.items():
        yield from ("", f"[{name}.states.{part}]")
        for value, line in lines.items():
            yield f"{key(value)} = {_state(line)}{_comment(reasons.get(f'{name}.states.{part}.{value}') or _doubt(line))}"


def _doubt(line: StateLine) -> str:
    match line.means:
        case "unknown":
            return "counts as open; say which of ServiceNow's words it means"
        case "?":
            return "which of ServiceNow's words does it mean?"
        case _:
            return ""


def _state(line: StateLine) -> str:
    kind = UNKNOWN if line.means == UNSETTLED else line.kind
    written = ", write = true" if line.write else ""
    return f"{{ label = {quoted(line.label)}, means = {quoted(line.means)}, class = {quoted(kind)}{written} }}"


def _references(side: FsmSide, reasons: Mapping[str, str]) -> Iterator[str]:
    yield from ("", "[fsm.references]")
    for column, one in side.references.items():
        keys = f", keys = [{', '.join(map(quoted, one.keys))}]" if one.keys else ""
        why = _comment(reasons.get(f"fsm.references.{column}", ""))
        yield f"{key(column)} = {{ table = {quoted(one.table)}, by = {quoted(one.by)}{keys} }}{why}"
    yield from _table("fsm.fields", side.fields, reasons)
    for column, stored in side.values.items():
        yield from _table(f"fsm.values.{column}", stored, reasons)


def _rest(name: str, side: Side) -> Iterator[str]:
    """What is not for deciding: what could not be read and what that costs, and the facts the next discovery compares."""
    yield from _table(f"{name}.unreadable", side.unreadable, {})
    yield from _table(f"{name}.facts", side.facts, {})


def _table(path: str, values: Mapping[str, str], reasons: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"[{path}]")
    for name, value in values.items():
        yield f"{key(name)} = {quoted(value)}{_comment(reasons.get(f'{path}.{name}', ''))}"


def _comment(text: str) -> str:
    return f"  # {' '.join(text.split())}" if text else ""


def key(name: str) -> str:
    """A key of TOML."""
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else quoted(name)


def quoted(text: str) -> str:
    """A text of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
