"""Writes that leave no ordinary trace, as a deliberate act of an administrator: background scripts and imported XML.

They are what a poll by sys_updated_on or a webhook misses. A script with autoSysFields(false) moves no stamp and no count; with
setWorkflow(false) no business rule runs, nothing is audited and nobody is told. Imported XML brings its own stamps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary

if TYPE_CHECKING:
    from connector.sandbox.store import Row


def run_script(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Update (or with `delete` remove) one record; `values` are stored values by column name."""
    bench.demand_role("admin")
    records = bench.instance.records
    row = bench.record(str(bench.argument(arguments, "table")), bench.argument(arguments, "record"))
    quiet = {name: bool(arguments.get(name, True)) for name in ("auto_sys_fields", "workflow")}
    with records.background(**quiet):
        if arguments.get("delete"):
            records.delete(row["sys_class_name"], row["sys_id"], bench.actor)
            return {"record": summary(row)}
        values = _values(bench, row["sys_class_name"], arguments.get("values"))
        return {"record": summary(bench.press(row, **values))}


def import_xml(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Rows with their own sys_id and stamps, inserted or replaced as they are."""
    bench.demand_role("admin")
    table, rows = str(bench.argument(arguments, "table")), bench.argument(arguments, "rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("sys_id") for row in rows):
        raise Refused("the move needs 'rows', each with a sys_id")
    wanted = [_values(bench, table, row) for row in rows]
    return {"records": [summary(bench.instance.records.put_as_is(table, row)) for row in wanted]}


def _values(bench: Bench, table_name: str, raw: object) -> Row:
    table = bench.instance.schema.tables.get(table_name)
    if table is None or not isinstance(raw, dict):
        raise Refused(f"the move needs values of a table of {bench.instance.name}")
    unknown = [name for name in raw if name not in table.by_name and name not in table.columns]
    if unknown:
        raise Refused(f"{table.label} has no field {', '.join(map(repr, unknown))}")
    return {(table.by_name.get(name) or table.columns[name]).key: str(value) for name, value in raw.items()}


BACKGROUND_MOVES = (
    Move("run_script", "both", "admin", run_script),
    Move("import_xml", "both", "admin", import_xml),
)
