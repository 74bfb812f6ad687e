"""A write that is overtaken by what it finds at the last look is intended again, but not as fast as the instance answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.engine.store import Settlement
from connector.model import IntentState
from tests.unit.test_history import NOW, RO1, Memory, creation

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def overtake(memory: Memory, times: int) -> datetime:
    """Intended and overtaken so often, then intended once more: when that may be tried."""
    order_id = RO1.order.sys_id
    for _ in range(times):
        memory.learn(RO1, actions=(creation(RO1, "create RO1"),))
        moment, _ = memory.store.next_try(order_id) or (NOW, "")
        entry = memory.store.start_next(order_id, moment, look_again_at=moment)
        assert entry is not None
        memory.store.settle(entry, Settlement(IntentState.WITHDRAWN, "overtaken"), moment)
    memory.learn(RO1, actions=(creation(RO1, "create RO1"),))
    due, _ = memory.store.next_try(order_id) or (NOW, "")
    return due


def test_the_first_time_it_is_decided_again_at_once_and_then_ever_later(tmp_path: Path) -> None:
    waits = []
    for times in (0, 1, 2, 3, 12):
        memory = Memory(tmp_path / f"{times}.db")
        waits.append((overtake(memory, times) - NOW) / timedelta(seconds=1))
        memory.database.dispose()
    assert waits == [0, 0, 5, 10, 300]


def test_what_waits_when_its_process_ends_is_written_at_once_by_the_next_one(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db")
    due = overtake(memory, 4)
    assert due > NOW
    entry = memory.store.start_next(RO1.order.sys_id, due, look_again_at=due)
    assert entry is not None
    memory.store.settle(replace(entry, inherited=True), Settlement(IntentState.WITHDRAWN, "nothing found"), due)
    memory.learn(RO1, actions=(creation(RO1, "create RO1"),))
    assert (memory.store.next_try(RO1.order.sys_id) or (None, ""))[0] == NOW
