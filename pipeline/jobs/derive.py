"""Derive articles: from archived captures to a staged batch. Deriving never uses the network."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain

import pyarrow as pa

from pipeline.archive import publisher_name
from pipeline.boundary import run_isolated
from pipeline.errors import BrokenRecordError, ContractError, NewsError
from pipeline.jobs.annotator import LoadedAnnotator, load_annotator
from pipeline.jobs.clean import latest_content
from pipeline.jobs.in_flight import InFlight
from pipeline.jobs.outcomes import (
    BROKEN_REASONS,
    OutcomeRecorder,
    PageName,
    append_outcomes,
    check_balance,
    detail_of,
    outcome_kind_of,
    page_name_of,
)
from pipeline.jobs.pipeline_version import failure_version
from pipeline.jobs.takedown_guard import DETAIL, REASON, blocked_articles, redacted_page
from pipeline.jobs.worklist import Captures, DayWork, day_work, input_hash_of, unchanged_outcome
from pipeline.jobs.workspace import CountCallback, Workspace, count_nothing
from pipeline.lake import KEYS_SCHEMA, CachedOutcome, row_key_of
from pipeline.model import Annotation, Article, Capture, Rejected, StageReport, pluralize
from pipeline.model.outcome import OutcomeKind
from pipeline.tables import ANNOTATION_TABLES, annotation_rows, check_rows, rows_table

Tables = dict[str, pa.Table]
_MIN_ARTICLES_PER_CHUNK = 64  # articles


@dataclass(frozen=True, slots=True)
class DeriveReport:
    """A finished chunk: its outcomes so far, and the staged batch to commit, if any."""

    report: StageReport
    batch_id: str | None


def plan_chunks(workspace: Workspace, *, day: date) -> list[dict[str, int]]:
    """Return the chunks in which a day is derived: at least one, so that a day without news also ends in a commit.

    There are few chunks: each loads the model, which takes as long as annotating some tens of articles.
    """
    articles = len(day_work(workspace, day=day).todo)
    pieces = max(1, min(workspace.settings.derive_chunks, articles // _MIN_ARTICLES_PER_CHUNK))
    return [{"chunk": index, "chunks": pieces} for index in range(pieces)]


def derive(
    workspace: Workspace,
    *,
    day: date,
    run_id: str,
    chunk: int = 0,
    chunks: int = 1,
    count_pages: CountCallback = count_nothing,
) -> DeriveReport:
    """Derive the articles of a news day without a committed row of their revision, this version and this knowledge.

    Stage one batch. Its name is a hash of its inputs, so deriving again gives the same name.
    """
    with workspace.at_work(), workspace.turns() as turns:
        work = day_work(workspace, day=day, chunk=chunk, chunks=chunks)
        recorder = OutcomeRecorder(run_id=run_id, stage="derive", now=workspace.settings.now())
        job = _ChunkDerivation(workspace, recorder, day=day, work=work, turns=turns)
        job.record_settled()
        read, keys = job.read(count_pages)
        if work.todo:
            count_pages(len(work.todo), len(work.todo))  # also those after the last one that was read
        batch_id = _batch_id(day, work) if keys else None
        if batch_id is not None:
            tables = {spec.name: pa.concat_tables(each[spec.name] for each in read) for spec in ANNOTATION_TABLES}
            workspace.lake.stage(batch_id, tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
        check_balance(job.discovered(), recorder.outcomes, run_id=run_id, handed_on=job.handed_on)
        append_outcomes(workspace, recorder.outcomes, batch_id=derive_batch_of(run_id, chunk=chunk))
        workspace.lake.index.put_outcomes(job.cached_outcomes)
    made = {"derived_new": work.count("new"), "derived_again": work.count("again")}
    rules = Counter(rule for each in read for rule in each["quotes"]["rule_id"].to_pylist())
    report = StageReport.of("derive", run_id, recorder.outcomes, days=[day], work=made, rules=rules)
    return DeriveReport(report, batch_id)


def derive_batch_of(run_id: str, *, chunk: int) -> str:
    """Return the log batch name of the outcomes of one chunk of a run."""
    return f"{run_id}.derive{chunk}"


def _batch_id(day: date, work: DayWork) -> str:
    seen = "\n".join(f"{article_id} {work.captures[article_id][-1].digest}" for article_id in work.todo)
    return f"{day}-{hashlib.sha256(f'{work.version} {work.knowledge.version}\n{seen}'.encode()).hexdigest()[:16]}"


class _ChunkDerivation:
    """The state that the steps of one chunk share.

    ``cached_outcomes`` are stored after the outcomes are logged. ``handed_on`` are the pages of staged articles: the
    commit records their outcomes.
    """

    def __init__(
        self, workspace: Workspace, recorder: OutcomeRecorder, *, day: date, work: DayWork, turns: InFlight
    ) -> None:
        self.workspace = workspace
        self.recorder = recorder
        self.day = day
        self.work = work
        self.turns = turns
        self.cached_outcomes: dict[str, CachedOutcome] = {}
        self.blocked = blocked_articles(workspace.takedowns, work.captures)
        self.handed_on: set[PageName] = set()
        pages = {each.page_key for captures in work.captures.values() for each in captures}
        self._last_of = workspace.archive.latest(pages)

    def discovered(self) -> dict[PageName, date]:
        """Return the pages of the chunk: those archived under the day, and the last page of each article."""
        return {
            self._page(each): self.day
            for captures in self.work.captures.values()
            for each in (*self._filed_today(captures), captures[-1])
            if self._is_its_own(each)
        }

    def _filed_today(self, captures: Captures) -> list[Capture]:
        return list({each.page_key: each for each in captures if each.news_day == self.day}.values())

    def _is_its_own(self, capture: Capture) -> bool:
        """Return whether the page still holds this article; otherwise its outcome belongs to the other article."""
        return self._last_of[capture.page_key].article_id == capture.article_id

    def _page(self, capture: Capture) -> PageName:
        """Return the page as its outcome names it."""
        name = page_name_of(capture)
        return redacted_page(name) if capture.article_id in self.blocked else name

    def record_settled(self) -> None:
        """Record the settled articles, and the pages of the day with an article that is now at another URL."""
        for captures in self.work.captures.values():
            self._other_addresses(captures)
        for article_id, cached in self.work.settled.items():
            self._record(self.work.captures[article_id][-1], cached)

    def _other_addresses(self, captures: Captures) -> None:
        last = captures[-1]
        detail = f"the same article as {last.url}"
        for page in self._filed_today(captures):
            if page.page_key != last.page_key:
                self._record(page, CachedOutcome("", self.work.version, "unchanged", "duplicate_url", detail))

    def read(self, count_pages: CountCallback) -> tuple[list[Tables], list[dict[str, object]]]:
        """Return the tables of each article that could be derived, and the keys of the batch."""
        tables: list[Tables] = []
        keys: list[dict[str, object]] = []
        articles = self._articles()
        first = next(articles, None)
        self.turns.begin()  # no article is to blame if the model does not fit into memory, or the batch after the last
        if first is None:  # nothing to read, so no model to load
            return tables, keys
        annotator = load_annotator(self.workspace.settings, self.work.knowledge)
        place = {article_id: number for number, article_id in enumerate(self.work.todo, start=1)}
        for article, read in annotator.read(chain([first], articles), turns=self.turns):
            count_pages(place[article.article_id], len(place))  # those before it are rejected, or read
            last = self.work.captures[article.article_id][-1]
            got = (
                read
                if isinstance(read, NewsError)
                else run_isolated(partial(self._rows, article, read, annotator), key=page_name_of(last)[1])
            )
            if isinstance(got, NewsError):
                self._quarantine(article.article_id, got)
            else:
                tables.append(got[0])
                keys.append(got[1])
                if self._is_its_own(last):
                    self.handed_on.add(page_name_of(last))
        self.turns.begin()
        return tables, keys

    def _rows(
        self, article: Article, annotation: Annotation | None, annotator: LoadedAnnotator
    ) -> tuple[Tables, dict[str, object]]:
        """Return the tables of one article, and its key in the batch. Raises: ContractError."""
        key = self._key(article, self.work.captures[article.article_id][-1])
        return self._tables(article, annotation, annotator), key

    def _key(self, article: Article, last: Capture) -> dict[str, object]:
        published = article.published_at.date() if article.published_at is not None else last.news_day
        return {
            "article_id": article.article_id,
            "revision_id": article.revision_id,
            "published_date": published,
            "seen_at": last.fetched_at,
        }

    def _tables(self, article: Article, annotation: Annotation | None, annotator: LoadedAnnotator) -> Tables:
        rows = annotation_rows(article, annotation, model_name=annotator.model_name, pipeline_version=self.work.version)
        breaches = check_rows(rows)
        if breaches:
            raise ContractError(
                f"{pluralize(len(breaches), 'check')} failed, first: {breaches[0]}", key=article.article_id
            )
        return {spec.name: rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES}

    def _articles(self) -> Iterator[Article]:
        for article_id in self.work.todo:
            captures = self.work.captures[article_id]
            name = page_name_of(self.work.captures[article_id][-1])[1]
            if (poison := self.turns.poison(article_id, name=name)) is not None:
                self._quarantine(article_id, poison)
                continue
            self.turns.begin(article_id)
            article = self._allowed(article_id)
            if article is None:
                continue
            row = self.work.stored.get(article_id)
            key = row_key_of(
                revision_id=article.revision_id, payload_digest=article.payload_digest, fetched_at=article.fetched_at
            )
            # The cached outcome holds for the row that is committed, or about to be, and for no other row.
            self.cached_outcomes[article_id] = cached = unchanged_outcome(
                captures, version=self.work.version, row_key=key
            )
            is_read = row is not None and (row.pipeline_version, row.row_key) == (self.work.version, key)
            if is_read and article_id not in self.work.stale:
                self._record(captures[-1], cached)
            else:
                yield replace(article, article_id=article_id)

    def _allowed(self, article_id: str) -> Article | None:
        """Return the latest revision of an article; None without one, or if a takedown blocks it."""
        article = None if article_id in self.blocked else self._latest(self.work.captures[article_id])
        if article is not None and article.publisher is not None:
            name = publisher_name(article.publisher)
            if self.workspace.takedowns.is_blocked(name):
                self.workspace.takedowns.block_alias(article_id, like=[name])
                self.blocked.add(article_id)
        if article_id in self.blocked:
            self._settle(article_id, "rejected", REASON, DETAIL)
            return None
        return article

    def _latest(self, captures: Captures) -> Article | None:
        got = latest_content(self.workspace, captures)
        if isinstance(got, Article):
            return got
        self._refuse(captures[-1].article_id, got)
        return None

    def _refuse(self, article_id: str, read: Article | Rejected | NewsError) -> None:
        if isinstance(read, NewsError):
            self._quarantine(article_id, read)
            if isinstance(read, BrokenRecordError):  # tried again until the file is restored
                del self.cached_outcomes[article_id]
        elif isinstance(read, Rejected):
            self._settle(article_id, "rejected", read.reason, read.detail)

    def _quarantine(self, article_id: str, error: NewsError) -> None:
        _, name = page_name_of(self.work.captures[article_id][-1])
        self._settle(article_id, outcome_kind_of(error), error.reason, detail_of(error, url=name))

    def _settle(self, article_id: str, kind: OutcomeKind, reason: str, detail: str) -> None:
        captures = self.work.captures[article_id]
        version = failure_version(self.work.version) if reason in BROKEN_REASONS else self.work.version
        cached = CachedOutcome(input_hash_of(captures), version, kind, reason, detail)
        self.cached_outcomes[article_id] = cached
        self._record(captures[-1], cached)

    def _record(self, capture: Capture, cached: CachedOutcome) -> None:
        if not self._is_its_own(capture):
            return
        source_key, url = self._page(capture)
        if capture.article_id in self.blocked:
            facts = {"url": url, "source_key": source_key, "reason": REASON, "detail": DETAIL}
            self.recorder.record("rejected", **facts, news_day=self.day)
            return
        self.recorder.record(
            cached.outcome,
            url=url,
            source_key=source_key,
            news_day=self.day,
            reason=cached.reason,
            detail=cached.detail,
            article_id=capture.article_id,
            payload_digest=capture.digest,
        )
