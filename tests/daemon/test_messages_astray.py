"""README promise: events only say where to look. Messages that come twice, not at all or in another order change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector import app
from connector.config import load
from tests.conftest import HAMBURG
from tests.daemon.test_process import live, subscribe, until  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from tests.daemon.test_process import Live

ASTRAY: list[tuple[str, dict[str, Any]]] = [
    ("outbound_double", {"count": None}),
    ("outbound_swap", {"count": 1}),
    ("outbound_lose", {"count": None}),
    ("outbound_lose", {"count": 2}),
]


@pytest.mark.parametrize(("kind", "how_often"), ASTRAY, ids=["doubled", "swapped", "all lost", "two lost"])
def test_messages_that_go_astray_change_nothing_of_what_becomes_of_an_order(
    live: Live,  # noqa: F811
    kind: str,
    how_often: dict[str, Any],
) -> None:
    world, pair = live.pair.world, live.pair
    config = live.daemon.config
    if (
        kind != "outbound_double"
    ):  # what is lost, and the last that waits for one to overtake it, is for the polls to find
        config.write_text(config.read_text(encoding="utf-8").replace("poll_seconds = 600", "poll_seconds = 1"), "utf-8")
    live.daemon.running()
    subscribe(live)

    def astray() -> None:
        for side in ("om", "fsm"):
            world.fault(side, {"kind": kind, **how_often})

    astray()
    order = pair.place(HAMBURG)
    pair.om("approve", order=order)
    assert until(lambda: len(pair.work_orders(order)) == 2), live.daemon.log.read_text(encoding="utf-8")
    number, visit = pair.resource_order(order), pair.install(order)
    assert until(lambda: pair.noted(number, visit, "was created"))
    for do, more in (("dispatch", {"technician": "technician"}), ("accept", {}), ("start", {}), ("complete", {})):
        if kind == "outbound_swap":
            astray()
        pair.fsm(do, work_order=visit, **more)
    assert until(lambda: pair.noted(number, visit, "-> Closed Complete")), pair.notes(number)
    world.sender.wait()

    told = [note for note in pair.notes(number) if visit in note]
    assert sum("was created" in note for note in told) == 1
    assert sum("-> Closed Complete" in note for note in told) == 1
    assert len(pair.work_orders(order)) == 2
    pair.assert_nothing_doubled()
    assert not live.daemon.said("Traceback")
    if how_often["count"] is None and kind == "outbound_lose":
        assert world.sender.sent == 0
    else:
        assert world.sender.sent > 0
    assert until(lambda: [plan for plan in app.plan_once(load(config)) if plan.actions] == [])
