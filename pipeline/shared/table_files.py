"""The data files of the shared tables for readers: planned from one commit, read by ranges of bytes.

A plan needs one request for the newest commit and one per log table; what belongs to a commit stays in memory until
there is a newer one. Manifests never change, so the files of each stay, too.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial

from pyiceberg.io import FileIO, load_file_io
from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.table import Table

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.block_cache import BlockCache, CachedObject, RangeReader
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.data_files import days_of
from newslake.pipeline.shared.heads import COMMITS, HeadReader, Heads, commits_of
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES, iceberg_schema
from newslake.pipeline.shared.patience import ProcessLock
from newslake.pipeline.shared.snapshot_writer import entries_of, manifests_of, month_number, months_of
from newslake.pipeline.shared.upkeep import ids_at, key_within
from newslake.pipeline.store.table_files import FileBytes, PinnedFiles, PinnedTable, TableFiles
from newslake.pipeline.tables import TABLE_SPECS

_THREADS = 16
_TRIES = 4
_PREFETCHED_MAX = 500
VERIFY = "run `newslake lake verify`, which says what to do"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A data file of a manifest. ``is_current``: its columns are those of the contract."""

    first_day: date
    last_day: date
    path: str
    rows: int
    size: int
    is_current: bool

    def may_have(self, since: date | None, until: date | None) -> bool:
        """Return whether the file may have rows of some days."""
        return (since is None or since <= self.last_day) and (until is None or self.first_day <= until)


@dataclass(frozen=True, slots=True)
class _TableAt:
    """A table at one snapshot, and its manifests."""

    table: Table
    manifests: Sequence[ManifestFile]


@dataclass(frozen=True, slots=True)
class _FilesOfManifest:
    """The files of a manifest of a table."""

    table: str
    files: tuple[PlannedFile, ...]


@dataclass(frozen=True, slots=True)
class PinnedObjects:
    """The files of the shared tables at one instant. ``planned`` are by path, each with its table."""

    tables: Mapping[str, PinnedTable]
    planned: Mapping[str, tuple[str, PlannedFile]]
    opened: Callable[[PlannedFile], CachedObject]
    prefetch: Callable[[Collection[PlannedFile]], None]
    prefetched: set[str] = field(default_factory=set)

    def open(self, path: str) -> FileBytes:
        """Open a file. A second file of a table means that it is scanned: the ends of all are read at once."""
        name, file = self.planned[path]
        if path != self.tables[name].paths[-1] and name not in self.prefetched:
            self.prefetched.add(name)
            self.prefetch([self.planned[each][1] for each in self.tables[name].paths])
        opened = self.opened(file)
        try:
            opened.read_end()
        except FileNotFoundError as error:
            raise opened.gone() from error
        return opened


@dataclass(frozen=True, slots=True)
class ReadPlaces:
    """What readers open: the catalog, and the bytes below ``url``, which has no slash at the end."""

    catalog: TransactionCatalog
    ranges: RangeReader
    url: str


class FileRanges:
    """Ranges of files below ``url`` through pyiceberg: it works in a forked process, unlike obstore, but costs more."""

    def __init__(self, catalog: TransactionCatalog, url: str) -> None:
        self._catalog = catalog
        self._url = url
        self._known: tuple[Mapping[str, str], FileIO] | None = None

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        """Return bytes of a file; None if there is no such file. Raises: StoreError."""
        path = f"{self._url}/{key}"
        try:
            with self._io().new_input(path).open() as stream:
                stream.seek(offset)
                return bytes(stream.read(length))
        except FileNotFoundError:
            return None
        except OSError as error:
            message = f"{path} cannot be read ({error}); check the key, and that the object storage is up"
            raise StoreError(message, key=path, reason="store_unreachable") from error

    def _io(self) -> FileIO:
        """Return the access to files, another one after the catalog has other properties."""
        properties = self._catalog.properties
        if self._known is None or self._known[0] is not properties:
            self._known = (properties, load_file_io(properties, self._url))
        return self._known[1]


class SharedFiles:
    """Implements ``TableFiles`` for one namespace. Any number of threads may use it.

    ``open_places`` is called at once, and again in a process that is forked from one that reads: connections and
    threads do not come with it.
    """

    def __init__(self, open_places: Callable[[], ReadPlaces], namespace: str) -> None:
        self._open_places = open_places
        self._namespace = namespace
        self._begin()

    def _begin(self) -> None:
        places = self._open_places()
        self._reader = HeadReader(places.catalog, self._namespace)
        self._ranges = places.ranges
        self._key_of = partial(key_within, places.url)
        self._cache = BlockCache()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="newslake-read")
        self._lock = ProcessLock()
        self._commit: tuple[Heads, Mapping[str, _TableAt]] | None = None
        self._log_ids: Mapping[str, int] = {}
        self._manifests: dict[str, _FilesOfManifest] = {}
        self._process = os.getpid()

    def pin(self, *, since: date | None = None, until: date | None = None) -> PinnedFiles:
        return self._repeat(
            lambda: self._pinned(self._cache.generation, {**self._lake(), **self._logs()}, since, until)
        )

    def last_day(self, table: str) -> date | None:
        return self._repeat(lambda: self._last_day(self._lake()[table]))

    def _last_day(self, at: _TableAt) -> date | None:
        [files] = self._files({at.table.name()[-1]: at}, None, None).values()
        return max((each.last_day for each in files), default=None)

    def at(self, name: str) -> "TaggedFiles":
        return TaggedFiles(self, name)

    def pin_tag(self, name: str, *, since: date | None, until: date | None) -> PinnedFiles:
        """Return the files of a named version. Raises: ConfigError for an unknown name."""

        return self._repeat(lambda: self._pinned(self._cache.generation, self._lake_at(name), since, until))

    def last_day_at(self, name: str, table: str) -> date | None:
        """Return the last published date in a table of a named version. Raises: ConfigError for an unknown name."""
        return self._repeat(lambda: self._last_day(self._lake_at(name)[table]))

    def _lake_at(self, name: str) -> Mapping[str, _TableAt]:
        heads = self._reader.read(LAKE_NAMES)
        return self._manifests_at(replace(heads, ids=ids_at(heads, name)))

    # Which snapshots: those of one commit, and of each log table the present one.

    def _lake(self) -> Mapping[str, _TableAt]:
        newest = next(commits_of(self._reader.load(COMMITS)), None)
        known = self._commit
        if known is not None and newest is not None and known[0].anchor_id == newest.anchor_id and known[0].is_recent:
            return known[1]
        heads = self._reader.read(LAKE_NAMES)
        manifests = self._manifests_at(heads)
        self._forget_past(manifests)
        self._commit = (heads, manifests)
        return manifests

    def _logs(self) -> Mapping[str, _TableAt]:
        tables = self._reader.load_all(LOG_NAMES)
        snapshots = {name: table.current_snapshot() for name, table in tables.items()}
        ids = {name: each.snapshot_id for name, each in snapshots.items() if each is not None}
        manifests = self._manifests_at(Heads(ids=ids, tables=tables))
        if ids != self._log_ids:
            self._forget_past(manifests)
            self._log_ids = ids
        return manifests

    def _manifests_at(self, heads: Heads) -> Mapping[str, _TableAt]:
        names = list(heads.tables)
        lists = self._pool.map(lambda name: manifests_of(heads.tables[name], heads.id_of(name)), names)
        return {name: _TableAt(heads.tables[name], each) for name, each in zip(names, lists, strict=True)}

    def _forget_past(self, present: Mapping[str, _TableAt]) -> None:
        """Forget the manifests of some tables that are past, and the bytes of their files: a takedown may be why."""
        paths = {each.manifest_path for at in present.values() for each in at.manifests}
        with self._lock:
            mine = {path: each.files for path, each in self._manifests.items() if each.table in present}
            past = {file.path for path, files in mine.items() if path not in paths for file in files}
            needed = {file.path for path, files in mine.items() if path in paths for file in files}
            self._manifests = {
                path: each for path, each in self._manifests.items() if path in paths or path not in mine
            }
        self._cache.drop({self._key_of(path) for path in past - needed})

    # Which files.

    def _pinned(
        self, began: int, tables: Mapping[str, _TableAt], since: date | None, until: date | None
    ) -> PinnedObjects:
        """Return the files of some tables. ``began`` is the generation of the cache before they were read."""
        files = self._files(tables, since, until)
        pinned = {name: PinnedTable() for name in LOG_NAMES if name not in files}
        pinned |= {name: _pinned_table(name, group) for name, group in files.items()}
        planned = {each.path: (name, each) for name, group in files.items() for each in group}
        opened, prefetch = partial(self._object, began=began), partial(self._prefetch, began=began)
        prefetch([planned[table.paths[-1]][1] for table in pinned.values() if table.paths])
        return PinnedObjects(pinned, planned, opened, prefetch)

    def _files(
        self, tables: Mapping[str, _TableAt], since: date | None, until: date | None
    ) -> Mapping[str, list[PlannedFile]]:
        """Return the files of each table by day; of log tables those of all days."""
        months = (None if since is None else month_number(since), None if until is None else month_number(until))
        wanted = {
            name: [each for each in at.manifests if name in LOG_NAMES or _overlaps(months_of(each), *months)]
            for name, at in tables.items()
        }
        pairs = [(tables[name].table, each) for name, manifests in wanted.items() for each in manifests]
        there = self._files_of_manifests(pairs)
        plan: dict[str, list[PlannedFile]] = {}
        for name, manifests in wanted.items():
            files = [file for each in manifests for file in there[each.manifest_path]]
            chosen = files if name in LOG_NAMES else [each for each in files if each.may_have(since, until)]
            plan[name] = sorted(chosen, key=lambda file: (file.first_day, file.path))
        return plan

    def _files_of_manifests(self, pairs: Sequence[tuple[Table, ManifestFile]]) -> Mapping[str, tuple[PlannedFile, ...]]:
        """Return the files of manifests by path; those that were not read before are read at once."""
        with self._lock:
            known = dict(self._manifests)
        read = dict(self._pool.map(_files_of, [pair for pair in pairs if pair[1].manifest_path not in known]))
        with self._lock:
            self._manifests |= read
        files = known | read
        return {each.manifest_path: files[each.manifest_path].files for _, each in pairs}

    # Bytes.

    def _object(self, file: PlannedFile, *, began: int) -> CachedObject:
        key, gone = self._key_of(file.path), partial(self._gone, file.path)
        return CachedObject(self._ranges, key, file.size, self._cache, gone, began=began)

    def _gone(self, path: str) -> FileNotFoundError:
        """Return the error of a missing file: after a takedown it is in no commit any more."""
        present = self._repeat(lambda: self._files({**self._lake(), **self._logs()}, None, None))
        is_lost = any(each.path == path for files in present.values() for each in files)
        what = f"is missing; {VERIFY}" if is_lost else "was replaced since the lake was opened; run the query again"
        return FileNotFoundError(f"{path!r} {what}")

    def _prefetch(self, files: Collection[PlannedFile], *, began: int) -> None:
        """Read the ends of some files at once, those that are not in the cache."""
        new = [opened for each in files if not (opened := self._object(each, began=began)).has_end()][:_PREFETCHED_MAX]
        if len(new) > 1:
            list(self._pool.map(_read_end, new))

    def _repeat[T](self, read: Callable[[], T]) -> T:
        """Return what ``read`` does, again if a commit removes what it reads. Raises: StoreError."""
        if os.getpid() != self._process:
            self._begin()
        for _ in range(_TRIES - 1):
            try:
                return read()
            except FileNotFoundError:
                self._commit = None
        try:
            return read()
        except FileNotFoundError as error:
            message = f"the tables need a file that is gone from the object store ({error}); {VERIFY}"
            raise StoreError(message, key="tables", reason="store_file_missing") from error


@dataclass(frozen=True, slots=True)
class TaggedFiles:
    """The files of a named version of the shared tables; implements ``TableFiles``. It has no log tables."""

    files: SharedFiles
    name: str

    def pin(self, *, since: date | None = None, until: date | None = None) -> PinnedFiles:
        return self.files.pin_tag(self.name, since=since, until=until)

    def last_day(self, table: str) -> date | None:
        return self.files.last_day_at(self.name, table)

    def at(self, name: str) -> "TaggedFiles":
        return TaggedFiles(self.files, name)


def _overlaps(months: range, first: int | None, last: int | None) -> bool:
    return (first is None or first < months.stop) and (last is None or months.start <= last)


def _pinned_table(name: str, files: Sequence[PlannedFile]) -> PinnedTable:
    is_current = name not in LOG_NAMES and all(each.is_current for each in files)
    return PinnedTable([each.path for each in files], is_current=is_current, rows=sum(each.rows for each in files))


def _files_of(pair: tuple[Table, ManifestFile]) -> tuple[str, _FilesOfManifest]:
    """Return the path of a manifest, and its files."""
    table, manifest = pair
    files = (each.data_file for each in entries_of(table, [manifest], None))
    files_of = _FilesOfManifest(table.name()[-1], tuple(_planned(each, table) for each in files))
    return manifest.manifest_path, files_of


def _planned(file: DataFile, table: Table) -> PlannedFile:
    first, last = days_of(file, table)
    return PlannedFile(
        first_day=first,
        last_day=last,
        path=file.file_path,
        rows=file.record_count,
        size=file.file_size_in_bytes,
        is_current=len(file.column_sizes) == _leaves(table.name()[-1]),
    )


@cache
def _leaves(name: str) -> int:
    """Return how many columns of values a data file of a table has."""
    schema = iceberg_schema(TABLE_SPECS[name])
    return sum(schema.find_type(number).is_primitive for number in schema.field_ids)


def _read_end(file: CachedObject) -> None:
    with suppress(FileNotFoundError):  # who opens the file says so
        file.read_end()


_CONFORMS: tuple[type[TableFiles], ...] = (SharedFiles, TaggedFiles)
