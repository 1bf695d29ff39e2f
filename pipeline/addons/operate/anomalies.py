"""Anomalies: what is usual for a source, how far a count deviates from it, and sources with few pages yesterday."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake.pipeline.sources import listable_days

# Yesterday's pages of each source. ``freshness`` says which source is silent for how long.

_WEEKS = 4
_THIN = 4  # fewer than a fourth of what is usual
_ENOUGH = 8  # pages per day; with fewer, a thin day is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVolume:
    """The archived pages of a source's news day, and the usual number for that day.

    ``usual`` is the median of the same weekday in four weeks, or of all days if fewer than two of these are known; None
    if these weeks have no page. ``warning`` is a sentence that names the source; None if nothing is wrong.
    """

    source_key: str
    day: date
    pages: int
    usual: float | None

    @property
    def warning(self) -> str | None:
        if self.usual is None:
            return None
        if self.pages == 0 and self.usual >= 1:
            return f"{self.source_key}: no page for {self.day}, usually {self.usual:.0f}"
        if self.usual >= _ENOUGH and self.pages * _THIN < self.usual:
            return f"{self.source_key}: only {pluralize(self.pages, 'page')} for {self.day}, usually {self.usual:.0f}"
        return None


def day_volumes(workspace: Workspace, *, day: date) -> tuple[DayVolume, ...]:
    """Compare each source's pages of a news day with the four weeks before, in the order of sources.toml.

    Folders and inboxes are skipped, because people fill them; so are sources that do not list the day yet.
    """
    first = day - timedelta(weeks=_WEEKS)
    pages = {(f.source_key, f.news_day, f.page_key) for f in workspace.archive.capture_summaries(first, day)}
    counts = Counter((source, news_day) for source, news_day, _ in pages if first <= news_day <= day)
    now = workspace.settings.now()
    online = (source for source in workspace.sources.sources if source.is_online)
    sources = [source.key for source in online if day in listable_days(source, now=now)]
    return tuple(_volume(key, day, {d: n for (source, d), n in counts.items() if source == key}) for key in sources)


def _volume(source_key: str, day: date, counts: Mapping[date, int]) -> DayVolume:
    begin = min(counts, default=None)
    usual = None if begin is None else _usual(counts, begin=begin, day=day)
    return DayVolume(source_key=source_key, day=day, pages=counts.get(day, 0), usual=usual)


def _usual(counts: Mapping[date, int], *, begin: date, day: date) -> float:
    known = [begin + timedelta(days=number) for number in range((day - begin).days)]
    days = baseline(known, day, weeks=_WEEKS, least=2)
    return float(median(counts.get(each, 0) for each in days)) if days else 0.0


# Statistics for anomalies: what is usual for a source, and how far a count deviates from it.

ANOMALY_THRESHOLD = 3.5  # robust standard deviations
_SIGMA_OF_MAD = 1.4826  # of a normal distribution
_LEAST_SHARE, _UNKNOWN_SHARE = 0.05, 0.2
_LEAST_PAGES, _LEAST_RISE = 5, 0.2


def baseline(known: Collection[date], day: date, *, weeks: int, least: int) -> list[date]:
    """Return the earlier days to compare a day with: the same weekday of some weeks, or all days of these weeks.

    All days are used if fewer than ``least`` of the weekdays are known.
    """
    near = sorted(each for each in known if day - timedelta(weeks=weeks) <= each < day)
    same = [each for each in near if each.weekday() == day.weekday()]
    return same if len(same) >= least else near


def robust_z_score(count: int, usual: Sequence[int]) -> float:
    """Return how far a count is from the usual median, in standard deviations; negative for fewer.

    Counts vary at least like a Poisson variable: the square root makes their deviation 1 at any size (Anscombe). For a
    source that varies more, its median deviation is used.
    """
    centre = median(map(_stabilize_variance, usual))
    spread = _SIGMA_OF_MAD * median(abs(_stabilize_variance(each) - centre) for each in usual)
    return (_stabilize_variance(count) - centre) / max(spread, 1.0)


def _stabilize_variance(count: int) -> float:
    return 2 * sqrt(count + 0.375)


def may_be_anomalous(part: int, whole: int) -> bool:
    """Return whether a share is large enough to need a comparison; most are not."""
    return whole >= _LEAST_PAGES and part / whole - _LEAST_SHARE >= _LEAST_RISE


def is_share_anomalous(part: int, whole: int, usual: Sequence[float]) -> bool:
    """Return whether a share is far above the usual median: beyond chance, and by at least a fifth."""
    if not may_be_anomalous(part, whole):
        return False
    share = max(median(usual) if usual else _UNKNOWN_SHARE, _LEAST_SHARE)
    chance = sqrt(whole * share * (1 - share)) or 1.0
    return part / whole - share >= _LEAST_RISE and (part - whole * share) / chance >= ANOMALY_THRESHOLD
