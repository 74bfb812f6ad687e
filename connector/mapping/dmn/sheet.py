"""A decision table as a sheet of text cells: how CSV and XLSX hold it. Pure: files are opened elsewhere.

    hit policy,PRIORITY                                  leading lines say what DMN keeps outside the rows; all are optional
    values,work order template,Install CPE,Swap CPE      the values of a column (outputs: the most important first)
    default,work order template,NO FIELD WORK            what counts when no row matches
    id,specification,quantity: number,work order template,comment
    install,CPE,> 1,Install CPE,explained here

Columns left of the first output are inputs, those right of it are outputs; `id` and `comment` may stand anywhere. A header
may name a kind after a colon; otherwise the columns' owner says which kind they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from connector.mapping.dmn.cells import parse_cell, show_cell
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import (
    Aggregation,
    DecisionTable,
    Entry,
    HitPolicy,
    Input,
    Output,
    Rule,
    fold,
)
from connector.mapping.dmn.values import Kind, read, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.mapping.dmn.cells import Formulas
    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.values import Value

ID, COMMENT = "id", "comment"
_HIT_POLICY, _VALUES, _DEFAULT = "hit policy", "values", "default"
_LETTERS = {policy.value[0]: policy for policy in HitPolicy}
_SIGNS = {"+": Aggregation.SUM, "#": Aggregation.COUNT, "<": Aggregation.MIN, ">": Aggregation.MAX}
_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.ANY}


class Columns(Protocol):
    """What the owner of a table knows about its columns."""

    @property
    def first_output(self) -> str:
        """The column where the outputs begin."""
        ...

    def input_kind(self, name: str) -> Kind | None:
        """The kind of an input, or None where there is no such input."""
        ...

    def choices(self, name: str) -> tuple[str, ...]:
        """All values of an input, where they are known."""
        ...

    def output_kind(self, name: str) -> Kind | None:
        """The kind of an output, or None where there is no such output."""
        ...

    def known(self) -> str:
        """The names that may be used, in words."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: its number as the spreadsheet shows it, and its cells."""

    number: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        return self.cells[index].strip() if index < len(self.cells) else ""

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


@dataclass(slots=True)
class _Preamble:
    hit_policy: HitPolicy
    aggregation: Aggregation | None = None
    values: dict[str, tuple[Line, list[str]]] = field(default_factory=dict)
    defaults: dict[str, tuple[Line, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Header:
    line: Line
    id: int = -1
    comment: int = -1
    inputs: dict[int, Input] = field(default_factory=dict)
    outputs: dict[int, Output] = field(default_factory=dict)


def read_sheet(
    name: str,
    lines: Sequence[Line],
    columns: Columns,
    *,
    hit_policy: HitPolicy = HitPolicy.UNIQUE,
    ignore_case: bool = False,
    formula: Formulas | None = None,
) -> DecisionTable:
    """The table in a sheet. Raises Unusable with every problem at once.

    `hit_policy` counts where the sheet names none; `formula` reads cells that only an expression can say.
    """
    filled = [line for line in lines if not line.is_blank]
    problems: list[Problem] = []
    preamble, rest = _preamble(filled, hit_policy, problems)
    if not rest:
        raise Unusable([*problems, Problem("the table is empty: it needs a header and at least one row")])
    header = _header(_trimmed(rest[0]), columns, ignore_case, problems)
    if problems:
        raise Unusable(problems)
    _apply(preamble, header, problems)
    rules = [rule for line in rest[1:] if (rule := _rule(line, header, formula, problems)) is not None]
    if len(rest) == 1:
        problems.append(Problem("the table has a header but no row"))
    if problems:
        raise Unusable(problems)
    return DecisionTable(
        name,
        tuple(header.inputs.values()),
        tuple(header.outputs.values()),
        tuple(rules),
        preamble.hit_policy,
        preamble.aggregation,
    )


def _preamble(lines: list[Line], hit_policy: HitPolicy, problems: list[Problem]) -> tuple[_Preamble, list[Line]]:
    found = _Preamble(hit_policy)
    seen: set[tuple[str, str]] = set()
    for position, line in enumerate(lines):
        what = fold(line.cell(0)), fold(line.cell(1)) if fold(line.cell(0)) != _HIT_POLICY else ""
        if what in seen:
            problems.append(Problem("this is said twice; remove one of the two lines", line.number, *what))
        seen.add(what)
        match fold(line.cell(0)):
            case "hit policy":
                _read_hit_policy(line, found, problems)
            case "values":
                found.values[fold(line.cell(1))] = (line, [cell.strip() for cell in line.cells[2:] if cell.strip()])
            case "default":
                found.defaults[fold(line.cell(1))] = (line, line.cell(2))
            case _:
                return found, lines[position:]
    return found, []


def _read_hit_policy(line: Line, found: _Preamble, problems: list[Problem]) -> None:
    said = " ".join(line.cell(1).upper().split())
    sign = said[-1:] if said[:-1].strip() in ("C", "COLLECT") else ""
    name = said[:-1].strip() if sign in _SIGNS else said
    word, _, how = name.partition(" ")
    if word == "COLLECT" and how in Aggregation.__members__:
        found.hit_policy, found.aggregation = HitPolicy.COLLECT, Aggregation[how]
    elif name in _LETTERS or name in {policy.value for policy in HitPolicy}:
        found.hit_policy = _LETTERS[name] if name in _LETTERS else HitPolicy(name)
        found.aggregation = _SIGNS.get(sign)
    else:
        known = ", ".join(policy.value for policy in HitPolicy)
        problems.append(Problem(f"no such hit policy; use one of {known}", line.number, _HIT_POLICY, line.cell(1)))


def _trimmed(line: Line) -> Line:
    """Spreadsheets write empty cells to the right of what was typed."""
    width = max(n for n, cell in enumerate(line.cells, start=1) if cell.strip())
    return Line(line.number, line.cells[:width])


def _header(line: Line, columns: Columns, ignore_case: bool, problems: list[Problem]) -> _Header:
    header = _Header(line)
    names: list[str] = []
    outputs_begun = False
    for index, cell in enumerate(line.cells):
        name, _, kind_name = (part.strip() for part in cell.strip().partition(":"))
        name = fold(name)
        names.append(name)
        if name == ID:
            header.id = index
        elif name == COMMENT:
            header.comment = index
        else:
            outputs_begun = outputs_begun or name == columns.first_output
            known = columns.output_kind(name) if outputs_begun else columns.input_kind(name)
            kind = _column_kind(line, name, kind_name, known, columns, outputs_begun, problems)
            if outputs_begun:
                header.outputs[index] = Output(name, kind)
            else:
                header.inputs[index] = Input(
                    name, kind, choices=columns.choices(name), ignore_case=ignore_case and kind.is_text
                )
    for wanted in (ID, columns.first_output):
        if wanted not in names:
            problems.append(Problem(f"the column {wanted!r} is missing", line.number))
    for twice in dict.fromkeys(name for name in names if names.count(name) > 1):
        problems.append(Problem(f"the column {twice!r} occurs {names.count(twice)} times", line.number))
    return header


def _column_kind(
    line: Line, name: str, said: str, known: Kind | None, columns: Columns, is_output: bool, problems: list[Problem]
) -> Kind:
    if known is None:
        role = "output" if is_output else "input"
        problems.append(Problem(f"unknown {role} {name!r}; {columns.known()}", line.number))
        return Kind.STRING
    if not said:
        return known
    kind = _KINDS.get(fold(said))
    if kind is None:
        problems.append(Problem(f"no such kind; use one of {', '.join(_KINDS)}", line.number, name, said))
        return known
    return kind


def _apply(preamble: _Preamble, header: _Header, problems: list[Problem]) -> None:
    """Give columns the values and defaults that the leading lines name."""
    inputs = {column.name: index for index, column in header.inputs.items()}
    outputs = {column.name: index for index, column in header.outputs.items()}
    for name, (line, said) in preamble.values.items():
        if name in inputs:
            old = header.inputs[inputs[name]]
            listed = _listed(line, name, said, old.kind, problems)
            kind = Kind.CHOICE if old.kind is Kind.STRING else old.kind
            choices = tuple(show(value) for value in listed)
            header.inputs[inputs[name]] = Input(name, kind, old.expression, old.allowed, choices, old.ignore_case)
        elif name in outputs:
            column = header.outputs[outputs[name]]
            listed = _listed(line, name, said, column.kind, problems)
            header.outputs[outputs[name]] = Output(name, column.kind, tuple(listed), column.default)
        else:
            problems.append(Problem("the table has no such column", line.number, _VALUES, name))
    for name, (line, text) in preamble.defaults.items():
        if name not in outputs:
            problems.append(Problem("the table has no such output", line.number, _DEFAULT, name))
            continue
        column = header.outputs[outputs[name]]
        entry = _entry(line, name, text, column.kind, problems)
        header.outputs[outputs[name]] = Output(name, column.kind, column.values, entry)
    if preamble.hit_policy.needs_output_values and not any(column.values for column in header.outputs.values()):
        problems.append(
            Problem(
                f"{preamble.hit_policy.value} needs to know which outputs are more important: add a line like"
                " values,<output>,<most important>,<less important>"
            )
        )


def _listed(line: Line, name: str, said: list[str], kind: Kind, problems: list[Problem]) -> list[Value]:
    listed: list[Value] = []
    for text in said:
        try:
            listed.append(read(kind, text))
        except ValueError as error:
            problems.append(Problem(str(error), line.number, name, text))
    return listed


def _rule(
    line: Line,
    header: _Header,
    formula: Formulas | None,
    problems: list[Problem],
) -> Rule | None:
    width = len(header.line.cells)
    if any(cell.strip() for cell in line.cells[width:]):
        problems.append(Problem(f"it has {len(line.cells)} cells but the header has {width}", line.number))
        return None
    before = len(problems)
    conditions: list[Condition] = []
    for index, column in header.inputs.items():
        text = line.cell(index)
        try:
            conditions.append(parse_cell(text, column.kind, formula))
        except ValueError as error:
            problems.append(Problem(str(error), line.number, column.name, text))
    entries = [
        _entry(line, column.name, line.cell(index), column.kind, problems) for index, column in header.outputs.items()
    ]
    if len(problems) > before:
        return None
    comment = line.cell(header.comment) if header.comment >= 0 else ""
    return Rule(line.cell(header.id), tuple(conditions), tuple(entries), comment, line.number)


def _entry(line: Line, name: str, text: str, kind: Kind, problems: list[Problem]) -> Entry:
    if not text or text == "-":
        return Entry(None, None, text)
    try:
        return Entry(read(kind, text), None, text)
    except ValueError as error:
        problems.append(Problem(str(error), line.number, name, text))
        return Entry(None, None, text)


# --- back to a sheet -------------------------------------------------------------------------------------------


def write_sheet(table: DecisionTable, columns: Columns) -> list[tuple[str, ...]]:
    """The cells of a sheet that `read_sheet` turns into the same table. Raises Unusable for what a sheet cannot hold."""
    problems = list(_what_a_sheet_cannot_hold(table))
    if problems:
        raise Unusable(problems)
    with_comments = any(rule.comment for rule in table.rules)
    header = [ID, *(_titled(c.name, c.kind, columns.input_kind(c.name)) for c in table.inputs)]
    header += [_titled(c.name, c.kind, columns.output_kind(c.name)) for c in table.outputs]
    rows = [
        (
            rule.id,
            *(show_cell(condition) for condition in rule.conditions),
            *(_shown(entry) for entry in rule.entries),
            *((rule.comment,) if with_comments else ()),
        )
        for rule in table.rules
    ]
    return [*_written_preamble(table, columns), (*header, *((COMMENT,) if with_comments else ())), *rows]


def _what_a_sheet_cannot_hold(table: DecisionTable) -> Iterator[Problem]:
    for column in table.inputs:
        if column.expression is not None and column.expression.text != column.name:
            what = "the input is an expression; a sheet can only name an input"
            yield Problem(what, 0, column.name, column.expression.text)
    for rule in table.rules:
        for output, entry in zip(table.outputs, rule.entries, strict=True):
            if entry.expression is not None:
                what = "the output is an expression; a sheet can only hold a value"
                yield Problem(what, rule.row, output.name, entry.expression.text)


def _titled(name: str, kind: Kind, usual: Kind | None) -> str:
    plain = kind is usual or kind is Kind.ANY or (kind is Kind.CHOICE and usual in (Kind.STRING, None))
    return name if plain else f"{name}: {kind.value}"


def _shown(entry: Entry) -> str:
    return entry.written or ("" if entry.constant is None else show(entry.constant))


def _written_preamble(table: DecisionTable, columns: Columns) -> Iterator[tuple[str, ...]]:
    how = f" {table.aggregation.value}" if table.aggregation else ""
    yield (_HIT_POLICY, table.hit_policy.value + how)
    for column in table.inputs:
        if column.choices and column.choices != columns.choices(column.name):
            yield (_VALUES, column.name, *column.choices)
    for output in table.outputs:
        if output.values:
            yield (_VALUES, output.name, *(show(value) for value in output.values))
        if output.default is not None:
            yield (_DEFAULT, output.name, _shown(output.default))
