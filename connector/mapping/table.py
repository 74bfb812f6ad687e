"""Loading a work order policy from CSV, with every problem reported at once by row and column.

The header names the inputs (facts) and the result columns. Cells: `-` or empty for anything, a value, a comma-separated list,
or `not(...)` around either. Columns: `id`, any fact, `work order template`, optionally `number of work orders` and `comment`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from typing import TYPE_CHECKING

from connector.errors import ConfigError
from connector.mapping.facts import FACTS, is_fact
from connector.mapping.marks import ROW_ID
from connector.mapping.policy import NO_FIELD_WORK, Cell, Row, WorkOrderPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULT = "work order template"
QUANTITY = "number of work orders"
_OURS = ("id", RESULT, QUANTITY, "comment")
_NOT = re.compile(r"not\s*\((.*)\)", re.IGNORECASE)
_MAX_UNITS = 50


def load_policy(name: str, path: Path) -> WorkOrderPolicy:
    """Read one policy. Raises ConfigError naming the file, the rows and the columns that cannot be used."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"The {name} policy cannot be read: {path}: {error.strerror}.",
            hint="Correct the path under [policy] in the configuration.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The {name} policy is not UTF-8 text: {path}, byte {error.start}.",
            hint='Save the table as "CSV UTF-8" in the spreadsheet.',
        ) from error
    policy, problems = parse_policy(name, text, source=str(path))
    if policy is None:
        raise ConfigError(
            f"The {name} policy cannot be used: {path}.",
            tuple(problems),
            hint="Correct the table; nothing was done.",
        )
    return policy


def parse_policy(name: str, text: str, *, source: str = "") -> tuple[WorkOrderPolicy | None, list[str]]:
    """The policy in a CSV text, or None and everything that is wrong with it. Rows are counted as spreadsheets do."""
    read = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        lines = [(n, cells) for n, cells in enumerate(read, start=1) if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        return None, [f"line {read.line_num}: it is not CSV: {error}; save the table again as CSV UTF-8"]
    if not lines:
        return None, ["the table is empty: it needs a header and a last row that catches everything"]
    header = [_fold(cell) for cell in lines[0][1]]
    problems = list(_header_problems(header))
    inputs = tuple(column for column in header if column not in _OURS)
    rows: list[Row] = []
    if not problems:
        last: Row | None = None
        for position, cells in lines[1:]:
            last, wrong = _row(header, inputs, cells)
            problems += [f"row {position}, {problem}" for problem in wrong]
            if last:
                rows.append(last)
        problems += _table_problems(rows, last, complete=len(lines) == 1 or last is not None)
    if problems:
        return None, problems
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return WorkOrderPolicy(name, inputs, tuple(rows), digest, source), []


def _header_problems(header: list[str]) -> Iterator[str]:
    for column in ("id", RESULT):
        if column not in header:
            yield f"header: the column {column!r} is missing"
    for column in dict.fromkeys(header):
        if header.count(column) > 1:
            yield f"header: the column {column!r} occurs {header.count(column)} times"
        if column not in _OURS and not is_fact(column):
            known = ", ".join(sorted([*FACTS, *_OURS]))
            yield f"header: unknown column {column!r}; known are {known}, and characteristic.<name>"


def _row(header: list[str], inputs: tuple[str, ...], cells: list[str]) -> tuple[Row | None, list[str]]:
    """One row, or what is wrong with it ("column 'x': ...")."""
    if len(cells) > len(header):
        return None, [f"it has {len(cells)} cells but the header has {len(header)}"]
    values = dict(zip(header, [*(c.strip() for c in cells), *[""] * len(header)], strict=False))
    problems: list[str] = []
    conditions: dict[str, Cell] = {}
    for column in inputs:
        try:
            conditions[column] = _cell(values[column])
        except ValueError as error:
            problems.append(f"column {column!r}: {values[column]!r}: {error}")
    if not ROW_ID.fullmatch(values["id"]):
        problems.append(f"column 'id': {values['id']!r}: use 1 to 30 letters, digits, '-' or '_'")
    template = values[RESULT]
    if not template:
        problems.append(f"column {RESULT!r}: name a template, or write {NO_FIELD_WORK}")
    quantity = values.get(QUANTITY, "") or "1"
    if not quantity.isdecimal() or not 1 <= int(quantity) <= _MAX_UNITS:
        problems.append(f"column {QUANTITY!r}: {quantity!r}: use a whole number from 1 to {_MAX_UNITS}")
    if problems:
        return None, problems
    none = _fold(template) == _fold(NO_FIELD_WORK)
    return Row(values["id"], conditions, None if none else template, int(quantity)), []


def _cell(text: str) -> Cell:
    body = text.strip()
    if body in ("", "-"):
        return Cell("-")
    negation = _NOT.fullmatch(body)
    if negation:
        body = negation[1]
    values = [value.strip() for value in body.split(",")]
    if not all(values):
        raise ValueError("an empty value in the list")
    if "-" in values:
        raise ValueError("'-' means anything and stands alone")
    if any(value.count("(") != value.count(")") for value in values) or any(_NOT.match(value) for value in values):
        raise ValueError("not(...) stands around the whole cell")
    return Cell(text.strip(), frozenset(value.casefold() for value in values), bool(negation))


def _table_problems(rows: list[Row], last: Row | None, *, complete: bool) -> Iterator[str]:
    # Field Service finds a mark without regard to case, so ids must differ in more than that.
    ids = [row.id.casefold() for row in rows]
    for row in {row.id.casefold(): row for row in rows}.values():
        if (times := ids.count(row.id.casefold())) > 1:
            yield f"the id {row.id!r} occurs {times} times (case does not count); ids identify work orders and must differ"
    if complete and not (last and last.is_catch_all):
        yield f"the last row must catch everything ('-' in every input), for example with {NO_FIELD_WORK}"


def _fold(text: str) -> str:
    return " ".join(text.strip().casefold().split())
