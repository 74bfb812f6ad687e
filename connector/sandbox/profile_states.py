"""The states the rules bring records to: a profile may renumber and rename them, but not leave them out. Pure.

States are named by their role. A table that brings choices of its own for the column replaces those of the table it extends,
so that it needs them all again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.profile import Tree

FOLLOWED = ("new", "acknowledged", "in_progress", "revision_in_progress", "assessing_cancellation",
            "cancellation_in_progress", "canceled", "completed")  # fmt: skip
VISIT = ("draft", "accepted", "assigned", "work_in_progress", "closed_complete", "closed_incomplete", "canceled")
NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "sn_ind_tmt_orm_order": {"state": FOLLOWED},
    "sn_ind_tmt_orm_order_line_item": {
        "state": (*FOLLOWED, "rejected", "scheduled", "on_hold", "awaiting_information")
    },
    "sn_ind_tmt_orm_domain_order": {
        "state": ("draft", "on_hold", "scheduled", "cancellation_in_progress", "closed_complete", "canceled")
    },
    "sn_ind_tmt_orm_order_task": {"state": ("open", "scheduled", "on_hold", "closed_complete", "canceled")},
    "sn_prd_invt_product_inventory_operations": {"state": ("pending", "executed", "canceled")},
    "sn_ind_tmt_orm_order_line_milestone": {"state": ("reached",)},
    "wm_order": {"state": (*VISIT, "awaiting_qualification", "qualified", "ready_for_dispatch")},
    "wm_task": {"state": (*VISIT, "pending_dispatch")},
    "wm_questionnaire": {"state": ("pending",)},
    "alm_transfer_order": {"stage": ("shipped", "canceled")},
    "sn_customerservice_case": {"state": ("resolved", "closed", "canceled")},
    "task_sla": {"stage": ("in_progress", "paused", "completed", "canceled")},
}
# switch -> table -> the state that only this switch makes the rules use
BY_SWITCH = {
    "work_order_approval": {"wm_order": ("waiting_for_approval",)},
    "scheduled_state": {"wm_order": ("scheduled",), "wm_task": ("scheduled",)},
    "enrichment": {
        "sn_ind_tmt_orm_order": ("enrichment_in_progress",),
        "sn_ind_tmt_orm_order_line_item": ("enrichment_in_progress",),
    },
}


def missing_states(tables: Tree, switches: Tree) -> Iterator[tuple[str, str, str]]:
    """Table, column and role of each state that is needed and is no choice of the column."""
    for table, raw in tables.items():
        for ancestor in _chain(table, tables):
            for column, roles in _needed(ancestor, switches).items():
                choices = raw.get("choices", {}).get(column)
                if choices is not None or table == ancestor:
                    yield from ((table, column, role) for role in roles if role not in (choices or {}))


def _needed(table: str, switches: Tree) -> Tree:
    needed: Tree = dict(NEEDED.get(table, {}))
    for switch, states in BY_SWITCH.items():
        if switches.get(switch) and table in states:
            needed["state"] = (*needed["state"], *states[table])
    return needed


def _chain(table: str, tables: Tree) -> Iterator[str]:
    """The table and its ancestors; that the chain ends was checked before."""
    while table in tables:
        yield table
        table = tables[table].get("extends", "")
