"""The commit: merge staged batches into their days, write the manifests of their months, and replace the head.

If it is killed, all days are old, or all are new; ``roll_forward`` finishes the intent in the index.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_index import ArticleIndex, DayContents, FileSize, StoredArticle
from newslake.pipeline.lake.manifests import MonthManifest
from newslake.pipeline.lake.merge import (
    STORED_COLUMNS,
    CommitReport,
    IsCurrent,
    Merge,
    drop_articles,
    merge,
    stored_articles,
)
from newslake.pipeline.lake.partitions import DayContent, LakeState, Partitions, ReadRows
from newslake.pipeline.lake.staging import Batch, read_batch
from newslake.pipeline.lake.storage import (
    ANNOTATION_NAMES,
    PUBLISH_ORDER,
    REDERIVE_LOST_DAY,
    Disk,
    Layout,
    Month,
    month_of,
)
from newslake.pipeline.tables import TABLE_SPECS

_COMPARED_BY_CLUSTERING = ("quote_clusters", "event_cluster_members", "event_clusters")


@dataclass(frozen=True, slots=True)
class Committer:
    """The parts of a lake that a commit works on. Its methods run under the committer's lock."""

    layout: Layout
    disk: Disk
    partitions: Partitions
    index: ArticleIndex
    now: Callable[[], datetime]

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches together; a batch that was committed before changes nothing.

        Raises: LakeError (batch_missing) for a batch that was neither staged nor committed before; (month_missing)
        for a day that was lost.
        """
        self.roll_forward()
        merged = merge(self._read_batches(batch_ids), stored=self.index.stored, is_current=is_current)
        files_changed = self._write(merged)
        return merged.report(batch_ids, days_of=self.index.changed_days, files_changed=files_changed)

    def _read_batches(self, batch_ids: Sequence[str]) -> list[Batch]:
        batches = []
        for batch_id in sorted(set(batch_ids)):
            batch = read_batch(self.layout, batch_id)
            if batch is not None:
                batches.append(batch)
            elif not self.index.is_done(batch_id):
                raise LakeError(
                    f"batch {batch_id} is neither staged nor committed; derive its day again",
                    key=batch_id,
                    reason="batch_missing",
                )
        return batches

    def _write(self, merged: Merge) -> int:
        """Write the days of the incoming rows, and the days that moved articles leave, in one commit."""
        gone = merged.gone()
        replaced = {day: pa.array(ids, pa.string()) for day, ids in gone.items()}
        state = self.partitions.state()

        def content(day: date, name: str, present: ReadRows) -> pa.Table:
            return merged.incoming[name].merge(present(), day, TABLE_SPECS[name], replaced=replaced[day])

        return self._rewrite(
            state,
            dict.fromkeys(gone, ANNOTATION_NAMES),
            content,
            changes=_changes(state, gone, articles=merged.articles),
            batch_ids=[batch.batch_id for batch in merged.batches],
            changed_days=merged.changed_days(),
        )

    def _rewrite(
        self,
        state: LakeState,
        names_of: Mapping[date, Iterable[str]],
        content: DayContent,
        *,
        changes: Mapping[date, DayContents] | None = None,
        batch_ids: Sequence[str] = (),
        changed_days: Mapping[str, Iterable[date]] | None = None,
    ) -> int:
        """Replace tables of days in one commit, and store them in the index; return how many public files changed.

        ``changes`` are those of the articles by day; by default, the articles stay as they are.
        """
        self._check_days(state, names_of)
        months = sorted({month_of(day) for day in names_of})
        self.index.write_intent(months, changed_days=changed_days)
        changed = self.partitions.rewrite(state, names_of, content)
        self.store(months, changes=changes or _changes(state, names_of), batch_ids=batch_ids)
        return changed

    def store(
        self,
        months: Collection[Month],
        *,
        changes: Mapping[date, DayContents] | None = None,
        batch_ids: Sequence[str] = (),
    ) -> tuple[date, ...]:
        """Store months in the index as they are now, and end the intent; return the days that differed.

        ``changes`` are those of the last commit, each since a generation; other days are read.
        """
        state = self.partitions.state()
        manifests = [state.month(month) for month in months]
        known = self.index.generations(months)
        present = {day: each.generation for manifest in manifests for day, each in manifest.days.items()}
        stale = sorted(day for day in {*known, *present} if present.get(day, 0) != known.get(day, 0))
        since = {
            day: replace(each, generation=present.get(day, 0))
            for day, each in (changes or {}).items()
            if day in stale and each.generation == known.get(day, 0)
        }
        contents = {**self.contents(state, (day for day in stale if day not in since)), **since}
        sizes = {each.month: _sizes(each) for each in manifests}
        self.index.apply(contents, sizes, now=self.now(), batch_ids=batch_ids)
        return tuple(stale)

    def contents(self, state: LakeState, days: Iterable[date]) -> dict[date, DayContents]:
        """Return generation and articles of days."""
        tables = ((day, self.partitions.table(state, "articles", day, columns=STORED_COLUMNS)) for day in days)
        return {day: DayContents(state.day(day).generation, stored_articles(table, day)) for day, table in tables}

    def _check_days(self, state: LakeState, days: Iterable[date]) -> None:
        """Raises: LakeError for a day that was lost: written as a new day, it would lose its other rows."""
        for day in days:
            if state.day(day).generation == 0 and self.index.generation(day) > 0:
                message = f"{self.layout.head} does not have {day}, which was there before; {REDERIVE_LOST_DAY}"
                raise LakeError(message, key=day.isoformat(), reason="month_missing")

    def roll_forward(self) -> tuple[Month, ...]:
        """Finish the commit of a dead process, or remove what it wrote; return its months."""
        months = self.index.intent()
        if months:
            state = self.partitions.state()
            for month in months:
                self.partitions.drop_unnamed(state.head, month)
                self.partitions.publish(state.month(month))
            self.store(months)
        return months

    def erase(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Delete the rows of some articles in one commit; return their days, sorted.

        The clusters of their quotes and events, and rows without an article, such as pairs of people, stay until the
        days are clustered again: they show which rows of other articles change.
        """
        gone = pa.array(sorted(article_ids), pa.string())
        removed: dict[date, list[str]] = defaultdict(list)
        for article_id, each in self.index.stored(article_ids).items():
            removed[each.published_date].append(article_id)
        days = sorted(removed)
        named = [spec.name for spec in PUBLISH_ORDER if "article_id" in spec.schema.names]
        names = [name for name in named if name not in _COMPARED_BY_CLUSTERING]
        state = self.partitions.state()
        self._rewrite(
            state,
            dict.fromkeys(days, names),
            lambda day, name, present: drop_articles(present(), gone),
            changes=_changes(state, removed, removed=removed),
        )
        return tuple(days)

    def replace(self, tables: Mapping[str, Mapping[date, pa.Table]]) -> int:
        """Replace tables on days with sorted rows, in one commit; return how many public files changed."""
        names_of: dict[date, list[str]] = defaultdict(list)
        for name, by_day in tables.items():
            for day in by_day:
                names_of[day].append(name)
        return self._rewrite(self.partitions.state(), names_of, lambda day, name, present: tables[name][day])


def _changes(
    state: LakeState,
    days: Iterable[date],
    *,
    articles: Mapping[str, StoredArticle] | None = None,
    removed: Mapping[date, Collection[str]] | None = None,
) -> dict[date, DayContents]:
    """Return the changes of some days since a state: the articles that are new or different, and those removed."""
    by_day: dict[date, dict[str, StoredArticle]] = {day: {} for day in days}
    for article_id, article in (articles or {}).items():
        by_day[article.published_date][article_id] = article
    gone = removed or {}
    return {day: DayContents(state.day(day).generation, mine, gone.get(day, ())) for day, mine in by_day.items()}


def _sizes(manifest: MonthManifest) -> dict[str, FileSize]:
    return {
        name: FileSize(sum(each.rows for each in files.values()), sum(each.size for each in files.values()))
        for name, files in manifest.files.items()
    }


OpenCommitter = Callable[[], AbstractContextManager[Committer]]
"""Hold the committer's lock for a block."""
