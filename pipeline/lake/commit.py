"""The commit: merge staged batches into their days, and replace one manifest per day.

If it is killed, each day is old or new as a whole; ``roll_forward`` finishes the intent in the index.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeError
from pipeline.lake.article_index import ArticleIndex, DayContents, FileSize, Move, StoredArticle
from pipeline.lake.partitions import Days, Manifest
from pipeline.lake.staging import Batch, read_batch
from pipeline.lake.storage import ANNOTATION_NAMES, PUBLISH_ORDER, REDERIVE_LOST_DAY, Disk, Layout, sort_rows
from pipeline.tables import ANNOTATION_TABLES, TableSpec, table_named

ArticleResult = Literal["committed", "unchanged", "superseded"]
IsCurrent = Callable[[str, datetime], bool]
DayTables = dict[date, dict[str, pa.Table]]

_KEY_COLUMNS = ("article_id", "revision_id", "published_date", "seen_at")
_STORED_COLUMNS = ("article_id", "revision_id", "pipeline_version", "kb_version", "payload_digest", "fetched_at")


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


def split_by_day(batches: Sequence[Batch], accepted: Mapping[str, MergeCandidate]) -> DayTables:
    """Return the accepted rows by day and table, sorted as the contract says; every day has every annotation table."""
    days_of: list[dict[str, date]] = [{} for _ in batches]
    for article_id, winner in accepted.items():
        days_of[winner.batch][article_id] = winner.article.published_date
    parts: dict[tuple[date, str], list[pa.Table]] = defaultdict(list)
    for batch, day_of in zip(batches, days_of, strict=True):
        for spec in ANNOTATION_TABLES:
            for day, rows in _split_rows(batch.tables[spec.name], day_of):
                parts[day, spec.name].append(rows)
    return {
        day: {
            spec.name: sort_rows(pa.concat_tables([spec.schema.empty_table(), *parts[day, spec.name]]), spec)
            for spec in ANNOTATION_TABLES
        }
        for day in sorted({day for day_of in days_of for day in day_of.values()})
    }


def _split_rows(table: pa.Table, day_of: Mapping[str, date]) -> list[tuple[date, pa.Table]]:
    """Return the rows of the articles that have a day, by day."""
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
    """Return a day's rows without the articles in ``replaced``, and with the incoming rows, sorted."""
    kept = drop_articles(current, replaced)
    if kept.num_rows == 0:
        return incoming
    if incoming.num_rows == 0:
        return kept
    return sort_rows(pa.concat_tables([kept, incoming]), spec)


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
    this call changed.
    """

    articles: Mapping[str, ArticleResult]
    rows: Mapping[str, int]
    days: tuple[date, ...]
    files_changed: int


@dataclass(frozen=True, slots=True)
class Committer:
    """The parts of a lake that a commit works on. Its methods run under the committer's lock."""

    layout: Layout
    disk: Disk
    days: Days
    index: ArticleIndex
    now: Callable[[], datetime]

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches together; a batch that was committed before changes nothing.

        Raises: LakeError (batch_missing) for a batch that was neither staged nor committed before; (manifest_missing)
        for a day that lost its manifest.
        """
        self.roll_forward()
        batches = self._read_batches(batch_ids)
        candidates = merge_candidates(batches)
        stored = self.index.stored(candidates)
        results = decide(candidates, stored, is_current)
        accepted = {each: candidates[each] for each, result in results.items() if result == "committed"}
        moves = [
            Move(each, stored[each].published_date, winner.article.published_date)
            for each, winner in accepted.items()
            if each in stored and stored[each].published_date != winner.article.published_date
        ]
        incoming = split_by_day(batches, accepted)
        files_changed = self._write(batches, accepted, incoming, moves)
        rows = {name: sum(tables[name].num_rows for tables in incoming.values()) for name in ANNOTATION_NAMES}
        return CommitReport(results, rows, self.index.changed_days(batch_ids), files_changed)

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
        incoming: DayTables,
        moves: Sequence[Move],
    ) -> int:
        """Write new days first, then the days that rows moved from: a row may be there twice, but is never missing."""
        old_days = {move.from_day for move in moves}
        days = sorted({*incoming, *old_days})
        self._check_manifests(days)
        self.index.write_intent(days, moves=moves, changed_days=_changed_days(batches, accepted, moves))
        ids = [batch.batch_id for batch in batches]
        changed = self.days.rewrite(
            sorted(incoming),
            ANNOTATION_NAMES,
            lambda day, name: self._with_incoming(day, name, incoming),
            batch_ids=ids,
        ) + self.days.rewrite(
            sorted(old_days), ANNOTATION_NAMES, lambda day, name: self._without_moved(day, name, moves), batch_ids=ids
        )
        self.index.apply(self.contents(days), now=self.now(), batch_ids=ids)
        return changed

    def _with_incoming(self, day: date, name: str, incoming: DayTables) -> pa.Table:
        current, rows = self.days.table(self.days.manifest(day), name), incoming[day]
        return merge_rows(
            current, rows[name], table_named(name), replaced=rows["articles"]["article_id"].combine_chunks()
        )

    def _without_moved(self, day: date, name: str, moves: Iterable[Move]) -> pa.Table:
        gone = pa.array([move.article_id for move in moves if move.from_day == day], pa.string())
        return drop_articles(self.days.table(self.days.manifest(day), name), gone)

    def contents(self, days: Iterable[date]) -> dict[date, DayContents]:
        """Return generation, articles and files of days by their manifests."""
        found = {}
        for day in days:
            manifest = self.days.manifest(day)
            table = self.days.table(manifest, "articles", columns=_STORED_COLUMNS)
            found[day] = DayContents(manifest.generation, stored_articles(table, day), self._sizes(manifest))
        return found

    def _sizes(self, manifest: Manifest) -> dict[str, FileSize]:
        return {
            name: FileSize(entry.rows, (self.layout.state / entry.object).stat().st_size)
            for name, entry in manifest.entries.items()
        }

    def _check_manifests(self, days: Iterable[date]) -> None:
        """Raises: LakeError for a day that lost its manifest: written as a new day, it would lose its other rows."""
        for day in days:
            if self.days.manifest(day).generation == 0 and self.index.generation(day) > 0:
                path = self.layout.relative(self.layout.manifest(day))
                message = f"{path} is missing, and was there before; {REDERIVE_LOST_DAY}"
                raise LakeError(message, key=day.isoformat(), reason="manifest_missing")

    def roll_forward(self) -> tuple[date, ...]:
        """Finish the intent of a dead process: end its moves, publish its days, store them in the index."""
        intent_days = self.index.intent_days()
        if intent_days:
            self.end_moves(self.index.moves())
            for day in intent_days:
                self.days.publish(day)
            self.index.apply(self.contents(intent_days), now=self.now())
        return intent_days

    def end_moves(self, moves: Sequence[Move]) -> None:
        """Remove moved rows from their old days if their new days have them already."""
        contents = self.contents({move.to_day for move in moves})
        arrived = [move for move in moves if move.article_id in contents[move.to_day].articles]
        days = sorted({move.from_day for move in arrived})
        self.days.rewrite(days, ANNOTATION_NAMES, lambda day, name: self._without_moved(day, name, arrived))

    def erase(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Delete all rows of some articles, each day atomically; return the days, sorted.

        Rows without an article, such as pairs of people, stay until the days are clustered again.
        """
        gone = pa.array(sorted(article_ids), pa.string())
        days = sorted({each.published_date for each in self.index.stored(article_ids).values()})
        self._check_manifests(days)
        self.index.write_intent(days)
        names = [spec.name for spec in PUBLISH_ORDER if "article_id" in spec.schema.names]
        self.days.rewrite(
            days, names, lambda day, name: drop_articles(self.days.table(self.days.manifest(day), name), gone)
        )
        self.index.apply(self.contents(days), now=self.now())
        return tuple(days)

    def replace(self, name: str, by_day: Mapping[date, pa.Table]) -> int:
        """Replace one table on days with sorted rows, from the last day to the first; return how many files changed."""
        self._check_manifests(by_day)
        self.index.write_intent(by_day)
        changed = self.days.rewrite(sorted(by_day, reverse=True), (name,), lambda day, _: by_day[day])
        self.index.apply(self.contents(by_day), now=self.now())
        return changed


OpenCommitter = Callable[[], AbstractContextManager[Committer]]
"""Hold the committer's lock for a block."""


def _changed_days(
    batches: Sequence[Batch], accepted: Mapping[str, MergeCandidate], moves: Iterable[Move]
) -> dict[str, set[date]]:
    """Return the days that each batch changes."""
    changed_days: dict[str, set[date]] = {batch.batch_id: set() for batch in batches}
    for winner in accepted.values():
        changed_days[batches[winner.batch].batch_id].add(winner.article.published_date)
    for move in moves:
        changed_days[batches[accepted[move.article_id].batch].batch_id].add(move.from_day)
    return changed_days
