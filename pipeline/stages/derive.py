"""derive(raw, code, model): from archived captures to a staged batch. It never touches the network."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain

import pyarrow as pa

from pipeline.clean import clean
from pipeline.errors import ContractError, NewsError
from pipeline.lake import KEYS_SCHEMA, StoredArticle
from pipeline.model import Annotation, Article, Capture, Rejected, StageReport
from pipeline.model.outcome import OutcomeKind
from pipeline.stages.disposition import Ledger, guarded, outcome_kind_of
from pipeline.stages.log_rows import append_outcomes
from pipeline.stages.reading import Desk, open_desk, version_of
from pipeline.stages.workspace import Workspace
from pipeline.tables import READING_TABLES, annotation_rows, check_rows, rows_table

Tables = dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class DeriveReport:
    """A finished chunk: what left the way already, and the staged batch that awaits its commit, if any."""

    report: StageReport
    batch_id: str | None


def plan_chunks(workspace: Workspace, *, day: date) -> list[dict[str, int]]:
    """Return the pieces that a day is derived in, at least one, so that a day without news still ends in a commit."""
    articles = len(_histories(workspace, day))
    pieces = max(1, min(workspace.settings.derive_chunks, articles // 64))
    return [{"chunk": index, "chunks": pieces} for index in range(pieces)]


def derive(workspace: Workspace, *, day: date, run_id: str, chunk: int = 0, chunks: int = 1) -> DeriveReport:
    """Derive the articles of a news day whose captures have no committed row of this content and version.

    Stages one batch, whose name is a hash of what it is made of: deriving again names it again.
    """
    histories = _histories(workspace, day)
    mine = {article_id: histories[article_id] for article_id in sorted(histories)[chunk::chunks]}
    ledger = Ledger(run_id=run_id, stage="derive", now=workspace.settings.now())
    version = version_of(workspace.settings)
    job = _Derive(workspace, ledger, day=day, version=version, stored=workspace.lake.stored(mine))
    for captures in mine.values():
        job.other_addresses(captures)
    todo = {article_id: captures for article_id, captures in mine.items() if job.is_new(article_id, captures)}
    read, keys = job.read(todo)
    batch_id = _batch_id(day, version, todo) if keys else None
    if batch_id is not None:
        tables = {spec.name: pa.concat_tables(each[spec.name] for each in read) for spec in READING_TABLES}
        workspace.lake.stage(batch_id, tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    append_outcomes(workspace, ledger.outcomes, batch_id=f"{run_id}.derive{chunk}")
    _refuse_silent_breakage(workspace, ledger, day)
    report = StageReport.of("derive", run_id, ledger.outcomes, days=[day])
    return DeriveReport(report, batch_id)


def _histories(workspace: Workspace, day: date) -> dict[str, tuple[Capture, ...]]:
    """Return all captures, of whatever day, of each article that has one filed under this day; oldest first."""
    ids = {capture.article_id for capture in workspace.archive.iterate(day)}
    return {article_id: workspace.archive.captures(article_id=article_id) for article_id in ids}


def _batch_id(day: date, version: str, todo: Mapping[str, Sequence[Capture]]) -> str:
    seen = "\n".join(f"{article_id} {captures[-1].digest}" for article_id, captures in sorted(todo.items()))
    return f"{day}-{hashlib.sha256(f'{version}\n{seen}'.encode()).hexdigest()[:16]}"


def _refuse_silent_breakage(workspace: Workspace, ledger: Ledger, day: date) -> None:
    broken = sum(outcome.outcome == "quarantined" for outcome in ledger.outcomes)
    allowed = workspace.settings.quarantine_max_ratio * len(ledger.outcomes)
    if broken > max(allowed, 1):
        raise ContractError(
            f"{broken} of {len(ledger.outcomes)} pages of {day} went into quarantine; look at outcomes.detail, "
            "or raise NEWS_QUARANTINE_MAX_RATIO",
            key=day.isoformat(),
            reason="too_many_quarantined",
        )


class _Derive:
    """One chunk. State that the steps share, nothing more."""

    def __init__(
        self, workspace: Workspace, ledger: Ledger, *, day: date, version: str, stored: Mapping[str, StoredArticle]
    ) -> None:
        self.workspace = workspace
        self.ledger = ledger
        self.day = day
        self.version = version
        self.stored = {key: article for key, article in stored.items() if article.pipeline_version == version}

    def other_addresses(self, captures: Sequence[Capture]) -> None:
        """Record the day's pages that are an article under another address than the last one: they share its row."""
        last = captures[-1]
        others = {page.page_key: page for page in captures if page.news_day == self.day}
        others.pop(last.page_key, None)
        for page in others.values():
            self._record("unchanged", page, reason="same_article", detail=f"it is the article of {last.url}")

    def is_new(self, article_id: str, captures: Sequence[Capture]) -> bool:
        """Return whether an article must be cleaned; record it as unchanged where these bytes are committed."""
        stored = self.stored.get(article_id)
        if stored is None or stored.raw_ref != captures[-1].digest:
            return True
        self._unchanged(captures[-1])
        return False

    def _unchanged(self, capture: Capture) -> None:
        self._record("unchanged", capture, reason="committed", detail="this content is committed at this version")

    def read(self, histories: Mapping[str, Sequence[Capture]]) -> tuple[list[Tables], list[dict[str, object]]]:
        """Return the tables of each article that reads well, and the batch's keys."""
        tables: list[Tables] = []
        keys: list[dict[str, object]] = []
        articles = self._articles(histories)
        first = next(articles, None)
        if first is None:  # nothing to read, so no model to load
            return tables, keys
        desk = open_desk(self.workspace.settings)
        for article, read in desk.read(chain([first], articles)):
            last = histories[article.article_id][-1]
            got = read if isinstance(read, NewsError) else self._tables(article, read, desk)
            if isinstance(got, NewsError):
                self._fail(last, got)
            else:
                tables.append(got)
                keys.append(self._key(article, last))
        return tables, keys

    def _key(self, article: Article, last: Capture) -> dict[str, object]:
        published = article.published_at.date() if article.published_at is not None else last.news_day
        return {
            "article_id": article.article_id,
            "revision_id": article.revision_id,
            "published_date": published,
            "seen_at": last.fetched_at,
        }

    def _tables(self, article: Article, annotation: Annotation | None, desk: Desk) -> Tables | NewsError:
        rows = annotation_rows(article, annotation, model_name=desk.model_name, pipeline_version=self.version)
        breaches = check_rows(rows)
        if breaches:
            return ContractError(f"{len(breaches)} receipts do not hold: {breaches[0]}", key=article.article_id)
        try:
            return {spec.name: rows_table(spec, rows[spec.name]) for spec in READING_TABLES}
        except ContractError as error:
            return error

    def _articles(self, histories: Mapping[str, Sequence[Capture]]) -> Iterator[Article]:
        for article_id, captures in histories.items():
            article = self._latest(captures)
            if article is None:
                continue
            stored = self.stored.get(article_id)
            if stored is not None and stored.revision_id == article.revision_id:
                self._unchanged(captures[-1])
            else:
                yield replace(article, article_id=article_id)

    def _latest(self, captures: Sequence[Capture]) -> Article | None:
        """Return the content that the archive saw last, as read from the first capture that had it.

        Captures that are no article are passed over as long as an older one is.
        """
        readings: dict[str, Article | Rejected | NewsError] = {}
        first_of = {capture.digest: capture for capture in reversed(captures)}

        def read(digest: str) -> Article | Rejected | NewsError:
            if digest not in readings:
                readings[digest] = self._clean(first_of[digest])
            return readings[digest]

        last = captures[-1]
        found = (got for each in reversed(captures) if isinstance(got := read(each.digest), Article))
        latest = next(found, None)
        if latest is None:
            self._refuse(last, read(last.digest))
            return None
        same = (got for each in captures if isinstance(got := read(each.digest), Article))
        return next(first for first in same if first.revision_id == latest.revision_id)

    def _clean(self, capture: Capture) -> Article | Rejected | NewsError:
        source = next((s for s in self.workspace.sources.sources if s.key == capture.source_key), None)
        page = self.workspace.archive.page(capture)
        return guarded(
            partial(
                clean,
                page,
                source_key=capture.source_key,
                publisher=source.publisher if source is not None else None,
                raw_ref=capture.digest,
            ),
            key=capture.url or capture.hints.file or capture.article_id,
        )

    def _refuse(self, capture: Capture, read: Article | Rejected | NewsError) -> None:
        if isinstance(read, NewsError):
            self._fail(capture, read)
        elif isinstance(read, Rejected):
            self._record("rejected", capture, reason=read.reason, detail=read.detail)

    def _fail(self, capture: Capture, error: NewsError) -> None:
        self._record(outcome_kind_of(error), capture, reason=error.reason, detail=str(error))

    def _record(self, kind: OutcomeKind, capture: Capture, **facts: str | None) -> None:
        self.ledger.record(
            kind,
            url=capture.url or capture.hints.file or capture.article_id,
            source_key=capture.source_key,
            news_day=self.day,
            article_id=capture.article_id,
            raw_ref=capture.digest,
            **facts,
        )
