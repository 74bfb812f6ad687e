"""The local database for those who only look at it, or mend it: no instance is asked, and nothing of HTTP is loaded."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.engine.database import Outdated, check_pair, open_database, scratch_copy
from connector.engine.history import overview
from connector.engine.lock import sole_writer
from connector.engine.store import Store
from connector.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import sqlalchemy as sa

    from connector.config import Loaded
    from connector.engine.history import Overview


def instances(loaded: Loaded) -> dict[str, tuple[str, str]]:
    """The pair of instances a configuration is about: side -> name and address."""
    settings = loaded.settings
    return {"om": (settings.om.name, settings.om.url), "fsm": (settings.fsm.name, settings.fsm.url)}


def reading(loaded: Loaded) -> sa.Engine | None:
    """Memory for looking only; None when there is none yet. Raises ConfigError, MemoryFailed, Refused."""
    path = loaded.resolve(loaded.settings.memory.path)
    database = open_database(path, create=False)
    if database is not None:
        check_pair(database, path, instances(loaded))
    return database


def overview_of(database: sa.Engine | None, now: datetime | None = None) -> Overview:
    """The state of memory; of an empty one where there is none yet."""
    return overview(scratch_copy(None) if database is None else database, now)


@contextmanager
def repairing(loaded: Loaded) -> Iterator[Store]:
    """Memory for a person who changes something in it, beside a running daemon or without one. Raises NotFound.

    Whatever a person may change is one transaction that the daemon meets at its next look; so no lock is needed, but to upgrade
    a file of an older version. Raises Refused while another process holds that.
    """
    path = loaded.resolve(loaded.settings.memory.path)
    if not path.exists():
        raise NotFound("There is no memory yet.", hint="`om-fsm sync` makes the first pass.")
    try:
        database = open_database(path, create=False, beside=True)
    except Outdated as outdated:
        _upgrade(path, outdated)
        database = open_database(path, create=False, beside=True)
    assert database is not None
    try:
        check_pair(database, path, instances(loaded))
        yield Store(database)
    finally:
        database.dispose()


def _upgrade(path: Path, outdated: Outdated) -> None:
    """What the process that holds memory would do at its start."""
    try:
        with sole_writer(path):
            database = open_database(path, create=True)
            assert database is not None
            database.dispose()
    except Refused as held:
        raise Refused(
            f"{outdated} {held}",
            hint="Nothing was changed. Start that process anew with this version; it upgrades the file.",
        ) from held
