"""Forgetting: every trace of some pages goes from archive, lake, log, inboxes and state, and none comes in again.

The takedown is written down first, so that nothing comes in behind it; killed anywhere, the next call ends it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.archive import Takedown, TakedownPlan, source_name, takedown_lock, wait_for_writers
from pipeline.clusters import co_mention_rows
from pipeline.jobs.cluster import relate
from pipeline.jobs.doomed import (
    TakedownTarget,
    article_ids_in,
    copies_of,
    expand_plan,
    plan_names,
    plan_takedown,
    target_names,
    with_rows,
)
from pipeline.jobs.unnaming import erase_from_inboxes, list_deletions, redact_log
from pipeline.jobs.workspace import Workspace
from pipeline.model import Capture
from pipeline.tables import READING_TABLES

ProgressCallback = Callable[[str], None]
_CAME_AGAIN = "its records came in again with an old file"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownResult:
    """What goes, or went. ``rows`` are those of the reading tables, ``copies`` are articles that repeat it and stay.

    ``log_rows`` name nobody any more, ``inbox_files`` were changed or removed, ``snapshots`` lost rows: nothing of that
    before it is done, when ``takedown_id`` is None. ``is_here``: archive, tables or state of fetching, or
    in the end the log or an inbox, had something of it. ``remains`` says what keeps it from its end, a sentence each.
    """

    takedown_id: str | None
    is_here: bool
    articles: tuple[str, ...]
    pages: int
    captures: int
    rows: Mapping[str, int]
    days: tuple[str, ...]
    copies: tuple[str, ...]
    log_rows: int = 0
    inbox_files: int = 0
    snapshots: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()


def preview_takedown(workspace: Workspace, target: TakedownTarget) -> TakedownResult:
    """Return what ``forget`` would remove now. Raises: ConfigError."""
    return _summary(workspace, plan_takedown(workspace, target), target)


def _summary(workspace: Workspace, work: TakedownPlan, target: TakedownTarget) -> TakedownResult:
    captures = len(_captures(workspace, work))
    return TakedownResult(
        takedown_id=None,
        is_here=bool(captures or work.rows or workspace.fetch_state.of_pages(work.page_keys)),
        articles=tuple(sorted(work.article_ids)),
        pages=len(work.page_keys),
        captures=captures,
        rows={spec.name: len(article_ids_in(workspace, spec.name, work)) for spec in READING_TABLES},
        days=tuple(sorted(map(str, work.days))),
        copies=tuple(sorted(copies_of(workspace, work))) if target.kind == "article" else (),
    )


def _captures(workspace: Workspace, work: TakedownPlan) -> tuple[Capture, ...]:
    """Return the records that go: of a source only its own."""
    if work.source_key is not None:
        return workspace.archive.find_captures(source_key=work.source_key)
    return workspace.archive.find_captures(page_keys=work.page_keys, article_ids=work.article_ids)


def forget(
    workspace: Workspace, target: TakedownTarget, *, reason: str | None, report_progress: ProgressCallback
) -> TakedownResult:
    """Forget pages for good; waits for runs that are under way. Raises: ConfigError before anything is removed."""
    with takedown_lock(workspace.settings.raw_dir):
        _finish(workspace, report_progress)
        work = plan_takedown(workspace, target)
        seen = _summary(workspace, work, target)
        takedown = workspace.takedowns.begin(
            target.kind, names=target_names(target, work), work=work, at=workspace.settings.now(), reason=reason
        )
        done = _carry_out(workspace, takedown, report_progress)
    is_here = seen.is_here or bool(done["log_rows"] or done["inbox_files"])
    return replace(seen, takedown_id=takedown.takedown_id, is_here=is_here, **done)


def finish_takedowns(workspace: Workspace, report_progress: ProgressCallback = lambda _: None) -> tuple[str, ...]:
    """End takedowns that were stopped on the way, and remove again what old files brought back; return what was done,
    and what a takedown waits for that could not be ended: it is not ``is_done``."""
    if not workspace.takedowns.all():
        return ()
    with takedown_lock(workspace.settings.raw_dir):
        done = _finish(workspace, report_progress)
        for work in _returned_articles(workspace):
            takedown = workspace.takedowns.begin(
                "article", names=plan_names(work), work=work, at=workspace.settings.now(), reason=_CAME_AGAIN
            )
            _carry_out(workspace, takedown, report_progress)
            done.append(f"removed what was forgotten and came in again: takedown {takedown.takedown_id}")
    return tuple(done)


def _finish(workspace: Workspace, report_progress: ProgressCallback) -> list[str]:
    unfinished = [each for each in workspace.takedowns.all() if not each.is_done]
    return [_ending(each.takedown_id, _carry_out(workspace, each, report_progress)["remains"]) for each in unfinished]


def _ending(takedown_id: str, remains: Sequence[str]) -> str:
    if remains:
        return f"takedown {takedown_id} is not finished: {'; '.join(remains)}"
    return f"finished takedown {takedown_id}"


def _returned_articles(workspace: Workspace) -> list[TakedownPlan]:
    """Return what the archive has of what is barred."""
    barred = workspace.takedowns.names()
    again = [TakedownPlan(article_ids=frozenset(name for name in barred if ":" not in name))]
    sources = [key for key in workspace.archive.last_days() if source_name(key) in barred]
    found = [expand_plan(workspace, each) for each in (*again, *(TakedownPlan(source_key=key) for key in sources))]
    return [with_rows(workspace, each) for each in found if _captures(workspace, each)]


def _carry_out(workspace: Workspace, takedown: Takedown, report_progress: ProgressCallback) -> dict[str, Any]:
    """Do what a takedown says, or what of it is left; return what of ``TakedownResult`` is known only then."""
    takedowns, archive, erasure = workspace.takedowns, workspace.archive, workspace.lake.erasure
    report_progress("waiting for runs that are under way")
    called_at = wait_for_writers(workspace.settings.raw_dir)
    archive.recover()  # what dead runs had archived must be found, too
    work = with_rows(workspace, expand_plan(workspace, takedowns.work(takedown.takedown_id)))
    takedowns.widen(takedown.takedown_id, names=plan_names(work), work=work)
    report_progress("erasing from the archive")
    archive.erase(_captures(workspace, work), page_keys=work.page_keys, source_key=work.source_key)
    report_progress("erasing from the tables")
    list_deletions(workspace, takedown, work)
    erasure.rows(work.article_ids)
    if work.days:
        report_progress("relating the days around")
        relate(workspace, news_day=min(work.days), days=work.days)
    erasure.traces(days=work.days, older_than=called_at)
    snapshots = erasure.snapshots(work.article_ids, count=co_mention_rows)
    report_progress("erasing from log, inboxes and state")
    log_rows = redact_log(workspace, work)
    inbox_files = erase_from_inboxes(workspace, work)
    workspace.fetch_state.erase(work.page_keys, source_key=work.source_key)
    if not snapshots.damaged:  # else whoever ends it must know what it removes
        takedowns.finish(takedown.takedown_id)
    return {
        "log_rows": log_rows,
        "inbox_files": inbox_files,
        "snapshots": snapshots.changed,
        "remains": snapshots.damaged,
    }
