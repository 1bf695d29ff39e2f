"""The merge of staged batches into the rows of their days: pure functions, which every committer uses.

No file, database or clock is read: what is stored comes in as arguments, and what is to be written goes out.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.lake.article_index import StoredArticle
from newslake.pipeline.lake.staging import Batch
from newslake.pipeline.lake.storage import ANNOTATION_NAMES, sort_rows_at
from newslake.pipeline.tables import ANNOTATION_TABLES, TableSpec

ArticleResult = Literal["committed", "unchanged", "superseded"]
IsCurrent = Callable[[str, datetime], bool]
StoredArticles = Callable[[Iterable[str]], Mapping[str, StoredArticle]]
DaysOfBatches = Callable[[Iterable[str]], tuple[date, ...]]

_KEY_COLUMNS = ("article_id", "revision_id", "published_date", "seen_at")
STORED_COLUMNS = ("article_id", "revision_id", "pipeline_version", "kb_version", "payload_digest", "fetched_at")


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
        staying = pc.indices_nonzero(pc.invert(pc.is_in(current["article_id"], value_set=replaced)))
        moved = pc.add(places, pa.scalar(current.num_rows, pa.uint64()))
        return sort_rows_at(pa.concat_tables([current, self.rows]), pa.concat_arrays([staying, moved]), spec)


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
    rows = zip(*(articles[name].to_pylist() for name in STORED_COLUMNS), strict=True)
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
class Merge:
    """What a commit of batches changes. ``accepted`` are the articles whose rows go in, ``moved`` their earlier days.

    ``incoming`` are the accepted rows of each annotation table.
    """

    batches: Sequence[Batch]
    candidates: Mapping[str, MergeCandidate]
    results: Mapping[str, ArticleResult]
    accepted: Mapping[str, MergeCandidate]
    moved: Mapping[str, date]
    incoming: Mapping[str, IncomingRows]

    @property
    def articles(self) -> dict[str, StoredArticle]:
        """Return the accepted articles as they will be stored."""
        return {each: winner.article for each, winner in self.accepted.items()}

    def gone(self) -> dict[date, list[str]]:
        """Return, for each day that changes, the articles whose present rows it loses."""
        gone: dict[date, list[str]] = defaultdict(list)
        for article_id, winner in self.accepted.items():
            gone[winner.article.published_date].append(article_id)
        for article_id, day in self.moved.items():
            gone[day].append(article_id)
        return dict(gone)

    def changed_days(self) -> dict[str, set[date]]:
        """Return the days that each batch changes."""
        changed_days: dict[str, set[date]] = {batch.batch_id: set() for batch in self.batches}
        for article_id, winner in self.accepted.items():
            days = changed_days[self.batches[winner.batch].batch_id]
            days |= {winner.article.published_date, self.moved.get(article_id, winner.article.published_date)}
        return changed_days

    def report(self, batch_ids: Sequence[str], *, days_of: DaysOfBatches, files_changed: int) -> CommitReport:
        """Return the result of the commit. ``days_of`` returns the days that batches changed, also in earlier tries."""
        rows = {name: sum(map(len, each.places.values())) for name, each in self.incoming.items()}
        whole = CommitReport(self.results, rows, days_of(batch_ids), files_changed)
        if len(set(batch_ids)) == 1:
            return replace(whole, parts=dict.fromkeys(batch_ids, whole))
        return replace(whole, parts={each: self._part(each, days_of) for each in batch_ids})

    def _part(self, batch_id: str, days_of: DaysOfBatches) -> CommitReport:
        """Return the result of one batch; one that is no longer staged has no articles."""
        articles: dict[str, ArticleResult] = {}
        rows = dict.fromkeys(ANNOTATION_NAMES, 0)
        for place, batch in enumerate(self.batches):
            if batch.batch_id != batch_id:
                continue
            articles = {
                each.article_id: _result_in(each, self.candidates[each.article_id], self.results[each.article_id])
                for each in _batch_candidates(batch, place)
            }
            mine = pa.array([each for each, result in articles.items() if result == "committed"], pa.string())
            rows = {
                name: pc.sum(pc.is_in(table["article_id"], value_set=mine), min_count=0).as_py()
                for name, table in batch.tables.items()
            }
        return CommitReport(articles, rows, days_of([batch_id]), 0)


def merge(batches: Sequence[Batch], *, stored: StoredArticles, is_current: IsCurrent) -> Merge:
    """Return what a commit of batches changes. ``stored`` returns the stored state of those articles that are there."""
    candidates = merge_candidates(batches)
    there = stored(candidates)
    results = decide(candidates, there, is_current)
    accepted = {each: candidates[each] for each, result in results.items() if result == "committed"}
    moved = {
        each: there[each].published_date
        for each, winner in accepted.items()
        if each in there and there[each].published_date != winner.article.published_date
    }
    return Merge(batches, candidates, results, accepted, moved, split_by_day(batches, accepted))
