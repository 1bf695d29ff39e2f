"""States of the simulated disk: one key for what recovery reads, and the names that threads make at one time."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.power.disk import File, Naming
from tests.faults.power.recorder import BEGIN, Reader
from tests.faults.power.states import key_of


def files_of(*given: tuple[str, bytes]) -> dict[str, File]:
    return {path: File(node, data, data) for node, (path, data) in enumerate(given, start=1)}


def database_files(folder: Path, *, rows: int) -> tuple[bytes, bytes]:
    """Return a database and its write-ahead log."""
    path = folder / f"{rows}.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (word TEXT)")
        for number in range(rows):
            connection.execute("INSERT INTO words VALUES (?)", [f"word {number}"])
        return path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes()


def test_log_of_a_database_counts_up_to_its_last_commit(tmp_path: Path) -> None:
    """Torn frames after the last commit, and a log without a commit, change nothing; a lost commit does."""
    data, log = database_files(tmp_path, rows=3)
    frame = 24 + 4096

    whole, torn, shorter, empty, no_log = (
        key_of(files_of(("a.sqlite", data), *logs))
        for logs in (
            [("a.sqlite-wal", log)],
            [("a.sqlite-wal", log + log[-frame:-100] + bytes(100))],
            [("a.sqlite-wal", log[:-1])],
            [("a.sqlite-wal", log[:20])],
            [],
        )
    )

    assert whole == torn
    assert shorter != whole
    assert empty == no_log != shorter


def test_temporary_file_counts_if_it_has_what_is_looked_for() -> None:
    """A file that no recovery reads makes no new state, unless it counts as it is."""
    plain, more = files_of(("a", b"rows")), files_of(("a", b"rows"), ("_state/tmp/b", b"a secret"))

    assert key_of(plain) == key_of(more)
    assert key_of(plain) != key_of(more, is_whole=lambda path, file: b"secret" in file.data)


def test_folder_of_a_call_that_is_not_back_is_there_for_another_thread(tmp_path: Path) -> None:
    """One thread writes into a folder whose mkdir has not returned in another: the folder is made once, before that."""

    def text(path: str) -> str:
        return "".join(f"\\x{byte:02x}" for byte in path.encode())

    top, marks = tmp_path / "jobs", tmp_path / "marks"
    folder = text(f"{top}/job/data")
    lines = [
        f'1 openat(AT_FDCWD, "{text(str(marks))}", O_WRONLY|O_CREAT|O_APPEND, 0777) = 3',
        *(f'1 write(3, "{text(f"job {what}")}", 9) = 99' for what in ("prepare", BEGIN)),
        f'1 mkdir("{folder}", 0777 <unfinished ...>',
        f'2 openat(AT_FDCWD, "{folder}{text("/rows")}", O_WRONLY|O_CREAT, 0666) = 4',
        "1 <... mkdir resumed>) = 0",
    ]

    recording = Reader(top, marks).read(lines)["job"]

    assert [step.about for step in recording.steps if isinstance(step, Naming)] == ["mkdir data", "create data/rows"]
    assert recording.live().keys() == {"data/", "data/rows"}
