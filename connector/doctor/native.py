"""Does the instance itself do what the connector does? Then everything would happen twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.mapping.states import fold
from connector.om.native import NATIVE_POLICIES, ORDER_PARTS, NativePolicies
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView

_CONFIG = "sm_config"
# Options of Service Management by the labels the documentation gives them, and what they do to the connector's notes.
_DOUBLING = {
    "copy task work notes to request": "a note on a task appears on its work order too",
    "update work order states to case": "each state is also written to the case, where the customer reads it",
    "auto close case on work order closure": "cases are closed by the instance as well",
}
_REQUEST_DRIVEN = ("request lifecycle is request driven", "request driven")  # by release


def _integration(patient: Patient) -> Seen:
    native = NativePolicies(patient.om.api, patient.settings.fsm.references["template"].table)
    policies = [native.native_policy(kind) for kind in NATIVE_POLICIES]
    work = native.work(patient.fsm.table, _orders(patient))
    active = [f"{policy.name!r} ({len(policy.rows)} rows)" for policy in policies if policy.is_active]
    if active:
        used = f"; it has made {work.told}" if work else ""
        return failed(f"ServiceNow's own integration has rows: {', '.join(active)}{used}")
    if work:
        return warning(f"ServiceNow's own integration has made {work.told}; no row of it is seen now")
    closed = [policy.name for policy in policies if policy.unreadable]
    return (
        unknown(f"{', '.join(closed)} cannot be read") if closed else fine("ServiceNow's own integration has no rows")
    )


def _orders(patient: Patient) -> list[str]:
    """The tables of domain orders and order tasks."""
    tables = patient.settings.om_names.tables
    return [tables[part] for part in (*ORDER_PARTS, "order_task") if part in tables]


def _options(side: SideView) -> dict[str, str] | None:
    """The configuration of Service Management for work orders, label -> value; None where it cannot be read."""
    columns = Query().where("name", Op.IS, _CONFIG)
    try:
        labels = {
            row.get("element"): fold(row.get("column_label"))
            for row in side.api.scan("sys_dictionary", columns, ["element", "column_label"], display=False)
            if row.get("element")
        }
        rows = list(side.api.scan(_CONFIG, Query().where("table", Op.IS, side.table), sorted(labels), display=False))
    except REFUSED:
        return None
    return {labels[name]: value for row in rows for name, value in row.values.items() if name in labels} or None


def _doubling(patient: Patient) -> Seen:
    options = _options(patient.fsm)
    if options is None:
        return unknown("the configuration of Service Management cannot be read (sm_config)")
    on = [f"{label!r}: {what}" for label, what in _DOUBLING.items() if options.get(label) == "true"]
    return warning(f"switched on: {'; '.join(on)}") if on else fine("no option repeats notes or closes cases")


def _lifecycle(patient: Patient) -> Seen:
    options = _options(patient.fsm)
    if options is None:
        return unknown("the configuration of Service Management cannot be read (sm_config)")
    if any(options.get(label) == "true" for label in _REQUEST_DRIVEN):
        return failed("the lifecycle of work orders is driven by the request")
    return fine("work orders follow their tasks")


def _plugins(patient: Patient) -> Seen:
    seen = {
        fact.removeprefix("plugin "): value
        for side in (patient.om, patient.fsm)
        for fact, value in side.evidence.facts.items()
        if fact.startswith("plugin ")
    }
    if not seen:
        return unknown("nobody tells which plug-ins are active (v_plugin)")
    off = sorted(name for name, value in seen.items() if value == "inactive")
    return failed(f"inactive: {', '.join(off)}") if off else fine(f"active: {', '.join(sorted(seen))}")


def _choice_property(side: SideView) -> Seen:
    if side.property("glide.rest.choice.allow_non_existing_value") == "true":
        return warning("a value that is no choice is stored all the same")
    return fine("a value that is no choice is not stored")


_SOME = (Suite.FIRST, Suite.POST_CLONE, Suite.POST_UPGRADE)

CHECKS = (
    Check(
        "native.integration",
        "ServiceNow's own integration makes no work orders",
        "Every visit would be booked twice.",
        "Empty its two decision tables, or switch the integration off, before om-fsm runs.",
        _SOME,
        only="om",
        of_pair=_integration,
    ),
    Check(
        "native.options",
        "No option doubles the connector's notes",
        "People would read everything twice, customers perhaps too.",
        "Switch these options off in the Field Service configuration.",
        _SOME,
        only="fsm",
        of_pair=_doubling,
    ),
    Check(
        "native.lifecycle",
        "Work orders follow their tasks",
        "Closing the last task would not close the work order, and the gate would wait for ever.",
        "Change the request lifecycle to task driven; the other mode is no longer supported.",
        _SOME,
        only="fsm",
        of_pair=_lifecycle,
    ),
    Check(
        "native.plugins",
        "The plug-ins are active",
        "Without them tables and columns are missing.",
        "Activate them.",
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_pair=_plugins,
    ),
    Check(
        "native.choices",
        "A value that is no choice is not stored",
        "A mistyped state would be stored and mean nothing to anybody.",
        "Set glide.rest.choice.allow_non_existing_value to false.",
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_side=_choice_property,
    ),
)
