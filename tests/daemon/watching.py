"""What somebody who watches a daemon sees: its pages over a socket, and /metrics understood."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
from prometheus_client.parser import text_string_to_metric_families

from connector import app
from connector.daemon.metrics import METRICS, Observatory, exposition
from connector.daemon.pages import pages
from connector.daemon.pulse import Pulse
from connector.daemon.service import Service
from connector.daemon.webhook import Receiver, application
from connector.engine.gauges import gauges
from connector.running import traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.drain import Engine
    from tests.conftest import Pair

STUCK = 300.0

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

    service: Service
    engine: Engine
    url: str
    ticks: list[float] = field(default_factory=lambda: [0.0])

    def get(self, path: str) -> tuple[int, str]:
        answer = requests.get(self.url + path, timeout=5)
        return answer.status_code, answer.text

    def metrics(self) -> dict[str, Values]:
        status, page = self.get("/metrics")
        assert status == 200
        return understood(page)


@contextmanager
def watched(pair: Pair) -> Iterator[Watched]:
    """The pages of a daemon beside this pair, over a real socket."""
    ticks = [1000.0]
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, systems):
        pulse = Pulse(ticks=lambda: ticks[0], requests=lambda: systems.requests)
        service = Service(engine, poll_seconds=600, clock=pair.now, pulse=pulse)
        seen = Observatory(lambda: gauges(engine.store.engine, pair.now()), pulse, lambda: traffic(systems))
        routes = pages(alive=lambda: service.stuck(STUCK), ready=service.unready, metrics=lambda: exposition(seen))
        receiver = Receiver(application(None, service.wake, more=routes), "127.0.0.1", 0)
        receiver.start()
        try:
            yield Watched(service, engine, f"http://127.0.0.1:{receiver.port}", ticks)
        finally:
            receiver.stop()
