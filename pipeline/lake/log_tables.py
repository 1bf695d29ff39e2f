"""The log tables: append-only files, one per batch and day. Appending the same batch again overwrites its files.

The article index lists the files, so that a lost one is noticed. A file that is not listed is of a process that died
before it listed it, or came back from a backup; ``adopt_log_files`` lists it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError
from pipeline.lake.article_index import ArticleIndex
from pipeline.lake.storage import (
    EMPTY_CHECKSUM,
    REMOVE,
    Disk,
    checksummed_parquet,
    decode,
    encode,
    is_parquet_sound,
    sort_rows,
)
from pipeline.model import file_name_of
from pipeline.tables import TableSpec, check_batch, table_named

# The column whose UTC day is the partition.
_TIME_OF: Mapping[str, str] = {
    "outcomes": "decided_at",
    "listing_fetches": "requested_at",
    "runs": "started_at",
    "deletions": "deleted_at",
}
_LOST = "its log entries are lost, but no table is"


class LogTables:
    """The log tables of one lake. ``index`` returns the article index."""

    def __init__(self, root: Path, disk: Disk, index: Callable[[], ArticleIndex]) -> None:
        self._folder = root / "log"
        self._disk = disk
        self._index = index

    def append(self, name: str, batch_id: str, table: pa.Table) -> None:
        """Append a batch's rows; appending the same batch again overwrites them. Raises: ContractError."""
        breaches = check_batch({name: table})
        if breaches:
            raise ContractError(f"log {name}, batch {batch_id}: {breaches[0]}", key=batch_id, reason="contract")
        spec = table_named(name)
        days = pc.cast(table[_TIME_OF[name]], pa.date32())
        folder, file = self._folder / name, f"{file_name_of(batch_id)}.parquet"
        written = set()
        for day in pc.unique(days):
            target = folder / f"{spec.day_column}={day.as_py().isoformat()}" / file
            rows = sort_rows(table.filter(pc.equal(days, day)), spec)
            self._disk.replace(target, checksummed_parquet(encode(rows, spec, metadata=EMPTY_CHECKSUM)))
            written.add(target)
        # The same batch, appended again after midnight: its rows under the other day are stale.
        stale = [path for path in folder.glob(f"{spec.day_column}=*/{file}") if path not in written]
        names = partial(map, partial(_name_in, self._folder))
        self._index().change_log_files(added=names(written), removed=names(stale))
        for path in stale:  # after the list: a file that is missing from the disk only would be reported as lost
            self._disk.remove(path, durably=True)

    def read(self, name: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day and batch; or only those of the ``newest`` files."""
        spec = table_named(name)
        paths = sorted((self._folder / name).glob(f"{spec.day_column}=*/*.parquet"))
        if newest is not None:
            paths = sorted(paths, key=lambda path: path.stat().st_mtime_ns)[-newest:]
        return pa.concat_tables([spec.schema.empty_table(), *(read_log_file(path, spec) for path in paths)])

    def days(self, name: str) -> Iterator[pa.Table]:
        """Yield the rows of each day of a log table, newest day first."""
        spec = table_named(name)
        for folder in sorted((self._folder / name).glob(f"{spec.day_column}=*"), reverse=True):
            files = [read_log_file(path, spec) for path in sorted(folder.glob("*.parquet"))]
            yield pa.concat_tables([spec.schema.empty_table(), *files])

    def batches(self, name: str) -> frozenset[str]:
        """Return the ids of the batches in a log table, unless they are very long."""
        files = (self._folder / name).glob(f"{table_named(name).day_column}=*/*.parquet")
        return frozenset(unquote(path.stem) for path in files)

    def read_batches(self, name: str, batch_ids: Iterable[str]) -> pa.Table:
        """Return the rows of some batches."""
        spec = table_named(name)
        folder = self._folder / name
        files = [
            path for each in batch_ids for path in folder.glob(f"{spec.day_column}=*/{file_name_of(each)}.parquet")
        ]
        return pa.concat_tables([spec.schema.empty_table(), *(read_log_file(path, spec) for path in sorted(files))])


def _name_in(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _log_files_there(root: Path) -> frozenset[str]:
    return frozenset(_name_in(root / "log", path) for path in (root / "log").glob("*/*/*.parquet"))


def adopt_log_files(root: Path, index: ArticleIndex) -> None:
    """List the files of the log that are there and not listed."""
    if unknown := _log_files_there(root) - index.log_files():
        index.change_log_files(added=unknown)


def drop_missing_log_files(root: Path, index: ArticleIndex) -> list[str]:
    """Remove missing files from the list; return a sentence per file."""
    missing = sorted(index.log_files() - _log_files_there(root))
    index.change_log_files(removed=missing)
    return [f"goes on without log/{name}, which was lost" for name in missing]


def log_problems(root: Path, index: ArticleIndex, tally: Counter[str]) -> Iterator[str]:
    """Yield a sentence per damaged or missing log file, with the fix. No other file has its rows."""
    for name in sorted(index.log_files() - _log_files_there(root)):
        yield f"log/{name}: is missing; restore it from a copy, or {REMOVE}: {_LOST}"
    for path in sorted((root / "log").glob("*/*/*.parquet")):
        data = path.read_bytes()
        tally.update(files=1, bytes=len(data))
        if not is_parquet_sound(data):
            why = "its checksum does not match"
            problem = f"is damaged ({why}); restore it from a copy, or delete it and {REMOVE}: {_LOST}"
            yield f"{path.relative_to(root).as_posix()}: {problem}"


def read_log_file(path: Path, spec: TableSpec) -> pa.Table:
    """Return the rows of one log file."""
    return decode(path.read_bytes(), spec, key=str(path))
