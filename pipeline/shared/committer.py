"""The commit of the shared lake: merge staged batches into their days, write data files, commit all tables at once.

The index has the intent of a commit before it, as in the local lake: who finds one reads the days of its months again.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

import pyarrow as pa
from pyiceberg.table import Table

from newslake.pipeline.errors import LakeError, StoreError
from newslake.pipeline.lake.article_index import DayContents, StoredArticle
from newslake.pipeline.lake.merge import (
    STORED_COLUMNS,
    CommitReport,
    IsCurrent,
    Merge,
    drop_articles,
    merge,
    stored_articles,
)
from newslake.pipeline.lake.staging import Batch
from newslake.pipeline.lake.storage import ANNOTATION_NAMES, PUBLISH_ORDER, month_of, rows_by_day
from newslake.pipeline.shared.article_index import CommitIndex
from newslake.pipeline.shared.batches import StagedBatches
from newslake.pipeline.shared.checks import without_damage
from newslake.pipeline.shared.data_files import days_of, plan, read_files
from newslake.pipeline.shared.heads import Heads
from newslake.pipeline.shared.patience import wait_for_services
from newslake.pipeline.shared.rewriting import Content, Rewriter, files_in, merged_month
from newslake.pipeline.shared.snapshot_writer import ConflictError, FileChange
from newslake.pipeline.shared.transactions import Transactions
from newslake.pipeline.shared.upkeep import Warehouse
from newslake.pipeline.tables import TABLE_SPECS

log = logging.getLogger(__name__)

_TRIES = 50
_THREADS = 4
_COMPARED_BY_CLUSTERING = ("quote_clusters", "event_cluster_members", "event_clusters")
_ARTICLE_NAMES = tuple(
    spec.name
    for spec in PUBLISH_ORDER
    if "article_id" in spec.schema.names and spec.name not in _COMPARED_BY_CLUSTERING
)


@dataclass
class SharedCommitter:
    """Commits to the tables of a namespace. Its methods run under the committer's lease."""

    transactions: Transactions
    staged: StagedBatches
    index: CommitIndex
    now: Callable[[], datetime]
    rewriter: Rewriter = field(default_factory=Rewriter)

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches together; a batch that was committed before changes nothing.

        Raises: LakeError (batch_missing), StoreError.
        """
        batches = self._read_batches(batch_ids)
        try:
            merged, changed = self.repeat(lambda: self._try_commit(batches, is_current))
        finally:
            self.rewriter.written.clear()  # what no commit has may be deleted once the lease is released
        return merged.report(batch_ids, days_of=self.index.changed_days, files_changed=changed)

    def _try_commit(self, batches: Sequence[Batch], is_current: IsCurrent) -> tuple[Merge, int]:
        heads = self.roll_forward()
        merged = merge(batches, stored=self.index.stored, is_current=is_current)
        gone = merged.gone()
        replaced = {day: pa.array(ids, pa.string()) for day, ids in gone.items()}

        def content(day: date, name: str, present: Callable[[], pa.Table]) -> pa.Table:
            return merged.incoming[name].merge(present(), day, TABLE_SPECS[name], replaced=replaced[day])

        changed = self._rewrite(
            heads,
            dict.fromkeys(gone, ANNOTATION_NAMES),
            content,
            merged=merged,
        )
        return merged, changed

    def _rewrite(
        self,
        heads: Heads,
        names_of: Mapping[date, Iterable[str]],
        content: Content,
        *,
        merged: Merge | None = None,
        removed: Mapping[date, Collection[str]] | None = None,
    ) -> int:
        """Replace tables of days in one commit, and store them in the index; return how many files were written.

        ``merged`` are the batches that the rows come from, ``removed`` the articles that are erased.
        """
        batch_ids = [batch.batch_id for batch in merged.batches] if merged else []
        articles = merged.articles if merged else {}
        days = {day: dict[str, StoredArticle]() for day in names_of}
        months = {month_of(day) for day in days}
        self.index.write_intent(months, changed_days=merged.changed_days() if merged else None)
        changes = self.rewriter.changes(heads, names_of, content, key=_key_of(merged) if merged else None)
        self.transactions.step("files")
        rows = heads.rows
        if changes:
            done = self.transactions.commit(heads, changes, batch_ids=batch_ids, months=months)
            rows = done.rows
        for article_id, article in articles.items():
            days[article.published_date][article_id] = article
        gone = removed or {}
        contents = {day: DayContents(rows, mine, gone.get(day, ())) for day, mine in days.items()}
        self.transactions.check_lease()
        self.index.apply(contents, now=self.now(), batch_ids=batch_ids)
        self.transactions.step("indexed")
        return sum(len(each.added) for each in changes.values())

    def repeat[T](self, attempt: Callable[[], T]) -> T:
        """Return the result of an attempt that no other commit came before. Raises: StoreError (store_conflict)."""
        for _ in range(_TRIES):
            try:
                return wait_for_services(attempt, what="a commit")
            except ConflictError:
                log.info("another commit came first, or an answer was lost: committing again")
        raise StoreError(
            "another process commits to the same tables, over and over; there must be one committer at a time",
            key="tables",
            reason="store_conflict",
        )

    def _read_batches(self, batch_ids: Sequence[str]) -> list[Batch]:
        batches = []
        for batch_id in sorted(set(batch_ids)):
            batch = self.staged.get(batch_id)
            if batch is not None:
                batches.append(batch)
            elif not self.index.is_done(batch_id):
                message = f"batch {batch_id} is neither staged nor committed; derive its day again"
                raise LakeError(message, key=batch_id, reason="batch_missing")
        return batches

    def roll_forward(self) -> Heads:
        """Return the present heads, after the index has what they have: of commits that it missed, and of an intent."""
        heads = self.transactions.heads()
        known = max(self.index.generations().values(), default=0)
        newer = [each for each in self.transactions.history() if each.rows > known]
        months = {month for each in newer for month in each.months}.union(self.index.intent())
        is_older_copy = known > heads.rows  # the tables, or their namespace, are another one than the index knows
        if is_older_copy or (newer and all(each.rows > known for each in self.transactions.history())):
            self.store(heads, None)  # also if the first commit that it missed is expired
        elif months:
            self.store(heads, months)
        return heads

    def store(self, heads: Heads, months: Collection[str] | None) -> None:
        """Store the articles of months, or of all, in the index as the heads have them, and end the intent."""
        table = heads.tables["articles"]
        files = plan(table, heads.id_of("articles"), days=None)
        mine = [each for each in files if months is None or month_of(days_of(each, table)[0]) in months]
        columns = (*STORED_COLUMNS, "published_date")
        rows = read_files(table.io, mine, TABLE_SPECS["articles"], columns=columns).sort_by("published_date")
        stored = {day: stored_articles(each, day) for day, each in rows_by_day(rows, TABLE_SPECS["articles"]).items()}
        known = [day for day in self.index.generations() if months is None or month_of(day) in months]
        contents = {day: DayContents(heads.rows, stored.get(day, {})) for day in {*stored, *known}}
        self.transactions.check_lease()
        self.index.apply(contents, now=self.now())

    def replace(self, relate: Callable[[Heads], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        """Replace tables on days with sorted rows that ``relate`` returns; return how many files were written.

        It gets the heads to which it commits.
        """

        def attempt() -> int:
            heads = self.roll_forward()
            tables = relate(heads)
            names_of: dict[date, list[str]] = {}
            for name, by_day in tables.items():
                for day in by_day:
                    names_of.setdefault(day, []).append(name)
            return self._rewrite(heads, names_of, lambda day, name, present: tables[name][day])

        return self.repeat(attempt)

    def erase(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Delete the rows of some articles in one commit; return their days, sorted.

        Clusters and rows without an article stay until the days are clustered again, as in the local lake.
        """
        gone = pa.array(sorted(article_ids), pa.string())

        def attempt() -> tuple[date, ...]:
            heads = self.roll_forward()
            removed: dict[date, list[str]] = {}
            for article_id, each in self.index.stored(article_ids).items():
                removed.setdefault(each.published_date, []).append(article_id)
            names_of = dict.fromkeys(sorted(removed), _ARTICLE_NAMES)
            self._rewrite(heads, names_of, lambda day, name, present: drop_articles(present(), gone), removed=removed)
            return tuple(sorted(removed))

        return self.repeat(attempt)

    def drop_damaged(self, warehouse: Warehouse) -> tuple[str, ...]:
        """Drop the days whose data files are damaged from all tables; return a sentence per day."""

        def attempt() -> tuple[str, ...]:
            heads = self.roll_forward()
            changes, dropped = without_damage(heads, warehouse)
            months = sorted({month_of(day) for day in dropped})
            if changes:
                self.index.write_intent(months)
                self.store(self.transactions.commit(heads, changes, months=months), months)
            return tuple(dropped.values())

        return self.repeat(attempt)

    def put_month(self, month: str, write: Callable[[Table], FileChange]) -> None:
        """Put the data files that ``write`` returns in place of those of a month, in all tables, in one commit."""

        def attempt() -> None:
            heads = self.roll_forward()
            with ThreadPoolExecutor(_THREADS) as pool:
                written = dict(zip(heads.tables, pool.map(write, heads.tables.values()), strict=True))
            changes = {name: replace(each, removed=files_in(heads, name, month)) for name, each in written.items()}
            there = {name: each for name, each in changes.items() if each.removed or each.added}
            self.index.write_intent([month])
            self.transactions.step("files")
            self.store(self.transactions.commit(heads, there, months=[month]), [month])
            self.transactions.step("indexed")

        self.repeat(attempt)

    def compact(self, months: Collection[str]) -> tuple[str, ...]:
        """Give each table one file in each of some months; return a sentence per month that changed."""

        def attempt(month: str) -> int:
            heads = self.roll_forward()
            changes = {name: merged_month(heads, name, month) for name in heads.tables}
            there = {name: each for name, each in changes.items() if each != FileChange()}
            if there:
                self.transactions.commit(heads, there)
            return len(there)

        counts = {month: self.repeat(partial(attempt, month)) for month in sorted(months)}
        return tuple(f"merged the files of {count} tables in {month}" for month, count in counts.items() if count)


def _key_of(merged: Merge) -> object:
    """Return what the new rows depend on, besides the present ones."""
    return tuple((each, winner.batch, winner.article) for each, winner in sorted(merged.accepted.items()))
