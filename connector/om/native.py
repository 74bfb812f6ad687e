"""The decision tables of ServiceNow's own integration, as an OM instance shows them.

The names of the decision tables are documented ("Work Order Policy for Domain Order", "... for Order Task"); their columns
are inferred, so nothing is concluded from rows that cannot be read or understood: they are named instead.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.servicenow.table import TableApi

ORDER_PARTS = ("domain_order", "product_order", "service_order", "resource_order")
NATIVE_POLICIES = {
    "domain_order": "Work Order Policy for Domain Order",
    "order_task": "Work Order Policy for Order Task",
}


@dataclass(frozen=True, slots=True)
class NativeRow:
    """One decision of a native policy: its condition as the platform stores it, and the name of the template it answers."""

    label: str
    order: int
    condition: str
    template: str


@dataclass(frozen=True, slots=True)
class NativePolicy:
    """One native policy. `inputs` leads from an input's column to its label and the table it refers to ("" for none)."""

    name: str
    inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rows: tuple[NativeRow, ...] = ()
    unreadable: str = ""

    @property
    def is_active(self) -> bool:
        """Whether the instance itself creates work orders from it, as far as can be seen."""
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class NativeWork:
    """What the instance made itself of domain orders or order tasks: how many work orders, and the last of them."""

    count: int
    number: str
    created: str  # UTC, as it is stored

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.count} work orders of its own, the last {self.number} on {self.created} UTC"


class NativePolicies:
    """Reads them over the Table API."""

    def __init__(self, api: TableApi, templates: str) -> None:
        self._api = api
        self._template_table = templates  # of work order templates, as the configuration calls it

    def native_policy(self, initiates: str) -> NativePolicy:
        """One of ServiceNow's own policies; without rows where there is none."""
        name = NATIVE_POLICIES[initiates]
        try:
            tables = list(self._api.scan("sys_decision", Query().where("name", Op.IS, name), ["name"], display=False))
            if not tables:
                return NativePolicy(name)
            return self._policy(name, tables[0]["sys_id"])
        except REFUSED as error:
            return NativePolicy(name, unreadable=str(error))

    def work(self, work_orders: str, records: Iterable[str]) -> NativeWork | None:
        """The work orders of this instance that were initiated from records of these tables. None where there are none, or
        nobody may see it; that is no proof that there are none: how work orders are tied to domain orders is not documented."""
        classes = {table for table in records if table.isidentifier()}  # "?" is not settled yet
        kind = "initiated_from.sys_class_name"
        query = f"{kind}IN{','.join(sorted(classes))}^ORDERBYDESCsys_created_on"
        try:
            rows, count = page(self._api, work_orders, query, ["number", "sys_created_on", kind], 1)
        except REFUSED:
            return None
        # A column that is not there is ignored in a query, and everything is answered.
        if not rows or rows[0].get(kind) not in classes:
            return None
        return NativeWork(count, rows[0].get("number", ""), rows[0].get("sys_created_on", ""))

    def _policy(self, name: str, sys_id: str) -> NativePolicy:
        asked = ["element", "label", "reference", "order"]
        found = self._api.scan("sys_decision_input", Query().where("model", Op.IS, sys_id), asked, display=False)
        in_order = sorted(found, key=lambda row: (_number(row.get("order")), row.get("element")))
        inputs = {row.get("element"): (row.get("label"), row.get("reference")) for row in in_order}
        rows = list(
            self._api.scan(
                "sys_decision_question",
                Query().where("decision_table", Op.IS, sys_id),
                ["label", "order", "condition", "answer", "active"],
            )
        )
        templates = self._templates([row.get("answer") for row in rows])
        decisions = [
            NativeRow(
                row.get("label"), _number(row.get("order")), row.get("condition"), templates.get(row.get("answer"), "")
            )
            for row in rows
            if row.get("active") != "false"
        ]
        unreadable = "" if inputs else "its inputs cannot be read (the role personalize_dictionary is needed)"
        return NativePolicy(name, inputs, tuple(sorted(decisions, key=lambda row: row.order)), unreadable)

    def _templates(self, answers: Sequence[str]) -> dict[str, str]:
        """The template each answer names: its one generated reference column."""
        found: dict[str, str] = {}
        wanted = [answer for answer in dict.fromkeys(answers) if answer]
        columns = self._answer_columns()
        for row in self._api.scan_in("sys_decision_multi_result", "sys_id", wanted, columns):
            found[row["sys_id"]] = next((row.display(column) for column in columns if row.get(column)), "")
        return found

    def _answer_columns(self) -> list[str]:
        """The generated columns of answers that refer to work order templates."""
        of_answers = (
            Query().where("name", Op.IS, "sys_decision_multi_result").where("reference", Op.IS, self._template_table)
        )
        rows = self._api.scan("sys_dictionary", of_answers, ["element"], display=False)
        return [row.get("element") for row in rows]

    def display_names(self, table: str, sys_ids: Iterable[str], column: str) -> dict[str, str]:
        """The names of records as this column has them, by sys_id; none where there is no such column."""
        rows = self._api.scan_in(table, "sys_id", sys_ids, [column]) if column else ()
        return {row["sys_id"]: row.get(column) for row in rows}


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else 0
