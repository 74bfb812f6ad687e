"""What somebody who watches a daemon sees: its pages over a socket, and /metrics understood."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from prometheus_client.parser import text_string_to_metric_families

from connector import app
from connector.config import load
from connector.daemon.metrics import METRICS
from connector.running import Running
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.drain import Engine
    from tests.conftest import Pair

Values = dict[tuple[str, ...], float]


def understood(page: str) -> dict[str, Values]:
    """Name of a sample -> values of its labels -> value."""
    found: dict[str, Values] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in METRICS[sample.name].labels)
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


@dataclass
class Watched:
    """A daemon that listens, and whose loop is turned by hand."""

    running: Running
    url: str
    ticks: list[float]

    @property
    def engine(self) -> Engine:
        return self.running.service._engine

    def turn(self) -> None:
        """One turn of the loop, as the worker would do it when a poll is due."""
        service = self.running.service
        service._succeed()
        service._poll_wanted.set()
        service._turn(service.pulse.beat())

    def get(self, path: str) -> tuple[int, str]:
        answer = requests.get(self.url + path, timeout=PATIENCE)
        return answer.status_code, answer.text

    def reload(self, **headers: str) -> tuple[int, str]:
        answer = requests.post(f"{self.url}/-/reload", headers=headers, timeout=PATIENCE)
        return answer.status_code, answer.text

    def metrics(self) -> dict[str, Values]:
        status, page = self.get("/metrics")
        assert status == 200
        return understood(page)


@contextmanager
def watched(pair: Pair) -> Iterator[Watched]:
    """A daemon beside this pair that listens on a real socket."""
    path = pair.loaded.path
    if "[http]" not in path.read_text(encoding="utf-8"):
        path.write_text(f"{path.read_text(encoding='utf-8')}\n[http]\nport = 0\n", encoding="utf-8")
    ticks = [1000.0]
    loaded = load(path)
    with app.writing(loaded, pair.outside(), patient=True) as (engine, systems):
        running = Running(loaded, engine, systems, pair.outside(), ticks=lambda: ticks[0])
        with running.listening() as where:
            url = where.partition("listening on ")[2].partition(",")[0]
            yield Watched(running, url, ticks)
