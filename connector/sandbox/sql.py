"""Turns a parsed encoded query into an SQL selection for one table, reader and set of switches.

It reports which fields a query uses (for query rights) and which terms it had to drop; what follows from that is decided by the
caller. Field names are wire names here and may be dot-walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.date_parts import PERIODS, read_distance, read_part
from connector.sandbox.literals import SCRIPT, Literals, Senseless
from connector.sandbox.query import Clause, Join, Query, RelatedList, Term
from connector.sandbox.schema import JOURNALS, Column, Kind, Schema, Table
from connector.sandbox.store import Selection

if TYPE_CHECKING:
    from connector.sandbox.scripts import Reader

PATTERNS = {
    "LIKE": "%{}%", "CONTAINS": "%{}%", "*": "%{}%", "STARTSWITH": "{}%", "ENDSWITH": "%{}", "%": "%{}",
    "NOT LIKE": "%{}%", "!*": "%{}%", "DOES NOT CONTAIN": "%{}%",
}  # fmt: skip
NEGATED_PATTERNS = frozenset({"NOT LIKE", "!*", "DOES NOT CONTAIN"})
COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
FIELD_COMPARISONS = {
    "GT_FIELD": ">", "LT_FIELD": "<", "GT_OR_EQUALS_FIELD": ">=", "LT_OR_EQUALS_FIELD": "<=", "SAMEAS": "=", "NSAMEAS": "!=",
}  # fmt: skip
RELATIVES = {"RELATIVEGT": ">", "RELATIVELT": "<", "RELATIVEGE": ">=", "RELATIVELE": "<=", "RELATIVEEE": "="}
RANGES = frozenset({"<", "<=", ">", ">=", "BETWEEN", "DATEPART", "MORETHAN", "LESSTHAN", *PATTERNS, *RELATIVES})
NOTHING = "0"
SHALLOW = 100
MOMENTS = (Kind.DATE_TIME, Kind.DUE_DATE)


@dataclass(frozen=True)
class Place:
    """Where a (dot-walked) field lives: the SQL expression and its column; `owner` is the table it was found in."""

    expression: str
    column: Column
    owner: Table


@dataclass
class Compiled:
    selection: Selection
    used: list[tuple[Table, Column, bool]] = field(default_factory=list)  # the last: used in a range or order
    dropped: list[str] = field(default_factory=list)


class _Dropped(Exception):
    """This term means nothing here."""


def compile_query(query: Query, table: Table, *, schema: Schema, reader: Reader, switches: dict[str, Any]) -> Compiled:
    """The SQL selection of `query` over `table`."""
    return _Compiler(table, schema, reader, switches, prefix="").compile(query)


def _balanced(parts: list[str], word: str) -> str:
    """All parts with this word between them, as a shallow tree: the database does not take a thousand in a row."""
    if len(parts) <= SHALLOW:
        return f" {word} ".join(parts)
    half = len(parts) // 2
    return f"({_balanced(parts[:half], word)}) {word} ({_balanced(parts[half:], word)})"


class _Compiler:
    def __init__(self, table: Table, schema: Schema, reader: Reader, switches: dict[str, Any], *, prefix: str) -> None:
        self._table = table
        self._schema = schema
        self._reader = reader
        self._literals = Literals(reader, switches)
        self._switches = switches
        self._prefix = prefix
        self._root = f"{prefix}t0"
        self._joins: dict[tuple[str, ...], tuple[str, str]] = {}
        self._compiled = Compiled(Selection())
        self._parameters: list[Any] = []

    def compile(self, query: Query) -> Compiled:
        alternatives = [self._conjunction(conjunction) for conjunction in query.alternatives if conjunction]
        kept = [sql for sql in alternatives if sql]
        # An alternative whose terms were all dropped restricts nothing, as a query of only such terms returns the whole table.
        where = _balanced([f"({sql})" for sql in kept], "OR") if len(kept) == len(alternatives) and kept else "1"
        if where == "1":
            self._parameters.clear()
        keys = [*((name, False) for name in query.group), *query.order]
        order = ", ".join(dict.fromkeys(filter(None, (self._order(name, descending) for name, descending in keys))))
        joins = " ".join(join for _, join in self._joins.values())
        self._compiled.selection = Selection(joins=joins, where=where, parameters=tuple(self._parameters), order=order)
        return self._compiled

    def _conjunction(self, conjunction: list[list[Clause]]) -> str:
        parts = [self._disjunction(disjunction) for disjunction in conjunction]
        return _balanced([part for part in parts if part], "AND")

    def _disjunction(self, disjunction: list[Clause]) -> str:
        parts = [self._clause(clause) for clause in disjunction]
        kept = [part for part in parts if part]
        return f"({_balanced(kept, 'OR')})" if kept else ""

    def _clause(self, clause: Clause) -> str:
        before = len(self._parameters)
        try:
            match clause:
                case Term():
                    return self._term(clause)
                case RelatedList():
                    return self._related(clause)
                case Join():
                    return self._join_clause(clause)
        except (_Dropped, Senseless):
            del self._parameters[before:]
            self._compiled.dropped.append(str(clause))
            return ""

    def _order(self, name: str, descending: bool) -> str:
        try:
            place = self._place(name, ranged=True)
        except _Dropped:
            self._compiled.dropped.append(f"ORDERBY{name}")
            return ""
        return f"{self._shown(name, place)}{' DESC' if descending else ''}"

    def _shown(self, path: str, place: Place) -> str:
        """What a column is sorted by: a reference by what it shows."""
        target = self._schema.tables.get(place.column.reference)
        if target is None:
            return place.expression
        previous = place.expression.partition(".")[0]
        return f'{self._alias(tuple(path.split(".")), previous, place.column)}."{target.display}"'

    # --- fields ---------------------------------------------------------------------------------------------------

    def _place(self, path: str, *, ranged: bool = False) -> Place:
        table, alias, walked = self._table, self._root, ()
        *hops, last = path.split(".")
        for hop in hops:
            column = table.by_name.get(hop)
            if column is None or not column.reference or column.reference not in self._schema.tables:
                raise _Dropped
            self._compiled.used.append((table, column, False))
            walked = (*walked, hop)  # type: ignore[assignment]
            alias = self._alias(walked, alias, column)
            table = self._schema.table(column.reference)
        column = table.by_name.get(last)
        if column is None:
            raise _Dropped
        self._compiled.used.append((table, column, ranged))
        if column.kind in JOURNALS:
            return Place("NULL", column, table)
        return Place(f'{alias}."{column.key}"', column, table)

    def _alias(self, walked: tuple[str, ...], previous: str, column: Column) -> str:
        if walked not in self._joins:
            alias = f"{self._prefix}j{len(self._joins) + 1}"
            family = self._schema.table(column.reference).root.name
            join = f'LEFT JOIN "{family}" {alias} ON {alias}.sys_id = {previous}."{column.key}"'
            self._joins[walked] = (alias, join)
        return self._joins[walked][0]

    # --- terms ----------------------------------------------------------------------------------------------------

    def _term(self, term: Term) -> str:
        if term.operator == "TEXTQUERY":
            return self._text_search(term.value)
        if not term.operator:
            raise _Dropped
        place = self._place(term.field, ranged=term.operator in RANGES)
        match term.operator:
            case "=" | "!=" | "IN" | "NOT IN":
                return self._equality(place, term)
            case "ISEMPTY" | "EMPTYSTRING":
                return f"{place.expression} IS NULL"
            case "ISNOTEMPTY":
                return f"{place.expression} IS NOT NULL"
            case "ANYTHING":
                return "1"
            case "BETWEEN":
                return self._between(place, term.value)
            case "ON" | "NOTON":
                return self._on(place, term)
            case _:
                return self._other(place, term)

    def _other(self, place: Place, term: Term) -> str:
        if term.operator in PATTERNS:
            return self._pattern(term, place)
        if term.operator in COMPARISONS:
            return self._compare(place, COMPARISONS[term.operator], term.value)
        if term.operator in FIELD_COMPARISONS:
            return self._fields(place, term)
        if term.operator in RELATIVES:
            return self._compare(place, RELATIVES[term.operator], self._literals.relative(term.value))
        return self._special(place, term)

    def _special(self, place: Place, term: Term) -> str:
        match term.operator:
            case "INSTANCEOF" if place.column.kind is Kind.CLASS_NAME:
                return self._instance_of(place, term.value)
            case "IN_HIERARCHY" if place.column.reference in self._schema.tables:
                return self._hierarchy(place, term.value)
            case "DYNAMIC" if script := self._reader.home.dynamic_filter(term.value):
                return self._equality(place, Term(term.field, "IN", f"{SCRIPT}{script}"))
            case "DATEPART" if place.column.kind in MOMENTS:
                return self._date_part(place, term.value)
            case "MORETHAN" | "LESSTHAN" if place.column.kind in MOMENTS:
                return self._distance(place, term)
            case _:
                raise _Dropped

    def _equality(self, place: Place, term: Term) -> str:
        texts, scripted = self._literals.texts(term.value), term.value.startswith(SCRIPT)
        if term.operator in ("IN", "NOT IN"):
            texts = [part for text in texts for part in text.split(",")]
        values = []
        for text in texts:
            try:
                values.append(self._literals.stored(place.column, text, scripted=scripted))
            except ValueError:
                continue  # a text that cannot be of this kind equals nothing
        filled = [value for value in values if value is not None]
        sql = NOTHING
        if filled:
            sql = f"{place.expression} IN ({', '.join('?' * len(filled))})"
            self._parameters.extend(filled)
        if len(filled) < len(values):
            sql = f"({sql} OR {place.expression} IS NULL)"
        if term.operator in ("=", "IN"):
            return sql
        matches_empty = self._switches.get("not_equal_matches_empty") and len(filled) == len(values)
        return f"(NOT {sql}{f' OR {place.expression} IS NULL' if matches_empty else ''})"

    def _compare(self, place: Place, operator: str, literal: str) -> str:
        try:
            value = self._literals.value(place.column, literal)
        except Senseless:
            raise
        except ValueError:
            return NOTHING
        self._parameters.append(value)
        return f"{place.expression} {operator} ?"

    def _between(self, place: Place, literal: str) -> str:
        low, at, high = literal.partition("@")
        if not at:
            raise _Dropped
        return f"({self._compare(place, '>=', low)} AND {self._compare(place, '<=', high)})"

    def _on(self, place: Place, term: Term) -> str:
        parts = term.value.split("@")
        if len(parts) != 3:
            raise _Dropped
        within = self._between(place, "@".join(parts[1:]))
        return within if term.operator == "ON" else f"(NOT {within})"

    def _instance_of(self, place: Place, class_name: str) -> str:
        table = self._schema.tables.get(class_name)
        family = table.family if table else (class_name,)
        self._parameters.extend(family)
        return f"{place.expression} IN ({', '.join('?' * len(family))})"

    def _hierarchy(self, place: Place, top: str) -> str:
        """The record `top` or one below it, as the column `parent` of the referenced table tells."""
        target = self._schema.table(place.column.reference)
        self._parameters.append(top)
        if "parent" not in target.columns:
            return f"{place.expression} = ?"
        below = f'SELECT c.sys_id FROM "{target.root.name}" c JOIN tree ON c.parent = tree.id'  # noqa: S608
        return f"{place.expression} IN (WITH RECURSIVE tree(id) AS (SELECT ? UNION {below}) SELECT id FROM tree)"  # noqa: S608

    def _date_part(self, place: Place, literal: str) -> str:
        try:
            part = read_part(literal)
        except ValueError:
            raise _Dropped from None
        self._parameters.extend((part.name, self._reader.zone.key, part.value))
        return f"date_part({place.expression}, ?, ?) {part.operator} ?"

    def _fields(self, place: Place, term: Term) -> str:
        """Two columns of a record; SAMEAS may compare moments by the day, week... they are in on the reader's calendar."""
        name, at, unit = term.value.partition("@")
        other = self._place(name)
        left, right = place.expression, other.expression
        if at:
            if (
                "SAMEAS" not in term.operator
                or unit not in PERIODS
                or {place.column.kind, other.column.kind} - {*MOMENTS}
            ):
                raise _Dropped
            left, right = (f"date_period({side}, ?, ?)" for side in (left, right))
            self._parameters.extend((unit, self._reader.zone.key) * 2)
        return f"{left} {FIELD_COMPARISONS[term.operator]} {right}"

    def _distance(self, place: Place, term: Term) -> str:
        try:
            distance = read_distance(term.value)
        except ValueError:
            raise _Dropped from None
        other = self._place(distance.other, ranged=True)
        if other.column.kind not in MOMENTS:
            raise _Dropped
        early, late = (place, other) if distance.before else (other, place)
        gap = f"strftime('%s', {late.expression}) - strftime('%s', {early.expression})"
        self._parameters.append(distance.seconds)
        return f"{gap} > ?" if term.operator == "MORETHAN" else f"({gap} >= 0 AND {gap} < ?)"

    def _pattern(self, term: Term, place: Place) -> str:
        if place.column.kind is Kind.REFERENCE and place.column.reference in self._schema.tables:
            target = self._schema.table(place.column.reference)
            display = target.columns[target.display].name
            place = self._place(f"{term.field}.{display}", ranged=True)
        text = self._literals.text(term.value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        self._parameters.append(PATTERNS[term.operator].format(text))
        if term.operator not in NEGATED_PATTERNS:
            return f"{place.expression} LIKE ? ESCAPE '\\'"
        empty = f" OR {place.expression} IS NULL" if self._switches.get("not_equal_matches_empty") else ""
        return f"({place.expression} NOT LIKE ? ESCAPE '\\'{empty})"

    def _text_search(self, words: str) -> str:
        texts = [c for c in self._table.columns.values() if c.kind is Kind.STRING and not c.choices]
        per_word = []
        for word in words.split():
            per_word.append("(" + " OR ".join(f'{self._root}."{c.key}" LIKE ?' for c in texts) + ")")
            self._parameters.extend([f"%{word}%"] * len(texts))
        return " AND ".join(per_word) or "1"

    # --- other tables ---------------------------------------------------------------------------------------------

    def _related(self, clause: RelatedList) -> str:
        inner = self._inner(clause.table, clause.query)
        column = inner.table.by_name.get(clause.field)
        if column is None or clause.count[:1] not in ("=", ">", "<", "!"):
            raise _Dropped
        operator = clause.count.rstrip("0123456789")
        number = clause.count[len(operator) :]
        if operator not in ("=", "!=", ">", ">=", "<", "<=") or not number:
            raise _Dropped
        self._parameters.extend(inner.parameters)
        pointing = f'{inner.source} AND {inner.root}."{column.key}" = {self._root}.sys_id'
        return f"(SELECT COUNT(*) FROM {pointing}) {operator} {int(number)}"  # noqa: S608

    def _join_clause(self, clause: Join) -> str:
        place = self._place(clause.field)
        inner = self._inner(clause.table, clause.query)
        column = inner.table.by_name.get(clause.other_field)
        if column is None:
            raise _Dropped
        self._parameters.extend(inner.parameters)
        return f'{place.expression} IN (SELECT {inner.root}."{column.key}" FROM {inner.source})'  # noqa: S608

    def _inner(self, table_name: str, query: Query) -> _Inner:
        table = self._schema.tables.get(table_name)
        if table is None:
            raise _Dropped
        prefix = f"{self._prefix}s{len(self._parameters)}_"
        compiler = _Compiler(table, self._schema, self._reader, self._switches, prefix=prefix)
        compiled = compiler.compile(query)
        self._compiled.used.extend(compiled.used)
        self._compiled.dropped.extend(compiled.dropped)
        selection, root = compiled.selection, f"{prefix}t0"
        classes = ", ".join(f"'{name}'" for name in table.family)
        source = (
            f'"{table.root.name}" {root} {selection.joins} '
            f"WHERE {root}.sys_class_name IN ({classes}) AND ({selection.where})"
        )
        return _Inner(table, root, source, selection.parameters)


@dataclass(frozen=True)
class _Inner:
    table: Table
    root: str
    source: str
    parameters: tuple[Any, ...]
