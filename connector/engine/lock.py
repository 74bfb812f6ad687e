"""The rule that only one process writes to memory. The lock is the operating system's, and dies with the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Hold the memory at `path` for this process. Raises Refused with the other's pid when another one does."""
    lock = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(
            f"The memory {path} cannot be used: {lock} cannot be written: {error.strerror}.",
            hint="Check the path under [memory], and the rights of its directory.",
        ) from error
    try:
        _hold(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def refuse_second(path: Path) -> None:
    """Raises Refused when another process holds the memory at `path`. Creates nothing, and asks no instance first."""
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY)
    except OSError:
        return
    try:
        _try(descriptor, path)
    finally:
        os.close(descriptor)


def _hold(descriptor: int, path: Path) -> None:
    _try(descriptor, path)
    # Only a courtesy to whoever comes second: a full disk must not keep the first from working.
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    except OSError:
        return


def _try(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise Refused(
            f"Another om-fsm process is working with {path}" + (f": pid {pid}." if pid.isdecimal() else "."),
            hint="Stop it first; two writers could not promise that nothing is done twice.",
        ) from error
