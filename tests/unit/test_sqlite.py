"""SQLite files that many processes open."""

import errno
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from pipeline.errors import LakeError
from pipeline.sqlite import damaged_rows, open_database, row_checksum, transaction


def _broken(error: sqlite3.DatabaseError) -> LakeError:
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
        (sqlite3.SQLITE_READONLY_DIRECTORY, errno.EROFS),
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
            raise refusal

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
