"""Are these the instances they were? After a clone or a refresh, a copy must never write to production's partner."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.engine.hold import Side
from connector.mapping.marks import WorkOrderKey
from connector.servicenow.names import REFUSED

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView


def _identity(patient: Patient) -> Seen:
    if patient.guard is None:
        return unknown("there is no memory yet to compare with")
    differing = [
        f"{system.name}: {difference}"
        for side, system in ((Side.OM, patient.om_port), (Side.FSM, patient.fsm_port))
        for difference in patient.guard.differing(side, system, system.identity())
    ]
    return failed("; ".join(differing)) if differing else fine("both are the instances of first contact")


def _named_as_addressed(side: SideView) -> Seen:
    name = side.property("instance_name")
    host = urlsplit(side.instance.url).hostname or ""
    if not name or not host.endswith(".service-now.com"):
        return unknown("the property instance_name cannot be read, or the address is the customer's own")
    if name.casefold() != host.partition(".")[0].casefold():
        return failed(f"it calls itself {name!r}, its address is {host}")
    return fine(f"it calls itself {name!r}, as its address does")


def _address_of_itself(side: SideView) -> Seen:
    said = urlsplit(side.property("glide.servlet.uri")).hostname or ""
    host = urlsplit(side.instance.url).hostname or ""
    if not said:
        return unknown("the property glide.servlet.uri cannot be read")
    return (
        fine(f"its own address is {said}")
        if said == host
        else warning(f"its own address is {said}, the configured one {host}")
    )


def _foreign_marks(patient: Patient) -> Seen:
    ours = patient.settings.om.name
    keys = [key for _, text in patient.marked if (key := WorkOrderKey.parse(text))]
    shared = set(patient.settings.fsm.shared_with)
    foreign = sorted({key.om for key in keys} - {ours} - shared)
    if foreign:
        return warning(f"work orders carry the marks of another instance: {', '.join(foreign)} (this one is {ours})")
    neighbours = sorted({key.om for key in keys} & shared)
    return fine(f"every mark is of this instance{''.join(f' or of {name}' for name in neighbours)}")


def _ownerless(patient: Patient) -> Seen:
    """Whether what bears our name is for somebody here. Asks Order Management for the records the marks name."""
    ours = patient.settings.om.name
    keys = [key for _, text in patient.marked if (key := WorkOrderKey.parse(text)) and key.om == ours]
    wanted = sorted({key.initiator_id for key in keys})
    if not wanted:
        return fine(f"no work order carries the mark of {ours} yet")
    tables = patient.om.schema.tables
    parts = ["domain_order", "order_task", *(["case"] if patient.settings.policy.case else [])]
    try:
        rows = [row for part in parts for row in patient.om.api.scan_in(tables[part], "sys_id", wanted, ["sys_id"])]
    except REFUSED:
        return unknown("not every record that may have a work order can be read")
    missing = len(set(wanted) - {row["sys_id"] for row in rows})
    return (
        warning(f"of {len(wanted)} orders, tasks and cases that marks of {ours} name, {missing} are not there")
        if missing
        else fine(f"all {len(wanted)} orders, tasks and cases that marks of {ours} name are there")
    )


_CLONE = (Suite.FIRST, Suite.POST_CLONE)

CHECKS = (
    Check(
        "clone.identity",
        "Both are the instances of first contact",
        "A cloned sub-production must never write to production's partner.",
        "If the clone was meant: delete the memory file, then `om-fsm rebuild`.",
        _CLONE,
        of_pair=_identity,
    ),
    Check(
        "clone.name",
        "Its name is that of its address",
        "A clone without its clean-up still believes to be its source.",
        "Run the clone's clean-up scripts, or correct the url.",
        _CLONE,
        of_side=_named_as_addressed,
    ),
    Check(
        "clone.address",
        "Its own address is the configured one",
        "Links in notes and mails lead elsewhere.",
        "Correct glide.servlet.uri after the clone, or the url.",
        _CLONE,
        of_side=_address_of_itself,
    ),
    Check(
        "clone.marks",
        "No work order carries another instance's mark",
        "They came with a clone, and nobody follows them here.",
        "If they came with a clone, close them or empty their correlation_id; if another Order Management feeds this "
        "Field Service, name it: [fsm] shared_with.",
        _CLONE,
        only="fsm",
        of_pair=_foreign_marks,
    ),
    Check(
        "clone.owners",
        "What bears our marks is for somebody here",
        "Two Order Managements of one name on one Field Service may take each other's work orders for their own.",
        "Give each Order Management a [om] name of its own; records that were only deleted or archived need nothing.",
        _CLONE,
        only="fsm",
        of_pair=_ownerless,
    ),
)
