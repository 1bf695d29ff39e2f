"""Changes of articles: which rows changed after a time, and how, from what an article index has of each article.

A stamp is the time of a change, and later than every earlier stamp, even if the clock goes back: a reader that queries
the changes after its last stamp misses nothing and gets nothing twice. If the index is lost, everything is new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from newslake.pipeline.sqlite import from_micros

ChangeKind = Literal["new", "changed", "moved", "removed", "withdrawn", "returned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleChange:
    """A change of one article. ``day`` is the day of its rows, or their last one; ``from_day`` the day before a move.

    removed: the lake no longer has its rows. withdrawn: the publisher removed the page; its rows stay.
    """

    article_id: str
    kind: ChangeKind
    day: date
    from_day: date | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes after a time, in order of time. ``days`` are those with changed rows in any table.

    ``until`` is the last stamp: the start time of the next query. A lake that never had rows has no stamp.
    """

    until: datetime | None
    articles: tuple[ArticleChange, ...]
    days: tuple[date, ...]


class ChangeRow(NamedTuple):
    """What the index has of an article whose rows changed; times are stamps."""

    article_id: str
    day: date
    is_removed: bool
    first_at: int
    changed_at: int
    moved_from: date | None
    moved_at: int | None


class GoneRow(NamedTuple):
    """What the index has of an article whose page is gone from the web, or is there again; times are stamps."""

    article_id: str
    day: date
    is_gone: bool
    gone_at: int


class ArticleHistory(NamedTuple):
    """All that the index has of the changes of an article."""

    article_id: str
    day: date
    is_removed: bool
    first_at: int
    changed_at: int
    moved_from: date | None
    moved_at: int | None
    is_gone: bool
    gone_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHistory:
    """All changes that an index knows, which neither tables nor manifests have.

    ``articles`` are sorted. ``days`` has the stamp of the last change of each day, ``knowledge`` what the rows of a day
    are derived with, for days where that is known. ``last`` is the last stamp, None before the first change.
    """

    articles: tuple[ArticleHistory, ...]
    days: Mapping[date, int]
    knowledge: Mapping[date, str]
    last: int | None


def changes_of(
    rows: Iterable[ChangeRow], gone: Iterable[GoneRow], *, after: int, last: int | None, days: Iterable[date]
) -> Changes:
    """Return the changes after a stamp, from the rows that have later ones. ``last`` is the last stamp of all."""
    changes = [_article_change(row, after) for row in rows]
    changes += [
        ArticleChange(
            article_id=row.article_id,
            kind="withdrawn" if row.is_gone else "returned",
            day=row.day,
            from_day=None,
            at=from_micros(row.gone_at),
        )
        for row in gone
    ]
    return Changes(
        until=None if last is None else from_micros(last),
        articles=tuple(sorted(changes, key=lambda each: (each.at, each.day, each.article_id))),
        days=tuple(days),
    )


def _article_change(row: ChangeRow, after: int) -> ArticleChange:
    """Return the net change of a row after a stamp."""
    is_moved = row.moved_at is not None and row.moved_at > after
    kind: ChangeKind = (
        "removed" if row.is_removed else "new" if row.first_at > after else "moved" if is_moved else "changed"
    )
    return ArticleChange(
        article_id=row.article_id,
        kind=kind,
        day=row.day,
        from_day=row.moved_from if kind == "moved" else None,
        at=from_micros(row.changed_at),
    )
