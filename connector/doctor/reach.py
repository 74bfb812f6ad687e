"""Can the instances be reached, and are they what they should be?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.discover.swapped import swapped
from connector.doctor.check import EVERYWHERE, Check, Seen, Suite, failed, fine, unknown, warning
from connector.errors import Hibernating, Unavailable

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView


def _answers(side: SideView) -> Seen:
    if isinstance(side.failure, Unavailable):
        return failed(f"{side.failure} {side.failure.hint}")
    return fine(f"{side.api.endpoint.url} answers")


def _certificate(side: SideView) -> Seen:
    if side.failure is not None and "certificate was not accepted" in str(side.failure):
        return failed(str(side.failure))
    return fine("its certificate is accepted") if not isinstance(side.failure, Unavailable) else unknown("no answer")


def _awake(side: SideView) -> Seen:
    if isinstance(side.failure, Hibernating):
        return failed(str(side.failure))
    return fine("it is awake") if not isinstance(side.failure, Unavailable) else unknown("no answer")


def _servicenow(side: SideView) -> Seen:
    text = str(side.failure or "")
    if any(
        words in text for words in ("web page instead of JSON", "redirects to another page", "without X-Total-Count")
    ):
        return failed(text)
    return (
        fine("it answers as a ServiceNow instance")
        if not isinstance(side.failure, Unavailable)
        else unknown("no answer")
    )


def _two(patient: Patient) -> Seen:
    if patient.settings.om.url == patient.settings.fsm.url:
        return fine("both applications are on one instance")
    ids = [side.property("instance_id") for side in (patient.om, patient.fsm)]
    if ids[0] and ids[0] == ids[1]:
        return failed(f"both addresses lead to an instance with the instance_id {ids[0]}")
    return fine("they are two instances")


def _swapped(patient: Patient) -> Seen:
    wrong = swapped(patient.om.api, patient.om.table, patient.fsm.api, patient.fsm.table)
    return failed(wrong) if wrong else fine("each address leads to its own application")


def _transaction(side: SideView) -> Seen:
    side.api.probe(side.table)
    named = side.api.transaction
    return fine(f"each answer names its transaction ({named})") if named else warning("no answer names its transaction")


CHECKS = (
    Check(
        "reach.answers",
        "The instance can be reached",
        "Without it nothing is carried across.",
        "Check the url, DNS, proxy and firewall; the hint says which.",
        of_side=_answers,
        offline=True,
    ),
    Check(
        "reach.certificate",
        "Its TLS certificate is accepted",
        "An unknown certificate may be somebody in between.",
        "Where the instance has a private authority, name it: ca_file.",
        of_side=_certificate,
        offline=True,
    ),
    Check(
        "reach.awake",
        "It does not hibernate",
        "A sleeping developer instance answers every question with a page.",
        "Wake it on the developer site.",
        of_side=_awake,
        offline=True,
    ),
    Check(
        "reach.servicenow",
        "What answers is a ServiceNow instance",
        "A proxy, a login page or another product says nothing about orders.",
        "Correct the url; keep proxies and single sign-on away from /api/now.",
        of_side=_servicenow,
        offline=True,
    ),
    Check(
        "reach.two_instances",
        "Two addresses are two instances",
        "One instance under two names would be read and written twice.",
        "Give both sides the same url where they are one instance.",
        (Suite.FIRST, Suite.POST_CLONE),
        of_pair=_two,
    ),
    Check(
        "reach.swapped",
        "Each address leads to its own application",
        "Orders would be looked for where the work orders are.",
        "Give each side its own url, user and secret.",
        (Suite.FIRST, Suite.POST_CLONE),
        of_pair=_swapped,
    ),
    Check(
        "reach.transaction",
        "Answers name their transaction",
        "ServiceNow's support asks for it when a write fails.",
        "A proxy may remove the header X-Transaction-ID: let it pass.",
        EVERYWHERE,
        of_side=_transaction,
    ),
)
