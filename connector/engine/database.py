"""Opening memory: a file is used only when it is ours, of this pair of instances, whole, and of a schema we know.

The schema is upgraded only by the one process that holds the lock; who merely reads an older file reads an upgraded copy, and
who writes beside that process refuses it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine.sqlite import APPLICATION_ID, BUSY_SECONDS, connect, damage, understood
from connector.engine.tables import pair
from connector.errors import ConfigError, MemoryDamaged, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "0007"
"""The newest migration. A test holds it to the scripts."""

_ALIEN = "Name another path under [memory]; the file was not touched."


class Outdated(Refused):
    """The file is of an older schema, and only who holds the lock may upgrade it."""

    id = "memory-outdated"


def open_database(path: Path, *, create: bool, beside: bool = False, busy: float = BUSY_SECONDS) -> sa.Engine | None:
    """Memory in a SQLite file, in the present schema. None when it does not exist and may not be created.

    Who may create it writes (and holds the lock): a transaction takes the write lock at its beginning, and the file is checked
    for damage. Others read beside the writer; `beside` it, who writes neither creates, checks nor upgrades anything.
    `busy` is how many seconds another program's lock is waited for. Raises ConfigError, MemoryFailed, Outdated.
    """
    if not path.exists() and not create:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists() or path.stat().st_size == 0
        if not is_new:
            _check_header(path)
        elif create:
            path.touch(0o600)  # it holds what customers ordered; the log beside it gets the same rights
    except OSError as error:
        raise ConfigError(
            f"The memory {path} cannot be opened: {error.strerror}.",
            hint="Check the path under [memory], its rights and the disk.",
        ) from error
    writes = create or beside
    engine = connect(f"sqlite:///{path}", str(path), begin="BEGIN IMMEDIATE" if writes else "BEGIN", busy=busy)
    if writes:
        _require_same_file(engine, path)
    try:
        if beside:
            _require_present(engine, path)
        return _prepared(engine, path, create=create, is_new=is_new)
    except BaseException:
        engine.dispose()
        raise


def _require_same_file(engine: sa.Engine, path: Path) -> None:
    """Nothing more is written once somebody removed or replaced the file: whoever opens that path does not see it."""
    mine = path.stat()

    @sa.event.listens_for(engine, "begin")
    def _compare(_connection: sa.Connection) -> None:
        try:
            is_same = os.path.samestat(mine, path.stat())
        except OSError:
            is_same = False
        if not is_same:
            raise MemoryDamaged(
                f"The memory {path} was removed or replaced while this process worked with it.",
                hint="Start again, with `om-fsm rebuild` first where the file is gone: nothing is done twice. "
                "Stop the connector before its memory is touched.",
            )


def _require_present(engine: sa.Engine, path: Path) -> None:
    version = _version(engine)
    if version is None or version < HEAD:
        raise Outdated(f"The memory {path} is of an older version of the connector (schema {version}, not {HEAD}).")


def _prepared(engine: sa.Engine, path: Path, *, create: bool, is_new: bool) -> sa.Engine:
    version = _version(engine)
    if version is not None and version > HEAD:
        raise ConfigError(
            f"The memory {path} was written by a newer version of the connector (schema {version}, this one knows {HEAD}).",
            hint="Install the newer version, or delete the file: it is rebuilt from the marks in ServiceNow.",
        )
    if version is None and not is_new and _has_tables(engine):
        raise ConfigError(f"The file {path} is a database of another program.", hint=_ALIEN)
    if create and not is_new and (wrong := damage(engine, path)):
        raise MemoryDamaged(
            f"The memory {path} is damaged: {wrong}.",
            hint="Move the file and its -wal and -shm away, then `om-fsm rebuild`: it is restored from the marks in ServiceNow.",
        )
    if version == HEAD:
        return engine
    if create:
        _upgrade(engine)
        return engine
    copy = scratch_copy(engine)
    engine.dispose()
    return copy


def scratch_copy(original: sa.Engine | None) -> sa.Engine:
    """Memory that nobody will miss, in the present schema: a copy in RAM of the original, or an empty one."""
    copy = connect("sqlite://", "copy", in_memory=True)
    if original is not None:
        with original.connect() as source, copy.connect() as target:
            backup_from: Any = source.connection.driver_connection
            backup_from.backup(target.connection.driver_connection)
    if _version(copy) != HEAD:
        _upgrade(copy)
    return copy


def claim(engine: sa.Engine, path: Path, instances: Mapping[str, tuple[str, str]]) -> None:
    """Bind memory to a pair of instances (side -> name and address) at first use. Raises Refused when it is another pair's."""
    check_pair(engine, path, instances)
    with engine.begin() as connection:
        known = set(connection.execute(sa.select(pair.c.side)).scalars())
        for side, (name, url) in instances.items():
            if side not in known:
                connection.execute(pair.insert().values(side=side, name=name, url=url))


def check_pair(engine: sa.Engine, path: Path, instances: Mapping[str, tuple[str, str]]) -> None:
    """Raises Refused when memory belongs to another pair of instances."""
    with engine.connect() as connection:
        known = {row.side: (row.name, row.url) for row in connection.execute(sa.select(pair))}
    for side, mine in instances.items():
        if known.get(side, mine) != mine:
            theirs, ours = (f"{name} ({url})" for name, url in (known[side], mine))
            raise Refused(
                f"The memory {path} belongs to another pair of instances: [{side}] was {theirs} and is now {ours}.",
                hint="Name the file of this pair under [memory]. If the same instance only moved to a new address, delete the "
                "file and run `om-fsm rebuild`. A changed name makes every mark on existing work orders a stranger's.",
            )


def _check_header(path: Path) -> None:
    """A text, a picture, a truncated download: what does not begin like a SQLite file is not asked further."""
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(b"SQLite format 3\x00"):
        raise ConfigError(
            f"The memory {path} cannot be opened: it is not a database.",
            hint="Check the path under [memory]; a damaged file can be deleted and is rebuilt from the marks in ServiceNow.",
        )
    owner = int.from_bytes(header[68:72], "big")
    in_wal_mode = header[18] == 2
    if owner not in (0, APPLICATION_ID) or (owner == 0 and not in_wal_mode and _is_alien(path)):
        raise ConfigError(f"The file {path} is a database of another program.", hint=_ALIEN)


def _is_alien(path: Path) -> bool:
    """Whether a file without our mark holds tables, but none that says a version of ours. Changes nothing, not even its mode."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise understood(error, str(path)) from error
    finally:
        connection.close()
    return bool(names) and "alembic_version" not in names


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _has_tables(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return bool(sa.inspect(connection).get_table_names())


def _upgrade(engine: sa.Engine) -> None:
    # Imported here: only a first start or an upgrade needs it, and it costs as much as everything else together.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
