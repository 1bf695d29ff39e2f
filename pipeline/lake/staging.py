"""Staged batches: what deriving hands to the committer."""

import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError, LakeError
from pipeline.lake.layout import Disk, Layout
from pipeline.tables import READING_TABLES, check_batch

KEYS_SCHEMA = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("revision_id", pa.string(), nullable=False),
        pa.field("published_date", pa.date32(), nullable=False),
        pa.field("seen_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
_NAMES = tuple(spec.name for spec in READING_TABLES)
_SUFFIX = ".arrow"  # never .parquet: a glob over the lake must not find rows that are not committed


@dataclass(frozen=True, slots=True)
class Batch:
    """A staged batch. ``keys`` has one row an article: its revision, its day, and when the archive saw it last."""

    batch_id: str
    tables: Mapping[str, pa.Table]
    keys: pa.Table


def check_staged(tables: Mapping[str, pa.Table], keys: pa.Table, *, batch_id: str) -> None:
    """Raises: ContractError that tells the first breaches, where tables or keys may not be committed."""
    if tuple(sorted(tables)) != tuple(sorted(_NAMES)):
        breaches: tuple[str, ...] = (f"tables are {sorted(tables)}, not {sorted(_NAMES)}",)
    else:
        breaches = check_batch(tables) or _key_breaches(tables["articles"], keys)
    if breaches:
        more = f" (and {len(breaches) - 3} more)" if len(breaches) > 3 else ""
        raise ContractError(
            f"batch {batch_id} breaks the contract: {'; '.join(breaches[:3])}{more}; nothing of it was staged",
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
        return ("keys: they do not name the batch's articles, each once",)
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
    """Stage a batch: whole or not at all. One that is staged already is replaced, under its lock."""
    temporary, target = disk.temporary(), layout.staged(batch.batch_id)
    for name, table in (*batch.tables.items(), ("keys", batch.keys)):
        disk.write(temporary / f"{name}{_SUFFIX}", _ipc_bytes(table))
    disk.sync(temporary)
    disk.folder(target.parent)
    try:
        disk.move(temporary, target)
    except OSError:
        if not target.is_dir():
            raise
        with disk.committer():
            discard_batch(layout, disk, batch.batch_id)
            disk.move(temporary, target)


def _ipc_bytes(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def read_batch(layout: Layout, batch_id: str) -> Batch | None:
    """Return a staged batch, None where there is none. Raises: LakeError (batch_broken)."""
    folder = layout.staged(batch_id)
    if not folder.is_dir():
        return None
    try:
        tables = {name: _read(folder / f"{name}{_SUFFIX}") for name in (*_NAMES, "keys")}
    except (OSError, pa.ArrowException) as error:
        raise LakeError(
            f"staged batch {batch_id} cannot be read ({error}); delete {folder} and derive again",
            key=batch_id,
            reason="batch_broken",
        ) from error
    return Batch(batch_id, {name: tables[name] for name in _NAMES}, tables["keys"])


def _read(path: Path) -> pa.Table:
    """Return a table whose buffers are the mapped file; it stays readable after the file is unlinked."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def discard_batch(layout: Layout, disk: Disk, batch_id: str) -> None:
    """Remove a staged batch: gone at one instant, then deleted."""
    folder = layout.staged(batch_id)
    if folder.is_dir():
        doomed = disk.temporary()
        disk.move(folder, doomed)
        shutil.rmtree(doomed)


def erase_staged(layout: Layout, disk: Disk, article_ids: Collection[str]) -> None:
    """Take some articles out of every staged batch; a batch that cannot be read goes whole.

    Keys go first: rows without a key are not committed.
    """
    gone = pa.array(sorted(article_ids), pa.string())
    for folder in sorted((layout.state / "staged").glob("*")):
        try:
            for name in ("keys", *_NAMES):
                table = _read(folder / f"{name}{_SUFFIX}")
                kept = table.filter(pc.invert(pc.is_in(table["article_id"], value_set=gone)))
                if kept.num_rows < table.num_rows:
                    disk.replace(folder / f"{name}{_SUFFIX}", _ipc_bytes(kept))
        except (FileNotFoundError, pa.ArrowException):
            shutil.rmtree(folder)
