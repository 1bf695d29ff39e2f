"""Storage of the lake: paths, durable writes, Parquet encoding, checksums, and repair advice for messages."""

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.durability import (
    Durability,
    make_folder,
    name_file_on_error,
    sync_all,
    sync_folder,
    write_file,
)
from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.packing import writer_options
from newslake.pipeline.model import file_name_of
from newslake.pipeline.sqlite import can_write
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES, SCHEMA_VERSION, TABLE_SPECS, TableSpec

# Repair advice of all messages about a damaged lake.
RECOVER = "run `newslake lake repair`"
REMOVE = "run `newslake lake repair --drop-damaged`"
REDERIVE_LOST_DAY = f"restore it from a copy; or {RECOVER}, then `newslake run`, which derives the day again"
REDERIVE = f"restore it from a copy; or {REMOVE}, then `newslake run`, which derives its days again"
RESTORE_HEAD = f"{REMOVE}, which names the newest manifests again"
RESTAGE = f"{REMOVE}, then `newslake run`, which derives its uncommitted articles again"

ANNOTATION_NAMES = tuple(spec.name for spec in ANNOTATION_TABLES)
# Tables are published in this order: children first, so that an article is never there without them.
PUBLISH_ORDER: tuple[TableSpec, ...] = (*ANNOTATION_TABLES[1:], *CLUSTER_TABLES, ANNOTATION_TABLES[0])
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS}


type Month = str
"""A month as YYYY-MM. It sorts by time."""


def month_of(day: date) -> Month:
    """Return the month of a day."""
    return day.isoformat()[:7]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one lake. ``tables`` has only files that readers may see.

    The ``stem`` of a public file is its day, YYYY-MM-DD, in an open month, and its month in a closed one.
    ``day_manifests`` is the folder of the manifests of the day layout, which earlier versions wrote, ``exchanged_log``
    that for the folders of the log that were exchanged. ``snapshots`` is outside the lake: a glob over the lake's root
    must not find rows twice.
    """

    root: Path
    state: Path = field(init=False)
    index: Path = field(init=False)
    temporary: Path = field(init=False)
    head: Path = field(init=False)
    day_manifests: Path = field(init=False)
    exchanged_log: Path = field(init=False)
    snapshots: Path = field(init=False)

    def __post_init__(self) -> None:
        """Join the fixed paths once: each step of a commit needs them."""
        state = self.root / "_state"
        names = {"index": "index.sqlite", "temporary": "tmp", "head": "head.json", "day_manifests": "manifest"}
        paths = {name: state / file for name, file in names.items()}
        paths |= {"state": state, "exchanged_log": state / "exchanged_log", "snapshots": self.root.parent / "snapshots"}
        for name, path in paths.items():
            object.__setattr__(self, name, path)

    def month_folder(self, table: str, month: Month) -> Path:
        """Return the folder of the public files of a table and month."""
        return self.root / "tables" / table / f"{TABLE_SPECS[table].month_column}={month}"

    def public(self, table: str, stem: str) -> Path:
        return self.month_folder(table, stem[:7]) / f"{stem}.parquet"

    def objects(self, table: str, month: Month) -> Path:
        """Return the folder of the data files of a table and month."""
        return self.state / "data" / table / month

    def manifests(self, month: Month) -> Path:
        """Return the folder of the manifests of a month."""
        return self.state / "months" / month

    def has_manifests(self) -> bool:
        """Return whether any month has a manifest."""
        return any((self.state / "months").glob("*/*.json"))

    def exchanged(self, month: Month) -> Path:
        """Return the folder for the folders of public files that were exchanged."""
        return self.state / "exchanged" / month

    def staged(self, batch_id: str) -> Path:
        return self.state / "staged" / file_name_of(batch_id)

    def staged_batches(self) -> list[Path]:
        """Return the folders of all staged batches, sorted."""
        return sorted((self.state / "staged").glob("*"))

    def cached(self, name: str) -> Path:
        return self.state / "cache" / name

    def objects_of(self, month: Month) -> tuple[Path, ...]:
        """Return every data file of a month, needed or not."""
        folder = self.state / "data"
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return tuple(path for name in names for path in files_in(self.objects(name, month)))

    def folders_of_objects(self) -> Iterator[Path]:
        """Yield the folders that may have data files."""
        yield from (self.state / "data").glob("*/*/")

    def months_on_disk(self) -> frozenset[Month]:
        """Return the months with data files, manifests or exchanged folders, needed or not."""
        tops = (self.state / name for name in ("months", "exchanged"))
        folders = (*self.folders_of_objects(), *(folder for top in tops for folder in top.glob("*/")))
        return frozenset(path.name for path in folders)

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def check_layout(root: Path) -> None:
    """Raises: LakeError (day_layout) for a lake of an earlier version; call it before anything is changed."""
    layout = Layout(root)
    if not layout.head.exists() and (
        any(layout.day_manifests.glob("*.json")) or any(root.glob("tables/*/published_date=*"))
    ):
        raise LakeError(
            f"{root} has a file per day, as earlier versions wrote: move it away, run `newslake lake repair "
            "--give-up lake/_state`, then `newslake run`, which derives all tables again from the archive, but not "
            "those of the log; if it is a snapshot or a copy, delete it",
            key=str(root),
            reason="day_layout",
        )


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; empty if the folder does not exist."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder, sorted by name; empty if the folder does not exist."""
    return [folder / name for name in names_in(folder)]


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file; copy it if the file system has no hard links, or the target is on another one."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def object_name(stem: str, generation: int, digest: str) -> str:
    """Return the name of a data file: the stem of its public file, the generation of its month, its digest."""
    return f"{stem}.{generation:06d}.{digest[:8]}.obj"


def is_named_by_digest(path: Path, digest: str) -> bool:
    """Return whether the name of a data file or manifest has the beginning of this digest."""
    return path.stem[-8:] == digest[:8]


def sha256_of(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


class Disk:
    """Writes in a lake. "full" makes files and folders durable at once; "process" leaves that to the system.

    A folder is created when a write misses it: another process may remove an empty one at any time.
    Raises: OSError from the system; earlier files stay as they were.
    """

    def __init__(self, layout: Layout, *, durability: Durability) -> None:
        self._layout = layout
        self._durability: Durability = durability
        self._is_full = durability == "full"

    def committer(self) -> AbstractContextManager[None]:
        """Hold the lock under which public files of the tables change."""
        return self._lock("commit.lock")

    def log_writer(self) -> AbstractContextManager[None]:
        """Hold the lock under which files of the log change. A process that holds it never waits for the committer's.

        Appending is not a commit: it must not wait for one.
        """
        return self._lock("log.lock")

    def log_compactor(self) -> AbstractContextManager[None]:
        """Hold the lock under which months of the log are closed or redacted. It is taken before that of the writers.

        Closing takes that of the writers only for the exchange, so that they do not wait for the new file.
        """
        return self._lock("log-compaction.lock")

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """Hold a lock; the system releases it when the process dies.

        A process that may only read holds it, too, so that it reads between two commits; not if nobody ever had it.
        """
        path = self._layout.state / "locks" / name
        is_reader = not can_write(path)
        if is_reader and not path.exists():
            yield
            return
        with path.open("r") if is_reader else self._in_folder(path, partial(path.open, "w")) as lock:
            with name_file_on_error(path):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def now(self) -> float:
        """Return seconds since 1970 by the clock of the file system, not of the host."""
        path = self.temporary()
        self._in_folder(path, path.touch)
        seconds = path.stat().st_mtime
        path.unlink()
        return seconds

    def temporary(self) -> Path:
        """Return a new path in the folder for temporary files, on the same file system."""
        return self._layout.temporary / uuid.uuid4().hex

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Write a new file that is not public yet; remove it if the write fails."""
        try:
            self._in_folder(path, partial(write_file, path, data, durability=self._durability))
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def replace(self, path: Path, data: bytes | memoryview) -> None:
        """Write a file and put it in place atomically."""
        temporary = self.temporary()
        self.write(temporary, data)
        self.move(temporary, path)

    def move(self, source: Path, target: Path) -> None:
        self._in_folder(target, partial(source.replace, target))
        self.sync(target.parent)

    def link(self, source: Path, target: Path) -> None:
        """Put a hard link in place atomically; a copy if the file system has no hard links.

        The link is not durable: after power loss, ``recover`` links public files again.
        """
        temporary = self.temporary()
        self._in_folder(temporary, partial(link_or_copy, source, temporary))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)

    def remove(self, path: Path, *, durably: bool = False) -> None:
        """Remove a file, and its folder if it is empty afterwards.

        Without ``durably`` the file may be there again after power loss.
        """
        path.unlink(missing_ok=True)
        folder = path.parent
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
        if durably and folder.is_dir():
            self.sync(folder)

    def folder(self, folder: Path) -> None:
        """Create a folder and its parents, durably."""
        make_folder(folder, durability=self._durability)

    def _in_folder[T](self, path: Path, write: Callable[[], T]) -> T:
        """Return the result of a write to a path; if its folder is missing, create the folder and write again."""
        try:
            return write()
        except FileNotFoundError:
            self.folder(path.parent)
            return write()

    def sync_all(self) -> None:
        """Make all written files durable at once, which is faster for many small ones."""
        sync_all(self._durability)

    def sync(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        if self._is_full:
            sync_folder(folder)


# Tables as Parquet bytes and back. Bytes depend on rows alone: sorted, one chunk, fixed options, no names or times.
#
# A row group ends at the end of a day when it has enough rows, so that a reader of one day reads little of a month; it
# has at most as many rows as those of DuckDB. Each group has its dictionaries: with 4,096 mentions a group, the
# mentions take a sixth more bytes than in one group. A row of articles is large, and packs no better with more rows.
_ROW_GROUP = 122_880
_LEAST_ROWS = 16_384
_LEAST_ARTICLES = 1_024


def encode(table: pa.Table, spec: TableSpec, *, metadata: Mapping[str, str] | None = None) -> memoryview:
    """Return the Parquet bytes of rows in ``file_schema``, sorted by day, then as the contract says.

    The file describes its table, and has the schema version. ``metadata`` is added to its footer.
    """
    return encode_days(rows_by_day(table, spec).values(), spec, metadata=metadata)


def encode_days(days: Iterable[pa.Table], spec: TableSpec, *, metadata: Mapping[str, str] | None = None) -> memoryview:
    """Do what ``encode`` does for the rows of days in order; only one row group of them is in memory."""
    about = {"schema_version": str(SCHEMA_VERSION), "table": spec.name, "about": spec.about}
    schema = spec.file_schema
    sink = pa.BufferOutputStream()
    order = pq.SortingColumn.from_ordering(schema, [(n, "ascending") for n in (spec.day_column, *spec.sort_by)])
    with pq.ParquetWriter(sink, schema, sorting_columns=order, **writer_options(spec)) as writer:
        for group in _groups_of_days(days, spec):
            writer.write_table(group, row_group_size=_ROW_GROUP)
        writer.add_key_value_metadata(about | dict(metadata or {}))
    return memoryview(sink.getvalue())


def _groups_of_days(days: Iterable[pa.Table], spec: TableSpec) -> Iterator[pa.Table]:
    """Yield the rows in groups of whole days, each with enough rows and in one chunk; the last one has the rest."""
    least = _LEAST_ARTICLES if spec.name == "articles" else _LEAST_ROWS
    held: list[pa.Table] = []
    is_first = True
    for rows in days:
        held.append(rows)
        if sum(each.num_rows for each in held) >= least:
            yield _in_one_chunk(held, spec)
            held, is_first = [], False
    if held or is_first:
        yield _in_one_chunk(held, spec)


def _in_one_chunk(parts: Sequence[pa.Table], spec: TableSpec) -> pa.Table:
    whole = pa.concat_tables(parts).combine_chunks() if parts else spec.file_schema.empty_table()
    return pa.Table.from_arrays(whole.columns, schema=spec.file_schema)


def rows_by_day(table: pa.Table, spec: TableSpec) -> dict[date, pa.Table]:
    """Return the rows of each day, in order. The rows are in ``file_schema``, sorted by day."""
    runs = pc.run_end_encode(table[spec.day_column].combine_chunks())
    ends = runs.run_ends.to_pylist()
    starts = [0, *ends]
    return {
        day: table.slice(start, end - start)
        for day, start, end in zip(runs.values.to_pylist(), starts, ends, strict=False)
    }


def with_day(table: pa.Table, spec: TableSpec, day: date) -> pa.Table:
    """Return the rows of a day in ``file_schema``."""
    days = pa.repeat(pa.scalar(day, pa.date32()), table.num_rows)
    return pa.Table.from_arrays([*table.columns, days], schema=spec.file_schema)


def sort_rows(table: pa.Table, spec: TableSpec) -> pa.Table:
    """Return rows sorted as the contract says; sorted rows are not copied."""
    return _rows_at(table, _order_of(table, spec))


def sort_rows_at(table: pa.Table, places: pa.Array, spec: TableSpec) -> pa.Table:
    """Return the rows at some places, sorted as the contract says. They are copied once, or not if they are sorted."""
    return _rows_at(table, places.take(_order_of(table.select(spec.sort_by).take(places), spec)))


def _order_of(table: pa.Table, spec: TableSpec) -> pa.Array:
    return pc.sort_indices(table.select(spec.sort_by), sort_keys=[(name, "ascending") for name in spec.sort_by])


def _rows_at(table: pa.Table, places: pa.Array) -> pa.Table:
    steps = pc.pairwise_diff(places.cast(pa.int64()), period=1)
    if len(places) and pc.all(pc.equal(steps, 1), min_count=0).as_py():
        return table.slice(places[0].as_py(), len(places))
    return table.take(places)


def decode(
    data: bytes | memoryview | pa.NativeFile,
    spec: TableSpec,
    *,
    key: str,
    columns: Sequence[str] | None = None,
    day: date | None = None,
) -> pa.Table:
    """Return the rows of a file, or of one day of it.

    ``columns`` are of ``file_schema``; by default those of ``schema``. A column that the file lacks is null.
    Raises: LakeError (file_broken) if the bytes are not Parquet of this table.
    """
    names = spec.schema.names if columns is None else list(columns)
    schema = pa.schema([spec.file_schema.field(name) for name in names])
    wanted = set(names) if day is None else {*names, spec.day_column}
    with (
        _file_errors(spec, key),
        pq.ParquetFile(data if isinstance(data, pa.NativeFile) else pa.BufferReader(data)) as file,
    ):
        stored = [name for name in file.schema_arrow.names if name in wanted]
        if day is None:
            table = file.read(columns=stored)
        else:
            table = rows_of_day(file.read_row_groups(groups_with(file, spec, day), columns=stored), spec, day)
        return conform(table, schema)


def decode_days(
    data: pa.NativeFile,
    spec: TableSpec,
    *,
    key: str,
    days: Collection[date] | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[tuple[date, pa.Table]]:
    """Yield the rows of each day of a file, or of some days, in order; only one row group of them is in memory.

    ``columns`` are of ``file_schema``; by default all of them. A column that the file lacks is null.
    Raises: LakeError (file_broken) if the bytes are not Parquet of this table.
    """
    names = spec.file_schema.names if columns is None else list(columns)
    wanted = {*names, spec.day_column}
    schema = pa.schema([field for field in spec.file_schema if field.name in wanted])
    with _file_errors(spec, key), pq.ParquetFile(data) as file:
        stored = [name for name in file.schema_arrow.names if name in wanted]
        day = date.min
        parts: list[pa.Table] = []
        numbers = {each for day in days for each in groups_with(file, spec, day)} if days is not None else None
        for number in range(file.num_row_groups) if numbers is None else sorted(numbers):
            group = conform(file.read_row_group(number, columns=stored), schema)
            for each, all_columns in rows_by_day(group, spec).items():
                if days is not None and each not in days:
                    continue
                rows = all_columns.select(names)
                if each != day and parts:
                    yield day, pa.concat_tables(parts)
                    parts = []
                day = each
                parts.append(rows)
        if parts:
            yield day, pa.concat_tables(parts)


@contextmanager
def _file_errors(spec: TableSpec, key: str) -> Iterator[None]:
    """Raises: LakeError (file_broken) in place of the errors of a file that is not Parquet of a table."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise LakeError(f"{key} cannot be read as {spec.name}: {error}", key=key, reason="file_broken") from error


def groups_with(file: pq.ParquetFile, spec: TableSpec, day: date) -> list[int]:
    """Return the row groups that may have rows of a day."""
    place = file.schema_arrow.names.index(spec.day_column) - len(file.schema_arrow.names)
    groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
    bounds = [group.column(group.num_columns + place).statistics for group in groups]
    return [number for number, bound in enumerate(bounds) if bound.min <= day <= bound.max]


def rows_of_day(table: pa.Table, spec: TableSpec, day: date) -> pa.Table:
    """Return the rows of one day, which are next to each other."""
    is_of_day = pc.equal(table[spec.day_column], pa.scalar(day, pa.date32()))
    count = pc.sum(is_of_day, min_count=0).as_py()
    return table.slice(pc.index(is_of_day, True).as_py() if count else 0, count)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with the columns and types of a schema: types are widened, nullable columns added.

    Raises: KeyError for a required column that is missing, ArrowInvalid for values that do not fit.
    """
    return pa.Table.from_arrays([_column(table, field) for field in schema], schema=schema)


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name in table.schema.names:
        return table[field.name].cast(field.type)
    if not field.nullable:
        raise KeyError(field.name)
    return pa.chunked_array([pa.nulls(table.num_rows, field.type)])


# Checksums of the files that are in no manifest, inside them or in a separate file, so that corruption is detected.
_CHECKSUM_KEY = "file_sha256"
_EMPTY_DIGEST = "0" * 64
# Thrift's bytes of the key and of the length of its value, in the footer at the end of the file.
_CHECKSUM_MARK = b"\x18" + bytes([len(_CHECKSUM_KEY)]) + _CHECKSUM_KEY.encode() + b"\x18\x40"
_DIGEST_BYTES = 32
SUMS = "sums"

EMPTY_CHECKSUM: Mapping[str, str] = {_CHECKSUM_KEY: _EMPTY_DIGEST}


def checksummed_parquet(data: memoryview) -> bytes:
    """Return a Parquet file with the digest of its other bytes in place of ``EMPTY_CHECKSUM``."""
    whole = bytearray(data)
    at = whole.rindex(_CHECKSUM_MARK) + len(_CHECKSUM_MARK)
    whole[at : at + len(_EMPTY_DIGEST)] = hashlib.sha256(whole).hexdigest().encode()
    return bytes(whole)


def is_parquet_sound(data: bytes) -> bool:
    """Return whether a file has a checksum and its bytes match it."""
    at = data.rfind(_CHECKSUM_MARK)
    if at < 0:
        return False
    whole, at = bytearray(data), at + len(_CHECKSUM_MARK)
    stated = bytes(whole[at : at + len(_EMPTY_DIGEST)])
    whole[at : at + len(_EMPTY_DIGEST)] = _EMPTY_DIGEST.encode()
    return hashlib.sha256(whole).hexdigest().encode() == stated


def with_digest(data: bytes | memoryview) -> bytes:
    """Return bytes with their digest before them."""
    return hashlib.sha256(data).digest() + data


def without_digest(data: bytes) -> bytes | None:
    """Return the bytes without their digest; None if they do not match it."""
    rest = memoryview(data)[_DIGEST_BYTES:]
    return bytes(rest) if hashlib.sha256(rest).digest() == data[:_DIGEST_BYTES] else None


def sums_of(folder: Path) -> bytes:
    """Return the content of ``SUMS``: name and digest of each other file of a folder, in the format of `sha256sum`."""
    paths = [path for path in sorted(folder.iterdir()) if path.name != SUMS]
    with ThreadPoolExecutor() as pool:
        digests = pool.map(_digest_of_file, paths)
        return "".join(f"{digest}  {path.name}\n" for path, digest in zip(paths, digests, strict=True)).encode()


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
