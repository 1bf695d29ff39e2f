"""Which staged rows enter the lake, and what each day holds then. Pure: tables in, tables out."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.lake.article_index import StoredArticle
from pipeline.lake.encoding import sort_rows
from pipeline.lake.staging import Batch
from pipeline.tables import READING_TABLES, TableSpec

ArticleResult = Literal["committed", "unchanged", "superseded"]
IsCurrent = Callable[[str, datetime], bool]
DayTables = dict[date, dict[str, pa.Table]]

_KEY_COLUMNS = ("article_id", "revision_id", "published_date", "seen_at")


@dataclass(frozen=True, slots=True)
class MergeCandidate:
    """An article of a staged batch, as it would be stored. ``batch`` is the batch's place among those committed."""

    article_id: str
    batch: int
    seen_at: datetime
    article: StoredArticle


def merge_candidates(batches: Sequence[Batch]) -> dict[str, MergeCandidate]:
    """Return one candidate an article: the content seen last, ties by revision_id, versions, first fetch."""
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
    return (*content, candidate.seen_at - article.fetched_at, article.raw_ref or "", article.published_date)


def _batch_candidates(batch: Batch, place: int) -> list[MergeCandidate]:
    articles = batch.tables["articles"]
    names = ("article_id", "pipeline_version", "kb_version", "raw_ref", "fetched_at")
    facts = {each: rest for each, *rest in zip(*(articles[n].to_pylist() for n in names), strict=True)}
    rows = zip(*(batch.keys[name].to_pylist() for name in _KEY_COLUMNS), strict=True)
    return [
        MergeCandidate(article_id, place, seen_at, StoredArticle(day, revision_id, *facts[article_id]))
        for article_id, revision_id, day, seen_at in rows
    ]


def decide(
    candidates: Mapping[str, MergeCandidate], stored: Mapping[str, StoredArticle], is_current: IsCurrent
) -> dict[str, ArticleResult]:
    """Decide what becomes of each candidate.

    Unchanged: the lake holds the same content of the same versions, read from the same record or one that was fetched
    before it, on the same day.
    Superseded: the archive has seen other content since.
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
    """Return whether what is stored is current or better: the first fetch of a content only ever moves back."""
    if stored is not None and stored.fetched_at < article.fetched_at:
        article = replace(article, raw_ref=stored.raw_ref, fetched_at=stored.fetched_at)
    return stored == article


def split_by_day(batches: Sequence[Batch], accepted: Mapping[str, MergeCandidate]) -> DayTables:
    """Return the accepted rows by day and table, each in the contract's order; every day has every reading table."""
    days_of: list[dict[str, date]] = [{} for _ in batches]
    for article_id, winner in accepted.items():
        days_of[winner.batch][article_id] = winner.article.published_date
    parts: dict[tuple[date, str], list[pa.Table]] = defaultdict(list)
    for batch, day_of in zip(batches, days_of, strict=True):
        for spec in READING_TABLES:
            for day, rows in _split_rows(batch.tables[spec.name], day_of):
                parts[day, spec.name].append(rows)
    return {
        day: {
            spec.name: sort_rows(pa.concat_tables([spec.schema.empty_table(), *parts[day, spec.name]]), spec)
            for spec in READING_TABLES
        }
        for day in sorted({day for day_of in days_of for day in day_of.values()})
    }


def _split_rows(table: pa.Table, day_of: Mapping[str, date]) -> list[tuple[date, pa.Table]]:
    """Return the rows of the articles that have a day, by it."""
    ids, days = pa.array(day_of, pa.string()), pa.array(day_of.values(), pa.date32())
    column = days.take(pc.index_in(table["article_id"], value_set=ids).combine_chunks())
    runs = pc.value_counts(column).to_pylist()
    if len(runs) == 1 and runs[0]["values"] is not None:
        return [(runs[0]["values"], table)]
    order = pc.sort_indices(column)  # rows without a day come last
    table, start, parts = table.take(order), 0, []
    for run in pc.value_counts(column.take(order)).to_pylist():
        if run["values"] is not None:
            parts.append((run["values"], table.slice(start, run["counts"])))
        start += run["counts"]
    return parts


def merge_rows(current: pa.Table, incoming: pa.Table, spec: TableSpec, *, replaced: pa.Array) -> pa.Table:
    """Return a day's rows without the articles in ``replaced``, with the incoming rows, in order."""
    kept = drop_articles(current, replaced)
    if kept.num_rows == 0:
        return incoming
    if incoming.num_rows == 0:
        return kept
    return sort_rows(pa.concat_tables([kept, incoming]), spec)


def drop_articles(table: pa.Table, article_ids: pa.Array) -> pa.Table:
    """Return the rows of all other articles."""
    return table.filter(pc.invert(pc.is_in(table["article_id"], value_set=article_ids)))
