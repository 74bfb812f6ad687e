"""The records of one instance, in an SQLite database in memory: one SQL table per class family, with indexes.

Above this file every value is a string, empty meaning NULL, as scripts and REST see them; below it integers are integers.
Rules, rights and the audit columns do not live here.
"""

from __future__ import annotations

import math
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.date_parts import date_part, date_period
from connector.sandbox.profile import ProfileError
from connector.sandbox.schema import JOURNALS, Column, Kind, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Row = dict[str, str]
INDEXED = frozenset(
    {"number", "correlation_id", "user_name", "element_id", "documentkey", "table_sys_id", "email", "name"}
)
COLUMN_TYPES = {Kind.INTEGER: "INTEGER", Kind.BOOLEAN: "INTEGER", Kind.DECIMAL: "REAL", Kind.CURRENCY: "REAL"}

LIMITS = ("too many", "at most", "too large", "stack overflow")  # what the database says when a statement is too long


class DuplicateKey(Exception):
    """A record with this value of a unique column exists already in the class family."""

    def __init__(self, value: str, key: str = "PRIMARY") -> None:
        super().__init__(value)
        self.value, self.key = value, key


class TooLarge(Exception):
    """The database cannot take a selection of so many parts."""


@dataclass(frozen=True)
class Selection:
    """What to select: SQL fragments made by sql.py, with their parameters in order of appearance."""

    joins: str = ""
    where: str = "1"
    parameters: tuple[Any, ...] = ()
    order: str = ""


class Store:
    def __init__(self, schema: Schema, image: bytes | None = None) -> None:
        """Empty, or with the content of an `image` that a store of the same schema gave."""
        self._schema = schema
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.create_function("date_part", 3, date_part, deterministic=True)
        self._db.create_function("date_period", 3, date_period, deterministic=True)
        self._readers: dict[str, list[tuple[str, int, Callable[[Any], str]]]] = {}
        self._depth = 0
        columns = {root.name: _stored_columns(schema, root) for root in schema.families()}
        self._positions = {name: {key: place for place, key in enumerate(stored)} for name, stored in columns.items()}
        if image is None:
            self._db.execute("ANALYZE")  # makes the table of statistics
            for root in schema.families():
                if root.view is None:
                    self._create(root, columns[root.name])
            for root in schema.families():
                if root.view is not None:
                    self._view(root.name, root.view.sql(root.name))
            self._db.execute("ANALYZE sqlite_schema")  # reads it again
        else:
            self._db.deserialize(image)
        for table in schema.tables.values():
            places = self._positions[table.root.name]
            self._readers[table.name] = [
                (c.key, places[c.key], _reader(c.kind)) for c in table.columns.values() if c.kind not in JOURNALS
            ]

    def image(self) -> bytes:
        """The whole database, for another store of the same schema."""
        return self._db.serialize()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner transaction belongs to the outer one."""
        if self._depth == 0:
            self._db.execute("BEGIN")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")

    def get(self, table: Table, sys_id: str) -> Row | None:
        """The record with all columns of its own class, if it is of `table` or one of its descendants."""
        found = self._db.execute(
            f'SELECT * FROM "{table.root.name}" WHERE sys_id = ?',  # noqa: S608
            (sys_id,),
        ).fetchone()
        if found is None:
            return None
        class_name = found[self._positions[table.root.name]["sys_class_name"]]
        if class_name != table.name and class_name not in table.family:
            return None
        return self._row(class_name, found)

    def insert(self, table: Table, row: Row) -> None:
        columns = [c for c in table.columns.values() if row.get(c.key)]
        names = ", ".join(f'"{c.key}"' for c in columns)
        marks = ", ".join("?" * len(columns))
        values = [to_sql(c, row[c.key]) for c in columns]
        try:
            self._db.execute(f'INSERT INTO "{table.root.name}" ({names}) VALUES ({marks})', values)  # noqa: S608
        except sqlite3.IntegrityError as error:
            raise DuplicateKey(row["sys_id"]) from error

    def update(self, table: Table, sys_id: str, changes: Row) -> None:
        columns = [table.columns[key] for key in changes]
        assignments = ", ".join(f'"{c.key}" = ?' for c in columns)
        values = [to_sql(c, changes[c.key]) for c in columns]
        self._db.execute(f'UPDATE "{table.root.name}" SET {assignments} WHERE sys_id = ?', [*values, sys_id])  # noqa: S608

    def put(self, table: Table, row: Row) -> None:
        """Store this row as it is, whether there was one with its sys_id or not."""
        if self.get(table, row["sys_id"]) is None:
            self.insert(table, row)
        else:
            self.update(table, row["sys_id"], {key: value for key, value in row.items() if key != "sys_id"})

    def delete(self, table: Table, sys_id: str) -> None:
        self._db.execute(f'DELETE FROM "{table.root.name}" WHERE sys_id = ?', (sys_id,))  # noqa: S608

    def select(self, table: Table, selection: Selection, *, limit: int = -1, offset: int = 0) -> list[Row]:
        """Records of `table` and its descendants, each with all columns of its own class."""
        order = selection.order or ("t0.sys_id" if table.view else "t0.rowid")
        found = self._found(
            f"SELECT t0.* FROM {self._source(table, selection)} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
            (*selection.parameters, limit, max(0, offset)),
        )
        place = self._positions[table.root.name]["sys_class_name"]
        return [self._row(values[place], values) for values in found]

    def count(self, table: Table, selection: Selection) -> int:
        found = self._found(
            f"SELECT COUNT(*) FROM {self._source(table, selection)}",  # noqa: S608
            selection.parameters,
        ).fetchone()
        return int(found[0])

    def aggregate(
        self, table: Table, selection: Selection, expressions: Sequence[str], tail: str
    ) -> list[tuple[Any, ...]]:
        """Rows of SQL aggregate expressions over the selection; `tail` is the GROUP BY and ORDER BY part."""
        return self._found(
            f"SELECT {', '.join(expressions)} FROM {self._source(table, selection)} {tail}",  # noqa: S608
            selection.parameters,
        ).fetchall()

    def find(self, table_name: str, /, **equal: str) -> list[Row]:
        """Records of a table whose columns equal the given values, oldest first; for rules and moves."""
        table = self._schema.table(table_name)
        terms, parameters = [], []
        for key, value in equal.items():
            terms.append(f't0."{key}" = ?' if value else f't0."{key}" IS NULL')
            if value:
                parameters.append(to_sql(table.columns[key], value))
        return self.select(table, Selection(where=" AND ".join(terms) or "1", parameters=tuple(parameters)))

    def _found(self, statement: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, parameters)
        except sqlite3.OperationalError as error:
            if any(limit in str(error) for limit in LIMITS):
                raise TooLarge(str(error)) from error
            raise

    def _source(self, table: Table, selection: Selection) -> str:
        classes = ""
        if table.parent is not None:
            names = ", ".join(f"'{name}'" for name in table.family)
            classes = f"t0.sys_class_name {'IN' if table.children else '='} ({names}) AND "
        return f'"{table.root.name}" t0 {selection.joins} WHERE {classes}({selection.where})'

    def _row(self, class_name: str, values: Sequence[Any]) -> Row:
        return {
            key: "" if (value := values[place]) is None else read(value)
            for key, place, read in self._readers[class_name]
        }

    def _view(self, name: str, statement: str) -> None:
        try:
            self._db.execute(statement)
            self._db.execute(f'SELECT * FROM "{name}" LIMIT 0')  # noqa: S608
        except sqlite3.OperationalError as error:
            raise ProfileError(f"tables.{name}.view.where makes no sense: {error}") from error

    def _create(self, root: Table, columns: dict[str, Column]) -> None:
        lines = [f'"{key}" {_declaration(column)}' for key, column in columns.items()]
        self._db.execute(f'CREATE TABLE "{root.name}" ({", ".join(lines)})')
        for key, column in columns.items():
            if key in INDEXED or column.kind is Kind.REFERENCE:
                self._index(root, key, f'"{key}"', f'WHERE "{key}" IS NOT NULL', "100000 3")
        self._index(root, "updated", "sys_updated_on, sys_id", "", "100000 20 1")
        self._index(root, "class", "sys_class_name, sys_id", "", "100000 50000 1")
        if root.children:
            self._index(root, "class_updated", "sys_class_name, sys_updated_on, sys_id", "", "100000 50000 20 1")

    def _index(self, root: Table, name: str, columns: str, condition: str, statistics: str) -> None:
        """An index, and what the query planner shall believe of it: it sees no data before the tables are filled."""
        self._db.execute(f'CREATE INDEX "{root.name}.{name}" ON "{root.name}" ({columns}) {condition}')
        row = (root.name, f"{root.name}.{name}", statistics)
        self._db.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)


def _stored_columns(schema: Schema, root: Table) -> dict[str, Column]:
    """The columns of the whole family; journals are kept elsewhere."""
    columns: dict[str, Column] = {}
    for table in schema.members(root):
        for key, column in table.columns.items():
            if column.kind not in JOURNALS:
                columns.setdefault(key, column)
    return columns


def to_sql(column: Column, value: str) -> Any:
    """A stored value for the database; raises ValueError when the text is not of the column's kind."""
    if value == "":
        return None
    match column.kind:
        case Kind.INTEGER:
            return _sixty_four_bits(int(value))
        case Kind.DECIMAL | Kind.CURRENCY:
            return _finite(float(value))
        case Kind.BOOLEAN:
            return 1 if value.lower() in ("true", "1") else 0
        case _:
            return value


def _sixty_four_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{number} is too large")
    return number


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} is no amount")
    return number


def _declaration(column: Column) -> str:
    if column.key == "sys_id":
        return "TEXT PRIMARY KEY COLLATE NOCASE"
    return COLUMN_TYPES.get(column.kind, "TEXT COLLATE NOCASE")


def _reader(kind: Kind) -> Callable[[Any], str]:
    if kind is Kind.BOOLEAN:
        return lambda value: "true" if value else "false"
    if kind in (Kind.DECIMAL, Kind.CURRENCY):
        return lambda value: str(int(value)) if value == int(value) else repr(value)
    return str
