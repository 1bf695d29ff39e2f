"""Verify a lake: bytes against digests, files against manifests, rows against the contract; drop damaged files.

Files are hashed; rows are read only on request. The committer's lock is held for the manifest of a month, then for the
rows of a day, so that commits do not wait long.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import batched
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_index import index_problems
from newslake.pipeline.lake.commit import Committer, OpenCommitter
from newslake.pipeline.lake.log_tables import log_problems
from newslake.pipeline.lake.maintenance import foreign_file_problem, is_public_path, stale_descriptions, stray_files
from newslake.pipeline.lake.manifests import Entry
from newslake.pipeline.lake.merge import stored_articles
from newslake.pipeline.lake.partitions import LakeState, check_object
from newslake.pipeline.lake.staging import is_batch_sound
from newslake.pipeline.lake.storage import (
    ANNOTATION_NAMES,
    RECOVER,
    REDERIVE_LOST_DAY,
    REMOVE,
    RESTAGE,
    RESTORE_HEAD,
    Layout,
    Month,
    check_layout,
    files_in,
    is_named_by_digest,
    sha256_of,
    without_digest,
)
from newslake.pipeline.tables import check_batch, check_genders, check_offsets

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
    """Facts of the bytes of a data file."""

    size: int
    sha256: str


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
    return _ObjectFacts(len(data), sha256_of(data))


def problems_of(layout: Layout, open_committer: OpenCommitter, depth: Depth) -> Iterator[str]:
    """Yield a sentence per problem of a lake, with the file or day and the fix.

    If the index is damaged, nothing else is checked: ``open_committer`` would open it, which may rebuild it.
    """
    try:
        check_layout(layout.root)
    except LakeError as error:
        yield str(error)
        return
    if is_index_missing(layout):
        yield f"{layout.relative(layout.index)}: is missing; {RECOVER}, which builds it again: {ALL_NEW}"
        return
    with ThreadPoolExecutor() as pool:
        index = pool.submit(index_problems, layout.index)
        objects = _ObjectReader(layout, pool)  # read while SQLite checks its pages
    damaged = index.result()
    yield from (f"{layout.relative(layout.index)}: {each}; {REMOVE}, then verify again" for each in damaged)
    if damaged:
        return
    try:
        with open_committer():
            pass
    except LakeError as error:  # without the head, an empty index cannot be built again
        yield str(error)
    else:
        yield from _problems_of_tables(open_committer, depth, objects)


def is_index_missing(layout: Layout) -> bool:
    """Return whether the lake has a head or a manifest, but no file of its index."""
    return not layout.index.exists() and (layout.head.exists() or layout.has_manifests())


def _problems_of_tables(open_committer: OpenCommitter, depth: Depth, objects: _ObjectReader) -> Iterator[str]:
    with open_committer() as committer:
        layout = committer.layout
        try:
            months = sorted({*committer.partitions.head().months, *layout.months_on_disk()})
        except LakeError as error:
            yield str(error)
            months = None
        if months is not None and not layout.head.exists() and not committer.index.is_empty():
            yield f"{layout.relative(layout.head)}: is missing; {RESTORE_HEAD}"
            months = None
    is_readable = months is not None
    for month in months or ():
        with open_committer() as committer:
            depth.tally["files"] += 1
            try:
                findings = _check_files(committer, month, depth, objects)
            except LakeError as error:
                is_readable = False
                yield str(error)
                continue
        yield from findings.problems
        for day in filter(depth.reads, findings.sound_days):
            with open_committer() as committer:
                breaches = list(_breaches(committer, day, depth))
            yield from (f"{day}: {breach}" for breach in breaches)
    with open_committer() as committer:
        if is_readable:
            yield from _problems_of_names(committer, depth)
        yield from _problems_of_the_rest(committer, depth.tally)


@dataclass(frozen=True, slots=True)
class _MonthFindings:
    """The problems of a month's files, and the days whose files have none."""

    problems: tuple[str, ...]
    sound_days: tuple[date, ...]


def _check_files(committer: Committer, month: Month, depth: Depth, objects: _ObjectReader) -> _MonthFindings:
    """Check all files of a month against its manifest. Raises: LakeError for a manifest that cannot be read."""
    state = committer.partitions.state()
    manifest, problems, damaged = state.month(month), [], set()
    for name, stem, entry in manifest.entries():
        public = committer.layout.relative(committer.layout.public(name, stem))
        if not committer.partitions.is_published(name, stem, entry):
            problems.append(f"{public}: is not the data file of the manifest; {RECOVER}")
        if problem := _object_problem(entry, objects.read(committer.layout.state / entry.object), depth.tally):
            damaged.add(stem)
            problems.append(f"{public}: {problem}")
    problems += _superseded_problems(committer.layout, state, month, objects, depth.tally)
    return _MonthFindings(tuple(problems), tuple(day for day in manifest.days if manifest.stem(day) not in damaged))


def _object_problem(entry: Entry, read: _ObjectFacts | None, tally: Counter[str]) -> str | None:
    try:
        check_object(entry, read.sha256 if read else None)
    except LakeError as error:
        return str(error)
    assert read is not None
    tally.update(files=1, bytes=read.size)
    return None


def _superseded_problems(
    layout: Layout, state: LakeState, month: Month, objects: _ObjectReader, tally: Counter[str]
) -> Iterator[str]:
    """Yield the problems of files that no reader needs; their names have the beginning of their digests."""
    needed = {layout.state / entry.object for _, _, entry in state.month(month).entries()}
    needed |= {layout.state / state.head.months[month]} if month in state.head.months else set()
    superseded = {path: objects.read(path) for path in layout.objects_of(month) if path not in needed}
    superseded |= {path: _read(path) for path in files_in(layout.manifests(month)) if path not in needed}
    for path, read in superseded.items():
        if read is not None:
            tally.update(files=1, bytes=read.size)
            if not is_named_by_digest(path, read.sha256):
                yield f"{layout.relative(path)}: is damaged, but no longer needed; {REMOVE}"


def _breaches(committer: Committer, day: date, depth: Depth) -> Iterator[str]:
    """Check every row of a day against the contract, and the index against its articles."""
    state = committer.partitions.state()
    stated = state.day(day)
    names = dict.fromkeys((*ANNOTATION_NAMES, *stated.tables))
    tables = {name: committer.partitions.table(state, name, day) for name in names}
    for name, table in tables.items():
        count = stated.tables[name].rows if name in stated.tables else 0
        if table.num_rows != count:
            yield f"{name} has {table.num_rows} rows, the manifest says {count}; {REMOVE}"
    depth.tally["rows"] += sum(table.num_rows for table in tables.values())
    articles = tables["articles"]
    yield from row_breaches(tables, day, depth)
    is_current = committer.index.generation(day) == stated.generation
    if is_current and not committer.index.has_content(day, stored_articles(articles, day)):
        yield _INDEX_MISMATCH + REMOVE


def row_breaches(tables: Mapping[str, pa.Table], day: date, depth: Depth) -> Iterator[str]:
    """Check every row of a day against the contract; ``tables`` has all annotation tables."""
    reading = {name: tables[name] for name in ANNOTATION_NAMES}
    others = ({name: table} for name, table in tables.items() if name not in reading)
    for each in (reading, *others):
        yield from check_batch(each)
    yield from _wrong_days(reading["articles"], day)
    yield from check_offsets(reading)
    yield from check_genders(reading)
    yield from depth.check(reading["articles"])


def _wrong_days(articles: pa.Table, day: date) -> Iterator[str]:
    days = pc.cast(articles["published_at"], pa.date32())
    wrong = articles.filter(pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False))
    if wrong.num_rows:
        yield f"articles: {wrong.num_rows} were published on another day, first {wrong['article_id'][0]}"


def _problems_of_names(committer: Committer, depth: Depth) -> Iterator[str]:
    """Compare index and public folders with the manifests, per day, by counts alone."""
    mismatches = list(_index_mismatches(committer, depth))
    yield from mismatches
    if months := committer.index.intent():
        yield f"article index: a commit of {months[0]} was not finished; {RECOVER}"
    for name in () if mismatches else stale_descriptions(committer):  # they are compared with the index
        yield f"{name}: differs from the tables; {RECOVER}"
    for path in stray_files(committer):
        is_ours = is_public_path(committer.layout, path)
        orphan = f"{committer.layout.relative(path)}: is in no manifest; {RECOVER}"
        yield orphan if is_ours else foreign_file_problem(committer.layout, path)


def _index_mismatches(committer: Committer, depth: Depth) -> Iterator[str]:
    counted = committer.index.counts()
    for day, state in committer.partitions.state().days.items():
        articles = state.tables.get("articles")
        generation, count = counted.pop(day.isoformat(), (0, 0))
        if generation != state.generation:
            yield f"{day}: {_INDEX_MISMATCH}{RECOVER}"
        elif count != (articles.rows if articles else 0) and not depth.reads(day):
            yield f"{day}: {_INDEX_MISMATCH}{REMOVE}"
    head = committer.layout.relative(committer.layout.head)
    yield from (f"{head}: does not have {day}, which was there before; {REDERIVE_LOST_DAY}" for day in sorted(counted))


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
    yield from log_problems(layout.root, committer.disk, committer.index, tally)


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
