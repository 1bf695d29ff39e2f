"""Outcomes joined to expectations, by source and news day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from pipeline.jobs.workspace import Workspace
from pipeline.model import Source
from pipeline.model.coverage import Cell, Coverage, ListingFetch, SourceCoverage, SourceDay
from pipeline.query import CoverageFacts, DatedArticles, OutcomeCount, coverage_facts
from pipeline.reports.odd_days import WEEKS, anomalies, baseline_pages
from pipeline.sources import listable_days

_DAY = timedelta(days=1)


def coverage(workspace: Workspace, *, first: date, last: date, source_keys: Sequence[str] = ()) -> Coverage:
    """Return what some days gave, of some sources or all that are known, and which are odd for their source.

    Raises: ConfigError for an unknown source.
    """
    now = workspace.settings.now()
    begin = first - timedelta(weeks=WEEKS)
    listed = {source.key: source for source in workspace.sources.sources}
    facts = coverage_facts(
        workspace.settings.lake_dir, first=begin, last=last, now=now, listed=listed.keys(), source_keys=source_keys
    )
    gone = sorted({each.source_key for each in facts.outcome_counts} - listed.keys())
    wanted = source_keys or (*listed, *gone)
    known = {key: workspace.sources.named(key) for key in wanted if key not in gone}
    newest, seen, source_facts = facts.newest, facts.last_seen, _by_source(facts)
    found = []
    for key in wanted:
        found.append(
            SourceCoverage(
                key=key,
                kind=known[key].kind if key in known else None,
                newest_at=newest.get(key),
                hours_since_newest=_hours(newest.get(key), now),
                last_seen_at=seen.get(key),
                hours_since_seen=_hours(seen.get(key), now),
                cells=_cells(source_facts[key], known.get(key), days=(first, last), now=now),
            )
        )
    return Coverage(first=first, last=last, sources=tuple(found))


def _hours(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else (now - at).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class _SourceFacts:
    """What is known of one source."""

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
    source_facts: _SourceFacts, source: Source | None, *, days: tuple[date, date], now: datetime
) -> tuple[Cell, ...]:
    by_day = _source_days(source_facts, days=days)
    has_listing = source is not None and source.is_online
    # Its first listing may tell of pages that are weeks old: from when it was asked on, something is expected of it.
    begin = min(
        (day for day, each in by_day.items() if each.was_asked or (each.pages and not has_listing)), default=date.max
    )
    promised = listable_days(source, now=now).last if source is not None and has_listing else None
    cells = []
    for number in range((days[1] - days[0]).days + 1):
        day = days[0] + number * _DAY
        before = {each: by_day[each] for each in by_day if begin <= each <= day}
        usual = baseline_pages(before, day)
        is_listed = has_listing and (promised is None or day <= promised)
        is_known = day >= begin
        odd = anomalies(before, day, is_listed=is_listed, is_over=day < now.date()) if is_known else ()
        cells.append(Cell(facts=by_day[day], usual=float(median(usual)) if usual else None, is_known=is_known, odd=odd))
    return tuple(cells)


def _source_days(source_facts: _SourceFacts, *, days: tuple[date, date]) -> Mapping[date, SourceDay]:
    """Return every day of a source from the first that is asked for or known to the last."""
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
    found = {}
    for number in range((days[1] - first).days + 1):
        day = first + number * _DAY
        articles = dated.get(day)
        found[day] = SourceDay(
            day=day,
            outcomes=dict(outcomes[day]),
            reasons=reasons[day],
            unread_listings=unread[day],
            late=late[day],
            articles=articles.articles if articles else 0,
            guessed=articles.guessed if articles else 0,
            listings=tuple(listings.get(day, ())),
            was_asked=day in listings or bool(source_facts.visits & {day, day + _DAY}),
        )
    return found


def _listings_by_day(listings: Sequence[ListingFetch]) -> Mapping[date, list[ListingFetch]]:
    """Return the listings that cover each day: those of that day alone, or of the newest pages of two days."""
    found: defaultdict[date, list[ListingFetch]] = defaultdict(list)
    for each in listings:
        asked = each.asked_at.date()
        for day in (asked - _DAY, asked) if each.listed_day is None else (each.listed_day,):
            found[day].append(each)
    return found
