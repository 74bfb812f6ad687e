"""A backup of a sandbox instance, and its restore: every record is what it was, with its stamps and its count of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance

Backup = dict[str, dict[str, dict[str, str]]]  # table -> sys_id -> record


def backup(instance: Instance) -> Backup:
    """All records as they are now."""
    return {name: {row["sys_id"]: dict(row) for row in instance.store.find(name)} for name in instance.schema.tables}


def restore(instance: Instance, kept: Backup) -> None:
    """All records as they were then: what came later is gone, what was deleted is there again."""
    for name, table in instance.schema.tables.items():
        present = {row["sys_id"]: dict(row) for row in instance.store.find(name)}
        theirs = {sys_id: row for sys_id, row in kept[name].items() if row.get("sys_class_name", name) in (name, "")}
        for sys_id, row in present.items():
            if row != kept[name].get(sys_id) and row.get("sys_class_name", name) in (name, ""):
                instance.store.delete(table, sys_id)
        for sys_id, row in theirs.items():
            if present.get(sys_id) != row:
                instance.store.put(table, row)
