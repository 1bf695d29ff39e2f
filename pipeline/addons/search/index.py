"""The search index: a SQLite file with the words of the articles, but not their text, that follows the lake's head.

It follows from the tables alone, so it may be lost at any time. Each day has the version of its rows: the digest in
the manifest, or the data files in a catalog. A day of another version is read again. The words of each published month
are one FTS5 table without content (``content=''``). FTS5 cannot remove an article from such a table without its text.
So an article that changes or leaves is only removed from ``articles``, and the month is written again when a fifth of
its words is of such articles; for a takedown at once. An index of one host among several cannot be reached by the
takedowns of others: it erases the words of articles that leave the tables in the transaction that finds them gone.

One process writes at a time, one month per transaction. It reads the head after it has the lock, so a later writer
never stores an older state. Readers see the state before or after a transaction.
"""

import hashlib
import re
import sqlite3
import weakref
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake import versions_of
from newslake.pipeline.sqlite import (
    Database,
    open_database,
    overwrite_database,
    repeat_on_change,
    row_checksum,
    transaction,
    vacuum_and_truncate,
)
from newslake.pipeline.sqlite_checks import problems_of_database
from newslake.pipeline.store.tables import TableReader, TablesVersion

REBUILD = "run `newslake search --rebuild`"
TOKENIZER = "unicode61 remove_diacritics 2"
COLUMNS = ("article_id", "title", "text", "source_key", "language")
_FILE, _MEMORY = Path("_state", "search.sqlite"), Path(":memory:")
_VERSION = 2
_CACHE_KILOBYTES = 65_536
_GARBAGE_SHARE = 5  # a month is written again when one in five of its articles is garbage
_LEAST_GARBAGE = 200
_MONTH = re.compile(r"\d{4}-\d{2}")
# Each row ends with its checksum.
_SCHEMA = (
    # id: also the rowid of its words. article_id: its 16 bytes. text_hash: of title and text.
    """CREATE TABLE IF NOT EXISTS articles (
        id INTEGER PRIMARY KEY, article_id BLOB NOT NULL UNIQUE, published_date TEXT NOT NULL,
        source_key TEXT NOT NULL, language TEXT, text_hash BLOB NOT NULL, checksum INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS articles_day ON articles (published_date)",
    # The last id. No id is used again, because words of removed articles remain.
    """CREATE TABLE IF NOT EXISTS last_ids (
        one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, checksum INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS days (
        published_date TEXT PRIMARY KEY, digest TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    # manifest: of which all days are indexed. garbage: articles whose words remain, but which are not in ``articles``.
    # words_checksum: of the table of words.
    """CREATE TABLE IF NOT EXISTS months (
        month TEXT PRIMARY KEY, manifest TEXT NOT NULL, garbage INTEGER NOT NULL, words_checksum INTEGER NOT NULL,
        checksum INTEGER NOT NULL) WITHOUT ROWID""",
)
# Columns of the tables in which FTS5 keeps the words.
_CREATE_WORDS = f"CREATE VIRTUAL TABLE {{words}} USING fts5 (title, text, content='', tokenize='{TOKENIZER}')"
_WORDS_COLUMNS = {"data": "id, block", "idx": "segid, term, pgno", "docsize": "id, sz", "config": "k, v"}
_OF_MONTH = "published_date BETWEEN :month || '-01' AND :month || '-31'"
_DAYS_OF_MONTH = f"SELECT published_date, digest FROM days WHERE {_OF_MONTH}"  # noqa: S608 - constants
_ARTICLES_OF_MONTH = f"SELECT count(*) FROM articles WHERE {_OF_MONTH}"  # noqa: S608 - constants
_MONTHS_WITH_GARBAGE = "SELECT month FROM months WHERE garbage > 0"
_COUNT_GARBAGE = """UPDATE months SET garbage = garbage + 1,
    checksum = row_checksum(month, manifest, garbage + 1, words_checksum) WHERE month = ?"""
_PUT_ARTICLE = "INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?, ?, ?, ?)"
_SET_MANIFEST = """UPDATE months SET manifest = ?1, checksum = row_checksum(month, ?1, garbage, words_checksum)
    WHERE month = ?2 AND manifest <> ?1"""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an update did: months that were read, articles whose words were added, and articles that left or changed."""

    months: int = 0
    added: int = 0
    removed: int = 0

    def __add__(self, other: "IndexReport") -> "IndexReport":
        return IndexReport(self.months + other.months, self.added + other.added, self.removed + other.removed)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class MemoryIndex:
    """An index in the memory of this process: its one connection, which is used by who holds the lock.

    It is closed when nobody has it any more.
    """

    connection: Database
    lock: Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlace:
    """The tables that are searched, and the file of their index.

    ``is_of_host``: other hosts have other indexes, and no takedown of theirs reaches this one.
    ``memory``: the index that is updated and searched in place of the file, which this process may not write.
    """

    tables: TableReader
    path: Path
    is_of_host: bool = False
    memory: MemoryIndex | None = None

    def is_missing(self) -> bool:
        """Return whether the index is a file that is not there."""
        return self.memory is None and not self.path.exists()

    @property
    def name(self) -> str:
        """The file for a person, with its folder."""
        return f"{self.path.parent.name}/{self.path.name}"


type SearchTarget = Path | SearchPlace
"""What is searched; a path is the folder of a lake of this machine."""


def place_of(searched: SearchTarget) -> SearchPlace:
    """Return the tables and the index of what is searched."""
    if isinstance(searched, SearchPlace):
        return searched
    return SearchPlace(tables=versions_of(searched), path=searched / _FILE)


def index_path(searched: SearchTarget) -> Path:
    """Return the path of the index."""
    return place_of(searched).path


def words_table(month: str) -> str:
    """Return the FTS5 table with the words of a month. Raises: LakeError for a damaged name of a month."""
    if not _MONTH.fullmatch(month):
        raise LakeError(f"{month!r} is not a month; {REBUILD}", key=month, reason="search_broken")
    return f"words_{month.replace('-', '_')}"


def broken_index(path: Path, error: sqlite3.Error) -> LakeError:
    """Return the error of a damaged index."""
    return LakeError(f"{path} cannot be read ({error}); {REBUILD}", key=str(path), reason="search_broken")


def update_index(searched: SearchTarget, *, durability: Durability) -> IndexReport:
    """Bring the index to the present version of the tables; a missing index is built from all articles.

    Raises: LakeError (search_broken) for a damaged index, or for a damaged data file; BusyDatabaseError; OSError;
    StoreError.
    """
    place, done = place_of(searched), IndexReport()
    if place.is_missing() and not place.tables.present().month_versions():
        return done
    with _open_for_update(place, durability=durability) as connection:
        while (step := place.tables.read_at_once(partial(_update_month, connection, place))) is not None:
            done += step
        if done.removed and place.is_of_host:
            vacuum_and_truncate(connection)
    return done


def rebuild_index(searched: SearchTarget, *, durability: Durability) -> IndexReport:
    """Empty the index, damaged or not, and make it from all articles again."""
    place = place_of(searched)
    with closing(_open(_MEMORY, durability="process")) as empty:
        if place.memory is not None:
            with place.memory.lock:
                empty.backup(place.memory.connection)
        elif place.path.exists():
            overwrite_database(place.path, empty)
    return update_index(place, durability=durability)


def erase_removed(searched: SearchTarget, *, durability: Durability) -> None:
    """Erase the words of all articles that the lake no longer has from the bytes of the index; rebuild a damaged one.

    After a crash, call it again. Raises: BusyDatabaseError while another process reads an older state.
    """
    place = place_of(searched)
    if not place.path.exists():
        return
    if problems_of_index(place):
        rebuild_index(place, durability=durability)
    update_index(place, durability=durability)
    with closing(_open(place.path, durability=durability)) as connection:
        for (month,) in connection.execute(_MONTHS_WITH_GARBAGE).fetchall():
            place.tables.read_at_once(partial(_rewrite_month, connection, month=month))
        vacuum_and_truncate(connection)


def problems_of_index(searched: SearchTarget) -> tuple[str, ...]:
    """Return a sentence per damage of the index. It is not a problem if it is missing, or older than the head.

    The structure of the file and of each table of words is checked, and which articles each day has.
    """
    place = place_of(searched)
    if not place.path.exists():
        return ()
    problems = list(problems_of_database(place.path, schema=_SCHEMA, version=_VERSION))
    if not problems:
        check = partial(place.tables.read_at_once, partial(_content_problems, place.path))
        problems = repeat_on_change(check)
    return tuple(f"{place.name}: {each}; {REBUILD}" for each in problems)


def is_current(connection: Database, version: TablesVersion) -> bool:
    """Return whether the index has the articles of a version of the tables."""
    return next(_stale_months(connection, version), None) is None


def is_index_current(searched: SearchTarget) -> bool:
    """Return whether the index can be searched and has the articles of the present version of the tables."""
    place = place_of(searched)
    if not place.path.exists():
        return False

    def read() -> bool:
        with closing(_open(place.path, durability="process")) as connection:
            return place.tables.read_at_once(partial(is_current, connection))

    try:
        return repeat_on_change(read)
    except (LakeError, OSError):  # damaged, or of another version
        return False


def open_in_memory() -> MemoryIndex:
    """Return an empty index in memory; nothing of it is ever in a file."""
    connection = _open(_MEMORY, durability="process")
    connection.execute("PRAGMA temp_store = MEMORY")  # what is sorted or rewritten
    memory = MemoryIndex(connection, Lock())
    weakref.finalize(memory, connection.close)
    return memory


@contextmanager
def _open_for_update(place: SearchPlace, *, durability: Durability) -> Iterator[Database]:
    """Yield a connection to the file, or the one in memory when no search uses it."""
    if place.memory is None:
        with closing(_open(place.path, durability=durability)) as connection:
            yield connection
        return
    with place.memory.lock:
        yield place.memory.connection


def _open(path: Path, *, durability: Durability) -> Database:
    connection = open_database(path, durability=durability, broken=partial(broken_index, path))
    try:
        connection.create_function("row_checksum", -1, lambda *values: row_checksum(values), deterministic=True)
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
        with transaction(connection):
            if _version(connection) == 0:
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_version(connection: Database) -> None:
    """Raise LakeError (search_broken) for an index of another version of newslake."""
    if (version := _version(connection)) != _VERSION:
        message = f"{connection.path} has version {version}, not {_VERSION}; {REBUILD}"
        raise LakeError(message, key=str(connection.path), reason="search_broken")


def _version(connection: Database) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


# Updates: one month per transaction.


def _stale_months(connection: Database, version: TablesVersion) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """Yield each month with days that changed, newest first, with the versions of these days; None for a day without
    articles."""
    stored = dict(map(tuple, connection.execute("SELECT month, manifest FROM months")))
    months = version.month_versions()
    for month in sorted({*stored, *months}, reverse=True):
        if stored.get(month) == months.get(month, ""):
            continue
        indexed: dict[str, str] = dict(map(tuple, connection.execute(_DAYS_OF_MONTH, {"month": month})))
        present = _digests(version, month)
        days = indexed.keys() | present.keys()
        stale = {day: present.get(day) for day in sorted(days) if indexed.get(day) != present.get(day)}
        if stale:
            yield month, stale


def _digests(version: TablesVersion, month: str) -> dict[str, str]:
    """Return the version of the articles of each day of a month."""
    return {day.isoformat(): each for day, each in version.day_versions("articles", month=month).items()}


def _update_month(connection: Database, place: SearchPlace, version: TablesVersion) -> IndexReport | None:
    """Bring one month to a version of the tables; return None if all months are. A newer one is left to the next
    call."""
    with transaction(connection):
        if place.tables.version_name() != version.name:  # another process may have stored a newer one
            return IndexReport()
        month, stale = next(_stale_months(connection, version), (None, {}))
        if month is None:
            names = [(name, each) for each, name in version.month_versions().items()]
            connection.executemany(_SET_MANIFEST, names)
            return None
        done = _write_days(connection, version, month, stale)
        (count,) = connection.execute(_ARTICLES_OF_MONTH, {"month": month}).fetchone()
        (garbage,) = connection.execute("SELECT garbage FROM months WHERE month = ?", (month,)).fetchone()
        doomed = [month] if garbage > max(_LEAST_GARBAGE, count // _GARBAGE_SHARE) else []
        if done.removed and place.is_of_host:  # other months may have the words of earlier revisions
            doomed = [row[0] for row in connection.execute(_MONTHS_WITH_GARBAGE)]
        for each in doomed:
            _drop_month(connection, each)
            _write_days(connection, version, each, _digests(version, each))
    return done


def _rewrite_month(connection: Database, version: TablesVersion, *, month: str) -> None:
    """Write the words of a month again, from the tables."""
    with transaction(connection):
        _drop_month(connection, month)
        _write_days(connection, version, month, _digests(version, month))


def _drop_month(connection: Database, month: str) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {words_table(month)}")
    for table in ("articles", "days"):
        connection.execute(f"DELETE FROM {table} WHERE {_OF_MONTH}", {"month": month})  # noqa: S608 - constants
    connection.execute("DELETE FROM months WHERE month = ?", (month,))


def _write_days(
    connection: Database, version: TablesVersion, month: str, digests: Mapping[str, str | None]
) -> IndexReport:
    """Store the articles of some days of a month."""
    words = words_table(month)
    is_new = connection.execute("SELECT 1 FROM months WHERE month = ?", (month,)).fetchone() is None
    if is_new:
        connection.execute(_CREATE_WORDS.format(words=words))
    added, held = 0, dict[str, set[str]]()
    for day in digests:
        rows = version.read("articles", days=[date.fromisoformat(day)], columns=COLUMNS).to_pylist()
        added += sum(_put_article(connection, words, day, row) for row in rows)
        held[day] = {row["article_id"] for row in rows}
    removed = 0
    for day, digest in digests.items():  # after all rows, so that an article may move from one day to another
        removed += _remove_articles(connection, day, held[day])
        connection.execute("DELETE FROM days WHERE published_date = ?", (day,))
        if digest is not None:
            connection.execute("INSERT INTO days VALUES (?, ?, ?)", _with_checksum(day, digest))
    if is_new:
        connection.execute(f"INSERT INTO {words} ({words}) VALUES ('optimize')")  # noqa: S608 - constants
    known = connection.execute("SELECT garbage FROM months WHERE month = ?", (month,)).fetchone()
    facts = (
        version.month_versions().get(month, ""),
        known["garbage"] if known else 0,
        _words_checksum(connection, words),
    )
    connection.execute("INSERT OR REPLACE INTO months VALUES (?, ?, ?, ?, ?)", _with_checksum(month, *facts))
    return IndexReport(months=1, added=added, removed=removed)


def _remove_articles(connection: Database, day: str, held: Collection[str]) -> int:
    """Remove the articles of a day that the lake does not have on it; return how many."""
    stored = connection.execute("SELECT id, article_id FROM articles WHERE published_date = ?", (day,)).fetchall()
    gone = [article["id"] for article in stored if article["article_id"].hex() not in held]
    for number in gone:
        _remove(connection, number, day)
    return len(gone)


def _remove(connection: Database, number: int, day: str) -> None:
    connection.execute("DELETE FROM articles WHERE id = ?", (number,))
    connection.execute(_COUNT_GARBAGE, (day[:7],))


def _put_article(connection: Database, words: str, day: str, row: Mapping[str, Any]) -> bool:
    """Store an article, and its words unless they are stored; return whether they were not."""
    title, text = row["title"] or "", row["text"] or ""
    text_hash = hashlib.blake2b(f"{title}\0{text}".encode(), digest_size=8).digest()
    article_id = bytes.fromhex(row["article_id"])
    facts = (article_id, day, row["source_key"], row["language"], text_hash)
    query = "SELECT id, published_date, text_hash FROM articles WHERE article_id = ?"
    stored = connection.execute(query, (article_id,)).fetchone()
    if stored is not None and stored["text_hash"] == text_hash and stored["published_date"][:7] == day[:7]:
        connection.execute(_PUT_ARTICLE, _with_checksum(stored["id"], *facts))
        return False
    if stored is not None:
        _remove(connection, stored["id"], stored["published_date"])
    number = _next_id(connection)
    connection.execute(_PUT_ARTICLE, _with_checksum(number, *facts))
    connection.execute(
        f"INSERT INTO {words} (rowid, title, text) VALUES (?, ?, ?)",  # noqa: S608 - constants
        (number, plain(title), plain(text)),
    )
    return True


def _next_id(connection: Database) -> int:
    last = connection.execute("SELECT id FROM last_ids").fetchone()
    number = 1 if last is None else int(last["id"]) + 1
    connection.execute("INSERT OR REPLACE INTO last_ids VALUES (?, ?, ?)", _with_checksum(1, number))
    return number


def _with_checksum(*values: object) -> tuple[object, ...]:
    return (*values, row_checksum(values))


def _words_checksum(connection: Database, words: str) -> int:
    """Return the checksum of all rows in which FTS5 keeps the words of a month."""
    connection.execute("SAVEPOINT words")  # FTS5 then writes what it holds in memory
    connection.execute("RELEASE words")
    checksum = 0
    for table, columns in _WORDS_COLUMNS.items():
        for row in connection.execute(f"SELECT {columns} FROM {words}_{table} ORDER BY 1, 2"):  # noqa: S608 - constants
            for value in row:
                checksum = zlib.crc32(value if isinstance(value, bytes) else str(value).encode(), checksum)
    return checksum


def plain(text: str) -> str:
    """Return a text as FTS5 takes it, of the same length: it reads a text up to the first NUL."""
    return text.replace("\0", " ")


# Verification.


def _content_problems(path: Path, version: TablesVersion) -> list[str]:
    with ExitStack() as stack:
        connection = stack.enter_context(closing(_open(path, durability="process")))
        if connection.is_read_only:  # FTS5 checks itself in a statement that writes
            copy = stack.enter_context(closing(_open(_MEMORY, durability="process")))
            connection.backup(copy)
            connection = copy
        stack.enter_context(transaction(connection))
        try:
            return list(_problems_of_months(connection, version))
        except LakeError as error:
            if error.reason != "search_broken":
                raise
            return [f"is damaged ({error.__cause__})"]


def _problems_of_months(connection: Database, version: TablesVersion) -> Iterator[str]:
    """Yield tables of words that FTS5 finds damaged, and days with other articles than the lake has."""
    counted = "SELECT published_date, count(*) FROM articles GROUP BY published_date"
    counts: dict[str, int] = dict(map(tuple, connection.execute(counted)))
    months = connection.execute("SELECT month, garbage, words_checksum FROM months").fetchall()
    for month, garbage, checksum in months:
        words = words_table(month)
        created = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (words,)).fetchone()
        if created is None or created["sql"] != _CREATE_WORDS.format(words=words):
            yield f"does not have the words of {month}"
            continue
        if _words_checksum(connection, words) != checksum:
            yield f"has damaged words of {month}"
            continue
        connection.execute(f"INSERT INTO {words} ({words}) VALUES ('integrity-check')")  # noqa: S608 - constants
        (number,) = connection.execute(f"SELECT count(*) FROM {words}_docsize").fetchone()  # noqa: S608 - constants
        indexed = connection.execute(_DAYS_OF_MONTH, {"month": month}).fetchall()
        held = sum(count for day, count in counts.items() if day.startswith(month))
        if number != held + garbage:
            yield f"{month} has the words of {number} articles, not of {held + garbage}"
        present = _digests(version, month)
        for day, digest in indexed:
            rows = version.count("articles", date.fromisoformat(day)) if present.get(day) == digest else None
            if rows not in (None, counts.get(day, 0)):
                yield f"has {counts.get(day, 0)} articles of {day}, the lake has {rows}"
