"""The Import Set API: one staging row, transformed into its target at once; a coalesce column makes it repeatable.

Which staging tables exist is in the profile. Unknown columns are ignored without a word, as on the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Aborted
from connector.sandbox.rest.errors import invalid_table, write_denied
from connector.sandbox.rest.table import accepted

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.rest.context import Context
    from connector.sandbox.store import Row


def import_row(context: Context, staging: str) -> Response:
    instance = context.instance
    if staging not in instance.imports:
        raise invalid_table(staging)
    recipe = instance.imports[staging]
    target = context.table(recipe["target"])
    rights = instance.access.rights(context.user, target, "create")
    if not rights.any:
        raise write_denied("Insert")
    renamed = {recipe["fields"][key]: value for key, value in context.payload().items() if key in recipe["fields"]}
    values = accepted(context, target, rights, renamed)
    coalesce = recipe.get("coalesce", "")
    present = instance.store.find(target.name, **{coalesce: values[coalesce]}) if values.get(coalesce) else []
    try:
        row, status = _write(context, target.name, present, values)
    except Aborted as error:
        outcome: dict[str, str] = {"table": target.name, "status": "error", "error_message": error.reason}
    else:
        outcome = {
            "transform_map": staging,
            "table": target.name,
            "display_name": "number",
            "display_value": row.get("number", ""),
            "record_link": f"{context.api_base}/table/{target.name}/{row['sys_id']}",
            "status": status,
            "sys_id": row["sys_id"],
        }
    number = f"ISET{instance.noise.randrange(10**7):07d}"
    return context.answer(201, {"import_set": number, "staging_table": staging, "result": [outcome]})


def _write(context: Context, table: str, present: list[Row], values: Row) -> tuple[Row, str]:
    records = context.instance.records
    if not present:
        return records.insert(table, values, context.user), "inserted"
    row = records.update(table, present[0]["sys_id"], values, context.user)
    return row, "ignored" if row["sys_mod_count"] == present[0]["sys_mod_count"] else "updated"
