"""Decision tables in XLSX workbooks. Needs openpyxl (the extra `xlsx`).

A spreadsheet program changes what people type: `1-2` becomes a date, `007` becomes 7, a formula becomes whatever it was
worth last time. So cells are read as they are stored, and what may not be what somebody meant is refused by its place.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from connector.errors import ConfigError
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.sheet import COMMENT, Line
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SHEET = "policy"
FARTHEST_ROW, FARTHEST_COLUMN = 25_000, 500
_MOST_UNPACKED = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell that a spreadsheet program stores as something else than it shows, or than somebody may have typed."""

    row: int  # as people count
    column: int  # from 0
    into: str
    right_for: tuple[Kind, ...] = ()  # columns of these kinds take it as it is


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheet of a workbook that holds the table."""

    sheet: str
    lines: tuple[Line, ...]
    changed: tuple[Changed, ...]

    def misread(self, kind_of: Callable[[str], Kind | None]) -> Iterator[Problem]:
        """Cells that were changed, in columns that do not hold what they became. A comment may hold anything."""
        header = next((line for line in self.lines if "id" in {fold(cell) for cell in line.cells}), None)
        by_row = {line.number: line for line in self.lines}
        for one in self.changed:
            name, _, said = header.cell(one.column).rpartition(":") if header else ("", "", "")
            name, said = (name, said) if name else (said, "")
            kinds = [kind.value for kind in one.right_for]
            if fold(name) == COMMENT or fold(said) in kinds or (not said and kind_of(fold(name)) in one.right_for):
                continue
            what = f"the spreadsheet made {one.into} of it; format the column as text and type the value again"
            yield Problem(what, one.row, fold(name), by_row[one.row].cell(one.column), self.sheet)


def read_workbook(raw: bytes) -> Workbook:
    """The table's sheet: the one called "policy", or the only one with content. Raises Unusable, ConfigError."""
    openpyxl = _openpyxl()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_UNPACKED:
                what = (
                    f"the workbook unpacks to more than {_MOST_UNPACKED // 1024 // 1024} MB; keep the table alone in it"
                )
                raise Unusable([Problem(what)])
        book = openpyxl.load_workbook(io.BytesIO(raw), data_only=False, rich_text=False)
    except Unusable:
        raise
    except Exception as error:  # openpyxl raises whatever its parts raise
        what = f"it is no XLSX workbook ({type(error).__name__}); save it again as 'Excel Workbook (.xlsx)'"
        raise Unusable([Problem(what)]) from error
    return _read(_table_sheet(book))


def _table_sheet(book: Any) -> Any:
    named = [sheet for sheet in book.worksheets if fold(sheet.title) == SHEET]
    filled = named or [one for one in book.worksheets if any(cell.value is not None for cell in one._cells.values())]
    if len(filled) != 1:
        titles = ", ".join(repr(sheet.title) for sheet in filled) or "none"
        what = f"one sheet must hold the table, but {titles} could; name that sheet {SHEET!r}"
        raise Unusable([Problem(what)])
    return filled[0]


def _read(sheet: Any) -> Workbook:
    problems = [
        Problem("merged cells; unmerge them and write the value in each", area.min_row, "", area.coord, sheet.title)
        for area in sheet.merged_cells.ranges
    ]
    cells = _filled(sheet, problems)
    texts: dict[tuple[int, int], str] = {}
    changed: list[Changed] = []
    for place, cell in cells.items():
        try:
            texts[place] = _text(cell)
        except ValueError as error:
            problems.append(Problem(str(error), cell.row, cell.column_letter, "", sheet.title))
        into, right_for = _became(cell)
        if into:
            changed.append(Changed(cell.row, cell.column - 1, into, right_for))
    if problems:
        raise Unusable(problems)
    last_row, width = max((row for row, _ in cells), default=0), max((column for _, column in cells), default=0)
    lines = (
        Line(row, tuple(texts.get((row, column), "") for column in range(1, width + 1)))
        for row in range(1, last_row + 1)
    )
    return Workbook(sheet.title, tuple(lines), tuple(changed))


def _filled(sheet: Any, problems: list[Problem]) -> dict[tuple[int, int], Any]:
    """The cells that hold something, by row and column, in this order. What only looks like something may reach anywhere."""
    found = {}
    for place in sorted(sheet._cells):  # asking the sheet for its rows would make every cell up to the farthest one
        cell = sheet._cells[place]
        if cell.value is None:
            continue
        if place[0] > FARTHEST_ROW or place[1] > FARTHEST_COLUMN:
            what = "this stands far outside the table; delete it"
            problems.append(Problem(what, place[0], cell.column_letter, str(cell.value), sheet.title))
            break
        found[place] = cell
    return found


def _became(cell: Any) -> tuple[str, tuple[Kind, ...]]:
    """What a spreadsheet program made of a cell, and the kinds of column where that is right; "" where it made nothing."""
    match cell.value:
        case time() | timedelta():
            return "a time", (Kind.TIME,)
        case date():
            return "a date", (Kind.DATE, Kind.DATE_TIME)
        case bool() | str() | None:
            return "", ()
        case _ if "%" in cell.number_format:
            return "a percentage", ()
        case _ if "E+" in cell.number_format.upper():
            return "a power of ten", (Kind.NUMBER,)
        case _:
            return "", ()


def _text(cell: Any) -> str:
    """A cell as a person would have typed it. Raises ValueError where that cannot be known."""
    value = cell.value
    match value:
        case None:
            return ""
        case _ if cell.data_type == "f":
            raise ValueError("a formula; copy the cell and paste it as a value")
        case _ if cell.data_type == "e":
            raise ValueError(f"an error value ({value}); correct the cell")
        case bool():
            return "true" if value else "false"
        case datetime() if not (value.hour or value.minute or value.second):
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case float():
            return repr(int(value)) if value.is_integer() else repr(value)
        case _:
            return str(value)


def write_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook whose cells are all text, so that no spreadsheet program changes them. Raises ConfigError."""
    openpyxl = _openpyxl()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    bold = openpyxl.styles.Font(bold=True)
    header = next((n for n, row in enumerate(rows, start=1) if row and row[0] == "id"), 1)
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.number_format = "@"
            cell.value = text or None
            cell.data_type = "s" if text else "n"
            if number == header:
                cell.font = bold
    sheet.freeze_panes = sheet.cell(header + 1, 2)
    for column in range(1, max(map(len, rows), default=0) + 1):
        longest = max((len(row[column - 1]) for row in rows if len(row) >= column), default=8)
        sheet.column_dimensions[openpyxl.utils.get_column_letter(column)].width = min(max(longest + 2, 8), 60)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _openpyxl() -> Any:
    try:
        import openpyxl
        import openpyxl.styles
        import openpyxl.utils
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Reading and writing XLSX needs a package that is not installed: openpyxl.",
            hint="pip install 'om-fsm-connector[xlsx]', or save the table as CSV UTF-8.",
        ) from error
    return openpyxl
