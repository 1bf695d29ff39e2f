"""Freshness: how long ago a source last published, compared with limits that are configured or usual for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FreshnessStatus = Literal["ok", "warn", "stale", "no_baseline"]
FreshnessCause = Literal["quiet", "failing", "not_polled"]
FreshnessBasis = Literal["configured", "history"]
FRESHNESS_LABELS: Mapping[FreshnessStatus, str] = {
    "ok": "ok",
    "warn": "late",
    "stale": "STALE",
    "no_baseline": "no baseline",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")  # ISO weekdays 1 to 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessLimits:
    """The ``freshness`` table of a source in ``sources.toml``, with the file's defaults for keys that it lacks.

    Hours count from the newest article. A source is warned of after ``warn_after_hours`` and stale after
    ``error_after_hours``; None means the usual limit of the source. ``min_articles`` is the least number of articles of
    a published day by ISO weekday, 1 for Monday; a weekday without a number has no minimum.
    """

    warn_after_hours: float | None = None
    error_after_hours: float | None = None
    min_articles: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFreshness:
    """How fresh a source is. All times are UTC.

    ``status``: "ok", "warn" (late), "stale" (too late), or "no_baseline" (neither limits nor enough history, so it is
    not known; never the same as "ok").
    ``cause`` of "warn" and "stale": "quiet" (polls were answered without new articles), "failing" (polls failed, or
    no new page could be read) or "not_polled" (no run polled the source).
    ``newest_at`` is the time of the newest article: when it was published, else first fetched. ``last_polled_at`` is
    the time of the last answered poll. ``since`` is when the status became "warn" or "stale".
    ``basis`` says where the limits come from; None if there are none. ``message`` is one sentence for people.
    ``unread_pages`` of a late source counts the pages since the last that could be read, ``unread_reason`` is
    their most frequent reason.
    """

    source_key: str
    status: FreshnessStatus
    cause: FreshnessCause | None
    newest_at: datetime | None
    last_polled_at: datetime | None
    since: datetime | None
    warn_after_hours: float | None
    error_after_hours: float | None
    basis: FreshnessBasis | None
    message: str
    unread_pages: int = 0
    unread_reason: str | None = None

    @property
    def is_late(self) -> bool:
        """Whether a person should look: the source is late or too late."""
        return self.status in ("warn", "stale")

    @property
    def label(self) -> str:
        """The status for people, and since when it is late or stale."""
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since is not None else ""
        return FRESHNESS_LABELS[self.status] + since

    @property
    def line(self) -> str:
        """The source, its status and the message in one line."""
        return f"{self.source_key}: {self.label}: {self.message}"
