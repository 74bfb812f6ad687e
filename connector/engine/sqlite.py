"""SQLite as memory uses it: how a connection is set, and what its errors mean to a person.

journal_mode=WAL        readers (`status`) never stop the writer; a torn write at the end of the log is recognised by its
                        checksum and dropped
synchronous=FULL        a commit has reached the disk when it returns. NORMAL may lose the last ones with the power, and a
                        request may only leave after its intention is on disk
fullfsync=ON            the same where the system's plain fsync stops at the drive's cache (macOS); nothing elsewhere
journal_size_limit      the log shrinks again after a burst
cell_size_check=ON      a damaged page is noticed when it is read, before anything is concluded from it
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from connector.errors import MemoryDamaged, MemoryFailed

if TYPE_CHECKING:
    from pathlib import Path

BUSY_SECONDS = 10.0
APPLICATION_ID = 0x6F6D6673  # "omfs", in the header of every file of ours
_LOG_BYTES = 16_000_000

_REBUILT = "nothing is done twice: memory is rebuilt from the marks in ServiceNow"
_KEPT = "What was promised is on disk; nothing is sent before its intention is."


def connect(
    url: str, name: str, *, begin: str = "BEGIN", in_memory: bool = False, busy: float = BUSY_SECONDS
) -> sa.Engine:
    """An engine whose errors are those of `connector.errors`. `name` is what messages call the database."""
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": busy}, **options)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise understood(error, name) from error

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # IMMEDIATE takes the write lock at once: who reads first and writes later could not be serialised.
        connection.exec_driver_sql(begin)

    @sa.event.listens_for(engine, "handle_error")
    def _translate(context: sa.engine.ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
            raise understood(error, name) from error

    return engine


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=ON",
    "checkpoint_fullfsync=ON",
    f"journal_size_limit={_LOG_BYTES}",
    "cell_size_check=ON",
    "foreign_keys=ON",
)


def understood(error: sqlite3.Error, name: str) -> MemoryFailed:
    """What an error of SQLite means, in the words of an operator."""
    code = getattr(error, "sqlite_errorname", "") or ""
    where = f"The memory {name}"
    match code.removeprefix("SQLITE_").partition("_")[0]:
        case "FULL":
            return MemoryFailed(
                f"{where} cannot be written: the disk, or its quota, is full.", hint=f"Free space. {_KEPT}"
            )
        case "BUSY" | "LOCKED" | "PROTOCOL":
            hint = "Close what has the file open: a sqlite3 shell with a transaction, a tool that copies it in place."
            return MemoryFailed(f"{where} is locked by another program.", hint=hint)
        case "CORRUPT" | "NOTADB":
            hint = f"Move the file and its -wal and -shm away, then `om-fsm rebuild`; {_REBUILT}."
            return MemoryDamaged(f"{where} is damaged: {error}.", hint=hint)
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return MemoryFailed(
                f"{where} cannot be opened for writing: {error}.",
                hint="Check the rights of the file and its directory.",
            )
        case "IOERR":
            return MemoryFailed(
                f"{where} cannot be read or written: {error} ({code}).", hint=f"Check the disk and its quota. {_KEPT}"
            )
        case _:
            return MemoryFailed(f"{where} cannot be used: {error}.", hint="Check the path under [memory] and the disk.")


def damage(engine: sa.Engine, path: Path, *, largest: int = 200_000_000) -> str:
    """The first thing wrong with a file, or nothing. A file larger than `largest` bytes is only checked as it is read."""
    if path.stat().st_size > largest:
        return ""
    with engine.connect() as connection:
        said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if said == "ok" else " ".join(said.split())
