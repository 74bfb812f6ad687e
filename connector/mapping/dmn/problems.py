"""What is wrong with a table file, said so that a person finds the place and knows what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where. Rows are counted as a spreadsheet counts them; 0 is no row in particular."""

    what: str
    row: int = 0
    column: str = ""
    value: str = ""
    sheet: str = ""

    def __str__(self) -> str:
        """`row 3, column 'location': 'x..y': what is wrong`"""
        place = [f"sheet {self.sheet!r}"] if self.sheet else []
        place += [f"row {self.row}"] if self.row else []
        place += [f"column {self.column!r}"] if self.column else []
        said = f"{_short(self.value)!r}: " if self.value else ""
        return f"{', '.join(place)}{': ' if place else ''}{said}{self.what}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


class Unusable(ValueError):
    """A file that holds no usable table, with everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
