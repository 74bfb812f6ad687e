"""Random decision tables over small pools of values, so that cells meet, touch and repeat; and everything worth asking them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from connector.mapping.dmn.conditions import ANYTHING, Between, Compare, Condition, Formula, Like, Not, OneOf
from connector.mapping.dmn.table import DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind, Months, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.conditions import Scope

DAY = timedelta(1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POOLS: dict[Kind, list[Any]] = {
    Kind.STRING: ["", "a", "ab", "abc", "b", "CPE", "cpe x"],
    Kind.CHOICE: ["add", "change", "delete"],
    Kind.NUMBER: [Decimal(0), Decimal(1), Decimal("1.5"), Decimal("1.50"), Decimal(-3)],
    Kind.BOOLEAN: [True, False],
    Kind.DATE: [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4)],
    Kind.DATE_TIME: [
        NOON,
        NOON + SECOND,
        NOON + MICROSECOND,
        datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))),
    ],
    Kind.TIME: [time(0), time(8, 30), time(23, 59, 59, 999_999)],
    Kind.DURATION: [timedelta(0), MICROSECOND, timedelta(days=1, hours=6), -DAY],
    Kind.MONTHS: [Months(0), Months(1), Months(18)],
}
ORDERED = [kind for kind in POOLS if kind is not Kind.BOOLEAN]
NAMES = ("first", "second", "third")
EXACT = tuple(POOLS)
SAID = st.sampled_from(("x", "y", "z"))
WRITTEN = {Kind.STRING: ["A", " ab ", "Cpe  X"]}  # more, where case does not count


@dataclass(frozen=True)
class TheOther:
    """An expression that names another input: whether it equals a value."""

    name: str
    value_: Value

    @property
    def text(self) -> str:
        return f"{self.name} = {self.value_!r}"

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.name})

    def value(self, scope: Scope) -> Any:
        return scope.get(self.name) == self.value_


@cache
def conditions(kind: Kind, *, loose: bool = False, ignore_case: bool = False) -> st.SearchStrategy[Condition]:
    """Every form of condition; with `loose`, those that are no intervals too."""
    pool = POOLS[kind] + (WRITTEN[kind] if ignore_case else [])
    value = st.sampled_from(pool)
    simple: list[Condition] = [Compare("=", None), Compare("!=", None)]
    if kind in (Kind.STRING, Kind.CHOICE):
        simple += [Like("starts with", text) for text in ("a", "ab", "c", "d")]
        simple += [Like(how, text) for how in ("ends with", "contains", "matches") for text in "abc" if loose]
    if loose:
        simple += [Formula(TheOther(name, one)) for name in NAMES for one in (*pool, None)]
    signs = ("=", "!=") if kind is Kind.BOOLEAN else ("=", "=", "!=", "<", "<=", ">", ">=")
    forms: list[st.SearchStrategy[Condition]] = [
        st.just(ANYTHING),
        st.tuples(st.sampled_from(signs), value).map(lambda drawn: Compare(*drawn)),
        st.sampled_from(simple),
    ]
    if kind is not Kind.BOOLEAN:
        ends = st.tuples(value, value, st.booleans(), st.booleans())
        forms.append(ends.map(lambda drawn: Between(*drawn)))
    one: st.SearchStrategy[Condition] = st.one_of(forms)
    several = st.lists(one, min_size=2, max_size=3).map(lambda drawn: OneOf(tuple(drawn)))
    return st.one_of(one, one, one, several, one.map(Not), several.map(Not))


@st.composite
def inputs(draw: st.DrawFn, name: str, kinds: tuple[Kind, ...], *, restricted: bool) -> Input:
    kind = draw(st.sampled_from(kinds))
    allowed = draw(conditions(kind)) if restricted and draw(st.integers(0, 3)) == 0 else ANYTHING
    choices = tuple(POOLS[kind]) if kind is Kind.CHOICE else ()
    return Input(name, kind, allowed=allowed, choices=choices, ignore_case=kind is Kind.STRING and draw(st.booleans()))


@st.composite
def tables(
    draw: st.DrawFn,
    *,
    kinds: tuple[Kind, ...] = EXACT,
    policies: tuple[HitPolicy, ...] = tuple(HitPolicy),
    loose: bool = False,
    restricted: bool = False,
    rules: int = 6,
    columns: int = 3,
) -> DecisionTable:
    """A table of one to three inputs, which may be one and the same; a few different outputs, so that some say the same."""
    asked = [draw(inputs(name, kinds, restricted=restricted)) for name in NAMES[: draw(st.integers(1, columns))]]
    if draw(st.integers(0, 7)) == 0:
        asked.append(asked[0])
    rows = []
    for position in range(draw(st.integers(1, rules))):
        cells = [draw(conditions(one.kind, loose=loose, ignore_case=one.ignore_case)) for one in asked]
        rows.append(Rule(f"R{position + 1}", tuple(cells), (Entry(draw(SAID)),)))
    output = Output("template", Kind.STRING, values=("z", "x"))
    return DecisionTable("random", tuple(asked), (output,), tuple(rows), draw(st.sampled_from(policies)))


@cache
def around(kind: Kind) -> list[Any]:
    """Every value of a pool, values before, between and after them: one in each piece a column can be cut into."""
    pool = POOLS[kind]
    match kind:
        case Kind.STRING:
            near = [f"{text}{more}" for text in [*pool, "d", "A"] for more in ("", "\0", "~~", "a~")]
            return [*dict.fromkeys([*near, "!", "zz", *(text.casefold() for text in near)])]
        case Kind.NUMBER:
            return sorted({*pool, *(value + step for value in pool for step in (Decimal("-0.1"), Decimal(9)))})
        case Kind.DATE:
            return sorted({value + step * DAY for value in pool for step in (-1, 0, 1)})
        case Kind.DATE_TIME:
            return sorted({value + step * SECOND for value in pool for step in (-1, 0, 1)})
        case Kind.DURATION:
            return sorted({value + step * MICROSECOND for value in pool for step in (-1, 0, 1)})
        case Kind.TIME:
            return [*pool, time(4), time(12)]
        case Kind.MONTHS:
            return [Months(count) for count in (-1, 0, 1, 2, 18, 19)]
        case _:
            return list(pool)


def points(table: DecisionTable, allowed: Any, extra: tuple[Value, ...] = ()) -> Iterator[dict[str, Any]]:
    """All combinations of values around the pools that `allowed(column, value)` lets through, and `extra` ones."""
    columns = {column.name: column for column in table.inputs}
    choices = [
        [value for value in [*around(column.kind), *extra] if allowed(column, value)] for column in columns.values()
    ]
    for values in product(*choices):
        yield dict(zip(columns, values, strict=True))
