"""The daemon as a process, against a sandbox over HTTPS in real time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.config import load
from connector.demo.setup import write_config
from connector.engine.store import Store
from connector.memory import reading
from connector.sandbox import World
from tests import PATIENCE
from tests.conftest import HAMBURG, LINE, Pair
from tests.daemon.watching import understood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def until(holds: Callable[[], object]) -> bool:
    """Wait for something that should happen."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


@dataclass
class Daemon:
    """`om-fsm run`, started and stopped."""

    config: Path
    log: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "connector", "--config", str(self.config), "run"]
        with self.log.open("ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def said(self, words: str) -> bool:
        return words in self.log.read_text(encoding="utf-8")

    def running(self) -> subprocess.Popen[bytes]:
        process = self.start()
        assert until(lambda: self._ready() == len(self.processes)), self.log.read_text(encoding="utf-8")
        return process

    def _ready(self) -> int:
        return self.log.read_text(encoding="utf-8").count("om-fsm is running")

    @property
    def webhook(self) -> str:
        line = next(x for x in self.log.read_text(encoding="utf-8").splitlines() if "webhooks on" in x)
        return line.partition("webhooks on ")[2].rstrip(".")


@dataclass
class Live:
    """A sandbox behind HTTPS and a daemon that is not started yet."""

    pair: Pair
    daemon: Daemon
    info: dict[str, Any]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    world = World.create(profile="default", clock="real", seed=1)
    with world.serve(tmp_path) as served:
        config = write_config(tmp_path, served.info, webhook_port=0)
        # Only the first pass and webhooks make it look: nothing else within a test.
        text = config.read_text(encoding="utf-8").replace("poll_seconds = 1.0", "poll_seconds = 600")
        config.write_text(text.replace("sweep_seconds = 30.0", "sweep_seconds = 600"), encoding="utf-8")
        daemon = Daemon(config, tmp_path / "daemon.log")
        yield Live(Pair(world, load(config)), daemon, served.info)
        for process in daemon.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def subscribe(live: Live) -> None:
    secret = (live.daemon.config.parent / "secrets" / "webhook.secret").read_text(encoding="utf-8")
    tables = ["sn_ind_tmt_orm_order", "sn_ind_tmt_orm_domain_order"]
    for side, watched in (("om", tables), ("fsm", ["wm_order"])):
        live.pair.world.outbound({"instance": side, "url": live.daemon.webhook, "secret": secret, "tables": watched})


def test_a_webhook_is_enough_to_carry_an_order_across_and_its_progress_back(live: Live) -> None:
    live.daemon.running()
    subscribe(live)
    order = live.pair.place(HAMBURG)
    live.pair.om("approve", order=order)
    assert until(lambda: len(live.pair.work_orders(order)) == 2), live.daemon.log.read_text(encoding="utf-8")
    number = live.pair.resource_order(order)
    assert until(lambda: live.pair.noted(number, "was created"))
    live.pair.fsm("dispatch", work_order=live.pair.install(order), technician="technician")
    assert until(lambda: live.pair.noted(number, "-> Assigned"))
    live.pair.assert_nothing_doubled()


def test_the_doctor_makes_a_round_at_the_start_and_status_shows_it_and_the_last_webhook(live: Live) -> None:
    live.daemon.running()

    def noted(what: str) -> str:
        database = reading(live.pair.loaded)
        return Store(database).last_passes().get(what, ("", ""))[1] if database is not None else ""

    assert until(lambda: "fine" in noted("doctor")), live.daemon.log.read_text(encoding="utf-8")
    assert "failed" not in noted("doctor")
    subscribe(live)
    live.pair.place(HAMBURG)
    command = [sys.executable, "-m", "connector", "--config", str(live.daemon.config), "status", "--output", "table"]

    def status() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert until(lambda: "Last webhook" in status())
    assert "Last doctor" in status()


def test_it_listens_for_those_who_watch_it(live: Live) -> None:
    live.daemon.running()
    site = live.daemon.webhook.removesuffix("/webhook")
    assert live.daemon.said(f"listening on {site}")
    assert until(
        lambda: understood(requests.get(f"{site}/metrics", timeout=PATIENCE).text)["omfsm_passes_total"]["done",] > 0
    )
    for page in ("healthz", "readyz"):
        answer = requests.get(f"{site}/{page}", timeout=PATIENCE)
        assert (answer.status_code, answer.text) == (200, "ok")


def test_sighup_reads_the_configuration_again_and_a_bad_one_changes_nothing(live: Live) -> None:
    process = live.daemon.running()
    config = live.daemon.config
    good = config.read_text(encoding="utf-8")
    config.write_text(good.replace("poll_seconds = 600", "poll_seconds = -1"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert until(lambda: live.daemon.said("reload refused")), live.daemon.log.read_text(encoding="utf-8")
    assert live.daemon.said("daemon.poll_seconds")
    config.write_text(good.replace("poll_seconds = 600", "poll_seconds = 0.2"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert until(lambda: live.daemon.said("changed=daemon.poll_seconds"))
    order = live.pair.place(HAMBURG)
    live.pair.om("approve", order=order)  # no webhook is sent: only the faster poll can see it
    assert until(lambda: len(live.pair.work_orders(order)) == 2), live.daemon.log.read_text(encoding="utf-8")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert not live.daemon.said("Traceback")


def test_it_stops_in_order_on_sigterm_and_leaves_memory_to_the_next_start(live: Live) -> None:
    process = live.daemon.running()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert live.daemon.said("stopped")
    again = live.daemon.running()
    again.send_signal(signal.SIGINT)
    assert again.wait(timeout=PATIENCE) == 0


def test_an_edited_policy_is_followed_a_bad_one_refused_in_status_and_it_stops_in_order(live: Live) -> None:
    config = live.daemon.config
    config.write_text(config.read_text("utf-8").replace("poll_seconds = 600", "poll_seconds = 0.2"), "utf-8")
    policy = config.parent / "domain_order_policy.csv"
    process = live.daemon.running()

    def status(*words: str) -> bool:
        database = reading(load(config))
        said = Store(database).last_passes().get("policies", ("", ""))[1] if database is not None else ""
        return all(word in said for word in words)

    good = sha256(policy.read_bytes()).hexdigest()[:12]
    assert until(lambda: status(good))
    policy.write_bytes(b"id,specification,work order template\na,CPE,\n")
    assert until(lambda: status(good, "refused", "row 2", "name a template"))
    policy.unlink()
    assert until(lambda: status(good, "refused", "cannot be read"))
    policy.write_bytes(b"id,specification,work order template\na,-,NO FIELD WORK\n")
    new = sha256(policy.read_bytes()).hexdigest()[:12]
    assert until(lambda: status(new) and not status("refused"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert live.daemon.said("policies works again")


def test_it_stops_at_once_even_while_an_instance_does_not_answer(live: Live) -> None:
    live.pair.world.fault(
        "om", {"kind": "delay", "seconds": 90, "path_contains": "/table/sn_ind_tmt_orm_order", "count": 9}
    )
    process = live.daemon.running()
    assert until(lambda: any("orm_order" in r.path for r in live.pair.world.requests("om")))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert time.monotonic() - began < 50  # neither the answer nor the end of its own patience, a minute, was waited for


def test_a_second_daemon_on_the_same_memory_is_refused_politely(live: Live) -> None:
    first = live.daemon.running()
    second = Daemon(live.daemon.config, live.daemon.log.with_name("second.log"))
    process = second.start()
    assert process.wait(timeout=PATIENCE) == 5
    assert second.said("Another om-fsm process is working with")
    assert second.said(f"pid {first.pid}")
    assert not second.said("Traceback")


def test_on_a_full_disk_it_says_so_once_sends_nothing_and_goes_on_when_there_is_room(live: Live) -> None:
    process = live.daemon.running()
    before = live.daemon.config.with_name("om-fsm.db-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (before, resource.RLIM_INFINITY))
    subscribe(live)
    order = live.pair.place(HAMBURG)
    live.pair.om("approve", order=order)
    assert until(lambda: live.daemon.said("cannot be read or written")), live.daemon.log.read_text(encoding="utf-8")
    assert live.pair.work_orders(order) == []
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    live.pair.om("set_ponr", line=live.pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"])
    assert until(lambda: len(live.pair.work_orders(order)) == 2), live.daemon.log.read_text(encoding="utf-8")
    assert not live.daemon.said("Traceback")
    live.pair.assert_nothing_doubled()


def test_a_daemon_whose_memory_breaks_stops_and_says_what_to_do(live: Live) -> None:
    process = live.daemon.running()
    memory = live.daemon.config.with_name("om-fsm.db")
    for ending in ("", "-wal", "-shm"):  # the last, or it might go on with the pages it has read before
        with memory.with_name(f"om-fsm.db{ending}").open("r+b") as file:
            file.write(b"\xa5" * os.fstat(file.fileno()).st_size)
    subscribe(live)
    live.pair.om("approve", order=live.pair.place(HAMBURG))
    assert process.wait(timeout=PATIENCE) == 1
    assert live.daemon.said("is damaged")
    assert live.daemon.said("om-fsm rebuild")
    assert not live.daemon.said("Traceback")


def test_an_outage_is_said_once_and_its_end_too_and_nothing_is_lost(live: Live) -> None:
    fault = live.pair.world.fault(
        "fsm", {"kind": "status", "status": 503, "path_contains": "/table/", "count": None, "skip": 4}
    )
    live.daemon.running()
    assert until(lambda: live.daemon.said("held"))
    order = live.pair.place(HAMBURG)
    live.pair.om("approve", order=order)
    live.pair.world.clear_faults()
    assert until(lambda: live.daemon.said("released")), (fault, live.daemon.log.read_text(encoding="utf-8"))
    text = live.daemon.log.read_text(encoding="utf-8")
    assert (text.count("held  "), text.count("poll failed")) == (1, 0)
    assert "Traceback" not in text
