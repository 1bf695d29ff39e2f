"""The lake as other rooms see it."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from pipeline.database import Durability
from pipeline.errors import ContractError
from pipeline.lake.changes import Changes, changes_since, note_gone
from pipeline.lake.commit import CommitReport, Committer
from pipeline.lake.days import Days
from pipeline.lake.encoding import in_order
from pipeline.lake.erasure import Erasure
from pipeline.lake.layout import Disk, Layout
from pipeline.lake.ledger import Ledger, StoredArticle, Verdict
from pipeline.lake.log import append_log, read_batches, read_log
from pipeline.lake.manifest import Manifest
from pipeline.lake.merge import IsCurrent
from pipeline.lake.reading import unmoved
from pipeline.lake.seal import with_digest, without_digest
from pipeline.lake.snapshots import (
    Snapshot,
    drop_snapshot,
    existing_snapshot,
    list_snapshots,
    problems_of_snapshot,
    take_snapshot,
)
from pipeline.lake.staging import Batch, check_staged, write_batch
from pipeline.lake.upkeep import collect_garbage, publish_package, recover
from pipeline.lake.verify import Depth, problems_of
from pipeline.lake.withdraw import withdraw
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
        return ledger.is_empty() and bool(self._days.known())

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
        """Return seconds since 1970. A host whose clock is ahead must not take for old what was written just now."""
        return min(self._now().timestamp(), self._disk.now()) - self._grace.total_seconds()

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
        """Return committed rows, by day and in the contract's order; each day is of one commit; no article is on none.

        ``columns`` may name ``published_date``; without it, the contract's. Raises: LakeError for a damaged object.
        """
        names = table_named(table).schema.names if columns is None else list(columns)
        if days is None:
            parts = unmoved(self._layout, lambda: [self._read_day(table, day, names) for day in self._days.known()])
        else:
            parts = [self._read_day(table, day, names) for day in sorted(set(days))]
        return pa.concat_tables([_with_day(table_named(table).schema.empty_table(), date.min).select(names), *parts])

    def _read_day(self, table: str, day: date, names: Sequence[str]) -> pa.Table:
        stored = [name for name in names if name != _DAY] or table_named(table).key
        return _with_day(self._days.standing(day, table, columns=stored), day).select(names)

    def standing(self) -> tuple[Manifest, ...]:
        """Return the manifests of all days with rows, of one instant between commits: no article stands on two days.
        Their objects are there until a day has changed twice and the grace is over, or a takedown removes them."""
        with self._committer() as committer:
            committer.roll_forward()
            return tuple(manifest for manifest in self._days.manifests() if manifest.entries)

    def read_standing(self, manifest: Manifest, tables: Iterable[str]) -> dict[str, pa.Table]:
        """Return the rows that some tables had by a manifest. Raises: LakeError for a damaged object, or one gone."""
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
        self._disk.replace(self._layout.kept(name), with_digest(data))

    def kept(self, name: str) -> bytes | None:
        """Return bytes that were kept under a name; None where there are none, or they are damaged."""
        path = self._layout.kept(name)
        return without_digest(path.read_bytes()) if path.is_file() else None

    def append_log(self, table_name: str, batch_id: str, table: pa.Table) -> None:
        """Append a batch's rows to a log table; the same batch again overwrites itself. Raises: ContractError."""
        append_log(self._layout.root, self._disk, table_name, batch_id, table)

    def read_log(self, table: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day and batch; or only those of the batches that were written last."""
        return read_log(self._layout.root, table, newest=newest)

    def logged(self, table: str, batch_ids: Iterable[str]) -> pa.Table:
        """Return the rows of a log table that some batches appended."""
        return read_batches(self._layout.root, table, batch_ids)

    def erasure(self) -> Erasure:
        """Return what takes articles out of the lake for good."""
        return Erasure(self._layout, self._disk, self._committer)

    def verify(self, depth: Depth | None = None) -> tuple[str, ...]:
        """Return what is wrong, as sentences that name the file or day and what to do; empty when all is well.

        Without a depth, every row is read too.
        """
        return tuple(problems_of(self._layout, self._committer, depth or Depth()))

    def recover(self, *, withdraws: bool = False) -> tuple[str, ...]:
        """Finish what dead processes left; public files and ledger are what the manifests say after.

        ``withdraws`` first takes out whatever is damaged, so that it can be derived again: whole days, staged batches,
        the ledger. Returns a sentence for each thing mended.
        """
        done = self._withdraw() if withdraws else ()
        with self._committer() as committer:
            return (*done, *recover(committer))

    def _withdraw(self) -> tuple[str, ...]:
        def opened() -> Committer:  # not by ``_ledger``, which would ask for the lock again
            ledger = Ledger(self._layout.ledger, durability=self._durability)
            return Committer(self._layout, self._disk, self._days, ledger, self._now)

        with self._disk.committer():
            return tuple(withdraw(self._layout, self._disk, self._days, opened))

    def snapshot(self, name: str) -> Snapshot:
        """Keep all tables as they are now under a name, beside the lake.

        Raises: ConfigError for a name that may not be or is taken, LakeError for an object that is gone.
        """
        with self._committer() as committer:
            return take_snapshot(committer, name)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the snapshots that there are, by name. Raises: LakeError for a broken one."""
        return list_snapshots(self._layout)

    def snapshot_folder(self, name: str) -> Path:
        """Return where a snapshot's tables lie. Raises: ConfigError where there is none of this name."""
        return existing_snapshot(self._layout, name)

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
