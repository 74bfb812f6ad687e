"""The Aggregate API: counts, sums, averages, minima and maxima, grouped or not; every leaf a string."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from connector.sandbox.query import parse
from connector.sandbox.rest.errors import ApiError, query_denied
from connector.sandbox.rest.table import compiled_selection, visible_rows
from connector.sandbox.schema import JOURNALS, Kind
from connector.sandbox.store import Selection

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.rest.context import Context
    from connector.sandbox.schema import Column, Table

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
FUNCTIONS = {"sum": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX"}


def aggregate(context: Context, table_name: str) -> Response:
    table = context.table(table_name)
    if not context.instance.access.rights(context.user, table, "read").any:
        raise query_denied(table.name)
    selection = _countable(context, table, compiled_selection(context, table).selection)
    groups = _groups(context, table)
    wanted = [
        (name, c) for name in FUNCTIONS for c in _columns(context, table, context.option(f"sysparm_{name}_fields"))
    ]
    expressions = [f't0."{c.key}"' for c in groups]
    expressions += ["COUNT(*)", *(f'{FUNCTIONS[name]}(t0."{c.key}")' for name, c in wanted)]
    keys = ", ".join(f't0."{c.key}"' for c in groups)
    order = ", ".join([*_order(context, table, groups), keys])
    tail = f"GROUP BY {keys} {_having(context, table)} ORDER BY {order}" if groups else ""
    found = context.instance.store.aggregate(table, selection, expressions, tail)
    result: Any = [_group(context, groups, wanted, row) for row in found]
    return context.answer(200, {"result": result if groups else {"stats": result[0]["stats"]}})


def _groups(context: Context, table: Table) -> list[Column]:
    """Of `sysparm_group_by`, then those a GROUPBY of the query names."""
    queried = parse(context.option("sysparm_query")).group
    named = [
        *_columns(context, table, context.option("sysparm_group_by")),
        *_columns(context, table, ",".join(queried)),
    ]
    return list(dict.fromkeys(named))


def _countable(context: Context, table: Table, selection: Selection) -> Selection:
    """Whether rows the reader may not see are counted is a switch: setups differ."""
    rights = context.instance.access.rights(context.user, table, "read")
    if rights.whole_table or context.instance.switches["stats_count_denied_rows"]:
        return selection
    rows = visible_rows(context, table, rights, context.instance.store.select(table, selection, limit=-1, offset=0))
    seen = json.dumps([row["sys_id"] for row in rows])
    return Selection(where="t0.sys_id IN (SELECT value FROM json_each(?))", parameters=(seen,))


def _order(context: Context, table: Table, groups: list[Column]) -> list[str]:
    """Of `sysparm_order_by`: grouping fields, aggregates of fields (`AVG^priority`) or COUNT, each may end in `^DESC`."""
    terms = []
    for wanted in filter(None, context.option("sysparm_order_by").split(",")):
        words = wanted.split("^")
        direction = " DESC" if words[-1].upper() == "DESC" else ""
        first, field = words[0], words[1] if len(words) > 1 else ""
        grouped = next((column for column in groups if column.name == first), None)
        column = table.by_name.get(field)
        if first.upper() == "COUNT":
            terms.append(f"COUNT(*){direction}")
        elif first.lower() in FUNCTIONS and column is not None and _readable(context, table, column):
            terms.append(f'{FUNCTIONS[first.lower()]}(t0."{column.key}"){direction}')
        elif grouped is not None:
            terms.append(f't0."{grouped.key}"{direction}')
    return terms


def _having(context: Context, table: Table) -> str:
    """Conditions on groups: `aggregate^field^operator^value`, several of them with commas."""
    conditions = []
    for condition in filter(None, context.option("sysparm_having").split(",")):
        name, field, operator, value = (*condition.split("^"), "", "", "", "")[:4]
        column = table.by_name.get(field)
        try:
            number = float(value) if math.isfinite(float(value)) else None
        except ValueError:
            number = None
        if number is None:
            raise ApiError(400, "Invalid sysparm_having", condition)
        if name.lower() == "count" and operator in COMPARISONS:
            conditions.append(f"COUNT(*) {operator} {number!r}")
        elif (
            name.lower() in FUNCTIONS
            and operator in COMPARISONS
            and column is not None
            and _readable(context, table, column)
        ):
            conditions.append(f'{FUNCTIONS[name.lower()]}(t0."{column.key}") {operator} {number!r}')
        else:
            raise ApiError(400, "Invalid sysparm_having", condition)
    return f"HAVING {' AND '.join(conditions)}" if conditions else ""


def _readable(context: Context, table: Table, column: Column) -> bool:
    rights = context.instance.access.rights(context.user, table, "read")
    return rights.covers(column) and column.kind not in JOURNALS


def _columns(context: Context, table: Table, listed: str) -> list[Column]:
    """Named columns that exist and may be read; others are ignored, as in a list."""
    names = [name.strip() for name in listed.split(",") if name.strip()]
    found = [table.by_name[name] for name in names if name in table.by_name]
    return [column for column in found if _readable(context, table, column)]


def _group(
    context: Context, groups: list[Column], wanted: list[tuple[str, Column]], row: tuple[Any, ...]
) -> dict[str, Any]:
    stats: dict[str, Any] = {}
    if context.flag("sysparm_count"):
        stats["count"] = str(row[len(groups)])
    for (name, column), value in zip(wanted, row[len(groups) + 1 :], strict=True):
        stats.setdefault(name, {})[column.name] = _text(value)
    fields = [_field(context, column, value) for column, value in zip(groups, row[: len(groups)], strict=True)]
    return {"stats": stats, "groupby_fields": fields} if groups else {"stats": stats}


def _field(context: Context, column: Column, value: Any) -> dict[str, str]:
    text = ("true" if value else "false") if column.kind is Kind.BOOLEAN and value is not None else _text(value)
    mode = context.option("sysparm_display_value")
    if mode not in ("true", "all"):
        return {"field": column.name, "value": text}
    display = (
        context.presenter().name_of(column.reference, text) if column.reference else column.label_of.get(text, text)
    )
    shown = {"field": column.name, "value": display if mode == "true" else text}
    return shown if mode == "true" else {**shown, "display_value": display}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
