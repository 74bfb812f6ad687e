"""The rule that only one process writes to memory. The locks are the operating system's, and die with the process.

Two of them: one on the file beside memory, which says whose pid it is, and one on memory itself, so that it is the same file
under another name, and when the file beside it was removed. The second is that of an open file description and stands far
behind the bytes that SQLite locks; where a system has no such locks (Linux has), links are all that is looked at.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OF_DESCRIPTION: int | None = getattr(fcntl, "F_OFD_SETLK", None)
_BYTE = 1 << 62  # SQLite's are the 512 behind 1 << 30 (https://www.sqlite.org/src/file/src/os.h, PENDING_BYTE)
_HELD = (errno.EAGAIN, errno.EACCES)


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Hold the memory at `path` for this process; an empty file where there is none yet.

    Raises Refused with the other's pid when another one does, ConfigError where it cannot be held.
    """
    path = path.resolve()
    lock = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unusable(path, f"{lock} cannot be written: {error.strerror}") from error
    try:
        _try(descriptor, path)
        with _itself(path, os.O_RDWR | os.O_CREAT):
            _sign(descriptor)
            yield
    finally:
        os.close(descriptor)


def refuse_second(path: Path) -> None:
    """Raises Refused when another process holds the memory at `path`. Creates nothing, and asks no instance first."""
    path = path.resolve()
    try:
        descriptor = os.open(_beside(path), os.O_RDONLY)
    except OSError:
        descriptor = None
    try:
        if descriptor is not None:
            _try(descriptor, path)
        if path.exists():
            with _itself(path, os.O_RDWR):
                return
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _sign(descriptor: int) -> None:
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
        raise _second(path, f": pid {pid}" if pid.isdecimal() else "") from error
    except OSError as error:
        raise _unlockable(path, error) from error


@contextmanager
def _itself(path: Path, how: int) -> Iterator[None]:
    """Hold the file whatever it is called."""
    try:
        # Closing it gives up the locks of SQLite in this process too: it is opened before and closed after every connection.
        descriptor = os.open(path, how, 0o600)  # it holds what customers ordered
    except OSError as error:
        raise _unusable(path, f"it cannot be opened for writing: {error.strerror}") from error
    try:
        if _OF_DESCRIPTION is not None:
            try:
                fcntl.fcntl(descriptor, _OF_DESCRIPTION, _one_byte())
            except OSError as error:
                if error.errno in _HELD:
                    raise _second(path, ", under another name or after its lock file was removed") from error
                raise _unlockable(path, error) from error
        _require_one_name(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _one_byte() -> bytes:
    """The C struct flock that asks for _BYTE."""
    if sys.platform == "darwin":  # start, length, pid, type, whence
        return struct.pack("@qqihh", _BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
    return struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)


def _require_one_name(descriptor: int, path: Path) -> None:
    """SQLite keeps a log beside the name it was given: under two names, one log is not seen (sqlite.org/howtocorrupt, 2.5)."""
    mine = os.fstat(descriptor)
    if not path.exists() or not os.path.samestat(mine, path.stat()):
        raise Refused(f"The memory {path} was replaced by another file just now.", hint="Try again.")
    if mine.st_nlink > 1:
        raise ConfigError(
            f"The memory {path} has {mine.st_nlink} names (hard links); what was written under one is not seen under another.",
            hint=f"Keep one name: find . -samefile {path.name}",
        )


def _second(path: Path, who: str) -> Refused:
    return Refused(
        f"Another om-fsm process is working with {path}{who}.",
        hint="Stop it first; two writers could not promise that nothing is done twice.",
    )


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"The memory {path} cannot be used: {why}.",
        hint="Check the path under [memory], and the rights of its directory.",
    )


def _unlockable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The memory {path} cannot be used: its file system has no locks ({error.strerror}).",
        hint="Name a path on a local disk under [memory].",
    )
