"""A push-back slows the whole instance down, not the thread that met it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from connector.errors import Unavailable
from connector.exchange import LONGEST_ASKED
from connector.servicenow.pace import MOST, Pace
from connector.servicenow.query import Query
from tests.wire.answers import said
from tests.wire.instance import URL

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

TABLE = f"{URL}/api/now/table/wm_order"


def still(seconds: list[float]) -> Pace:
    """A pace whose time passes only by sleeping."""
    return Pace(clock=lambda: sum(seconds), sleep=seconds.append)


def test_what_one_thread_was_told_keeps_every_thread_away(
    mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    mocked.get(TABLE, said("Rate limit exceeded"), status=429, headers={"Retry-After": "600"})
    with ThreadPoolExecutor(1) as other, pytest.raises(Unavailable):
        other.submit(lambda: list(api.scan("wm_order", Query(), []))).result()
    with pytest.raises(Unavailable, match="left alone for 600 seconds") as raised:
        list(api.scan("wm_order", Query(), []))
    assert (raised.value.status, raised.value.retry_after) == (429, 600.0)
    assert len(mocked.calls) == 1


def test_once_the_time_is_over_it_is_asked_again(
    mocked: responses.RequestsMock, api: TableApi, waits: list[float]
) -> None:
    mocked.get(TABLE, said("Rate limit exceeded"), status=429, headers={"Retry-After": "600"})
    mocked.get(TABLE, json={"result": []}, headers={"X-Total-Count": "0"})
    with pytest.raises(Unavailable):
        list(api.scan("wm_order", Query(), []))
    waits.append(600.0)
    assert list(api.scan("wm_order", Query(), [])) == []


@pytest.mark.parametrize(("asked", "pauses"), [(None, [1, 2, 4, 8]), (3.0, [3, 3, 3, 3])])
def test_who_is_not_told_how_long_waits_longer_each_time(asked: float | None, pauses: list[float]) -> None:
    passed: list[float] = []
    pace = still(passed)
    for pause in pauses:
        pace.push_back(asked)
        assert pace.pause == pause
        passed.append(pause)


def test_who_waited_for_its_turn_is_told_of_the_long_pause_that_began_meanwhile_and_does_not_sleep_it_out() -> None:
    slept: list[float] = []
    pace = still(slept)
    pace.begin_gently()  # one at a time, as after every outage

    def wait_for_ones_turn() -> float:
        with pace.turn() as pause:
            return pause

    with ThreadPoolExecutor(3) as others:
        with pace.turn() as mine:
            waiting = [others.submit(wait_for_ones_turn) for _ in range(3)]
            pace.push_back(3600.0)
        told = [one.result() for one in waiting]
    assert (mine, told, slept) == (0.0, [3600.0] * 3, [])
    pace.begin_gently()  # released by a person
    with pace.turn() as pause:
        assert pause == 0.0


def test_a_short_pause_is_waited_for_in_ones_turn() -> None:
    slept: list[float] = []
    pace = still(slept)
    pace.push_back(4.0)
    with pace.turn() as pause:
        assert (pause, slept) == (0.0, [4.0])


@pytest.mark.parametrize("asked", [31_536_000.0, 1e30, float("inf")])
def test_nobody_is_left_alone_for_more_than_a_day(asked: float) -> None:
    pace = still([])
    pace.push_back(asked)
    assert pace.pause == LONGEST_ASKED == 24 * 3600


def test_each_push_back_halves_what_is_under_way_and_success_gives_it_back_slowly() -> None:
    pace = still([])
    limits = []
    for _ in range(6):
        pace.push_back(None)
        limits.append(pace.limit)
    assert limits == [8, 4, 2, 1, 1, 1]
    for _ in range(30):
        pace.success()
    assert pace.limit == 4
    for _ in range(1000):
        pace.success()
    assert pace.limit == MOST


def test_an_instance_that_is_back_is_asked_one_thing_at_a_time_at_first() -> None:
    pace = still([])
    pace.push_back(3600.0)
    pace.begin_gently()
    assert (pace.limit, pace.pause) == (1, 0.0)
    under_way, most = 0, 0
    lock = threading.Lock()

    def ask() -> None:
        nonlocal under_way, most
        with pace.turn():
            with lock:
                under_way += 1
                most = max(most, under_way)
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(ask) for _ in range(50)]:
            one.result()
    assert most == 1


def test_a_clock_that_was_set_back_does_not_keep_us_away() -> None:
    now = [1000.0]
    pace = Pace(clock=lambda: now[0], sleep=lambda _: None)
    pace.push_back(30.0)
    assert pace.pause == 30.0
    now[0] = 10.0
    assert pace.pause == 0.0
    pace.push_back(1.0)
    assert pace.pause == 1.0
