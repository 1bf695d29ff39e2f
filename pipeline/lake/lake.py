"""Public interface of the table store."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

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
from pipeline.lake.verify import Depth, drop_damaged, problems_of
from pipeline.sqlite import Durability
from pipeline.tables import check_batch, table_named

_DAY = "published_date"


class CommitterLock:
    """Opens the index of a lake on first use, and gives its committer to one at a time."""

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
        if self._is_index_lost(index):
            with self._disk.committer():
                if self._is_index_lost(index):
                    recover(self._committer(index))
        return index

    def _open(self) -> ArticleIndex:
        return ArticleIndex(self._layout.index, durability=self._durability)

    def _is_index_lost(self, index: ArticleIndex) -> bool:
        """Return whether the index knows nothing of a lake that has days: it was deleted."""
        return index.is_empty() and bool(self._days.known())

    def _committer(self, index: ArticleIndex) -> Committer:
        return Committer(self._layout, self._disk, self._days, index, self._now)

    @contextmanager
    def hold(self) -> Iterator[Committer]:
        """Hold the committer's lock."""
        index = self.index  # opened first: a lost index is rebuilt under the same lock
        with self._disk.committer():
            yield self._committer(index)

    def withdraw_damaged(self) -> tuple[str, ...]:
        """Take out whatever is damaged; return what was done. The index is not opened before it is checked."""
        with self._disk.committer():
            done = drop_damaged(self._layout, self._disk, self._days, lambda: self._committer(self._open()))
            return tuple(done)


class Lake:
    """The tables under one folder. Opens on first use; any number of processes may use it, one commits at a time.

    ``partitions`` are the days by their manifests, ``log`` the log tables, ``snapshots`` the versions kept by name;
    ``erasure`` takes articles out. ``durability`` "full" survives power loss, "process" the death of a process.
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
        self.log = LogTables(self._layout.root, self._disk)
        self.snapshots = Snapshots(self._layout, self._disk, self._lock.hold)
        self.erasure = Erasure(self._layout, self._disk, self._lock.hold)

    @property
    def index(self) -> ArticleIndex:
        """The index of articles: what is stored of them, what was decided, what changed."""
        return self._lock.index

    def stage(self, batch_id: str, tables: Mapping[str, pa.Table], keys: pa.Table) -> None:
        """Stage the four reading tables of a batch; ``keys`` has the columns of ``KEYS_SCHEMA``, a row an article.

        Whole or not at all; the same batch again replaces itself. Nothing that readers see changes.
        Raises: ContractError.
        """
        check_staged(tables, keys, batch_id=batch_id)
        write_batch(self._layout, self._disk, Batch(batch_id, tables, keys))

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches as one: all tables of a day change at one instant; days without a change keep files.

        ``is_current(article_id, seen_at)`` says whether the archive has seen no other content since. The batches stay
        staged until ``gc`` finds them older than the grace: a commit that is tried again names their articles again,
        and so does another run's that staged the same.
        Raises: LakeError for a batch that was never staged, or an object that is damaged.
        """
        with self._lock.hold() as committer:
            report = committer.commit(batch_ids, is_current=is_current)
            publish_package(committer)
            collect_garbage(committer, days=report.days, older_than=self._oldest_kept())
            return report

    def replace(self, table_name: str, relate: Callable[[], Mapping[date, pa.Table]]) -> int:
        """Make the rows that ``relate`` returns the whole content of a cluster table on days; else ``replace_all``."""
        return self.replace_all(lambda: {table_name: relate()})

    def replace_all(self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        """Make the rows that ``relate`` returns the whole content of cluster tables on days.

        It is called under the committer's lock: what it reads is what stands while its rows are written, so two runs
        that relate at once do not undo each other. Equal rows change no file, no rows leave none. Written are the
        tables in their order, of each the last day first: what a day brings about later stands before the day itself.
        Returns how many public files changed. Raises: ContractError.
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
        """Return seconds since 1970. A host whose clock is ahead must not take for old what was written just now."""
        return min(self._now().timestamp(), self._disk.now()) - self._grace.total_seconds()

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        return tuple(manifest.day for manifest in self.partitions.manifests() if manifest.entries)

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return committed rows, by day and in the contract's order; each day is of one commit; no article is on none.

        ``columns`` may name ``published_date``; without it, the contract's. Raises: LakeError for a damaged object.
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
        """Return the manifests of all days with rows, of one instant between commits: no article stands on two days.
        Their objects are there until a day has changed twice and the grace is over, or a takedown removes them."""
        with self._lock.hold() as committer:
            committer.roll_forward()
            return tuple(manifest for manifest in self.partitions.manifests() if manifest.entries)

    def read_manifest_tables(self, manifest: Manifest, tables: Iterable[str]) -> dict[str, pa.Table]:
        """Return the rows that some tables had by a manifest. Raises: LakeError for a damaged object, or one gone."""
        return {name: self.partitions.table(manifest, name) for name in tables}

    def keep(self, name: str, data: bytes | memoryview) -> None:
        """Keep bytes beside the tables that can be made again from them, such as an index of a day."""
        self._disk.replace(self._layout.kept(name), with_digest(data))

    def kept(self, name: str) -> bytes | None:
        """Return bytes that were kept under a name; None where there are none, or they are damaged."""
        path = self._layout.kept(name)
        return without_digest(path.read_bytes()) if path.is_file() else None

    def verify(self, depth: Depth | None = None) -> tuple[str, ...]:
        """Return what is wrong, as sentences that name the file or day and what to do; empty when all is well.

        Without a depth, every row is read too.
        """
        return tuple(problems_of(self._layout, self._lock.hold, depth or Depth()))

    def recover(self, *, withdraws: bool = False) -> tuple[str, ...]:
        """Finish what dead processes left; public files and index are what the manifests say after.

        ``withdraws`` first takes out whatever is damaged, so that it can be derived again: whole days, staged batches,
        the index. Returns a sentence for each thing mended.
        """
        done = self._lock.withdraw_damaged() if withdraws else ()
        with self._lock.hold() as committer:
            return (*done, *recover(committer))

    def gc(self) -> int:
        """Delete unneeded objects, unfinished things and staged batches older than the grace; return how many files."""
        with self._lock.hold() as committer:
            return collect_garbage(committer, days=None, older_than=self._oldest_kept())


def _checked(table: pa.Table, name: str, day: date) -> pa.Table:
    """Return a table's rows of a day in order. Raises: ContractError."""
    breaches = check_batch({name: table})
    if breaches:
        raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return sort_rows(table, table_named(name))


def _with_day(table: pa.Table, day: date) -> pa.Table:
    return table.append_column(_DAY, pa.array([day] * table.num_rows, pa.date32()))
