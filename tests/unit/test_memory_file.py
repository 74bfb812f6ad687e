"""Promise: memory is used only when it is ours, of this pair, whole and of a schema we know; else it is refused untouched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from connector import memory
from connector.engine import database as database_module
from connector.engine.database import HEAD, claim, open_database
from connector.engine.lock import refuse_second, sole_writer
from connector.engine.sqlite import APPLICATION_ID
from connector.engine.store import Store
from connector.errors import ConfigError, ConnectorError, MemoryDamaged, MemoryFailed, Refused
from tests import PATIENCE

if TYPE_CHECKING:
    from tests.conftest import Pair

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PAIR = {"om": ("om", "https://om.example.com"), "fsm": ("fsm", "https://fsm.example.com")}


def opened(path: Path, *, create: bool = True, busy: float = 10.0) -> sa.Engine:
    database = open_database(path, create=create, busy=busy)
    assert database is not None
    return database


def filled(path: Path, orders: int = 500) -> Path:
    """Memory of many wakeups, closed in order."""
    database = opened(path)
    Store(database).wake([f"{n:032x}" for n in range(orders)], due=NOW, reason="x" * 150)
    database.dispose()
    return path


def refusal(path: Path, kind: type[ConnectorError], *, create: bool = True) -> str:
    """Opening is refused in words, and not one byte of the file is changed."""
    before = path.read_bytes()
    with pytest.raises(kind) as error:
        open_database(path, create=create)
    assert path.read_bytes() == before
    assert error.value.hint
    return str(error.value)


def sqlite_file(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


# --- whose file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create", [True, False], ids=["writer", "reader"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "om-fsm.db"
    path.write_bytes(b"no database at all" * 100)
    assert "is not a database" in refusal(path, ConfigError, create=create)


@pytest.mark.parametrize("create", [True, False], ids=["writer", "reader"])
@pytest.mark.parametrize("mark", ["PRAGMA application_id=7", "PRAGMA user_version=7"], ids=["marked", "unmarked"])
def test_a_database_of_another_program_is_refused(tmp_path: Path, mark: str, create: bool) -> None:
    path = sqlite_file(tmp_path / "om-fsm.db", mark, "CREATE TABLE bookmark (url TEXT)")
    assert "of another program" in refusal(path, ConfigError, create=create)


def test_an_empty_file_is_a_new_memory_and_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "om-fsm.db"
    path.touch()
    opened(path).dispose()
    assert sqlite3.connect(path).execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


@pytest.mark.parametrize("side", ["om", "fsm"])
@pytest.mark.parametrize("now", [("other", "https://{}.example.com"), ("{}", "https://other.example.com")])
def test_memory_of_another_pair_of_instances_is_refused(tmp_path: Path, side: str, now: tuple[str, str]) -> None:
    database = opened(tmp_path / "om-fsm.db")
    claim(database, tmp_path, PAIR)
    claim(database, tmp_path, PAIR)  # the same pair comes and goes as it likes
    name, url = (part.format(side) for part in now)
    with pytest.raises(Refused, match=f"belongs to another pair of instances: \\[{side}\\]") as error:
        claim(database, tmp_path, {**PAIR, side: (name, url)})
    assert error.value.exit_code == 5
    database.dispose()


# --- schema -------------------------------------------------------------------------------------------------------


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_migrations_make_the_tables_the_code_uses(tmp_path: Path) -> None:
    database = opened(tmp_path / "om-fsm.db")
    found = sa.inspect(database)
    from connector.engine.tables import metadata

    for table in metadata.sorted_tables:
        assert {c["name"] for c in found.get_columns(table.name)} == {c.name for c in table.columns}, table.name
        assert {i["name"] for i in found.get_indexes(table.name)} == {i.name for i in table.indexes}, table.name
    assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
    database.dispose()


@pytest.mark.parametrize("create", [True, False], ids=["writer", "reader"])
def test_a_schema_of_a_newer_version_is_refused(tmp_path: Path, create: bool) -> None:
    path = filled(tmp_path / "om-fsm.db", 1)
    sqlite_file(path, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version of the connector (schema 9999" in refusal(path, ConfigError, create=create)


def older(path: Path) -> Path:
    """As the first version left it, with an order that waits."""
    filled(path, 1)
    for table in ("pair", "known", "round", "hold", "identity", "attempt", "looked", "archive", "archived_name"):
        sqlite_file(path, f"DROP TABLE {table}")
    return sqlite_file(path, "UPDATE alembic_version SET version_num = '0001'", "PRAGMA application_id=0")


def wake_by_hand(pair: Pair) -> None:
    """What a person's command does beside a daemon or without one."""
    with memory.repairing(pair.loaded) as store:
        store.wake(["a" * 32], due=NOW, reason="by hand")


def test_who_writes_beside_the_writer_leaves_an_older_schema_to_it(pair: Pair) -> None:
    path = older(pair.memory)
    before = path.read_bytes()
    with sole_writer(path):
        with pytest.raises(Refused, match=f"older version .*schema 0001.* pid {os.getpid()}") as error:
            wake_by_hand(pair)
        assert "Nothing was changed" in error.value.hint
    assert path.read_bytes() == before


def test_who_writes_without_a_writer_upgrades_an_older_schema(pair: Pair) -> None:
    path = older(pair.memory)
    wake_by_hand(pair)
    database = opened(path, create=False)
    assert sa.inspect(database).has_table("pair")
    assert len(Store(database).due(range(64), NOW, limit=9)) == 2
    database.dispose()


def test_who_writes_beside_the_writer_uses_the_present_schema(pair: Pair) -> None:
    path = filled(pair.memory, 1)
    with sole_writer(path):
        wake_by_hand(pair)
    database = opened(path, create=False)
    assert len(Store(database).due(range(64), NOW, limit=9)) == 2
    database.dispose()


def test_an_older_schema_is_upgraded_by_the_writer_with_what_it_held(tmp_path: Path) -> None:
    path = older(tmp_path / "om-fsm.db")
    database = opened(path)
    assert sa.inspect(database).has_table("pair")
    assert len(Store(database).due(range(64), NOW, limit=9)) == 1
    database.dispose()


def test_a_reader_reads_an_older_schema_without_touching_the_file(tmp_path: Path) -> None:
    path = older(tmp_path / "om-fsm.db")
    before = path.read_bytes()
    database = opened(path, create=False)
    assert sa.inspect(database).has_table("pair")
    assert len(Store(database).due(range(64), NOW, limit=9)) == 1
    database.dispose()
    assert path.read_bytes() == before


# --- damage, locks, full disks ------------------------------------------------------------------------------------


def corrupt(path: Path) -> None:
    """The second half is overwritten, as by a dying disk."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 4096 // 2
    for page in range(middle, len(data) // 4096):  # some of them hold rows, whatever the others hold
        data[page * 4096 : page * 4096 + 2000] = b"\xa5" * 2000
    path.write_bytes(data)


def test_a_damaged_page_is_found_before_anything_is_written(tmp_path: Path) -> None:
    path = filled(tmp_path / "om-fsm.db")
    opened(path).dispose()  # whole, it opens
    corrupt(path)
    assert "is damaged" in refusal(path, MemoryDamaged)


def test_a_page_that_breaks_while_it_is_read_is_damage_too(tmp_path: Path) -> None:
    path = filled(tmp_path / "om-fsm.db")
    corrupt(path)
    database = opened(path, create=False)
    with pytest.raises(MemoryDamaged, match="is damaged"):
        Store(database).due(range(64), NOW, limit=10_000)
    database.dispose()


def test_a_lock_of_another_program_is_named_after_a_while(tmp_path: Path) -> None:
    path = filled(tmp_path / "om-fsm.db", 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(MemoryFailed, match="locked by another program"):
        open_database(path, create=True, busy=0.05)
    other.execute("ROLLBACK")
    opened(path, busy=0.05).dispose()
    other.close()


def test_who_reads_neither_stops_the_writer_nor_is_stopped_by_it(tmp_path: Path) -> None:
    writer, reader = opened(tmp_path / "om-fsm.db", busy=0.05), opened(tmp_path / "om-fsm.db", create=False, busy=0.05)
    with reader.connect() as reading, writer.begin() as writing:
        reading.exec_driver_sql("SELECT count(*) FROM wakeup").scalar()
        writing.exec_driver_sql("INSERT INTO last VALUES ('pass', '2026-03-02 08:00:00', '')")
        assert reading.exec_driver_sql("SELECT count(*) FROM last").scalar() == 0
    for database in (writer, reader):
        database.dispose()


def test_a_full_disk_says_so_and_what_was_on_disk_stays(tmp_path: Path) -> None:
    database = opened(tmp_path / "om-fsm.db")
    store = Store(database)
    store.wake(["a" * 32], due=NOW, reason="first")
    with database.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(MemoryFailed, match="the disk, or its quota, is full"):
        store.wake([f"{n:032x}" for n in range(500)], due=NOW, reason="x" * 150)
    assert [w.reason for w in store.due(range(64), NOW, limit=9)] == ["first"]
    database.dispose()


def test_a_commit_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    database = opened(tmp_path / "om-fsm.db")
    with database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.dispose()


def test_a_log_that_is_cut_anywhere_by_a_loss_of_power_keeps_every_commit_before_the_cut(tmp_path: Path) -> None:
    path = filled(tmp_path / "om-fsm.db", orders=1)
    database = opened(path)
    store, log = Store(database), Path(f"{path}-wal")
    promised = []  # how long the log was after each commit
    for number in range(8):
        store.wake([f"{number:032x}"], due=NOW, reason=f"wakeup {number}")
        promised.append(log.stat().st_size)
    assert promised == sorted(set(promised))
    for number, cut in enumerate([*promised, promised[-1] - 1, promised[3] + 100, promised[0] - 1, 7, 0]):
        after = tmp_path / f"after-{number}.db"
        after.write_bytes(path.read_bytes())
        Path(f"{after}-wal").write_bytes(log.read_bytes()[:cut])
        found = opened(after)
        reasons = {wakeup.reason for wakeup in Store(found).due(range(64), NOW, limit=99)}
        found.dispose()
        assert {f"wakeup {n}" for n, length in enumerate(promised) if n and length <= cut} <= reasons
    database.dispose()


AS_NOBODY = """
import os, sys
from pathlib import Path
from connector.engine.database import open_database
from connector.engine.lock import sole_writer
from connector.errors import ConnectorError
import alembic.command, alembic.config, connector.engine.migrations
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
path = Path(sys.argv[1])
try:
    with sole_writer(path):
        open_database(path, create=True).dispose()
except ConnectorError as error:
    print(f"{error} {error.hint}")
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize(("mode", "code"), [(0o555, 2), (0o777, 0)], ids=["read-only", "writable"])
def test_a_directory_that_may_not_be_written_is_refused_with_what_to_check(mode: int, code: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        directory = Path(name) / "var"
        directory.mkdir()
        directory.chmod(mode)
        command = [sys.executable, "-c", AS_NOBODY, str(directory / "om-fsm.db")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert ("cannot be written" in done.stdout) is bool(code)
        assert ("the rights of its directory" in done.stdout) is bool(code)
        directory.chmod(0o755)


# --- one writer ---------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "om-fsm.db"
    refuse_second(path)
    with sole_writer(path):
        with pytest.raises(Refused, match=f"Another om-fsm process is working with .*: pid {os.getpid()}") as error:
            refuse_second(path)
        assert error.value.exit_code == 5
        with pytest.raises(Refused, match=f"pid {os.getpid()}"), sole_writer(path):
            pass
    with sole_writer(path):
        pass


@pytest.mark.parametrize("how", ["symbolic link", "hard link", "lock file removed", "other directory"])
def test_a_second_writer_of_the_same_file_is_refused_whatever_it_is_called(tmp_path: Path, how: str) -> None:
    path = filled(tmp_path / "om-fsm.db", 1)
    other = tmp_path / "other.db"
    with sole_writer(path):
        database = opened(path)
        match how:
            case "symbolic link":
                other.symlink_to(path)
            case "hard link":
                other.hardlink_to(path)
            case "other directory":
                (tmp_path / "elsewhere").symlink_to(tmp_path)
                other = tmp_path / "elsewhere" / "om-fsm.db"
            case _:
                (tmp_path / "om-fsm.db.lock").unlink()
                other = path
        script = [sys.executable, "-c", AS_NOBODY.replace("os.geteuid() == 0", "False"), str(other)]
        done = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert (done.returncode, done.stderr) == (5, "")
        assert "Another om-fsm process is working with" in done.stdout
        Store(database).wake(["a" * 32], due=NOW, reason="the first goes on")
        database.dispose()
    (tmp_path / "twin.db").touch()
    with sole_writer(path) if how != "hard link" else sole_writer(tmp_path / "twin.db"):
        pass  # once the first is gone


def test_memory_of_two_names_is_refused_because_one_log_would_not_be_seen(tmp_path: Path) -> None:
    path = filled(tmp_path / "om-fsm.db", 1)
    (tmp_path / "other.db").hardlink_to(path)
    with pytest.raises(ConfigError, match="has 2 names") as error, sole_writer(path):
        pass
    assert "samefile" in error.value.hint
    (tmp_path / "other.db").unlink()
    with sole_writer(path):
        pass


def test_two_memories_in_one_directory_have_a_writer_each(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "first.db"), sole_writer(tmp_path / "second.db"):
        opened(tmp_path / "first.db").dispose()


def test_nobody_else_on_the_machine_can_read_what_customers_ordered(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        memory = opened(tmp_path / "memory.db")
    finally:
        os.umask(before)
    with memory.begin():
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("memory.db", "memory.db-wal", "memory.db-shm"), 384)
    memory.dispose()


def test_who_gave_a_colleague_the_right_to_read_memory_keeps_it_so(tmp_path: Path) -> None:
    path = filled(tmp_path / "memory.db", orders=1)
    path.chmod(0o640)
    opened(path).dispose()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_is_taken_away_beneath_a_writer_is_not_written_any_more(tmp_path: Path, how: str) -> None:
    path = tmp_path / "om-fsm.db"
    with sole_writer(path):
        database = open_database(path, create=True)
        assert database is not None
        store = Store(database)
        store.wake(["a" * 32], due=NOW, reason="all is well")
        if how == "replaced":
            shutil.copy(path, tmp_path / "backup.db")
            (tmp_path / "backup.db").rename(path)
        else:
            path.unlink()
        with pytest.raises(MemoryDamaged, match="was removed or replaced") as error:
            store.wake(["b" * 32], due=NOW, reason="nobody would see it")
        assert "om-fsm rebuild" in error.value.hint
        database.dispose()
