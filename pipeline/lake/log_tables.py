"""The log tables: append-only, in a folder per month of their day. Appending the same batch again overwrites it.

An open month has a file per batch, a closed month one file for all of them, which an append rewrites. So a folder has
either files of batches or the file of its month, and no reader sees a row twice.

The article index lists the batches of each month by the path of their files, so that a lost one is noticed. The
list stays as it is when the month is closed: then the batches are in its file. A batch that is not listed is of
a process that died before it listed it, or came back from a backup; ``adopt_log_files`` lists it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import ContractError, LakeError
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.log_compaction import LogCompaction, names_of_removed, removed_log, removed_log_problems
from newslake.pipeline.lake.log_files import (
    LogRows,
    batch_id_of,
    batch_name,
    batches_of_file,
    batches_with_rows,
    encode_rows,
    file_mark,
    is_month_file,
    listed_name,
    log_folder,
    log_months,
    merge_rows,
    month_file,
    month_start,
    read_log_file,
    rows_by_key,
    rows_of_batch,
)
from newslake.pipeline.lake.storage import REMOVE, Disk, Month, decode, files_in, is_parquet_sound, month_of
from newslake.pipeline.leases import Lease
from newslake.pipeline.tables import LOG_TABLES, TABLE_SPECS, TableSpec, check_batch

_LOST = "its log entries are lost, but no table is"
_TWICE = "is in the folder of a closed month, so its rows may be there twice; move it out of the lake"


class LogTables:
    """The log tables of one lake. ``index`` returns the article index."""

    def __init__(self, root: Path, disk: Disk, index: Callable[[], ArticleIndex]) -> None:
        self._root = root
        self._disk = disk
        self._index = index

    def append(self, name: str, batch_id: str, table: pa.Table, *, lease: Lease | None = None) -> None:
        """Append a batch's rows; appending the same batch again overwrites them. Raises: ContractError."""
        if lease is not None:
            lease.check()
        breaches = check_batch({name: table})
        if breaches:
            raise ContractError(f"log {name}, batch {batch_id}: {breaches[0]}", key=batch_id, reason="contract")
        spec, batch = TABLE_SPECS[name], batch_name(batch_id)
        parts = _by_month(rows_of_batch(table, spec, batch), spec)
        index = self._index()  # before the lock: opening may build it again, under the committer's lock
        with self._disk.log_writer():
            written = {self._put(spec, month, rows): month for month, rows in parts.items()}
            # The same batch, appended again in another month: its rows under the earlier one are stale.
            earlier = [month for month in self._months(spec) if month not in parts]
            stale = [path for month in earlier if (path := self._path(spec, month, batch)).exists()]
            names = partial(map, partial(listed_name, self._root))
            index.change_log_files(added=names(written), removed=names(stale))
            for path in stale:  # after the list: a file that is missing from the disk only would be reported as lost
                self._disk.remove(path, durably=True)
            for month in self._closed_with(spec, {batch}, months=earlier):
                self._drop_rows(spec, month, batch)

    def _put(self, spec: TableSpec, month: Month, rows: LogRows) -> Path:
        """Write the rows of one batch and month; return the path under which the batch is listed."""
        batch_file = self._path(spec, month, *rows.batches)
        closed = month_file(batch_file.parent)
        if closed.exists():
            there = read_log_file(closed, spec)
            others = there.without(*rows.batches) if rows.batches[0] in there.batches else there
            self._disk.replace(closed, encode_rows(merge_rows([others, rows], spec), spec, is_closed=True))
        else:
            self._disk.replace(batch_file, encode_rows(merge_rows([rows], spec), spec, is_closed=False))
        return batch_file

    def _drop_rows(self, spec: TableSpec, month: Month, batch: str) -> None:
        """Remove the rows of a batch from a closed month. Its name stays there, as it does in the list."""
        path = month_file(self._folder(spec, month))
        rows = read_log_file(path, spec)
        if batch in rows.with_rows():
            self._disk.replace(path, encode_rows(rows.without(batch), spec, is_closed=True))

    def read(self, name: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day; or only those of the ``newest`` batches.

        The newest are those of the last months; in an open month those written last, in a closed one by their rows.
        """
        spec = TABLE_SPECS[name]
        if newest is not None:
            return _table(spec, self._read_newest(spec, newest))
        months = (self._read_month(spec, month, read_log_file) for month in self._months(spec))
        return _table(spec, (merge_rows(parts, spec).table for parts in months))

    def _read_newest(self, spec: TableSpec, count: int) -> Iterator[pa.Table]:
        for month in reversed(self._months(spec)):
            if count <= 0:
                return
            batches, table = self._consistently(spec, month, partial(_newest_in, spec=spec, count=count))
            count -= len(batches)
            yield table

    def months(self, name: str, *, columns: Sequence[str], skips: Collection[str] = ()) -> Iterator[pa.Table]:
        """Yield some columns of the rows of each month of a log table, newest month first.

        Files with one of the marks ``skips`` are not read.
        """
        spec = TABLE_SPECS[name]
        nothing = spec.schema.empty_table().select(columns)

        def read(path: Path, spec: TableSpec) -> pa.Table:
            if skips and file_mark(self._root, path) in skips:
                return nothing
            return decode(path.read_bytes(), spec, key=str(path), columns=columns)

        for month in reversed(self._months(spec)):
            yield pa.concat_tables([nothing, *self._read_month(spec, month, read)])

    def marks(self, name: str) -> frozenset[str]:
        """Return a mark of each file of a log table; a file that is written again, or put back, has another one."""
        spec = TABLE_SPECS[name]
        marks = (
            self._read_month(spec, month, lambda path, _: file_mark(self._root, path)) for month in self._months(spec)
        )
        return frozenset(each for files in marks for each in files)

    def batches(self, name: str) -> frozenset[str]:
        """Return the ids of the batches in a log table, unless they are very long."""
        spec = TABLE_SPECS[name]
        batches = (
            self._read_month(spec, month, lambda path, spec: batches_with_rows(path)) for month in self._months(spec)
        )
        return frozenset(batch_id_of(each) for files in batches for names in files for each in names)

    def month_names(self, name: str) -> tuple[Month, ...]:
        """Return the months in which a log table has files, sorted."""
        return tuple(self._months(TABLE_SPECS[name]))

    def by_batch(self, name: str, month: Month) -> Mapping[str, pa.Table]:
        """Return the rows of a month by the id of their batch, unless that is very long."""
        spec = TABLE_SPECS[name]
        merged = merge_rows(self._read_month(spec, month, read_log_file), spec)
        rows = merged.table.select(spec.schema.names)
        return {batch_id_of(merged.batches[place]): part for place, part in rows_by_key(rows, merged.places)}

    def read_batches(self, name: str, batch_ids: Iterable[str]) -> pa.Table:
        """Return the rows of some batches, by month."""
        spec, batches = TABLE_SPECS[name], sorted(map(batch_name, batch_ids))
        months = self._months(spec)
        return _table(spec, (part for month in months for part in self._read_batches_of(spec, month, batches)))

    def _read_batches_of(self, spec: TableSpec, month: Month, batches: Sequence[str]) -> list[pa.Table]:
        # Files of batches first: if the month is closed in between, the other batches are in its file.
        rows_of = {}
        for batch in batches:
            with suppress(FileNotFoundError):
                rows_of[batch] = read_log_file(self._path(spec, month, batch), spec).table
        rest = [batch for batch in batches if batch not in rows_of]
        closed = self._closed_with(spec, rest, months=[month])
        others = [read_log_file(month_file(self._folder(spec, each)), spec).of(rest) for each in closed]
        return [*rows_of.values(), *others]

    def compact(
        self,
        *,
        now: datetime,
        quiet_days: int = 0,
        months: Collection[Month] | None = None,
        on_error: Callable[[LakeError], None] | None = None,
    ) -> tuple[str, ...]:
        """Close the months that ended more than some days ago, all or some; return a sentence per table and month.

        Rows have the month of their time, so a month is quiet once it has ended; a batch that is appended again
        later, to a closed month, rewrites its file.
        ``on_error`` takes the error of a month that stays as it is; without it, the first error is raised.
        Raises: LakeError (no_exchange) if the file system cannot exchange folders, (foreign_file) for a file in
        a folder of the log that is not ours.
        """
        index, before = self._index(), month_of(now.date() - timedelta(days=quiet_days))
        with self._disk.log_compactor():
            compaction = LogCompaction(self._root, self._disk, index)
            return tuple(compaction.close_months(before=before, among=months, on_error=on_error))

    def expire(self, *, now: datetime, keep_months: int) -> tuple[str, ...]:
        """Remove the closed months before the last ``keep_months`` whole ones; return a sentence per file.

        Deletions stay. From then on, ``whole_from`` says from which day on a table is whole.
        """
        index, before = self._index(), month_of(month_start(month_of(now.date()), shift=-keep_months))
        with self._disk.log_writer():
            return tuple(LogCompaction(self._root, self._disk, index).remove_months(before=before))

    def whole_from(self) -> Mapping[str, date]:
        """Return the day before which a log table was removed, by table. Raises: LakeError for a damaged file."""
        return removed_log(self._root)

    def _months(self, spec: TableSpec) -> list[Month]:
        return log_months(self._root, spec)

    def _folder(self, spec: TableSpec, month: Month) -> Path:
        return log_folder(self._root, spec, month)

    def _path(self, spec: TableSpec, month: Month, batch: str) -> Path:
        return self._folder(spec, month) / f"{batch}.parquet"

    def _closed_with(self, spec: TableSpec, batches: Iterable[str], *, months: Iterable[Month]) -> list[Month]:
        """Return the closed months of some that have any of these batches, as the index lists them.

        Their footers say it too, but reading years of them would take longer than a commit.
        """
        closed = [month for month in months if month_file(self._folder(spec, month)).exists()]
        if not closed:
            return []
        named = {
            listed_name(self._root, self._path(spec, month, batch)): month for month in closed for batch in batches
        }
        return sorted({named[name] for name in self._index().log_files(named)})

    def _read_month[T](self, spec: TableSpec, month: Month, read: Callable[[Path, TableSpec], T]) -> list[T]:
        return self._consistently(spec, month, lambda paths: [read(path, spec) for path in paths])

    def _consistently[T](self, spec: TableSpec, month: Month, read: Callable[[Sequence[Path]], T]) -> T:
        """Return what ``read`` returns for the files of a month; again, if they were replaced in the meantime."""
        folder = self._folder(spec, month)
        paths = files_in(folder)
        while True:
            try:
                return read(paths)
            except FileNotFoundError:
                there = files_in(folder)
                if there == paths:
                    raise
                paths = there


def _by_month(rows: LogRows, spec: TableSpec) -> Mapping[Month, LogRows]:
    months = pc.strftime(rows.table[spec.day_column], format="%Y-%m")
    parts = {}
    for month in pc.unique(months).to_pylist():
        is_in = pc.equal(months, month)
        parts[month] = LogRows(rows.table.filter(is_in), rows.batches, rows.places.filter(is_in.combine_chunks()))
    return parts


def _newest_in(paths: Sequence[Path], *, spec: TableSpec, count: int) -> tuple[Sequence[str], pa.Table]:
    """Return the newest batches of a month's files, and their rows."""
    if len(paths) == 1 and is_month_file(paths[0]):
        closed = read_log_file(paths[0], spec)
        batches = closed.newest(count)
        return batches, closed.of(batches)
    newest = sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)[:count]
    rows = merge_rows([read_log_file(path, spec) for path in newest], spec)
    return rows.batches, rows.table


def _table(spec: TableSpec, parts: Iterable[pa.Table]) -> pa.Table:
    """Return parts in ``file_schema`` as one table in the columns of the contract."""
    return pa.concat_tables([spec.file_schema.empty_table(), *parts]).select(spec.schema.names)


# The list of the log in the article index, compared with the files. The callers hold the committer's lock.


def _files_there(root: Path) -> Iterator[Path]:
    for spec in LOG_TABLES:
        yield from sorted((root / "log" / spec.name).glob(f"{spec.month_column}=*/*.parquet"))


def _listed_names(root: Path, path: Path, data: bytes | None = None) -> Iterator[str]:
    """Yield the names under which the batches of a file are listed."""
    for batch in batches_of_file(path, data):
        yield listed_name(root, path.with_name(f"{batch}.parquet"))


def adopt_log_files(root: Path, disk: Disk, index: ArticleIndex) -> None:
    """List the batches of the log that are there and not listed."""
    with disk.log_writer():
        there = {name for path in _files_there(root) for name in _listed_names(root, path)}
        if unknown := there - index.log_files():
            index.change_log_files(added=unknown)


def drop_missing_log_files(root: Path, disk: Disk, index: ArticleIndex) -> list[str]:
    """Remove missing batches from the list; return a sentence per month or file."""
    with disk.log_writer():
        there = {name for path in _files_there(root) for name in _listed_names(root, path)}
        missing = index.log_files() - there
        index.change_log_files(removed=missing)
    return [
        f"goes on without {place}, which was lost"
        if count == 1
        else f"goes on without {count:,} batches of {place}, which were lost"
        for place, count in _by_place(missing)
    ]


def log_problems(root: Path, disk: Disk, index: ArticleIndex, tally: Counter[str]) -> Iterator[str]:
    """Yield a sentence per damaged or missing log file, with the fix. No other file has its rows."""
    with disk.log_writer():
        problems = list(_problems(root, index, tally))
    yield from problems


def _problems(root: Path, index: ArticleIndex, tally: Counter[str]) -> Iterator[str]:
    there: set[str] = set()
    damaged = []
    for path in _files_there(root):
        data = path.read_bytes()
        tally.update(files=1, bytes=len(data))
        if not is_parquet_sound(data):
            damaged.append(path)
        elif month_file(path.parent).exists() and not is_month_file(path):
            yield f"{_below(root, path)}: {_TWICE}"
        else:
            there.update(_listed_names(root, path, data))
    yield from removed_log_problems(root)
    # The batches of a damaged file are not missing, nor are those of a removed month.
    missing = {
        name
        for name in index.log_files() - there - names_of_removed(root, index)
        if not any(_has(path, root / "log" / name) for path in damaged)
    }
    for place, count in _by_place(missing):
        what = "is" if count == 1 else f"{count:,} batches are"
        yield f"{place}: {what} missing; restore it from a copy, or {REMOVE}: {_LOST}"
    for path in damaged:
        why = "its checksum does not match"
        yield f"{_below(root, path)}: is damaged ({why}); restore it from a copy, or delete it and {REMOVE}: {_LOST}"


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _has(path: Path, batch_file: Path) -> bool:
    """Return whether a file is a batch's, or that of its closed month."""
    return path == batch_file or (is_month_file(path) and path.parent == batch_file.parent)


def _by_place(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the file of a missing batch and 1, or the folder of several in one month and their number."""
    for folder, those in groupby(sorted(names), key=lambda name: name.rpartition("/")[0]):
        group = list(those)
        yield (f"log/{folder}", len(group)) if len(group) > 1 else (f"log/{group[0]}", 1)
