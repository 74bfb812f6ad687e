"""Which tables and columns play which part on the OM instance.

The defaults are ServiceNow's names as documented (`sn_ind_tmt_orm_*`) or, where no page gives the column, the likeliest
name; every one can be renamed in the configuration, because instances differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.mapping.facts import CARRIED_FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

CARRIED = frozenset(fact.replace(" ", "_") for fact in CARRIED_FACTS)
"""Parts of orders, lines and domain orders that are read only where a policy or a field asks for them."""
OPTIONAL = frozenset({"needs_attention", "record_version", "updated_by"}) | CARRIED
"""Parts that may be missing: no page of the documentation names their column, or an instance does without it."""
LEADS_TO: Mapping[tuple[str, str], str] = {
    ("line", "order"): "order",
    ("characteristic", "line"): "line",
    ("domain_order", "line"): "line",
    ("order_task", "order"): "order",
}
"""Record and part -> what that column refers to. Another one would put records together that do not belong together."""
CHANGE_TYPES: Mapping[str, str] = {
    "quantity": "Quantity",
    "contact": "Contact",
    "location": "Location",  # a type of the customer's own, as one for dates would be
    "due date": "",
}
"""Fact of a line -> the type under which a revision of it is kept; empty: none. Types are records with names of their own."""


@dataclass(frozen=True, slots=True)
class OmSchema:
    """Part -> table, and for each record kind: part -> column."""

    tables: Mapping[str, str] = field(
        default_factory=lambda: {
            "order": "sn_ind_tmt_orm_order",
            "line": "sn_ind_tmt_orm_order_line_item",
            "characteristic": "sn_ind_tmt_orm_order_characteristic_value",
            "domain_order": "sn_ind_tmt_orm_domain_order",
            "product_order": "sn_ind_tmt_orm_product_order",
            "service_order": "sn_ind_tmt_orm_service_order",
            "resource_order": "sn_ind_tmt_orm_resource_order",
            "order_task": "sn_ind_tmt_orm_order_task",
            "case": "sn_customerservice_case",
            "inflight_change": "sn_ind_tmt_orm_inflight_order_line_item_change",
        }
    )
    order: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "ponr": "ponr",
            "version": "version",
            "account": "account",
            "contact": "contact",
            "consumer": "consumer",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    line: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "order": "order",
            "state": "state",
            "action": "action",
            "quantity": "quantity",
            "ponr": "ponr",
            "version": "version",
            "location": "location",
            "account": "account",
            "contact": "contact",
            "due": "committed_due_date",
            "consumer": "consumer",
            "asset": "",  # no page names a column of orders that refers to one; nor to an install base item
            "install_base_item": "",
            "product_inventory": "sold_product",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    characteristic: Mapping[str, str] = field(
        default_factory=lambda: {
            "line": "order_line_item",
            "name": "characteristic",
            "value": "characteristic_option_value",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    domain_order: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "kind": "sys_class_name",
            "line": "order_line_item",
            "parent": "parent",
            "action": "action",
            "specification": "specification",
            "location": "location",
            "account": "account",
            "contact": "contact",
            "priority": "priority",
            "mod_count": "sys_mod_count",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
            "needs_attention": "needs_attention",
            "record_version": "version",
            "consumer": "",
            "asset": "",
            "install_base_item": "",
            "product_inventory": "product_inventory",
        }
    )
    order_task: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "domain_order": "parent",
            "order": "order",
            "request_type": "request_type",
            "priority": "priority",
            "mod_count": "sys_mod_count",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    case: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "mod_count": "sys_mod_count",
            "account": "account",
            "contact": "contact",
            "consumer": "consumer",
            "asset": "asset",
            "product": "product",
            "install_base_item": "install_base_item",
            "location": "location",
            "priority": "priority",
            "category": "category",
            "short_description": "short_description",
            "description": "description",
            "contract": "contract",
            "entitlement": "entitlement",
            "opened": "opened_at",
            "resolution_code": "resolution_code",
            "close_notes": "close_notes",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    inflight_change: Mapping[str, str] = field(
        default_factory=lambda: {
            "order_line": "order_line_item",
            "order_line_version": "order_line_version",
            "change_type": "change_type",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
        }
    )
    change_types: Mapping[str, str] = field(default_factory=lambda: dict(CHANGE_TYPES))
    notes: str = "work_notes"  # the private journal of domain orders, the one column besides the state that is written
    comments: str = "comments"  # the journal of theirs that customers read; empty: none

    @property
    def states(self) -> Mapping[str, str]:
        """Table -> its column that holds the state, of every table that has states."""
        by_part = {"order": self.order, "line": self.line, "order_task": self.order_task}
        return {
            table: by_part.get(part, self.domain_order)["state"]
            for part, table in self.tables.items()
            if part not in ("characteristic", "case", "inflight_change")
        }

    @property
    def needed(self) -> Mapping[str, Mapping[str, str]]:
        """Table -> the columns without which its records say nothing that can be believed -> of which type they must be, as
        "reference:TABLE" where they put records together; empty where any will do.
        """
        kinds = {
            "order": self.order,
            "line": self.line,
            "characteristic": self.characteristic,
            "domain_order": {**self.domain_order, "notes": self.notes},
            "order_task": self.order_task,
        }
        needed = {
            kind: {
                column: f"reference:{self.tables[to]}" if (to := LEADS_TO.get((kind, part))) else ""
                for part, column in columns.items()
                if column and part not in OPTIONAL
            }
            for kind, columns in kinds.items()
        }
        return {table: needed.get(part, {}) for part, table in self.tables.items()}

    def always_read(self, part: str) -> list[str]:
        """The columns that are asked for of every record of this part."""
        columns: Mapping[str, str] = getattr(self, part)
        return [column for name, column in columns.items() if column and name not in CARRIED]

    def leads_to(self, part: str) -> str:
        """The column, dot-walked where needed, that leads from a record of this part to its order."""
        match part:
            case "order":
                return "sys_id"
            case "line":
                return self.line["order"]
            case "order_task":
                return self.order_task["order"]
            case "domain_order":
                return f"{self.domain_order['line']}.{self.line['order']}"
            case "characteristic":
                return f"{self.characteristic['line']}.{self.line['order']}"
            case _:
                raise ValueError(f"no path leads from {part!r} to an order")


@dataclass(frozen=True, slots=True)
class CatalogSchema:
    """Where the names are that a policy may speak of: what can be ordered, and what order tasks ask for."""

    specifications: tuple[str, ...] = (
        "sn_prd_pm_product_specification",
        "sn_prd_pm_service_specification",
        "sn_prd_pm_resource_specification",
    )
    request_types: str = "sn_ind_tmt_orm_request_definition"
    name: str = "name"  # the column of all of them; empty: none


FALLOUT_TABLES: Mapping[str, str] = {"fallout": "sn_fallout_mgmt_fallout", "type": "sn_fallout_mgmt_fallout_type"}
FALLOUT_COLUMNS: Mapping[str, str] = {
    "number": "number",
    "state": "state",
    "order_task": "order_task",
    "line": "order_line_item",
    "type": "fallout_type",
    "summary": "short_description",
    "text": "description",
    "names": "correlation_id",
    "mark": "correlation_display",
    "notes": "work_notes",
    "type_name": "name",  # of the types, which are a table of their own
}
FALLOUT_OPTIONAL = frozenset({"line", "type", "summary", "text", "notes"})
"""Parts of a fallout that may be missing: what it says besides the task that it holds up."""


@dataclass(frozen=True, slots=True)
class FalloutSchema:
    """Where fallouts are, what their stored states mean, and what the connector says besides."""

    tables: Mapping[str, str] = field(default_factory=lambda: dict(FALLOUT_TABLES))
    columns: Mapping[str, str] = field(default_factory=lambda: dict(FALLOUT_COLUMNS))
    states: Mapping[str, str] = field(default_factory=dict)
    settle_as: str = "Resolved"
    type: str = ""  # by name; empty: none

    @property
    def own_columns(self) -> Mapping[str, str]:
        """Part -> column of the fallouts themselves."""
        return {part: column for part, column in self.columns.items() if part != "type_name"}
