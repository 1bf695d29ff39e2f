"""The files of the log: one per batch in an open month, one for all batches of a closed month.

A file of a closed month must tell which rows are of which batch: a batch may be read by its id, or appended again. A
column for it would change the contract of the tables, and a separate file could disagree with the rows. So the footer
has the batches, and the batch of each row run by run: rows are sorted by time and those of a batch have few times, so
there is about one run per batch.
"""

import hashlib
import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.storage import EMPTY_CHECKSUM, Month, checksummed_parquet, decode, encode, files_in
from newslake.pipeline.model import file_name_of
from newslake.pipeline.tables import TableSpec

# The column whose UTC day is that of the row.
_TIME_OF: Mapping[str, str] = {
    "outcomes": "decided_at",
    "listing_fetches": "requested_at",
    "runs": "started_at",
    "deletions": "deleted_at",
}
_MONTH = re.compile(r"\d{4}-\d{2}")
_BATCHES = "batches"
_PLACE = "place"


@dataclass(frozen=True, slots=True)
class LogRows:
    """Rows of one month in ``file_schema``, and the batch of each row: its place in ``batches``, which are sorted.

    A batch has the name of its file. It may have no rows: it was appended again, and its rows are of another month now.
    """

    table: pa.Table
    batches: tuple[str, ...]
    places: pa.Array

    def of(self, batches: Iterable[str]) -> pa.Table:
        """Return the rows of some batches."""
        wanted = {*batches}
        places = [place for place, name in enumerate(self.batches) if name in wanted]
        return self.table.filter(pc.is_in(self.places, pa.array(places, pa.int32())))

    def without(self, batch: str) -> "LogRows":
        """Return all rows but those of a batch, which keeps its name."""
        stays = pc.invert(pc.is_in(self.places, pa.array([self.batches.index(batch)], pa.int32())))
        return LogRows(self.table.filter(stays), self.batches, self.places.filter(stays))

    def newest(self, count: int) -> tuple[str, ...]:
        """Return the batches with the last rows, the newest first."""
        newest = dict.fromkeys(reversed(self.places.to_pylist()))
        return tuple(self.batches[place] for place in list(newest)[:count])

    def with_rows(self) -> frozenset[str]:
        """Return the batches that have rows."""
        return frozenset(self.batches[place] for place in pc.unique(self.places).to_pylist())


def log_folder(root: Path, spec: TableSpec, month: Month) -> Path:
    """Return the folder of a month of a log table."""
    return root / "log" / spec.name / f"{spec.month_column}={month}"


def log_months(root: Path, spec: TableSpec) -> list[Month]:
    """Return the months of a log table, sorted."""
    prefix = f"{spec.month_column}="
    names = [path.name for path in files_in(root / "log" / spec.name)]
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def month_start(month: Month, *, shift: int = 0) -> date:
    """Return the first day of a month, or of the one ``shift`` months later."""
    number = 12 * int(month[:4]) + int(month[5:]) - 1 + shift
    return date(number // 12, number % 12 + 1, 1)


def listed_name(root: Path, path: Path) -> str:
    """Return the name under which the article index lists a batch: the path of its file."""
    return path.relative_to(root / "log").as_posix()


def batch_name(batch_id: str) -> str:
    """Return the name of a batch's file without its suffix. No batch has the name of a month's file."""
    name = file_name_of(batch_id)
    return f"%{ord(name[0]):02X}{name[1:]}" if _MONTH.fullmatch(name) else name


def batch_id_of(name: str) -> str:
    """Return the id of a batch, unless it is very long: then its name has a hash."""
    return unquote(name)


def is_month_file(path: Path) -> bool:
    """Return whether a path is that of the file of a closed month."""
    return _MONTH.fullmatch(path.stem) is not None


def month_file(folder: Path) -> Path:
    """Return the path of the file that a month's folder has when the month is closed."""
    return folder / f"{month_in(folder)}.parquet"


def month_in(folder: Path) -> Month:
    """Return the month of a folder."""
    return folder.name.partition("=")[2]


def rows_of_batch(table: pa.Table, spec: TableSpec, batch: str) -> LogRows:
    """Return rows in the columns of the contract as those of one batch."""
    days = pc.cast(table[_TIME_OF[spec.name]], pa.date32())
    whole = pa.Table.from_arrays([*table.columns, days], schema=spec.file_schema)
    return LogRows(whole, (batch,), pa.repeat(pa.scalar(0, pa.int32()), whole.num_rows))


def merge_rows(parts: Iterable[LogRows], spec: TableSpec) -> LogRows:
    """Return the rows of some parts, sorted by day, then as the contract says, then by batch.

    The result does not depend on the order or the number of the parts.
    """
    whole = list(parts)
    batches = sorted({name for part in whole for name in part.batches})
    place_of = {name: pa.scalar(place, pa.int32()) for place, name in enumerate(batches)}
    places = [pa.array([place_of[name] for name in part.batches], pa.int32()).take(part.places) for part in whole]
    table = pa.concat_tables([spec.file_schema.empty_table(), *(part.table for part in whole)])
    keyed = table.append_column(_PLACE, pa.chunked_array(places, pa.int32()))
    keys = (spec.day_column, *spec.sort_by, _PLACE)
    ordered = keyed.take(pc.sort_indices(keyed.select(keys), sort_keys=[(name, "ascending") for name in keys]))
    return LogRows(ordered.drop_columns([_PLACE]), tuple(batches), ordered[_PLACE].combine_chunks())


def rows_by_key(table: pa.Table, keys: pa.Array) -> Iterator[tuple[Any, pa.Table]]:
    """Yield each key of some rows with its rows, in their order, after one sort: a month may have 100,000 batches."""
    order = pc.sort_indices(keys)  # stable
    ordered, runs = table.take(order), pc.run_end_encode(keys.take(order))
    for key, (start, end) in zip(runs.values.to_pylist(), pairwise((0, *runs.run_ends.to_pylist())), strict=True):
        yield key, ordered.slice(start, end - start)


def encode_rows(rows: LogRows, spec: TableSpec, *, is_closed: bool) -> bytes:
    """Return the file of a closed month, or of the only batch of the rows."""
    metadata = {_BATCHES: _batches_text(rows)} if is_closed else {}
    return checksummed_parquet(encode(rows.table, spec, metadata={**metadata, **EMPTY_CHECKSUM}))


def mark_of(*facts: object) -> str:
    """Return a mark of a file, from the facts that differ when it is written again."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def file_mark(root: Path, path: Path) -> str:
    """Return the mark of a file of the log, without reading it. Raises: FileNotFoundError."""
    state = path.stat()
    return mark_of(listed_name(root, path), state.st_ino, state.st_size, state.st_mtime_ns)


def read_log_file(path: Path, spec: TableSpec, data: bytes | None = None) -> LogRows:
    """Return the rows of a file; ``data`` are its bytes, if they are known. Raises: LakeError (file_broken)."""
    data = path.read_bytes() if data is None else data
    table = decode(data, spec, key=str(path), columns=spec.file_schema.names)
    if not is_month_file(path):
        return LogRows(table, (path.stem,), pa.repeat(pa.scalar(0, pa.int32()), table.num_rows))
    batches, lengths, places = _batches_in(pa.BufferReader(data), path)
    ends = pa.array(accumulate(lengths), pa.int32())
    return LogRows(
        table,
        batches,
        pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, pa.array(places, pa.int32()))),
    )


def batches_of_file(path: Path, data: bytes | None = None) -> tuple[str, ...]:
    """Return the batches of a file, with rows or without; ``data`` are its bytes, if they are known.

    Raises: LakeError (file_broken).
    """
    if not is_month_file(path):
        return (path.stem,)
    return _batches_in(path if data is None else pa.BufferReader(data), path)[0]


def batches_with_rows(path: Path) -> frozenset[str]:
    """Return the batches of a file that have rows. Raises: LakeError (file_broken)."""
    if not is_month_file(path):
        return frozenset((path.stem,))
    batches, _, places = _batches_in(path, path)
    return frozenset(batches[place] for place in places)


def has_current_columns(path: Path, spec: TableSpec) -> bool:
    """Return whether a file has the columns of the contract."""
    return bool(pq.read_schema(path).equals(spec.file_schema))


def _batches_text(rows: LogRows) -> str:
    runs = pc.run_end_encode(rows.places)
    lengths = [end - start for start, end in pairwise((0, *runs.run_ends.to_pylist()))]
    content = json.dumps([rows.batches, lengths, runs.values.to_pylist()], separators=(",", ":"))
    return b64encode(zlib.compress(content.encode(), 6)).decode()


def _batches_in(file: Path | pa.BufferReader, path: Path) -> tuple[tuple[str, ...], list[int], list[int]]:
    """Return the batches of a closed month, and of each run of its rows the length and the place of its batch."""
    try:
        text = pq.read_metadata(file).metadata[_BATCHES.encode()]
        batches, lengths, places = json.loads(zlib.decompress(b64decode(text)))
    except (pa.ArrowException, ValueError, KeyError, TypeError, zlib.error) as error:
        message = f"{path} cannot be read as the log of a month: {error}"
        raise LakeError(message, key=str(path), reason="file_broken") from error
    return tuple(batches), lengths, places
