"""The daily upkeep: which source fell silent, and which cluster tables a dead run left behind."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from pipeline.jobs.annotator import version_of
from pipeline.jobs.cluster import cluster
from pipeline.jobs.expected import baseline
from pipeline.jobs.log_rows import append_run
from pipeline.jobs.workspace import Workspace
from pipeline.model import pluralize
from pipeline.model.outcome import RunKind
from pipeline.sources import listable_days
from pipeline.tables import SCHEMA_VERSION

log = logging.getLogger(__name__)

_WEEKS = 4
_THIN = 4  # fewer than a fourth of what is usual
_RUNS_MAX = 1000  # a backfill of a year writes 730
_ENOUGH = 8  # pages a day below which a thin day is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How a source's news day compares: pages archived, what is usual for that day, and the last day with pages.

    ``usual`` is the median of the same weekday in four weeks, of all days where fewer than two of these are known;
    None where these weeks have no page. ``last_day`` is of all time. ``warning`` is a sentence that names the source,
    None when all is well.
    """

    source_key: str
    day: date
    pages: int
    usual: float | None
    last_day: date | None

    @property
    def warning(self) -> str | None:
        if self.last_day is None:
            return f"{self.source_key}: no page of it was ever archived; is its entry in sources.toml right?"
        if self.usual is None:
            return f"{self.source_key}: no page for four weeks; the last is of {self.last_day}"
        if self.pages == 0 and self.usual >= 1:
            return (
                f"{self.source_key}: no page for {self.day}, usually {self.usual:.0f}; the last is of {self.last_day}"
            )
        if self.usual >= _ENOUGH and self.pages * _THIN < self.usual:
            return f"{self.source_key}: only {pluralize(self.pages, 'page')} for {self.day}, usually {self.usual:.0f}"
        return None


def freshness(workspace: Workspace, *, day: date) -> tuple[Freshness, ...]:
    """Return how each source's pages of a news day compare with the four weeks before, in the order of sources.toml.

    Folders and inboxes are as full as people make them, and are left out; so is what does not promise the day yet.
    """
    first = day - timedelta(weeks=_WEEKS)
    pages = {(f.source_key, f.news_day, f.page_key) for f in workspace.archive.capture_summaries(first, day)}
    counts = Counter((source, news_day) for source, news_day, _ in pages if first <= news_day <= day)
    last_days = workspace.archive.last_days()
    now = workspace.settings.now()
    online = (source for source in workspace.sources.sources if source.is_online)
    sources = [source.key for source in online if day in listable_days(source, now=now)]
    return tuple(
        _freshness(key, day, {d: n for (source, d), n in counts.items() if source == key}, last_days.get(key))
        for key in sources
    )


def _freshness(source_key: str, day: date, counts: Mapping[date, int], last_day: date | None) -> Freshness:
    begin = min(counts, default=None)
    usual = None if begin is None else _usual(counts, begin=begin, day=day)
    return Freshness(source_key=source_key, day=day, pages=counts.get(day, 0), usual=usual, last_day=last_day)


def _usual(counts: Mapping[date, int], *, begin: date, day: date) -> float:
    known = [begin + timedelta(days=number) for number in range((day - begin).days)]
    days = baseline(known, day, weeks=_WEEKS, least=2)
    return float(median(counts.get(each, 0) for each in days)) if days else 0.0


def relate_recent(workspace: Workspace, *, day: date) -> int:
    """Cluster what the newest runs touched once more, for runs that died before they could; return files changed."""
    runs = workspace.lake.log.read("runs", newest=_RUNS_MAX)
    touched = {date.fromisoformat(each) for days in runs["days_touched"].to_pylist() for each in days}
    return cluster(workspace, news_day=day, days=touched.intersection(workspace.lake.days()))


def finish_upkeep(
    workspace: Workspace, *, done: Mapping[str, object], day: date, run_id: str, kind: RunKind, started_at: datetime
) -> dict[str, object]:
    """Warn of every source that fell silent, and write the run's row; return its counts."""
    found = freshness(workspace, day=day)
    warnings = [each.warning for each in found if each.warning is not None]
    for warning in warnings:
        log.warning("%s", warning)
    pages = {each.source_key: each.pages for each in found}
    counts = {**done, "day": day.isoformat(), "pages": pages, "warnings": warnings}
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts=counts,
        days=(),
        versions={"pipeline": version_of(workspace.settings), "schema": SCHEMA_VERSION},
    )
    return counts
