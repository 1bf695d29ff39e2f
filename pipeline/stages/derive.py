"""derive(raw, code, model): from archived captures to a staged batch. It never touches the network."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from pipeline.clean import clean
from pipeline.errors import ContractError, NewsError
from pipeline.lake import KEYS_SCHEMA, StoredArticle
from pipeline.model import Annotation, Article, Capture, Rejected, StageReport
from pipeline.model.outcome import OutcomeKind
from pipeline.stages.disposition import Ledger, outcome_kind_of
from pipeline.stages.log_rows import append_outcomes
from pipeline.stages.reading import Desk, open_desk, version_of
from pipeline.stages.workspace import Workspace
from pipeline.tables import READING_TABLES, annotation_rows, check_rows, rows_table

Rows = dict[str, list[Mapping[str, object]]]


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
    job = _Derive(workspace, ledger, day=day, version=version_of(workspace.settings))
    todo = {article_id: captures for article_id, captures in mine.items() if job.is_new(article_id, captures)}
    rows, keys = job.read(todo)
    batch_id = _batch_id(day, job.version, todo) if keys else None
    if batch_id is not None:
        tables = {spec.name: rows_table(spec, rows[spec.name]) for spec in READING_TABLES}
        workspace.lake.stage(batch_id, tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    append_outcomes(workspace, ledger.outcomes, batch_id=f"{run_id}.derive{chunk}of{chunks}")
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

    def __init__(self, workspace: Workspace, ledger: Ledger, *, day: date, version: str) -> None:
        self.workspace = workspace
        self.ledger = ledger
        self.day = day
        self.version = version

    def is_new(self, article_id: str, captures: Sequence[Capture]) -> bool:
        """Return whether an article must be cleaned; record it as unchanged where these bytes are committed."""
        stored = self._committed(article_id)
        if stored is None or stored.raw_ref != captures[-1].digest:
            return True
        self._unchanged(captures[-1])
        return False

    def _committed(self, article_id: str) -> StoredArticle | None:
        stored = self.workspace.lake.stored([article_id]).get(article_id)
        return stored if stored is not None and stored.pipeline_version == self.version else None

    def _unchanged(self, capture: Capture) -> None:
        self._record("unchanged", capture, reason="committed", detail="this content is committed at this version")

    def read(self, histories: Mapping[str, Sequence[Capture]]) -> tuple[Rows, list[dict[str, object]]]:
        """Return the rows of all articles that read well, by table, and the batch's keys."""
        rows: Rows = {spec.name: [] for spec in READING_TABLES}
        keys: list[dict[str, object]] = []
        if not histories:
            return rows, keys
        desk: Desk = open_desk(self.workspace.settings)
        for article, read in desk.read(self._articles(histories)):
            last = histories[article.article_id][-1]
            got = read if isinstance(read, NewsError) else self._rows(article, read, desk)
            if isinstance(got, NewsError):
                self._fail(last, got)
                continue
            for name, found in got.items():
                rows[name].extend(found)
            keys.append(self._key(article, last))
        return rows, keys

    def _key(self, article: Article, last: Capture) -> dict[str, object]:
        published = article.published_at.date() if article.published_at is not None else last.news_day
        return {
            "article_id": article.article_id,
            "revision_id": article.revision_id,
            "published_date": published,
            "seen_at": last.fetched_at,
        }

    def _rows(self, article: Article, annotation: Annotation | None, desk: Desk) -> Rows | NewsError:
        rows = annotation_rows(article, annotation, model_name=desk.model_name, pipeline_version=self.version)
        breaches = check_rows(rows)
        if breaches:
            return ContractError(f"{len(breaches)} receipts do not hold: {breaches[0]}", key=article.article_id)
        try:
            for spec in READING_TABLES:
                rows_table(spec, rows[spec.name])
        except ContractError as error:
            return error
        return rows

    def _articles(self, histories: Mapping[str, Sequence[Capture]]) -> Iterator[Article]:
        for article_id, captures in histories.items():
            article = self._latest(captures)
            if article is None:
                continue
            stored = self._committed(article_id)
            if stored is not None and stored.revision_id == article.revision_id:
                self._unchanged(captures[-1])
            else:
                yield replace(article, article_id=article_id)

    def _latest(self, captures: Sequence[Capture]) -> Article | None:
        """Return the content that the archive saw last, as read from the first capture that had it.

        Captures that are no article are passed over as long as an older one is.
        """
        readings: dict[str, Article | Rejected | NewsError] = {}
        for capture in captures:
            if capture.digest not in readings:
                readings[capture.digest] = self._clean(capture)
        for capture in reversed(captures):
            latest = readings[capture.digest]
            if isinstance(latest, Article):
                return next(
                    first
                    for first in readings.values()
                    if isinstance(first, Article) and first.revision_id == latest.revision_id
                )
        last = captures[-1]
        self._refuse(last, readings[last.digest])
        return None

    def _clean(self, capture: Capture) -> Article | Rejected | NewsError:
        source = next((s for s in self.workspace.sources.sources if s.key == capture.source_key), None)
        try:
            return clean(
                self.workspace.archive.page(capture),
                source_key=capture.source_key,
                publisher=source.publisher if source is not None else None,
                raw_ref=capture.digest,
            )
        except NewsError as error:
            return error

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
