"""Who watches the daemon is told whether its loop lives and whether it can work. A down instance is no reason to kill it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from connector.engine.hold import Hold, HoldReason
from connector.engine.holds import Holds
from tests import PATIENCE
from tests.daemon.watching import watched

if TYPE_CHECKING:
    from tests.conftest import Pair

STUCK = 300 + 10 + 60  # seconds: patience, and the longest a request takes to connect and to be answered


def test_a_loop_that_turns_is_alive_and_one_that_has_not_turned_for_long_is_not(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.ticks[0] += STUCK
        assert daemon.get("/healthz") == (200, "ok")
        daemon.ticks[0] += 1
        status, text = daemon.get("/healthz")
        assert (status, "has not turned for 371 seconds" in text) == (503, True)
        daemon.running.service.pulse.beat()
        assert daemon.get("/healthz") == (200, "ok")


def test_a_pass_that_takes_long_but_goes_on_asking_is_alive(pair: Pair) -> None:
    with watched(pair) as daemon:
        daemon.ticks[0] += STUCK + 1
        daemon.engine.om.reach()
        assert daemon.get("/healthz") == (200, "ok")
        daemon.ticks[0] += STUCK + 1
        assert daemon.get("/healthz")[0] == 503


def test_it_is_ready_while_an_instance_is_down_and_asks_none_to_say_so(pair: Pair) -> None:
    pair.sync()
    pair.world.fault("fsm", {"kind": "status", "status": 503, "path_contains": "", "count": None})
    with watched(pair) as daemon:
        before = len(pair.world.requests("om")) + len(pair.world.requests("fsm"))
        Holds(daemon.engine.store.engine).place(Hold("fsm", HoldReason.UNREACHABLE, "down", pair.now()))
        assert daemon.get("/readyz") == (200, "ok")
        assert daemon.get("/healthz") == (200, "ok")
        assert daemon.metrics()["omfsm_holds"]["fsm", "unreachable"] == 1
        assert len(pair.world.requests("om")) + len(pair.world.requests("fsm")) == before


def test_it_is_not_ready_when_memory_cannot_be_read_and_the_other_metrics_go_on(pair: Pair) -> None:
    pair.sync()
    with watched(pair) as daemon:
        assert daemon.get("/readyz") == (200, "ok")
        assert daemon.metrics()["omfsm_memory_up"] == {(): 1.0}
        daemon.engine.store.engine.dispose()
        for path in pair.memory.parent.glob(f"{pair.memory.name}*"):
            if not path.name.endswith(".lock"):
                path.write_bytes(b"\xa5" * 8192)
        status, text = daemon.get("/readyz")
        assert (status, str(pair.memory) in text, "Traceback" in text) == (503, True, False)
        seen = daemon.metrics()
        assert seen["omfsm_memory_up"] == {(): 0.0}
        assert "omfsm_build_info" in seen
        assert "omfsm_outbox_writes" not in seen


def test_without_a_secret_no_message_is_taken(pair: Pair) -> None:
    with watched(pair) as daemon:
        assert requests.post(f"{daemon.url}/webhook", data=b"{}", timeout=PATIENCE).status_code == 404
