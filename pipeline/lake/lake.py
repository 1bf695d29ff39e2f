"""The lake as other rooms see it."""

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from pipeline.database import Durability
from pipeline.errors import ContractError, LakeError
from pipeline.lake.changes import Changes, changes_since, note_gone
from pipeline.lake.commit import CommitReport, Committer
from pipeline.lake.days import Days
from pipeline.lake.encoding import in_order
from pipeline.lake.erase import erase_rows, erase_traces
from pipeline.lake.erase_log import Unnamed, unname
from pipeline.lake.erase_snapshots import erase_from_snapshots
from pipeline.lake.layout import Disk, Layout
from pipeline.lake.ledger import Ledger, StoredArticle, Verdict
from pipeline.lake.log import append_log, read_batches, read_log
from pipeline.lake.manifest import Manifest
from pipeline.lake.merge import IsCurrent
from pipeline.lake.snapshots import Snapshot, drop_snapshot, list_snapshots, problems_of_snapshot, take_snapshot
from pipeline.lake.staging import Batch, check_staged, write_batch
from pipeline.lake.upkeep import collect_garbage, publish_package, recover
from pipeline.lake.verify import problems_of
from pipeline.tables import check_batch, table_named

_DAY = "published_date"


class Lake:
    """The tables under one folder. Opens on first use; any number of processes may use it, one commits at a time.

    ``durability`` "full" survives power loss, "process" the death of a process.
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
        self._durability: Durability = durability
        self._disk = Disk(self._layout, durability=durability)
        self._days = Days(self._layout, self._disk)
        self._grace = timedelta(hours=gc_grace_hours)
        self._now = now

    @cached_property
    def _ledger(self) -> Ledger:
        ledger = Ledger(self._layout.ledger, durability=self._durability)
        weakref.finalize(self, ledger.connection.close)
        if self._is_lost(ledger):
            with self._disk.committer():
                if self._is_lost(ledger):
                    recover(Committer(self._layout, self._disk, self._days, ledger, self._now))
        return ledger

    def _is_lost(self, ledger: Ledger) -> bool:
        """Return whether the ledger knows nothing of a lake that has days: it was deleted."""
        return not ledger.generations() and bool(self._days.known())

    @contextmanager
    def _committer(self) -> Iterator[Committer]:
        """Hold the committer's lock."""
        ledger = self._ledger  # opened first: a lost ledger is rebuilt under the same lock
        with self._disk.committer():
            yield Committer(self._layout, self._disk, self._days, ledger, self._now)

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
        with self._committer() as committer:
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
        with self._committer() as committer:
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
        return (self._now() - self._grace).timestamp()

    def stored(self, article_ids: Iterable[str]) -> Mapping[str, StoredArticle]:
        """Return what the lake holds of those articles that it has."""
        return self._ledger.stored(article_ids)

    def verdicts(self, article_ids: Iterable[str]) -> Mapping[str, Verdict]:
        """Return the last verdict on those articles that have one."""
        return self._ledger.verdicts(article_ids)

    def remember(self, verdicts: Mapping[str, Verdict]) -> None:
        """Keep verdicts by article, in place of earlier ones."""
        self._ledger.remember(verdicts)

    def agreeing(self, knowledge: str) -> frozenset[date]:
        """Return the days whose rows, as they stand, were all found to be read with this knowledge."""
        return self._ledger.agreeing(knowledge)

    def set_agreeing(self, generations: Mapping[date, int], knowledge: str) -> None:
        """Keep which days, at which generation, are read with this knowledge: a cache."""
        self._ledger.set_agreeing(generations, knowledge)

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        return tuple(manifest.day for manifest in self._days.manifests() if manifest.entries)

    def manifests(self) -> Iterator[Manifest]:
        """Yield the manifests of all days, in order."""
        return self._days.manifests()

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return committed rows, by day and in the contract's order; each day is of one commit.

        ``columns`` may name ``published_date``, which stands in no file; without ``columns``, the contract's.
        Raises: LakeError for a damaged object.
        """
        wanted = self._days.known() if days is None else sorted(set(days))
        names = table_named(table).schema.names if columns is None else list(columns)
        return pa.concat_tables([self._read_day(table, day, names) for day in wanted] or [self._none(table, names)])

    def _read_day(self, table: str, day: date, names: Sequence[str]) -> pa.Table:
        stored = [name for name in names if name != _DAY] or table_named(table).key
        return _with_day(self._standing(table, day, stored), day).select(names)

    def _standing(self, table: str, day: date, columns: Sequence[str]) -> pa.Table:
        """Return some columns of a day; looks again where a takedown removed what a manifest named a moment ago."""
        manifest = self._days.manifest(day)
        while True:
            try:
                return self._days.table(manifest, table, columns=columns)
            except LakeError as error:
                newer = self._days.manifest(day)
                if error.reason != "object_missing" or newer.entries == manifest.entries:
                    raise
                manifest = newer

    def _none(self, table: str, names: Sequence[str]) -> pa.Table:
        return _with_day(table_named(table).schema.empty_table(), date.min).select(names)

    def read_day(self, day: date, tables: Iterable[str]) -> dict[str, pa.Table]:
        """Return the rows of some tables on a day, all of one commit. Raises: LakeError for a damaged object."""
        manifest = self._days.manifest(day)
        return {name: self._days.table(manifest, name) for name in tables}

    def note_gone(self, article_ids: Iterable[str]) -> None:
        """Take in of which articles, all of them, the page is gone from the web; ``changes`` tells who is new in it."""
        note_gone(self._ledger.connection, article_ids, now=self._now())

    def changes(self, since: datetime) -> Changes:
        """Return which articles' rows, and which days, changed after a time."""
        return changes_since(self._ledger.connection, since)

    def manifest(self, day: date) -> Manifest:
        """Return the manifest of a day; one without entries where nothing was written."""
        return self._days.manifest(day)

    def keep(self, name: str, data: bytes | memoryview) -> None:
        """Keep bytes beside the tables that can be made again from them, such as an index of a day."""
        self._disk.replace(self._layout.kept(name), data)

    def kept(self, name: str) -> bytes | None:
        """Return bytes that were kept under a name; None where there are none."""
        path = self._layout.kept(name)
        return path.read_bytes() if path.is_file() else None

    def append_log(self, table_name: str, batch_id: str, table: pa.Table) -> None:
        """Append a batch's rows to a log table; the same batch again overwrites itself. Raises: ContractError."""
        append_log(self._layout.root, self._disk, table_name, batch_id, table)

    def read_log(self, table: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day and batch; or only those of the batches that were written last."""
        return read_log(self._layout.root, table, newest=newest)

    def logged(self, table: str, batch_ids: Iterable[str]) -> pa.Table:
        """Return the rows of a log table that some batches appended."""
        return read_batches(self._layout.root, table, batch_ids)

    def erase(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Take articles out of all tables and staged batches; return the days on which they stood.

        Others may still name them until these days are related again; then ``erase_traces``.
        """
        with self._committer() as committer:
            return erase_rows(committer, article_ids)

    def erase_traces(self, *, days: Collection[date], older_than: float) -> None:
        """Leave of erased rows nothing in older objects, kept bytes, unfinished things of before a time (seconds since
        1970) and the ledger."""
        with self._committer() as committer:
            erase_traces(committer, days=days, older_than=older_than)

    def erase_from_snapshots(self, article_ids: Collection[str]) -> tuple[str, ...]:
        """Take erased articles out of snapshots, too; return the names of those that changed."""
        with self._committer() as committer:
            return erase_from_snapshots(committer, self._layout.snapshots, article_ids)

    def unname(self, unnamed: Unnamed) -> int:
        """Take the names of some pages out of the rows of outcomes; return how many rows changed."""
        return unname(self._layout.root, self._disk, unnamed)

    def verify(self) -> tuple[str, ...]:
        """Return what is wrong, as sentences that name the file or day and what to do; empty when all is well."""
        with self._committer() as committer:
            return tuple(problems_of(committer))

    def recover(self) -> tuple[str, ...]:
        """Finish what dead processes left; public files and ledger are what the manifests say after.

        Returns a sentence for each thing mended.
        """
        with self._committer() as committer:
            return recover(committer)

    def snapshot(self, name: str) -> Snapshot:
        """Keep all tables as they are now under a name, beside the lake.

        Raises: ConfigError for a name that may not be or is taken, LakeError for an object that is gone.
        """
        with self._committer() as committer:
            return take_snapshot(committer, name)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the snapshots that there are, by name. Raises: LakeError for a broken one."""
        return list_snapshots(self._layout)

    def verify_snapshot(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with a snapshot. Raises: ConfigError where there is none of this name."""
        return tuple(problems_of_snapshot(self._layout, name))

    def drop_snapshot(self, name: str) -> None:
        """Delete a snapshot. Raises: ConfigError where there is none of this name."""
        with self._disk.committer():
            drop_snapshot(self._layout, name)

    def gc(self) -> int:
        """Delete unneeded objects, unfinished things and staged batches older than the grace; return how many files."""
        with self._committer() as committer:
            return collect_garbage(committer, days=None, older_than=self._oldest_kept())


def _checked(table: pa.Table, name: str, day: date) -> pa.Table:
    """Return a table's rows of a day in order. Raises: ContractError."""
    breaches = check_batch({name: table})
    if breaches:
        raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return in_order(table, table_named(name))


def _with_day(table: pa.Table, day: date) -> pa.Table:
    return table.append_column(_DAY, pa.array([day] * table.num_rows, pa.date32()))
