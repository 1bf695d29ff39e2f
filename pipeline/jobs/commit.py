"""Commit staged batches: four tables change at once, then the outcomes and the run are logged.

Add-ons follow, such as the search index. They may fail without harm.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.jobs.derive import DeriveReport, derive_batch_of
from newslake.pipeline.jobs.outcomes import (
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
from newslake.pipeline.jobs.pipeline_version import versions_of
from newslake.pipeline.jobs.takedown_guard import DETAIL, REASON, redacted_page
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import ArticleResult, CommitReport
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Outcome, StageReport
from newslake.pipeline.model.outcome import OutcomeKind, RunKind

log = logging.getLogger(__name__)

# The outcome for each result of a staged article: (kind, reason, detail).
_OUTCOMES: dict[ArticleResult, tuple[OutcomeKind, str | None, str | None]] = {
    "committed": ("kept", None, None),
    "unchanged": ("unchanged", "committed", "this revision is committed at this pipeline version"),
    "superseded": ("pending", "superseded", "the archive has a newer payload; the next run processes it"),
}


@dataclass(frozen=True, slots=True)
class DayCommit:
    """Result of a commit. ``report`` covers deriving and committing; ``rows`` counts committed rows per table.

    ``days`` are the published days whose files changed, ``outcomes`` those of the whole run. ``files_changed`` counts
    those of the whole commit, also if it had other news days.
    """

    report: StageReport
    rows: dict[str, int]
    days: tuple[date, ...]
    files_changed: int
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedDay:
    """A news day whose chunks are staged, the run that did it, and how long it took."""

    day: date
    run_id: str
    started_at: datetime
    chunks: Sequence[DeriveReport]
    seconds: float = 0.0

    @property
    def batch_ids(self) -> list[str]:
        return [each for chunk in self.chunks for each in chunk.batch_ids]


def commit_day(
    workspace: Workspace,
    *,
    derived: Sequence[DeriveReport],
    day: date,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
) -> DayCommit:
    """Commit the staged chunks of a news day together; log the outcomes and the run.

    A batch that is already committed changes nothing. Raises: OutcomeError if the run's outcomes do not add up.
    """
    one = DerivedDay(day=day, run_id=run_id, started_at=started_at, chunks=derived)
    return commit_days(workspace, [one], kind=kind)[day]


def commit_days(workspace: Workspace, days: Sequence[DerivedDay], *, kind: RunKind) -> dict[date, DayCommit]:
    """Commit several news days in one commit; log outcomes and run of each; call the add-ons."""
    with workspace.at_work() as lease:
        began = workspace.settings.now()
        lease.check()
        done = workspace.lake.commit(
            [each for derived in days for each in derived.batch_ids], is_current=partial(_is_current, workspace)
        )
        if len(days) > 1:  # the time of a run is its time of deriving and its share of the commit
            ended = workspace.settings.now()
            share = (ended - began) / len(days)
            days = [replace(each, started_at=ended - share - timedelta(seconds=each.seconds)) for each in days]
        logged = {each.day: _log_day(workspace, each, done.of(each.batch_ids), kind=kind, lease=lease) for each in days}
        for error in addons_of(workspace.settings.addons).collect("after_commit", workspace=workspace)[1]:
            log.warning("after the commit: %s", error)
        return logged


def _log_day(
    workspace: Workspace, derived: DerivedDay, done: CommitReport, *, kind: RunKind, lease: Lease
) -> DayCommit:
    run_id = derived.run_id
    derived_outcomes = logged_outcomes(
        workspace, batch_ids=[derive_batch_of(run_id, chunk=n) for n in range(len(derived.chunks))]
    )
    recorder = OutcomeRecorder(run_id=run_id, stage="commit", now=workspace.settings.now())
    discovered = _record(workspace, recorder, done.articles, day=derived.day, derived_outcomes=derived_outcomes)
    check_balance(discovered, (*derived_outcomes, *recorder.outcomes), run_id=run_id)
    append_outcomes(workspace, recorder.outcomes, batch_id=f"{run_id}.commit", lease=lease)
    report = StageReport.of("commit", run_id, recorder.outcomes, days=done.days)
    summary = StageReport.merged("extract", run_id, [*(each.report for each in derived.chunks), report])
    rows = dict(done.rows)
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=derived.started_at,
        counts={**run_counts(summary), "files_changed": done.files_changed, "rows": rows},
        days=done.days,
        versions=versions_of(workspace.settings),
    )
    return DayCommit(summary, rows, done.days, done.files_changed, (*derived_outcomes, *recorder.outcomes))


def _record(
    workspace: Workspace,
    recorder: OutcomeRecorder,
    results: Mapping[str, ArticleResult],
    *,
    day: date,
    derived_outcomes: Sequence[Outcome],
) -> dict[PageName, date]:
    """Record one outcome per article of a commit; return all pages of the day, also those of ``derived_outcomes``."""
    blocked = workspace.takedowns.blocked_among(results)
    article_of = {page_of(each): each.article_id for each in derived_outcomes}
    discovered = dict.fromkeys(article_of, day)
    for article_id, result in sorted(results.items()):
        captures = workspace.archive.captures(article_id=article_id)
        if not captures:  # taken down after staging: the archive no longer has the page
            continue
        page = redacted_page(page_name_of(captures[-1])) if article_id in blocked else page_name_of(captures[-1])
        discovered[page] = day
        if article_of.get(page, article_id) != article_id:  # during deriving, the page became another article
            continue
        kind, reason, detail = ("rejected", REASON, DETAIL) if article_id in blocked else _OUTCOMES[result]
        recorder.record(
            kind,
            url=page[1],
            source_key=page[0],
            news_day=day,
            reason=reason,
            detail=detail,
            article_id=None if article_id in blocked else article_id,
            payload_digest=None if article_id in blocked else captures[-1].digest,
        )
    return discovered


def _is_current(workspace: Workspace, article_id: str, seen_at: datetime) -> bool:
    """Return whether no takedown blocks the article and the archive has no other payload after ``seen_at``.

    It is called under the committer's lease. A takedown blocks first, and then erases under that lease. So no row of a
    taken-down article remains, also if the writer's lease is lost meanwhile.
    """
    if workspace.takedowns.is_blocked(article_id):
        return False
    captures = workspace.archive.captures(article_id=article_id)
    known = [capture for capture in captures if capture.fetched_at <= seen_at]
    return bool(known) and captures[-1].digest == known[-1].digest
