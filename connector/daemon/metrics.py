"""`/metrics` for Prometheus: what is read from memory and counted in this process. No instance is asked for it.

No label holds a number, a name or anything else of an order: the labels and their values are few and fixed.
"""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from connector import __version__
from connector.daemon.pulse import PassEnd
from connector.engine.hold import Side
from connector.errors import MemoryFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from connector.daemon.pulse import Pulse
    from connector.engine.gauges import Gauges


class Kind(Enum):
    """What Prometheus does with a value."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Told:
    """One metric: what it says, and by which labels."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE


METRICS = {
    one.name: one
    for one in (
        Told("omfsm_build_info", "1, with the version of the connector and of Python", ("version", "python")),
        Told("omfsm_pair_info", "1, with what the configuration calls the two instances of this daemon", ("om", "fsm")),
        Told("omfsm_start_timestamp_seconds", "When this process began"),
        Told(
            "omfsm_silent_seconds", "Seconds since the loop gave a sign of life; `/healthz` fails when it is too many"
        ),
        Told(
            "omfsm_lag_seconds",
            "The oldest change of one side that may not have reached the other: since the side was last asked for changes, since "
            "the oldest look was due, since the oldest write to the other side was intended, whichever is longest",
            ("direction",),
        ),
        Told("omfsm_wakeups", "Orders to be looked at: due now (the backlog), or later", ("when",)),
        Told("omfsm_oldest_wakeup_age_seconds", "Since the look that waits longest was due"),
        Told("omfsm_outbox_writes", "Writes that are not settled, and those parked for a person", ("state",)),
        Told("omfsm_oldest_write_age_seconds", "Since the oldest write that is not settled was intended", ("side",)),
        Told(
            "omfsm_requests_total", "HTTP requests to an instance, by how they ended", ("side", "outcome"), Kind.COUNTER
        ),
        Told(
            "omfsm_push_backs_total",
            "Times an instance said that it has too many requests (429)",
            ("side",),
            Kind.COUNTER,
        ),
        Told("omfsm_requests_allowed", "Requests that may be under way at once; fewer after a push-back", ("side",)),
        Told("omfsm_pause_seconds", "Seconds for which an instance still wants to be left alone", ("side",)),
        Told("omfsm_holds", "Holds in force, brakes too, on a side or on orders", ("target", "reason")),
        Told("omfsm_brakes", "Holds that only a person who has looked may release", ("target",)),
        Told(
            "omfsm_gates",
            "What the closure gate has to do with; a domain order may be in several situations",
            ("situation",),
        ),
        Told("omfsm_findings", "What a person should look at, by code", ("code",)),
        Told("omfsm_orders", "Orders with field work decided, and those that are over", ("state",)),
        Told("omfsm_work_orders", "Work orders of the orders that are not over", ("state",)),
        Told("omfsm_passes_total", "Turns of the loop, by how they ended", ("outcome",), Kind.COUNTER),
        Told("omfsm_last_pass_timestamp_seconds", "When a turn of the loop last ended so", ("outcome",)),
        Told("omfsm_last_pass_duration_seconds", "How long the last turn of the loop took"),
        Told("omfsm_last_timestamp_seconds", "When a webhook last arrived, or the doctor last made a round", ("what",)),
        Told("omfsm_config_last_reload_successful", "0 while the files hold a configuration that was refused"),
        Told("omfsm_config_last_reload_success_timestamp_seconds", "When the configuration in use was taken over"),
        Told("omfsm_memory_up", "1 while memory can be read; without it the metrics that come from it are missing"),
    )
}
_LAST = ("webhook", "doctor")
_DIRECTIONS = {"om_to_fsm": (Side.OM, Side.FSM), "fsm_to_om": (Side.FSM, Side.OM)}


@dataclass(frozen=True, slots=True)
class Traffic:
    """What passed between us and one instance, and how fast it may be asked."""

    outcomes: Mapping[str, int]
    allowed: int
    pause: float  # seconds


@dataclass(frozen=True, slots=True)
class Observatory:
    """Where the numbers come from. `memory` raises MemoryFailed."""

    memory: Callable[[], Gauges]
    pulse: Pulse
    names: Mapping[Side, str]  # of the two instances, as configured
    traffic: Mapping[Side, Traffic]
    reload_successful: bool = True
    reloaded_at: datetime | None = None


class Samples:
    """Values on their way to a page."""

    def __init__(self) -> None:
        self._families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """One value of a metric of the list above."""
        told = METRICS[name]
        if name not in self._families:
            kind = GaugeMetricFamily if told.kind is Kind.GAUGE else CounterMetricFamily
            self._families[name] = kind(name, told.text, labels=told.labels)
        self._families[name].add_metric(labels, value)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())


class _Once(Collector):
    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterable[Metric]:
        return self._samples


def exposition(seen: Observatory) -> bytes:
    """The page, in Prometheus' text format."""
    samples = Samples()
    _of_process(samples, seen)
    for side, traffic in seen.traffic.items():
        _of_instance(samples, side.value, traffic)
    try:
        found = seen.memory()
    except MemoryFailed:
        samples.add("omfsm_memory_up", 0)
    else:
        samples.add("omfsm_memory_up", 1)
        _of_memory(samples, found)
        for direction, (source, target) in _DIRECTIONS.items():
            lag = max(seen.pulse.unasked(source), found.oldest_wakeup, found.oldest_write[target])
            samples.add("omfsm_lag_seconds", lag, direction)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(samples))
    return generate_latest(registry)


def _of_process(samples: Samples, seen: Observatory) -> None:
    pulse, now = seen.pulse, time.time()
    samples.add("omfsm_build_info", 1, __version__, platform.python_version())
    samples.add("omfsm_pair_info", 1, seen.names[Side.OM], seen.names[Side.FSM])
    samples.add("omfsm_start_timestamp_seconds", now - pulse.age(pulse.began))
    samples.add("omfsm_silent_seconds", pulse.silent)
    samples.add("omfsm_last_pass_duration_seconds", pulse.last_duration)
    samples.add("omfsm_config_last_reload_successful", seen.reload_successful)
    if seen.reloaded_at is not None:
        samples.add("omfsm_config_last_reload_success_timestamp_seconds", seen.reloaded_at.timestamp())
    for end in PassEnd:
        passes = pulse.passes(end)
        samples.add("omfsm_passes_total", passes.count, end.value)
        if passes.at is not None:
            samples.add("omfsm_last_pass_timestamp_seconds", now - pulse.age(passes.at), end.value)


def _of_instance(samples: Samples, side: str, traffic: Traffic) -> None:
    for outcome, count in traffic.outcomes.items():
        samples.add("omfsm_requests_total", count, side, outcome)
    samples.add("omfsm_push_backs_total", traffic.outcomes["throttled"], side)
    samples.add("omfsm_requests_allowed", traffic.allowed, side)
    samples.add("omfsm_pause_seconds", traffic.pause, side)


def _of_memory(samples: Samples, found: Gauges) -> None:
    by_label: dict[str, Mapping[str, int]] = {
        "omfsm_wakeups": {"due": found.backlog, "later": found.later},
        "omfsm_outbox_writes": found.outbox,
        "omfsm_gates": found.gates,
        "omfsm_findings": found.findings,
        "omfsm_orders": {"followed": found.orders, "archived": found.archived},
        "omfsm_work_orders": {"open": found.open_work_orders, "closed": found.closed_work_orders},
        "omfsm_brakes": {
            target: sum(count for (held, reason), count in found.holds.items() if held == target and reason.is_brake)
            for target in (side.value for side in Side)
        },
    }
    for name, counts in by_label.items():
        for label, count in counts.items():
            samples.add(name, count, label)
    for (target, reason), count in found.holds.items():
        samples.add("omfsm_holds", count, target, reason.value)
    samples.add("omfsm_oldest_wakeup_age_seconds", found.oldest_wakeup)
    for side, age in found.oldest_write.items():
        samples.add("omfsm_oldest_write_age_seconds", age, side.value)
    for what in _LAST:
        if what in found.last:
            samples.add("omfsm_last_timestamp_seconds", found.last[what].timestamp(), what)
