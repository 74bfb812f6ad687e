"""The Import Set API: one staging row, transformed into its target at once; a coalesce column makes it repeatable.

Which staging tables exist is in the profile. Each row is kept in its staging table with what became of it. Unknown columns are
ignored without a word, as on the platform.
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
    record = context.payload()
    import_set, [row_id] = _staged(context, staging, [record])
    outcome = _transformed(context, staging, recipe, record)
    _note(context, staging, row_id, outcome)
    _processed(context, import_set)
    return context.answer(201, {"import_set": import_set["number"], "staging_table": staging, "result": [outcome]})


def import_rows(context: Context, staging: str) -> Response:
    """Several rows, transformed some time after the answer; what became of each is in its row of the staging table."""
    recipe = _recipe(context, staging)
    records = context.payload().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise bad_payload("records is missing")
    instance = context.instance
    import_set, row_ids = _staged(context, staging, records)

    def transform() -> None:
        for row_id, record in zip(row_ids, records, strict=True):
            _note(context, staging, row_id, _transformed(context, staging, recipe, record))
        _processed(context, import_set)

    instance.later(float(instance.switches["import_delay_seconds"]), transform)
    several = f"{instance.noise.getrandbits(128):032x}"
    return context.answer(201, {"import_set_id": import_set["sys_id"], "multi_import_set_id": several})


def _staged(context: Context, staging: str, records: list[dict[str, Any]]) -> tuple[Row, list[str]]:
    """A new import set and the sys_ids of its rows, which wait to be transformed; unknown columns are not kept."""
    insert = context.instance.records.insert
    columns = context.instance.schema.table(staging).columns
    import_set = insert("sys_import_set", {"table_name": staging}, context.user)
    row_ids = []
    for place, record in enumerate(records):
        values = {
            key: _text(value, columns[key].max_length)
            for key, value in record.items()
            if key[:4] != "sys_" and key in columns
        }
        values.update(sys_import_set=import_set["sys_id"], sys_import_row=str(place))
        row_ids.append(insert(staging, values, context.user)["sys_id"])
    return import_set, row_ids


def _text(value: Any, length: int) -> str:
    return ("" if value is None else str(value))[:length]


def _note(context: Context, staging: str, row_id: str, outcome: dict[str, str]) -> None:
    """What became of a row is kept with it."""
    table = context.instance.schema.table(staging)
    values = {
        "sys_import_state": table.value_of("sys_import_state", outcome["status"]),
        "sys_import_state_comment": outcome.get("error_message") or outcome.get("status_message", ""),
        "sys_target_table": outcome["table"],
        "sys_target_sys_id": outcome.get("sys_id", ""),
        "sys_transform_map": outcome.get("transform_map", staging),
    }
    context.instance.records.update(staging, row_id, values, context.user)


def _processed(context: Context, import_set: Row) -> None:
    context.instance.records.update("sys_import_set", import_set["sys_id"], {"state": "processed"}, context.user)


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
