"""SQLite files that many processes open."""

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

import pytest

from newslake.pipeline.durability import sync_folder
from newslake.pipeline.errors import BusyDatabaseError, LakeError
from newslake.pipeline.sqlite import (
    Database,
    open_database,
    open_read_only,
    row_checksum,
    transaction,
    vacuum_and_truncate,
)
from newslake.pipeline.sqlite_checks import damaged_rows


def _broken(error: sqlite3.Error) -> LakeError:
    return LakeError(str(error))


def _write(folder: Path, number: int, process: int) -> None:
    connection = open_database(folder / f"{number}.sqlite", durability="process", broken=_broken)
    with transaction(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        connection.execute("INSERT INTO t VALUES (?)", (process,))
    connection.close()


def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Four processes that meet at a file which is not there yet all write to it, whoever comes first."""
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        for number in range(25):
            list(pool.map(partial(_write, tmp_path, number), range(4)))
    for number in range(25):
        with sqlite3.connect(tmp_path / f"{number}.sqlite") as connection:
            assert sorted(connection.execute("SELECT n FROM t")) == [(0,), (1,), (2,), (3,)]


def test_other_file_is_named(tmp_path: Path) -> None:
    """A file that is not SQLite's raises the room's own error."""
    (tmp_path / "x").write_text("no database" * 100)
    with pytest.raises(LakeError, match="not a database"):
        open_database(tmp_path / "x", durability="full", broken=_broken)


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (sqlite3.SQLITE_FULL, errno.ENOSPC),
        (sqlite3.SQLITE_IOERR_WRITE, errno.ENOSPC),
        (sqlite3.SQLITE_IOERR_FSYNC, errno.EIO),
        (sqlite3.SQLITE_READONLY_DIRECTORY, errno.EACCES),
    ],
)
def test_refusal_of_the_disk_names_the_file(tmp_path: Path, code: int, number: int) -> None:
    """What the disk refuses is the system's own error with the database's file, and nothing of it is written."""
    connection = open_database(tmp_path / "x", durability="process", broken=_broken)
    connection.execute("CREATE TABLE t (n INTEGER)")
    refusal = sqlite3.OperationalError("as SQLite says it")
    refusal.sqlite_errorcode = code  # type: ignore[misc]

    def write() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO t VALUES (1)")
            connection.raise_named(refusal)

    with pytest.raises(OSError, match="as SQLite says it") as caught:
        write()
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "x"))
    assert connection.execute("SELECT * FROM t").fetchall() == []


def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A folder in place of the database is not called broken: deleting it would be bad advice."""
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError, match="unable to open") as caught:
        open_database(tmp_path / "x", durability="process", broken=_broken)
    assert caught.value.filename == str(tmp_path / "x")


@pytest.mark.parametrize("opens", [partial(open_database, durability="process"), open_read_only])
def test_too_many_open_files_is_named(tmp_path: Path, opens: Callable[..., Database]) -> None:
    """A database that opens no more, because the process has too many files open, is not called closed or broken."""
    filled(tmp_path / "x")
    opens(tmp_path / "x", broken=_broken).close()  # imports what opening imports
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    first_free = os.dup(0)
    os.close(first_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, hard))
    try:
        with pytest.raises(OSError, match="Too many open files") as caught:
            opens(tmp_path / "x", broken=_broken).execute("SELECT * FROM t")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.errno == errno.EMFILE
    assert "ulimit" in str(caught.value)


_READER = """
import sys
from pathlib import Path
from newslake.pipeline.errors import BusyDatabaseError, LakeError
from newslake.pipeline.sqlite import open_database
connection = open_database(Path(sys.argv[1]), durability="process", broken=lambda error: LakeError(str(error)))
for line in sys.stdin:
    try:
        rows = iter(connection.execute("SELECT n FROM t"))
        print(next(rows)[0], flush=True)
        if line == "slowly\\n":
            sys.stdin.readline()
            print(sorted({n for n, in rows}), flush=True)
    except BusyDatabaseError as error:
        print(error.reason, flush=True)
"""


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that any user may read; pytest's own may not be entered."""
    folder = Path(mkdtemp(prefix="newslake-sqlite-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _rewrite(path: Path, number: int, *, rows: int) -> None:
    """Fill a database again, and close it: no other file stays next to it."""
    with closing(open_database(path, durability="process", broken=_broken)) as connection:
        with transaction(connection):
            connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER, filler TEXT)")
            connection.execute("DELETE FROM t")
            connection.executemany("INSERT INTO t VALUES (?, ?)", ((number, "x" * 1000) for _ in range(rows)))
        vacuum_and_truncate(connection)


def _as_other_user(code: str, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=65534,
        group=65534,
        extra_groups=(),
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("rows", [1, 10_000])
def test_reader_of_another_user_follows_writes(readable: Path, rows: int) -> None:
    """Who may only read a database gets what was written since; a write amid its rows is no damage.

    So it is if the pages have the same place before and after the write, and no row is damaged.
    """
    path = readable / "x"
    _rewrite(path, 1, rows=1)
    process = _as_other_user(_READER, str(path))

    def send(line: str) -> None:
        print(line, file=process.stdin, flush=True)

    send("read")
    assert process.stdout.readline() == "1\n"
    for number in (2, 3):
        _rewrite(path, number, rows=10_000)
        send("read")
        assert process.stdout.readline() == f"{number}\n"
    send("slowly")
    assert process.stdout.readline() == "3\n"
    _rewrite(path, 4, rows=rows)
    send("go on")
    assert process.stdout.readline() == "database_changed\n"
    send("read")
    assert process.stdout.readline() == "4\n"
    process.communicate(timeout=60)


_PAUSING_READER = """
import sys
from pathlib import Path
from newslake.pipeline.errors import LakeError
from newslake.pipeline.sqlite import open_database, open_for_reading, repeat_on_change
path, work, lines = Path(sys.argv[1]), sys.argv[2], ["waits"]
def pause(number):
    if number == 100 and lines:
        print(lines.pop(), flush=True)
        sys.stdin.readline()
    return number
def broken(error):
    return LakeError(str(error))
def read_statement():
    register = lambda database: database.create_function("pause", 1, pause)
    database = open_database(path, durability="process", broken=broken, prepare=register)
    return database.execute("SELECT min(n), max(n) FROM t WHERE pause(rowid) > 0").fetchone()
def read_transaction():
    database = open_for_reading(path, broken=broken)
    database.execute("BEGIN")
    first = database.execute("SELECT n FROM t ORDER BY rowid LIMIT 1").fetchone()[0]
    pause(100)
    return first, database.execute("SELECT n FROM t ORDER BY rowid DESC LIMIT 1").fetchone()[0]
print(*(read_statement() if work == "statement" else repeat_on_change(read_transaction)), flush=True)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("work", ["statement", "transaction"])
def test_reading_of_another_user_is_of_one_state(readable: Path, work: str) -> None:
    """A statement or transaction during which the database is written is repeated, and gives rows of one state."""
    path = readable / "x"
    _rewrite(path, 1, rows=10_000)
    process = _as_other_user(_PAUSING_READER, str(path), work)
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    _rewrite(path, 2, rows=10_000)
    assert process.communicate("go on\n", timeout=60)[0] == "2 2\n"


_LATE_READER = """
import sys
from pathlib import Path
from newslake.pipeline import sqlite
from newslake.pipeline.errors import LakeError
path, wal_of, files = Path(sys.argv[1]), sqlite._wal_of, [Path(sys.argv[1])]
sqlite._wal_of = lambda path: files.pop() if files else wal_of(path)  # there when it is looked for, then gone
database = sqlite.open_database(path, durability="process", broken=lambda error: LakeError(str(error)))
for turn in range(2):
    if turn:
        sys.stdin.readline()
    print(database.execute("SELECT n FROM t").fetchone()[0], flush=True)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_reader_of_another_user_meets_the_end_of_a_writer(readable: Path) -> None:
    """A reader that opens while the last writer deletes its log has the rows, and follows later writes."""
    path = readable / "x"
    _rewrite(path, 1, rows=1)
    process = _as_other_user(_LATE_READER, str(path))
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    _rewrite(path, 2, rows=1)
    assert process.communicate("read\n", timeout=60)[0] == "2\n"


def _is_locked(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return "locked" in str(error)
    return False


def test_explaining_an_error_ends_no_lock(tmp_path: Path) -> None:
    """While a process finds out why a file cannot be opened, its open transaction still excludes other processes."""
    refusal = sqlite3.OperationalError("unable to open database file")
    refusal.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN  # type: ignore[misc]
    connection = open_database(tmp_path / "x", durability="process", broken=_broken)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, transaction(connection):
        with pytest.raises(OSError, match="unable to open"):
            connection.raise_named(refusal)
        assert pool.submit(_is_locked, tmp_path / "x").result()


def test_folders_of_the_system_that_cannot_be_synced_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database opens below a folder whose file system has no sync of folders, such as /proc or an automount."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        sync_folder(Path("/proc/self"))
    open_database(Path("/proc/self/cwd/x"), durability="full", broken=_broken).close()
    assert (tmp_path / "x").exists()


def test_only_a_new_file_costs_syncs_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders are synced when the file is created, also by a process that died before it wrote; not again."""
    synced, sync = [], os.fsync

    def counted(descriptor: int) -> None:
        synced.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    (tmp_path / "x").touch()
    open_database(tmp_path / "x", durability="full", broken=_broken).close()
    assert len(synced) > 1
    synced.clear()
    open_database(tmp_path / "x", durability="full", broken=_broken).close()
    assert synced == []


def test_seals_of_many_rows_are_those_of_each(tmp_path: Path) -> None:
    """A row is found damaged when its seal is not its own, whatever marks, breaks or brackets its values hold."""
    texts = ["plain", 'a "b", c', "line\nbreak]\n[next", "\0\x1e", "Ünïcødé \u2028", "], [", ""]
    rows = [(text, number, None, 1.5) for number, text in enumerate(texts * 300)]
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        connection.execute("CREATE TABLE t (a, b, c, d, checksum INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [(*row, row_checksum(row)) for row in rows])
        assert damaged_rows(connection, "t") == []
        connection.execute("UPDATE t SET b = -1 WHERE b = 1500")
        assert [row[:2] for row in damaged_rows(connection, "t")] == [(rows[1500][0], -1)]


def rows_of(path: Path) -> list[object]:
    with closing(open_database(path, durability="process", broken=_broken)) as connection:
        return [tuple(row) for row in connection.execute("SELECT * FROM t ORDER BY n")]


def filled(path: Path) -> bytes:
    """Write a database of many pages and return its bytes."""
    with closing(open_database(path, durability="process", broken=_broken)) as connection:
        with transaction(connection):
            connection.execute("CREATE TABLE t (n INTEGER, text TEXT)")
            connection.executemany("INSERT INTO t VALUES (?, ?)", [(each, "x" * 100) for each in range(1000)])
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.mark.parametrize("kept", [0, 50, 100, 4096, 40_000])
def test_file_that_is_cut_off_raises_the_error_of_the_room(tmp_path: Path, kept: int) -> None:
    """A database that lost its end is reported as such at any length, when it is opened or when its rows are read."""
    path = tmp_path / "x"
    path.write_bytes(filled(path)[:kept])
    with pytest.raises(LakeError):
        rows_of(path)


@pytest.mark.parametrize("at", [0, 20, 100, 4096 * 3, 4096 * 9])
def test_damaged_page_raises_the_error_of_the_room(tmp_path: Path, at: int) -> None:
    """Bytes that were overwritten raise the same error, also amid the rows of a query."""
    path = tmp_path / "x"
    data = bytearray(filled(path))
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)
    with pytest.raises(LakeError):
        rows_of(path)


@pytest.mark.parametrize("statement", ["SELECT * FROM missing", "SELECT missing FROM t", "UPDATE t SET missing = 1"])
def test_missing_table_or_column_raises_the_error_of_the_room(tmp_path: Path, statement: str) -> None:
    """A database of another form is the same as a damaged one."""
    filled(tmp_path / "x")
    with (
        closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as connection,
        pytest.raises(LakeError, match="no such"),
    ):
        connection.execute(statement)


def test_text_that_is_not_utf_8_raises_the_error_of_the_room(tmp_path: Path) -> None:
    """A changed byte in a text is reported when its row is read."""
    filled(tmp_path / "x")
    with sqlite3.connect(tmp_path / "x") as connection:
        connection.execute("UPDATE t SET text = CAST(x'ff' AS TEXT) WHERE n = 999")
    connection.close()
    with pytest.raises(LakeError, match="UTF-8"):
        rows_of(tmp_path / "x")


def test_locked_file_names_the_lock(tmp_path: Path) -> None:
    """A writer that waits in vain says that another process has the file."""
    filled(tmp_path / "x")
    with (
        closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as holder,
        closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as waiting,
    ):
        waiting.execute("PRAGMA busy_timeout = 10")
        with transaction(holder), pytest.raises(BusyDatabaseError, match="end that process"), transaction(waiting):
            pass


def test_wrong_call_stays_a_defect(tmp_path: Path) -> None:
    """A defect of the program is not blamed on the file."""
    filled(tmp_path / "x")
    with (
        closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as connection,
        pytest.raises(sqlite3.ProgrammingError),
    ):
        connection.execute("SELECT ?")


@pytest.mark.parametrize(
    "statement",
    ["SELEC 1", "SELECT * FROM t WHERE", "INSERT INTO t (n, text) VALUES (NULL, 'x')"],
)
def test_wrong_statement_stays_a_defect(tmp_path: Path, statement: str) -> None:
    """Advice to restore or delete the file would be wrong."""
    with closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER NOT NULL, text TEXT)")
        with pytest.raises((sqlite3.OperationalError, sqlite3.IntegrityError)):
            connection.execute(statement)


def test_interrupted_statement_is_not_called_damage(tmp_path: Path) -> None:
    """An interrupt says nothing about the file."""
    filled(tmp_path / "x")
    with closing(open_database(tmp_path / "x", durability="process", broken=_broken)) as connection:
        connection.set_progress_handler(lambda: 1, 1)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            connection.execute("SELECT count(*) FROM t")
