"""Decision tables in XLSX workbooks. Needs openpyxl (the extra `xlsx`).

A spreadsheet program changes what people type: `1-2` becomes a date, `007` becomes 7, a formula becomes whatever it was
worth last time. So cells are read as they are stored, and what may not be what somebody meant is refused by its place.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from connector.errors import ConfigError
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.sheet import Line
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SHEET = "policy"
_MOST_UNPACKED = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheet of a workbook that holds the table. `dates` are cells that a spreadsheet program stores as dates."""

    sheet: str
    lines: tuple[Line, ...]
    dates: tuple[tuple[int, int], ...]  # row as people count, column from 0

    def misread(self, kind_of: Callable[[str], Kind | None]) -> Iterator[Problem]:
        """Dates in columns that hold no dates: somebody typed something else there."""
        header = next((line for line in self.lines if "id" in {fold(cell) for cell in line.cells}), None)
        by_row = {line.number: line for line in self.lines}
        for row, column in self.dates:
            name = fold(header.cell(column).partition(":")[0]) if header else ""
            said = header.cell(column).partition(":")[2] if header else ""
            if fold(said) in (Kind.DATE.value, Kind.DATE_TIME.value) or kind_of(name) in (Kind.DATE, Kind.DATE_TIME):
                continue
            what = "the spreadsheet made a date of it; format the column as text and type the value again"
            yield Problem(what, row, name, by_row[row].cell(column), self.sheet)


def read_workbook(raw: bytes) -> Workbook:
    """The table's sheet: the one called "policy", or the only one with content. Raises Unusable, ConfigError."""
    openpyxl = _openpyxl()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_UNPACKED:
                raise Unusable([Problem(f"the workbook unpacks to more than {_MOST_UNPACKED // 1024 // 1024} MB")])
        book = openpyxl.load_workbook(io.BytesIO(raw), data_only=False, rich_text=False)
    except Unusable:
        raise
    except Exception as error:  # openpyxl raises whatever its parts raise
        what = f"it is no XLSX workbook ({type(error).__name__}); save it again as 'Excel Workbook (.xlsx)'"
        raise Unusable([Problem(what)]) from error
    return _read(_table_sheet(book))


def _table_sheet(book: Any) -> Any:
    named = [sheet for sheet in book.worksheets if fold(sheet.title) == SHEET]
    filled = named or [sheet for sheet in book.worksheets if sheet.max_row > 1 or sheet.cell(1, 1).value is not None]
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
    lines: list[Line] = []
    dates: list[tuple[int, int]] = []
    for row in sheet.iter_rows():
        cells: list[str] = []
        for index, cell in enumerate(row):
            try:
                cells.append(_text(cell))
            except ValueError as error:
                cells.append("")
                problems.append(Problem(str(error), cell.row, cell.column_letter, "", sheet.title))
            if isinstance(cell.value, date | time):
                dates.append((cell.row, index))
        lines.append(Line(row[0].row, tuple(cells)))
    if problems:
        raise Unusable(problems)
    return Workbook(sheet.title, tuple(lines), tuple(dates))


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
