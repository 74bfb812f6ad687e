"""Loading work order policies from files: CSV, XLSX or DMN by the file's ending. Everything that is wrong is said at once."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.errors import ConfigError
from connector.mapping.dmn.lossless import losses
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.sheet import Line, read_sheet, write_sheet
from connector.mapping.dmn.table import HitPolicy, asked_names
from connector.mapping.dmn.values import Kind
from connector.mapping.facts import CHARACTERISTIC
from connector.mapping.policy import WorkOrderPolicy, policy_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connector.mapping.dmn.cells import Formulas
    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.table import DecisionTable
    from connector.mapping.vocabulary import Vocabulary

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 20_000  # checking takes seconds up to there
_BEFORE_THE_ROWS = 100  # lines that may stand before the first row
TOO_MANY_ROWS = f"the table has more than {MOST_ROWS} rows; fold rows that differ in one value into one row with a list"


def load_policy(name: str, path: Path, vocabulary: Vocabulary) -> WorkOrderPolicy:
    """Read one policy. Raises ConfigError naming the file, the rows and the columns that cannot be used."""
    try:
        return parse_policy(name, path.suffix, read_steadily(path), vocabulary, source=str(path))
    except OSError as error:
        raise ConfigError(
            f"The {name} cannot be read: {path}: {error.strerror}.",
            hint="Correct the path under [policy] in the configuration.",
        ) from error
    except Unusable as error:
        raise ConfigError(
            f"The {name} cannot be used: {path}.",
            tuple(str(problem) for problem in error.problems),
            hint="Correct the table; nothing was done. `om-fsm policy check` says more.",
        ) from error


def parse_policy(name: str, suffix: str, raw: bytes, vocabulary: Vocabulary, *, source: str = "") -> WorkOrderPolicy:
    """The policy in the bytes of a file with this ending. Raises Unusable."""
    table = parse_table(name, suffix, raw, vocabulary)
    problems = list(policy_problems(table))
    if problems:
        raise Unusable(problems)
    columns = {column.name for column in table.inputs if column.expression is None}
    asked = ((fact, vocabulary.input_kind(fact) or Kind.STRING) for fact in sorted(asked_names(table) - columns))
    return WorkOrderPolicy(name, table, hashlib.sha256(raw).hexdigest()[:12], source, tuple(asked))


def parse_table(name: str, suffix: str, raw: bytes, vocabulary: Vocabulary) -> DecisionTable:
    """The decision table in the bytes of a file. Raises Unusable."""
    reader = _READERS.get(suffix.lower())
    if reader is None:
        raise Unusable([Problem(f"a policy file ends in {', '.join(_READERS)}, not in {suffix!r}")])
    return reader(name, raw, vocabulary)


def read_steadily(path: Path) -> bytes:
    """The whole file, read twice alike: a file that is just being written is never taken in half. Raises OSError, Unusable."""
    if path.stat().st_size > MOST_BYTES:
        raise Unusable([Problem(f"the file is larger than {MOST_BYTES // 1024 // 1024} MB")])
    before = path.read_bytes()
    for _ in range(5):
        again = path.read_bytes()
        if again == before:
            return again
        before = again
    raise Unusable([Problem("the file changes while it is read; write it beside and rename it into place")])


def _read_csv(name: str, raw: bytes, vocabulary: Vocabulary) -> DecisionTable:
    return _table_of(name, csv_lines(csv_text(raw)), vocabulary)


def csv_text(raw: bytes) -> str:
    """The text of a CSV file. Raises Unusable for what is no UTF-8."""
    advice = "save the table as 'CSV UTF-8' in the spreadsheet"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:2]:
        raise Unusable([Problem(f"the text is UTF-16, not UTF-8; {advice}")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = len(re.findall(rb"\r\n|\r|\n", raw[: error.start])) + 1
        raise Unusable([Problem(f"not UTF-8 text (byte {error.start}); {advice}", row)]) from None
    if "\0" in text:
        row = len(re.findall("\r\n|\r|\n", text[: text.index("\0")])) + 1
        raise Unusable([Problem(f"a zero byte, which no text has; {advice}", row)])
    return text


def csv_lines(text: str) -> list[Line]:
    """The rows of a CSV text, numbered as spreadsheets do. Raises Unusable."""
    separator = _separator(text)
    read = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    lines: list[Line] = []
    try:
        for number, cells in enumerate(read, start=1):
            if number > MOST_ROWS + _BEFORE_THE_ROWS:
                raise Unusable([Problem(TOO_MANY_ROWS)])
            lines.append(Line(number, tuple(cells)))
    except csv.Error as error:
        raise Unusable([Problem(_advice(str(error)), len(lines) + 1)]) from None
    return lines


def _advice(error: str) -> str:
    """What to do about a row that is no CSV. Read leniently, one mark too many would swallow the rows beneath it."""
    if "unexpected end" in error:
        return "a quotation mark is opened here and closed nowhere; close it, or write it twice where it is part of the text"
    if "expected after" in error:
        return (
            "a cell goes on after its closing quotation mark; put all of the cell in quotes, and write inner ones twice"
        )
    return f"it is not CSV: {error}; save the table again as CSV UTF-8"


def _read_xlsx(name: str, raw: bytes, vocabulary: Vocabulary) -> DecisionTable:
    from connector.mapping.xlsx_file import read_workbook

    book = read_workbook(raw)
    if len(book.lines) > MOST_ROWS + _BEFORE_THE_ROWS:
        raise Unusable([Problem(TOO_MANY_ROWS, sheet=book.sheet)])
    problems = list(book.misread(lambda column: vocabulary.input_kind(column) or vocabulary.output_kind(column)))
    misread = {(problem.row, problem.column) for problem in problems}
    try:
        table = _table_of(name, book.lines, vocabulary)
    except Unusable as error:
        others = (replace(one, sheet=book.sheet) for one in error.problems if (one.row, one.column) not in misread)
        raise Unusable([*problems, *others]) from None
    if problems:
        raise Unusable(problems)
    return table


def _read_dmn(name: str, raw: bytes, vocabulary: Vocabulary) -> DecisionTable:
    from connector.mapping.dmn_policy import read_policy

    table = read_policy(name, raw, vocabulary)
    if len(table.rules) > MOST_ROWS:
        raise Unusable([Problem(TOO_MANY_ROWS)])
    return table


def _table_of(name: str, lines: Sequence[Line], vocabulary: Vocabulary) -> DecisionTable:
    return read_sheet(
        name,
        lines,
        vocabulary,
        hit_policy=HitPolicy.RULE_ORDER,
        ignore_case=True,
        formula=formula_of(vocabulary),
    )


def table_bytes(table: DecisionTable, suffix: str, vocabulary: Vocabulary) -> bytes:
    """A table as a file with this ending, read back to be sure. Raises Unusable for what the format cannot hold."""
    raw = _written(table, suffix, vocabulary)
    lost = losses(table, parse_table(table.name, suffix, raw, vocabulary))
    if lost:
        raise Unusable(lost)
    return raw


def _written(table: DecisionTable, suffix: str, vocabulary: Vocabulary) -> bytes:
    match suffix.lower():
        case ".csv":
            rows = write_sheet(table, vocabulary)
            return "".join(",".join(_csv_cell(cell) for cell in row) + "\n" for row in rows).encode()
        case ".xlsx":
            from connector.mapping.xlsx_file import write_workbook

            return write_workbook(write_sheet(table, vocabulary))
        case ".dmn":
            from connector.mapping.dmn.xml import write_file

            return write_file(table)
        case _:
            raise Unusable([Problem(f"a policy file ends in {', '.join(_READERS)}, not in {suffix!r}")])


def _csv_cell(text: str) -> str:
    """Quoted where it must be; csv.writer forgets a lone carriage return, at which readers begin a row."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[,"\r\n]', text) else text


def formula_of(vocabulary: Vocabulary) -> Formulas:
    """Reads the cells that only an expression can say, over the facts of a vocabulary."""

    def formula(text: str, kind: Kind) -> Condition:
        from connector.mapping.dmn.feel import parse_unary_tests

        return parse_unary_tests(text, kind, (*vocabulary.inputs, *_characteristics(text)))

    return formula


def _characteristics(text: str) -> list[str]:
    """The characteristics that an expression names: they are whatever the catalog calls them."""
    from connector.mapping.dmn.feel.names import plain_name

    starts = [found.end() for found in re.finditer(re.escape(CHARACTERISTIC), text)]
    return [CHARACTERISTIC + found[0] for start in starts if (found := plain_name(text, start))]


def _separator(text: str) -> str:
    """Comma, or what spreadsheets of other countries write: semicolon or tab. Judged by the header."""
    for line in text.splitlines():
        cells = {separator: [cell.strip(' "').casefold() for cell in line.split(separator)] for separator in ",;\t"}
        for separator, found in cells.items():
            if "id" in found and len(found) > 1:
                return separator
    return ","


_READERS: dict[str, Callable[[str, bytes, Vocabulary], DecisionTable]] = {
    ".csv": _read_csv,
    ".xlsx": _read_xlsx,
    ".dmn": _read_dmn,
}
