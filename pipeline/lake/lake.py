"""Public interface of the table store: ``Lake``, the tables under one folder."""

import logging
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import ContractError, LakeError
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.compaction import compact_month, months_to_compact
from newslake.pipeline.lake.erase import Erasure
from newslake.pipeline.lake.exchange import check_exchange
from newslake.pipeline.lake.log_files import batch_id_of
from newslake.pipeline.lake.log_tables import LogTables
from newslake.pipeline.lake.maintenance import Garbage, collect_garbage, publish_descriptions, recover
from newslake.pipeline.lake.merge import CommitReport, IsCurrent
from newslake.pipeline.lake.partitions import Partitions
from newslake.pipeline.lake.reader import LakeVersion, LakeVersions
from newslake.pipeline.lake.repair import drop_damaged
from newslake.pipeline.lake.snapshots import Snapshots
from newslake.pipeline.lake.staging import Batch, check_staged, write_batch
from newslake.pipeline.lake.storage import (
    Disk,
    Layout,
    Month,
    check_layout,
    month_of,
    sort_rows,
    with_digest,
    without_digest,
)
from newslake.pipeline.lake.verify import ALL_NEW, Depth, problems_of
from newslake.pipeline.tables import TABLE_SPECS, check_batch

log = logging.getLogger(__name__)


class CommitterLock:
    """Opens the article index on first use, and gives the committer to one process at a time."""

    def __init__(
        self, layout: Layout, disk: Disk, partitions: Partitions, *, durability: Durability, now: Callable[[], datetime]
    ) -> None:
        self._layout = layout
        self._disk = disk
        self._partitions = partitions
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
        check_layout(self._layout.root)  # before the index of an earlier version is built again
        return ArticleIndex(self._layout.index, durability=self._durability)

    def _has_lost_days(self, index: ArticleIndex) -> bool:
        """Return whether the index is empty although the lake has days: it was deleted, or is of another version."""
        return index.is_empty() and bool(self._partitions.head().months)

    def _committer(self, index: ArticleIndex) -> Committer:
        return Committer(self._layout, self._disk, self._partitions, index, self._now)

    @contextmanager
    def hold(self) -> Iterator[Committer]:
        """Hold the committer's lock."""
        index = self.index  # opened first: a lost index is rebuilt under the same lock
        with self._disk.committer():
            yield self._committer(index)

    def drop_damaged(self) -> tuple[str, ...]:
        """Remove what is damaged; return a sentence per action. The index is checked before it is opened."""
        check_layout(self._layout.root)
        with self._disk.committer():
            done = drop_damaged(self._layout, self._disk, self._partitions, lambda: self._committer(self._open()))
            return tuple(done)


class Lake:
    """The tables under one folder, opened on first use. Any number of processes may use it; one commits at a time.

    ``partitions`` are the months by their manifests, ``log`` the log tables, ``snapshots`` the named versions.
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
        self.partitions = Partitions(self._layout, self._disk)
        self._reader = LakeVersions(self.partitions)
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
        """Commit staged batches together: all tables and days change at one instant; unchanged files stay.

        ``is_current(article_id, seen_at)`` says whether the archive has seen no other revision since. The batches stay
        staged for the retention time of ``gc``, so that a retried commit reports the same articles.
        Raises: LakeError for a batch that was never staged, or a damaged data file.
        """
        with self._lock.hold() as committer:
            report = committer.commit(batch_ids, is_current=is_current)
            publish_descriptions(committer)
            collect_garbage(committer, months=set(map(month_of, report.days)), older_than=self._end_of_retention())
            return report

    def staged(self) -> tuple[str, ...]:
        """Return the batches that are staged and not committed, sorted; one with a very long name always counts."""
        names = (batch_id_of(folder.name) for folder in self._layout.staged_batches())
        return tuple(sorted(each for each in names if not self.index.is_done(each)))

    def replace(self, table_name: str, relate: Callable[[], Mapping[date, pa.Table]]) -> int:
        """Replace one cluster table on some days with the rows that ``relate`` returns; see ``replace_all``."""
        return self.replace_all(lambda: {table_name: relate()})

    def replace_all(self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        """Replace cluster tables on some days with the rows that ``relate`` returns; return how many files changed.

        ``relate`` is called under the committer's lock: the rows that it reads do not change before the new rows are
        written, so two concurrent runs do not overwrite each other. All change in one commit. Equal rows change no
        file; a table without rows has no file.
        Raises: ContractError.
        """
        with self._lock.hold() as committer:
            committer.roll_forward()
            checked = {
                name: {day: _checked(table, name, day) for day, table in by_day.items()}
                for name, by_day in relate().items()
            }
            changed = committer.replace(checked)
            publish_descriptions(committer)
            months = {month_of(day) for by_day in checked.values() for day in by_day}
            collect_garbage(committer, months=months, older_than=self._end_of_retention())
            return changed

    def compact(
        self,
        *,
        months: Collection[Month] | None = None,
        quiet_days: int = 0,
        on_error: Callable[[LakeError], None] | None = None,
    ) -> tuple[str, ...]:
        """Close months: each table of a month gets one file; return a sentence per month that changed.

        Without ``months``, those that ended and were quiet for ``quiet_days`` days. Files of older columns are
        rewritten in all of them, and in closed months. Each month is one commit, and other commits come in between.
        A month with an error stays as it is: ``on_error`` takes the error, and the other months follow. Without it, the
        first error is raised.
        Raises: LakeError (no_exchange), after all else is done, if the file system cannot exchange folders,
        (foreign_file) for a file in a folder of the tables that is not ours, or of a damaged file; ConfigError for a
        month that is not in the lake.
        """
        done: list[str | None] = []
        refusal: LakeError | None = None
        with self._lock.hold() as committer:
            chosen = months_to_compact(committer, months=months, quiet_days=quiet_days)
        for month, closes in chosen.items():
            with self._lock.hold() as committer:
                committer.roll_forward()
                try:
                    done.append(compact_month(committer, month, closes=closes and refusal is None))
                except LakeError as error:
                    if error.reason == "no_exchange":  # that is the same for all months
                        refusal = error
                        done.append(compact_month(committer, month, closes=False))
                    elif on_error is None:
                        raise
                    else:
                        on_error(error)
                publish_descriptions(committer)
        if refusal is not None:
            raise refusal
        return tuple(each for each in done if each is not None)

    def due_months(self, *, quiet_days: int) -> tuple[Month, ...]:
        """Return the months that ``compact`` would close or rewrite, in order; change nothing.

        Raises: LakeError (no_exchange) if there are some, and the file system cannot exchange their folders.
        """
        with self._lock.hold() as committer:
            months = tuple(months_to_compact(committer, months=None, quiet_days=quiet_days))
            if months:
                committer.disk.folder(committer.layout.temporary)
                check_exchange(committer.layout.temporary)
        return months

    def _end_of_retention(self) -> float:
        """Return the end of the retention time, in seconds since 1970.

        The clock of the file system counts, too: a host whose clock is ahead must not delete new files.
        """
        return min(self._now().timestamp(), self._disk.now()) - self._grace.total_seconds()

    def version_name(self) -> str:
        """Return the name of the present version: another one after each commit."""
        return self._reader.version_name()

    def present(self) -> LakeVersion:
        """Return the present version. Raises: LakeError for a broken or missing head."""
        return self._reader.present()

    def read_at_once[T](self, read: Callable[[LakeVersion], T]) -> T:
        """Return the result of ``read`` at one version; read again if a file was removed after a newer commit."""
        return self._reader.read_at_once(read)

    def closed_months(self) -> frozenset[Month]:
        """Return the months with one file per table, which each commit to them writes again. Raises: LakeError."""
        return self._reader.closed_months()

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        return self.read_at_once(LakeVersion.days)

    def day_versions(self, table: str) -> dict[date, str]:
        """Return, for each day on which a table has rows, a text that differs when its rows differ; in order."""
        return self.read_at_once(lambda version: version.day_versions(table))

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return committed rows by day, sorted as the contract says. All are of one commit.

        ``columns`` may name ``published_date``; the default is the columns of the contract.
        Raises: LakeError for a damaged data file.
        """
        chosen = None if days is None else tuple(days)
        return self.read_at_once(lambda version: version.read(table, days=chosen, columns=columns))

    def put_cached(self, name: str, data: bytes | memoryview) -> None:
        """Cache bytes that can be computed again from the tables, such as an index of a day."""
        self._disk.replace(self._layout.cached(name), with_digest(data))

    def get_cached(self, name: str) -> bytes | None:
        """Return the bytes cached under a name; None if they are missing or damaged."""
        path = self._layout.cached(name)
        return without_digest(path.read_bytes()) if path.is_file() else None

    def drop_cached(self, name: str) -> None:
        """Delete the bytes cached under a name, if there are any."""
        self._layout.cached(name).unlink(missing_ok=True)

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

    def gc(self) -> Garbage:
        """Delete unneeded files and staged batches older than the retention time; return the numbers of files."""
        with self._lock.hold() as committer:
            return collect_garbage(committer, months=None, older_than=self._end_of_retention())


def _checked(table: pa.Table, name: str, day: date) -> pa.Table:
    """Return the sorted rows of a table and day. Raises: ContractError."""
    breaches = check_batch({name: table})
    if breaches:
        raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return sort_rows(table, TABLE_SPECS[name])
