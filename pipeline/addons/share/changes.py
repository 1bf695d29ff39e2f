"""What changed in the lake since a given time, for programs that keep a copy of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import ArticleChange

_ARTICLE_COLUMNS = ("article_id", "url", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedArticle:
    """One change. ``url`` and ``title`` are those of the current row; None if the article no longer has a row.

    ``from_day`` is the previous day of an article that moved.
    """

    at: datetime
    kind: str
    day: date
    from_day: date | None
    article_id: str
    url: str | None
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeList:
    """Changes in time order. ``until`` is the next ``since``; ``days`` are the days to copy again."""

    since: datetime
    until: datetime
    days: tuple[date, ...]
    articles: tuple[ChangedArticle, ...]


def changes_since(workspace: Workspace, since: datetime) -> ChangeList:
    """Return the changes after a time: article rows, pages that are gone or back, and days of any table."""
    record_withdrawn(workspace)
    found = workspace.lake.index.changes(since)
    rows = _rows(workspace, {each.day for each in found.articles})
    return ChangeList(
        since=since,
        until=found.until or since,
        days=found.days,
        articles=tuple(_changed_article(each, rows.get(each.article_id, {})) for each in found.articles),
    )


def record_withdrawn(workspace: Workspace) -> None:
    """Record in the lake's article index the articles whose pages are gone, as the archive knows."""
    workspace.lake.index.note_gone(workspace.archive.gone(), now=workspace.settings.now())


def _rows(workspace: Workspace, days: Iterable[date]) -> Mapping[str, Mapping[str, Any]]:
    table = workspace.lake.read("articles", days=days, columns=_ARTICLE_COLUMNS)
    return {row["article_id"]: row for row in table.to_pylist()}


def _changed_article(change: ArticleChange, row: Mapping[str, Any]) -> ChangedArticle:
    return ChangedArticle(
        at=change.at,
        kind=change.kind,
        day=change.day,
        from_day=change.from_day,
        article_id=change.article_id,
        url=row.get("url"),
        title=row.get("title"),
    )
