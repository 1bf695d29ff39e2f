"""Outcomes per source and news day, compared with the usual volume of the source; anomalies."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from newslake.pipeline.addons.operate.anomalies import (
    ANOMALY_THRESHOLD,
    baseline,
    is_share_anomalous,
    may_be_anomalous,
    robust_z_score,
)
from newslake.pipeline.addons.operate.coverage_facts import (
    CoverageFacts,
    DatedArticles,
    OutcomeCount,
    coverage_facts,
)
from newslake.pipeline.addons.operate.coverage_values import (
    Anomaly,
    AnomalyCause,
    Cell,
    Coverage,
    SourceCoverage,
    SourceDay,
)
from newslake.pipeline.addons.operate.freshness import freshness
from newslake.pipeline.jobs.rechecks import plan_rechecks
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Source, pluralize
from newslake.pipeline.model.source import CAPTURE_KINDS, NEWEST_KINDS
from newslake.pipeline.query.outcomes import ListingFetch
from newslake.pipeline.sources import listable_days

WEEKS, _LEAST_SAME, _LEAST_DAYS = 8, 3, 3
_DAY = timedelta(days=1)


def coverage(workspace: Workspace, *, first: date, last: date, source_keys: Sequence[str] = ()) -> Coverage:
    """Return the coverage of a range of days with its anomalies, for some sources or all known ones.

    Raises: ConfigError for an unknown source.
    """
    now = workspace.settings.now()
    begin = first - timedelta(weeks=WEEKS)
    listed = {source.key: source for source in workspace.sources.sources}
    facts = coverage_facts(
        workspace.place,
        first=begin,
        last=last,
        now=now,
        listed=listed.keys(),
        source_keys=source_keys,
        by_publication=[source.key for source in listed.values() if source.kind in CAPTURE_KINDS],
    )
    gone = sorted({each.source_key for each in facts.outcome_counts} - listed.keys())
    wanted = source_keys or (*listed, *gone)
    known = {key: workspace.sources.named(key) for key in wanted if key not in gone}
    whole_from = max(workspace.lake.log.whole_from().values(), default=date.min)
    newest, seen, source_facts = facts.newest, facts.last_seen, _by_source(facts)
    fresh = {each.source_key: each for each in freshness(workspace, source_keys=[*known])} if known else {}
    sources = []
    for key in wanted:
        sources.append(
            SourceCoverage(
                key=key,
                kind=known[key].kind if key in known else None,
                newest_at=newest.get(key),
                hours_since_newest=_hours(newest.get(key), now),
                last_seen_at=seen.get(key),
                hours_since_seen=_hours(seen.get(key), now),
                rechecks_due=plan_rechecks(workspace, known[key]).due if key in known else 0,
                cells=_cells(source_facts[key], known.get(key), days=(first, last), now=now, whole_from=whole_from),
                freshness=fresh.get(key),
            )
        )
    limit = whole_from if first < whole_from else None
    return Coverage(first=first, last=last, sources=tuple(sources), whole_from=limit)


def _hours(at: datetime | None, now: datetime) -> float | None:
    """Return the age of a time; 0 if the clock was set back since."""
    return None if at is None else max(0.0, (now - at).total_seconds() / 3600)


@dataclass(frozen=True, slots=True)
class _SourceFacts:
    """The facts of one source."""

    outcome_counts: list[OutcomeCount] = field(default_factory=list)
    dated: list[DatedArticles] = field(default_factory=list)
    listings: list[ListingFetch] = field(default_factory=list)
    visits: set[date] = field(default_factory=set)


def _by_source(facts: CoverageFacts) -> defaultdict[str, _SourceFacts]:
    source_facts: defaultdict[str, _SourceFacts] = defaultdict(_SourceFacts)
    for outcome_count in facts.outcome_counts:
        source_facts[outcome_count.source_key].outcome_counts.append(outcome_count)
    for dated in facts.dated:
        source_facts[dated.source_key].dated.append(dated)
    for listing in facts.listings:
        source_facts[listing.source_key].listings.append(listing)
    for key, day in facts.visits:
        source_facts[key].visits.add(day)
    return source_facts


def _cells(
    source_facts: _SourceFacts, source: Source | None, *, days: tuple[date, date], now: datetime, whole_from: date
) -> tuple[Cell, ...]:
    by_day = _source_days(source_facts, days=days)
    has_listing = source is not None and source.is_online and source.kind not in CAPTURE_KINDS
    # The first listing may contain pages that are weeks old: pages are expected only after the first poll.
    begin = min(
        (day for day, each in by_day.items() if each.was_polled or (each.pages and not has_listing)), default=date.max
    )
    begin = max(begin, whole_from)  # what was logged before may be a part only
    promised = listable_days(source, now=now).last if source is not None and has_listing else None
    cells = []
    for number in range((days[1] - days[0]).days + 1):
        day = days[0] + number * _DAY
        before = {each: by_day[each] for each in by_day if begin <= each <= day}
        usual = baseline_pages(before, day)
        is_listed = has_listing and (promised is None or day <= promised)
        is_known = day >= begin
        odd = anomalies(before, day, is_listed=is_listed, is_over=day < now.date()) if is_known else ()
        cells.append(
            Cell(
                facts=by_day[day],
                usual=float(median(usual)) if usual else None,
                is_known=is_known,
                anomalies=odd,
                is_expected=source is not None and source.kind in NEWEST_KINDS and day < now.date(),
            )
        )
    return tuple(cells)


def _source_days(source_facts: _SourceFacts, *, days: tuple[date, date]) -> Mapping[date, SourceDay]:
    """Return every day of a source, from the first requested or known day to the last."""
    outcomes: defaultdict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    reasons: defaultdict[date, dict[tuple[str, str], int]] = defaultdict(dict)
    late: defaultdict[date, int] = defaultdict(int)
    unread: defaultdict[date, int] = defaultdict(int)
    for each in source_facts.outcome_counts:
        if each.is_listing:
            unread[each.news_day] += each.pages
        else:
            outcomes[each.news_day][each.outcome] += each.pages
            reasons[each.news_day][each.outcome, each.reason or ""] = each.pages
            late[each.news_day] += each.late
    dated = {each.day: each for each in source_facts.dated}
    listings = _listings_by_day(source_facts.listings)
    first = min({*outcomes, *unread, *dated, *listings, *source_facts.visits, days[0]})
    source_days = {}
    for number in range((days[1] - first).days + 1):
        day = first + number * _DAY
        articles = dated.get(day)
        source_days[day] = SourceDay(
            day=day,
            outcomes=dict(outcomes[day]),
            reasons=reasons[day],
            failed_listings=unread[day],
            late=late[day],
            articles=articles.articles if articles else 0,
            guessed=articles.guessed if articles else 0,
            listings=tuple(listings.get(day, ())),
            was_polled=day in listings or bool(source_facts.visits & {day, day + _DAY}),
        )
    return source_days


def _listings_by_day(listings: Sequence[ListingFetch]) -> Mapping[date, list[ListingFetch]]:
    """Return the listings that cover each day: a listing of one day covers that day, any other the last two days."""
    by_day: defaultdict[date, list[ListingFetch]] = defaultdict(list)
    for each in listings:
        requested = each.requested_at.date()
        for day in (requested - _DAY, requested) if each.listed_day is None else (each.listed_day,):
            by_day[day].append(each)
    return by_day


# Anomalies: days that are unusual for their source. The cause is the pipeline, the source, or the news itself.


def baseline_pages(days: Mapping[date, SourceDay], day: date) -> tuple[int, ...] | None:
    """Return the pages of the comparable days on which the source was polled; None if they are too few."""
    polled = [each for each, facts in days.items() if facts.was_polled]
    like = baseline(polled, day, weeks=WEEKS, least=_LEAST_SAME)
    return tuple(days[each].pages for each in like) if len(like) >= _LEAST_DAYS else None


def anomalies(days: Mapping[date, SourceDay], day: date, *, is_listed: bool, is_over: bool) -> tuple[Anomaly, ...]:
    """Return the anomalies of a day, compared with the earlier days of its source.

    ``is_listed``: the source has a listing that promises the day; folders have none, because people fill them. The
    number of pages is compared only after the day is over.
    """
    volume = _volume_anomaly(days, day) if is_listed and is_over else None
    shares = [
        odd
        for judge in (_incomplete_anomaly, _rejected_anomaly, _guess_anomaly, *([_waiting_anomaly] if is_over else []))
        if (odd := judge(days, day)) is not None
    ]
    return (*([volume] if volume else []), *shares)


def _volume_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    """Return the anomaly in the number of pages, if any; a known cause has priority over a low count."""
    facts, usual = days[day], baseline_pages(days, day)
    middle = median(usual) if usual else None
    off = robust_z_score(facts.pages, usual) if usual else 0.0
    expected = f", usually {middle:.0f}" if middle is not None else ""
    message = f"{pluralize(facts.pages, 'page')}{expected}"
    if not facts.was_polled and not facts.pages and middle != 0:
        return Anomaly("not_polled", "pipeline", f"{message}: no run polled the source on the day or the day after")
    if facts.is_failed and not facts.pages and middle != 0:
        polls = pluralize(len(facts.listings), "poll")
        return Anomaly(
            "failed", "pipeline", f"{message}: feed unavailable in {polls}: {_top_failures(facts, 'failed')}"
        )
    if not facts.pages and facts.is_empty and middle != 0:
        return Anomaly(
            "empty", "source", f"{message}: the listing had no entries, so the number of published pages is unknown"
        )
    if off <= -ANOMALY_THRESHOLD:
        troubles = list(_listing_problems(facts))
        polls = (
            f"{pluralize(len(facts.listings), 'poll')} without errors" if facts.listings else "polled without errors"
        )
        cause: AnomalyCause = "pipeline" if troubles else "genuine"
        return Anomaly("few", cause, f"{message}: {'; '.join(troubles) or f'{polls}, no more pages were listed'}")
    if usual and off >= ANOMALY_THRESHOLD and facts.pages > max(usual):
        return Anomaly("many", "genuine", f"{message}: the listing has all of them for this day")
    return None


def _incomplete_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts = days[day]
    if not facts.is_incomplete:
        return None
    message = f"{pluralize(facts.pages, 'page')}: every listing was incomplete: {_top_failures(facts, 'partial')}"
    return Anomaly("incomplete", "source", message)


def _listing_problems(facts: SourceDay) -> Iterator[str]:
    """Yield the problems with the listings of a day that has some pages."""
    if not facts.was_polled:
        yield "no run polled the source on the day or the day after"
    polls = pluralize(len(facts.listings), "poll")
    for result, name in (("failed", "feed unavailable"), ("partial", "listing incomplete")):
        if count := sum(each.result == result for each in facts.listings):
            yield f"{name} in {count} of {polls}: {_top_failures(facts, result)}"
    if facts.is_empty:
        yield "a listing had no entries"
    if facts.is_cut_short:
        yield f"last polled at {max(each.requested_at for each in facts.listings):%H:%M}, later pages were never listed"


def _top_failures(facts: SourceDay, result: str) -> str:
    reasons = Counter(each.reason or "" for each in facts.listings if each.result == result)
    return ", ".join(reason for reason, _ in reasons.most_common(2))


def _shares(days: Mapping[date, SourceDay], day: date, part: Callable[[SourceDay], tuple[int, int]]) -> Sequence[float]:
    """Return the shares on the comparable days; empty if the share of the day itself is too small to matter."""
    if not may_be_anomalous(*part(days[day])):
        return ()
    near = baseline(days.keys(), day, weeks=WEEKS, least=7 * WEEKS)
    counts = [part(days[each]) for each in near]
    return [some / whole for some, whole in counts if whole]


def _rejected_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.rejected, each.pages))
    if not is_share_anomalous(facts.rejected, facts.pages, usual):
        return None
    (outcome, reason), pages = _commonest(facts, ("rejected", "quarantined"))
    share = f"{facts.rejected} of {facts.pages} pages rejected or quarantined{_usual_share(usual)}"
    message = f"{share}: {pages} {outcome} as {reason}"
    return Anomaly("rejected", "pipeline" if outcome == "quarantined" else "source", message)


def _waiting_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.waiting, each.pages))
    if not is_share_anomalous(facts.waiting, facts.pages, usual):
        return None
    (_, reason), pages = _commonest(facts, ("pending",))
    do = f": `newslake run --day {day}` processes them" if reason == "archived" else ""
    message = f"{facts.waiting} of {facts.pages} pages are pending{_usual_share(usual)}: {pages} {reason}{do}"
    return Anomaly("waiting", "pipeline", message)


def _guess_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.guessed, each.articles))
    if not is_share_anomalous(facts.guessed, facts.articles, usual):
        return None
    message = f"the dates of {facts.guessed} of {facts.articles} articles are guessed{_usual_share(usual)}"
    return Anomaly("guessed", "source", f"{message}: the pages have no publication date")


def _commonest(facts: SourceDay, outcomes: Sequence[str]) -> tuple[tuple[str, str], int]:
    counts = [(key, pages) for key, pages in facts.reasons.items() if key[0] in outcomes]
    return max(counts, key=lambda each: (each[1], each[0]))


def _usual_share(shares: Sequence[float]) -> str:
    return f", usually {100 * median(shares):.0f} %" if shares else ""
