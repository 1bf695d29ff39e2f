"""Forgetting: every trace of some pages goes from archive, lake, log, inboxes and state, and none comes in again.

The takedown is written down first, so that nothing comes in behind it; killed anywhere, the next call ends it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.clusters import co_mention_rows
from pipeline.model import Capture
from pipeline.raw import Takedown, Work, only_takedown, source_name, wait_for_earlier_work
from pipeline.stages.cluster import relate
from pipeline.stages.doomed import Target, barred_by, closed, copies_of, ids_in, names_of, with_rows, work_of
from pipeline.stages.unnaming import erase_from_inboxes, list_deletions, unname
from pipeline.stages.workspace import Workspace
from pipeline.tables import READING_TABLES

Told = Callable[[str], None]
_CAME_AGAIN = "its records came in again with an old file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
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


def preview(workspace: Workspace, target: Target) -> Forgotten:
    """Return what ``forget`` would remove now. Raises: ConfigError."""
    return _summary(workspace, work_of(workspace, target), target)


def _summary(workspace: Workspace, work: Work, target: Target) -> Forgotten:
    captures = len(_captures(workspace, work))
    return Forgotten(
        takedown_id=None,
        is_here=bool(captures or work.rows or workspace.fetch_state.of_pages(work.page_keys)),
        articles=tuple(sorted(work.article_ids)),
        pages=len(work.page_keys),
        captures=captures,
        rows={spec.name: len(ids_in(workspace, spec.name, work)) for spec in READING_TABLES},
        days=tuple(sorted(map(str, work.days))),
        copies=tuple(sorted(copies_of(workspace, work))) if target.kind == "article" else (),
    )


def _captures(workspace: Workspace, work: Work) -> tuple[Capture, ...]:
    """Return the records that go: of a source only its own."""
    if work.source_key is not None:
        return workspace.archive.captures_of(source_key=work.source_key)
    return workspace.archive.captures_of(page_keys=work.page_keys, article_ids=work.article_ids)


def forget(workspace: Workspace, target: Target, *, reason: str | None, tell: Told) -> Forgotten:
    """Forget pages for good; waits for runs that are under way. Raises: ConfigError before anything is removed."""
    with only_takedown(workspace.settings.raw_dir):
        _finish(workspace, tell)
        work = work_of(workspace, target)
        seen = _summary(workspace, work, target)
        takedown = workspace.takedowns.begin(
            target.kind, names=names_of(target, work), work=work, at=workspace.settings.now(), reason=reason
        )
        done = _carry_out(workspace, takedown, tell)
    is_here = seen.is_here or bool(done["log_rows"] or done["inbox_files"])
    return replace(seen, takedown_id=takedown.takedown_id, is_here=is_here, **done)


def finish_takedowns(workspace: Workspace, tell: Told = lambda _: None) -> tuple[str, ...]:
    """End takedowns that were stopped on the way, and remove again what old files brought back; return what was done,
    and what a takedown waits for that could not be ended: it is not ``is_done``."""
    if not workspace.takedowns.all():
        return ()
    with only_takedown(workspace.settings.raw_dir):
        done = _finish(workspace, tell)
        for work in _come_again(workspace):
            takedown = workspace.takedowns.begin(
                "article", names=barred_by(work), work=work, at=workspace.settings.now(), reason=_CAME_AGAIN
            )
            _carry_out(workspace, takedown, tell)
            done.append(f"removed what was forgotten and came in again: takedown {takedown.takedown_id}")
    return tuple(done)


def _finish(workspace: Workspace, tell: Told) -> list[str]:
    unfinished = [each for each in workspace.takedowns.all() if not each.is_done]
    return [_ending(each.takedown_id, _carry_out(workspace, each, tell)["remains"]) for each in unfinished]


def _ending(takedown_id: str, remains: Sequence[str]) -> str:
    if remains:
        return f"takedown {takedown_id} is not finished: {'; '.join(remains)}"
    return f"finished takedown {takedown_id}"


def _come_again(workspace: Workspace) -> list[Work]:
    """Return what the archive has of what is barred."""
    barred = workspace.takedowns.names()
    again = [Work(article_ids=frozenset(name for name in barred if ":" not in name))]
    sources = [key for key in workspace.archive.last_days() if source_name(key) in barred]
    found = [closed(workspace, each) for each in (*again, *(Work(source_key=key) for key in sources))]
    return [with_rows(workspace, each) for each in found if _captures(workspace, each)]


def _carry_out(workspace: Workspace, takedown: Takedown, tell: Told) -> dict[str, Any]:
    """Do what a takedown says, or what of it is left; return what of ``Forgotten`` is known only then."""
    takedowns, archive, erasure = workspace.takedowns, workspace.archive, workspace.lake.erasure
    tell("waiting for runs that are under way")
    called_at = wait_for_earlier_work(workspace.settings.raw_dir)
    archive.recover()  # what dead runs had archived must be found, too
    work = with_rows(workspace, closed(workspace, takedowns.work(takedown.takedown_id)))
    takedowns.widen(takedown.takedown_id, names=barred_by(work), work=work)
    tell("erasing from the archive")
    archive.erase(_captures(workspace, work), page_keys=work.page_keys, source_key=work.source_key)
    tell("erasing from the tables")
    list_deletions(workspace, takedown, work)
    erasure.rows(work.article_ids)
    if work.days:
        tell("relating the days around")
        relate(workspace, news_day=min(work.days), days=work.days)
    erasure.traces(days=work.days, older_than=called_at)
    snapshots = erasure.snapshots(work.article_ids, count=co_mention_rows)
    tell("erasing from log, inboxes and state")
    log_rows = unname(workspace, work)
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
