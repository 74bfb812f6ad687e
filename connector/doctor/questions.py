"""Do the instances understand the connector's questions: zones, clocks, bounds, order, length?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.doctor.check import EVERYWHERE, Check, Seen, Suite, failed, fine, unknown, warning
from connector.errors import AbsurdAnswer, ConfigError, RemoteError
from connector.servicenow.lean import page
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView

_UTC = frozenset({"GMT", "UTC", "Etc/UTC", "Etc/GMT"})
_SKEW = timedelta(minutes=2)
_NOWHERE = "u_om_fsm_no_such_column=1"
_LONG = 200  # sys_ids in one question: 7 kB, as the connector really asks


def _zone(side: SideView) -> Seen:
    zone = side.me.get("time_zone", "")
    if not zone:
        default = side.property("glide.sys.default.tz")
        return (
            warning(f"the user has no zone of its own, so that of the instance counts: {default}")
            if default
            else unknown("the user's zone cannot be read")
        )
    return fine(f"the user's zone is {zone}") if zone in _UTC else warning(f"the user's zone is {zone}")


def _literals(side: SideView) -> Seen:
    match side.calibration:
        case True:
            return fine("measured: dates in queries are UTC")
        case ConfigError() as error:
            return failed(str(error))
        case False:
            return unknown("there is no record yet to measure with")
        case error:
            return unknown(str(error))


def _bound(side: SideView) -> Seen:
    if isinstance(side.calibration, AbsurdAnswer):
        return failed(str(side.calibration))
    return fine("a question no record can satisfy finds none")


def _skew(side: SideView) -> Seen:
    side.api.probe(side.table)
    seconds = side.offset.total_seconds()
    return (
        warning(f"its clock is {seconds:+.0f} seconds from this machine's")
        if abs(side.offset) > _SKEW
        else fine(f"its clock is {seconds:+.0f} seconds from this machine's")
    )


def _between(patient: Patient) -> Seen:
    for side in (patient.om, patient.fsm):
        side.api.probe(side.table)
    apart = patient.om.offset - patient.fsm.offset
    text = f"the two clocks are {abs(apart).total_seconds():.0f} seconds apart"
    return warning(text) if abs(apart) > _SKEW else fine(text)


def _invalid(side: SideView) -> Seen:
    try:
        rows, total = page(side.api, side.table, _NOWHERE, ["sys_id"], 1)
    except RemoteError:
        return fine("a column that does not exist is refused")
    if rows or total:
        return fine("a column that does not exist is ignored: the connector checks each row against its question")
    known = [said for said in side.evidence.columns.values() if said.is_known]
    if not known:
        return warning("a column that does not exist finds nothing, silently, and the columns cannot be verified")
    return fine("a column that does not exist finds nothing; the columns in use were verified")


def _order(side: SideView) -> Seen:
    rows, _ = page(side.api, side.table, "ORDERBYsys_updated_on^ORDERBYsys_id", ["sys_id", "sys_updated_on"], 50)
    keys = [(row.get("sys_updated_on", ""), row["sys_id"].casefold()) for row in rows]
    if keys != sorted(keys):
        return failed("records asked for in order of sys_updated_on and sys_id came in another order")
    return fine("records come in the order that is asked for")


def _long_question(side: SideView) -> Seen:
    query = Query().where("sys_id", Op.IN, *(f"{n:032x}" for n in range(_LONG)))
    try:
        page(side.api, side.table, str(query), ["sys_id"], 1)
    except RemoteError as error:
        if error.status in (400, 413, 414):
            return failed(f"an address of 7 kB is refused: {error}")
        raise
    return fine("an address of 7 kB passes")


CHECKS = (
    Check(
        "clock.zone",
        "The user's time zone is GMT",
        "What scripts and people read as the user's time would be off by the zone.",
        "Set sys_user.time_zone of the connector's user to GMT.",
        (Suite.FIRST, Suite.POST_CLONE),
        of_side=_zone,
    ),
    Check(
        "clock.literals",
        "Dates in queries are read as UTC (measured)",
        "Otherwise changes of some hours are missed without a sign.",
        "Set the time zone of the connector's user to GMT, then start again.",
        of_side=_literals,
    ),
    Check(
        "clock.skew",
        "Its clock agrees with this machine's",
        "Tokens, webhooks and what people read depend on it; the cursors do not.",
        "Synchronize this machine's clock (NTP).",
        (Suite.FIRST, Suite.PERFORMANCE),
        of_side=_skew,
    ),
    Check(
        "clock.between",
        "Both instances' clocks agree",
        "The order of notes and state changes across the two would mislead people.",
        "Tell ServiceNow's support which instance is off.",
        (Suite.FIRST,),
        of_pair=_between,
    ),
    Check(
        "query.bound",
        "The bound of a question is kept",
        "A cursor whose bound is ignored reads whole tables, or misses changes.",
        "Check that the table has sys_updated_on and that the user may use it in queries.",
        of_side=_bound,
    ),
    Check(
        "query.invalid",
        "What an unknown column in a question does",
        "A column that is gone could look like an empty answer.",
        "Let the user read sys_dictionary, or name the columns in a profile (`om-fsm discover`).",
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_side=_invalid,
    ),
    Check(
        "query.order",
        "Records come in the order that is asked for",
        "Pages are turned by that order; another one loses records.",
        "Ask an administrator for query rules or ACLs on sys_updated_on.",
        of_side=_order,
    ),
    Check(
        "query.long",
        "Long questions pass",
        "Records are read in sets, with addresses of up to 8,000 bytes; a proxy may allow less.",
        "Raise the limit of the proxy in between.",
        EVERYWHERE,
        of_side=_long_question,
    ),
)
