"""What the connector costs while nothing happens: requests and bytes of an idle pass, and of a round of sweeping.

Counted where they leave the connector: bytes are those on the wire (bodies compressed, as every client that says so gets them),
with headers. The sandbox answers in process; times are those of this machine and say nothing about an instance.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requests.adapters import BaseAdapter

from connector import app
from connector.config import load
from connector.demo.setup import write_config
from connector.engine.known import KnownRecords, Round
from connector.engine.sweep import sweep
from connector.engine.watch import notice
from connector.exchange import WORK_ORDER, Record, Sketch
from connector.mapping.marks import WorkOrderKey
from connector.sandbox import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from connector.engine.drain import Engine


@dataclass
class Meter:
    """What passed since it was last read."""

    requests: int = 0
    sent: int = 0
    received: int = 0
    bodies: int = 0

    def read(self) -> Meter:
        passed = replace(self)
        self.requests = self.sent = self.received = self.bodies = 0
        return passed


class Metered(BaseAdapter):
    """Counts what passes through another adapter."""

    def __init__(self, inner: BaseAdapter, meter: Meter) -> None:
        super().__init__()
        self.inner = inner
        self.meter = meter

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self.inner.send(request, *args, **kwargs)
        _ = response.content
        body = response.raw.tell()
        self.meter.requests += 1
        self.meter.sent += len(request.path_url) + _lines(request.headers)
        self.meter.received += body + _lines(response.headers)
        self.meter.bodies += body
        return response

    def close(self) -> None:
        self.inner.close()


def _lines(headers: Any) -> int:
    return sum(len(name) + len(str(value)) + 4 for name, value in headers.items())


def plant(world: World, count: int) -> Iterator[Record]:
    """Open work orders as the connector leaves them, and what memory knows of them."""
    writer = world.users("fsm")["connector"]
    with world.fsm.records.together():
        for number in range(count):
            initiator = f"{number:032x}"
            key = str(WorkOrderKey("om", initiator, "install-cpe", 1, 1))
            row = world.fsm.records.insert(
                "wm_order", {"short_description": f"CPE {number}", "correlation_id": key}, writer
            )
            yield Record(
                WORK_ORDER, Sketch(row["sys_id"], int(row["sys_mod_count"]), row["state"]), initiator, is_open=True
            )


@dataclass(frozen=True)
class Measured:
    work_orders: int
    idle: Meter
    idle_seconds: float
    round: Meter
    round_seconds: float


def measure(work_orders: int) -> Measured:
    """One pair of instances with this many open work orders and nothing to do."""
    world = World.create(clock="manual", start="2026-03-02T08:00:00Z")
    with tempfile.TemporaryDirectory() as name:
        info: dict[str, Any] = {"ca_file": "ca.pem"}
        for side in ("om", "fsm"):
            users = {login: {"password": user.password} for login, user in world.users(side).items()}
            info[side] = {"url": world.instance(side).base_url, "users": users}
        (Path(name) / "ca.pem").touch()
        config = write_config(Path(name), info)
        text = config.read_text(encoding="utf-8").replace("sweep_seconds = 30.0", "sweep_seconds = 900.0")
        config.write_text(text, encoding="utf-8")  # the default; a demonstration is in more of a hurry
        loaded = load(config)
        meters = {"om": Meter(), "fsm": Meter()}
        adapters = {side: Metered(world.adapter(side), meter) for side, meter in meters.items()}
        outside = app.World(clock=world.now, sleep=world.advance, adapters=adapters)
        with app.writing(loaded, outside) as (engine, _):
            notice(engine, world.now())  # first contact, with nothing there
            lines = [{"offering": "Business SD-WAN", "location": "Acme Hamburg HQ"}]
            world.act(
                "om", {"do": "create_order", "account": "Acme Logistics", "contact": "Anna Weber", "lines": lines}
            )
            KnownRecords(engine.store.engine).looked_at(plant(world, work_orders))
            return _measured(world, engine, meters, work_orders)


def _measured(world: World, engine: Engine, meters: dict[str, Meter], work_orders: int) -> Measured:
    def passed() -> Meter:
        om, fsm = meters["om"].read(), meters["fsm"].read()
        return Meter(*(a + b for a, b in zip(vars(om).values(), vars(fsm).values(), strict=True)))

    world.advance(7200)
    for feed in engine.fsm.feeds:  # as if every change so far had been read
        now = world.now()
        engine.store.advance(engine.fsm.name, feed, watermark=now, rows=(), overlap_from="", wake=(), now=now)

    def a_round() -> int:
        """One round of sweeping from its beginning to its end. Returns its requests."""
        is_over = True
        while is_over or not (at := _round(engine)).is_over:
            world.advance(engine.watch.sweep_every.total_seconds() / 10)
            assert sweep(engine.store, engine.om, engine.fsm, world.now(), engine.watch.sweep_every) == 0
            is_over = is_over and _round(engine).is_over
        return at.done

    for _ in range(2):
        a_round()
    for _ in range(3):  # cursors and calibration are what they are on a quiet day
        world.advance(10)
        notice(engine, world.now())
    before = None
    while before != _round(engine):  # a pass without a slice of a sweep
        before = _round(engine)
        passed()
        began = time.perf_counter()
        world.advance(10)
        notice(engine, world.now())
        idle, idle_seconds = passed(), time.perf_counter() - began
    a_round()
    passed()
    began = time.perf_counter()
    slices = a_round()
    swept, round_seconds = passed(), time.perf_counter() - began
    assert slices == swept.requests
    return Measured(work_orders, idle, idle_seconds, swept, round_seconds)


def _round(engine: Engine) -> Round:
    at = KnownRecords(engine.store.engine).round()
    assert at is not None
    return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-orders", type=int, nargs="*", default=[100, 100_000])
    for count in parser.parse_args().work_orders:
        found = measure(count)
        idle, swept = found.idle, found.round
        print(  # noqa: T201
            f"{count:>7} open work orders: idle pass {idle.requests} requests, {idle.sent + idle.received} bytes, "
            f"{found.idle_seconds:.2f} s; round of sweeping {swept.requests} requests, {swept.bodies} bytes of bodies "
            f"({swept.bodies / count:.1f} each), {found.round_seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
