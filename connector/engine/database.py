"""Opening memory: connection settings, migrations, and the rule that only one process writes to it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from connector.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "0001"
"""The newest migration. A test holds it to the scripts."""

_BUSY_MS = 10_000


def open_database(path: Path, *, create: bool) -> sa.Engine | None:
    """Memory in a SQLite file, migrated to the present schema. None when it does not exist and may not be created.

    Who may create it writes: such a transaction takes the write lock at its beginning. Others read beside the writer.
    """
    if not path.exists() and not create:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = _sqlite(f"sqlite:///{path}", begin="BEGIN IMMEDIATE" if create else "BEGIN")
        _migrate(engine, path)
    except (OSError, sa.exc.DatabaseError) as error:
        cause = error.orig if isinstance(error, sa.exc.DatabaseError) else error
        raise ConfigError(
            f"The memory {path} cannot be opened: {cause}.",
            hint="Check the path under [memory], its rights and the disk; a damaged file can be deleted and is rebuilt.",
        ) from error
    return engine


def scratch_copy(original: sa.Engine | None) -> sa.Engine:
    """Memory that nobody will miss: a copy in RAM of the original, or an empty one."""
    copy = _sqlite("sqlite://", in_memory=True)
    if original is None:
        _migrate(copy, Path("memory"))
        return copy
    with original.connect() as source, copy.connect() as target:
        backup_from: Any = source.connection.driver_connection
        backup_from.backup(target.connection.driver_connection)
    return copy


def _sqlite(url: str, *, begin: str = "BEGIN", in_memory: bool = False) -> sa.Engine:
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000}, **options)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # IMMEDIATE takes the write lock at once: who reads first and writes later could not be serialised.
        connection.exec_driver_sql(begin)

    return engine


def _migrate(engine: sa.Engine, path: Path) -> None:
    with engine.connect() as connection:
        version = None
        if sa.inspect(connection).has_table("alembic_version"):
            version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise ConfigError(
            f"The memory {path} was written by a newer version of the connector (schema {version}, this one knows {HEAD}).",
            hint="Install the newer version, or delete the file: it is rebuilt from the marks in ServiceNow.",
        )
    _upgrade(engine)


def _upgrade(engine: sa.Engine) -> None:
    # Imported here: only a first start or an upgrade needs it, and it costs as much as everything else together.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Hold memory for this process. Raises Refused when another one does. The lock dies with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                f"Another om-fsm process is working with {path}.",
                hint="Stop it first; two writers could not promise that nothing is done twice.",
            ) from error
        yield
    finally:
        os.close(descriptor)
