"""The Import Set API: one staging row, transformed into its target at once; a coalesce column makes it repeatable.

Which staging tables exist is in the profile. Unknown columns are ignored without a word, as on the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.records import Aborted
from connector.sandbox.rest.errors import bad_payload, duplicate, invalid_table, write_denied
from connector.sandbox.rest.table import accepted
from connector.sandbox.store import DuplicateKey

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.profile import Tree
    from connector.sandbox.rest.context import Context
    from connector.sandbox.store import Row


def import_row(context: Context, staging: str) -> Response:
    recipe = _recipe(context, staging)
    outcome = _transformed(context, staging, recipe, context.payload())
    import_set = context.instance.records.insert("sys_import_set", {"table_name": staging}, context.user)
    return context.answer(201, {"import_set": import_set["number"], "staging_table": staging, "result": [outcome]})


def import_rows(context: Context, staging: str) -> Response:
    """Several rows, transformed some time after the answer; what becomes of each is not told."""
    recipe = _recipe(context, staging)
    records = context.payload().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise bad_payload("records is missing")
    instance = context.instance

    def transform() -> None:
        for record in records:
            _transformed(context, staging, recipe, record)

    instance.later(float(instance.switches["import_delay_seconds"]), transform)
    identities = {name: f"{instance.noise.getrandbits(128):032x}" for name in ("import_set_id", "multi_import_set_id")}
    return context.answer(201, identities)


def _recipe(context: Context, staging: str) -> Tree:
    """How rows of this staging table are transformed, if the user may create records of the target."""
    recipe: Tree = context.instance.imports.get(staging, {})
    if not recipe:
        raise invalid_table(staging)
    if not context.instance.access.rights(context.user, context.table(recipe["target"]), "create").any:
        raise write_denied("Insert")
    return recipe


def _transformed(context: Context, staging: str, recipe: Tree, record: dict[str, Any]) -> dict[str, str]:
    instance = context.instance
    target = context.table(recipe["target"])
    for outcome in recipe.get("outcomes", ()):
        if str(record.get(outcome["column"], "")) == outcome.get("value", ""):
            return _without_effect(staging, target.name, outcome)
    rights = instance.access.rights(context.user, target, "create")
    renamed = {recipe["fields"][key]: value for key, value in record.items() if key in recipe["fields"]}
    values = accepted(context, target, rights, renamed)
    coalesce = recipe.get("coalesce", "")
    present = instance.store.find(target.name, **{coalesce: values[coalesce]}) if values.get(coalesce) else []
    if not instance.switches["import_insert_serialized"]:
        # Another import of this very second is not seen yet, as when both look before either has inserted.
        present = [row for row in present if row["sys_created_on"] != instance.clock.stamp()]
    try:
        row, status = _write(context, target.name, present, values)
    except Aborted as error:
        return {"table": target.name, "status": "error", "error_message": error.reason}
    except DuplicateKey as error:
        refusal = duplicate(0, error.value, error.key)
        return {"table": target.name, "status": "error", "error_message": refusal.detail or ""}
    told = {"status_message": "No field values changed"} if status == "ignored" else {}
    return {
        "transform_map": staging,
        "table": target.name,
        "display_name": "number",
        "display_value": row.get("number", ""),
        "record_link": f"{context.api_base}/table/{target.name}/{row['sys_id']}",
        "status": status,
        **told,
        "sys_id": row["sys_id"],
    }


def _without_effect(staging: str, target: str, outcome: Tree) -> dict[str, str]:
    """What a script of the transform map decides about some rows: ignored, skipped, or an error."""
    answer = {"transform_map": staging, "table": target, "status": outcome["status"]}
    message = outcome.get("message", "Row transform ignored by onBefore script")
    answer["error_message" if outcome["status"] == "error" else "status_message"] = message
    return answer


def _write(context: Context, table: str, present: list[Row], values: Row) -> tuple[Row, str]:
    records = context.instance.records
    if not present:
        return records.insert(table, values, context.user), "inserted"
    row = records.update(table, present[0]["sys_id"], values, context.user)
    return row, "ignored" if row["sys_mod_count"] == present[0]["sys_mod_count"] else "updated"
