"""Decision tables as records: which result row the inputs lead to. The first row that matches, by `order`, decides.

A row's condition is an encoded query over the inputs (by element), which may walk through references. Only comparisons of values
are understood; a row with any other operator never matches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.query import Clause, Term, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.sandbox.records import Scene
    from connector.sandbox.store import Row

TABLE, ROW, INPUT, RESULT = (
    "sys_decision", "sys_decision_question", "sys_decision_input", "sys_decision_multi_result",
)  # fmt: skip


def decide(scene: Scene, name: str, inputs: Mapping[str, str]) -> Row | None:
    """The result row of the decision table called `name`; None when it does not exist or no row matches."""
    references: dict[str, str] | None = None
    for row in rows(scene, name):
        if references is None:
            known = scene.records.find(INPUT, model=row["decision_table"])
            references = {known_input["element"]: known_input["reference"] for known_input in known}
        if _matches(scene, row["condition"], inputs, references):
            return scene.records.read(scene.schema.table(RESULT), row["answer"])
    return None


def rows(scene: Scene, name: str) -> list[Row]:
    """The active rows of an active decision table, first to last; none when there is no such table."""
    found: list[Row] = []
    for table in scene.records.find(TABLE, name=name, active="true"):
        found += scene.records.find(ROW, decision_table=table["sys_id"], active="true")
    return sorted(found, key=lambda row: int(row["order"] or 0))


def _matches(scene: Scene, condition: str, inputs: Mapping[str, str], references: Mapping[str, str]) -> bool:
    def holds(clause: Clause) -> bool:
        if not isinstance(clause, Term):
            return False
        return _compare(clause, _value(scene, clause.field, inputs, references))

    alternatives = parse(condition).alternatives
    return any(all(any(holds(c) for c in either) for either in alternative) for alternative in alternatives)


def _value(scene: Scene, path: str, inputs: Mapping[str, str], references: Mapping[str, str]) -> str:
    element, *walked = path.split(".")
    value, table_name = inputs.get(element, ""), references.get(element, "")
    for part in walked:
        table = scene.schema.tables.get(table_name)
        row = scene.records.read(table, value) if table and value else None
        column = scene.schema.table(row["sys_class_name"]).by_name.get(part) if row else None
        if row is None or column is None:
            return ""
        value, table_name = row[column.key], column.reference
    return value


def _compare(term: Term, value: str) -> bool:
    match term.operator:
        case "=":
            return value.lower() == term.value.lower()
        case "!=":
            return value.lower() != term.value.lower()
        case "IN":
            return value in term.value.split(",")
        case "ISEMPTY":
            return not value
        case "ISNOTEMPTY":
            return bool(value)
        case ">=" | "<":
            reached = float(value or 0) >= float(term.value or 0)
            return reached if term.operator == ">=" else not reached
        case _:
            return False
