"""Will the instances bear the configured pace?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.errors import RemoteError
from connector.servicenow.lean import page

if TYPE_CHECKING:
    from connector.doctor.patient import SideView

_SLOW_READ, _SLOW_PAGE = 2.0, 20.0  # seconds
_QUEUED = 500  # milliseconds
_TIMING = re.compile(r"(sem_wait|sesh_wait);dur=(\d+)")


def _rate(side: SideView) -> Seen:
    side.api.probe(side.table)
    limit = side.api.traffic.headers.get("X-RateLimit-Limit", "")
    needed = side.requests_per_hour
    if not limit.isdecimal():
        return fine(f"no rate-limit rule applies; about {needed} requests an hour are sent when nothing happens")
    text = f"{limit} requests an hour are allowed; about {needed} are sent when nothing happens"
    if needed >= int(limit):
        return failed(text)
    return warning(text) if needed * 2 > int(limit) else fine(text)


def _latency(side: SideView) -> Seen:
    seconds = side.seconds(lambda: side.api.probe(side.table))
    text = f"one record takes {seconds:.1f} seconds"
    return warning(text) if seconds > _SLOW_READ else fine(text)


def _page(side: SideView) -> Seen:
    size = side.api.endpoint.page
    columns = ["sys_id", "sys_updated_on", "sys_mod_count"]
    read: list[int] = []
    try:
        seconds = side.seconds(lambda: read.append(len(page(side.api, side.table, "ORDERBYsys_id", columns, size)[0])))
    except RemoteError as error:
        return failed(f"a page of {size} rows does not come whole: {error}")
    text = f"a page of {read[0]} rows (of {size} asked for) takes {seconds:.1f} seconds"
    return warning(text) if seconds > _SLOW_PAGE else fine(text)


def _queue(side: SideView) -> Seen:
    side.api.probe(side.table)
    timing = side.api.traffic.headers.get("Server-Timing", "")
    waits = {name: int(value) for name, value in _TIMING.findall(timing)}
    if not waits:
        return unknown("the instance does not tell how long requests wait (Server-Timing)")
    slow = [f"{name} {value} ms" for name, value in waits.items() if value > _QUEUED]
    return warning(f"requests wait on the instance: {', '.join(slow)}") if slow else fine("requests are served at once")


def _push_back(side: SideView) -> Seen:
    pause = side.api.pace.pause
    if pause > 0:
        return warning(f"the instance has had too many requests and is left alone for {pause:.0f} seconds")
    return fine("the instance does not push back")


_SOME = (Suite.FIRST, Suite.PERFORMANCE)

CHECKS = (
    Check(
        "pace.rate",
        "Rate rules allow the configured pace",
        "Over the limit everything is answered 429, and nothing is carried across.",
        "Raise the rule for the connector's user, or poll_seconds and sweep_seconds under [daemon].",
        _SOME,
        of_side=_rate,
    ),
    Check(
        "pace.latency",
        "One record is read quickly",
        "Every look at an order takes a dozen requests.",
        "Look at the instance's load, and the network and proxy in between.",
        (Suite.PERFORMANCE,),
        of_side=_latency,
    ),
    Check(
        "pace.page",
        "A whole page arrives",
        "Pages that are cut or canceled are read again and again.",
        "Lower rows_per_page.",
        (Suite.PERFORMANCE,),
        of_side=_page,
    ),
    Check(
        "pace.queue",
        "Requests do not queue on the instance",
        "A full queue answers 429 to everybody.",
        "Ask for more API semaphores, or let the connector send less at a time: [outbox] in_flight.",
        (Suite.PERFORMANCE,),
        of_side=_queue,
    ),
    Check(
        "pace.push_back",
        "The instance does not push back",
        "It is asked ever more rarely meanwhile.",
        "Wait, or raise the rate rule.",
        _SOME,
        of_side=_push_back,
    ),
)
