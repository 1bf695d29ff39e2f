"""Commit staged batches: four tables change at one instant, then the log says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pipeline.jobs.annotator import version_of
from pipeline.jobs.derive import DeriveReport, derive_batch_of
from pipeline.jobs.outcomes import (
    OutcomeRecorder,
    PageName,
    append_outcomes,
    append_run,
    check_balance,
    logged_outcomes,
    page_name_of,
    page_of,
    run_counts,
)
from pipeline.jobs.takedown_guard import DETAIL, REASON, redacted_page
from pipeline.jobs.workspace import Workspace
from pipeline.lake import ArticleResult
from pipeline.model import Outcome, StageReport
from pipeline.model.outcome import OutcomeKind, RunKind
from pipeline.tables import SCHEMA_VERSION

# What the lake did with a staged article, as an outcome: (kind, reason, detail).
_OUTCOMES: dict[ArticleResult, tuple[OutcomeKind, str | None, str | None]] = {
    "committed": ("kept", None, None),
    "unchanged": ("unchanged", "committed", "this content is committed at this version"),
    "superseded": ("pending", "superseded", "the archive has seen other content since; its own run derives that"),
}


@dataclass(frozen=True, slots=True)
class DayCommit:
    """Result of a commit. ``report`` sums deriving and committing; ``rows`` counts committed rows per table.

    ``days`` are the published days whose files changed.
    """

    report: StageReport
    rows: dict[str, int]
    days: tuple[date, ...]
    files_changed: int


def commit_day(
    workspace: Workspace,
    *,
    derived: Sequence[DeriveReport],
    day: date,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
) -> DayCommit:
    """Commit what the chunks of a news day staged as one; log its outcomes and the run.

    A batch that is already in changes nothing. Raises: OutcomeError where the outcomes of this run do not add up.
    """
    batch_ids = [each.batch_id for each in derived if each.batch_id]
    with workspace.at_work():
        told = logged_outcomes(workspace, batch_ids=[derive_batch_of(run_id, chunk=n) for n in range(len(derived))])
        done = workspace.lake.commit(batch_ids, is_current=partial(_is_current, workspace))
        recorder = OutcomeRecorder(run_id=run_id, stage="commit", now=workspace.settings.now())
        discovered = _record(workspace, recorder, done.articles, day=day, told=told)
        check_balance(discovered, (*told, *recorder.outcomes), run_id=run_id)
        append_outcomes(workspace, recorder.outcomes, batch_id=f"{run_id}.commit")
    report = StageReport.of("commit", run_id, recorder.outcomes, days=done.days)
    summary = StageReport.merged("extract", run_id, [*(each.report for each in derived), report])
    rows = dict(done.rows)
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts={**run_counts(summary), "files_changed": done.files_changed, "rows": rows},
        days=done.days,
        versions={"pipeline": version_of(workspace.settings), "schema": SCHEMA_VERSION},
    )
    return DayCommit(summary, rows, done.days, done.files_changed)


def _record(
    workspace: Workspace,
    recorder: OutcomeRecorder,
    results: Mapping[str, ArticleResult],
    *,
    day: date,
    told: Sequence[Outcome],
) -> dict[PageName, date]:
    """Record an outcome per article of a commit; return the pages of the day, those that deriving ``told`` of too."""
    barred = workspace.takedowns.blocked_among(results)
    told_of = {page_of(each): each.article_id for each in told}
    discovered = dict.fromkeys(told_of, day)
    for article_id, result in sorted(results.items()):
        captures = workspace.archive.captures(article_id=article_id)
        if not captures:  # forgotten since it was staged: the archive has no page of that name any more
            continue
        page = redacted_page(page_name_of(captures[-1])) if article_id in barred else page_name_of(captures[-1])
        discovered[page] = day
        if told_of.get(page, article_id) != article_id:  # while this one was read, the page became another article
            continue
        kind, reason, detail = ("rejected", REASON, DETAIL) if article_id in barred else _OUTCOMES[result]
        recorder.record(
            kind,
            url=page[1],
            source_key=page[0],
            news_day=day,
            reason=reason,
            detail=detail,
            article_id=None if article_id in barred else article_id,
            raw_ref=None if article_id in barred else captures[-1].digest,
        )
    return discovered


def _is_current(workspace: Workspace, article_id: str, seen_at: datetime) -> bool:
    """Return whether the article may stand, and the archive has seen no other content of it after ``seen_at``."""
    if workspace.takedowns.is_blocked(article_id):
        return False
    captures = workspace.archive.captures(article_id=article_id)
    known = [capture for capture in captures if capture.fetched_at <= seen_at]
    return bool(known) and captures[-1].digest == known[-1].digest
