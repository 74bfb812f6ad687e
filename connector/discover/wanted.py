"""What each part looks like on an instance: the labels the documentation gives its column, its type, and what it refers to.

A column counts as found by its default name, or by a documented label that exactly one column of the right type has. Anything
else is for a person. Labels are ServiceNow's form labels in English. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass

REFERENCE = "reference"
FLAGS = ("boolean",)
JOURNALS = ("journal_input", "journal")
NUMBERS = ("integer", "decimal", "longint")
DATES = ("glide_date_time", "glide_date", "due_date")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to recognize a column. No `kinds`: any type; `refers_to` is a part, or the name of a platform table."""

    labels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    refers_to: str = ""
    costs: str = ""  # what is lost without it


def _reference(to: str, *labels: str, costs: str = "") -> Wanted:
    return Wanted(labels, (REFERENCE,), to, costs)


_ACCOUNT = _reference("", "account", costs="the customer is not named on the work order")
_CONTACT = _reference("", "contact", "primary contact", costs="the contact is not named on the work order")
_LOCATION = _reference(
    "cmn_location", "location", "service location", costs="no site is known to policies and work orders"
)
_CONSUMER = _reference("csm_consumer", "consumer", costs="the consumer is not named on the work order")
_ASSET = _reference("alm_asset", "asset", costs="no asset is named on the work order")
_INSTALLED = _reference(
    "sn_install_base_item", "install base item", costs="no install base item is named on the work order"
)
_OWNED = _reference(
    "", "product inventory", "sold product", costs="what the customer owns is not known to policies and fields"
)
_PONR = Wanted(("ponr", "point of no return"), FLAGS, costs="changes could go out after the point of no return")
_VERSION = Wanted(("version", "record version"), NUMBERS, costs="revisions cannot be told apart")
_SCHEDULED = Wanted(
    ("scheduled start",), DATES, costs="a visit that is scheduled after the due date, without an end, is no warning"
)
_ESTIMATED = Wanted(("estimated end",), DATES, costs="jeopardy does not know when a visit is estimated to end")

_REVISERS = "notes of updates do not say who revised the order"
_UPDATED_BY = Wanted(("updated by",), ("string",), costs="notes of updates do not say who changed the order")

PARTS: Mapping[str, Mapping[str, Wanted]] = {
    "order": {
        "ponr": _PONR,
        "version": _VERSION,
        "account": _ACCOUNT,
        "contact": _CONTACT,
        "consumer": _CONSUMER,
        "updated_by": _UPDATED_BY,
    },
    "line": {
        "order": _reference("order", "order", "customer order"),
        "action": Wanted(("action",)),
        "quantity": Wanted(("quantity",)),
        "ponr": _PONR,
        "version": _VERSION,
        "location": _LOCATION,
        "account": _ACCOUNT,
        "contact": _CONTACT,
        "due": Wanted(("committed due date",), DATES, costs="work orders get no due date"),
        "consumer": _CONSUMER,
        "asset": _ASSET,
        "install_base_item": _INSTALLED,
        "product_inventory": _OWNED,
        "updated_by": _UPDATED_BY,
    },
    "characteristic": {
        "line": _reference("line", "order line item"),
        "name": Wanted(("characteristic",)),
        "value": Wanted(("characteristic option value", "value")),
        "updated_by": _UPDATED_BY,
    },
    "domain_order": {
        "line": _reference("line", "order line item"),
        "parent": _reference("", "parent"),
        "action": Wanted(("action",)),
        "specification": _reference("", "specification"),
        "location": _LOCATION,
        "account": _ACCOUNT,
        "contact": _CONTACT,
        "needs_attention": Wanted(
            ("needs attention",), FLAGS, costs="nobody waits for the manager's choice after a quantity was decreased"
        ),
        "record_version": Wanted(("record version",), NUMBERS, costs=_REVISERS),
        "consumer": _CONSUMER,
        "asset": _ASSET,
        "install_base_item": _INSTALLED,
        "product_inventory": _OWNED,
        "updated_by": _UPDATED_BY,
    },
    "order_task": {
        "domain_order": _reference("", "parent", "domain order"),
        "order": _reference("order", "order", "customer order"),
        "request_type": Wanted(("request type", "request definition")),
        "updated_by": _UPDATED_BY,
    },
    "case": {"updated_by": _UPDATED_BY},
    "inflight_change": {
        "order_line": _reference("line", "order line item", costs=_REVISERS),
        "order_line_version": Wanted(("order line version",), NUMBERS, costs=_REVISERS),
        "change_type": _reference("", "change type", costs=_REVISERS),
        "updated_by": _UPDATED_BY,
    },
    "fallout": {
        "order_task": _reference("order_task", "related order task", "originated from", "order task"),
        "line": _reference("line", "order line item", costs="fallouts do not name the order line"),
        "type": _reference("fallout_type", "fallout type", costs="fallouts get no type"),
        "summary": Wanted(("short description",), costs="fallouts do not say in one line what they are about"),
        "text": Wanted(("description",), costs="fallouts do not say cause and fix"),
        "names": Wanted(("correlation id",), ("string",)),
        "mark": Wanted(("correlation display",), ("string",)),
        "notes": Wanted(("work notes",), JOURNALS, costs="fallouts do not say why they were settled"),
    },
    "fallout_type": {"name": Wanted(("name",))},
    "catalog": {"name": Wanted(("name",), costs="whether what policies name is there is not checked")},
    "reference": {"name": Wanted(("name",))},
    "journal": {
        "notes": Wanted(("work notes",), JOURNALS),
        "comments": Wanted(
            ("additional comments", "additional comments (customer visible)"),
            JOURNALS,
            costs="what customers read is not carried, whatever [notes] comments says",
        ),
    },
    "field": {
        "location": _LOCATION,
        "account": _ACCOUNT,
        "contact": _CONTACT,
        "consumer": _CONSUMER,
        "asset": _ASSET,
        "install_base_item": _INSTALLED,
        "short_description": Wanted(
            ("short description",), costs="work orders do not say in one line what they are for"
        ),
        "description": Wanted(("description",), costs="work orders do not say what is to be done"),
        "priority": Wanted(("priority",), costs="it is not carried"),
        "requested_due_by": Wanted(
            ("requested due by", "requested by date"), DATES, costs="work orders get no due date"
        ),
        "qualification_group": _reference("sys_user_group", "qualification group", costs="policies name no group"),
        "expected_start": Wanted(("scheduled start", "expected start"), DATES, costs="policies plan no visit"),
        "expected_end": Wanted(("expected end", "scheduled end"), DATES, costs="policies plan no end of a visit"),
    },
    "work_order": {
        "active": Wanted(("active",), FLAGS),
        "names": Wanted(("correlation id",), ("string",)),
        "mark": Wanted(("correlation display",), ("string",)),
        "template": _reference("", "template", "work order template"),
        "scheduled_start": _SCHEDULED,
        "planned_end": Wanted(
            ("expected end",), DATES, costs="gate and notes do not say when a visit is planned to end"
        ),
        "estimated_end": _ESTIMATED,
    },
    "work_order_task": {
        "work_order": _reference("work_order", "parent", "work order"),
        "scheduled_start": _SCHEDULED,
        "estimated_end": _ESTIMATED,
        "window_end": Wanted(
            ("window end",), DATES, costs="a service window that ends after the due date is no warning"
        ),
        "work_duration": Wanted(
            ("estimated work duration",), ("glide_duration",), costs="how long a visit takes is not known to jeopardy"
        ),
    },
}
"""Part of a record -> how its column is recognized. A part that is not here is recognized by its name alone."""

TABLE_LABELS: Mapping[str, str] = {
    "order": "customer order",
    "line": "order line item",
    "characteristic": "order characteristic",
    "domain_order": "domain order",
    "product_order": "product order",
    "service_order": "service order",
    "resource_order": "resource order",
    "order_task": "order task",
    "inflight_change": "inflight order line item change",
    "work_order": "work order",
    "work_order_task": "work order task",
    "fallout": "fallout",
    "fallout_type": "fallout type",
    "product_specification": "product specification",
    "service_specification": "service specification",
    "resource_specification": "resource specification",
    "request_type": "request definition",
}
"""What a table is called where it does not have its default name."""

_UNCHECKED = "whether the {} that policies name are there is not checked"

PERHAPS: Mapping[str, str] = {
    "case": "cases ask for no visits, unless the configuration knows the table",
    "inflight_change": _REVISERS,
    "fallout": "nothing becomes a fallout: activate Fallout Management, ask for its roles, or leave out [fallout] kinds",
    "fallout_type": "fallouts get no type",
    "product_specification": _UNCHECKED.format("product specifications"),
    "service_specification": _UNCHECKED.format("service specifications"),
    "resource_specification": _UNCHECKED.format("resource specifications"),
    "request_type": _UNCHECKED.format("request types"),
}
"""Tables that an instance may do without, and what is lost then."""
