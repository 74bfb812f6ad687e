"""How long answers take on a busy instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.slots import FEW_SESSIONS, Slots

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def test_requests_of_one_session_are_worked_on_one_at_a_time() -> None:
    slots = Slots()
    together = [slots.plan(0.0, 1.0, slots=16, session="a").total for _ in range(3)]
    apart = [slots.plan(0.0, 1.0, slots=16).total for _ in range(3)]
    assert (together, apart) == ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])


def test_only_sessions_that_are_still_being_answered_are_remembered() -> None:
    slots = Slots()
    slots.plan(0.0, 1e6, slots=10**6, session="long")
    for number in range(5000):
        slots.plan(float(number), 0.5, slots=10**6, session=f"session {number}")
    assert len(slots._sessions) <= FEW_SESSIONS
    assert slots.plan(5000.0, 1.0, slots=10**6, session="long").session == 1e6 - 5000.0


def test_more_requests_than_slots_wait() -> None:
    slots = Slots()
    assert [slots.plan(0.0, 2.0, slots=2).slot for _ in range(5)] == [0.0, 0.0, 2.0, 2.0, 4.0]
    assert slots.full(0.0, 3)
    assert not slots.full(0.0, 4)
    assert not slots.full(2.0, 3)


def test_an_answer_takes_the_latency_and_says_how_long_it_waited(world: World, fsm: Client) -> None:
    world.fsm.switches["latency_ms"] = 250
    answer = fsm.get("wm_order")
    assert world.now().isoformat() == "2026-03-02T08:00:00.250000+00:00"
    assert answer.headers["Server-Timing"].endswith("sem_wait;dur=0, sesh_wait;dur=0")


def test_too_many_waiting_requests_are_turned_away_without_effect(world: World, fsm: Client) -> None:
    world.fsm.switches["slot_queue"] = 0
    turned_away = fsm.post("wm_order", short_description="x")
    assert (turned_away.status_code, turned_away.headers["Content-Type"]) == (429, "text/html")
    assert "X-RateLimit-Rule" not in turned_away.headers
    world.fsm.switches["slot_queue"] = 150
    assert fsm.rows("wm_order") == []
