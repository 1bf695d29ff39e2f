"""The database of alerts in a data root: its tables, its damage, and the part of takedowns in it.

``pipeline.alerts.store`` writes it. Takedowns run in jobs, which do not import alerts: so the tables are here.
"""

import fcntl
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from sqlite3 import DatabaseError, Error, Row

from pipeline.archive import TakedownPlan
from pipeline.durability import Durability, make_folder, sync_folder
from pipeline.errors import BrokenDatabaseError
from pipeline.jobs.inventory import ALERTS
from pipeline.model import canonical_url
from pipeline.settings import Settings
from pipeline.sqlite import (
    Database,
    open_database,
    problems_of_database,
    row_checksum,
    transaction,
    vacuum_and_truncate,
)

FEEDS, LOCK = "feeds", "alerts.lock"
# Each row ends with its checksum, because no other file has the same data. Times are microseconds since 1970, for
# people: messages are in the order of ``seq``, so that a clock that jumps changes no order. A ``key`` is a hash.
_SCHEMA = (
    # feed_id: of the Atom file. updated_at: of the newest message.
    """CREATE TABLE IF NOT EXISTS rules (
        rule TEXT PRIMARY KEY, feed_id TEXT NOT NULL, title TEXT NOT NULL, updated_at INTEGER NOT NULL,
        checksum INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS open_alerts (
        rule TEXT NOT NULL, key TEXT NOT NULL, opened_at INTEGER NOT NULL, article_id TEXT, content TEXT NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (rule, key))""",
    """CREATE TABLE IF NOT EXISTS reported_rows (
        rule TEXT NOT NULL, key TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (rule, key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL,
        kind TEXT NOT NULL, total INTEGER NOT NULL, created_at INTEGER NOT NULL, checksum INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS messages_by_rule ON messages (rule, seq)",
    """CREATE TABLE IF NOT EXISTS items (
        seq INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL, article_id TEXT, content TEXT NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (seq, position))""",
    # A row waits for its sender; it is deleted when it is sent. delivery_id is set when its content is fixed.
    """CREATE TABLE IF NOT EXISTS deliveries (
        seq INTEGER NOT NULL, sender TEXT NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER, delivery_id TEXT,
        checksum INTEGER NOT NULL, PRIMARY KEY (seq, sender))""",
    """CREATE TABLE IF NOT EXISTS failing_senders (
        sender TEXT PRIMARY KEY, attempts INTEGER NOT NULL, since INTEGER NOT NULL, next_try_at INTEGER NOT NULL,
        reason TEXT NOT NULL, checksum INTEGER NOT NULL)""",
)
_URL = re.compile(r"https?://[^\s\"\\<>]*[^\s\"\\<>.,;:!?)\]]")  # in a text, without the punctuation that follows
_ADVICE = (
    "restore it from a backup: no other file says which messages wait to be sent; without a backup, delete it and run "
    "`newslake lake repair --give-up alerts/alerts.sqlite`: open alerts, and the rows of each rule's window, are then "
    "reported once more"
)


def alert_database(settings: Settings) -> Path:
    """Return the path of the database of alerts of a data root; Atom files and lock are next to it."""
    return settings.data_dir / ALERTS


def open_alert_database(path: Path, *, durability: Durability) -> Database:
    """Return a connection to the database of alerts with its tables.

    Raises: BrokenDatabaseError.
    """
    connection = open_database(path, durability=durability, broken=_broken(path))
    connection.create_function("row_checksum", -1, lambda *values: row_checksum(values), deterministic=True)
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)
    return connection


def whole_rows(connection: Database, query: str, parameters: Sequence[object]) -> list[Row]:
    """Return rows with all columns of a table. Raises: BrokenDatabaseError for a row that its checksum denies."""
    rows = connection.execute(query, parameters).fetchall()
    for row in rows:
        *values, checksum = row
        if row_checksum(values) != checksum:
            connection.raise_named(DatabaseError(f"a damaged row: {query}"))
    return rows


def _broken(path: Path) -> Callable[[Error], BrokenDatabaseError]:
    def as_error(error: Error) -> BrokenDatabaseError:
        message = f"{path} cannot be read ({error}); {_ADVICE}"
        return BrokenDatabaseError(message, key=str(path), reason="database_broken")

    return as_error


def problems_of_alerts(settings: Settings, *, is_quick: bool = False) -> Iterator[str]:
    """Yield the damage of the database of alerts, as sentences with advice; nothing if there are no alerts."""
    path = alert_database(settings)
    for problem in problems_of_database(path, schema=_SCHEMA, is_quick=is_quick):
        yield f"{path} {problem}; {_ADVICE}"


@contextmanager
def alert_lock(folder: Path, *, durability: Durability) -> Iterator[int]:
    """Hold the exclusive lock of the folder of alerts; yield its descriptor.

    A process that inherits the descriptor holds the lock too, until it ends.
    """
    make_folder(folder, durability=durability)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def erase_from_alerts(settings: Settings, work: TakedownPlan) -> int:
    """Delete what alerts say about the articles of a plan; return how many items were deleted.

    The Atom files are deleted too; the next check, or `newslake forget` itself, writes them again from what is left. A
    killed attempt is simply made again: the database is rewritten also if nothing is found.
    """
    path, durability = alert_database(settings), settings.durability
    if not path.parent.is_dir():
        return 0
    with alert_lock(path.parent, durability=durability):
        _remove_feeds(path.parent / FEEDS, durability=durability)
        if not path.exists():
            return 0
        with closing(open_alert_database(path, durability=durability)) as connection:
            with transaction(connection):
                is_about = partial(_is_about, work)
                done = sum(_erase_rows(connection, table, is_about) for table in ("open_alerts", "items"))
            vacuum_and_truncate(connection)
    return done


def _remove_feeds(folder: Path, *, durability: Durability) -> None:
    """Delete the Atom files, and those that a killed process did not finish."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        path.unlink()
    if durability == "full" and folder.is_dir():
        sync_folder(folder)


def _erase_rows(connection: Database, table: str, is_about: Callable[[str | None, str], bool]) -> int:
    rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()  # noqa: S608 - our own names
    found = [row for row in rows if is_about(row["article_id"], row["content"])]
    for row in found:
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row["rowid"],))  # noqa: S608 - our own names
        if table == "items":
            _shrink(connection, row["seq"])
    return len(found)


def _shrink(connection: Database, seq: int) -> None:
    """Count one item less in a message; delete a message that has none left."""
    connection.execute("UPDATE messages SET total = total - 1 WHERE seq = ?", (seq,))
    columns = "seq, message_id, rule, title, kind, total, created_at"
    query = f"UPDATE messages SET checksum = row_checksum({columns}) WHERE seq = ?"  # noqa: S608 - our own names
    connection.execute(query, (seq,))
    if connection.execute("SELECT 1 FROM messages WHERE seq = ? AND total > 0", (seq,)).fetchone() is None:
        for table in ("messages", "deliveries"):
            connection.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))  # noqa: S608 - our own names


def _is_about(work: TakedownPlan, article_id: str | None, content: str) -> bool:
    """Return whether an item is about an article of the plan: by its id or its address, or because it names one."""
    if article_id in work.article_ids or any(each in content for each in (*work.article_ids, *work.page_keys)):
        return True
    try:
        json.loads(content)
    except ValueError:  # damaged: it may be about any article
        return True
    return any(_key_of(url) in work.page_keys for url in _URL.findall(content))


def _key_of(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:
        return None
