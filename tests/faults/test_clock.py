"""The clock of the connector's own machine may be wrong, and be put right by somebody."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.engine.clock import put_right
from connector.errors import ConnectorError, Held
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair

AHEAD = timedelta(days=1)


def pass_a_day_ahead(pair: Pair) -> None:
    outside = replace(pair.outside(), clock=lambda: pair.now() + AHEAD)
    with app.writing(pair.loaded, outside) as (engine, systems), pytest.raises(ConnectorError):
        app.sync_once(engine, systems, outside.clock)


@pytest.mark.parametrize("status", [429, 503])
def test_what_waits_since_the_clock_was_a_day_ahead_does_not_wait_for_a_day(pair: Pair, status: int) -> None:
    pair.sync()
    order = pair.approved(HAMBURG)
    refused = {"kind": "status", "status": status, "path_contains": "wm_order", "skip": 1, "count": None}
    pair.world.fault("fsm", refused)
    pass_a_day_ahead(pair)
    pair.world.clear_faults()
    pair.world.advance(4000)  # more than any instance that did not answer is left alone
    with suppress(Held):  # from the first look at the right clock on it waits for as long as was meant
        pair.sync()
    for _ in range(3):
        pair.world.advance(600)
        pair.sync()
    assert len(pair.work_orders(order)) == 2
    pair.assert_nothing_doubled()


def test_a_clock_that_is_right_changes_nothing_that_waits(pair: Pair) -> None:
    pair.approved(HAMBURG)
    pair.sync()
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.store.wake(["a" * 32], due=pair.now() + AHEAD, reason="later")
        before = engine.store.next_due(pair.now())
        assert put_right(engine.store.engine, pair.now()) == timedelta(0)
        assert engine.store.next_due(pair.now()) == before
        assert put_right(engine.store.engine, pair.now() - AHEAD) > timedelta(hours=23)
        after = engine.store.next_due(pair.now())
        assert before is not None
        assert after is not None
        assert before - after > timedelta(hours=23)
        assert put_right(engine.store.engine, pair.now() - AHEAD) == timedelta(0)
