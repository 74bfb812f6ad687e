"""Database views: tables joined under prefixes, which can be read over REST and never written.

    [fsm.tables.u_visit]
    label = "Work orders with their tasks"
    [fsm.tables.u_visit.view]
    tables = { wo = "wm_order", wot = "wm_task" }        # prefix = table
    where = "wot.parent = wo.sys_id"                     # prefix.column

A column is `prefix_column`; the sys_id of a row is made of those of its records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.sandbox.schema import JOURNALS, Column, Kind

if TYPE_CHECKING:
    from connector.sandbox.schema import Table


@dataclass(frozen=True)
class View:
    tables: dict[str, Table]  # by prefix
    where: str

    def columns(self) -> dict[str, Column]:
        own = {"sys_id": Column("sys_id", "sys_id", Kind.GUID, "Sys ID", max_length=32 * len(self.tables))}
        own["sys_class_name"] = Column("sys_class_name", "sys_class_name", Kind.CLASS_NAME, "Class", max_length=80)
        for prefix, table in self.tables.items():
            for key, column in table.columns.items():
                if column.kind not in JOURNALS:
                    name = f"{prefix}_{column.name}"
                    own[f"{prefix}_{key}"] = replace(column, key=f"{prefix}_{key}", name=name, choice_table="")
        return own

    def sql(self, name: str) -> str:
        """The statement that makes the view in a store whose families exist."""
        shown = [
            f"{' || '.join(f'{prefix}.sys_id' for prefix in self.tables)} AS sys_id",
            f"'{name}' AS sys_class_name",
        ]
        sources, conditions = [], [f"({self.where})"]
        for prefix, table in self.tables.items():
            keys = [key for key, column in table.columns.items() if column.kind not in JOURNALS]
            shown += [f'{prefix}."{key}" AS "{prefix}_{key}"' for key in keys]
            sources.append(f'"{table.root.name}" {prefix}')
            classes = ", ".join(f"'{member}'" for member in table.family)
            conditions.append(f"{prefix}.sys_class_name IN ({classes})")
        return f'CREATE VIEW "{name}" AS SELECT {", ".join(shown)} FROM {", ".join(sources)} WHERE {" AND ".join(conditions)}'  # noqa: S608
