"""Staged batches: the rows that the derive job hands to the committer."""

import errno
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import ContractError, LakeError
from newslake.pipeline.lake.storage import ANNOTATION_NAMES, RESTAGE, SUMS, Disk, Layout, sums_of
from newslake.pipeline.tables import check_batch

KEYS_SCHEMA = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("revision_id", pa.string(), nullable=False),
        pa.field("published_date", pa.date32(), nullable=False),
        pa.field("seen_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
_IS_THERE = {errno.ENOTEMPTY, errno.EEXIST}
_SUFFIX = ".arrow"  # not .parquet: a glob over the lake must not find uncommitted rows


@dataclass(frozen=True, slots=True)
class Batch:
    """A staged batch. ``keys`` has one row per article: its revision, its day, and the last time the archive saw it."""

    batch_id: str
    tables: Mapping[str, pa.Table]
    keys: pa.Table


def check_staged(tables: Mapping[str, pa.Table], keys: pa.Table, *, batch_id: str) -> None:
    """Raises: ContractError with the first breaches, if tables or keys are invalid."""
    if tuple(sorted(tables)) != tuple(sorted(ANNOTATION_NAMES)):
        breaches: tuple[str, ...] = (f"tables are {sorted(tables)}, not {sorted(ANNOTATION_NAMES)}",)
    else:
        breaches = check_batch(tables) or _key_breaches(tables["articles"], keys)
    if breaches:
        more = f" (and {len(breaches) - 3} more)" if len(breaches) > 3 else ""
        raise ContractError(
            f"batch {batch_id} breaks the contract: {'; '.join(breaches[:3])}{more}, and was not staged",
            key=batch_id,
            reason="contract",
        )


def _key_breaches(articles: pa.Table, keys: pa.Table) -> tuple[str, ...]:
    if keys.schema.names != KEYS_SCHEMA.names or keys.schema.types != KEYS_SCHEMA.types:
        return (f"keys: columns are {keys.schema.names}, not {KEYS_SCHEMA.names}",)
    ids = ("article_id", "revision_id")
    if any(column.null_count for column in keys.columns):
        return ("keys: a value is null",)
    if sorted(_rows(keys, ids)) != sorted(_rows(articles, ids)):
        return ("keys: not one row per article of the batch",)
    day_of: dict[str, date] = dict(_rows(keys, ("article_id", "published_date")))
    days = pc.cast(articles["published_at"], pa.date32()).to_pylist()
    return tuple(
        f"keys.published_date: {article_id} was published on {day}, not {day_of[article_id]}"
        for article_id, day in zip(articles["article_id"].to_pylist(), days, strict=True)
        if day is not None and day != day_of[article_id]
    )


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def write_batch(layout: Layout, disk: Disk, batch: Batch) -> None:
    """Stage a batch atomically. A batch of the same id is replaced under the committer's lock."""
    temporary, target = disk.temporary(), layout.staged(batch.batch_id)
    for name, table in (*batch.tables.items(), ("keys", batch.keys)):
        disk.write(temporary / f"{name}{_SUFFIX}", _ipc_bytes(table))
    disk.write(temporary / SUMS, sums_of(temporary))
    disk.sync(temporary)
    if not _try_move(disk, temporary, target):
        with disk.committer():
            # Another process may stage it in between, because staging needs no lock.
            while not _try_move(disk, temporary, target):
                discard_batch(layout, disk, batch.batch_id)


def _try_move(disk: Disk, source: Path, target: Path) -> bool:
    """Move a folder; return False if the target exists."""
    try:
        disk.move(source, target)
    except OSError as error:
        if error.errno not in _IS_THERE:
            raise
        return False
    return True


def _ipc_bytes(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def read_batch(layout: Layout, batch_id: str) -> Batch | None:
    """Return a staged batch; None if it does not exist. Raises: LakeError (batch_broken) if it is damaged."""
    folder = layout.staged(batch_id)
    if not folder.is_dir():
        return None
    try:
        if not is_batch_sound(folder):
            raise OSError("its checksums do not match")
        tables = {name: _read(folder / f"{name}{_SUFFIX}") for name in (*ANNOTATION_NAMES, "keys")}
    except (OSError, pa.ArrowException) as error:
        raise LakeError(
            f"staged batch {batch_id} cannot be read ({error}); {RESTAGE}",
            key=batch_id,
            reason="batch_broken",
        ) from error
    return Batch(batch_id, {name: tables[name] for name in ANNOTATION_NAMES}, tables["keys"])


def is_batch_sound(folder: Path) -> bool:
    """Return whether a staged batch's files match its checksums."""
    sums = folder / SUMS
    return sums.is_file() and sums.read_bytes() == sums_of(folder)


def _read(path: Path) -> pa.Table:
    """Return a table over the memory-mapped file; it stays readable after the file is unlinked."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def discard_batch(layout: Layout, disk: Disk, batch_id: str) -> None:
    """Remove a staged batch: move it away atomically, then delete it."""
    folder = layout.staged(batch_id)
    if folder.is_dir():
        discard_batch_at(folder, disk)


def discard_batch_at(folder: Path, disk: Disk) -> None:
    """Remove the staged batch in a folder."""
    doomed = disk.temporary()
    disk.move(folder, doomed)
    shutil.rmtree(doomed)


def staged_among(layout: Layout, article_ids: Collection[str]) -> frozenset[str]:
    """Return those of some articles that staged batches have; damaged batches are passed over."""
    keys = (_read(folder / f"keys{_SUFFIX}") for folder in layout.staged_batches() if is_batch_sound(folder))
    return frozenset(article_ids).intersection(each for table in keys for each in table["article_id"].to_pylist())


def erase_staged(layout: Layout, disk: Disk, article_ids: Collection[str]) -> None:
    """Delete some articles from every staged batch; a damaged batch is removed as a whole.

    A batch that a killed process was changing is removed, too: its day is derived again.
    """
    gone = pa.array(sorted(article_ids), pa.string())
    for folder in layout.staged_batches():
        if not is_batch_sound(folder):
            discard_batch_at(folder, disk)
            continue
        for name in (*ANNOTATION_NAMES, "keys"):
            table = _read(folder / f"{name}{_SUFFIX}")
            remaining = table.filter(pc.invert(pc.is_in(table["article_id"], value_set=gone)))
            if remaining.num_rows < table.num_rows:
                disk.replace(folder / f"{name}{_SUFFIX}", _ipc_bytes(remaining))
        if not is_batch_sound(folder):
            disk.replace(folder / SUMS, sums_of(folder))
