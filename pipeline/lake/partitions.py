"""Partitions of the lake: months of days, read at one head, rewritten in one commit.

Reading needs no lock; writing and publishing run under the committer's lock.
"""

import os
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.exchange import exchange
from newslake.pipeline.lake.manifests import (
    DayState,
    Entry,
    Head,
    MonthManifest,
    TableDay,
    generation_of,
    head_bytes,
    manifest_bytes,
    manifest_name,
    parse_head,
    parse_manifest,
)
from newslake.pipeline.lake.storage import (
    PUBLISH_ORDER,
    REDERIVE,
    RESTORE_HEAD,
    Disk,
    Layout,
    Month,
    check_layout,
    decode,
    decode_days,
    encode,
    encode_days,
    files_in,
    month_of,
    names_in,
    object_name,
    sha256_of,
    with_day,
)
from newslake.pipeline.tables import TABLE_SPECS, TableSpec

_WRITERS = 4  # threads: one table is read and encoded while another is written to the disk
_DIGEST = 16  # hex digits of the digest of a day's rows
_PUBLIC = re.compile(r"\d{4}-\d{2}(-\d{2})?\.parquet")
_TRIES = 20  # of a read while files are removed
_REMOVED = ("object_missing", "manifest_missing")

ReadRows = Callable[[], pa.Table]
DayContent = Callable[[date, str, ReadRows], pa.Table]
"""Returns the new rows of a table and day, sorted. The last argument reads the present ones."""


@dataclass(frozen=True)
class LakeState:
    """All months at one head. ``load`` returns the manifest at a path below ``_state``; each is read on first use."""

    head: Head
    load: Callable[[str], MonthManifest]

    def month(self, month: Month) -> MonthManifest:
        """Return the manifest of a month; an empty one for a month that was never written."""
        name = self.head.months.get(month)
        return MonthManifest(month) if name is None else self.load(name)

    def day(self, day: date) -> DayState:
        """Return the state of a day; generation 0 for a day that was never written."""
        return self.month(month_of(day)).days.get(day, DayState())

    @cached_property
    def months(self) -> Mapping[Month, MonthManifest]:
        """The manifests of all months, in order."""
        return {month: self.load(name) for month, name in sorted(self.head.months.items())}

    @cached_property
    def days(self) -> Mapping[date, DayState]:
        """The state of each day that was ever written, in order."""
        return {day: state for manifest in self.months.values() for day, state in manifest.days.items()}


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A data file of a table. ``is_current`` says whether its columns are those of the contract of this version."""

    path: str
    first_day: date
    last_day: date
    rows: int
    is_current: bool


class Partitions:
    """The partitions of one lake, by their manifests."""

    def __init__(self, layout: Layout, disk: Disk) -> None:
        self._layout = layout
        self._disk = disk
        self._parsed: tuple[bytes, Head] | None = None  # the last head that was read or written, with its bytes
        self._manifests: dict[str, MonthManifest] = {}  # by path
        self._sound: dict[str, tuple[int, int]] = {}  # months' data files whose digest was right: inode and time

    def head(self) -> Head:
        """Return the head; an empty one in a lake without commits.

        The file is read each time, because any process may replace it; equal bytes are not parsed again.
        Raises: LakeError (head_broken, head_missing, schema_version); (day_layout) for a lake of an earlier version.
        """
        path = self._layout.head
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            check_layout(self._layout.root)
            if not self._layout.has_manifests():
                return Head()
            if path.exists():  # the first commit came in between
                return self.head()
            raise LakeError(f"{path} is missing; {RESTORE_HEAD}", key=str(path), reason="head_missing") from None
        if self._parsed is None or self._parsed[0] != data:
            self._parsed = data, parse_head(data, key=str(path))
        return self._parsed[1]

    def state(self) -> LakeState:
        """Return the lake at the present head. Raises: LakeError for a broken or missing head."""
        head = self.head()
        names = {*head.months.values(), *head.previous.values()}
        self._manifests = {name: manifest for name, manifest in self._manifests.items() if name in names}
        return LakeState(head, self.manifest)

    def manifest(self, name: str) -> MonthManifest:
        """Return the manifest at a path below ``_state``. Raises: LakeError (manifest_broken, manifest_missing)."""
        manifest = self._manifests.get(name)
        if manifest is None:
            path = self._layout.state / name
            try:
                data = path.read_bytes()
            except FileNotFoundError as error:
                message = f"{path} is missing; {REDERIVE}"
                raise LakeError(message, key=str(path), reason="manifest_missing") from error
            manifest = self._manifests[name] = parse_manifest(data, key=str(path))
        return manifest

    # Reading.

    def object_bytes(self, entry: Entry) -> bytes:
        """Return the bytes of a data file. Raises: LakeError with object_missing or object_corrupt."""
        path = self._layout.state / entry.object
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            check_object(entry, None)
            raise
        check_object(entry, sha256_of(data))
        return data

    def table(self, state: LakeState, name: str, day: date, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of a table and day, or some of their columns; an empty table if the day has no rows."""
        return self._table(state.month(month_of(day)), TABLE_SPECS[name], day, columns=columns)

    def _table(
        self, manifest: MonthManifest, spec: TableSpec, day: date, *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        if spec.name not in manifest.days.get(day, DayState()).tables:
            names = spec.schema.names if columns is None else columns
            return spec.file_schema.empty_table().select(names)
        entry = manifest.files[spec.name][manifest.stem(day)]
        if not manifest.is_closed:
            return decode(self.object_bytes(entry), spec, key=entry.object, columns=columns)
        with self._map(entry) as data:
            return decode(data, spec, key=entry.object, columns=columns, day=day)

    def days(
        self,
        manifest: MonthManifest,
        spec: TableSpec,
        *,
        days: Collection[date] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[tuple[date, pa.Table]]:
        """Yield the rows of each day, or of some days, of a table and month in order: all columns of files, or some.

        Not all of them are in memory, and no row group is read twice.
        """
        names = spec.file_schema.names if columns is None else columns
        for stem, entry in manifest.files.get(spec.name, {}).items():
            if manifest.is_closed:
                with self._map(entry) as data:
                    yield from decode_days(data, spec, key=entry.object, days=days, columns=names)
            elif days is None or date.fromisoformat(stem) in days:
                yield date.fromisoformat(stem), decode(self.object_bytes(entry), spec, key=entry.object, columns=names)

    def whole_table(self, state: LakeState, name: str, *, columns: Sequence[str]) -> pa.Table:
        """Return some columns of all rows of a table, by day."""
        spec = TABLE_SPECS[name]
        entries = [each for manifest in state.months.values() for each in manifest.files.get(name, {}).values()]
        parts = (decode(self.object_bytes(each), spec, key=each.object, columns=columns) for each in entries)
        return pa.concat_tables([spec.file_schema.empty_table().select(columns), *parts])

    def read[T](self, read: Callable[[LakeState], T]) -> T:
        """Return the result of ``read`` at one head; read again if a file was removed after a newer commit."""
        for _ in range(_TRIES - 1):
            state = self.state()
            try:
                return read(state)
            except LakeError as error:
                if error.reason not in _REMOVED or self.head() == state.head:
                    raise
        return read(self.state())

    @contextmanager
    def _map(self, entry: Entry) -> Iterator[pa.NativeFile]:
        """Yield the memory-mapped data file of a month."""
        self._check_once(entry)
        try:
            with pa.memory_map(str(self._layout.state / entry.object)) as data:
                yield data
        except FileNotFoundError:
            check_object(entry, None)
            raise

    def _check_once(self, entry: Entry) -> None:
        """Check the digest of a data file, unless this process wrote the file or checked it before."""
        state = _state_of(self._layout.state / entry.object)
        if state is None or self._sound.get(entry.object) != _stamp(state):
            self.object_bytes(entry)
            if state is not None:
                self._sound[entry.object] = _stamp(state)

    # Writing.

    def rewrite(self, state: LakeState, names_of: Mapping[date, Iterable[str]], content: DayContent) -> int:
        """Replace tables of days with the rows of ``content``, all in one commit; return how many public files changed.

        ``state`` is the present one. Other tables stay. Equal rows change nothing.
        """
        by_month: dict[Month, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
        for day in sorted(names_of):
            tables = by_month[month_of(day)]
            for name in names_of[day]:
                tables[name].append(day)
        present = {month: state.month(month) for month in by_month}
        with _writers() as pool:
            writes = {
                month: [
                    pool.submit(self._rewrite_days, present[month], name, part, content)
                    for name, days in _largest_first(present[month], tables)
                    for part in ([days] if present[month].is_closed else [[day] for day in days])
                ]
                for month, tables in by_month.items()
            }
            manifests = [_merge(present[month], [each.result() for each in those]) for month, those in writes.items()]
        return self.commit(state, [each for each in manifests if each.generation != present[each.month].generation])

    def _rewrite_days(self, old: MonthManifest, name: str, days: Sequence[date], content: DayContent) -> "_TableChange":
        """Write the files of one table with new rows on some days of a month, unless they are equal."""
        spec, change = TABLE_SPECS[name], _TableChange(name, {}, {})
        changed: dict[date, memoryview | None] = {}  # as bytes: the rows of all days of a month take much memory
        present = self._day_reader(old, spec, days)
        for day in days:
            table = with_day(content(day, name, partial(present, day)), spec, day)
            data = encode(table, spec) if table.num_rows else None
            new = None if data is None else TableDay(table.num_rows, digest_of(data))
            if new == old.days.get(day, DayState()).tables.get(name):
                continue
            change.days[day] = new
            if old.is_closed:
                changed[day] = data
            else:
                stem = day.isoformat()
                change.files[stem] = None if data is None else self.write_object(old, spec, stem, data, table.num_rows)
        if changed:
            change.files[old.month] = self._write_month(old, spec, changed, change.days)
        return change

    def _day_reader(self, old: MonthManifest, spec: TableSpec, days: Collection[date]) -> Callable[[date], pa.Table]:
        """Return a function that reads the rows of some days of a month, in order; no row group is read twice."""
        if not old.is_closed:
            return partial(self._table, old, spec)
        there = self.days(old, spec, days=days)

        def read(day: date) -> pa.Table:
            is_stored = spec.name in old.days.get(day, DayState()).tables
            rows = next(rows for each, rows in there if each == day) if is_stored else spec.file_schema.empty_table()
            return rows.select(spec.schema.names)

        return read

    def _write_month(
        self,
        old: MonthManifest,
        spec: TableSpec,
        changed: Mapping[date, memoryview | None],
        new: dict[date, TableDay | None],
    ) -> Entry | None:
        """Write the file of a closed month with the rows of some days replaced; return None if none are left.

        If the old file has older columns, the other days get digests of their rows in all columns, in ``new``.
        """
        stored = {day: state.tables[spec.name] for day, state in old.days.items() if spec.name in state.tables}
        count = sum(each.rows for each in {**stored, **new}.values() if each is not None)
        if not count:
            return None
        is_current = not stored or old.files[spec.name][old.month].columns == spec.fingerprint

        def rows_of_days() -> Iterator[pa.Table]:
            for day, rows in self._replace_days(old, spec, stored, changed):
                if not is_current and day not in changed:
                    new[day] = TableDay(rows.num_rows, digest_of(encode(rows, spec)))
                yield rows

        return self.write_object(old, spec, old.month, encode_days(rows_of_days(), spec), count)

    def _replace_days(
        self, old: MonthManifest, spec: TableSpec, stored: Collection[date], changed: Mapping[date, memoryview | None]
    ) -> Iterator[tuple[date, pa.Table]]:
        """Yield the rows of each day of a closed month, with those of some days replaced."""
        there = self.days(old, spec)
        for day in sorted({*stored, *changed}):
            rows = next(there)[1] if day in stored else None
            data = changed.get(day)
            if data is not None:
                yield day, decode(data, spec, key=f"{spec.name} of {day}", columns=spec.file_schema.names)
            elif day not in changed and rows is not None:
                yield day, rows

    def write_object(self, old: MonthManifest, spec: TableSpec, stem: str, data: memoryview, rows: int) -> Entry:
        """Write a data file for the next generation of a month."""
        digest = sha256_of(data)
        path = self._layout.objects(spec.name, old.month) / object_name(stem, old.generation + 1, digest)
        # If the manifest of the month was removed, the name may exist: snapshots and readers still have its file.
        self._disk.replace(path, data)
        name = path.relative_to(self._layout.state).as_posix()
        self._sound[name] = _stamp(path.stat())
        return Entry(name, rows, len(data), digest, spec.fingerprint)

    def commit(self, state: LakeState, manifests: Sequence[MonthManifest]) -> int:
        """Write new manifests of months, replace the head once, and publish; return how many public files changed.

        A manifest without days drops its month.
        """
        if not manifests:
            return 0
        if not self._layout.head.exists():  # so that manifests without a head are those of a head that was lost
            self._disk.replace(self._layout.head, head_bytes(Head()))
        months, previous = dict(state.head.months), dict(state.head.previous)
        generation, together = state.head.generation + 1, tuple(sorted(each.month for each in manifests if each.days))
        for each in manifests:
            previous.pop(each.month, None)
            replaced = months.pop(each.month, None)
            if replaced is not None and each.days and state.month(each.month).days != each.days:  # not by compaction
                previous[each.month] = replaced
            if each.days:
                whole = replace(each, commit=generation, together=together)
                data = manifest_bytes(whole)
                name = months[each.month] = manifest_name(each, data)
                self._disk.replace(self._layout.state / name, data)
                self._manifests[name] = whole
        head = Head(generation, dict(sorted(months.items())), dict(sorted(previous.items())))
        data = head_bytes(head)
        self._disk.replace(self._layout.head, data)
        self._parsed = data, head
        # A month may be dropped because its manifest cannot be read.
        before = {each.month: state.month(each.month) for each in manifests if each.days}
        return sum(len(self.publish(each, since=before.get(each.month))) for each in manifests)

    def drop_unnamed(self, head: Head, month: Month) -> None:
        """Remove the manifests of a month that a dead process wrote before it could replace the head."""
        named = self._layout.state / head.months[month] if month in head.months else None
        for path in files_in(self._layout.manifests(month)):
            if named is None or (path != named and generation_of(path) >= generation_of(named)):
                self._disk.remove(path, durably=True)

    # Publishing.

    def publish(self, manifest: MonthManifest, *, since: MonthManifest | None = None) -> tuple[str, ...]:
        """Make the public files of a month those of its manifest; return the changed ones, relative to ``tables``.

        With ``since``, only those that differ from an earlier manifest, which was published.
        """
        entries_of = ((spec, manifest.files.get(spec.name, {})) for spec in PUBLISH_ORDER)
        if since is not None:
            entries_of = ((spec, entries) for spec, entries in entries_of if entries != since.files.get(spec.name, {}))
        return tuple(path for spec, entries in entries_of for path in self._publish_table(manifest, spec, since))

    def _publish_table(self, manifest: MonthManifest, spec: TableSpec, since: MonthManifest | None) -> list[str]:
        entries = manifest.files.get(spec.name, {})
        before = {} if since is None else since.files.get(spec.name, {})
        folder = self._layout.month_folder(spec.name, manifest.month)
        there = _stems_in(folder, manifest.month)
        stale = [
            stem
            for stem, entry in entries.items()
            if entry != before.get(stem) and not self._is_at(folder / f"{stem}.parquet", entry)
        ]
        gone = sorted(there - entries.keys())
        if entries and any(len(stem) != len(next(iter(entries))) for stem in gone):
            self._exchange(folder, manifest.month, entries)
        else:
            for stem in stale:
                self._link(entries[stem], folder / f"{stem}.parquet")
            for stem in gone:
                self._disk.remove(folder / f"{stem}.parquet")
        return [f"{spec.name}/{folder.name}/{stem}.parquet" for stem in (*stale, *gone)]

    def _link(self, entry: Entry, public: Path) -> None:
        self._check_once(entry)  # a damaged data file must not reach readers
        self._disk.link(self._layout.state / entry.object, public)

    def exchange_month(self, month: Month) -> None:
        """Exchange each public folder of a month for one with the same files. Raises: LakeError (no_exchange)."""
        manifest = self.state().month(month)
        for name, entries in manifest.files.items():
            folder = self._layout.month_folder(name, month)
            if folder.is_dir():
                self._exchange(folder, month, entries)

    def _exchange(self, folder: Path, month: Month, entries: Mapping[str, Entry]) -> None:
        """Exchange a folder of day files for one with a month's file, or the other way, in one system call.

        A reader that lists the folder sees the files of one of them; one that listed it before finds them missing.
        The old folder stays for the retention time of ``gc``: a reader that has opened it lists it with all its files.
        """
        new = self._layout.exchanged(month) / uuid.uuid4().hex
        for stem, entry in entries.items():
            self._link(entry, new / f"{stem}.parquet")
        self._disk.sync(new)  # after power loss, the new folder must have its files
        os.utime(folder)  # the retention time begins now
        exchange(folder, new)
        foreign = [path for path in files_in(new) if not is_public_name(path.name, month)]
        for path in foreign:  # gc will remove the old folder
            path.rename(folder / path.name)
        # Nor must the old folder be back after its files were removed.
        for parent in (folder.parent, new.parent, *([folder] if foreign else [])):
            self._disk.sync(parent)

    def is_published(self, name: str, stem: str, entry: Entry) -> bool:
        """Return whether the public file is the data file of the manifest: the same inode, or equal bytes."""
        return self._is_at(self._layout.public(name, stem), entry)

    def _is_at(self, public: Path, entry: Entry) -> bool:
        there = _state_of(public)
        if there is None:
            return False
        source = _state_of(self._layout.state / entry.object)
        if source is not None and os.path.samestat(source, there):
            return True
        return sha256_of(public.read_bytes()) == entry.sha256


def check_object(entry: Entry, digest: str | None) -> None:
    """Compare the digest of a data file, None if it is missing, with that of the manifest.

    Raises: LakeError with object_missing or object_corrupt.
    """
    if digest is None:
        raise LakeError(f"_state/{entry.object} is missing; {REDERIVE}", key=entry.object, reason="object_missing")
    if digest != entry.sha256:
        raise LakeError(
            f"_state/{entry.object} is corrupt: its digest is not that of the manifest; {REDERIVE}",
            key=entry.object,
            reason="object_corrupt",
        )


@dataclass(frozen=True, slots=True)
class _TableChange:
    """The changed days of one table, and the files with their rows by stem; None for what has no rows any more."""

    name: str
    days: dict[date, TableDay | None]
    files: dict[str, Entry | None]


def _merge(old: MonthManifest, changes: Iterable[_TableChange]) -> MonthManifest:
    """Return the next manifest of a month; the old one without changes."""
    days = {day: dict(state.tables) for day, state in old.days.items()}
    files = {name: dict(entries) for name, entries in old.files.items()}
    changed: set[date] = set()
    for change in changes:
        changed |= change.days.keys()
        for day, rows in change.days.items():
            _put(days.setdefault(day, {}), change.name, rows)
        for stem, entry in change.files.items():
            _put(files.setdefault(change.name, {}), stem, entry)
    if not changed:
        return old
    generations = {day: old.days.get(day, DayState()).generation + (day in changed) for day in days}
    return replace(
        old,
        generation=old.generation + 1,
        days={day: DayState(generations[day], days[day]) for day in sorted(days)},
        files={name: dict(sorted(entries.items())) for name, entries in sorted(files.items()) if entries},
    )


def _largest_first(manifest: MonthManifest, tables: Mapping[str, list[date]]) -> list[tuple[str, list[date]]]:
    """Return the days of each table; the table with the most bytes is first, so that no thread ends with it alone."""
    sizes = {name: sum(each.size for each in manifest.files.get(name, {}).values()) for name in tables}
    return sorted(tables.items(), key=lambda each: -sizes[each[0]])


def _put[K, V](items: dict[K, V], key: K, value: V | None) -> None:
    """Set an item; None removes it."""
    if value is None:
        items.pop(key, None)
    else:
        items[key] = value


def digest_of(data: bytes | memoryview) -> str:
    """Return ``TableDay.digest`` for the bytes of a file with the rows of one day."""
    return sha256_of(data)[:_DIGEST]


def is_public_name(name: str, month: Month) -> bool:
    """Return whether newslake gives this name to public files in a folder of this month."""
    return name.startswith(month) and _PUBLIC.fullmatch(name) is not None


def _stems_in(folder: Path, month: Month) -> set[str]:
    """Return the stems of the public files in a month's folder; files with names of others or other months stay."""
    return {name.removesuffix(".parquet") for name in names_in(folder) if is_public_name(name, month)}


def _state_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _stamp(state: os.stat_result) -> tuple[int, int]:
    """Return inode and time of a file; both differ after it is replaced."""
    return state.st_ino, state.st_mtime_ns


@contextmanager
def _writers() -> Iterator[ThreadPoolExecutor]:
    """Yield threads that write; if the block raises, waiting writes do not start."""
    with ThreadPoolExecutor(_WRITERS) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def partitions_of(root: Path) -> Partitions:
    """Return the partitions of the lake in a folder, to read them without its article index."""
    layout = Layout(root)
    return Partitions(layout, Disk(layout, durability="process"))


def committed_files(
    root: Path, *, since: date | None = None, until: date | None = None
) -> dict[str, tuple[CommittedFile, ...]] | None:
    """Return the committed files of each table, by day; None in a folder without a head, such as a copy of the tables.

    With ``since`` and ``until``, only those of the months from that of the one day to that of the other; no other
    manifest is read. All files are of one commit. They do not change, and stay for the retention time of ``gc``
    after they are replaced.
    Raises: LakeError for a broken or missing head or manifest; (day_layout) for a lake of an earlier version.
    """
    layout = Layout(root)
    if not layout.head.exists():
        check_layout(layout.root)
        if not layout.has_manifests():
            return None
    first, last = (None if day is None else month_of(day) for day in (since, until))

    def files_by_table(state: LakeState) -> dict[str, tuple[CommittedFile, ...]]:
        named = (each for each in state.head.months if (first or each) <= each <= (last or each))
        manifests = list(map(state.month, sorted(named)))
        return {spec.name: tuple(_files_of(manifests, spec, str(layout.state))) for spec in PUBLISH_ORDER}

    return partitions_of(root).read(files_by_table)


def _files_of(manifests: Iterable[MonthManifest], spec: TableSpec, folder: str) -> Iterator[CommittedFile]:
    for manifest in manifests:
        files = manifest.files.get(spec.name, {})
        days = [day for day, state in manifest.days.items() if spec.name in state.tables] if manifest.is_closed else []
        for stem, entry in files.items():
            first, last = (days[0], days[-1]) if manifest.is_closed else (date.fromisoformat(stem),) * 2
            path, is_current = os.path.join(folder, entry.object), entry.columns == spec.fingerprint
            yield CommittedFile(path, first, last, entry.rows, is_current)
