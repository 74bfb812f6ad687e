"""Which columns of a row an answer shows, dot-walked ones included, in the order they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Context
    from connector.sandbox.schema import Column, Table
    from connector.sandbox.store import Row

KEPT = 1000  # lists of columns that are remembered


class Projection:
    """Columns the reader may not read, and names that are no columns, are left out without a word."""

    def __init__(self, context: Context, table: Table) -> None:
        self._context = context
        self._presenter = context.presenter()
        self._walked: dict[tuple[str, str], Row | None] = {}
        remembered = context.instance.projections
        key = (context.user, table.name, context.option("sysparm_fields") or self._of_view(table))
        if key not in remembered:
            wanted = [name.strip() for name in key[2].split(",") if name.strip()] or list(table.by_name)
            if len(remembered) >= KEPT:
                remembered.clear()
            remembered[key] = [(name, path) for name in wanted if (path := self._path(table, name)) is not None]
        self._paths = remembered[key]

    def _of_view(self, table: Table) -> str:
        """The columns of the view asked for, as a list like sysparm_fields; empty when the table has no such view."""
        name, store = self._context.option("sysparm_view"), self._context.instance.store
        views = store.find("sys_ui_view", name=name) if name else []
        sections = {s["name"]: s["sys_id"] for view in views for s in store.find("sys_ui_section", view=view["sys_id"])}
        section = next((sections[ancestor.name] for ancestor in table.chain if ancestor.name in sections), "")
        elements = store.find("sys_ui_element", sys_ui_section=section) if section else []
        return ",".join(row["element"] for row in sorted(elements, key=lambda row: int(row["position"] or 0)))

    def show(self, row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, path in self._paths:
            column, end = path[-1][1], self._walk(row, path)
            if end is None or not (end is row or self._may_read(end, column)):
                shown[name] = (
                    {"display_value": "", "value": ""} if self._context.option("sysparm_display_value") == "all" else ""
                )
            else:
                shown[name] = self._presenter.show(end, column)
        return shown

    def _may_read(self, row: Row, column: Column) -> bool:
        own = self._context.instance.schema.table(row["sys_class_name"])
        return self._context.instance.access.rights(self._context.user, own, "read").covers(column)

    def _path(self, table: Table, name: str) -> list[tuple[Table, Column]] | None:
        """The columns walked through, each with the table it is read from; None when one is unknown or denied."""
        path: list[tuple[Table, Column]] = []
        here: Table | None = table
        for part in name.split("."):
            column = here.by_name.get(part) if here else None
            if here is None or column is None:
                return None
            if not self._context.instance.access.readable(self._context.user, here, column):
                return None
            path.append((here, column))
            here = self._context.instance.schema.tables.get(column.reference)
        return path

    def _walk(self, row: Row, path: list[tuple[Table, Column]]) -> Row | None:
        here: Row | None = row
        for _, column in path[:-1]:
            if here is None:
                return None
            target = (column.reference, here.get(column.key, ""))
            if target not in self._walked:
                table = self._context.instance.schema.table(column.reference)
                self._walked[target] = self._context.instance.store.get(table, target[1]) if target[1] else None
            here = self._walked[target]
        return here
