"""Public interface of the table store: ``Lake``, the tables under one folder."""

import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from pipeline.durability import Durability
from pipeline.errors import ContractError
from pipeline.lake.article_index import ArticleIndex
from pipeline.lake.commit import CommitReport, Committer, IsCurrent
from pipeline.lake.erase import Erasure
from pipeline.lake.log_tables import LogTables
from pipeline.lake.maintenance import collect_garbage, publish_package, recover
from pipeline.lake.partitions import Days, Manifest, read_consistently
from pipeline.lake.snapshots import Snapshots
from pipeline.lake.staging import Batch, check_staged, write_batch
from pipeline.lake.storage import Disk, Layout, sort_rows, with_digest, without_digest
from pipeline.lake.verify import ALL_NEW, Depth, drop_damaged, problems_of
from pipeline.tables import check_batch, table_named

_DAY = "published_date"
log = logging.getLogger(__name__)


class CommitterLock:
    """Opens the article index on first use, and gives the committer to one process at a time."""

    def __init__(
        self, layout: Layout, disk: Disk, days: Days, *, durability: Durability, now: Callable[[], datetime]
    ) -> None:
        self._layout = layout
        self._disk = disk
        self._days = days
        self._durability: Durability = durability
        self._now = now

    @cached_property
    def index(self) -> ArticleIndex:
        index = self._open()
        weakref.finalize(index, index.connection.close)
        if self._has_lost_days(index):
            with self._disk.committer():
                if self._has_lost_days(index):
                    log.warning(
                        "the article index of %s had no day of this version, and is built again: %s",
                        self._layout.root,
                        ALL_NEW,
                    )
                    recover(self._committer(index))
        return index

    def _open(self) -> ArticleIndex:
        return ArticleIndex(self._layout.index, durability=self._durability)

    def _has_lost_days(self, index: ArticleIndex) -> bool:
        """Return whether the index is empty although the lake has days: it was deleted, or is of another version."""
        return index.is_empty() and bool(self._days.known())

    def _committer(self, index: ArticleIndex) -> Committer:
        return Committer(self._layout, self._disk, self._days, index, self._now)

    @contextmanager
    def hold(self) -> Iterator[Committer]:
        """Hold the committer's lock."""
        index = self.index  # opened first: a lost index is rebuilt under the same lock
        with self._disk.committer():
            yield self._committer(index)

    def drop_damaged(self) -> tuple[str, ...]:
        """Remove what is damaged; return a sentence per action. The index is checked before it is opened."""
        with self._disk.committer():
            done = drop_damaged(self._layout, self._disk, self._days, lambda: self._committer(self._open()))
            return tuple(done)


class Lake:
    """The tables under one folder, opened on first use. Any number of processes may use it; one commits at a time.

    ``partitions`` are the days by their manifests, ``log`` the log tables, ``snapshots`` the named versions.
    ``erasure`` deletes articles. ``durability`` "full" survives power loss, "process" the death of a process.
    """

    def __init__(
        self,
        root: Path,
        *,
        durability: Durability = "full",
        gc_grace_hours: float = 24.0,
        now: Callable[[], datetime],
    ) -> None:
        self._layout = Layout(root)
        self._disk = Disk(self._layout, durability=durability)
        self._grace = timedelta(hours=gc_grace_hours)
        self._now = now
        self.partitions = Days(self._layout, self._disk)
        self._lock = CommitterLock(self._layout, self._disk, self.partitions, durability=durability, now=now)
        lock = self._lock  # not self: a cycle would keep the databases open until a garbage collection
        self.log = LogTables(self._layout.root, self._disk, lambda: lock.index)
        self.snapshots = Snapshots(self._layout, self._disk, self._lock.hold)
        self.erasure = Erasure(self._layout, self._disk, self._lock.hold)

    @property
    def index(self) -> ArticleIndex:
        """The article index: the stored state of each article, cached outcomes, and changes."""
        return self._lock.index

    def stage(self, batch_id: str, tables: Mapping[str, pa.Table], keys: pa.Table) -> None:
        """Stage the annotation tables of a batch; ``keys`` has the columns of ``KEYS_SCHEMA``, one row per article.

        Atomic. Staging the same batch again replaces it. Readers see no change.
        Raises: ContractError.
        """
        check_staged(tables, keys, batch_id=batch_id)
        write_batch(self._layout, self._disk, Batch(batch_id, tables, keys))

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches together. All tables of a day change atomically; unchanged days keep their files.

        ``is_current(article_id, seen_at)`` says whether the archive has seen no other revision since. The batches stay
        staged for the retention time of ``gc``, so that a retried commit reports the same articles.
        Raises: LakeError for a batch that was never staged, or a damaged data file.
        """
        with self._lock.hold() as committer:
            report = committer.commit(batch_ids, is_current=is_current)
            publish_package(committer)
            collect_garbage(committer, days=report.days, older_than=self._oldest_kept())
            return report

    def replace(self, table_name: str, relate: Callable[[], Mapping[date, pa.Table]]) -> int:
        """Replace one cluster table on some days with the rows that ``relate`` returns; see ``replace_all``."""
        return self.replace_all(lambda: {table_name: relate()})

    def replace_all(self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        """Replace cluster tables on some days with the rows that ``relate`` returns; return how many files changed.

        ``relate`` is called under the committer's lock: the rows that it reads do not change before its own rows are
        written, so two concurrent runs do not overwrite each other. Equal rows change no file; a table without rows has
        no file. Tables are written in their order, each from the last day to the first: later days refer to earlier
        ones.
        Raises: ContractError.
        """
        with self._lock.hold() as committer:
            committer.roll_forward()
            checked = {
                name: {day: _checked(table, name, day) for day, table in by_day.items()}
                for name, by_day in relate().items()
            }
            changed = sum(committer.replace(name, by_day) for name, by_day in checked.items())
            publish_package(committer)
            days = {day for by_day in checked.values() for day in by_day}
            collect_garbage(committer, days=days, older_than=self._oldest_kept())
            return changed

    def _oldest_kept(self) -> float:
        """Return the end of the retention time, in seconds since 1970.

        The clock of the file system counts, too: a host whose clock is ahead must not delete new files.
        """
        return min(self._now().timestamp(), self._disk.now()) - self._grace.total_seconds()

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        return tuple(manifest.day for manifest in self.partitions.manifests() if manifest.entries)

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return committed rows by day, sorted as the contract says. Each day is of one commit; no article is missing.

        ``columns`` may name ``published_date``; the default is the columns of the contract.
        Raises: LakeError for a damaged data file.
        """
        names = table_named(table).schema.names if columns is None else list(columns)
        if days is None:
            parts = read_consistently(
                self._layout, lambda: [self._read_day(table, day, names) for day in self.partitions.known()]
            )
        else:
            parts = [self._read_day(table, day, names) for day in sorted(set(days))]
        return pa.concat_tables([_with_day(table_named(table).schema.empty_table(), date.min).select(names), *parts])

    def _read_day(self, table: str, day: date, names: Sequence[str]) -> pa.Table:
        stored = [name for name in names if name != _DAY] or table_named(table).key
        return _with_day(self.partitions.read_current(day, table, columns=stored), day).select(names)

    def current_manifests(self) -> tuple[Manifest, ...]:
        """Return the manifests of all days with rows, between two commits: no article is on two days.

        Their data files stay until a day has changed twice and the retention time is over, or a takedown removes them.
        """
        with self._lock.hold() as committer:
            committer.roll_forward()
            return tuple(manifest for manifest in self.partitions.manifests() if manifest.entries)

    def read_manifest_tables(self, manifest: Manifest, tables: Iterable[str]) -> dict[str, pa.Table]:
        """Return the rows of some tables of a manifest. Raises: LakeError for a damaged or missing data file."""
        return {name: self.partitions.table(manifest, name) for name in tables}

    def put_cached(self, name: str, data: bytes | memoryview) -> None:
        """Cache bytes that can be computed again from the tables, such as an index of a day."""
        self._disk.replace(self._layout.cached(name), with_digest(data))

    def get_cached(self, name: str) -> bytes | None:
        """Return the bytes cached under a name; None if they are missing or damaged."""
        path = self._layout.cached(name)
        return without_digest(path.read_bytes()) if path.is_file() else None

    def verify(self, depth: Depth | None = None) -> tuple[str, ...]:
        """Return a sentence per problem, with the file or day and the fix. Without a depth, every row is read."""
        return tuple(problems_of(self._layout, self._lock.hold, depth or Depth()))

    def recover(self, *, drops_damaged: bool = False) -> tuple[str, ...]:
        """Finish interrupted commits, make public files and index match the manifests; return a sentence per repair.

        ``drops_damaged`` first removes what is damaged, so that it can be derived again: whole days, staged batches,
        the index.
        """
        done = self._lock.drop_damaged() if drops_damaged else ()
        with self._lock.hold() as committer:
            return (*done, *recover(committer))

    def gc(self) -> int:
        """Delete unneeded files and staged batches older than the retention time; return the number of files."""
        with self._lock.hold() as committer:
            return collect_garbage(committer, days=None, older_than=self._oldest_kept())


def _checked(table: pa.Table, name: str, day: date) -> pa.Table:
    """Return the sorted rows of a table and day. Raises: ContractError."""
    breaches = check_batch({name: table})
    if breaches:
        raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return sort_rows(table, table_named(name))


def _with_day(table: pa.Table, day: date) -> pa.Table:
    return table.append_column(_DAY, pa.array([day] * table.num_rows, pa.date32()))
