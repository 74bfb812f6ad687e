"""What systemd is told when it runs the daemon: ready, reloading, stopping, still alive. Nothing where nobody listens.

The protocol is sd_notify(3): datagrams of `NAME=value` lines to the socket in NOTIFY_SOCKET.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Systemd:
    """The service manager of a process with this environment."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address  # @: an abstract socket
        of_us = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        usec = environment.get("WATCHDOG_USEC", "")
        self.watchdog = int(usec) / 1e6 if of_us and self._address and usec.isdecimal() else 0.0  # seconds; 0: none

    def tell(self, **said: object) -> None:
        """Tell it. That it does not listen is no reason to fail."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in said.items())
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto(text.encode(), self._address)

    def ready(self, status: str) -> None:
        """The daemon works."""
        self.tell(READY=1, STATUS=status)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """The configuration is read again; afterwards the daemon works as before, or by another one."""
        self.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        try:
            yield
        finally:
            self.tell(READY=1)

    def watch(self, is_alive: Callable[[], bool], stop: threading.Event) -> None:
        """While the loop lives, say so twice as often as is asked for; in a thread of its own, until `stop`."""
        if not self.watchdog:
            return

        def keep_telling() -> None:
            while True:
                if is_alive():
                    self.tell(WATCHDOG=1)
                if stop.wait(self.watchdog / 2):
                    return

        threading.Thread(target=keep_telling, name="watchdog", daemon=True).start()
