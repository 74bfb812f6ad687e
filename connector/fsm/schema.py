"""Which tables and columns play which part on the FSM instance.

The defaults are ServiceNow's names (Field Service "installed with" pages); every one can be renamed in the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.mapping.references import Lookup

if TYPE_CHECKING:
    from collections.abc import Mapping


_OF_ACCOUNT = ("name", "account.name")

DEFAULT_REFERENCES: Mapping[str, Lookup] = {
    "template": Lookup("cmdb_workorder_product_model"),
    "location": Lookup(
        "cmn_location", (("name", "parent.name", "city"), ("name", "parent.name"), ("name", "city"), ("name",))
    ),
    "account": Lookup("customer_account"),
    "contact": Lookup("customer_contact", (("email",), _OF_ACCOUNT)),
    "consumer": Lookup("csm_consumer", (("email",), ("name", "number"))),
    "asset": Lookup(
        "alm_asset",
        (
            ("serial_number",),
            ("asset_tag",),
            ("display_name", "account.name"),
        ),
        "display_name",
    ),
    "install_base_item": Lookup("sn_install_base_item", (("serial_number",), _OF_ACCOUNT)),
    "qualification_group": Lookup("sys_user_group"),
    "assignment_group": Lookup("sys_user_group"),
}
"""Reference column of a work order -> where its record is looked up, and by what. sys_ids never cross instances.

Many people and things share a name, so a name counts together with whose it is; accounts and places stand for themselves. The
number of an account is no key: two instances may number theirs each by itself.
"""

OPTIONAL = frozenset({"scheduled_start", "planned_end", "estimated_end", "window_end", "work_duration"})
"""Parts that may be missing: they are shown to people, predict when a visit ends, and decide nothing else."""


@dataclass(frozen=True, slots=True)
class FsmSchema:
    """Part -> table, and for each record kind: part -> column."""

    tables: Mapping[str, str] = field(default_factory=lambda: {"work_order": "wm_order", "work_order_task": "wm_task"})
    work_order: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "active": "active",
            "names": "correlation_id",
            "mark": "correlation_display",
            "template": "template",
            "summary": "short_description",
            "updated_by": "sys_updated_by",
            "updated_on": "sys_updated_on",
            "mod_count": "sys_mod_count",
            "scheduled_start": "expected_start",
            "planned_end": "expected_end",
            "estimated_end": "estimated_end",
        }
    )
    work_order_task: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "number",
            "state": "state",
            "work_order": "parent",
            "summary": "short_description",
            "assigned_to": "assigned_to",
            "scheduled_start": "expected_start",
            "estimated_end": "estimated_end",
            "window_end": "window_end",
            "work_duration": "estimated_work_duration",
            "mod_count": "sys_mod_count",
            "updated_on": "sys_updated_on",
        }
    )
    references: Mapping[str, Lookup] = field(default_factory=lambda: dict(DEFAULT_REFERENCES))
    notes: str = "work_notes"  # the private journal of work orders
    comments: str = "comments"  # the journal of theirs that customers read; empty: none

    @property
    def states(self) -> Mapping[str, str]:
        """Table -> its column that holds the state."""
        return {
            self.tables["work_order"]: self.work_order["state"],
            self.tables["work_order_task"]: self.work_order_task["state"],
        }

    @property
    def needed(self) -> Mapping[str, Mapping[str, str]]:
        """Table -> the columns without which its records say nothing that can be believed -> of which type they must be, as
        "reference:TABLE" where they put records together; empty where any will do.
        """
        types = {"active": "boolean", "work_order": f"reference:{self.tables['work_order']}"}
        kinds = {"work_order": {**self.work_order, "notes": self.notes}, "work_order_task": self.work_order_task}
        return {
            self.tables[kind]: {c: types.get(part, "") for part, c in columns.items() if c and part not in OPTIONAL}
            for kind, columns in kinds.items()
        }
