"""Coverage: what each source published on each day, compared to its usual volume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from newslake.pipeline.model.freshness import SourceFreshness
from newslake.pipeline.model.outcome import pluralize
from newslake.pipeline.query.outcomes import ListingFetch

_LATE_HOUR = 18  # UTC
AnomalyKind = Literal["not_polled", "failed", "incomplete", "empty", "few", "many", "rejected", "waiting", "guessed"]
AnomalyCause = Literal["pipeline", "source", "genuine"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An anomaly of a day. ``whose`` is its cause: the pipeline, the source, or the news itself."""

    kind: AnomalyKind
    cause: AnomalyCause
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDay:
    """A news day of a source. ``outcomes`` and ``reasons`` count pages, ``failed_listings`` outcomes without a page.

    ``listings`` are those that cover the day: of that day only, or of the newest pages on that day or the next.
    ``was_polled``: a listing covers the day, or outcomes show that one did.
    """

    day: date
    outcomes: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    failed_listings: int = 0
    late: int = 0
    articles: int = 0
    guessed: int = 0
    listings: tuple[ListingFetch, ...] = ()
    was_polled: bool = False

    @property
    def pages(self) -> int:
        return sum(self.outcomes.values())

    @property
    def rejected(self) -> int:
        return self.outcomes.get("rejected", 0) + self.outcomes.get("quarantined", 0)

    @property
    def waiting(self) -> int:
        return self.outcomes.get("pending", 0)

    @property
    def is_empty(self) -> bool:
        """Whether a listing of newest pages was read and had no entries; even on a quiet day it has some."""
        return any(each.listed_day is None and each.result == "listed" and not each.entries for each in self.listings)

    @property
    def is_failed(self) -> bool:
        if not self.listings:  # the day's listing was fetched only on other days
            return self.failed_listings > 0
        return all(each.result == "failed" for each in self.listings)

    @property
    def is_answered(self) -> bool:
        """Whether a poll that covers the day was answered."""
        return self.was_polled and not (self.listings and self.is_failed)

    @property
    def is_incomplete(self) -> bool:
        """Whether every listing was incomplete or failed, and at least one gave some entries."""
        results = {each.result for each in self.listings}
        return "partial" in results and results <= {"partial", "failed"}

    @property
    def is_cut_short(self) -> bool:
        """Whether the newest pages were last listed on the day itself, before 18:00 UTC."""
        last = max((each.requested_at for each in self.listings if each.listed_day is None), default=None)
        return last is not None and last.date() == self.day and last.hour < _LATE_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A source's day and its usual number of articles: ``usual``, None if too few days are known.

    ``is_known``: the source was configured by then, and the log has the day; before that nothing is expected.
    ``is_expected``: the day is over, and the source is one whose newest pages are polled.
    """

    facts: SourceDay
    usual: float | None
    is_known: bool
    anomalies: tuple[Anomaly, ...]
    is_expected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """A source's days. ``kind`` is None if sources.toml no longer has it. ``newest_at`` is the published time of its
    newest article, ``last_seen_at`` the time of its last outcome; None if that was before these days. ``rechecks_due``
    counts the archived pages that the next run requests again. ``freshness`` is None for a source that is not watched,
    such as a folder without limits.
    """

    key: str
    kind: str | None
    newest_at: datetime | None
    hours_since_newest: float | None
    last_seen_at: datetime | None
    hours_since_seen: float | None
    rechecks_due: int = 0
    cells: tuple[Cell, ...]
    freshness: SourceFreshness | None = None

    @property
    def expected_days(self) -> int:
        """The number of days of which anomalies can be known, if they are polled."""
        return sum(cell.is_expected for cell in self.cells)

    @property
    def unanswered_days(self) -> int:
        """The number of expected days for which no poll was answered, and which have no anomaly that says so."""
        return sum(cell.is_expected and not cell.facts.is_answered and not cell.anomalies for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Sources in the order of sources.toml, then those no longer in it; days from first to last.

    ``whole_from`` is the first day that the log is whole for, if it was removed before a later day than ``first``.
    """

    first: date
    last: date
    sources: tuple[SourceCoverage, ...]
    whole_from: date | None = None

    @property
    def freshness(self) -> tuple[SourceFreshness, ...]:
        """The freshness of the watched sources, in order."""
        return tuple(each.freshness for each in self.sources if each.freshness is not None)

    @property
    def freshness_summary(self) -> str | None:
        """How many sources are ok, and which have no baseline; None if no source is watched."""
        if not self.freshness:
            return None
        fine = sum(each.status == "ok" for each in self.freshness)
        unknown = [each.source_key for each in self.freshness if each.status == "no_baseline"]
        summary = f"{fine} of {pluralize(len(self.freshness), 'watched source')} ok."
        if not unknown:
            return summary
        return (
            f"{summary} No baseline: {', '.join(unknown)}. The usual gaps of a source are known after three weeks with "
            "articles. Until then, it is not known whether it is fresh, unless sources.toml has its limits."
        )

    @property
    def anomaly_count(self) -> int:
        return sum(len(cell.anomalies) for source in self.sources for cell in source.cells)

    @property
    def verdict(self) -> str:
        """One or two sentences: whether there are anomalies, and for which sources and days that is not known."""
        watched = [each for each in self.sources if each.expected_days]
        unknown = [each for each in watched if each.unanswered_days]
        counted = pluralize(self.anomaly_count, "anomaly", "anomalies") if self.anomaly_count else "No anomalies"
        if not unknown:
            return f"{counted}."
        if self.anomaly_count:
            return f"{counted}. There may be more on days without an answered poll: {_days_of(unknown)}."
        if all(each.unanswered_days == each.expected_days for each in watched):
            return f"Anomalies are not known: on these days, no poll was answered for {_days_of(unknown)}."
        return f"No anomalies on the days with an answered poll. No poll was answered for {_days_of(unknown)}."

    @property
    def limit(self) -> str | None:
        """A sentence that says which of the days cannot be known; None if all can."""
        if self.whole_from is None:
            return None
        return (
            f"The log before {self.whole_from} was removed (NEWS_LOG_KEEP_MONTHS): earlier days may have had more "
            "pages, and their anomalies are not known."
        )


def _days_of(sources: Sequence[SourceCoverage]) -> str:
    """Return the sources with the number of their days without an answered poll."""
    return ", ".join(
        f"{each.key} ({each.unanswered_days} of {pluralize(each.expected_days, 'day')})" for each in sources
    )
