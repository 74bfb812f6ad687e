"""The business rules of both instances; a rule applies wherever its table exists, so a single instance has them all."""

from connector.sandbox.records import Rule
from connector.sandbox.rules import (
    cases,
    field_service,
    native,
    order_cancel,
    order_compensate,
    order_fulfill,
    order_header,
    order_inflight,
    order_inventory,
    order_jeopardy,
    order_milestones,
    order_pause,
    order_revise,
    order_slas,
    order_southbound,
    visits,
)

ALL_RULES: tuple[Rule, ...] = (
    *field_service.RULES,
    *visits.RULES,
    *cases.RULES,
    *order_header.RULES,
    *order_fulfill.RULES,
    *order_revise.RULES,
    *order_cancel.RULES,
    *order_compensate.RULES,
    *order_inflight.RULES,
    *order_inventory.RULES,
    *order_jeopardy.RULES,
    *order_slas.RULES,
    *order_pause.RULES,
    *order_milestones.RULES,
    *order_southbound.RULES,
    *native.RULES,
)
