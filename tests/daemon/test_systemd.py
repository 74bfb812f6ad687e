"""A service manager that listens is told when the daemon is ready, reloading, stopping, and that it lives; nobody else is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from connector.daemon.systemd import Systemd
from tests import PATIENCE
from tests.daemon.test_process import live, until  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.daemon.test_process import Live


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().splitlines()


def rest(manager: socket.socket) -> int:
    """How many messages still come until there is silence."""
    count = 0
    while True:
        try:
            heard(manager)
        except TimeoutError:
            return count
        count += 1


def environment(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_who_does_not_listen_is_told_nothing() -> None:
    nobody = Systemd({}, 1)
    nobody.ready("running")
    assert nobody.watchdog == 0.0
    Systemd({"NOTIFY_SOCKET": "/nowhere/at/all"}, 1).ready("running")


def test_a_socket_without_a_file_is_told_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0om-fsm-{os.getpid()}")
        listening.settimeout(5)
        Systemd({"NOTIFY_SOCKET": f"@om-fsm-{os.getpid()}"}, 1).ready("here")
        assert heard(listening) == ["READY=1", "STATUS=here"]


def test_the_watchdog_hears_of_a_loop_that_lives_and_not_of_one_that_is_stuck(manager: socket.socket) -> None:
    systemd, stop, alive = (
        Systemd(environment(manager, WATCHDOG_USEC="20000", WATCHDOG_PID="7"), 7),
        threading.Event(),
        [True],
    )
    systemd.watch(lambda: alive[0], stop)
    assert [heard(manager) for _ in range(3)] == [["WATCHDOG=1"]] * 3
    alive[0] = False
    manager.settimeout(0.2)
    assert rest(manager) < 50
    stop.set()


def test_the_watchdog_of_another_process_is_not_ours(manager: socket.socket) -> None:
    assert Systemd(environment(manager, WATCHDOG_USEC="20000", WATCHDOG_PID="8"), 7).watchdog == 0.0
    assert Systemd(environment(manager, WATCHDOG_USEC="20000"), 7).watchdog == 0.02


def test_it_is_told_of_the_whole_life_of_a_daemon(live: Live, manager: socket.socket) -> None:  # noqa: F811
    command = [sys.executable, "-m", "connector", "--config", str(live.daemon.config), "run"]
    more = environment(manager, WATCHDOG_USEC="600000000")
    with live.daemon.log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **more})
    live.daemon.processes.append(process)
    ready, status = heard(manager)
    assert ready == "READY=1"
    assert status.startswith("STATUS=running, listening on http://127.0.0.1:")
    assert heard(manager) == ["WATCHDOG=1"]
    process.send_signal(signal.SIGHUP)
    reloading, since = heard(manager)
    assert (reloading, since.partition("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")
    assert heard(manager) == ["READY=1"]
    process.send_signal(signal.SIGTERM)
    assert heard(manager) == ["STOPPING=1"]
    assert process.wait(timeout=PATIENCE) == 0
