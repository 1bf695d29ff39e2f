"""Derive articles: from archived captures to a staged batch. Deriving never uses the network."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain

import pyarrow as pa

from newslake.pipeline.archive import publisher_name
from newslake.pipeline.derive import (
    ArticleTables,
    NoTurns,
    Turns,
    concat_articles,
    derive_articles,
    load_annotator,
    published_day,
)
from newslake.pipeline.errors import BrokenRecordError, NewsError, SuspectError
from newslake.pipeline.jobs.clean import latest_content
from newslake.pipeline.jobs.inventory import knowledge_of
from newslake.pipeline.jobs.outcomes import (
    BROKEN_REASONS,
    OutcomeRecorder,
    PageName,
    append_outcomes,
    check_balance,
    detail_of,
    outcome_kind_of,
    page_name_of,
)
from newslake.pipeline.jobs.pipeline_version import failure_version
from newslake.pipeline.jobs.runtimes import run_of
from newslake.pipeline.jobs.suspects import SuspectTrial
from newslake.pipeline.jobs.takedown_guard import DETAIL, REASON, blocked_articles, redacted_page
from newslake.pipeline.jobs.worklist import (
    NO_INPUT,
    Captures,
    DayWork,
    DeriveReason,
    articles_to_derive,
    day_work,
    input_hash_of,
    unchanged_outcome,
)
from newslake.pipeline.jobs.workspace import CountCallback, Workspace, count_nothing
from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.lake import KEYS_SCHEMA, CachedOutcome, StoredArticle, row_key_of
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Article, Capture, Outcome, Rejected, StageReport
from newslake.pipeline.model.outcome import OutcomeKind

_MIN_ARTICLES_PER_CHUNK = 64  # articles
_BATCH_ARTICLES = 500  # at least, but for the last batch: a batch costs some files, and its rows are in memory


@dataclass(frozen=True, slots=True)
class DeriveReport:
    """A finished chunk: its outcomes so far, and the staged batches to commit."""

    report: StageReport
    batch_ids: tuple[str, ...]


def plan_chunks(workspace: Workspace, *, day: date) -> list[dict[str, int]]:
    """Return the chunks in which a day is derived: at least one, so that a day without news also ends in a commit.

    There are few chunks: each loads the model, which takes as long as annotating some tens of articles.
    """
    articles = len(articles_to_derive(workspace, days=[day]))
    pieces = max(1, min(workspace.settings.derive_chunks, articles // _MIN_ARTICLES_PER_CHUNK))
    return [{"chunk": index, "chunks": pieces} for index in range(pieces)]


def derive(  # noqa: PLR0913 - a day, and how to choose of its articles
    workspace: Workspace,
    *,
    day: date,
    run_id: str,
    chunk: int = 0,
    chunks: int = 1,
    article_ids: Collection[str] | None = None,
    count_pages: CountCallback = count_nothing,
) -> DeriveReport:
    """Derive the articles of a news day without a committed row of their revision, this version and this knowledge.

    ``article_ids`` selects some articles of the day; otherwise ``chunk`` of ``chunks`` does.

    Stage them in batches. The name of a batch is a hash of its inputs, so deriving again gives the same names.
    ``count_pages`` gets the articles that are done; how many there are is not known.
    """
    outcomes: list[Outcome] = []
    cached: dict[str, CachedOutcome] = {}
    counts = Counter(derived_new=0, derived_again=0)
    with (
        workspace.at_work() as lease,
        workspace.turns() as turns,
        SuspectTrial(workspace.settings, turns, run=run_of(run_id)) as trial,
    ):
        batches = _BatchStager(workspace, day, lease)
        pieces = day_work(workspace, day=day, chunk=chunk, chunks=chunks, article_ids=article_ids)
        jobs = (
            _PieceDerivation(
                workspace,
                run_id=run_id,
                day=day,
                work=work,
                turns=turns,
                suspects=set(filter(turns.is_suspect, work.todo)),
            )
            for work in pieces
        )
        for job in _read_pieces(jobs, batches, trial, count_pages):
            check_balance(job.discovered(), job.recorder.outcomes, run_id=run_id, handed_on=job.handed_on)
            counts.update(derived_new=job.work.count("new"), derived_again=job.work.count("again"))
            outcomes += job.recorder.outcomes
            cached |= job.cached_outcomes
        batches.stage()
        count_pages(counts.total(), None)  # also those after the last one that was read
        append_outcomes(workspace, outcomes, batch_id=derive_batch_of(run_id, chunk=chunk), lease=lease)
        workspace.lake.index.put_outcomes(cached, lease=lease)
    report = StageReport.of("derive", run_id, outcomes, days=[day], work=dict(counts), rules=batches.rules)
    return DeriveReport(report, tuple(batches.batch_ids))


def _read_pieces(
    jobs: Iterable["_PieceDerivation"], batches: "_BatchStager", trial: SuspectTrial, count_pages: CountCallback
) -> Iterator["_PieceDerivation"]:
    """Yield each piece of a chunk when it is read. Suspects are read last, as one may end this process with its child.

    A piece has few of them, so those that wait for them are few.
    """
    waiting: list[_PieceDerivation] = []
    done = 0
    for job in jobs:
        job.record_settled()
        job.read(batches, partial(_count_more, count_pages, done))
        done += len(job.work.todo) - len(job.suspects)
        if job.suspects:
            waiting.append(job)
        else:
            yield job
    for job in waiting:
        for article_id in trial.in_order(job.suspects):
            job.read_suspect(article_id, batches, trial)
            done += 1
            count_pages(done, None)
        yield job


def _count_more(count_pages: CountCallback, before: int, done: int) -> None:
    count_pages(before + done, None)


def derive_batch_of(run_id: str, *, chunk: int) -> str:
    """Return the log batch name of the outcomes of one chunk of a run."""
    return f"{run_id}.derive{chunk}"


class _BatchStager:
    """Stages the rows of a chunk in batches, under a writer's lease. ``rules`` counts the quotes of each rule."""

    def __init__(self, workspace: Workspace, day: date, lease: Lease) -> None:
        self.batch_ids: list[str] = []
        self.rules: Counter[str] = Counter()
        self._lake = workspace.lake
        self._day = day
        self._lease = lease
        self._groups: list[ArticleTables] = []
        self._keys: list[dict[str, object]] = []
        self._inputs: list[str] = []

    def add(self, group: ArticleTables, work: DayWork) -> None:
        """Add the rows of some articles; stage a batch if there are enough."""
        self._groups.append(group)
        self.rules.update(group.tables["quotes"]["rule_id"].to_pylist())
        for article in group.articles:
            last = work.captures[article.article_id][-1]
            self._inputs.append(f"{work.version} {work.knowledge.version} {article.article_id} {last.digest}")
            self._keys.append(
                {
                    "article_id": article.article_id,
                    "revision_id": article.revision_id,
                    "published_date": published_day(article, last.news_day),
                    "seen_at": last.fetched_at,
                }
            )
        if len(self._keys) >= _BATCH_ARTICLES:
            self.stage()

    def stage(self) -> None:
        """Stage the rows that are not staged yet, if there are any. Raises: StoreError (lease_lost)."""
        if not self._keys:
            return
        name = hashlib.sha256("\n".join(sorted(self._inputs)).encode()).hexdigest()[:16]
        self.batch_ids.append(f"{self._day}-{name}")
        tables = concat_articles(self._groups).tables
        keys = pa.Table.from_pylist(self._keys, schema=KEYS_SCHEMA)
        self._lease.check()
        self._lake.stage(self.batch_ids[-1], tables, keys)
        self._groups, self._keys, self._inputs = [], [], []


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectWork:
    """What a child gets of one suspect. It reads the knowledge base itself, which is large.

    ``last_of`` has the last capture of each page of the article as its parent saw it: a page that is archived meanwhile
    may hold another article, and must have one outcome.
    """

    article_id: str
    why: DeriveReason
    captures: Captures
    stored: Mapping[str, StoredArticle]
    is_stale: bool
    last_of: Mapping[str, Capture]
    version: str
    knowledge_version: str

    def under(self, knowledge: KnowledgeBase) -> DayWork:
        """Return the same as work of a day. Raises: SuspectError if the knowledge is not that of the parent."""
        if knowledge.version != self.knowledge_version:
            message = f"{self.article_id}: the knowledge base changed in this run; the next run tries it again"
            raise SuspectError(message, key=self.article_id, reason="suspect")
        return DayWork(
            self.version,
            knowledge,
            captures={self.article_id: self.captures},
            stored=self.stored,
            todo={self.article_id: self.why},
            settled={},
            stale={self.article_id} if self.is_stale else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectReading:
    """What a child returns of one suspect: its rows, and the state of ``_PieceDerivation`` after it."""

    groups: tuple[ArticleTables, ...]
    outcomes: tuple[Outcome, ...]
    cached_outcomes: Mapping[str, CachedOutcome]
    handed_on: Collection[PageName]
    blocked: Collection[str]


def _read_alone(
    workspace: Workspace, /, *, day: date, run_id: str, suspect: SuspectWork, count_pages: CountCallback
) -> SuspectReading:
    """Read one article, in a child. Its parent holds the lease, and stages the rows."""
    work = suspect.under(knowledge_of(workspace.settings))
    load_annotator(workspace.settings, work.knowledge)  # the article is not to blame if the model does not fit
    job = _PieceDerivation(workspace, run_id=run_id, day=day, work=work, turns=NoTurns(), last_of=suspect.last_of)
    count_pages(0, None)
    groups = tuple(job.groups())
    return SuspectReading(
        groups=groups,
        outcomes=job.recorder.outcomes,
        cached_outcomes=job.cached_outcomes,
        handed_on=job.handed_on,
        blocked=job.blocked,
    )


class _PieceDerivation:
    """The state that the steps of deriving some articles of a chunk share.

    ``cached_outcomes`` are stored after the outcomes are logged. ``handed_on`` are the pages of staged articles: the
    commit records their outcomes. ``suspects`` are the articles that ``read`` leaves to ``read_suspect``.
    """

    def __init__(  # noqa: PLR0913 - a piece of work of a run
        self,
        workspace: Workspace,
        *,
        run_id: str,
        day: date,
        work: DayWork,
        turns: Turns,
        suspects: Collection[str] = (),
        last_of: Mapping[str, Capture] | None = None,
    ) -> None:
        self.workspace = workspace
        self.run_id = run_id
        self.recorder = OutcomeRecorder(run_id=run_id, stage="derive", now=workspace.settings.now())
        self.day = day
        self.work = work
        self.turns = turns
        self.cached_outcomes: dict[str, CachedOutcome] = {}
        self.blocked = blocked_articles(workspace.takedowns, work.captures)
        self.handed_on: set[PageName] = set()
        self.passed = 0  # articles of the work that are not annotated
        self.suspects = suspects
        self._last_of = last_of or workspace.archive.latest(
            each.page_key for captures in work.captures.values() for each in captures
        )

    def discovered(self) -> dict[PageName, date]:
        """Return the pages of the chunk: those archived under the day, and the last page of each article."""
        return {
            self._page(each): self.day
            for captures in self.work.captures.values()
            for each in (*self._filed_today(captures), captures[-1])
            if self._is_still_of(each)
        }

    def _filed_today(self, captures: Captures) -> list[Capture]:
        return list({each.page_key: each for each in captures if each.news_day == self.day}.values())

    def _is_still_of(self, capture: Capture) -> bool:
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

    def read_suspect(self, article_id: str, batches: _BatchStager, trial: SuspectTrial) -> None:
        """Hand on the rows of a suspect, quarantine it, or leave it to the next run."""
        _, name = page_name_of(self.work.captures[article_id][-1])
        job = partial(_read_alone, day=self.day, run_id=self.run_id, suspect=self._suspect(article_id))
        got = trial.read(job, key=article_id, name=name)
        if isinstance(got, NewsError):
            self._fail(article_id, got)
            return
        self.recorder.adopt(got.outcomes)
        self.cached_outcomes |= got.cached_outcomes
        self.handed_on |= set(got.handed_on)
        self.blocked |= set(got.blocked)
        for group in got.groups:
            batches.add(group, self.work)

    def _suspect(self, article_id: str) -> SuspectWork:
        captures, row = self.work.captures[article_id], self.work.stored.get(article_id)
        return SuspectWork(
            article_id=article_id,
            why=self.work.todo[article_id],
            captures=captures,
            stored={} if row is None else {article_id: row},
            is_stale=article_id in self.work.stale,
            last_of={each.page_key: self._last_of[each.page_key] for each in captures},
            version=self.work.version,
            knowledge_version=self.work.knowledge.version,
        )

    def read(self, batches: _BatchStager, count: Callable[[int], None]) -> None:
        """Hand on the rows of the articles that can be derived. ``count`` gets the number of articles that are done."""
        done = 0
        for group in self.groups():
            batches.add(group, self.work)
            done += len(group.articles) + len(group.failed)
            count(done + self.passed)

    def groups(self) -> Iterator[ArticleTables]:
        """Yield the rows of the articles that can be derived, in groups; quarantine the articles that failed."""
        articles = self._articles()
        first = next(articles, None)
        self.turns.begin()  # no article is to blame if the model does not fit into memory, or a batch that is staged
        if first is None:  # nothing to read, so no model to load
            return
        annotator = load_annotator(self.workspace.settings, self.work.knowledge)
        whole = chain([first], articles)
        for group in derive_articles(whole, annotator=annotator, version=self.work.version, turns=self.turns):
            self.turns.begin()
            for article, error in group.failed:
                self._fail(article.article_id, error)
            lasts = [self.work.captures[each.article_id][-1] for each in group.articles]
            self.handed_on.update(page_name_of(last) for last in lasts if self._is_still_of(last))
            yield group

    def _articles(self) -> Iterator[Article]:
        for article_id in (each for each in self.work.todo if each not in self.suspects):
            captures = self.work.captures[article_id]
            self.turns.begin(article_id)
            article = self._allowed(article_id)
            if article is None:
                self.passed += 1
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
                self.passed += 1
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
            self._fail(article_id, read)
            if isinstance(read, BrokenRecordError):  # tried again until the file is restored
                del self.cached_outcomes[article_id]
        elif isinstance(read, Rejected):
            self._settle(article_id, "rejected", read.reason, read.detail)

    def _fail(self, article_id: str, error: NewsError) -> None:
        """Record the outcome of an article that failed; one to try again is pending."""
        _, name = page_name_of(self.work.captures[article_id][-1])
        self._settle(article_id, outcome_kind_of(error), error.reason, detail_of(error, url=name))
        if error.disposition == "retry":
            self.cached_outcomes[article_id] = replace(self.cached_outcomes[article_id], input_hash=NO_INPUT)

    def _settle(self, article_id: str, kind: OutcomeKind, reason: str, detail: str) -> None:
        captures = self.work.captures[article_id]
        version = failure_version(self.work.version) if reason in BROKEN_REASONS else self.work.version
        cached = CachedOutcome(input_hash_of(captures), version, kind, reason, detail)
        self.cached_outcomes[article_id] = cached
        self._record(captures[-1], cached)

    def _record(self, capture: Capture, cached: CachedOutcome) -> None:
        if not self._is_still_of(capture):
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
