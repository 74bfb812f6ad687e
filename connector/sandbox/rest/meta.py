"""What the platform's own user interface asks for: the columns of a table, and which tables there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.rest.errors import query_denied

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.rest.context import Context
    from connector.sandbox.schema import Column


def describe(context: Context, table_name: str) -> Response:
    table = context.table(table_name)
    rights = context.instance.access.rights(context.user, table, "read")
    if not rights.any:
        raise query_denied(table.name)
    columns = {name: _column(column) for name, column in table.by_name.items() if rights.covers(column)}
    return context.answer(200, {"result": {"label": table.label, "columns": columns}})


def tables(context: Context) -> Response:
    """The tables the user may read, by label; undocumented on the platform."""
    readable = [
        table
        for table in context.instance.schema.tables.values()
        if context.instance.access.rights(context.user, table, "read").any
    ]
    listed = [
        {
            "label": table.label, "used": False, "reference": False, "rawLabel": table.label, "selected": False,
            "missing": False, "image": "", "value": table.name,
        }
        for table in sorted(readable, key=lambda table: table.label)
    ]  # fmt: skip
    return context.answer(200, {"result": listed})


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": column.kind.value,
        "label": column.label,
        "max_length": column.max_length,
        "mandatory": False,
        "read_only": column.key.startswith("sys_"),
    }
    if column.reference:
        described["reference"] = column.reference
    if column.choices:
        described["choices"] = [{"value": choice.value, "label": choice.label} for choice in column.choices]
    return described
