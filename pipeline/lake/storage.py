"""Storage of the lake: paths, durable writes, Parquet encoding, checksums, and repair advice for messages."""

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.durability import Durability, make_folder, sync_all, sync_folder, write_file
from pipeline.errors import LakeError, name_file_on_error
from pipeline.model import file_name_of
from pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES, SCHEMA_VERSION, TableSpec

# Repair advice of all messages about a damaged lake.
RECOVER = "run `newslake lake repair`"
REMOVE = "run `newslake lake repair --drop-damaged`"
REDERIVE_LOST_DAY = f"restore it from a copy; or {RECOVER}, then `newslake run`, which derives the day again"
REDERIVE = f"restore it from a copy; or {REMOVE}, then `newslake run`, which derives the day again"
RESTAGE = f"{REMOVE}, then `newslake run`, which derives its uncommitted articles again"

ANNOTATION_NAMES = tuple(spec.name for spec in ANNOTATION_TABLES)
# Tables are published in this order: children first, so that an article is never there without them.
PUBLISH_ORDER: tuple[TableSpec, ...] = (*ANNOTATION_TABLES[1:], *CLUSTER_TABLES, ANNOTATION_TABLES[0])
PART = "part-0.parquet"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS}


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one lake. ``tables`` has only files that readers may see."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "_state"

    @property
    def index(self) -> Path:
        return self.state / "index.sqlite"

    @property
    def temporary(self) -> Path:
        return self.state / "tmp"

    def public(self, table: str, day: date) -> Path:
        return self.root / "tables" / table / _partition(day) / PART

    def objects(self, table: str, day: date) -> Path:
        return self.state / "data" / table / _partition(day)

    def manifest(self, day: date) -> Path:
        return self.state / "manifest" / f"{day.isoformat()}.json"

    def staged(self, batch_id: str) -> Path:
        return self.state / "staged" / file_name_of(batch_id)

    def staged_batches(self) -> list[Path]:
        """Return the folders of all staged batches, sorted."""
        return sorted((self.state / "staged").glob("*"))

    def cached(self, name: str) -> Path:
        return self.state / "cache" / name

    def objects_of(self, day: date) -> tuple[Path, ...]:
        """Return every data file of a day, needed or not."""
        folder = self.state / "data"
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return tuple(path for name in names for path in files_in(self.objects(name, day)))

    def folders_of_objects(self) -> Iterator[Path]:
        """Yield the folders that may have data files."""
        yield from (self.state / "data").glob("*/*=*")

    def days_of_objects(self) -> frozenset[date]:
        names = (path.name.partition("=")[2] for path in self.folders_of_objects())
        return frozenset(map(date.fromisoformat, names))

    @property
    def snapshots(self) -> Path:
        """The folder of snapshots. It is outside the lake: a glob over the lake's root must not find rows twice."""
        return self.root.parent / "snapshots"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder, sorted by name; empty if the folder does not exist."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file; copy it if the file system has no hard links, or the target is on another one."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _partition(day: date) -> str:
    return f"published_date={day.isoformat()}"


def object_name(generation: int, digest: str) -> str:
    return f"{generation:06d}-{digest[:8]}.obj"


def is_named_by_digest(path: Path, digest: str) -> bool:
    """Return whether the name of a data file has the beginning of this digest."""
    return path.stem.partition("-")[2] == digest[:8]


def sha256_of(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


class Disk:
    """Writes in a lake. "full" makes files and folders durable at once; "process" leaves that to the system.

    Raises: OSError from the system; earlier files stay as they were.
    """

    def __init__(self, layout: Layout, *, durability: Durability) -> None:
        self._layout = layout
        self._durability: Durability = durability
        self._is_full = durability == "full"

    @contextmanager
    def committer(self) -> Iterator[None]:
        """Hold the lock under which public files change; the system releases it when the process dies."""
        folder = self._layout.state / "locks"
        self.folder(folder)
        path = folder / "commit.lock"
        with path.open("w") as lock:
            with name_file_on_error(path):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def now(self) -> float:
        """Return seconds since 1970 by the clock of the file system, not of the host."""
        path = self.temporary()
        path.touch()
        seconds = path.stat().st_mtime
        path.unlink()
        return seconds

    def temporary(self) -> Path:
        """Return a new path in the folder for temporary files, on the same file system."""
        self.folder(self._layout.temporary)
        return self._layout.temporary / uuid.uuid4().hex

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Write a new file that is not public yet; remove it if the write fails."""
        self.folder(path.parent)
        try:
            write_file(path, data, durability=self._durability)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def replace(self, path: Path, data: bytes | memoryview) -> None:
        """Write a file and put it in place atomically."""
        temporary = self.temporary()
        self.write(temporary, data)
        self.move(temporary, path)

    def move(self, source: Path, target: Path) -> None:
        self.folder(target.parent)
        source.replace(target)
        self.sync(target.parent)

    def link(self, source: Path, target: Path) -> None:
        """Put a hard link in place atomically; a copy if the file system has no hard links.

        The link is not made durable: after power loss, ``recover`` links public files again.
        """
        temporary = self.temporary()
        link_or_copy(source, temporary)
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

    def sync_all(self) -> None:
        """Make all written files durable at once, which is faster for many small ones."""
        sync_all(self._durability)

    def sync(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        if self._is_full:
            sync_folder(folder)


# Tables as Parquet bytes and back. Bytes depend on rows alone: sorted, one chunk, fixed options, no names or times.
#
# The options were measured; the reasons are in docs/adr. A row group has the size of DuckDB's; few files have two.
_ROW_GROUP = 122_880
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "write_statistics": True,
    "write_page_index": True,
    "store_schema": True,
}
# Numbers that grow along the rows of an article are delta-encoded: a third of the bytes of a dictionary.
_DELTA_SUFFIXES = ("_char", "_index")


def encode(table: pa.Table, spec: TableSpec, *, metadata: Mapping[str, str] | None = None) -> memoryview:
    """Return the Parquet bytes of rows that are sorted as the contract says.

    The file describes itself: its table, the schema version, and each column. ``metadata`` is added to its footer.
    """
    stated = spec.schema.with_metadata({"schema_version": str(SCHEMA_VERSION), "table": spec.name, "about": spec.about})
    whole = table.combine_chunks()
    sink = pa.BufferOutputStream()
    order = pq.SortingColumn.from_ordering(stated, [(name, "ascending") for name in spec.sort_by])
    leaves = tuple(_leaves(stated))
    growing = [name for name in leaves if name.endswith(_DELTA_SUFFIXES)]
    with pq.ParquetWriter(
        sink,
        stated,
        sorting_columns=order,
        use_dictionary=[name for name in leaves if name not in growing],
        column_encoding=dict.fromkeys(growing, "DELTA_BINARY_PACKED"),
        **_OPTIONS,
    ) as writer:
        writer.write_table(pa.Table.from_arrays(whole.columns, schema=stated), row_group_size=_ROW_GROUP)
        if metadata is not None:
            writer.add_key_value_metadata(metadata)
    return memoryview(sink.getvalue())


def _leaves(schema: pa.Schema) -> Iterator[str]:
    """Yield the names of the leaf columns of Parquet: a list has one per field of its elements."""
    for field in schema:
        element = field.type.value_type if pa.types.is_list(field.type) else None
        if element is None:
            yield field.name
        elif pa.types.is_struct(element):
            yield from (f"{field.name}.list.element.{inner.name}" for inner in element)
        else:
            yield f"{field.name}.list.element"


def sort_rows(table: pa.Table, spec: TableSpec) -> pa.Table:
    """Return rows sorted as the contract says; sorted rows are not copied."""
    order = pc.sort_indices(table.select(spec.sort_by), sort_keys=[(name, "ascending") for name in spec.sort_by])
    steps = pc.pairwise_diff(order.cast(pa.int64()), period=1)
    is_sorted = pc.all(pc.equal(steps, 1), min_count=0).as_py()
    return table if is_sorted else table.take(order)


def decode(data: bytes, spec: TableSpec, *, key: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of a file in some or all columns of the contract; a column newer than the file is null.

    Raises: LakeError (file_broken) if the bytes are not Parquet of this table.
    """
    try:
        schema = spec.schema if columns is None else pa.schema([spec.schema.field(name) for name in columns])
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            stored = set(file.schema_arrow.names)
            table = file.read(columns=[name for name in schema.names if name in stored])
        return conform(table, schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise LakeError(f"{key} cannot be read as {spec.name}: {error}", key=key, reason="file_broken") from error


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
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != SUMS:
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines).encode()
