"""When an archived page is requested again: the schedule of its source, in hours after publication.

Crawlers call this a revisit policy. A page that was never fetched, or that failed, is not on the schedule.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from newslake.pipeline.archive import PageState
from newslake.pipeline.jobs.page_limits import PageLimits
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Hints, Source

_DAY = timedelta(days=1)


def published_by(hints: Hints, *, news_day: date, first_fetched_at: datetime) -> datetime:
    """Return the time from which a page's rechecks are counted, UTC.

    It is the publication time of the listing. Without a time, it is the end of the news day, so that pages of a
    backfill are not requested again. A page is never published after its first fetch.
    """
    if hints.published_at is not None and hints.published_precision != "day":
        return min(hints.published_at, first_fetched_at)
    return min(datetime.combine(news_day, time.min, UTC) + _DAY, first_fetched_at)


def rechecks_after(last: datetime, *, hours: Sequence[float], published: datetime) -> Iterator[datetime]:
    """Yield the times of a page's rechecks after its last fetch, the earliest first."""
    yield from (at for each in hours if (at := published + timedelta(hours=each)) > last)


def next_recheck(last: datetime, *, hours: Sequence[float], published: datetime) -> datetime | None:
    """Return the time of the next recheck; None if the schedule is over."""
    return next(rechecks_after(last, hours=hours, published=published), None)


def planned_requests(
    page: PageState, *, first: datetime, last: datetime, hours: Sequence[float]
) -> tuple[datetime, ...]:
    """Return the times of the requests of an archived page, in order, if its listing does not change.

    ``first`` and ``last`` are the times of its first and last fetch. The stored time is that of the next try after a
    failed one; else the next recheck is not before it, also if ``hours`` has changed since.
    """
    published = published_by(page.hints, news_day=page.news_day, first_fetched_at=first)
    if page.next_try_at is None or not page.is_on_schedule:
        tries = () if page.next_try_at is None else (page.next_try_at,)
        return (*tries, *rechecks_after(max((last, *tries)), hours=hours, published=published))
    after = list(rechecks_after(last, hours=hours, published=published))
    missed = [at for at in after if at <= page.next_try_at]
    return ((page.next_try_at,) if missed else ()) + tuple(after[len(missed) :])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckPlan:
    """The requests that the rechecks of a source's known pages cost, if runs are frequent.

    ``due`` counts the pages that are due now: several missed rechecks of a page are one request. ``days`` has the
    requests from now on by UTC day, those due now on the first day.
    """

    source_key: str
    due: int
    days: Mapping[date, int]

    @property
    def total(self) -> int:
        return sum(self.days.values())


def plan_rechecks(workspace: Workspace, source: Source) -> RecheckPlan:
    """Return the rechecks of a source, from its fetch state and the index of the archive, without reading a page.

    A recheck that failed is one more request, at its next try. Pages that the source no longer takes have none.
    """
    now = workspace.settings.now()
    limits = PageLimits(source, workspace.archive)
    pages = [each for each in workspace.fetch_state.with_recheck(source.key) if not limits.refusal_of_url(each.url)]
    fetched = workspace.archive.fetch_times(each.page_key for each in pages)
    due, days = 0, Counter[date]()
    for page in pages:
        if page.page_key not in fetched:
            continue
        first, last = fetched[page.page_key]
        coming = planned_requests(page, first=first, last=last, hours=source.recheck_hours)
        is_due = bool(coming) and coming[0] <= now
        due += is_due
        days[now.date()] += is_due
        days.update(at.date() for at in coming if at > now)
    return RecheckPlan(source_key=source.key, due=due, days={day: days[day] for day in sorted(days) if days[day]})
