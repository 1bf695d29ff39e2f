"""Commit staged batches: four tables change at one instant, then the log says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pipeline.model import Outcome, StageReport
from pipeline.model.outcome import OutcomeKind
from pipeline.stages.barred import DETAIL, REASON, unnamed_page
from pipeline.stages.conservation import check_conservation, page_name_of, page_of
from pipeline.stages.disposition import Ledger
from pipeline.stages.log_rows import append_outcomes
from pipeline.stages.workspace import Workspace

# What the lake did with a staged article, as an outcome: (kind, reason, detail).
_OUTCOMES: dict[str, tuple[OutcomeKind, str | None, str | None]] = {
    "committed": ("kept", None, None),
    "unchanged": ("unchanged", "committed", "this content is committed at this version"),
    "superseded": ("pending", "superseded", "the archive has seen other content since; its own run derives that"),
}


@dataclass(frozen=True, slots=True)
class Committed:
    """A finished commit. ``rows`` are committed rows by table; ``days`` are the published days whose files changed."""

    report: StageReport
    rows: dict[str, int]
    days: tuple[date, ...]
    files_changed: int


def commit(
    workspace: Workspace, *, batch_ids: Sequence[str], day: date, run_id: str, told: Sequence[Outcome] = ()
) -> Committed:
    """Commit staged batches of one news day as one; a batch that is already in changes nothing.

    ``told`` are the outcomes that deriving gave in this run. Raises: OutcomeError where they and these do not add up.
    """
    with workspace.at_work():
        return _commit(workspace, batch_ids=batch_ids, day=day, run_id=run_id, told=told)


def _commit(
    workspace: Workspace, *, batch_ids: Sequence[str], day: date, run_id: str, told: Sequence[Outcome]
) -> Committed:
    done = workspace.lake.commit(batch_ids, is_current=partial(_is_current, workspace))
    ledger = Ledger(run_id=run_id, stage="commit", now=workspace.settings.now())
    barred = workspace.takedowns.among(done.articles)
    told_of = {page_of(each): each.article_id for each in told}
    discovered = dict.fromkeys(told_of, day)
    for article_id, result in sorted(done.articles.items()):
        captures = workspace.archive.captures(article_id=article_id)
        if not captures:  # forgotten since it was staged: the archive has no page of that name any more
            continue
        page = unnamed_page(page_name_of(captures[-1])) if article_id in barred else page_name_of(captures[-1])
        discovered[page] = day
        if told_of.get(page, article_id) != article_id:  # while this one was read, the page became another article
            continue
        kind, reason, detail = ("rejected", REASON, DETAIL) if article_id in barred else _OUTCOMES[result]
        ledger.record(
            kind,
            url=page[1],
            source_key=page[0],
            news_day=day,
            reason=reason,
            detail=detail,
            article_id=None if article_id in barred else article_id,
            raw_ref=None if article_id in barred else captures[-1].digest,
        )
    check_conservation(discovered, (*told, *ledger.outcomes), run_id=run_id)
    append_outcomes(workspace, ledger.outcomes, batch_id=f"{run_id}.commit")
    report = StageReport.of("commit", run_id, ledger.outcomes, days=done.days)
    return Committed(report, dict(done.rows), tuple(done.days), done.files_changed)


def _is_current(workspace: Workspace, article_id: str, seen_at: datetime) -> bool:
    """Return whether the article may stand, and the archive has seen no other content of it after ``seen_at``."""
    if workspace.takedowns.bars(article_id):
        return False
    captures = workspace.archive.captures(article_id=article_id)
    known = [capture for capture in captures if capture.fetched_at <= seen_at]
    return bool(known) and captures[-1].digest == known[-1].digest
