"""The query engine against a naive evaluator that walks over the rows one by one and knows no SQL."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox import World
from connector.sandbox.query import parse
from connector.sandbox.scripts import Reader
from connector.sandbox.sql import compile_query
from tests.sandbox.gestures import START

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.store import Row, Store

ZONE = ZoneInfo("America/Los_Angeles")
ACCOUNTS = {"a" * 32: "Acme", "b" * 32: "beta 50%", "c" * 32: "Ga_mma"}
TEXTS = ("", "alpha", "ALPHA", "be_ta", "beXta", "50%", "50x", "up^down", "a b", "2")
NUMBERS = ("", "1", "2", "3", "10")
STAMPS = ("", "2026-03-02 07:59:59", "2026-03-02 08:00:00", "2026-03-08 09:30:00", "2026-12-31 23:59:59")
COLUMNS: dict[str, tuple[str, ...]] = {
    "short_description": TEXTS,
    "correlation_id": TEXTS,
    "priority": NUMBERS,
    "active": ("true", "false", ""),
    "opened_at": STAMPS,
    "expected_start": STAMPS,
    "account": ("", *ACCOUNTS),
}
TEXTUAL = ("short_description", "correlation_id", "account.name")
ORDERED = (*TEXTUAL, "priority", "opened_at")
POOLS = {**COLUMNS, "account.name": ("", *ACCOUNTS.values())}


@dataclass(frozen=True)
class Term:
    field: str
    operator: str
    value: str

    def text(self) -> str:
        return f"{self.field}{self.operator}{self.value.replace('^', '^^')}"


@dataclass(frozen=True)
class Related:
    """So many tasks of at least that priority."""

    sign: str
    count: int
    priority: str

    def text(self) -> str:
        return f"RLQUERYwm_task.parent,{self.sign}{self.count}^priority>={self.priority}^ENDRLQUERY"


Alternatives = list[list[list[Term]]]

# --- what is asked ----------------------------------------------------------------------------------------------------


def terms_of(
    fields: tuple[str, ...], operators: tuple[str, ...], value: Callable[[str], st.SearchStrategy[str]]
) -> Any:
    return st.sampled_from(fields).flatmap(
        lambda name: st.builds(Term, st.just(name), st.sampled_from(operators), value(name))
    )


def one(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(POOLS[name])


def several(name: str) -> st.SearchStrategy[str]:
    return st.lists(one(name), min_size=1, max_size=3).map(",".join)


def between(name: str) -> st.SearchStrategy[str]:
    return st.tuples(one(name), one(name)).map("@".join)


def part(_: str) -> st.SearchStrategy[str]:
    known = [("dayofweek", "monday"), ("dayofweek", "sunday"), ("hour", "0"), ("month", "mar"), ("quarter", "4")]
    return st.tuples(st.sampled_from(known), st.sampled_from(["EE", "GT", "GE", "LT", "LE"])).map(
        lambda both: f"x@javascript:gs.datePart('{both[0][0]}','{both[0][1]}','{both[1]}')"
    )


def distance(_: str) -> st.SearchStrategy[str]:
    sides = st.sampled_from(["before", "after"])
    return st.tuples(sides, st.integers(0, 200)).map(lambda both: f"expected_start@hour@{both[0]}@{both[1]}")


TERMS = st.one_of(
    terms_of(tuple(POOLS), ("=", "!="), one),
    terms_of(tuple(POOLS), ("IN", "NOT IN"), several),
    terms_of(tuple(POOLS), ("ISEMPTY", "ISNOTEMPTY", "EMPTYSTRING", "ANYTHING"), lambda _: st.just("")),
    terms_of(ORDERED, ("<", "<=", ">", ">="), one),
    terms_of(ORDERED, ("BETWEEN",), between),
    terms_of(TEXTUAL, ("LIKE", "CONTAINS", "*", "STARTSWITH", "ENDSWITH", "%", "NOT LIKE", "!*"), one),
    terms_of(("account",), ("LIKE", "NOT LIKE", "STARTSWITH"), lambda _: one("account.name")),
    terms_of(("short_description",), ("SAMEAS", "NSAMEAS"), lambda _: st.just("correlation_id")),
    terms_of(
        ("opened_at",),
        ("GT_FIELD", "LT_FIELD", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD"),
        lambda _: st.just("expected_start"),
    ),
    terms_of(("opened_at",), ("DATEPART",), part),
    terms_of(("opened_at",), ("MORETHAN", "LESSTHAN"), distance),
    terms_of(("bunk", "account.bunk", "priority.name"), ("=", "LIKE"), lambda _: st.just("1")),
    terms_of(("short_description",), ("FOO", "VALCHANGES"), lambda _: st.just("")),
)
DISJUNCTIONS = st.lists(TERMS, min_size=1, max_size=3)
ALTERNATIVES = st.lists(st.lists(DISJUNCTIONS, min_size=1, max_size=3), min_size=1, max_size=3)
RELATED = st.none() | st.builds(
    Related, st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), st.integers(0, 2), st.sampled_from(["1", "3"])
)
ORDERS = st.lists(st.tuples(st.sampled_from((*ORDERED, "bunk")), st.booleans()), max_size=3)
ROWS = st.lists(st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in COLUMNS.items()}), max_size=6)
TASKS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(NUMBERS)), max_size=5)


def text_of(alternatives: Alternatives, related: Related | None, order: list[tuple[str, bool]]) -> str:
    """`related` restricts the last alternative, as it stands behind it."""
    query = "^NQ".join("^".join("^OR".join(term.text() for term in group) for group in one) for one in alternatives)
    parts = [query, *([related.text()] if related else [])]
    return "^".join([*parts, *(f"ORDERBY{'DESC' if down else ''}{name}" for name, down in order), "ORDERBYsys_id"])


# --- the naive evaluator ----------------------------------------------------------------------------------------------

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
FIELDS = {"GT_FIELD": ">", "LT_FIELD": "<", "GT_OR_EQUALS_FIELD": ">=", "LT_OR_EQUALS_FIELD": "<=", "SAMEAS": "="}
PARTS = {"EE": "=", "GT": ">", "GE": ">=", "LT": "<", "LE": "<="}
LIKES: dict[str, Callable[[str, str], bool]] = {
    "LIKE": operator.contains, "CONTAINS": operator.contains, "*": operator.contains,
    "STARTSWITH": str.startswith, "ENDSWITH": str.endswith, "%": str.endswith,
}  # fmt: skip


def comparable(name: str, text: str) -> Any:
    return int(text) if name == "priority" else text.lower()


def holds(row: Row, term: Term) -> bool | None:
    """Whether the row satisfies the term; None when the term means nothing and is dropped."""
    if term.field not in POOLS or term.operator in ("FOO", "VALCHANGES"):
        return None
    name = "account.name" if term.field == "account" and term.operator in (*LIKES, "NOT LIKE") else term.field
    value = ACCOUNTS.get(row["account"], "") if name == "account.name" else row[name]
    match term.operator:
        case "ANYTHING":
            return True
        case "ISEMPTY" | "EMPTYSTRING":
            return value == ""
        case "ISNOTEMPTY":
            return value != ""
        case "=" | "IN" | "!=" | "NOT IN":
            wanted = term.value.split(",") if "IN" in term.operator else [term.value]
            equal = value.lower() in [each.lower() for each in wanted]
            return equal if term.operator in ("=", "IN") else value != "" and not equal
        case _:
            return value != "" and compares(row, term, name, value)


def compares(row: Row, term: Term, name: str, value: str) -> bool:
    if term.operator in LIKES:
        return LIKES[term.operator](value.lower(), term.value.lower())
    if term.operator in ("NOT LIKE", "!*"):
        return term.value.lower() not in value.lower()
    if term.operator == "BETWEEN":
        low, high = term.value.split("@")
        return compares(row, Term(name, ">=", low), name, value) and compares(row, Term(name, "<=", high), name, value)
    if term.operator == "DATEPART":
        return has_part(value, term.value)
    if term.operator in ("MORETHAN", "LESSTHAN"):
        return is_distant(row, term, value)
    if term.operator in ("SAMEAS", "NSAMEAS", *FIELDS):
        other = row[term.value]
        return other != "" and SIGNS[FIELDS.get(term.operator, "!=")](value.lower(), other.lower())
    return term.value != "" and SIGNS[term.operator](comparable(name, value), comparable(name, term.value))


def has_part(value: str, literal: str) -> bool:
    name, wanted, sign = literal.partition("datePart(")[2].strip("')").split("','")
    local = datetime.fromisoformat(f"{value}+00:00").astimezone(ZONE)
    is_ = {
        "dayofweek": local.weekday(), "hour": local.hour, "month": local.month, "quarter": (local.month - 1) // 3 + 1,
    }[name]  # fmt: skip
    number = {"monday": 0, "sunday": 6, "mar": 3}.get(wanted)
    return SIGNS[PARTS[sign]](is_, int(wanted) if number is None else number)


def is_distant(row: Row, term: Term, value: str) -> bool:
    other, _, side, hours = term.value.split("@")
    if row[other] == "":
        return False
    gap = (datetime.fromisoformat(row[other]) - datetime.fromisoformat(value)).total_seconds() / 3600
    gap = gap if side == "before" else -gap
    return gap > int(hours) if term.operator == "MORETHAN" else 0 <= gap < int(hours)


def selected(row: Row, alternatives: Alternatives, related: Related | None, tasks: list[Row]) -> bool:
    """An alternative that lost all its terms restricts nothing."""
    for index, alternative in enumerate(alternatives):
        groups = [[known for term in group if (known := holds(row, term)) is not None] for group in alternative]
        verdicts = [any(group) for group in groups if group]
        if related and index == len(alternatives) - 1:
            count = sum(
                task["parent"] == row["sys_id"]
                and task["priority"] != ""
                and int(task["priority"]) >= int(related.priority)
                for task in tasks
            )
            verdicts.append(SIGNS[related.sign](count, related.count))
        if all(verdicts):
            return True
    return False


def sorted_ids(rows: list[Row], order: list[tuple[str, bool]]) -> list[str]:
    """Empty values come first; the last key is the sys_id."""
    rows = sorted(rows, key=operator.itemgetter("sys_id"))
    for name, down in reversed([key for key in order if key[0] in POOLS]):

        def key(row: Row, name: str = name) -> Any:
            value = ACCOUNTS.get(row["account"], "") if name == "account.name" else row[name]
            return (value != "", comparable(name, value) if value else 0)

        rows.sort(key=key, reverse=down)  # which keeps equal rows in their order
    return [row["sys_id"] for row in rows]


# --- the comparison ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Any:
    world = World.create(start=START)
    store, schema = world.fsm.store, world.fsm.schema
    for sys_id, name in ACCOUNTS.items():
        row = {"sys_id": sys_id, "sys_class_name": "customer_account", "name": name}
        store.insert(schema.table("customer_account"), row)
    yield world
    world.close()


def fill(world: World, rows: list[Row], tasks: list[tuple[int, str]]) -> tuple[list[Row], list[Row]]:
    """Exactly these work orders, with these tasks below them."""
    store, schema = world.fsm.store, world.fsm.schema
    for name in ("wm_order", "wm_task"):
        for old in store.find(name):
            store.delete(schema.table(name), old["sys_id"])
    orders = [{**row, "sys_id": f"{index:032x}", "sys_class_name": "wm_order"} for index, row in enumerate(rows)]
    below = [
        {"sys_id": f"{100 + n:032x}", "sys_class_name": "wm_task", "parent": f"{index:032x}", "priority": priority}
        for n, (index, priority) in enumerate(tasks)
    ]
    put(store, world, orders)
    put(store, world, below)
    return orders, below


def put(store: Store, world: World, rows: list[Row]) -> None:
    for row in rows:
        store.insert(world.fsm.schema.table(row["sys_class_name"]), row)


@settings(max_examples=400, deadline=None)
@given(rows=ROWS, tasks=TASKS, alternatives=ALTERNATIVES, related=RELATED, order=ORDERS)
def test_the_engine_finds_what_a_walk_over_the_rows_finds(
    world: World, rows: list[Row], tasks: list[tuple[int, str]], alternatives: Alternatives, related: Related | None,
    order: list[tuple[str, bool]],
) -> None:  # fmt: skip
    orders, below = fill(world, rows, tasks)
    instance = world.fsm
    compiled = compile_query(
        parse(text_of(alternatives, related, order)),
        instance.schema.table("wm_order"),
        schema=instance.schema,
        reader=Reader(sys_id="", login="", zone=ZONE, now=instance.clock.now()),
        switches=instance.switches,
    )
    found = [row["sys_id"] for row in instance.store.select(instance.schema.table("wm_order"), compiled.selection)]
    expected = [row for row in orders if selected(row, alternatives, related, below)]
    assert found == sorted_ids(expected, order)
