"""The Aggregate API: counts, sums, averages, minima and maxima, grouped or not; every leaf a string."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.rest.errors import ApiError, query_denied
from connector.sandbox.rest.table import compiled_selection
from connector.sandbox.schema import Kind

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.rest.context import Context
    from connector.sandbox.schema import Column, Table

FUNCTIONS = {"sum": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX"}


def aggregate(context: Context, table_name: str) -> Response:
    table = context.table(table_name)
    if not context.instance.access.rights(context.user, table, "read").any:
        raise query_denied(table.name)
    if context.option("sysparm_having"):
        raise ApiError(400, "Not imitated by the sandbox", "sysparm_having")
    selection = compiled_selection(context, table).selection
    groups = _columns(context, table, "sysparm_group_by")
    wanted = [(name, c) for name in FUNCTIONS for c in _columns(context, table, f"sysparm_{name}_fields")]
    expressions = [f't0."{c.key}"' for c in groups]
    expressions += ["COUNT(*)", *(f'{FUNCTIONS[name]}(t0."{c.key}")' for name, c in wanted)]
    keys = ", ".join(f't0."{c.key}"' for c in groups)
    tail = f"GROUP BY {keys} ORDER BY {keys}" if groups else ""
    found = context.instance.store.aggregate(table, selection, expressions, tail)
    result: Any = [_group(context, groups, wanted, row) for row in found]
    return context.answer(200, {"result": result if groups else {"stats": result[0]["stats"]}})


def _columns(context: Context, table: Table, option: str) -> list[Column]:
    """Named columns that exist and may be read; others are ignored, as in a list."""
    rights = context.instance.access.rights(context.user, table, "read")
    names = [name.strip() for name in context.option(option).split(",") if name.strip()]
    found = [table.by_name[name] for name in names if name in table.by_name]
    return [column for column in found if rights.covers(column) and column.kind is not Kind.JOURNAL]


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
