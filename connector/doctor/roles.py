"""The least the two users need, by table: the roles ServiceNow's documentation names to start from. Pure."""

from __future__ import annotations

from collections.abc import Collection  # noqa: TC003
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the connector does, the role to start from, and others that bring the same."""

    side: str
    need: str
    tables: str
    role: str
    instead: tuple[str, ...] = ()
    optional: bool = False

    def is_met(self, roles: Collection[str]) -> bool:
        """Whether one of the roles is there; what is optional always is."""
        return self.optional or self.role in roles or any(other in roles for other in self.instead)


_AGENTS = ("sn_ind_tmt_orm.order_fulfilment_agent", "sn_ind_tmt_orm.order_fulfilment_manager")
_BY_ACL = "an ACL of its own"  # no page names a role
_PLANS_TASKS = "sn_ind_tmt_orm.order_fulfilment_agent"
_NOTES_ORDERS, _SERVES_CASES, _DISPATCHES = (
    "sn_ind_tmt_orm.fulfillment_writer",
    "sn_customerservice_agent",
    "wm_dispatcher",
)
RAISES_FALLOUTS, SETTLES_FALLOUTS = "sn_fallout_mgmt.fallout_creator", "sn_fallout_mgmt.fallout_agent"

NEEDED = (
    Need(
        "om",
        "read orders, lines, domain orders, order tasks, characteristics",
        "sn_ind_tmt_orm_*",
        "sn_ind_tmt_orm.order_viewer",
        _AGENTS,
    ),
    Need(
        "om",
        "write work notes on domain orders and put one back to work",
        "sn_ind_tmt_orm_domain_order and its classes",
        _NOTES_ORDERS,
        _AGENTS,
    ),
    Need(
        "om",
        "write the planned end of order tasks, as [jeopardy] write_end_to asks for",
        "sn_ind_tmt_orm_order_task",
        _PLANS_TASKS,
        optional=True,
    ),
    Need(
        "om",
        "set the point of no return, as [ponr] mode asks for",
        "sn_ind_tmt_orm_order_line_item",
        _BY_ACL,
        optional=True,
    ),
    Need(
        "om",
        "read cases, write their work notes and resolution, where a policy for cases is named",
        "sn_customerservice_case",
        _SERVES_CASES,
        optional=True,
    ),
    Need(
        "om",
        "read specifications and request types, for `om-fsm policy check`",
        "sn_prd_pm_product_specification, sn_prd_pm_service_specification, sn_prd_pm_resource_specification, "
        "sn_ind_tmt_orm_request_definition",
        _BY_ACL,
        optional=True,
    ),
    Need(
        "om",
        "raise fallouts, as [fallout] kinds asks for, where Fallout Management is active",
        "sn_fallout_mgmt_fallout, sn_fallout_mgmt_fallout_type",
        RAISES_FALLOUTS,
        optional=True,
    ),
    Need(
        "om",
        "read and resolve those fallouts; contains the role to raise them",
        "sn_fallout_mgmt_fallout",
        SETTLES_FALLOUTS,
        optional=True,
    ),
    Need("fsm", "read work orders and their tasks", "wm_order, wm_task", "wm_read", ("wm_basic", "wm_admin")),
    Need(
        "fsm",
        "create work orders from templates",
        "wm_order",
        "wm_initiator",
        ("wm_basic", "sn_fsm_servicedesk_agent", "wm_initiator_qualifier_dispatcher", "wm_admin"),
    ),
    Need(
        "fsm",
        "update and cancel work orders",
        "wm_order",
        _DISPATCHES,
        ("sn_fsm_servicedesk_agent", "wm_initiator_qualifier_dispatcher", "wm_admin"),
    ),
    Need(
        "fsm",
        "read customers, contacts, locations, assets and install base, to find them by what they are called",
        "customer_account, customer_contact, csm_consumer, cmn_location, alm_asset, sn_install_base_item",
        "sn_customerservice.customer_data_viewer",
        optional=True,
    ),
    Need(
        "fsm",
        "read work order templates and groups, to find them by name",
        "cmdb_workorder_product_model, sys_user_group",
        _BY_ACL,
        optional=True,
    ),
    *(
        Need(side, need, tables, role, optional=True)
        for side in ("om", "fsm")
        for need, tables, role in (
            ("use the REST API, where that is restricted", "all", "snc_platform_rest_api_access"),
            (
                "read choice lists, columns and classes",
                "sys_choice, sys_dictionary, sys_db_object",
                "personalize_dictionary",
            ),
            ("read journals back", "sys_journal_field", _BY_ACL),
            ("read who is behind a login", "sys_user", _BY_ACL),
        )
    ),
)
"""What docs and `om-fsm init` list; of each side what reads its records comes first.

Which roles suffice differs by release: what is denied comes back as a finding."""


_TO_WRITE = {
    "domain_order": _NOTES_ORDERS,
    "order_task": _PLANS_TASKS,
    "case": _SERVES_CASES,
    "fallout": SETTLES_FALLOUTS,
    "work_order": _DISPATCHES,
}


def to_read(side: str, parts: Collection[str]) -> str:
    """The roles to ask for where the records that play these parts cannot be read, in words."""
    of_side = next(one.role for one in NEEDED if one.side == side)
    return _in_words([_SERVES_CASES if part == "case" else of_side for part in parts])


def to_write(parts: Collection[str]) -> str:
    """The roles to ask for where such records, or columns of theirs, cannot be written; empty where no page names any."""
    return _in_words([_TO_WRITE[part] for part in parts if part in _TO_WRITE])


def _in_words(roles: Collection[str]) -> str:
    return " and ".join(dict.fromkeys(roles))


TOO_MUCH = frozenset({"admin", "security_admin", "wm_admin", "sn_ind_tmt_orm.order_approver"})
"""Roles the connector never needs. It does not approve orders and deletes nothing."""
