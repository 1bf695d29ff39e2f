"""The commit: merge staged batches into their days, write the manifests of their months, and replace the head.

If it is killed, all days are old, or all are new; ``roll_forward`` finishes the intent in the index.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeError
from pipeline.lake.article_index import ArticleIndex, DayContents, FileSize, StoredArticle
from pipeline.lake.manifests import MonthManifest
from pipeline.lake.partitions import DayContent, LakeState, Partitions, ReadRows
from pipeline.lake.staging import Batch, read_batch
from pipeline.lake.storage import (
    ANNOTATION_NAMES,
    PUBLISH_ORDER,
    REDERIVE_LOST_DAY,
    Disk,
    Layout,
    Month,
    month_of,
    sort_rows_at,
)
from pipeline.tables import ANNOTATION_TABLES, TableSpec, table_named

ArticleResult = Literal["committed", "unchanged", "superseded"]
IsCurrent = Callable[[str, datetime], bool]

_KEY_COLUMNS = ("article_id", "revision_id", "published_date", "seen_at")
_STORED_COLUMNS = ("article_id", "revision_id", "pipeline_version", "kb_version", "payload_digest", "fetched_at")

_COMPARED_BY_CLUSTERING = ("quote_clusters", "event_cluster_members", "event_clusters")


@dataclass(frozen=True, slots=True)
class MergeCandidate:
    """An article of a staged batch, as it would be stored. ``batch`` is the position of the batch in the commit."""

    article_id: str
    batch: int
    seen_at: datetime
    article: StoredArticle


def merge_candidates(batches: Sequence[Batch]) -> dict[str, MergeCandidate]:
    """Return one candidate per article: the revision seen last; ties by revision_id, versions, first fetch."""
    best: dict[str, MergeCandidate] = {}
    for place, batch in enumerate(batches):
        for each in _batch_candidates(batch, place):
            rival = best.get(each.article_id)
            if rival is None or _rank(each) > _rank(rival):
                best[each.article_id] = each
    return best


def _rank(candidate: MergeCandidate) -> tuple[datetime, str, str, timedelta, str, date]:
    article = candidate.article
    content = (candidate.seen_at, article.revision_id, f"{article.pipeline_version} {article.kb_version or ''}")
    return (*content, candidate.seen_at - article.fetched_at, article.payload_digest or "", article.published_date)


def _batch_candidates(batch: Batch, place: int) -> list[MergeCandidate]:
    articles = batch.tables["articles"]
    names = ("article_id", "pipeline_version", "kb_version", "payload_digest", "fetched_at")
    facts = {each: rest for each, *rest in zip(*(articles[n].to_pylist() for n in names), strict=True)}
    rows = zip(*(batch.keys[name].to_pylist() for name in _KEY_COLUMNS), strict=True)
    return [
        MergeCandidate(article_id, place, seen_at, StoredArticle(day, revision_id, *facts[article_id]))
        for article_id, revision_id, day, seen_at in rows
    ]


def decide(
    candidates: Mapping[str, MergeCandidate], stored: Mapping[str, StoredArticle], is_current: IsCurrent
) -> dict[str, ArticleResult]:
    """Decide the outcome of each candidate.

    Unchanged: the lake has the same revision of the same versions on the same day, from the same record or an earlier
    one.
    Superseded: the archive has seen another revision since.
    """
    return {
        article_id: "unchanged"
        if _is_current_or_better(stored.get(article_id), candidate.article)
        else "committed"
        if is_current(article_id, candidate.seen_at)
        else "superseded"
        for article_id, candidate in candidates.items()
    }


def _is_current_or_better(stored: StoredArticle | None, article: StoredArticle) -> bool:
    """Return whether the stored article is current or better: the first fetch of a revision may only become earlier."""
    if stored is not None and stored.fetched_at < article.fetched_at:
        article = replace(article, payload_digest=stored.payload_digest, fetched_at=stored.fetched_at)
    return stored == article


@dataclass(frozen=True, slots=True)
class IncomingRows:
    """The rows of one table in all batches, and for each day the places of its accepted rows."""

    rows: pa.Table
    places: Mapping[date, pa.Array]

    def merge(self, current: pa.Table, day: date, spec: TableSpec, *, replaced: pa.Array) -> pa.Table:
        """Return the rows of a day without the articles in ``replaced``, and with the incoming rows, sorted."""
        places = self.places.get(day, _NO_PLACES)
        if not current.num_rows:
            return sort_rows_at(self.rows, places, spec)
        kept = pc.indices_nonzero(pc.invert(pc.is_in(current["article_id"], value_set=replaced)))
        moved = pc.add(places, pa.scalar(current.num_rows, pa.uint64()))
        return sort_rows_at(pa.concat_tables([current, self.rows]), pa.concat_arrays([kept, moved]), spec)


_NO_PLACES = pa.nulls(0, pa.uint64())  # pa.array would import pandas, which no query needs


def _result_in(candidate: MergeCandidate, winner: MergeCandidate, result: ArticleResult) -> ArticleResult:
    """Return the result of a candidate of one batch; ``result`` is that of the winner among all batches."""
    if result != "committed" or candidate == winner:
        return result
    return "unchanged" if candidate.article == winner.article else "superseded"


def split_by_day(batches: Sequence[Batch], accepted: Mapping[str, MergeCandidate]) -> dict[str, IncomingRows]:
    """Return the accepted rows of each table by day."""
    days_of: list[dict[str, date]] = [{} for _ in batches]
    for article_id, winner in accepted.items():
        days_of[winner.batch][article_id] = winner.article.published_date
    return {spec.name: _incoming_rows(batches, spec, days_of) for spec in ANNOTATION_TABLES}


def _incoming_rows(batches: Sequence[Batch], spec: TableSpec, days_of: Sequence[Mapping[str, date]]) -> IncomingRows:
    rows = pa.concat_tables([spec.schema.empty_table(), *(batch.tables[spec.name] for batch in batches)])
    days = [_days_of_rows(batch.tables[spec.name], day_of) for batch, day_of in zip(batches, days_of, strict=True)]
    column = pa.chunked_array(days, pa.date32())
    order = pc.sort_indices(column)  # rows without a day come last
    places, start = {}, 0
    for run in pc.value_counts(column.take(order)).to_pylist():
        if run["values"] is not None:
            places[run["values"]] = order.slice(start, run["counts"])
        start += run["counts"]
    return IncomingRows(rows, places)


def _days_of_rows(table: pa.Table, day_of: Mapping[str, date]) -> pa.Array:
    """Return the day of each row; null for the rows of other articles."""
    ids, days = pa.array(day_of, pa.string()), pa.array(day_of.values(), pa.date32())
    return days.take(pc.index_in(table["article_id"], value_set=ids).combine_chunks())


def drop_articles(table: pa.Table, article_ids: pa.Array) -> pa.Table:
    """Return the rows of all other articles."""
    return table.filter(pc.invert(pc.is_in(table["article_id"], value_set=article_ids)))


def stored_articles(articles: pa.Table, day: date) -> dict[str, StoredArticle]:
    """Return the stored state of each article by its id, from the table ``articles`` of a day."""
    rows = zip(*(articles[name].to_pylist() for name in _STORED_COLUMNS), strict=True)
    return {row[0]: StoredArticle(day, *row[1:]) for row in rows}


@dataclass(frozen=True, slots=True)
class CommitReport:
    """Result of a commit.

    ``rows`` counts the committed rows per annotation table. ``days`` are the days that these batches changed, also in
    earlier tries: a retried commit still names what must be clustered. ``files_changed`` counts the public files that
    this call changed. ``parts`` are the results of each batch; of an article that is in several, one has the rows.
    """

    articles: Mapping[str, ArticleResult]
    rows: Mapping[str, int]
    days: tuple[date, ...]
    files_changed: int
    parts: Mapping[str, "CommitReport"] = field(default_factory=dict)

    def of(self, batch_ids: Collection[str]) -> "CommitReport":
        """Return the result of some of the batches; ``files_changed`` is that of the whole commit."""
        parts = [self.parts[each] for each in sorted(set(batch_ids))]
        articles: dict[str, ArticleResult] = {}
        for part in parts:
            committed = {each for each, result in articles.items() if result == "committed"}
            articles |= {each: result for each, result in part.articles.items() if each not in committed}
        rows = {name: sum(part.rows[name] for part in parts) for name in ANNOTATION_NAMES}
        days = tuple(sorted({day for part in parts for day in part.days}))
        return CommitReport(articles, rows, days, self.files_changed)


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
        batches = self._read_batches(batch_ids)
        candidates = merge_candidates(batches)
        stored = self.index.stored(candidates)
        results = decide(candidates, stored, is_current)
        accepted = {each: candidates[each] for each, result in results.items() if result == "committed"}
        moved = {
            each: stored[each].published_date
            for each, winner in accepted.items()
            if each in stored and stored[each].published_date != winner.article.published_date
        }
        incoming = split_by_day(batches, accepted)
        files_changed = self._write(batches, accepted, incoming, moved)
        rows = {name: sum(map(len, each.places.values())) for name, each in incoming.items()}
        days = self.index.changed_days(batch_ids)
        whole = CommitReport(results, rows, days, files_changed)
        if len(set(batch_ids)) == 1:
            return replace(whole, parts=dict.fromkeys(batch_ids, whole))
        return replace(whole, parts=self._parts(batch_ids, batches, candidates, results))

    def _parts(
        self,
        batch_ids: Sequence[str],
        batches: Sequence[Batch],
        candidates: Mapping[str, MergeCandidate],
        results: Mapping[str, ArticleResult],
    ) -> dict[str, CommitReport]:
        """Return the results of each batch; one that is no longer staged has no articles."""
        parts = {}
        there = {batch.batch_id: (place, batch) for place, batch in enumerate(batches)}
        for batch_id in batch_ids:
            articles: dict[str, ArticleResult] = {}
            rows = dict.fromkeys(ANNOTATION_NAMES, 0)
            if batch_id in there:
                place, batch = there[batch_id]
                articles = {
                    each.article_id: _result_in(each, candidates[each.article_id], results[each.article_id])
                    for each in _batch_candidates(batch, place)
                }
                mine = pa.array([each for each, result in articles.items() if result == "committed"], pa.string())
                rows = {
                    name: pc.sum(pc.is_in(table["article_id"], value_set=mine), min_count=0).as_py()
                    for name, table in batch.tables.items()
                }
            parts[batch_id] = CommitReport(articles, rows, self.index.changed_days([batch_id]), 0)
        return parts

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

    def _write(
        self,
        batches: Sequence[Batch],
        accepted: Mapping[str, MergeCandidate],
        incoming: Mapping[str, IncomingRows],
        moved: Mapping[str, date],
    ) -> int:
        """Write the days of the incoming rows, and the days that ``moved`` articles leave, in one commit."""
        gone: dict[date, list[str]] = defaultdict(list)
        for article_id, winner in accepted.items():
            gone[winner.article.published_date].append(article_id)
        for article_id, day in moved.items():
            gone[day].append(article_id)
        replaced = {day: pa.array(ids, pa.string()) for day, ids in gone.items()}
        state = self.partitions.state()

        def content(day: date, name: str, present: ReadRows) -> pa.Table:
            return incoming[name].merge(present(), day, table_named(name), replaced=replaced[day])

        return self._rewrite(
            state,
            dict.fromkeys(gone, ANNOTATION_NAMES),
            content,
            changes=_changes(state, gone, articles={each: winner.article for each, winner in accepted.items()}),
            batch_ids=[batch.batch_id for batch in batches],
            changed_days=_changed_days(batches, accepted, moved),
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
        months: Iterable[Month],
        *,
        changes: Mapping[date, DayContents] | None = None,
        batch_ids: Sequence[str] = (),
    ) -> tuple[date, ...]:
        """Store months in the index as they are now, and end the intent; return the days that differed.

        ``changes`` are those of the last commit, each since a generation; other days are read.
        """
        state = self.partitions.state()
        manifests = [state.month(month) for month in months]
        known = {day: found for each in manifests for day, found in self.index.generations(each.month).items()}
        days = {*known, *(day for each in manifests for day in each.days)}
        stale = sorted(day for day in days if state.day(day).generation != known.get(day, 0))
        since = {
            day: replace(each, generation=state.day(day).generation)
            for day, each in (changes or {}).items()
            if day in stale and each.generation == known.get(day, 0)
        }
        contents = {**self.contents(state, (day for day in stale if day not in since)), **since}
        sizes = {each.month: _sizes(each) for each in manifests}
        self.index.apply(contents, sizes, now=self.now(), batch_ids=batch_ids)
        return tuple(stale)

    def contents(self, state: LakeState, days: Iterable[date]) -> dict[date, DayContents]:
        """Return generation and articles of days."""
        tables = ((day, self.partitions.table(state, "articles", day, columns=_STORED_COLUMNS)) for day in days)
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


def _changed_days(
    batches: Sequence[Batch], accepted: Mapping[str, MergeCandidate], moved: Mapping[str, date]
) -> dict[str, set[date]]:
    """Return the days that each batch changes."""
    changed_days: dict[str, set[date]] = {batch.batch_id: set() for batch in batches}
    for article_id, winner in accepted.items():
        days = changed_days[batches[winner.batch].batch_id]
        days |= {winner.article.published_date, moved.get(article_id, winner.article.published_date)}
    return changed_days
