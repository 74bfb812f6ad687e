"""Many walks, each in a child forked from one prepared world: a fork is the cheapest copy of everything there is."""

from __future__ import annotations

import faulthandler
import gc
import json
import logging
import os
import shutil
import sqlite3
import tempfile
import traceback
from collections import Counter
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import make_pair, with_cases
from tests.faults.outcome import state_of
from tests.faults.walk.moves import ACTIVATION, ASKING, CASE_POLICY, COMPENSATIONS
from tests.faults.walk.player import Player, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.sandbox import World
    from tests.faults.walk.story import Step


_LONGEST = 300  # seconds of one walk; who takes longer hangs


@dataclass
class Walked:
    """How one walk ended. `why` is empty when every promise held."""

    why: str = ""
    told: list[str] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)  # the requests of its last pass
    outcome: dict[str, Any] = field(default_factory=dict)  # what both instances came to


class Crowd:
    """A prepared world, and children who walk through it. Use it as a context; no other thread may run meanwhile."""

    def __init__(self, prepare: Callable[[World], None] = prepare, compensations: str = COMPENSATIONS) -> None:
        self._prepare, self._compensations = prepare, compensations

    def __enter__(self) -> Crowd:
        logging.disable(logging.CRITICAL)
        self._directory = Path(tempfile.mkdtemp(prefix="walk-"))
        self._pair = with_cases(make_pair(self._directory), CASE_POLICY)
        (self._directory / "compensation.csv").write_text(self._compensations, encoding="utf-8")
        (self._directory / "asking.csv").write_text(ASKING, encoding="utf-8")
        tasks = self._pair.loaded.resolve(self._pair.loaded.settings.policy.order_task)
        tasks.write_text(tasks.read_text(encoding="utf-8").replace("other,", f"{ACTIVATION}\nother,"), encoding="utf-8")
        self._prepare(self._pair.world)
        for _ in range(20):  # until the first round of the sweep is over: it would find what the feeds have missed
            self._pair.sync()
        self._remember()
        return self

    def _remember(self) -> None:
        """What children begin with: the world as it is, and this copy of memory."""
        with sqlite3.connect(self._pair.memory) as database:
            self._memory = database.serialize()
        database.close()
        gc.collect()
        gc.freeze()

    def go_on(self, people: Callable[[World], None]) -> None:
        """What was begun comes to rest, then people do something more."""
        self._pair.settle()
        people(self._pair.world)
        self._pair.world.advance(10)
        self._remember()

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        logging.disable(logging.NOTSET)
        self._pair.world.close()
        shutil.rmtree(self._directory)

    def walk(self, steps: Sequence[Step]) -> Walked:
        """Play one story in a child of its own."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            status = 1
            try:
                walked = self._live(steps)
                with os.fdopen(writing, "w", encoding="utf-8") as answer:
                    json.dump(astuple(walked), answer)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        return Walked(*json.loads(text)) if text else Walked("the walker died")

    def _live(self, steps: Sequence[Step]) -> Walked:
        directory = Path(tempfile.mkdtemp(dir=self._directory))
        os.environ.clear()  # requests looks for proxies there, at every request
        gc.disable()
        faulthandler.dump_traceback_later(_LONGEST, exit=True)
        try:
            settings = self._pair.loaded.settings
            mine = settings.model_copy(
                update={"memory": settings.memory.model_copy(update={"path": directory / "om-fsm.db"})}
            )
            (directory / "om-fsm.db").write_bytes(self._memory)
            player = Player(self._pair.world, self._pair.loaded.model_copy(update={"settings": mine}))
            return play(player, steps)
        finally:
            shutil.rmtree(directory)


def play(player: Player, steps: Sequence[Step]) -> Walked:
    """The story, and how it ended."""
    why = ""
    try:
        player.play(steps)
    except AssertionError as wrong:
        why = f"{type(wrong).__name__}: {wrong}"
    except Exception:
        why = traceback.format_exc()
    counts: Counter[str] = Counter(player.truth.counts)
    counts["deaths"], counts["refused"] = player.deaths, player.refused
    return Walked(why, player.told, {**counts, "days": player.days}, player.passed, state_of(player.world))
