"""Verify a lake: bytes against digests, files against manifests, rows against the contract; drop damaged files.

Files are hashed; rows are read only on request. The committer's lock is held per day, so that commits do not wait.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from itertools import batched
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import LakeError
from pipeline.lake.article_index import ArticleIndex, index_problems
from pipeline.lake.commit import Committer, OpenCommitter, stored_articles
from pipeline.lake.log_tables import drop_missing_log_files, log_problems
from pipeline.lake.maintenance import PACKAGE, recover, stale_package, stray_files
from pipeline.lake.partitions import Days, Entry, Manifest, check_object
from pipeline.lake.staging import discard_batch_at, is_batch_sound
from pipeline.lake.storage import (
    ANNOTATION_NAMES,
    PUBLISH_ORDER,
    RECOVER,
    REDERIVE_LOST_DAY,
    REMOVE,
    RESTAGE,
    Disk,
    Layout,
    files_in,
    is_named_by_digest,
    sha256_of,
    without_digest,
)
from pipeline.sqlite import overwrite_database
from pipeline.tables import check_batch, check_genders, check_offsets

CheckArticles = Callable[[pa.Table], Iterable[str]]

_FOLDERS_AT_ONCE = 50
ALL_NEW = "`newslake changes` then reports every article as new"
_INDEX_MISMATCH = "the article index and the table have different articles, or an article is on two days; "


def accept_all(articles: pa.Table) -> Iterable[str]:
    """Accept articles that match the contract, without another check."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Checks in addition to the bytes: rows of the days that ``reads`` selects, and their articles by ``check``.

    ``tally`` counts the files, bytes and rows that were read.
    """

    reads: Callable[[date], bool] = lambda day: True
    check: CheckArticles = accept_all
    tally: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _ObjectFacts:
    """Facts of the bytes of a data file. Bytes that are not Parquet have no ``rows``."""

    size: int
    sha256: str
    rows: int | None


class _ObjectReader:
    """The data files of a lake, each read once: those that exist at the start by threads, later ones on request.

    A data file is immutable, so no lock is held.
    """

    def __init__(self, layout: Layout, pool: ThreadPoolExecutor) -> None:
        self._read: dict[Path, _ObjectFacts | None] = {}
        for part in pool.map(_read_folders, batched(sorted(layout.folders_of_objects()), _FOLDERS_AT_ONCE)):
            self._read.update(part)

    def read(self, path: Path) -> _ObjectFacts | None:
        """Return the facts of a data file; None if it is missing."""
        return self._read.pop(path) if path in self._read else _read(path)


def _read_folders(folders: Iterable[Path]) -> dict[Path, _ObjectFacts | None]:
    return {path: _read(path) for folder in folders for path in files_in(folder)}


def _read(path: Path) -> _ObjectFacts | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    except (pa.ArrowException, OSError, ValueError):  # ValueError: a column's name is not UTF-8
        rows = None
    return _ObjectFacts(len(data), sha256_of(data), rows)


def problems_of(layout: Layout, open_committer: OpenCommitter, depth: Depth) -> Iterator[str]:
    """Yield a sentence per problem of a lake, with the file or day and the fix.

    If the index is damaged, nothing else is checked: ``open_committer`` would open it, which may rebuild it.
    """
    if is_index_missing(layout):
        yield f"{layout.relative(layout.index)}: is missing; {RECOVER}, which builds it again: {ALL_NEW}"
        return
    with ThreadPoolExecutor() as pool:
        index = pool.submit(index_problems, layout.index)
        objects = _ObjectReader(layout, pool)  # read while SQLite checks its pages
    damaged = index.result()
    yield from (f"{layout.relative(layout.index)}: {each}; {REMOVE}, then verify again" for each in damaged)
    if not damaged:
        yield from _problems_of_tables(open_committer, depth, objects)


def is_index_missing(layout: Layout) -> bool:
    """Return whether the lake has days, but no file of its index."""
    return not layout.index.exists() and any(layout.manifest(date.min).parent.glob("*.json"))


def _problems_of_tables(open_committer: OpenCommitter, depth: Depth, objects: _ObjectReader) -> Iterator[str]:
    with open_committer() as committer:
        known = committer.days.known()
        days = sorted({*known, *committer.layout.days_of_objects()})
        missing = sorted(day for day in committer.index.generations() if day not in known)
    for day in missing:
        yield f"{committer.layout.relative(committer.layout.manifest(day))}: is missing; {REDERIVE_LOST_DAY}"
    is_readable = True
    for day in days:
        with open_committer() as committer:
            try:
                manifest = committer.days.manifest(day)
            except LakeError as error:
                is_readable = False
                yield str(error)
                continue
            depth.tally["files"] += 1
            yield from _problems_of_day(committer, manifest, depth, objects)
    with open_committer() as committer:
        if is_readable:
            yield from _problems_of_names(committer, depth)
        yield from _problems_of_the_rest(committer, depth.tally)


def _problems_of_day(committer: Committer, manifest: Manifest, depth: Depth, objects: _ObjectReader) -> Iterator[str]:
    """Check all data files and public files of a day; then its rows if ``depth`` selects the day."""
    needed = {name: committer.layout.state / entry.object for name, entry in manifest.entries.items()}
    found = {name: objects.read(path) for name, path in needed.items()}
    problems = {name: _object_problem(manifest.entries[name], read, depth.tally) for name, read in found.items()}
    rest = {*committer.layout.objects_of(manifest.day)}.difference(needed.values())
    superseded = [_superseded_problem(committer.layout, each, objects, depth.tally) for each in sorted(rest)]
    for name in (spec.name for spec in PUBLISH_ORDER):
        public = committer.layout.relative(committer.layout.public(name, manifest.day))
        if not committer.days.is_published(manifest, name):
            yield f"{public}: is not the data file of the manifest; {RECOVER}"
        if problem := problems.get(name):
            yield f"{public}: {problem}"
    yield from filter(None, superseded)
    if depth.reads(manifest.day) and not any(problems.values()):
        yield from (f"{manifest.day}: {breach}" for breach in _breaches(committer, manifest, depth))


def _object_problem(entry: Entry, read: _ObjectFacts | None, tally: Counter[str]) -> str | None:
    try:
        check_object(entry, read.sha256 if read else None)
    except LakeError as error:
        return str(error)
    assert read is not None
    tally.update(files=1, bytes=read.size)
    if read.rows == entry.rows:
        return None
    return f"_state/{entry.object} has {read.rows} rows, the manifest says {entry.rows}; {REMOVE}"


def _superseded_problem(layout: Layout, path: Path, objects: _ObjectReader, tally: Counter[str]) -> str | None:
    """Return the problem of a data file that no reader needs; its name has the beginning of its digest."""
    read = objects.read(path)
    if read is None:
        return None
    tally.update(files=1, bytes=read.size)
    if is_named_by_digest(path, read.sha256):
        return None
    return f"{layout.relative(path)}: is damaged, but no longer needed; {REMOVE}"


def _breaches(committer: Committer, manifest: Manifest, depth: Depth) -> Iterator[str]:
    """Check every row of a day against the contract, and the index against its articles."""
    tables = {
        name: committer.days.table(manifest, name) for name in dict.fromkeys((*ANNOTATION_NAMES, *manifest.entries))
    }
    depth.tally["rows"] += sum(table.num_rows for table in tables.values())
    reading = {name: tables.pop(name) for name in ANNOTATION_NAMES}
    articles = reading["articles"]
    for each in (reading, *({name: table} for name, table in tables.items())):
        yield from check_batch(each)
    yield from _wrong_days(articles, manifest.day)
    yield from check_offsets(reading)
    yield from check_genders(reading)
    yield from depth.check(articles)
    is_current = committer.index.generation(manifest.day) == manifest.generation
    if is_current and not committer.index.has_content(manifest.day, stored_articles(articles, manifest.day)):
        yield _INDEX_MISMATCH + REMOVE


def _wrong_days(articles: pa.Table, day: date) -> Iterator[str]:
    days = pc.cast(articles["published_at"], pa.date32())
    wrong = articles.filter(pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False))
    if wrong.num_rows:
        yield f"articles: {wrong.num_rows} were published on another day, first {wrong['article_id'][0]}"


def _problems_of_names(committer: Committer, depth: Depth) -> Iterator[str]:
    """Compare index and public folders with the manifests, per day, by counts alone."""
    counted = committer.index.counts()
    for manifest in committer.days.manifests():
        entry = manifest.entries.get("articles")
        generation, count = counted.pop(manifest.day.isoformat(), (0, 0))
        if generation != manifest.generation:
            yield f"{manifest.day}: {_INDEX_MISMATCH}{RECOVER}"
        elif count != (entry.rows if entry else 0) and not depth.reads(manifest.day):
            yield f"{manifest.day}: {_INDEX_MISMATCH}{REMOVE}"
    if committer.index.intent_days():
        yield f"article index: a commit of {committer.index.intent_days()[0]} was not finished; {RECOVER}"
    if stale_package(committer) is not None:
        yield f"{PACKAGE}: differs from the tables; {RECOVER}"
    for path in stray_files(committer):
        yield f"{committer.layout.relative(path)}: is in no manifest; {RECOVER}"


def _problems_of_the_rest(committer: Committer, tally: Counter[str]) -> Iterator[str]:
    """Check what is in no manifest: staged batches, the cache, the log.

    The bytes of the index are counted here; they were read before it was opened.
    """
    layout = committer.layout
    tally.update(files=1, bytes=layout.index.stat().st_size)
    for path in damaged_batches(layout, tally):
        yield f"{layout.relative(path)}: its checksums do not match; {RESTAGE}"
    for path in damaged_cache_files(layout, tally):
        yield f"{layout.relative(path)}: is damaged, and is computed again on demand; {REMOVE}"
    yield from log_problems(layout.root, committer.index, tally)


def damaged_batches(layout: Layout, tally: Counter[str]) -> Iterator[Path]:
    """Yield the folders of damaged staged batches."""
    for folder in layout.staged_batches():
        sizes = [path.stat().st_size for path in folder.iterdir()]
        tally.update(files=len(sizes), bytes=sum(sizes))
        if not is_batch_sound(folder):
            yield folder


def damaged_cache_files(layout: Layout, tally: Counter[str]) -> Iterator[Path]:
    """Yield the damaged files of the cache."""
    for path in sorted(layout.cached("").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            tally.update(files=1, bytes=len(data))
            if without_digest(data) is None:
                yield path


def drop_damaged(layout: Layout, disk: Disk, days: Days, open_committer: Callable[[], Committer]) -> Iterator[str]:
    """Remove all damaged files except the log, and read the rest into the index; yield a sentence per action.

    The days can be derived again from the archive. It runs only on demand: the operator may have a copy of the files.
    Exhaust the iterator under the committer's lock: a commit in between would trust an empty index.
    ``open_committer`` returns a committer whose index is closed here.
    """
    yield from _drop_damaged_files(layout, disk, days)
    is_sound = not index_problems(layout.index)
    if not is_sound:
        _empty_index(layout.index)
    committer = open_committer()
    with closing(committer.index.connection):
        if is_sound and not _agrees_with_index(committer):
            _empty_index(layout.index)
            is_sound = False
        if not is_sound:
            yield f"rebuilt the article index: {ALL_NEW}"
        yield from recover(committer)
        yield from drop_missing_log_files(layout.root, committer.index)


def _empty_index(path: Path) -> None:
    with closing(ArticleIndex(Path(":memory:"), durability="process").connection) as empty:
        overwrite_database(path, empty)


def _drop_damaged_files(layout: Layout, disk: Disk, days: Days) -> Iterator[str]:
    """Remove the manifest of every day with a damaged file, and all other damaged files except the log's."""
    for day in days.known():
        try:
            for entry in days.manifest(day).entries.values():
                days.object_bytes(entry)
        except LakeError as error:
            disk.remove(layout.manifest(day))
            yield f"dropped {day}: {error.key} is damaged"
    for path in (path for day in sorted(layout.days_of_objects()) for path in layout.objects_of(day)):
        if not is_named_by_digest(path, sha256_of(path.read_bytes())):
            disk.remove(path)
            yield f"removed {layout.relative(path)}, which was damaged"
    for path in damaged_batches(layout, Counter()):
        discard_batch_at(path, disk)
        yield f"removed {layout.relative(path)}, which was damaged"
    for path in damaged_cache_files(layout, Counter()):
        disk.remove(path)
        yield f"removed {layout.relative(path)}, which was damaged"


def _agrees_with_index(committer: Committer) -> bool:
    """Return whether the index has the articles of every day whose generation it reflects."""
    for manifest in committer.days.manifests():
        if committer.index.generation(manifest.day) == manifest.generation:
            [held] = committer.contents([manifest.day]).values()
            if not committer.index.has_content(manifest.day, held.articles):
                return False
    return True
