"""The buttons of the Order Management forms that do nothing but change a state: orders, order tasks, fallouts."""

from __future__ import annotations

from connector.sandbox.moves.forms import Form
from connector.sandbox.moves.fulfillment_moves import FULFILLMENT, MANAGER
from connector.sandbox.moves.order_moves import AGENT, APPROVER
from connector.sandbox.rules.order_inflight import FALLOUT
from connector.sandbox.rules.orders import ORDER, ORDER_TASK

BY_AGENT = Form("om", "order", ORDER, "order_agent", AGENT)
BY_APPROVER = Form("om", "order", ORDER, "fulfillment_manager", APPROVER)
BY_MANAGER = Form("om", "order", ORDER, "fulfillment_manager", MANAGER)
TASK = Form("om", "task", ORDER_TASK, "fulfillment_agent", FULFILLMENT)
TASK_OF_MANAGER = Form("om", "task", ORDER_TASK, "fulfillment_manager", MANAGER)
TROUBLE = Form("om", "fallout", FALLOUT, "fulfillment_agent", (*FULFILLMENT, "sn_fallout_mgmt.fallout_agent"))

WAITING = ("draft", "open", "scheduled", "awaiting_information")
UNSOLVED = ("open", "in_progress", "on_hold", "awaiting_information")

ORDER_BUTTONS = (
    BY_AGENT.button("place", ("draft", "rejected"), "new", "placing"),
    BY_AGENT.button("finish_enrichment", ("enrichment_in_progress",), "new", "finishing enrichment"),
    BY_AGENT.button("hold_enrichment", ("enrichment_in_progress",), "enrichment_on_hold", "holding enrichment"),
    BY_AGENT.button("resume_enrichment", ("enrichment_on_hold",), "enrichment_in_progress", "resuming enrichment"),
    BY_APPROVER.button("approve", ("new", "rejected"), "acknowledged", "approving"),
    BY_APPROVER.button("reject", ("new",), "rejected", "rejecting"),
    BY_APPROVER.button("approve_revision", ("revision_in_progress",), "acknowledged", "approving a revision"),
    BY_APPROVER.button("decline_revision", ("revision_in_progress",), "in_progress", "declining a revision"),
    BY_APPROVER.button(
        "approve_cancel", ("assessing_cancellation",), "cancellation_in_progress", "approving a cancellation"
    ),
    BY_APPROVER.button("decline_cancel", ("assessing_cancellation",), "in_progress", "declining a cancellation"),
    BY_MANAGER.button("hold_order", ("in_progress", "awaiting_information"), "on_hold", "holding"),
    BY_MANAGER.button("await_information", ("in_progress", "on_hold"), "awaiting_information", "waiting"),
    BY_MANAGER.button("resume_order", ("on_hold", "awaiting_information"), "in_progress", "resuming"),
)
TASK_BUTTONS = (
    TASK.button("start_order_task", WAITING, "in_progress", "starting"),
    TASK.button("task_awaits_information", ("open", "in_progress"), "awaiting_information", "waiting"),
    TASK.button("resolve_order_task", ("open", "in_progress", "awaiting_information"), "resolved", "resolving"),
    TASK_OF_MANAGER.button(
        "cancel_order_task", (*WAITING, "in_progress", "on_hold", "resolved"), "canceled", "canceling"
    ),
)
FALLOUT_BUTTONS = (
    TROUBLE.button("start_fallout", ("open", "on_hold", "awaiting_information"), "in_progress", "starting"),
    TROUBLE.button("hold_fallout", ("open", "in_progress"), "on_hold", "holding"),
    TROUBLE.button("fallout_awaits_information", ("open", "in_progress"), "awaiting_information", "waiting"),
    TROUBLE.button("resolve_fallout", UNSOLVED, "resolved", "resolving"),
    TROUBLE.button("close_fallout", ("resolved",), "closed_complete", "closing"),
    TROUBLE.button("cancel_fallout", UNSOLVED, "canceled", "canceling"),
)
BUTTONS = (*ORDER_BUTTONS, *TASK_BUTTONS, *FALLOUT_BUTTONS)
